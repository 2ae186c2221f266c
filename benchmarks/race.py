"""All rivals over one frozen work, cold process to last score, one after another on a quiet machine.

    python benchmarks/race.py A [--repeats 3] [--torch PYTHON]

PyTorch and Optuna run in the interpreter that `--torch` names (`pip install torch optuna scikit-learn pandas` in an
environment of its own); without it they are left out. A slow rival is timed on its first trials: the table says what
the whole work takes, the start of the process once and the rest in proportion. Writes `results/WORK.json`.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def rivals(work, torch):
    """Name: (commands that run side by side, environment, repeats at most)."""

    def script_command(script):
        return [sys.executable, str(HERE / script), work]

    command = [*script_command("run_automl.py"), *(["population", "25"] if work == "C" else [])]
    commands_by_rival = {"automl": ([command], {}, 9)}
    if work == "A_plain":
        return commands_by_rival | {
            "scikit-learn, n_jobs=2": ([script_command("run_sklearn.py")], ONE_THREAD, 2)
        }
    few = {"A": "4", "B": "4", "C": "2", "D": "2"}[work]
    commands_by_rival["KerasTuner"] = ([[*script_command("run_keras_tuner.py"), few]], {}, 1)
    tuned = [
        [*script_command("run_keras_tuner.py"), str(2 * int(few)), "tuned", str(part), "2"] for part in (0, 1)
    ]
    commands_by_rival["KerasTuner, tuned, two processes"] = (tuned, {}, 2)
    if torch:
        num_trials = str(min(20, 5 * int(few)))
        commands = [[torch, str(HERE / "run_torch.py"), work, num_trials, str(part), "2"] for part in (0, 1)]
        commands_by_rival["Optuna + PyTorch, two processes"] = (commands, ONE_THREAD, 2)
    return commands_by_rival


def run(commands, environment):
    """Wall seconds, those before the training, fits and scores of commands that run side by side."""
    began = time.perf_counter()
    running = [
        subprocess.Popen(
            command,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for command in commands
    ]
    texts = [process.communicate()[0] for process in running]
    seconds = time.perf_counter() - began
    results = [
        json.loads(line[7:]) for text in texts for line in text.splitlines() if line.startswith("RESULT ")
    ]
    assert len(results) == len(commands), commands
    scores = {number: by_metric for result in results for number, by_metric in result["scores"].items()}
    start = max(result["start"] for result in results)
    return seconds, start, sum(result["fits"] for result in results), scores


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--torch")
    arguments = parser.parse_args()
    results_by_rival = {}
    contenders = rivals(arguments.work, arguments.torch)
    for repeat in range(arguments.repeats):
        for name, (commands, environment, most) in contenders.items():
            if repeat < most:
                seconds, start, fits, scores = run(commands, environment)
                entry = results_by_rival.setdefault(
                    name, {"seconds": [], "start": [], "fits": fits, "scores": scores}
                )
                entry["seconds"].append(round(seconds, 2))
                entry["start"].append(round(start, 2))
                print(f"{name}: {seconds:.1f} s for {fits} fits", flush=True)
    names = ("tensorflow", "keras", "keras-tuner", "scikit-learn", "numpy")
    versions = {name: importlib.metadata.version(name) for name in names}
    machine = {"cores": len(os.sched_getaffinity(0)), "python": platform.python_version(), **versions}
    content = {"work": arguments.work, "machine": machine, "rivals": results_by_rival}
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / f"{arguments.work}.json").write_text(json.dumps(content, indent=1) + "\n")
    fits = results_by_rival["automl"]["fits"]
    whole = {name: projected(entry, fits) for name, entry in results_by_rival.items()}
    print(f"| {arguments.work}, {fits} fits | seconds | ratio |\n|---|---|---|")
    for name, seconds in whole.items():
        note = (
            "" if results_by_rival[name]["fits"] == fits else f" (from {results_by_rival[name]['fits']} fits)"
        )
        print(f"| {name}{note} | {seconds:.0f} | {seconds / whole['automl']:.1f} |")


def projected(entry, fits):
    """Median seconds of the whole work: the start once, the fits in proportion."""
    times = [
        start + (seconds - start) * fits / entry["fits"]
        for seconds, start in zip(entry["seconds"], entry["start"], strict=True)
    ]
    return statistics.median(times)


if __name__ == "__main__":
    main()

"""All rivals over one frozen work, cold process to last score, one after another on a quiet machine.

    python benchmarks/race.py A [--repeats 3] [--torch PYTHON]

PyTorch and Optuna run in the interpreter that `--torch` names (`pip install torch optuna scikit-learn pandas` in an
environment of its own); without it they are left out. A slow rival is timed on its first trials and the seconds a
fit are compared. Writes `results/WORK.json` and prints the table for README.md.
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

    def here(script):
        return [sys.executable, str(HERE / script), work]

    few = {"A": "6", "A_plain": "6", "B": "6", "C": "4", "D": "4"}[work]
    found = {
        "automl": ([here("run_automl.py")], {}, 9),
        "KerasTuner": ([[*here("run_keras_tuner.py"), few]], {}, 1),
        "KerasTuner, tuned, two processes": (
            [[*here("run_keras_tuner.py"), str(2 * int(few)), "tuned", str(part), "2"] for part in (0, 1)],
            {},
            2,
        ),
    }
    if torch:
        found["Optuna + PyTorch, two processes"] = (
            [[torch, str(HERE / "run_torch.py"), work, "20", str(part), "2"] for part in (0, 1)],
            ONE_THREAD,
            3,
        )
    if work == "A_plain":
        found["scikit-learn, n_jobs=2"] = ([here("run_sklearn.py")], ONE_THREAD, 3)
    return found


def run(commands, environment):
    """Wall seconds, fits and scores of commands that run side by side."""
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
    scores = {number: found for result in results for number, found in result["scores"].items()}
    return seconds, sum(result["fits"] for result in results), scores


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--torch")
    arguments = parser.parse_args()
    found = {}
    contenders = rivals(arguments.work, arguments.torch)
    for repeat in range(arguments.repeats):
        for name, (commands, environment, most) in contenders.items():
            if repeat < most:
                seconds, fits, scores = run(commands, environment)
                entry = found.setdefault(name, {"seconds": [], "fits": fits, "scores": scores})
                entry["seconds"].append(round(seconds, 2))
                print(f"{name}: {seconds:.1f} s for {fits} fits", flush=True)
    names = ("tensorflow", "keras", "keras-tuner", "scikit-learn", "numpy")
    versions = {name: importlib.metadata.version(name) for name in names}
    machine = {"cores": len(os.sched_getaffinity(0)), "python": platform.python_version(), **versions}
    content = {"work": arguments.work, "machine": machine, "rivals": found}
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / f"{arguments.work}.json").write_text(json.dumps(content, indent=1) + "\n")
    ours = statistics.median(found["automl"]["seconds"]) / found["automl"]["fits"]
    print(f"| {arguments.work} | ms a fit | ratio |\n|---|---|---|")
    for name, entry in found.items():
        a_fit = statistics.median(entry["seconds"]) / entry["fits"]
        print(f"| {name} | {1000 * a_fit:.1f} | {a_fit / ours:.1f} |")


if __name__ == "__main__":
    main()

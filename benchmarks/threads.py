"""The digits study with 1, 2 and 4 threads, killed at random moments: equal bits.

    python benchmarks/threads.py [--study studies/digits.yaml] [--kills 3] [--threads 1 2 4] [--seed 0]

The study runs undisturbed with the first number of threads. With each of the others, and once more with the first, it
is killed so many times, at a number of recorded trials that the seed deals out, and continued. What must be equal is
what `faults.py` compares: the leaderboard without times, the bytes of the exported weights, the events without times,
of which the analyses of trials come in the order in which they end.
The budget is off, because a clock decides nothing then. Exits with 1 on any difference.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import yaml

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
from faults import Outcome, differences, outcome, until

HERE = Path(__file__).parent


def write(folder: Path, study: Path, threads: int) -> Path:
    """The study's file without a budget, in a folder of its own."""
    content = yaml.safe_load(study.read_text())
    content |= {"budget": {"minutes": None}, "tracking": {"to": "none"}, "bias_variance": {"resamples": 4}}
    folder = folder / f"threads-{threads}-{time.monotonic_ns()}"
    folder.mkdir()
    path = folder / study.name
    path.write_text(yaml.safe_dump(content))
    return path


def start(path: Path, threads: int) -> subprocess.Popen[str]:
    """The study with so many threads, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).resolve()), "--child", path.name, str(threads)],
        cwd=path.parent,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def run(path: Path, threads: int, kills: list[int]) -> None:
    """The study to its end, killed each time that so many trials are recorded."""
    for num_trials in kills:
        process = start(path, threads)
        until(process, path, num_trials, seconds=900.0)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        print(f"  killed with {num_trials} trials or more", flush=True)
    process = start(path, threads)
    output, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"{path}: exit status {process.returncode}: {output[-1000:]}")


def ordered(path: Path) -> Outcome:
    """What a study left behind, its events in alphabetical order."""
    left = outcome(path)
    return replace(left, events=sorted(left.events))


def child(name: str, threads: int) -> None:
    """`automl run` with so many threads, however many cores there are."""
    from automl.cli import main as run_command
    from automl.training.population import lanes

    lanes.num_cores = lambda: threads
    sys.argv = ["automl", "run", name, "-q"]
    run_command()


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], int(sys.argv[3]))
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--study", type=Path, default=HERE.parent / "studies" / "digits.yaml")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    generator, status = random.Random(arguments.seed), 0  # noqa: S311  nothing secret
    num_trials = yaml.safe_load(arguments.study.read_text())["search"]["trials"]
    folder = Path(tempfile.mkdtemp(prefix="automl-threads-"))
    first = write(folder, arguments.study, arguments.threads[0])
    began = time.monotonic()
    run(first, arguments.threads[0], [])
    expected = ordered(first)
    print(
        f"{arguments.threads[0]} threads, undisturbed: {expected.num_trials} trials, "
        f"{time.monotonic() - began:.0f} s",
        flush=True,
    )
    for threads in arguments.threads:
        path = write(folder, arguments.study, threads)
        kills = sorted(generator.sample(range(1, num_trials), arguments.kills))
        began = time.monotonic()
        run(path, threads, kills)
        missed = differences(expected, ordered(path), mlflow=False)
        status = status or int(bool(missed))
        print(
            f"{threads} threads, killed at {kills}: {'; '.join(missed) or 'equal'}, {time.monotonic() - began:.0f} s",
            flush=True,
        )
    shutil.rmtree(folder)
    raise SystemExit(status)


if __name__ == "__main__":
    main()

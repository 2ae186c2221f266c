"""What it takes to go on with a study of many recorded trials: the time until its search asks for the next ones.

    python benchmarks/resume.py [1000 10000] [--algorithm random]

Begins a run of iris with the program's own functions, records so many synthetic trials of five folds in cohorts of ten,
and goes on with it in a process of its own, which stops at the first cohort that it asks for. The time is that of the
process: imports, the record, the preparation of the study, the plans of all cohorts, the sampler. What the sampler then
takes to answer is what it takes at any time, and is told beside it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy
import scale

from automl.config.reading import load_study
from automl.records.events import CohortAsked
from automl.records.files import ended_event, write_trial
from automl.records.finding import open_records
from automl.search.table import make_sampler
from automl.study import search
from automl.study.budget import Budget
from automl.study.opening import begin_run
from automl.study.preparation import prepare_study
from automl.study.resuming import find_unfinished
from automl.study.run import Request, run_prepared
from automl.tracking.tracker import Tracker

COHORT, BEGAN = 10, "RESUME_BEGAN"
STUDY = """
name: many
data: {{sklearn: iris}}
space:
  depth: {{int: [1, 4]}}
  width: {{choice: [32, 64, 128, 256]}}
  activation: {{choice: [relu, leaky_relu, tanh, gelu]}}
  dropout: {{float: [0.0, 0.5]}}
  learning_rate: {{float: [1.0e-4, 1.0e-1], log: true}}
search: {{algorithm: {algorithm}, trials: {trials}, cohort: 10}}
budget: {{minutes: null}}
tracking: {{to: none}}
"""


def say():
    """Print the seconds since the process began."""
    print(f"{time.time() - float(os.environ[BEGAN]):.2f}", flush=True)


class Stopper(Tracker):
    """Ends the process when the search asks,."""

    def start(self, *_):
        pass

    def apply(self, recorded, _):
        if isinstance(recorded.event, CohortAsked):
            say()
            os._exit(0)

    def log_progress(self, progress):
        pass

    def finish(self, seconds):
        pass

    def abandon(self):
        pass


def make(folder, algorithm, num_trials):
    """Record a run whose process was killed after so many trials."""
    file = folder / "many.yaml"
    file.write_text(STUDY.format(algorithm=algorithm, trials=num_trials + 100))
    prepared, generator = prepare_study(load_study(file)), numpy.random.default_rng(0)
    sampler = make_sampler(
        "random", prepared.space, prepared.objective, num_trials, 1, prepared.config.search.first
    )
    usual = sampler.ask(1)[0].hyperparameters
    records = open_records(folder / "mlruns", create=True)
    run, lease = begin_run(records, prepared, Budget(None))
    for first in range(0, num_trials, COHORT):
        trials = [scale.make_trial(number, generator) for number in range(first, first + COHORT)]
        trials = [replace(trial, hyperparameters=usual | trial.hyperparameters) for trial in trials]
        for trial in trials:
            write_trial(run.folder, trial)
        values = tuple(trial.hyperparameters for trial in trials)
        ended = [ended_event(trial, "log_loss") for trial in trials]
        records.append(lease, CohortAsked(first // COHORT, first, values), *ended)
    records.release(lease)


def resume(folder):
    """Go on until the search has asked; prints the seconds until it asks and until the sampler has answered."""
    ask = search._ask

    def asking(*arguments):
        say()
        return ask(*arguments)

    search._ask = asking
    config = load_study(folder / "many.yaml")
    records = open_records(folder / "mlruns", create=True)
    unfinished = find_unfinished(records, config)
    run_prepared(records, prepare_study(config), Request(), unfinished, [Stopper()])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trials", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--algorithm", nargs="*", default=["random", "bayesian"])
    parser.add_argument("--resume", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.resume:
        resume(arguments.resume)
        return
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the start")
    print("| trials | algorithm | until the search asks, s | the sampler's answer, s |")
    print("|---|---|---|---|")
    for num_trials in arguments.trials:
        for algorithm in arguments.algorithm:
            with tempfile.TemporaryDirectory() as folder:
                make(Path(folder), algorithm, num_trials)
                command = [sys.executable, __file__, "--resume", folder]
                out = subprocess.run(
                    command, capture_output=True, text=True, env=os.environ | {BEGAN: str(time.time())}
                )
                assert out.returncode == 0, out.stderr
            seconds_to_ask, answered = map(float, out.stdout.split()[-2:])
            print(
                f"| {num_trials:,} | {algorithm} | {seconds_to_ask:.2f} | {answered - seconds_to_ask:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()

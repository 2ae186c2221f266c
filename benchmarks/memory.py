"""Resident memory of one process over a thousand trials.

    python benchmarks/memory.py [--study]

Cohorts of 50 trials with 2 folds of the wine table over a mixed space. KerasTuner grows by about 9 MB a trial. With
`--study`, a whole study of iris with its sampler, record and state, 2 folds and 3 epochs, without analyses and MLflow.
"""

import argparse
import os
import random
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from automl.config.reading import make_study
from automl.records.events import TrialEnded
from automl.study.preparation import prepare_study
from automl.study.run import run_study
from automl.tracking.tracker import Tracker
from automl.training.engine import Watch
from automl.training.members import plan_members


def resident():
    """Megabytes."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


STUDY = {
    "name": "memory",
    "data": {"sklearn": "iris"},
    "splits": {"folds": 2},
    "space": {
        "depth": 1,
        "width": {"choice": [8, 16]},
        "dropout": {"float": [0.0, 0.5]},
        "learning_rate": {"float": [1e-4, 1e-1], "log": True},
    },
    "search": {"algorithm": "random", "trials": 1000, "cohort": 50},
    "training": {"epochs": 3},
    "bias_variance": {"resamples": 0},
    "baselines": False,
    "budget": {"minutes": None},
    "tracking": {"to": "none"},
}


class Printer(Tracker):
    """Prints the memory every hundred trials."""

    def start(self, *_):
        print("| trials | resident MB |\n|---|---|", flush=True)

    def apply(self, recorded, state):
        if isinstance(recorded.event, TrialEnded) and state.num_trials % 100 == 0:
            print(f"| {state.num_trials} | {resident():.0f} |", flush=True)

    def log_progress(self, progress):
        pass

    def finish(self, seconds):
        pass

    def abandon(self):
        pass


def whole_study():
    """Run a study of a thousand trials."""
    with tempfile.TemporaryDirectory() as folder:
        run_study(make_study(STUDY), mlruns=folder, trackers=[Printer()])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--study", action="store_true")
    if parser.parse_args().study:
        whole_study()
        return
    content = {
        "name": "memory",
        "data": {"sklearn": "wine"},
        "splits": {"folds": 2},
        "training": {"epochs": 5},
    }
    prepared = prepare_study(make_study(content))
    engine, generator = prepared.make_engine(), random.Random(1)  # noqa: S311
    print("| trials | resident MB |\n|---|---|", flush=True)
    for cohort in range(20):
        trials = []
        for number in range(cohort * 50, cohort * 50 + 50):
            values = dict(prepared.space.initial()) | {
                "depth": generator.randint(1, 3),
                "width": generator.choice([16, 32, 64]),
                "activation": generator.choice(["relu", "tanh", "gelu"]),
                "dropout": generator.choice([0.0, 0.3]),
                "learning_rate": 10 ** generator.uniform(-4, -2),
            }
            trials.append(plan_members(number, values, 2, 0))
        done = sum(1 for _ in engine.train(trials, Watch(lambda _: None, lambda: True)))
        print(f"| {cohort * 50 + done} | {resident():.0f} |", flush=True)


if __name__ == "__main__":
    main()

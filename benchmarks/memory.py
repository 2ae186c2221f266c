"""Resident memory of one process over a thousand trials.

    python benchmarks/memory.py

Cohorts of 50 trials with 2 folds of the wine table over a mixed space. KerasTuner grows by about 9 MB a trial.
"""

import os
import random

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from automl.config.reading import make_study
from automl.study.preparation import prepare_study
from automl.training.engine import Watch
from automl.training.trials import plan_members


def resident():
    """Megabytes."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main():
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
            values = dict(prepared.space.values) | {
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

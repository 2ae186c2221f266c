"""What bias and variance of every trial cost, in training times of the study.

    python benchmarks/analysis_cost.py studies/digits.yaml [--trials 100]

Runs the study with `bias_variance: {trials: all}` in a new folder and prints how long each phase took, and how long
the analysis took as a multiple of what training the trials took.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from automl.config.budget import BudgetConfig
from automl.config.reading import load_study
from automl.records.events import Finished, PhaseBegun
from automl.study.run import run_study
from automl.tracking.tracker import Tracker


class Clock(Tracker):
    """Notes when each phase begins."""

    def __init__(self):
        self.began = []

    def start(self, *_):
        pass

    def apply(self, recorded, _):
        if isinstance(recorded.event, PhaseBegun | Finished):
            self.began.append((getattr(recorded.event, "name", "end"), time.monotonic()))

    def log_progress(self, _):
        pass

    def finish(self, _):
        pass

    def abandon(self):
        pass

    def phases(self):
        """Names and seconds, in order."""
        return [
            (name, after - begun)
            for (name, begun), (_, after) in zip(self.began, self.began[1:], strict=False)
        ]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("study", type=Path)
    parser.add_argument("--trials", type=int)
    arguments = parser.parse_args()
    study = load_study(arguments.study)
    whole = study.bias_variance.model_copy(update={"trials": "all"})
    search = study.search.model_copy(update={"trials": arguments.trials or study.search.trials})
    budget = BudgetConfig(minutes=None)
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        variant = study.model_copy(update={"bias_variance": whole, "search": search, "budget": budget})
        result = run_study(variant, mlruns=folder, trackers=[clock])
    training = sum(trial.seconds for trial in result.trials)
    print(f"training of {len(result.trials)} trials: {training:.1f} s")
    for name, seconds in clock.phases():
        ratio = f", {seconds / training:.2f} × the training" if name.startswith("bias and variance") else ""
        print(f"{name}: {seconds:.1f} s{ratio}")


if __name__ == "__main__":
    main()

"""Our default study, for `rivals.py`: FOLDER TARGET TASK SECONDS."""

import json
import os
import sys
import time
from pathlib import Path

BEGAN = time.time()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy  # noqa: E402
import pandas  # noqa: E402

from automl.config.reading import make_study  # noqa: E402
from automl.records.events import TrialEnded  # noqa: E402
from automl.records.finding import open_records  # noqa: E402
from automl.serving.scoring import Scorer  # noqa: E402
from automl.study.run import run_study  # noqa: E402

STARTING, PREDICTING = 6.0, 4.0
"""Seconds that are taken off the budget: imports before it and predictions after it."""


def main() -> None:
    folder, target, task, seconds = Path(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4])
    content = {
        "name": "rival",
        "data": {"path": str(folder / "training.csv"), "target": target},
        "splits": {"test": 0},
        "budget": {"minutes": (seconds - STARTING - PREDICTING) / 60.0},
        "bias_variance": {"resamples": 0},
        "tracking": {"to": "none"},
    }
    result = run_study(make_study(content), mlruns=folder / "mlruns")
    predicted = Scorer(result.model).predict(pandas.read_csv(folder / "test.csv"))
    if task == "classification":
        prefix = "probability_"
        predicted = predicted[[name for name in predicted if name.startswith(prefix)]]
        predicted = predicted.rename(columns=lambda name: name.removeprefix(prefix))
    predicted.to_csv(folder / "predictions.csv", index=False)
    (folder / "notes.txt").write_text(
        f"{len(result.trials)} trials, {len(result.state.completed)} to their end"
    )
    records = open_records(folder / "mlruns")
    (run,) = records.runs("rival")
    ended = [recorded for recorded in records.events(run) if isinstance(recorded.event, TrialEnded)]
    curve = [
        (recorded.time - BEGAN, float(numpy.mean(recorded.event.scores)))
        for recorded in ended
        if recorded.event.state == "complete"
    ]
    (folder / "curve.json").write_text(json.dumps(curve))


if __name__ == "__main__":
    main()

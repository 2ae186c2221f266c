"""Advice applied: the study that `explain --write-next` proposes, beside the one first run and beside its opposite.

    AUTOML_TABLES=FOLDER python benchmarks/advice.py [TABLE ...] [--rows 2000] [--results FILE]

Of every table at most so many rows are taken, two fifths of them locked away, the same in all studies. Two studies of a
single configuration begin: a network that is too small (one layer of 4 units) and one that is too large (two layers of
128 units, never stopped). Their advice is applied as it is written (`explanation/next_study.py`): ten trials are
searched in the ranges that it proposes, and ten in ranges that were moved the other way. Writes the losses on locked
rows to `results/advice.json`.
"""

import argparse
import itertools
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from tables import REGRESSIONS, TARGETS, some_rows

from automl.config.reading import load_study, make_study
from automl.errors import RecordError
from automl.explanation.next_study import propose
from automl.explanation.study import explain_study
from automl.explanation.weighing import LESS, MORE
from automl.records.finding import read_run
from automl.study.run import run_study

RESULTS = Path(__file__).parent / "results" / "advice.json"
TRIALS = 10
STARTS = {
    "too small": (
        {"depth": 1, "width": 4, "dropout": 0.0, "learning_rate": 0.001},
        {"epochs": 100, "patience": 10},
    ),
    "too large": (
        {"depth": 2, "width": 128, "dropout": 0.0, "learning_rate": 0.003},
        {"epochs": 60, "patience": 60},
    ),
}


def first_study(name, start, path):
    """A study of a single configuration."""
    space, training = STARTS[start]
    content = {
        "name": name,
        "data": {"path": str(path), "target": TARGETS[name]},
        "splits": {"test": 0.4},
        "objective": "rmse" if name in REGRESSIONS else "log_loss",
        "space": space,
        "search": {"algorithm": "random", "trials": TRIALS, "minutes": None},
        "training": training,
        "bias_variance": {"trials": "all", "resamples": 16},
        "budget": {"minutes": None},
    }
    return make_study(content)


def proposed(log, changes, folder):
    """What is proposed for these changes, as a study that is not looked into any further; None for no proposal."""
    path = folder / "next.yaml"
    try:
        text = propose(log, replace(explain_study(log), changes=changes), path)
    except RecordError:
        return None
    path.write_text(text)
    study = load_study(path)
    without_resamples = study.bias_variance.model_copy(update={"resamples": 0})
    return study.model_copy(update={"baselines": False, "bias_variance": without_resamples})


def opposite(changes):
    """The same hyperparameters, moved the other way."""
    return {
        name: LESS if way == MORE else MORE
        for name, way in changes.items()
        if name not in ("epochs", "activation", "numeric_encoding")
    }


def follow(name, start, most, folder):
    """The first study, the advised one and its opposite on one table."""
    path = folder / f"{name}.csv"
    some_rows(name, most).to_csv(path, index=False)
    study = first_study(name, start, path)
    first = run_study(study, mlruns=folder / "mlruns", resume=False)
    log = read_run(first.folder)
    explanation = explain_study(log)
    losses = {"first": first.test_scores[study.objective]}
    for way, changes in (("advised", explanation.changes), ("opposite", opposite(explanation.changes))):
        after = proposed(log, changes, folder)
        if after is not None:
            losses[way] = run_study(after, mlruns=folder / "mlruns", resume=False).test_scores[
                study.objective
            ]
    return {
        "table": name,
        "start": start,
        "diagnosis": explanation.diagnoses[first.best.number].name,
        "changes": dict(explanation.changes),
        "losses": {way: round(loss, 5) for way, loss in losses.items()},
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tables", nargs="*", default=list(TARGETS))
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, start in itertools.product(arguments.tables, STARTS):
            rows.append(follow(name, start, arguments.rows, Path(folder)))
            print(json.dumps(rows[-1]), flush=True)
            arguments.results.write_text(json.dumps(rows, indent=1) + "\n")
    for start in STARTS:
        advised = [row["losses"] for row in rows if row["start"] == start and "advised" in row["losses"]]
        fell = sum(losses["advised"] < losses["first"] for losses in advised)
        better = sum(losses["advised"] < losses.get("opposite", float("inf")) for losses in advised)
        print(
            f"{start}: of {len(advised)} tables with advice, the loss falls in {fell}; below the opposite's in {better}"
        )


if __name__ == "__main__":
    main()

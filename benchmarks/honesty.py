"""How far scores are from the truth: the winner's, corrected, and with epochs chosen on the scored rows.

    python benchmarks/honesty.py [SPLITS]

A table with a weak signal: 2 of 10 columns move the odds of two classes a little. A study sees 150 of its rows and
tries 20 configurations in 5 folds; the winner's refit is then scored on 4,000 others. Over the splits, the mean of
(score − test score) in log loss: what a person who believes the score is wrong by. Too good is below 0.
"""

import os
import random
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy
import pandas

from automl.config.reading import make_study
from automl.evaluation.correction import corrected_score
from automl.evaluation.metrics import METRICS
from automl.evaluation.out_of_fold import OutOfFold
from automl.evaluation.resampling import ScoredRows
from automl.study.preparation import prepare_study
from automl.study.refitting import refit_trial
from automl.training.engine import Watch
from automl.training.members import plan_members

ROWS, TEST_ROWS, TRIALS = 150, 4000, 20
PROGRAMS: dict = {}
"""Compiled once for all splits."""


def rows_of(split):
    generator = numpy.random.default_rng(split)
    features = generator.normal(size=(ROWS + TEST_ROWS, 10))
    odds = 0.6 * features[:, 0] - 0.4 * features[:, 1]
    table = pandas.DataFrame(features, columns=[f"x{number}" for number in range(10)])
    return table.assign(y=(generator.random(len(table)) < 1.0 / (1.0 + numpy.exp(-odds))).astype(int))


def errors_of(split, stop_on):
    """(score, corrected score) − test score of the winner."""
    table = rows_of(split)
    with tempfile.TemporaryDirectory() as folder:
        table.to_csv(Path(folder) / "table.csv", index=False)
        content = {
            "name": "honesty",
            "data": {"path": str(Path(folder) / "table.csv"), "target": "y", "positive": 1},
            "splits": {"test": 0, "stop_on": stop_on},
            "space": {"depth": 1, "width": 32, "dropout": 0.2, "learning_rate": 0.01},
            "training": {"epochs": 60, "batch_size": 32},
        }
        whole = prepare_study(make_study(content)).dataset
        table.head(ROWS).to_csv(Path(folder) / "table.csv", index=False)
        prepared = prepare_study(make_study(content))
    engine = prepared.make_engine()
    engine._programs = PROGRAMS
    generator = random.Random(split)  # noqa: S311
    cohort = []
    for number in range(TRIALS):
        values = dict(prepared.space.initial()) | {
            "width": generator.choice([4, 8, 16, 32]),
            "activation": generator.choice(["relu", "tanh"]),
            "dropout": generator.uniform(0.01, 0.6),
            "learning_rate": 10 ** generator.uniform(-3, -1),
            "l2": 10 ** generator.uniform(-5, -1),
        }
        cohort.append(plan_members(number, values, 5, split))
    out_of_fold = OutOfFold([fold.validation for fold in prepared.splits.folds], 2, split)
    trials = list(engine.train(cohort, Watch(lambda _: None, lambda: True)))
    gathered = [out_of_fold.gather(trial) for trial in trials]
    predictions = [
        out_of_fold.predictions(predictions_of_trial)
        for predictions_of_trial in gathered
        if predictions_of_trial is not None
    ]
    best = prepared.objective.best(trials)
    network = refit_trial(engine, prepared, best).network
    test_rows = numpy.arange(ROWS, ROWS + TEST_ROWS)
    prediction = network.predict(whole.columns.take(test_rows))
    test = METRICS["log_loss"].function(whole.target[test_rows], prediction, numpy.ones(TEST_ROWS))
    target = prepared.dataset.target[out_of_fold.rows]
    rows = ScoredRows(target, numpy.ones(len(target)), out_of_fold.folds, numpy.arange(len(target)))
    corrected = corrected_score(METRICS["log_loss"], rows, predictions, split).estimate.value
    return best.mean("log_loss") - test, corrected - test


def main(num_splits="50"):
    errors_by_rows = {"inner": [], "validation": []}
    for split in range(int(num_splits)):
        for stop_on, errors in errors_by_rows.items():
            errors.append(errors_of(split, stop_on))
    print("| epochs chosen on | score | mean of score − test | standard error |\n|---|---|---|---|")
    for stop_on, errors in errors_by_rows.items():
        for name, values in zip(("winner's", "corrected"), numpy.array(errors).T, strict=True):
            error = values.std(ddof=1) / numpy.sqrt(len(values))
            rows = "rows that are not scored" if stop_on == "inner" else "the scored rows"
            print(f"| {rows} | {name} | {values.mean():+.4f} | {error:.4f} |")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Two honest ways to choose the epoch: an inner split of each fold, or the curves of the other folds.

    python benchmarks/stopping.py [TABLE ...] [--splits 3] [--configurations 16]

An inner split costs a network 15 % of its fit rows. Instead, all folds can train on all their rows and to the end, and
the epoch of one fold is where the mean validation curve of the others is lowest: rows that this fold does not score.
For random configurations on scikit-learn's tables: the cross-validated loss either way, and the loss on locked rows of
a refit on all training rows for the epochs that either way advises. Losses are those of training, without penalties.
"""

import argparse
import os
from dataclasses import replace

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy

from automl.config.reading import make_study
from automl.data.folds import Fold
from automl.study.preparation import prepare_study
from automl.training.engine import Watch
from automl.training.engines import ENGINES
from automl.training.members import plan_members, refit_epochs

EPOCHS = 100
WATCH = Watch(on_progress=lambda _: None, may_start=lambda: True)


def prepare(table, split):
    content = {
        "name": "stopping",
        "data": {"sklearn": table},
        "splits": {"test": 0.4},
        "search": {"seed": split},
        "space": {"depth": {"int": [1, 2]}},
        "training": {"epochs": EPOCHS, "batch_size": 32, "patience": 10},
    }
    return prepare_study(make_study(content))


def configurations(study, count):
    """Random values, the same for every table."""
    generator = numpy.random.default_rng(0)
    for _ in range(count):
        yield dict(study.space.initial()) | {
            "depth": int(generator.integers(1, 3)),
            "width": int(generator.choice([16, 64, 256])),
            "activation": "relu",
            "dropout": float(generator.choice([0.0, 0.3])),
            "learning_rate": float(10 ** generator.uniform(-3.3, -2.0)),
        }


def train(study, folds, cohort, patience):
    """Trials in the order of the cohort, on folds of their own."""
    training = replace(study.plan.training, patience=patience)
    plan = replace(study.plan, training=training)
    return sorted(ENGINES["population"](plan, folds).train(cohort, WATCH), key=lambda trial: trial.number)


def compare(table, split, count):
    """Of each configuration: loss by folds and by test rows, by an inner split and by the other folds' curves."""
    study = prepare(table, split)
    splits, values = study.splits, list(configurations(study, count))
    folds = splits.folds
    cohort = [
        plan_members(number, hyperparameters, len(folds), split)
        for number, hyperparameters in enumerate(values)
    ]
    inner = train(study, folds, cohort, 10)
    whole = [
        Fold(numpy.sort(numpy.concatenate([fold.fit, fold.stopping])), fold.validation, fold.validation)
        for fold in folds
    ]
    on_all_rows = train(study, tuple(whole), cohort, EPOCHS)
    last = (Fold(splits.training, splits.test, splits.test),)
    refits = train(
        study,
        last,
        [plan_members(number, hyperparameters, 1, split) for number, hyperparameters in enumerate(values)],
        EPOCHS,
    )
    rows = []
    for by_stopping_rows, on_scored_rows, refit in zip(inner, on_all_rows, refits, strict=True):
        curves = numpy.array([fold.validation_loss for fold in on_scored_rows.folds])
        chosen = [int(numpy.delete(curves, place, 0).mean(axis=0).argmin()) for place in range(len(curves))]
        by_others = float(numpy.mean([curve[epoch] for curve, epoch in zip(curves, chosen, strict=True)]))
        by_inner = float(
            numpy.mean([fold.validation_loss[fold.best_epoch - 1] for fold in by_stopping_rows.folds])
        )
        test = refit.folds[0].validation_loss
        advised = refit_epochs(by_stopping_rows), int(curves.mean(axis=0).argmin()) + 1
        rows.append([by_inner, by_others, *(test[epoch - 1] for epoch in advised), min(test), *advised])
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tables", nargs="*", default=["wine", "breast_cancer", "diabetes", "digits"])
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--configurations", type=int, default=16)
    arguments = parser.parse_args()
    print(
        "| table | loss by folds: inner split | other folds | test after refit: inner split | other folds | best | "
        "others lower, of | epochs: inner split | other folds |\n|" + "---|" * 9
    )
    for table in arguments.tables:
        rows = numpy.array(
            [
                row
                for split in range(arguments.splits)
                for row in compare(table, split, arguments.configurations)
            ]
        )
        means = rows.mean(axis=0)
        lower = f"{int((rows[:, 3] < rows[:, 2]).sum())} of {len(rows)}"
        cells = [f"{mean:.4f}" for mean in means[:5]]
        print(f"| {table} | {' | '.join(cells)} | {lower} | {means[5]:.0f} | {means[6]:.0f} |", flush=True)


if __name__ == "__main__":
    main()

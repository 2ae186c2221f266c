"""Studies of real tables with `data` and `target` alone, beside fixed models on the same split.

    AUTOML_TABLES=FOLDER python benchmarks/tables.py [TABLE ...] [--splits 10 [--first 0]] [--minutes 8]
        [--budget 5] [--pruner none] [--algorithm bayesian] [--ensemble seeds]

A table's 80 % (scikit-learn's `train_test_split`, `random_state` 0, by class where there are classes) are written as
CSV and given to a study that locks no further rows away; the exported model then predicts the raw rows of the other
20 %. With `--splits N` that is repeated for the states 0 to N - 1, or from `--first` on. `BASELINES.csv` in the folder,
where there is one, holds `dataset,model,metric,value` of other models on state 0. `--minutes` bounds the search,
`--budget` the whole study. Writes `results/tables/TABLE-STATE.json`.
"""

import argparse
import csv
import json
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy
import pandas
from sklearn.model_selection import train_test_split

from automl.config.reading import make_study
from automl.evaluation.metrics import metrics_for, score
from automl.serving.scoring import Scorer
from automl.study.run import run_study
from automl.trial import Task

HERE = Path(__file__).parent
TABLES = Path(os.environ.get("AUTOML_TABLES", HERE / "tables"))
TARGETS = {
    "penguins": "species",
    "glass": "Type",
    "german_credit": "credit_risk",
    "kin8nm": "y",
    "mammography": "class",
    "california_housing": "median_house_value",
    "letter": "lettr",
    "hotel_rates": "avg_price_per_room",
    "adult": "income",
    "give_me_credit": "SeriousDlqin2yrs",
}
REGRESSIONS = ("kin8nm", "california_housing", "hotel_rates")


def split(name, state):
    """The rows of a table to train on, and the fifth to predict."""
    table = pandas.read_csv(TABLES / f"{name}.csv.gz")
    classes = None if name in REGRESSIONS else table[TARGETS[name]]
    return train_test_split(table, test_size=0.2, random_state=state, stratify=classes)


def some_rows(name, most):
    """At most so many rows of a table, classes in proportion."""
    table = pandas.read_csv(TABLES / f"{name}.csv.gz")
    if len(table) <= most:
        return table
    classes = None if name in REGRESSIONS else table[TARGETS[name]]
    return train_test_split(table, train_size=most, random_state=0, stratify=classes)[0]


def run(name, state, search, budget, ensemble):
    """One study of one split, with these keys of its search."""
    training, test = split(name, state)
    target, regression = TARGETS[name], name in REGRESSIONS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "training.csv"
        training.to_csv(path, index=False)
        content = {
            "name": name,
            "data": {"path": str(path), "target": target},
            "splits": {"test": 0},
            "search": search,
            "budget": {"minutes": budget},
            **({} if ensemble is None else {"ensemble": ensemble}),
            "bias_variance": {"resamples": 0},  # an analysis comes after the winner and does not bear on it
        }
        began = time.perf_counter()
        result = run_study(make_study(content), mlruns=Path(folder) / "mlruns")
        seconds = time.perf_counter() - began
        test.to_csv(Path(folder) / "test.csv", index=False)
        rows = pandas.read_csv(Path(folder) / "test.csv")
        predicted = Scorer(result.model).predict(rows.drop(columns=target))
    if regression:
        scores = score(
            metrics_for(Task.REGRESSION), rows[target].to_numpy(float), predicted["prediction"].to_numpy()
        )
    else:
        labels = sorted({*training[target], *test[target]})
        codes = pandas.Categorical(rows[target], categories=labels).codes.astype(int)
        probabilities = predicted[[f"probability_{label}" for label in labels]].to_numpy(numpy.float64)
        task = Task.BINARY if len(labels) == 2 else Task.MULTICLASS
        scores = score(metrics_for(task), codes, probabilities)
    return {
        "table": name,
        "state": state,
        "seconds": round(seconds),
        "trials": len(result.trials),
        "completed": len(result.state.completed),
        "search": search,
        "hyperparameters": dict(result.best.hyperparameters),
        "epochs": {
            "kept": [fold.best_epoch for fold in result.best.folds],
            "trained": [len(fold.stopping_loss) for fold in result.best.folds],
            "cut": result.best.cut,
        },
        "verdict": result.state.verdict.rows,
        "said": result.state.verdict.sentences,
        "test": {metric: round(value, 6) for metric, value in scores.items()},
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tables", nargs="*", default=list(TARGETS))
    parser.add_argument("--splits", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--budget", type=float)
    parser.add_argument("--pruner")
    parser.add_argument("--algorithm")
    parser.add_argument("--ensemble")
    arguments = parser.parse_args()
    search = {} if arguments.budget else {"minutes": arguments.minutes}
    search |= {key: getattr(arguments, key) for key in ("pruner", "algorithm") if getattr(arguments, key)}
    folder = HERE / "results" / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.tables:
        for state in range(arguments.first, arguments.splits):
            result = run(name, state, search, arguments.budget, arguments.ensemble)
            (folder / f"{name}-{state}.json").write_text(json.dumps(result, indent=1) + "\n")
            metric = "rmse" if name in REGRESSIONS else "log_loss"
            spent = f"{result['trials']} trials, {result['completed']} to their end, {result['seconds']} s"
            line = f"{name} {state}: {metric} {result['test'][metric]:.5g}, {spent}"
            print(line + (f"; others: {baseline_scores(name, metric)}" if state == 0 else ""), flush=True)


def baseline_scores(name, metric):
    """The other models' scores, as text."""
    path = TABLES / "BASELINES.csv"
    if not path.is_file():
        return "none"
    with path.open() as file:
        rows = [row for row in csv.DictReader(file) if row["dataset"] == name and row["metric"] == metric]
    return ", ".join(f"{row['model']} {row['value']}" for row in rows)


if __name__ == "__main__":
    main()

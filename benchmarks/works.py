"""Reads a frozen work: the table, the folds, the configurations. The same for everyone in the race."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy
import pandas
import sklearn.datasets
from sklearn.model_selection import KFold, StratifiedKFold

HERE = Path(__file__).parent
TABLES = Path(os.environ.get("AUTOML_TABLES", HERE / "tables"))
"""Folder of `kin8nm.csv.gz` and `adult.csv.gz`, public tables, for the works C and D."""


@dataclass(frozen=True)
class Work:
    name: str
    features: numpy.ndarray  # (row, feature), float64, not scaled
    target: numpy.ndarray  # class codes, or numbers
    num_classes: int  # 0 for a regression
    folds: list  # (training rows, validation rows)
    epochs: int
    trials: list  # hyperparameters by name


def load(name, num_trials=None):
    content = json.loads((HERE / "works" / f"{name}.json").read_text())
    features, target, num_classes = read(content["data"])
    kind = StratifiedKFold if num_classes else KFold
    folds = list(kind(content["folds"], shuffle=True, random_state=1).split(features, target))
    return Work(name, features, target, num_classes, folds, content["epochs"], content["trials"][:num_trials])


def read(data):
    if "sklearn" in data:
        features, target = getattr(sklearn.datasets, f"load_{data['sklearn']}")(return_X_y=True)
        return features, target.astype(numpy.int64), len(numpy.unique(target))
    table = pandas.read_csv(TABLES / f"{data['table']}.csv.gz")
    target = table.pop(data["target"])
    table = table.fillna(table.median(numeric_only=True)).fillna("none")
    features = pandas.get_dummies(table).to_numpy(numpy.float64)
    if target.dtype.kind == "f":
        return features, target.to_numpy(), 0
    codes = pandas.Categorical(target).codes.astype(numpy.int64)
    return features, codes, int(codes.max()) + 1


def scaled(work, rows, validation):
    """Inputs of both sets of rows, standardized by the first, as float32."""
    mean, deviation = work.features[rows].mean(axis=0), work.features[rows].std(axis=0)
    deviation[deviation == 0] = 1.0
    return [((work.features[part] - mean) / deviation).astype(numpy.float32) for part in (rows, validation)]


def scaled_target(work, rows, validation):
    """Targets of both sets of rows as float32: codes, or numbers standardized by the first."""
    if work.num_classes:
        return [work.target[part] for part in (rows, validation)]
    mean, deviation = work.target[rows].mean(), work.target[rows].std()
    return [((work.target[part] - mean) / deviation).astype(numpy.float32) for part in (rows, validation)]


def report(name, clock, scores, num_fits):
    """The line that the race reads.

    Args:
        name: Who ran.
        clock: Times at the start of the process and when the imports were done.
        scores: Trial -> losses on the validation rows, a list over folds.
        num_fits: Networks that were trained.
    """
    began, ready = clock
    result = {"name": name, "start": ready - began, "seconds": time.perf_counter() - began}
    print("RESULT " + json.dumps({**result, "fits": num_fits, "scores": scores}))

"""Small tables, and the places that errors about them name."""

from collections.abc import Sequence
from typing import Any

import numpy
import pandas

from automl.config.sections import DataConfig, SplitsConfig
from automl.data.dataset import Dataset, make_dataset


def where(*keys: str | int) -> str:
    """Stands for the line of a study file."""
    return "study.yaml:" + ".".join(map(str, keys))


def make(columns: dict[str, Sequence[Any]], /, target: str = "y", **config: Any) -> Dataset:
    """A dataset from columns, as from a CSV file that holds them."""
    return make_dataset(
        pandas.DataFrame(columns), target, DataConfig(path="t.csv", target=target, **config), where
    )


def split_by(kind: str, name: str = "g", **columns: Any) -> Dataset:
    """Three rows with a column `g`, or another, that splits go by."""
    table = pandas.DataFrame({"x": [1, 2, 3], "g": [5, 6, 5], "y": [0, 1, 0]} | columns)
    splits = SplitsConfig.model_validate({"kind": kind, "by": name})
    return make_dataset(table, "y", DataConfig(path="t.csv", target="y"), where, splits)


def classes(*counts: int) -> Dataset:
    """Rows in random order, as many of each class as given; the one feature is half the row's number."""
    codes = numpy.repeat(numpy.arange(len(counts)), counts)
    labels = [f"class {code}" for code in numpy.random.default_rng(5).permutation(codes)]
    positive = {"positive": "class 1"} if len(counts) == 2 else {}
    return make({"x": [row / 2 for row in range(len(labels))], "y": labels}, **positive)


def numbers(rows: int) -> Dataset:
    """A regression; the feature is half the row's number, and the target is the number and a half."""
    return make({"x": [row / 2 for row in range(rows)], "y": [row + 0.5 for row in range(rows)]})

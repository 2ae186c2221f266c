"""Small tables, and the places that errors about them name."""

from collections.abc import Sequence
from typing import Any

import numpy
import pandas

from automl.config import DataConfig
from automl.data.dataset import Dataset, make_dataset


def where(*keys: str | int) -> str:
    """Stands for the line of a study file."""
    return "study.yaml:" + ".".join(map(str, keys))


def make(columns: dict[str, Sequence[Any]], target: str = "y", **config: Any) -> Dataset:
    """A dataset from columns, as from a CSV file that holds them."""
    return make_dataset(
        pandas.DataFrame(columns), target, DataConfig(path="t.csv", target=target, **config), where
    )


def classes(*counts: int) -> Dataset:
    """Rows in random order, as many of each class as given; the one feature is the row's number."""
    codes = numpy.repeat(numpy.arange(len(counts)), counts)
    labels = [f"class {code}" for code in numpy.random.default_rng(5).permutation(codes)]
    return make({"x": range(len(labels)), "y": labels})


def numbers(rows: int) -> Dataset:
    """A regression; feature and target are the row's number, and the target is not whole."""
    return make({"x": range(rows), "y": [row + 0.5 for row in range(rows)]})

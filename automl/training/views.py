"""The table as members see it: one view a fold, scaled by the statistics of its fit rows, all in equal arrays."""

from dataclasses import dataclass
from typing import Any, final

import numpy
from keras import ops

from automl.data.dataset import Dataset
from automl.data.splits import Fold
from automl.training.network import Scalings, fit_scalings
from automl.training.programs import BLOCK
from automl.trial import Task


@dataclass(frozen=True, slots=True)
class View:
    """What members of one fold train on.

    Attributes:
        fold: Row numbers of the table; fit rows may come several times.
        scalings: Learned on the fit rows.
        rows: Row numbers of the table, in the order of the view's rows.
        fit: Where the fit rows stand in `rows`, as int32; as often as they come.
        inputs: Float32 array of shape (row, feature), scaled.
        targets: Float32 array of shape (row, output): one column a class, or one.
        row_weights: Float32 array of shape (row,).
    """

    fold: Fold
    scalings: Scalings
    rows: numpy.ndarray
    fit: numpy.ndarray
    inputs: numpy.ndarray
    targets: numpy.ndarray
    row_weights: numpy.ndarray

    def parts(self) -> numpy.ndarray:
        """Weights of the rows in the means over fit, stopping and validation rows, float32 (part, row)."""
        parts = numpy.zeros((3, len(self.rows)))
        for part, rows in enumerate((self.fold.fit, self.fold.stopping, self.fold.validation)):
            if len(rows):
                numpy.add.at(parts[part], numpy.searchsorted(self.rows, rows), 1.0 / len(rows))
        return parts.astype(numpy.float32)


def make_view(dataset: Dataset, fold: Fold, balanced: bool) -> View:
    """Scale and encode the rows of a fold.

    Args:
        dataset: The table.
        fold: Its rows; the fit rows alone give the statistics.
        balanced: Whether the classes weigh the same in the training loss.
    """
    rows = numpy.unique(numpy.concatenate([fold.fit, fold.stopping, fold.validation]))
    scalings = fit_scalings(dataset.features[fold.fit], dataset.target[fold.fit], dataset.task)
    return View(
        fold=fold,
        scalings=scalings,
        rows=rows,
        fit=numpy.searchsorted(rows, fold.fit).astype(numpy.int32),
        inputs=scalings.inputs.apply(dataset.features[rows]),
        targets=encode_targets(dataset, rows, scalings),
        row_weights=_row_weights(dataset, fold, rows, balanced),
    )


def _row_weights(dataset: Dataset, fold: Fold, rows: numpy.ndarray, balanced: bool) -> numpy.ndarray:
    """Ones, or scikit-learn's "balanced": fit rows / (classes × fit rows of the row's class)."""
    if not balanced or dataset.task is Task.REGRESSION:
        return numpy.ones(len(rows), numpy.float32)
    counts = numpy.bincount(dataset.target[fold.fit], minlength=len(dataset.classes))
    weights = len(fold.fit) / (numpy.count_nonzero(counts) * numpy.maximum(counts, 1))
    return weights[dataset.target[rows]].astype(numpy.float32)


def encode_targets(dataset: Dataset, rows: numpy.ndarray, scalings: Scalings) -> numpy.ndarray:
    """Targets as float32 of shape (row, output): one column a class, or one column."""
    target = dataset.target[rows]
    if dataset.task is Task.MULTICLASS:
        return numpy.eye(len(dataset.classes), dtype=numpy.float32)[target]
    if dataset.task is Task.REGRESSION:
        return scalings.target.apply(target)[:, None]
    return target.astype(numpy.float32)[:, None]


@final
class Tables:
    """Views on the device, filled up to one number of rows.

    Args:
        views: At least one.
    """

    def __init__(self, views: list[View]) -> None:
        self.views = tuple(views)
        longest = max(len(view.rows) for view in views)
        self.num_rows = -(-longest // BLOCK) * BLOCK
        stacked = {
            name: [getattr(view, name) for view in views] for name in ("inputs", "targets", "row_weights")
        }
        self.arrays: dict[str, Any] = {
            name: ops.convert_to_tensor(numpy.stack([self._filled(array, 0) for array in arrays]))
            for name, arrays in stacked.items()
        }
        parts = numpy.stack([self._filled(view.parts(), 1) for view in views])
        self.arrays["parts"] = ops.convert_to_tensor(parts)

    def num_steps(self, batch_size: int) -> int:
        """Steps of the longest epoch of any view."""
        return max(-(-len(view.fit) // batch_size) for view in self.views)

    def _filled(self, array: numpy.ndarray, axis: int) -> numpy.ndarray:
        room = [(0, 0)] * array.ndim
        room[axis] = (0, self.num_rows - array.shape[axis])
        return numpy.pad(array, room)

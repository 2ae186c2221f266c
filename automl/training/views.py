"""The table as members see it: one view a fold, scaled by the statistics of its fit rows, all in equal arrays."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy
from keras import ops

from automl.data.columns import TableArrays
from automl.data.folds import Fold
from automl.data.preprocessing import Layout, fit_preprocessing
from automl.data.targets import NO_SCALING, fit_target
from automl.training.network import Scalings
from automl.training.population.programs import BLOCK
from automl.trial import Scalar, Task, derive_seed

MOST_MEASURED = 8192
"""Fit rows that the training loss is measured on after each epoch: of larger folds, a sample (its error is 1 %)."""


@dataclass(frozen=True, slots=True)
class ViewRows:
    """Which rows members of one fold see: all that a plan needs to know of a view.

    Attributes:
        fold: Row numbers of the table; fit rows may come several times.
        measured: Row numbers of fit rows that stand for all of them in losses and scores.
        rows: Row numbers of the table, in the order of the view's rows: first those that losses are measured on.
        num_measured: How many these are.
        fit: Where the fit rows stand in `rows`, as int32; as often as they come.
    """

    fold: Fold
    measured: numpy.ndarray
    rows: numpy.ndarray
    num_measured: int
    fit: numpy.ndarray

    def places(self, rows: numpy.ndarray) -> numpy.ndarray:
        """Where rows of the table stand in the view."""
        return _places(self.rows, self.num_measured, rows)


@dataclass(frozen=True, slots=True)
class View(ViewRows):
    """What members of one fold train on.

    Attributes:
        scalings: Learned on the fit rows.
        inputs: Float32 array of shape (row, feature), scaled.
        targets: Float32 array of shape (row, output): one column per class, or one.
        row_weights: How much each row counts in the training loss, float32 of shape (row,).
        sample_weights: How much it counts in losses and scores that are looked at, float64 of the same shape.
    """

    scalings: Scalings
    inputs: numpy.ndarray
    targets: numpy.ndarray
    row_weights: numpy.ndarray
    sample_weights: numpy.ndarray

    @property
    def is_bare(self) -> bool:
        """Whether its arrays have gone to `Tables`."""
        return not len(self.inputs)

    def parts(self) -> numpy.ndarray:
        """Weights of the measured rows in the means over fit, stopping and validation rows, float32 (part, row)."""
        parts = numpy.zeros((3, self.num_measured))
        for part, rows in enumerate((self.measured, self.fold.stopping, self.fold.validation)):
            positions = self.places(rows)
            weights = self.sample_weights[positions]
            if weights.sum() > 0.0:
                numpy.add.at(parts[part], positions, weights / weights.sum())
        return parts.astype(numpy.float32)


@dataclass(frozen=True, slots=True)
class Treatment:
    """What is done to the rows of a fold before a network sees them.

    Attributes:
        layout: The places of the inputs.
        encoding: Name in `encodings.ENCODINGS`.
        transform: Name in `targets.TARGET_TRANSFORMS`.
        class_weights: How much the rows of each class count in the training loss: "none", "balanced", or by code.
    """

    layout: Layout
    encoding: str = "standard"
    transform: str = "none"
    class_weights: str | tuple[float, ...] = "none"


def view_rows(fold: Fold) -> ViewRows:
    """Which rows a view of a fold holds, without their values."""
    measured = _measured(fold.fit)
    first = numpy.unique(numpy.concatenate([measured, fold.stopping, fold.validation]))
    rows = numpy.concatenate([first, numpy.setdiff1d(fold.fit, first)])
    fit = _places(rows, len(first), fold.fit).astype(numpy.int32)
    return ViewRows(fold, measured, rows, len(first), fit)


def make_view(dataset: TableArrays, outline: ViewRows, treatment: Treatment) -> View:
    """Encode the rows of a fold; the fit rows alone give the statistics.

    Args:
        dataset: The table.
        outline: Its rows.
        treatment: What is done to them.
    """
    fold, rows = outline.fold, outline.rows
    inputs = fit_preprocessing(dataset.columns.take(fold.fit), treatment.layout, treatment.encoding)
    regression = dataset.task is Task.REGRESSION
    target = fit_target(dataset.target[fold.fit], treatment.transform) if regression else NO_SCALING
    scalings = Scalings(inputs, target)
    return View(
        fold=fold,
        measured=outline.measured,
        rows=rows,
        num_measured=outline.num_measured,
        fit=outline.fit,
        scalings=scalings,
        inputs=inputs.apply(dataset.columns.take(rows)),
        targets=encode_targets(dataset, rows, scalings),
        row_weights=_row_weights(dataset, fold, rows, treatment.class_weights),
        sample_weights=dataset.weights[rows],
    )


def _measured(fit: numpy.ndarray) -> numpy.ndarray:
    """All fit rows, or a random sample that depends on nothing but their number."""
    if len(fit) <= MOST_MEASURED:
        return fit
    generator = numpy.random.default_rng(derive_seed("measured", len(fit)))
    return fit[numpy.sort(generator.choice(len(fit), MOST_MEASURED, replace=False))]


def _places(view: numpy.ndarray, num_measured: int, rows: numpy.ndarray) -> numpy.ndarray:
    """Where rows stand in a view whose measured rows and whose others are sorted, each for itself."""
    first, rest = view[:num_measured], view[num_measured:]
    positions = numpy.searchsorted(first, rows)
    others = first[numpy.minimum(positions, num_measured - 1)] != rows
    positions[others] = num_measured + numpy.searchsorted(rest, rows[others])
    return positions


def _row_weights(
    dataset: TableArrays, fold: Fold, rows: numpy.ndarray, class_weights: str | tuple[float, ...]
) -> numpy.ndarray:
    """The rows' own weights; balanced, times those of all fit rows / (classes × those of the class's fit rows).

    As scikit-learn has it where all rows weigh the same. Weights by code are divided by their mean over the fit rows,
    so that the learning rate means the same.
    """
    if class_weights == "none" or dataset.task is Task.REGRESSION:
        return dataset.weights[rows].astype(numpy.float32)
    if not isinstance(class_weights, str):
        by_class = numpy.array(class_weights)
        by_class = by_class / numpy.average(
            by_class[dataset.target[fold.fit]], weights=dataset.weights[fold.fit]
        )
        return (by_class[dataset.target[rows]] * dataset.weights[rows]).astype(numpy.float32)
    fit = dataset.weights[fold.fit]
    sums = numpy.bincount(dataset.target[fold.fit], fit, len(dataset.classes))
    weights = fit.sum() / (numpy.count_nonzero(sums) * numpy.where(sums > 0.0, sums, 1.0))
    return (weights[dataset.target[rows]] * dataset.weights[rows]).astype(numpy.float32)


def weights_by_code(given: str | Mapping[str, float], classes: Sequence[Scalar]) -> str | tuple[float, ...]:
    """The class weights of a study file in the order of the codes; a class that it does not name weighs 1."""
    if isinstance(given, str):
        return given
    from automl.data.features.cells import level_text  # needs pandas, which training does not

    return tuple(given.get(level_text(label), 1.0) for label in classes)


def encode_targets(dataset: TableArrays, rows: numpy.ndarray, scalings: Scalings) -> numpy.ndarray:
    """Targets as float32 of shape (row, output): one column a class, or one column."""
    target = dataset.target[rows]
    if dataset.task is Task.MULTICLASS:
        return numpy.eye(len(dataset.classes), dtype=numpy.float32)[target]
    if dataset.task is Task.REGRESSION:
        return scalings.target.apply(target)[:, None]
    return target.astype(numpy.float32)[:, None]


@final
class Tables:
    """Views on the device, filled up to one number of rows. The views themselves keep no second copy of their arrays.

    Args:
        views: What the tables have room for, at least one view. Where only its rows are given, the arrays hold zeros:
            programs depend on the shapes of the arrays, so that these must not depend on which views are encoded.
        earlier: Tables of the first ones of these views, whose arrays are copied.
    """

    def __init__(self, views: Sequence[ViewRows], earlier: "Tables | None" = None) -> None:
        self.num_measured: int = measured_room(views)
        self.num_rows: int = max(self.num_measured, *(len(view.rows) for view in views))
        self.arrays: dict[str, Any] = {}
        for name, shape in self._shapes(views).items():
            array = numpy.zeros(shape, numpy.float32)
            if earlier is not None and earlier.arrays:
                before = ops.convert_to_numpy(earlier.arrays[name])
                array[tuple(map(slice, before.shape))] = before
            for number, view in enumerate(views):
                if isinstance(view, View) and not view.is_bare:
                    part = view.parts() if name == "parts" else getattr(view, name)
                    array[number][tuple(map(slice, part.shape))] = part
            self.arrays[name] = ops.convert_to_tensor(array)
        self.views: tuple[ViewRows, ...] = tuple(map(_bare, views))

    def num_steps(self, batch_size: int) -> int:
        """Steps of the longest epoch of any view."""
        return max(-(-len(view.fit) // batch_size) for view in self.views)

    def _shapes(self, views: Sequence[ViewRows]) -> dict[str, tuple[int, ...]]:
        """Of the arrays by name; none while no view is encoded."""
        encoded = next((view for view in views if isinstance(view, View)), None)
        if encoded is None:
            return {}
        rows = (len(views), self.num_rows)
        return {
            "inputs": (*rows, encoded.inputs.shape[1]),
            "targets": (*rows, encoded.targets.shape[1]),
            "row_weights": rows,
            "parts": (len(views), 3, self.num_measured),
        }


def _bare(view: ViewRows) -> ViewRows:
    if not isinstance(view, View):
        return view
    # copies, for a slice of no rows would keep the whole array
    inputs, targets, weights = (array[:0].copy() for array in (view.inputs, view.targets, view.row_weights))
    return replace(view, inputs=inputs, targets=targets, row_weights=weights)


def measured_room(views: Iterable[ViewRows]) -> int:
    """Rows that tables of these views have room for in the losses."""
    return max(-(-view.num_measured // BLOCK) * BLOCK for view in views)

"""Figures of predicted numbers against true ones."""

import math

import numpy
import pandas

from automl.report import probabilities
from automl.report.blocks import Figure
from automl.report.charts import predictions as charts
from automl.report.charts.look import Row
from automl.wording import number

MOST_POINTS = 2000
"""Points of a scatter; of more rows, evenly spaced ones."""

_NUM_MEANS = 12


def numbers(frame: pandas.DataFrame) -> list[Figure]:
    """True against predicted values, residuals, and the sizes of the errors; of a single row nothing."""
    if len(frame) < 2:
        return []
    name = str(frame.columns[1])
    true = frame.iloc[:, 1].to_numpy(dtype=float)
    predicted = frame["prediction"].to_numpy(dtype=float)
    residuals = true - predicted
    weights = probabilities.weights_of(frame)
    error = math.sqrt(float(numpy.average(residuals**2, weights=weights)))
    spread = float(numpy.average((true - numpy.average(true, weights=weights)) ** 2, weights=weights))
    explained = f", R² {1.0 - error**2 / spread:.3f}" if spread > 0.0 else ""
    shown = numpy.unique(numpy.linspace(0, len(true) - 1, min(MOST_POINTS, len(true))).round().astype(int))
    drawn = numpy.concatenate([true[shown], predicted[shown]])
    room = 0.03 * float(numpy.ptp(drawn)) or 0.5
    bounds = float(drawn.min()) - room, float(drawn.max()) + room
    points = _points(predicted[shown], true[shown])
    caption = f"A perfect prediction lies on the diagonal. RMSE {number(error)}{explained}."
    first = Figure(charts.true_against_predicted(points, name, bounds), caption)
    return [first, _residuals(predicted, residuals, shown), _sizes(residuals)]


def _residuals(predicted: numpy.ndarray, residuals: numpy.ndarray, shown: numpy.ndarray) -> Figure:
    parts = [
        part for part in numpy.array_split(numpy.argsort(predicted, kind="stable"), _NUM_MEANS) if len(part)
    ]
    means: list[Row] = [
        {"x": float(predicted[part].mean()), "y": float(residuals[part].mean())} for part in parts
    ]
    caption = (
        f"The line is the mean of each of {len(parts)} groups of rows: where it leaves 0, predictions are too low "
        "(above) or too high (below)."
    )
    return Figure(charts.residuals(_points(predicted[shown], residuals[shown]), means), caption)


def _sizes(residuals: numpy.ndarray) -> Figure:
    """Which share of the rows is off by how much."""
    sizes = numpy.sort(numpy.abs(residuals))
    shares = numpy.arange(1, len(sizes) + 1) / len(sizes)
    xs, ys = probabilities.thinned(sizes, shares)
    half, most = (float(numpy.quantile(sizes, share)) for share in (0.5, 0.9))
    caption = f"Half of the rows are off by less than {number(half, 3)}, nine of ten by less than {number(most, 3)}."
    return Figure(charts.error_sizes(_points(numpy.array(xs), numpy.array(ys)), (half, most)), caption)


def _points(xs: numpy.ndarray, ys: numpy.ndarray) -> list[Row]:
    return [{"x": x, "y": y} for x, y in zip(xs.tolist(), ys.tolist(), strict=True)]

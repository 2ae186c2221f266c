"""The parts of a report about what the winner predicts: right and wrong labels, probabilities, residuals, columns."""

import math

import numpy
import pandas

from automl.evaluation.labels import confusion
from automl.report import probabilities
from automl.report.charts import MOST_WRITTEN, bars, heat_map
from automl.report.content import ReportContent
from automl.report.markup import Section, figure, panels, paragraph
from automl.report.probabilities import Labeled
from automl.report.scales import fit_scale
from automl.report.svg import HALF, Plot, Size
from automl.wording import number

MOST_POINTS = 2000
"""Points of a scatter; of more rows, evenly spaced ones."""

_TOP_COLUMNS = 20
_NUM_MEANS, _MOST_CLASSES = 12, 30
_SQUARE = Size(410, 360)
_DIAGONAL = (0.0, 1.0)


def predictions(content: ReportContent) -> Section | None:
    """The winner's out-of-fold predictions."""
    frame = content.out_of_fold
    if frame is None or not len(frame) or frame.shape[1] < 3:
        return None
    intro = paragraph(
        f"{len(frame):,} training rows, each predicted by the network of the fold that had not seen it. The best of "
        "many trials looks a little better here than it is."
    )
    if "prediction" in frame.columns:
        return Section("Predictions", intro + panels(_numbers(frame)))
    rows = probabilities.labeled(frame)
    if rows is None:
        return None
    table, charts = _confusion(rows), [_calibration(rows)]
    charts += [_roc(rows), _precision_recall(rows)] if len(rows.names) == 2 else []
    body = panels([table, *charts]) if len(rows.names) <= MOST_WRITTEN else table + panels(charts)
    return Section("Predictions", intro + body)


def _confusion(rows: Labeled) -> str:
    predicted = rows.probabilities.argmax(axis=1)
    counts = confusion(rows.codes, predicted, len(rows.names))
    right = int(counts.trace())
    wrong = counts - numpy.diag(counts.diagonal())
    caption = f"{right:,} of {len(rows.codes):,} rows have their own label ({right / len(rows.codes):.1%})."
    if wrong.any():
        true, taken = numpy.unravel_index(int(wrong.argmax()), wrong.shape)
        one, other = rows.names[int(true)], rows.names[int(taken)]
        caption += f" Most often {one} is taken for {other}, {int(wrong.max())} times."
    # Of many classes, those with the most errors.
    errors = wrong.sum(axis=0) + wrong.sum(axis=1)
    shown = numpy.sort(numpy.argsort(-errors, kind="stable")[:_MOST_CLASSES])
    if len(shown) < len(rows.names):
        caption += f" Shown are the {len(shown)} of {len(rows.names)} classes with the most errors."
    if rows.weighted:
        caption += " Rows count alike here, whatever they weigh."
    names, totals = [rows.names[code] for code in shown], counts.sum(axis=1)[shown]
    chart = heat_map("Confusion", names, counts[numpy.ix_(shown, shown)], totals)
    return figure("Most probable label against the true one", chart, caption)


def _calibration(rows: Labeled) -> str:
    two = len(rows.names) == 2
    top = rows.probabilities.argmax(axis=1)
    scores = rows.probabilities[:, 1] if two else rows.probabilities.max(axis=1)
    true = rows.codes == 1 if two else rows.codes == top
    found = probabilities.calibration(true, scores, weights=rows.weights)
    what = f"probability of {rows.names[1]}" if two else "probability of the most probable label"
    least = 0.0 if two else float(min(found.predicted.min(), found.low.min()))
    axis = fit_scale((least, 1.0), room=0.02)
    plot = Plot(axis, axis, _SQUARE, (f"predicted {what}", "share that came true"))
    plot.line(_DIAGONAL, _DIAGONAL, "guide")
    plot.whiskers(found.predicted.tolist(), found.low.tolist(), found.high.tolist(), "main")
    plot.line(found.predicted.tolist(), found.observed.tolist(), "main")
    tips = [
        f"{count} rows: predicted {number(predicted, 3)}, observed {number(observed, 3)}"
        for count, predicted, observed in zip(found.counts, found.predicted, found.observed, strict=True)
    ]
    plot.dots(found.predicted.tolist(), found.observed.tolist(), "main", tips)
    caption = (
        f"On the diagonal, what is predicted with 80 % comes true in 80 % of cases; the mean distance from it is "
        f"{found.error:.3f}. Bars are 95 % intervals of {len(found.counts)} groups of rows."
    )
    return figure("Calibration", plot.render("Calibration"), caption)


def _roc(rows: Labeled) -> str:
    positive = rows.codes == 1
    xs, ys = probabilities.roc_curve(positive, rows.probabilities[:, 1], rows.weights)
    axis = fit_scale((0.0, 1.0), room=0.02)
    plot = Plot(axis, axis, _SQUARE, ("false positive rate", "true positive rate"))
    plot.line(_DIAGONAL, _DIAGONAL, "guide")
    plot.line(*probabilities.thinned(xs, ys), "main")
    auc = probabilities.area(xs, ys)
    other, one = rows.names
    caption = f"A random row of {one} gets a higher probability than one of {other} in {auc:.1%} of cases."
    return figure(f"ROC curve, area {auc:.4f}", plot.render("ROC curve"), caption)


def _precision_recall(rows: Labeled) -> str:
    positive = rows.codes == 1
    scores = rows.probabilities[:, 1]
    recall, precision = probabilities.precision_recall_curve(positive, scores, rows.weights)
    axis = fit_scale((0.0, 1.0), room=0.02)
    plot = Plot(axis, axis, _SQUARE, ("recall", "precision"))
    share = float(numpy.average(positive, weights=rows.weights))
    plot.level(share, "guide")
    plot.note(0.0, share, "no skill")
    plot.line(*probabilities.thinned(recall, precision), "main")
    average = probabilities.average_precision(recall, precision)
    caption = f"How many that are called {rows.names[1]} are so, as more of them are found; {share:.1%} of rows are."
    return figure(
        f"Precision and recall, average {average:.4f}", plot.render("Precision and recall"), caption
    )


def _numbers(frame: pandas.DataFrame) -> list[str]:
    name = str(frame.columns[1])
    true = frame.iloc[:, 1].to_numpy(dtype=float)
    predicted = frame["prediction"].to_numpy(dtype=float)
    residuals = true - predicted
    weights = probabilities.weights_of(frame)
    error = math.sqrt(float(numpy.average(residuals**2, weights=weights)))
    spread = float(numpy.average((true - numpy.average(true, weights=weights)) ** 2, weights=weights))
    explained = f", R² {1.0 - error**2 / spread:.3f}" if spread > 0.0 else ""
    shown = numpy.unique(numpy.linspace(0, len(true) - 1, min(MOST_POINTS, len(true))).round().astype(int))
    both = fit_scale([*true[shown].tolist(), *predicted[shown].tolist()], room=0.03, most=5)
    plot = Plot(both, both, _SQUARE, ("predicted", f"true {name}"))
    plot.cloud(predicted[shown].tolist(), true[shown].tolist(), "main")
    plot.line((both.low, both.high), (both.low, both.high), "guide")
    caption = f"A perfect prediction lies on the diagonal. RMSE {number(error)}{explained}."
    first = figure("True against predicted", plot.render("True against predicted"), caption)
    return [first, _residuals(predicted, residuals, shown), _residual_sizes(residuals)]


def _residuals(predicted: numpy.ndarray, residuals: numpy.ndarray, shown: numpy.ndarray) -> str:
    axis = fit_scale(predicted[shown].tolist(), room=0.03, most=5)
    plot = Plot(axis, fit_scale(residuals[shown].tolist()), _SQUARE, ("predicted", "true − predicted"))
    plot.cloud(predicted[shown].tolist(), residuals[shown].tolist(), "quiet")
    plot.level(0.0, "guide")
    parts = [
        part for part in numpy.array_split(numpy.argsort(predicted, kind="stable"), _NUM_MEANS) if len(part)
    ]
    plot.line(
        [float(predicted[part].mean()) for part in parts],
        [float(residuals[part].mean()) for part in parts],
        "validation thick",
    )
    caption = "The line is the mean: where it leaves 0, predictions are too low (above) or too high (below)."
    legend = [("dot quiet", "a row"), ("validation", f"mean of each {len(parts)}th of the rows")]
    return figure("Residuals", plot.render("Residuals"), caption, legend)


def _residual_sizes(residuals: numpy.ndarray) -> str:
    """Which share of the rows is off by how much."""
    sizes = numpy.sort(numpy.abs(residuals))
    shares = numpy.arange(1, len(sizes) + 1) / len(sizes)
    plot = Plot(
        fit_scale([0.0, *sizes.tolist()], zero=True),
        fit_scale((0.0, 1.0), room=0.02),
        HALF,
        ("absolute error", "share of rows"),
    )
    plot.line(*probabilities.thinned(sizes, shares), "main")
    half, most = (float(numpy.quantile(sizes, share)) for share in (0.5, 0.9))
    plot.upright(half, "guide")
    plot.upright(most, "guide")
    caption = f"Half of the rows are off by less than {number(half, 3)}, nine of ten by less than {number(most, 3)}."
    return figure("Sizes of the errors", plot.render("Sizes of the errors"), caption)


def columns(content: ReportContent) -> Section | None:
    """What the winner's score loses when a column is shuffled."""
    found = content.state.columns
    names = [str(name) for name in found.get("names", ())]
    if not names:
        return None
    means, errors = ([float(value) for value in found[key]][:_TOP_COLUMNS] for key in ("means", "errors"))
    useless = sum(
        abs(float(mean)) <= 2.0 * float(error)
        for mean, error in zip(found["means"], found["errors"], strict=True)
    )
    chart = bars("Importance of columns", names[:_TOP_COLUMNS], means, errors, ["main"] * len(means))
    first = (
        f"The most important column is {names[0]}: permuting its values makes {content.metric} worse by "
        f"{number(means[0], 3)}."
        if means[0] > 2.0 * errors[0]
        else "No column is clearly important alone."
    )
    caption = (
        f"{first} {useless} of {len(names)} columns are within two standard errors of 0. Columns that tell the same "
        "share their importance."
    )
    more = f", the first {_TOP_COLUMNS} of {len(names)}" if len(names) > _TOP_COLUMNS else ""
    return Section(
        "Columns", figure(f"Loss in {content.metric} when a column is shuffled{more}", chart, caption)
    )

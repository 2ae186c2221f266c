"""The parts of a report about what the winner predicts: right and wrong labels, probabilities, columns."""

import numpy

from automl.evaluation.labels import confusion
from automl.report import probabilities
from automl.report.blocks import Block, Figure, Panels, Section, Text
from automl.report.charts import predictions as charts
from automl.report.charts.bars import KINDS, bars
from automl.report.charts.look import Row
from automl.report.content import ReportContent
from automl.report.probabilities import Labeled
from automl.report.residuals import numbers
from automl.wording import number

_TOP_COLUMNS = 20
_MOST_CLASSES = 30


def predictions(content: ReportContent) -> Section | None:
    """The winner's out-of-fold predictions."""
    frame = content.out_of_fold
    if frame is None or not len(frame) or frame.shape[1] < 3:
        return None
    intro = Text(
        f"{len(frame):,} training rows, each predicted by the network that was trained without its fold. The best of "
        "many trials looks a little better here than it is."
    )
    if "prediction" in frame.columns:
        drawn = numbers(frame)
        return Section("Predictions", [intro, Panels(drawn)]) if drawn else None
    rows = probabilities.labeled(frame)
    if rows is None:
        return None
    table, figures = _confusion(rows), [_calibration(rows)]
    figures += [_roc(rows), _precision_recall(rows)] if len(rows.names) == 2 else []
    few = len(rows.names) <= charts.MOST_WRITTEN
    body: list[Block] = [Panels([table, *figures])] if few else [table, Panels(figures)]
    return Section("Predictions", [intro, *body])


def _confusion(rows: Labeled) -> Figure:
    predicted = rows.probabilities.argmax(axis=1)
    counts = confusion(rows.codes, predicted, len(rows.names))
    right = int(counts.trace())
    wrong = counts - numpy.diag(counts.diagonal())
    caption = (
        f"{right:,} of {len(rows.codes):,} rows are predicted correctly ({right / len(rows.codes):.1%})."
    )
    if wrong.any():
        true, taken = numpy.unravel_index(int(wrong.argmax()), wrong.shape)
        true_name, predicted_name = rows.names[int(true)], rows.names[int(taken)]
        most = int(wrong.max())
        how_often = "once" if most == 1 else f"{most:,} times"
        caption += f" Most often {true_name} is predicted as {predicted_name}, {how_often}."
    never = [name for name, count in zip(rows.names, counts.sum(axis=0), strict=True) if not count]
    if never:
        caption += f" Never predicted: {', '.join(never[:5])}{', …' if len(never) > 5 else ''}."
    # Of many classes, those with the most errors.
    errors = wrong.sum(axis=0) + wrong.sum(axis=1)
    shown = numpy.sort(numpy.argsort(-errors, kind="stable")[:_MOST_CLASSES])
    if len(shown) < len(rows.names):
        caption += f" Shown are the {len(shown)} of {len(rows.names)} classes with the most errors."
    if rows.weighted:
        caption += " All rows count equally here, without their weights."
    return Figure(
        charts.confusion(_cells(rows, counts, shown), [rows.names[code] for code in shown]), caption
    )


def _cells(rows: Labeled, counts: numpy.ndarray, shown: numpy.ndarray) -> list[Row]:
    """The cells that have rows, with the share of their true class."""
    totals = numpy.maximum(1, counts.sum(axis=1))
    cells: list[Row] = []
    for true, taken in zip(*numpy.nonzero(counts), strict=True):
        if true in shown and taken in shown:
            count, share = int(counts[true, taken]), float(counts[true, taken] / totals[true])
            true_name, predicted_name = rows.names[true], rows.names[taken]
            tip = f"{true_name} predicted as {predicted_name}: {count:,} rows, {share:.0%}"
            cells.append(
                {"true": true_name, "predicted": predicted_name, "count": count, "share": share, "tip": tip}
            )
    return cells


def _calibration(rows: Labeled) -> Figure:
    two = len(rows.names) == 2
    top = rows.probabilities.argmax(axis=1)
    scores = rows.probabilities[:, 1] if two else rows.probabilities.max(axis=1)
    true = rows.codes == 1 if two else rows.codes == top
    curve = probabilities.calibration(true, scores, weights=rows.weights)
    name = f"probability of {rows.names[1]}" if two else "probability of the most probable label"
    least = 0.0 if two else float(min(curve.predicted.min(), curve.low.min()))
    bins: list[Row] = [
        {
            "x": predicted,
            "y": observed,
            "low": low,
            "high": high,
            "tip": f"{count} rows: predicted {number(predicted, 3)}, observed {number(observed, 3)}",
        }
        for predicted, observed, low, high, count in zip(
            curve.predicted, curve.observed, curve.low, curve.high, curve.counts, strict=True
        )
    ]
    caption = (
        f"On the diagonal, what is predicted with 80 % comes true in 80 % of cases; the mean distance from it, the "
        f"calibration error, is {curve.error:.3f}. Bars are 95 % intervals of {len(curve.counts)} groups of rows."
    )
    return Figure(charts.calibration(bins, name, least), caption)


def _roc(rows: Labeled) -> Figure:
    positive = rows.codes == 1
    xs, ys = probabilities.roc_curve(positive, rows.probabilities[:, 1], rows.weights)
    auc = probabilities.area(xs, ys)
    negative_name, positive_name = rows.names
    caption = (
        f"A random row of {positive_name} gets a higher probability than one of {negative_name} in {auc:.1%} of "
        "cases."
    )
    names = ("false positive rate", "true positive rate")
    chart = charts.rates(_points(*probabilities.thinned(xs, ys)), f"ROC curve, area {auc:.4f}", names)
    return Figure(chart, caption)


def _precision_recall(rows: Labeled) -> Figure:
    positive = rows.codes == 1
    scores = rows.probabilities[:, 1]
    recall, precision = probabilities.precision_recall_curve(positive, scores, rows.weights)
    share = float(numpy.average(positive, weights=rows.weights))
    average = probabilities.average_precision(recall, precision)
    caption = f"Precision against recall of {rows.names[1]}; {share:.1%} of rows are."
    points = _points(*probabilities.thinned(recall, precision))
    title = f"Precision and recall, average {average:.4f}"
    return Figure(charts.rates(points, title, ("recall", "precision"), share), caption)


def _points(xs: list[float], ys: list[float]) -> list[Row]:
    return [{"x": x, "y": y} for x, y in zip(xs, ys, strict=True)]


def columns(content: ReportContent) -> Section | None:
    """What the winner's score loses when a column is shuffled."""
    recorded = content.state.columns
    names = [str(name) for name in recorded.get("names", ())]
    if not names:
        return None
    means, errors = ([float(value) for value in recorded[key]] for key in ("means", "errors"))
    useless = sum(abs(mean) <= 2.0 * error for mean, error in zip(means, errors, strict=True))
    first = (
        f"The most important column is {names[0]}: permuting its values makes {content.metric} worse by "
        f"{number(means[0], 3)}."
        if means[0] > 2.0 * errors[0]
        else "No single column is clearly important."
    )
    more = f" The first {_TOP_COLUMNS} of {len(names):,} are shown." if len(names) > _TOP_COLUMNS else ""
    caption = (
        f"{first} {useless:,} of {len(names):,} columns are within two standard errors of 0. Columns with the same "
        f"information share their importance.{more}"
    )
    title = f"Loss in {content.metric} when a column is permuted"
    return Section("Columns", [Figure(bars(_bars(names, means, errors), title, content.metric), caption)])


def _bars(names: list[str], means: list[float], errors: list[float]) -> list[Row]:
    alone = next(iter(KINDS))
    return [
        {
            "name": name,
            "value": mean,
            "kind": alone,
            "low": mean - error,
            "high": mean + error,
            "tip": f"{name}: {number(mean, 3)}" + ("" if error != error else f" ± {number(error, 2)}"),
        }
        for name, mean, error in list(zip(names, means, errors, strict=True))[:_TOP_COLUMNS]
    ]

"""Charts of many trials: the search, the leaders, and scores over a hyperparameter."""

from collections.abc import Sequence

import altair

from automl.report.charts.look import (
    FAINT,
    GRAY,
    HALF,
    ORANGE,
    TRAINING,
    VALIDATION,
    WIDE,
    Along,
    Chart,
    Row,
    Size,
    color_of,
    data,
    layered,
    x_of,
    y_of,
)

_ROW_HEIGHT, _HEAD = 18, 40


def history(trials: Sequence[Row], bests: Sequence[Row], score: Along) -> Chart:
    """Score against the number of the trial.

    Args:
        trials: `x`, `y`, `kind` (`trial`, `failed` or `ended early`), `tip`, `trial`, and where whiskers are wanted
            `low` and `high`.
        bests: `x` and `y` of each trial that was better than all before it, and of the last trial.
        score: The axis of the scores.
    """
    present = {str(row["kind"]) for row in trials}
    colors = {"trial": GRAY, "best so far": ORANGE, "failed": FAINT, "ended early": FAINT}
    color = color_of({kind: used for kind, used in colors.items() if kind in present | {"best so far"}})
    x, y = x_of(Along("trial", whole=True)), y_of(score)
    dots = altair.Chart(data(trials))
    line = altair.Chart(data(row | {"kind": "best so far"} for row in map(dict, bests)))
    layers: list[altair.Chart] = [line.mark_line(interpolate="step-after", strokeWidth=2).encode(x, y, color)]
    if any("low" in row for row in trials):
        layers.append(whiskers(dots, x, score, color))
    size = 40 if len(trials) <= 120 else 18
    for filled in (True, False):
        shown = [row for row in trials if (row["kind"] == "trial") is filled]
        if not shown:
            continue
        marks = altair.Chart(data(shown)).mark_point(filled=filled, size=size, strokeWidth=1, opacity=0.9)
        layers.append(marks.encode(x, y, color, tooltip="tip:N"))
    return layered(layers, "Score of each trial", WIDE)


def whiskers(chart: altair.Chart, x: altair.X, y: Along, color: altair.Color) -> altair.Chart:
    """Vertical lines from `low` to `high`."""
    return chart.mark_rule(opacity=0.6).encode(x, y_of(y, "low"), altair.Y2("high:Q"), color)


def leaders(trials: Sequence[Row], score: str) -> Chart:
    """The best trials below each other: mean ± standard error, and the score of each fold.

    Args:
        trials: `trial`, `mean`, `low`, `high`, `kind`, `tip`, and `folds`, the scores of the folds.
        score: The metric.
    """
    folds = [{"name": row["name"], "x": value} for row in trials for value in _numbers(row["folds"])]
    means = [{name: value for name, value in row.items() if name != "folds"} for row in trials]
    kinds = {"best": ORANGE, "not significantly different": TRAINING, "others": GRAY}
    present = {row["kind"] for row in trials}
    color = color_of({kind: color for kind, color in kinds.items() if kind in present})
    y = altair.Y("name:N", title="trial", sort=None, axis=altair.Axis(grid=True))
    x = x_of(Along(f"{score}, mean ± standard error; small dots are folds"))
    line = altair.Chart(data(means))
    layers = [
        altair.Chart(data(folds)).mark_point(filled=True, size=18, color=FAINT, opacity=0.7).encode(x, y),
        line.mark_rule(strokeWidth=2).encode(altair.X("low:Q"), altair.X2("high:Q"), y, color),
        line.mark_point(filled=True, size=70, opacity=1).encode(
            x_of(Along("", bounds=None), "mean"), y, color, tooltip="tip:N"
        ),
    ]
    size = Size(WIDE.width, _HEAD + _ROW_HEIGHT * len(trials))
    return layered(layers, f"The {len(trials)} best trials", size)


def _numbers(values: object) -> Sequence[float]:
    assert isinstance(values, tuple)
    return values


def validation_curve(
    best: Sequence[Row], others: Sequence[Row], along: Along, score: Along, size: Size = HALF
) -> Chart:
    """Score over a hyperparameter: the best trial at each value on training rows and on others, and all other trials.

    Args:
        best: `x`, `validation`, `training`, `low`, `high`, `tip`, `trial`; in the order of `x`.
        others: `x` and `y` of other trials.
        along: The axis of the hyperparameter.
        score: The axis of the score.
        size: Of the chart.
    """
    kinds = {"training rows": TRAINING, "validation rows ± SE": VALIDATION, "other trials": GRAY}
    if not others:
        del kinds["other trials"]
    x, y, color = x_of(along), y_of(score), color_of(kinds)
    curves = [
        dict(row) | {"y": row[name], "kind": kind}
        for kind, name in (("training rows", "training"), ("validation rows ± SE", "validation"))
        for row in best
    ]
    line = altair.Chart(data(curves))
    bars = altair.Chart(data(dict(row) | {"kind": "validation rows ± SE"} for row in best))
    cloud = altair.Chart(data(dict(row) | {"kind": "other trials"} for row in others))
    layers = [
        cloud.mark_point(filled=True, size=18, opacity=0.35).encode(x, y, color),
        line.mark_line(strokeWidth=1.8).encode(x, y, color),
        whiskers(bars, x, score, color),
        line.mark_point(filled=True, size=45, opacity=1).encode(x, y, color, tooltip="tip:N"),
    ]
    return layered(layers, f"Validation curve over {along.title}", size)


def folds(scores: Sequence[Row], metric: str) -> Chart:
    """Scores of two winners on each fold.

    Args:
        scores: `fold`, `y`, `kind` and `tip`; one row for each winner and fold.
        metric: Its name.
    """
    color = color_of({"A": TRAINING, "B": VALIDATION})
    dots = altair.Chart(data(scores))
    x = altair.X("fold:O", title="fold", axis=altair.Axis(labelAngle=0))
    joined = dots.mark_line(color=GRAY, opacity=0.6).encode(x, altair.Y("y:Q"), detail="fold:O")
    marks = dots.mark_point(filled=True, size=60, opacity=1)
    layers = [joined, marks.encode(x, y_of(Along(metric)), color, tooltip="tip:N")]
    return layered(layers, "Scores on the validation rows", WIDE)


def intervals(rows: Sequence[Row], metric: str, title: str) -> Chart:
    """Dots with intervals, one below the other, on one axis.

    Args:
        rows: `name`, `value`, `low`, `high`, `kind` (`first` for the one to take, else `other`) and `tip`; the ends
            may be missing.
        metric: What the axis shows.
        title: Of the chart.
    """
    scale = altair.Scale(domain=["first", "other"], range=[ORANGE, GRAY])
    color = altair.Color("kind:N", scale=scale, legend=None)
    y = altair.Y("name:N", title=None, sort=None, axis=altair.Axis(labelLimit=200, grid=True))
    dots = altair.Chart(data(rows))
    layers = [
        dots.mark_rule(strokeWidth=2).encode(altair.X("low:Q"), altair.X2("high:Q"), y, color),
        dots.mark_point(filled=True, size=90, opacity=1).encode(
            x_of(Along(metric), "value"), y, color, tooltip="tip:N"
        ),
    ]
    return layered(layers, title, Size(WIDE.width, _HEAD // 2 + 28 * len(rows)))

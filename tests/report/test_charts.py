"""Charts, judged by the values in them and by where their marks stand in the picture."""

import dataclasses
import json
import math
import re
from collections.abc import Callable
from xml.etree import ElementTree

import numpy
import pytest
from drawn import Picture, encoding, layers, pick, rows_of
from paper_trials import completed, fold

from automl.evaluation.bias_variance import BiasVariance, Curve
from automl.evaluation.learning_curve import learning_curve as fit_learning_curve
from automl.report.charts import bars as bar_charts
from automl.report.charts import learning, parts, predictions, trials
from automl.report.charts.look import (
    COLORS,
    TRAINING,
    VALIDATION,
    Along,
    Chart,
    data,
    log_along,
    page_spec,
    svg,
)
from automl.report.charts.parallel import Upright, parallel_coordinates
from automl.trial import Trial, TrialState

FOLDS = (
    fold(0, 1.0, (8.0, 4.0, 2.0, 1.0), best_epoch=3),
    fold(1, 1.0, (4.0, 2.0), best_epoch=2),
    fold(2, 1.0, (6.0, 3.0), best_epoch=1),
)
TRIAL = Trial(7, {}, TrialState.COMPLETE, FOLDS, 100)
LOSS = Along("log_loss", bounds=(0.0, 4.0))


def decomposition(variance: float = 0.5) -> BiasVariance:
    epochs = (1, 2, 4)
    rest = (2.5, 1.5, 1.0)
    risk = tuple(value + variance for value in rest)
    errors = (0.1, 0.1, 0.1)
    curves = Curve(risk, errors), Curve((variance,) * 3, errors), Curve(rest, errors)
    return BiasVariance(3, "log_loss", epochs, 4, *curves, (2.0, 1.0, 0.5), {}, {}, 3.5, 8, 1, 5, 100)


def points(*heights: float, kind: str = "trial") -> list[dict[str, object]]:
    return [
        {"x": place, "y": height, "kind": kind, "tip": f"tip {place}", "trial": place}
        | {"low": height - 0.5, "high": height + 0.25}
        for place, height in enumerate(heights)
    ]


def names_of(*rows: dict[str, object]) -> list[dict[str, object]]:
    return [{"name": f"column {place}", "kind": "alone", "tip": ""} | row for place, row in enumerate(rows)]


def parallel(count: int = 12) -> Chart:
    axes = [
        Upright("width", {number: number / count for number in range(count)}, [(0.0, "8"), (1.0, "32")]),
        Upright("dropout", dict.fromkeys(range(0, count, 2), 0.5), [(0.5, "0.1")]),
        Upright("log_loss", {number: 1 - number / count for number in range(count)}, []),
    ]
    groups = {number: 6 * number // count for number in range(count)}
    return parallel_coordinates(axes, groups, {number: f"trial {number}" for number in range(count)}, 3)


def every_chart() -> dict[str, Chart]:
    curve = fit_learning_curve([20, 40, 80], numpy.array([[3.0, 3.2], [2.0, 2.1], [1.5, 1.4]]), seed=0)
    best = [row | {"validation": row["y"], "training": 0.5} for row in points(1.0, 2.0)]
    by_part = {name: points(1.0, 2.0, 1.5) for name in ("risk", "rest", "variance")}
    leaders = [
        {"name": str(row["trial"]), "mean": row["y"], "folds": (1.0, 2.0)} | row | {"kind": "best"}
        for row in points(1.0, 2.0)
    ]
    cells = [{"true": "a", "predicted": "b", "count": 3, "share": 0.75, "tip": "a predicted as b"}]
    pair = [{"x": 0.0, "y": 0.0}, {"x": 0.5, "y": 1.0}]
    bins = [row | {"low": 0.0, "high": 1.0, "tip": ""} for row in pair]
    interval = {"name": "linear", "value": 1.0, "low": 0.5, "high": 1.5, "kind": "first", "tip": ""}
    return {
        "training curves": learning.training_curves(TRIAL),
        "best curves": learning.best_curves([TRIAL, TRIAL], 1),
        "learning curve": learning.learning_curve([20, 40, 80], [[3.0], [2.0], [1.5]], "log_loss", curve),
        "history": trials.history(points(1.0, 2.0), [{"x": 0, "y": 1.0}, {"x": 1, "y": 1.0}], LOSS),
        "leaders": trials.leaders(leaders, "log_loss"),
        "validation curve": trials.validation_curve(best, points(3.0), Along("width"), LOSS),
        "folds": trials.folds(points(1.0, kind="A"), "log_loss"),
        "intervals": trials.intervals([interval], "log_loss", "models"),
        "parallel": parallel(),
        "over epochs": parts.over_epochs(decomposition()),
        "small variance": parts.over_epochs(decomposition(0.01)),
        "sweep": parts.sweep(by_part, Along("width"), "bias + noise", "log_loss"),
        "scatter": parts.where_the_loss_comes_from(points(1.0, 2.0, kind="best"), "bias + noise", "log_loss"),
        "bars": bar_charts.bars(names_of({"value": 1.0, "low": 0.5, "high": 1.5}), "importance", "share"),
        "effect": bar_charts.effect(points(1.0, 2.0), Along("width"), LOSS, joined=True),
        "confusion": predictions.confusion(cells, ["a", "b"]),
        "calibration": predictions.calibration(bins, "probability", 0.0),
        "roc": predictions.rates(pair, "ROC curve", ("false", "true")),
        "precision": predictions.rates(pair, "Precision", ("recall", "precision"), 0.3),
        "true": predictions.true_against_predicted(pair, "price", (0.0, 1.0)),
        "residuals": predictions.residuals(pair, pair),
        "sizes": predictions.error_sizes(pair, (0.1, 0.2)),
    }


ALL = every_chart()


@pytest.mark.parametrize("name", ALL)
def test_every_chart_is_valid_can_be_drawn_and_has_a_title(name: str) -> None:
    chart = ALL[name]
    spec = chart.to_dict()  # checked against the schema of Vega-Lite
    picture = Picture(chart)
    assert spec["title"] in picture.words
    assert spec["description"] == spec["title"]


@pytest.mark.parametrize("name", ALL)
def test_every_color_has_a_name_in_the_style_sheet_so_that_a_dark_page_has_its_own(name: str) -> None:
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", json.dumps(ALL[name].to_dict()))) <= set(COLORS)
    spec = json.dumps(page_spec(ALL[name]))
    assert not re.search(r"#[0-9a-fA-F]{6}", spec)
    assert "var(--ink)" in spec


@pytest.mark.parametrize("name", ALL)
def test_a_page_is_given_no_address_and_shows_the_title_itself(name: str) -> None:
    spec = page_spec(ALL[name])
    assert not {"title", "$schema"} & set(spec)
    assert spec["background"] == "transparent"
    assert "http" not in json.dumps(spec)


def test_larger_values_stand_higher_and_dots_lie_where_the_axis_says() -> None:
    """Of an axis from 0 to 4 that is 260 pixels high, 1 lies 195 pixels below the top and 3 lies 65."""
    picture = Picture(trials.history(points(1.0, 3.0), [{"x": 0, "y": 1.0}, {"x": 1, "y": 1.0}], LOSS))
    assert picture.dots() == [(10.0, 195.0), (650.0, 65.0)]
    assert picture.lines()[0] == (10.0, 195.0)
    low, high = picture.rules()[0]
    assert {low, high} == {(10.0, 260 * (1 - 0.5 / 4)), (10.0, 260 * (1 - 1.25 / 4))}


def test_a_score_beyond_the_axis_is_drawn_at_its_edge() -> None:
    picture = Picture(trials.history(points(1.0, 1e9), [{"x": 0, "y": 1.0}], LOSS))
    assert picture.dots()[1][1] == 0.0


def test_the_line_of_the_best_so_far_steps_where_a_better_trial_comes() -> None:
    bests: list[dict[str, object]] = [{"x": 0, "y": 3.0}, {"x": 3, "y": 1.0}, {"x": 4, "y": 1.0}]
    drawn = Picture(trials.history(points(3.0, 4.0, 4.0, 1.0, 2.0), bests, LOSS)).lines()
    left, right = drawn[0], drawn[-1]
    corners = [(x, y) for x, y in drawn if x == pytest.approx(left[0] + 0.75 * (right[0] - left[0]))]
    assert [y for _, y in corners] == [pytest.approx(65.0), pytest.approx(195.0)]


def test_failed_trials_are_hollow_and_named_in_the_legend() -> None:
    picture = Picture(trials.history([*points(1.0, 2.0), *points(4.0, kind="failed")], [], LOSS))
    trials_drawn, failed_drawn = (
        [(path.get("fill"), path.get("stroke")) for path in group] for group in picture.groups("symbol")[-2:]
    )
    assert trials_drawn == [("#6e7a86", None)] * 2
    assert failed_drawn == [(None, "#8b949e")]
    assert "failed" in picture.words


def test_bars_are_as_long_as_their_values_and_the_first_is_on_top() -> None:
    chart = bar_charts.bars(names_of({"value": 2.0}, {"value": 1.0}, {"value": -0.5}), "importance", "share")
    (left, top, width, _), (other_left, below, half, _), (negative_left, _, quarter, _) = Picture(
        chart
    ).bars()
    assert top < below
    assert width > 100.0
    assert (half, quarter) == (pytest.approx(width / 2), pytest.approx(width / 4))
    assert left == other_left == pytest.approx(negative_left + quarter)


def test_bars_stand_in_the_order_that_is_given_not_by_length() -> None:
    chart = bar_charts.bars(names_of({"value": 1.0}, {"value": 3.0}, {"value": 2.0}), "importance", "share")
    drawn = sorted(Picture(chart).bars(), key=lambda bar: bar[1])
    assert [round(width / drawn[0][2]) for _, _, width, _ in drawn] == [1, 3, 2]


def test_errors_of_bars_are_drawn_where_they_are_known() -> None:
    chart = bar_charts.bars(
        names_of({"value": 2.0, "low": 1.0, "high": 3.0}, {"value": 1.0, "low": math.nan, "high": math.nan}),
        "importance",
        "share",
    )
    (left, _, width, _), _ = Picture(chart).bars()
    (start, end) = Picture(chart).rules(1)[0]
    assert (start[0] - left, end[0] - left) == (pytest.approx(width / 2), pytest.approx(1.5 * width))


def test_areas_lie_above_each_other_bias_below_and_variance_on_it() -> None:
    chart = parts.over_epochs(decomposition())
    rows = rows_of(chart, "area")
    assert pick(rows, "kind", "x", "low", "high") == [
        ("bias + noise", 1, 0, 2.5),
        ("bias + noise", 2, 0, 1.5),
        ("bias + noise", 4, 0, 1),
        ("variance", 1, 2.5, 3),
        ("variance", 2, 1.5, 2),
        ("variance", 4, 1, 1.5),
    ]
    outlines = Picture(chart).areas()
    assert len(outlines) == 2
    tops = sorted((min(y for _, y in outline), max(y for _, y in outline)) for outline in outlines)
    (variance_top, variance_bottom), (rest_top, rest_bottom) = tops
    assert variance_top < rest_top < variance_bottom < rest_bottom
    assert (rest_bottom - rest_top) / (rest_bottom - variance_top) == pytest.approx(2.5 / 3.0, abs=0.01)
    assert not hasattr(chart, "vconcat")


def test_a_small_variance_has_an_axis_of_its_own_below() -> None:
    chart = parts.over_epochs(decomposition(0.01))
    spec = chart.to_dict()
    assert len(spec["vconcat"]) == 2
    assert pick(rows_of(chart, "line", part=1), "x", "y", "kind") == [
        (epoch, 0.01, "variance") for epoch in (1, 2, 4)
    ]
    assert encoding(chart, "line", "y", part=1)["title"] == "variance"
    low = {"risk": points(2.0, 3.0, 4.0), "rest": points(2.0, 3.0, 4.0), "variance": points(0.1, 0.2, 0.3)}
    swept = parts.sweep(low, Along("width"), "bias + noise", "log_loss")
    assert [row["y"] for row in rows_of(swept, "line", part=1)] == [0.1, 0.2, 0.3]
    assert {row["kind"] for row in rows_of(swept, "line", part=0)} == {"loss on new rows", "bias + noise"}
    high = parts.sweep(low | {"variance": points(1.0, 2.0, 3.0)}, Along("width"), "bias + noise", "log_loss")
    assert not hasattr(high, "vconcat")


def test_parts_of_a_loss_at_the_same_value_do_not_hide_each_other() -> None:
    by_part = {name: points(1.0, 2.0, 1.5) for name in ("risk", "rest", "variance")}
    picture = Picture(parts.sweep(by_part, Along("width"), "bias + noise", "log_loss"))
    first = [picture.dots(layer)[0] for layer in range(3)]
    assert len({x for x, _ in first}) == 3
    assert len({y for _, y in first}) == 1


def test_training_curves_show_the_means_every_fold_and_the_epochs_kept() -> None:
    chart = learning.training_curves(TRIAL)
    folds, means, dashed = (rows for kind, rows in layers(chart) if kind == "line")
    assert pick([row for row in means if row["kind"] == "training rows"], "x", "y") == [(1, 6), (2, 3)]
    assert pick([row for row in means if row["kind"] == "validation rows"], "x", "y") == [(1, 8), (2, 5)]
    assert pick(dashed, "kind", "x", "y") == [
        ("training rows", 2, 3),
        ("training rows", 3, 2),
        ("training rows", 4, 1),
        ("validation rows", 2, 5),
        ("validation rows", 3, 4),
        ("validation rows", 4, 3),
    ], "means of some folds only"
    assert pick(rows_of(chart, "point"), "x", "y") == [(3, 4), (2, 4), (1, 8)]
    for number, fold_result in enumerate(FOLDS):
        drawn = [row["y"] for row in folds if row["fold"] == number and row["kind"] == "training rows"]
        assert drawn == list(fold_result.training_loss)
    assert encoding(chart, "line", "y")["scale"]["type"] == "log"
    assert (encoding(chart, "line", "x")["title"], encoding(chart, "line", "y")["title"]) == ("epoch", "loss")
    assert chart.to_dict()["title"].startswith("Loss of trial 7")


def test_training_and_validation_have_colors_of_their_own() -> None:
    scale = encoding(learning.training_curves(TRIAL), "line", "color")["scale"]
    assert dict(zip(scale["domain"], scale["range"], strict=True)) == {
        "training rows": TRAINING,
        "validation rows": VALIDATION,
    }
    assert TRAINING != VALIDATION


@pytest.mark.parametrize("losses", [(1.0,), (1.0, 0.0), (0.0, 0.0), (-1.0, -2.0), (1e-8, 1e30)])
def test_training_curves_of_unusual_losses_can_be_drawn(losses: tuple[float, ...]) -> None:
    """One epoch; a loss of 0, which a logarithm cannot show; a user's loss below 0."""
    folds = (dataclasses.replace(fold(0, 1.0, losses, best_epoch=1), validation_loss=losses),)
    picture = Picture(learning.training_curves(Trial(0, {}, TrialState.COMPLETE, folds, 1)))
    assert all(math.isfinite(y) for _, y in picture.dots())


@pytest.mark.parametrize(
    ("losses", "is_log"), [((1.0, 0.1), True), ((1.0, 0.0), False), ((1.0, -2.0), False)]
)
def test_the_scale_is_logarithmic_where_every_loss_can_be_shown(
    losses: tuple[float, ...], is_log: bool
) -> None:
    folds = (dataclasses.replace(fold(0, 1.0, losses), validation_loss=losses),)
    chart = learning.training_curves(Trial(0, {}, TrialState.COMPLETE, folds, 1))
    assert (encoding(chart, "line", "y")["scale"].get("type") == "log") is is_log


def test_long_curves_are_thinned_and_keep_their_ends_and_the_kept_epoch() -> None:
    losses = tuple(float(loss) for loss in numpy.geomspace(1.0, 0.01, 5000))
    chart = learning.training_curves(Trial(0, {}, TrialState.COMPLETE, (fold(0, 1.0, losses, 4321),), 1))
    epochs = [row["x"] for row in layers(chart)[0][1] if row["kind"] == "training rows"]
    assert len(epochs) <= learning.MOST_EPOCHS + 1
    assert {1, 4321, 5000} <= set(epochs)


def test_of_a_hundred_trials_the_ten_best_curves_have_names_and_ten_more_are_faint() -> None:
    ranked = [completed(number, 1.0) for number in range(100)]
    chart = learning.best_curves(ranked)
    assert {row["trial"] for row in rows_of(chart, "text")} == set(range(10))
    assert {row["trial"] for row in rows_of(chart, "line")} == set(range(20))
    assert {row["trial"] for row in rows_of(chart, "line") if row["kind"] == "best"} == {0}
    assert {row["trial"] for row in rows_of(chart, "line") if row["kind"] == "others"} == set(range(10, 20))
    paths = [path for group in Picture(chart).groups("line") for path in group]
    strokes = [float(path.get("opacity") or 1.0) for path in paths]
    assert sorted(strokes) == [0.25] * 10 + [0.8] * 9 + [1.0]


def test_whiskers_reach_from_the_lower_to_the_upper_end() -> None:
    """On an axis of 220 pixels from 0 to 4, 2.5 to 3.5 is 82.5 to 27.5."""
    row: dict[str, object] = {"x": 1, "training": 1.5, "validation": 3.0, "low": 2.5, "high": 3.5, "tip": ""}
    chart = trials.validation_curve([row, row | {"x": 2}], [], Along("width"), LOSS)
    for start, end in Picture(chart).rules():
        assert sorted((start[1], end[1])) == pytest.approx([27.5, 82.5])
    assert len(Picture(chart).rules()) == 2


def test_the_validation_curve_joins_the_best_and_shows_the_others() -> None:
    best = [
        {"x": 100, "training": 1.5, "validation": 3.0, "low": 2.5, "high": 3.5, "tip": "", "trial": 1},
        {"x": 2000, "training": 0.5, "validation": 1.0, "low": 0.5, "high": 1.5, "tip": "", "trial": 2},
    ]
    chart = trials.validation_curve(best, [{"x": 100, "y": 5.0}], log_along("capacity", (100, 2000)), LOSS)
    lines = rows_of(chart, "line")
    assert pick([row for row in lines if row["kind"] == "training rows"], "x", "y") == [
        (100, 1.5),
        (2000, 0.5),
    ]
    assert pick([row for row in lines if row["kind"] != "training rows"], "x", "y") == [(100, 3), (2000, 1)]
    assert pick(rows_of(chart, "rule"), "low", "high") == [(2.5, 3.5), (0.5, 1.5)]
    assert pick(layers(chart)[0][1], "x", "y", "kind") == [(100, 5, "other trials")]
    assert encoding(chart, "line", "x")["scale"]["type"] == "log"


def test_leaders_stand_below_each_other_with_their_folds_in_between() -> None:
    rows = [
        {"name": name, "mean": mean, "low": mean - 1, "high": mean + 1, "kind": "others", "tip": ""}
        | {"folds": (mean - 2, mean + 2), "trial": 0}
        for name, mean in (("10", 4.0), ("9", 5.0))
    ]
    picture = Picture(trials.leaders(rows, "log_loss"))
    (first, second), folds = picture.dots(), picture.dots(0)
    assert first[1] < second[1] and first[0] < second[0], "the order is that of the rows, not of the names"
    assert first[0] == pytest.approx((folds[0][0] + folds[1][0]) / 2)


def test_intervals_stand_on_one_axis_and_those_without_ends_are_dots() -> None:
    rows: list[dict[str, object]] = [
        {"name": "network", "value": 2.0, "low": 1.0, "high": 3.0, "kind": "first", "tip": ""},
        {"name": "constant", "value": 4.0, "low": math.nan, "high": math.nan, "kind": "other", "tip": ""},
    ]
    picture = Picture(trials.intervals(rows, "log_loss", "models"))
    (network, constant), (low, high) = picture.dots(), picture.rules()[0]
    assert low[0] < network[0] < high[0] < constant[0]
    assert network[0] - low[0] == pytest.approx(high[0] - network[0])


def test_parallel_lines_pass_the_axes_at_their_values_and_the_best_is_above_the_others() -> None:
    chart = parallel()
    rows = layers(chart)[0][1]
    assert [row["trial"] for row in rows][-1] == 3
    assert pick(rows[-1:], "p0", "p2") == [(0.25, 0.75)]
    assert {row["p1"] for row in rows if row["trial"] % 2} == {-0.08}, "below the axis without a value"
    strokes = Picture(chart).groups("line")
    lines = [_line for group in strokes for _line in group]
    assert len(lines) == 12
    assert [float(path.get("stroke-width")) for path in lines].count(3.0) == 1


def test_a_range_on_an_axis_keeps_the_trials_that_pass_there() -> None:
    spec = json.dumps(parallel().to_dict())
    assert "brush0.place" in spec and "inrange(datum.p2, brush2.place)" in spec
    assert len(parallel().to_dict()["params"]) == 3


def test_points_of_equal_loss_lie_on_one_diagonal() -> None:
    rows = [
        {"x": x, "y": 3.0 - x, "low": 2.9 - x, "high": 3.1 - x, "kind": "others", "tip": "", "trial": 0}
        for x in (1, 2)
    ]
    chart = parts.where_the_loss_comes_from(rows, "bias + noise", "log_loss")
    (start, end), *_ = Picture(chart).rules()
    first, second = Picture(chart).dots()
    slope = (end[1] - start[1]) / (end[0] - start[0])
    assert slope > 0.0, "down and to the right in pixels from the top"
    assert (second[1] - first[1]) / (second[0] - first[0]) == pytest.approx(slope, rel=0.01)


def test_a_confusion_matrix_has_true_classes_below_each_other_in_their_order() -> None:
    names = ["b", "a"]
    cells = [
        {"true": true, "predicted": taken, "count": count, "share": 0.5, "tip": ""}
        for true, taken, count in (("b", "b", 1), ("b", "a", 2), ("a", "b", 3))
    ]
    picture = Picture(predictions.confusion(cells, names))
    texts = {
        path.text: tuple(map(float, re.findall(r"[\d.]+", path.get("transform"))[:2]))
        for path in picture.groups("text")[0]
    }
    assert texts["1"][0] < texts["2"][0] and texts["1"][1] == texts["2"][1]
    assert texts["3"][1] > texts["1"][1] and texts["3"][0] == texts["1"][0]
    many = [str(name) for name in range(30)]
    assert not Picture(predictions.confusion([], many)).groups("text")


def test_the_learning_curve_goes_on_dashed_where_it_is_extrapolated() -> None:
    chart = ALL["learning curve"]
    inside, beyond = (rows for kind, rows in layers(chart) if kind == "line")
    assert max(row["x"] for row in inside) == 80 == min(row["x"] for row in beyond)
    dots = layers(chart)[-1][1]
    assert pick(dots, "x", "y") == [(20, 3.1), (40, 2.05), (80, 1.45)]
    assert all(row["low"] < row["y"] < row["high"] for row in dots)
    without = learning.learning_curve([20, 40], [[3.0, 5.0], [2.0, 2.5]], "log_loss", None)
    assert pick(layers(without)[-1][1], "x", "y") == [(20, 4), (40, 2.25)]
    assert not rows_of(without, "line")


def test_no_skill_is_a_level_and_a_curve_keeps_the_order_of_its_thresholds() -> None:
    rows = [{"x": 0.5, "y": 0.2}, {"x": 0.1, "y": 0.9}, {"x": 0.9, "y": 0.3}]
    drawn = Picture(predictions.rates(rows, "Precision", ("recall", "precision"), 0.25))
    (start, end), *_ = drawn.rules()
    assert start[1] == end[1] == pytest.approx(300 * 0.75)
    assert [x for x, _ in drawn.lines()] == [pytest.approx(320 * share) for share in (0.5, 0.1, 0.9)]


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([1e-4, 1.0], (1e-4, 1e-3, 1e-2, 1e-1, 1.0)),
        ([0.3, 0.6], (0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)),
        ([3.0, 60.0], (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)),
        ([1e-12, 1.0], (1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1.0)),
        ([0.0, -1.0, math.nan], (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)),
    ],
)
def test_logarithmic_axes_have_round_numbers(values: list[float], ticks: tuple[float, ...]) -> None:
    assert log_along("x", values).ticks == ticks


def test_data_have_few_digits_and_nothing_for_what_is_not_finite() -> None:
    rows = data(
        [{"x": 1 / 3, "y": numpy.float64(math.nan), "z": math.inf, "n": 12345678, "t": "a", "b": True}]
    )
    assert rows["values"] == ({"x": 0.33333, "y": None, "z": None, "n": 12345678, "t": "a", "b": True},)


@pytest.mark.parametrize(
    "name", ["<b>&'\"", "a.b[0]", "😀", "العربية", "a" * 200, "a\u2028b\nc", "</script><script>", "datum.x'"]
)
def test_names_of_users_are_text_in_every_chart(name: str) -> None:
    charts: list[Callable[[], Chart]] = [
        lambda: bar_charts.bars([{"name": name, "value": 1.0, "kind": "alone", "tip": name}], name, name),
        lambda: bar_charts.effect(points(1.0, 2.0), Along(name, labels=(name, "b")), LOSS, joined=False),
        lambda: parallel_coordinates(
            [Upright(name, {0: 0.5, 1: 0.1}, [(0.5, name)])] * 2, {0: 0, 1: 5}, {0: "", 1: ""}, 0
        ),
        lambda: predictions.confusion(
            [{"true": name, "predicted": "b", "count": 1, "share": 1.0, "tip": name}], [name, "b"]
        ),
    ]
    for make in charts:
        words = Picture(make()).words
        assert name.split()[0][:5] in words


def test_a_caption_stands_below_the_title_of_a_picture() -> None:
    words = "one two three four five six seven eight nine ten " * 5
    text = "".join(ElementTree.fromstring(svg(ALL["history"], words)).itertext())
    assert "".join(words.split()) in "".join(text.split())

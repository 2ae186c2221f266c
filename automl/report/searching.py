"""The parts of a report about the search: its history, its space, what each hyperparameter does."""

import operator
from collections.abc import Sequence

from automl.evaluation.spacing import evenly_spaced
from automl.report.axes import (
    CAPACITY,
    Axis,
    axis_of,
    capacity_axis,
    make_axis,
    ordered_axes,
    place_text,
    score_axis,
    score_bounds,
)
from automl.report.blocks import Figure, Panels, Section, Text
from automl.report.charts.look import Row
from automl.report.charts.parallel import NUM_GROUPS, Upright, parallel_coordinates
from automl.report.charts.trials import history as history_chart
from automl.report.charts.trials import validation_curve
from automl.report.content import ReportContent, num_failed
from automl.trial import Trial, TrialState

_MOST_WHISKERS, _MOST_AXES, _MOST_CURVES = 120, 12, 8
_MOST_BINS = 8

_MOST_DOTS, _MOST_FAILED, _MOST_QUIET = 1000, 100, 1000
"""Marks of a chart: trials of the history, failed ones among them, dots without a text."""


def history(content: ReportContent) -> Section | None:
    """Score against the number of the trial, and the best so far."""
    trials = content.completed
    if len(trials) < 2:
        return None
    scores = [trial.mean(content.metric) for trial in trials]
    bests = _best_so_far(content, scores)
    line: list[Row] = [{"x": trials[index].number, "y": scores[index]} for index in bests]
    line.append({"x": trials[-1].number, "y": scores[bests[-1]]})
    shown = sorted({*bests, *evenly_spaced(range(len(trials)), _MOST_DOTS)})
    few = len(trials) <= _MOST_WHISKERS
    along = score_axis(content, scores, _whisker_ends(content, scores) if few else ())
    assert along.bounds is not None
    worst = along.bounds[0] if content.better == "larger" else along.bounds[1]
    rows = [*_failed(content, worst), *(_dot(content, trials[index], few) for index in shown)]
    caption = (
        f"{_when(content)} Where the line stays flat for long, more "
        f"trials in this space are unlikely to help.{_beyond(content, scores)}{_thinned(content, len(shown))}"
    )
    return Section("Search history", [Figure(history_chart(rows, line, along), caption)])


def _dot(content: ReportContent, trial: Trial, few: bool) -> Row:
    score, error = trial.mean(content.metric), trial.standard_error(content.metric)
    row: dict[str, object] = {"x": trial.number, "y": score, "kind": "trial", "tip": content.tip(trial)}
    row["trial"] = trial.number
    return row | ({"low": score - error, "high": score + error} if few else {})


def _failed(content: ReportContent, height: float) -> list[Row]:
    """Failed trials, at the worst end of the axis."""
    failed = [trial for trial in content.trials if trial.state is TrialState.FAILED]
    return [
        {
            "x": trial.number,
            "y": height,
            "kind": "failed",
            "tip": content.tip(trial),
            "trial": trial.number,
        }
        for trial in evenly_spaced(failed, _MOST_FAILED)
    ]


def _best_so_far(content: ReportContent, scores: Sequence[float]) -> list[int]:
    """Places of the scores that were better than all before them."""
    better = operator.lt if content.better == "smaller" else operator.gt
    best = [0]
    for index, score in enumerate(scores):
        if better(score, scores[best[-1]]):
            best.append(index)
    return best


def _thinned(content: ReportContent, num_shown: int) -> str:
    if num_shown == len(content.completed) and num_failed(content) <= _MOST_FAILED:
        return ""
    return (
        f" Of {len(content.trials):,} trials, dots are drawn for those that were the best so far and for others evenly "
        "spaced by number; the line is computed from all of them."
    )


def _when(content: ReportContent) -> str:
    number_of_best = content.winner.number if content.winner else 0
    return f"The best trial is number {number_of_best}, the last one {content.trials[-1].number}."


def _whisker_ends(content: ReportContent, scores: Sequence[float]) -> list[float]:
    """Ends of the standard errors of those scores that are on the axis."""
    low, high = score_bounds(scores, content.better == "larger")
    return [
        score + sign * trial.standard_error(content.metric)
        for trial, score in zip(content.completed, scores, strict=True)
        if low <= score <= high
        for sign in (-1.0, 1.0)
    ]


def space(content: ReportContent) -> Section | None:
    """Parallel coordinates of the hyperparameters and the score."""
    trials, winner = content.completed, content.winner
    candidates = [axis_of(content, trials, name) for name in content.searched]
    axes = [axis for axis in candidates if axis is not None][:_MOST_AXES]
    if not axes or winner is None or len(trials) < 3:
        return None
    scores = {trial.number: trial.mean(content.metric) for trial in trials}
    ranked = content.ranked[: len(trials)]
    indices = {trial.number: NUM_GROUPS * index // len(ranked) for index, trial in enumerate(ranked)}
    drawn = content.drawn(ranked)
    groups = {trial.number: indices[trial.number] for trial in drawn}
    tips = {trial.number: content.tip(trial) for trial in drawn}
    last = make_axis(score_axis(content, list(scores.values())), scores)
    chart = parallel_coordinates(
        [_upright(axis, groups) for axis in (*axes, last)], groups, tips, winner.number
    )
    caption = (
        "Each line is a trial, the strongest color the best sixth; where the strong lines meet on an axis, its value "
        "matters. Drag along an axis to keep the trials that pass there, double-click it to keep all again."
        f"{content.left_out(len(ranked))}"
    )
    return Section("Search space", [Figure(chart, caption)])


def _upright(axis: Axis, shown: dict[int, int]) -> Upright:
    shares = {number: axis.share(axis.values[number]) for number in shown if number in axis.values}
    return Upright(axis.name, shares, axis.ticks())


def validation_curves(content: ReportContent) -> Section | None:
    """The best that was reached at each value of a hyperparameter, on training rows and on others."""
    trials = content.completed
    axes = ordered_axes(content, trials)[:_MOST_CURVES]
    if not axes:
        return None
    intro = (
        "Each line joins the best trial at each value, or in each part of the range, so that a poor choice of the "
        "other hyperparameters does not look like an effect. Where the two lines diverge, the network "
        "overfits; where both are bad, it underfits. The best score is biased towards values that were tried "
        "more often."
        f"{_fewer(content)}"
    )
    return Section(
        "Validation curves", [Text(intro), Panels([_validation_curve(content, axis) for axis in axes])]
    )


def capacity_curve(content: ReportContent) -> Figure | None:
    """The validation curve over the number of weights; None where all trials have as many."""
    axis = capacity_axis(content.completed)
    return None if axis is None else _validation_curve(content, axis)


def _fewer(content: ReportContent) -> str:
    number = len(content.completed)
    if number <= _MOST_QUIET:
        return ""
    return f" The lines use all {number:,} trials; of the other dots, {_MOST_QUIET:,} evenly spaced ones are drawn."


def _validation_curve(content: ReportContent, axis: Axis) -> Figure:
    metric, best = content.metric, best_in_bins(content, axis, content.completed)
    means = {trial.number: trial.mean(metric) for trial in content.completed if trial.number in axis.values}
    rows = []
    for trial in best:
        mean, error = means[trial.number], trial.standard_error(metric)
        row = {"x": axis.values[trial.number], "validation": mean, "training": content.training_mean(trial)}
        row |= {"low": mean - error, "high": mean + error, "trial": trial.number}
        rows.append(row | {"tip": content.tip(trial)})
    ends = [float(str(row[name])) for row in rows for name in ("training", "low", "high")]
    along = score_axis(content, list(means.values()), ends)
    shown = {trial.number for trial in best}
    others = [
        {"x": axis.values[number], "y": means[number]}
        for number in evenly_spaced([number for number in means if number not in shown], _MOST_QUIET)
    ]
    return Figure(validation_curve(rows, others, axis.along, along), _best_value(content, axis, best))


def _best_value(content: ReportContent, axis: Axis, best: Sequence[Trial]) -> str:
    """Where the best score lies; several values where the best trials at them are not significantly different."""
    ranked = content.state.objective.rank(list(best))
    top, equals = ranked[0], [trial for trial in ranked if trial.number in content.is_tied]
    name = "" if axis.name == CAPACITY else f"{axis.name} "
    if len(equals) < 2:
        return f"Best at {name}{place_text(axis, top)}: {content.score(top)}."
    named = [place_text(axis, trial) for trial in sorted(equals, key=lambda equal: axis.values[equal.number])]
    shown = f"{', '.join(named[:-1])} and {named[-1]}"
    return f"The best trials at {name}{shown} are not significantly different."


def best_in_bins(content: ReportContent, axis: Axis, trials: Sequence[Trial]) -> list[Trial]:
    """The best trial at each value, or in each part of the axis where there are many values, in their order."""
    here = [trial for trial in trials if trial.number in axis.values]
    num_bins = min(_MOST_BINS, max(3, len(here) // 3))
    values = sorted(set(axis.values.values()))
    few = len(values) <= num_bins

    def bin_of(trial: Trial) -> int:
        value = axis.values[trial.number]
        return values.index(value) if few else min(num_bins - 1, int(num_bins * axis.share(value)))

    best: dict[int, Trial] = {}
    for trial in content.state.objective.rank(here):
        best.setdefault(bin_of(trial), trial)
    return sorted(best.values(), key=lambda trial: axis.values[trial.number])


def _beyond(content: ReportContent, scores: Sequence[float]) -> str:
    """How many trials are too bad for the axis."""
    low, high = score_bounds(scores, content.better == "larger")
    count = sum(not low <= score <= high for score in scores)
    if not count:
        return ""
    return f" {count} much worse {'trial is' if count == 1 else 'trials are'} drawn at the edge."

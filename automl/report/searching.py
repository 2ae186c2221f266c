"""The parts of a report about the search: its history, its space, what each hyperparameter does."""

import operator
from collections.abc import Sequence

from automl.evaluation.spacing import evenly_spaced
from automl.report.axes import CAPACITY, Axis, axis_of, ordered_axes, place_text
from automl.report.content import ReportContent, num_failed
from automl.report.markup import Section, figure, panels, paragraph
from automl.report.parallel import NUM_GROUPS, parallel_coordinates
from automl.report.scales import Scale, around, fit_scale, score_bounds
from automl.report.svg import FULL, HALF, Plot
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
    scale = _scale_of_history(content, scores)
    ends = [float(trials[0].number), float(trials[-1].number)]
    plot = Plot(fit_scale(ends, room=0.02, most=10, whole=True), scale, FULL, ("trial", content.metric))
    bests = _best_so_far(content, scores)
    levels = [trials[place] for place in bests], [scores[place] for place in bests]
    plot.line(*_steps(*levels, ends[1]), "winner")
    shown = sorted({*bests, *evenly_spaced(range(len(trials)), _MOST_DOTS)})
    few = len(trials) <= _MOST_WHISKERS
    _draw_trials(plot, content, [trials[place] for place in shown], few)
    worst = scale.low if content.better == "larger" else scale.high
    _draw_failed(plot, content, worst)
    caption = (
        f"{_when(content)} Where the line stays level for long, more "
        f"trials of this space promise little.{_beyond(content, scores)}{_thinned(content, len(shown))}"
    )
    legend = [("dot neutral", "trial" + " ± standard error" * few), ("winner", "best so far")]
    legend += [("dot failed", "failed")] if num_failed(content) else []
    chart = figure("Score of each trial", plot.render("Search history"), caption, legend)
    return Section("Search history", chart)


def _draw_trials(plot: Plot, content: ReportContent, shown: list[Trial], few: bool) -> None:
    numbers = [float(trial.number) for trial in shown]
    scores = [trial.mean(content.metric) for trial in shown]
    if few:
        errors = [trial.standard_error(content.metric) for trial in shown]
        plot.whiskers(numbers, *around(scores, errors), "neutral")
    tips = [content.tip(trial) for trial in shown]
    plot.dots(numbers, scores, "neutral" if few else "neutral small", tips)


def _draw_failed(plot: Plot, content: ReportContent, height: float) -> None:
    """Failed trials, at the worst end of the axis."""
    failed = [trial for trial in content.trials if trial.state is TrialState.FAILED]
    shown = evenly_spaced(failed, _MOST_FAILED)
    numbers = [float(trial.number) for trial in shown]
    plot.dots(numbers, [height] * len(shown), "failed", [content.tip(trial) for trial in shown])


def _best_so_far(content: ReportContent, scores: list[float]) -> list[int]:
    """Places of the scores that were better than all before them."""
    better = operator.lt if content.better == "smaller" else operator.gt
    found = [0]
    for place, score in enumerate(scores):
        if better(score, scores[found[-1]]):
            found.append(place)
    return found


def _steps(bests: list[Trial], scores: list[float], last: float) -> tuple[list[float], list[float]]:
    """The line of the best so far: from each best one level to the next, then down to it, and on to the last trial."""
    numbers = [*(float(trial.number) for trial in bests), last]
    xs = [x for x in numbers for _ in range(2)][1:-1]
    return xs, [y for y in scores for _ in range(2)]


def _thinned(content: ReportContent, num_shown: int) -> str:
    if num_shown == len(content.completed) and num_failed(content) <= _MOST_FAILED:
        return ""
    return (
        f" Of {len(content.trials):,} trials, dots are drawn for those that were the best so far and for others evenly "
        "spaced by number; the line rests on all of them."
    )


def _when(content: ReportContent) -> str:
    number_of_best = content.winner.number if content.winner else 0
    return f"The best trial is number {number_of_best}, the last one {content.trials[-1].number}."


def _scale_of_history(content: ReportContent, scores: list[float]) -> Scale:
    """Room for the standard errors too, of those scores that are shown."""
    errors = [trial.standard_error(content.metric) for trial in content.completed]
    low, high = score_bounds(scores, content.better == "larger")
    shown = [(score, error) for score, error in zip(scores, errors, strict=True) if low <= score <= high]
    lows, highs = around([score for score, _ in shown], [error for _, error in shown])
    return fit_scale([low, high, *lows, *highs], room=0.03)


def space(content: ReportContent) -> Section | None:
    """Parallel coordinates of the hyperparameters and the score."""
    trials, winner = content.completed, content.winner
    found = [axis_of(content, trials, name) for name in content.searched]
    axes = [axis for axis in found if axis is not None][:_MOST_AXES]
    if not axes or winner is None or len(trials) < 3:
        return None
    scores = {trial.number: trial.mean(content.metric) for trial in trials}
    scale = _score_scale(content, list(scores.values()))
    ranked = content.ranked[: len(trials)]
    places = {trial.number: NUM_GROUPS * place // len(ranked) for place, trial in enumerate(ranked)}
    drawn = content.drawn(ranked)
    groups = {trial.number: places[trial.number] for trial in drawn}
    tips = {trial.number: content.tip(trial) for trial in drawn}
    chart = parallel_coordinates(
        [*axes, Axis(content.metric, scale, scores, True)], groups, tips, winner.number
    )
    caption = (
        "Each line is a trial, the strongest color the best sixth; where the strong lines meet on an axis, its value "
        "matters. Drag along an axis to keep the trials that pass there, click to clear."
        f"{content.left_out(len(ranked))}"
    )
    legend = [("winner", f"best trial, {winner.number}"), ("ramp", f"better {content.metric}")]
    return Section("Search space", figure("Hyperparameters and score", chart, caption, legend))


def validation_curves(content: ReportContent) -> Section | None:
    """The best that was reached at each value of a hyperparameter, on training rows and on others."""
    trials = content.completed
    axes = ordered_axes(content, trials)[:_MOST_CURVES]
    if not axes:
        return None
    intro = paragraph(
        "Each line joins the best trial at each value, or in each part of the range, so that an unlucky choice of the "
        "other hyperparameters does not pass for an effect. Where the two lines part, the network does not generalize; "
        "where both are bad, it learns too little. Best-of scores favor values tried more often."
        f"{_fewer(content)}"
    )
    return Section("Validation curves", intro + panels(_validation_curve(content, axis) for axis in axes))


def _fewer(content: ReportContent) -> str:
    number = len(content.completed)
    if number <= _MOST_QUIET:
        return ""
    return f" The lines rest on all {number:,} trials; of the quiet dots {_MOST_QUIET:,}, evenly spaced, are drawn."


def _validation_curve(content: ReportContent, axis: Axis) -> str:
    metric, best = content.metric, best_in_bins(content, axis, content.completed)
    means = {trial.number: trial.mean(metric) for trial in content.completed if trial.number in axis.values}
    training = [content.training_mean(trial) for trial in best]
    errors = [trial.standard_error(metric) for trial in best]
    own = [means[trial.number] for trial in best]
    lows, highs = around(own, errors)
    scale = fit_scale(
        [*score_bounds(list(means.values()), content.better == "larger"), *training, *lows, *highs]
    )
    plot = Plot(axis.scale, scale, HALF, (axis.name, metric))
    quiet = evenly_spaced(list(means), _MOST_QUIET)
    plot.cloud([axis.values[number] for number in quiet], [means[number] for number in quiet], "quiet")
    xs = [axis.values[trial.number] for trial in best]
    tips = [content.tip(trial) for trial in best]
    plot.line(xs, training, "training")
    plot.line(xs, own, "validation")
    plot.whiskers(xs, lows, highs, "validation")
    plot.dots(xs, training, "training", tips)
    plot.dots(xs, own, "validation", tips)
    top = content.state.objective.rank(best)[0]
    name = "" if axis.name == CAPACITY else f"{axis.name} "
    caption = f"Best at {name}{place_text(axis, top)}: {content.score(top)}."
    legend = [("training", "training rows"), ("validation", "validation ± SE"), ("dot quiet", "other trials")]
    return figure(axis.name, plot.render(f"Validation curve over {axis.name}"), caption, legend)


def best_in_bins(content: ReportContent, axis: Axis, trials: Sequence[Trial]) -> list[Trial]:
    """The best trial at each value, or in each part of the axis where there are many values, in their order."""
    here = [trial for trial in trials if trial.number in axis.values]
    num_bins = min(_MOST_BINS, max(3, len(here) // 3))
    values = sorted(set(axis.values.values()))
    few = len(values) <= num_bins

    def bin_of(trial: Trial) -> int:
        value = axis.values[trial.number]
        return values.index(value) if few else min(num_bins - 1, int(num_bins * axis.scale.place(value)))

    kept: dict[int, Trial] = {}
    for trial in content.state.objective.rank(here):
        kept.setdefault(bin_of(trial), trial)
    return sorted(kept.values(), key=lambda trial: axis.values[trial.number])


def _score_scale(content: ReportContent, scores: list[float]) -> Scale:
    return fit_scale(score_bounds(scores, content.better == "larger"))


def _beyond(content: ReportContent, scores: list[float]) -> str:
    """How many trials are too bad for the axis."""
    low, high = score_bounds(scores, content.better == "larger")
    count = sum(not low <= score <= high for score in scores)
    if not count:
        return ""
    return f" {count} far worse {'trial is' if count == 1 else 'trials are'} drawn at the edge."

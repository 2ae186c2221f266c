"""The parts of a report about the search: its history, its space, what each hyperparameter does."""

from collections.abc import Sequence
from itertools import accumulate

from automl.report.axes import CAPACITY, Axis, axis_of, ordered_axes, place_text
from automl.report.content import ReportContent
from automl.report.markup import Section, figure, panels, paragraph
from automl.report.parallel import NUM_GROUPS, parallel_coordinates
from automl.report.scales import Scale, around, fit_scale, score_bounds
from automl.report.svg import FULL, HALF, Plot
from automl.trial import Trial

_MOST_WHISKERS, _MOST_AXES, _MOST_CURVES = 120, 12, 8
_MOST_BINS = 8


def history(content: ReportContent) -> Section | None:
    """Score against the number of the trial, and the best so far."""
    trials = content.completed
    if len(trials) < 2:
        return None
    metric, numbers = content.metric, [float(trial.number) for trial in trials]
    scores = [trial.mean(metric) for trial in trials]
    errors = [trial.standard_error(metric) for trial in trials]
    scale = _scale_of_history(content, scores, errors)
    plot = Plot(fit_scale(numbers, room=0.02, most=10, whole=True), scale, FULL, ("trial", metric))
    best = list(accumulate(scores, min if content.better == "smaller" else max))
    # Every number but the first twice: once at the height before it, once at its own.
    steps = [x for x in numbers for _ in range(2)][1:], [y for y in best for _ in range(2)][:-1]
    plot.line(*steps, "winner")
    few = len(trials) <= _MOST_WHISKERS
    if few:
        plot.whiskers(numbers, *around(scores, errors), "neutral")
    plot.dots(
        numbers, scores, "neutral" if few else "neutral small", [content.tip(trial) for trial in trials]
    )
    failed = [trial for trial in content.log.trials if trial not in trials]
    bottom = [scale.low if content.better == "larger" else scale.high] * len(failed)
    ends = [float(trial.number) for trial in failed]
    plot.dots(ends, bottom, "failed", [content.tip(trial) for trial in failed])
    caption = (
        f"{_when(content)} Where the line stays level for long, more "
        f"trials of this space promise little.{_beyond(content, scores)}"
    )
    legend = [("dot neutral", "trial" + " ± standard error" * few), ("winner", "best so far")]
    legend += [("dot failed", "failed")] if failed else []
    return Section(
        "Search history", figure("Score of each trial", plot.render("Search history"), caption, legend)
    )


def _when(content: ReportContent) -> str:
    number_of_best = content.winner.number if content.winner else 0
    return f"The best trial is number {number_of_best}, the last one {content.log.trials[-1].number}."


def _scale_of_history(content: ReportContent, scores: list[float], errors: list[float]) -> Scale:
    """Room for the standard errors too, of those scores that are shown."""
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
    ranked = content.log.objective.rank(trials)
    groups = {trial.number: NUM_GROUPS * place // len(ranked) for place, trial in enumerate(ranked)}
    tips = {trial.number: content.tip(trial) for trial in trials}
    chart = parallel_coordinates(
        [*axes, Axis(content.metric, scale, scores, True)], groups, tips, winner.number
    )
    caption = (
        "Each line is a trial, the strongest color the best sixth; where the strong lines meet on an axis, its value "
        "matters. Drag along an axis to keep the trials that pass there, click to clear."
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
        "other hyperparameters does not pass for an effect. Where the two lines part, the network learns what does "
        "not carry over; where both are bad, it learns too little. Best-of scores favor values tried more often."
    )
    return Section("Validation curves", intro + panels(_validation_curve(content, axis) for axis in axes))


def _validation_curve(content: ReportContent, axis: Axis) -> str:
    metric, best = content.metric, best_in_bins(content, axis, content.completed)
    means = {trial.number: trial.mean(metric) for trial in content.completed if trial.number in axis.values}
    training = [trial.training_mean(metric) for trial in best]
    errors = [trial.standard_error(metric) for trial in best]
    own = [means[trial.number] for trial in best]
    lows, highs = around(own, errors)
    scale = fit_scale(
        [*score_bounds(list(means.values()), content.better == "larger"), *training, *lows, *highs]
    )
    plot = Plot(axis.scale, scale, HALF, (axis.name, metric))
    plot.cloud([axis.values[number] for number in means], list(means.values()), "quiet")
    xs = [axis.values[trial.number] for trial in best]
    tips = [content.tip(trial) for trial in best]
    plot.line(xs, training, "training")
    plot.line(xs, own, "validation")
    plot.whiskers(xs, lows, highs, "validation")
    plot.dots(xs, training, "training", tips)
    plot.dots(xs, own, "validation", tips)
    top = content.log.objective.rank(best)[0]
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
    for trial in content.log.objective.rank(here):
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

"""The part of a report about what losses are made of: over epochs, over sizes and penalties, and by trial."""

from collections.abc import Mapping, Sequence

from automl.evaluation.bias_variance import BiasVariance
from automl.explanation.causes import how_sure
from automl.report.axes import CAPACITY, Axis, ordered_axes, place_text
from automl.report.blocks import Block, Figure, Heading, Panels, Section, Text
from automl.report.charts.look import Row
from automl.report.charts.parts import over_epochs, sweep, where_the_loss_comes_from
from automl.report.content import ReportContent
from automl.report.searching import best_in_bins
from automl.trial import Trial
from automl.wording import number

_FEWEST_POINTS, _MOST_SWEEPS = 3, 8
_CURVES = ("risk", "rest", "variance")


def bias_variance(content: ReportContent) -> Section | None:
    """The winner's loss in parts over its epochs, and the parts of all trials that were looked into."""
    analyses = content.parts
    if not analyses:
        return None
    best, points = over_epochs_figure(content), scatter(content)
    blocks: list[Block] = [*([best] if best else []), *_sweeps(content), *([points] if points else [])]
    if not blocks:
        return None
    return Section("Bias and variance", [*blocks, Text(how_sure(next(iter(analyses.values()))))])


def over_epochs_figure(content: ReportContent) -> Figure | None:
    """The winner's loss in parts over its epochs; None where it was not looked into, or at a single epoch."""
    analysis = content.parts.get(content.winner.number) if content.winner else None
    if analysis is None or len(analysis.epochs) < 2:
        return None
    return Figure(over_epochs(analysis), over_epochs_caption(analysis))


def over_capacity(content: ReportContent) -> Figure | None:
    """The parts over the number of weights; None for too few numbers."""
    return next((figure for axis, figure in sweeps(content) if axis.name == CAPACITY), None)


def over_epochs_caption(analysis: BiasVariance) -> str:
    """The parts at the kept epoch, in words."""
    (risk, error), (rest, _), (variance, variance_error) = map(
        analysis.at, (analysis.risk, analysis.rest, analysis.variance)
    )
    share = f" ({variance / risk:.0%})" if risk > 0.0 else ""
    return (
        f"At epoch {analysis.epoch}, the dashed line, the loss on new rows is {number(risk, 3)} ± {number(error, 2)}: "
        f"{number(rest, 3)} {analysis.rest_name} and {number(variance, 3)} ± {number(variance_error, 2)} "
        f"variance{share}. {analysis.rest_name[0].upper()}{analysis.rest_name[1:]} falls with capacity and features, "
        f"variance with rows and regularization. A constant predictor scores "
        f"{number(analysis.constant, 3)}.{_sources(analysis)}"
    )


def _sources(analysis: BiasVariance) -> str:
    """What the variance comes from, and how it was measured."""
    design = f" By {analysis.num_resamples} resamples, {analysis.num_seeds} seeds each and {analysis.num_folds} folds."
    if not analysis.parts:
        return design.replace(", 1 seeds each", "")
    named = ", ".join(f"{number(value, 2)} by {name}" for name, value in analysis.parts.items())
    return f" Of the variance, {named}.{design}"


def scatter(content: ReportContent) -> Figure | None:
    """Variance against bias + noise, a dot per trial; None for a single one."""
    if len(content.parts) < 2:
        return None
    drawn = content.drawn([trial for trial in content.ranked if trial.number in content.parts])
    rows, best = [], content.winner.number if content.winner else -1
    for trial in drawn:
        analysis = content.parts[trial.number]
        rest, (variance, error) = analysis.at(analysis.rest)[0], analysis.at(analysis.variance)
        kind = "not significantly different" if trial.number in content.is_tied else "others"
        tip = f"{content.tip(trial)}; {analysis.rest_name} {number(rest, 3)}, variance {number(variance, 3)}"
        row = {"x": rest, "y": variance, "low": variance - error, "high": variance + error, "tip": tip}
        rows.append(row | {"kind": "best" if trial.number == best else kind, "trial": trial.number})
    first = content.parts[drawn[0].number]
    caption = (
        f"{len(content.parts):,} trials; the ten best have their numbers. All points of a diagonal have the same "
        f"{first.loss}, which is written at its end; down and to the left is better. Trials to the right are "
        "too simple or lack features. Trials further up depend too much on the particular training rows."
        f"{content.left_out(len(content.parts))}"
    )
    return Figure(where_the_loss_comes_from(rows, first.rest_name, first.loss), caption)


def _sweeps(content: ReportContent) -> list[Block]:
    """The parts over the number of weights, and over each hyperparameter that has an order."""
    drawn = sweeps(content)
    if not drawn:
        return []
    intro = (
        "At each value, or in each part of the range, the best of the analyzed trials. In theory, variance "
        "grows with capacity and shrinks with penalties, bias does the opposite. Whiskers are standard errors."
    )
    return [
        Heading("Bias and variance over size, penalties and steps"),
        Text(intro),
        Panels([figure for _, figure in drawn[:_MOST_SWEEPS]]),
    ]


def sweeps(content: ReportContent) -> list[tuple[Axis, Figure]]:
    """A figure for each property of trials that has an order and enough values."""
    trials = [trial for trial in content.completed if trial.number in content.parts]
    bests = [(axis, best_in_bins(content, axis, trials)) for axis in ordered_axes(content, trials)]
    return [(axis, _sweep(content, axis, best)) for axis, best in bests if len(best) >= _FEWEST_POINTS]


def _sweep(content: ReportContent, axis: Axis, best: Sequence[Trial]) -> Figure:
    analyses = [content.parts[trial.number] for trial in best]
    points: Mapping[str, list[Row]] = {
        name: [
            {
                "x": axis.values[trial.number],
                "y": value,
                "low": value - error,
                "high": value + error,
                "tip": content.tip(trial),
                "trial": trial.number,
            }
            for trial, parts in zip(best, analyses, strict=True)
            for value, error in [parts.at(getattr(parts, name))]
        ]
        for name in _CURVES
    }
    rest_name = analyses[0].rest_name
    first, last = (place_text(axis, trial) for trial in (best[0], best[-1]))
    ways = (
        f"{label} from {number(float(str(points[name][0]['y'])), 3)} to {number(float(str(points[name][-1]['y'])), 3)}"
        for name, label in (("variance", "variance"), ("rest", rest_name))
    )
    chart = sweep(points, axis.along, rest_name, analyses[0].loss)
    return Figure(chart, f"From {first} to {last}: {', '.join(ways)}.")

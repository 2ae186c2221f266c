"""The parts of a report about how networks learn: over epochs, and over rows."""

from automl.evaluation.learning_curve import LearningCurve
from automl.report.blocks import Figure, Section
from automl.report.charts.learning import best_curves as best_chart
from automl.report.charts.learning import learning_curve as learning_chart
from automl.report.charts.learning import training_curves as training_chart
from automl.report.content import ReportContent
from automl.trial import Trial
from automl.wording import number

MOST_BEST = 10
"""Trials whose curves are drawn with their numbers."""

_FEWEST_EPOCHS, _FEWEST_COUNTS = 2, 2


def training_curves(content: ReportContent) -> Section | None:
    """The winner's losses over epochs; nothing where each fold had a single one."""
    trial = content.whole(content.winner) if content.winner is not None else None
    if trial is None or longest(trial) < _FEWEST_EPOCHS:
        return None
    dashed = "where folds have ended, the mean is dashed"
    caption = f"{_course(trial)} Dots are the epochs whose weights were kept; {dashed}."
    return Section("Training curves", [Figure(training_chart(trial), caption)])


def longest(trial: Trial) -> int:
    """Epochs of the fold that trained the longest."""
    return max((len(fold.training_loss) for fold in trial.folds), default=0)


def _course(trial: Trial) -> str:
    """What the end of the curves says."""
    best = sum(fold.best_epoch for fold in trial.folds) / len(trial.folds)
    trained = sum(len(fold.training_loss) for fold in trial.folds) / len(trial.folds)
    if best > 0.95 * trained:
        return f"The best epoch is near the last ({best:.0f} of {trained:.0f} on average): longer training may help."
    unimproved = "later epochs did not improve the loss on the stopping rows"
    return f"The best epoch is {best:.0f} of {trained:.0f} on average; {unimproved}."


def best_curves(content: ReportContent) -> Figure | None:
    """The validation losses of the best trials over epochs; None for fewer than two of them."""
    ranked = content.ranked[: min(2 * MOST_BEST, len(content.completed))]
    whole = [trial for trial in map(content.whole, ranked) if trial is not None and longest(trial) > 1]
    if len(whole) < 2:
        return None
    num_left_out = len(content.trials) - len(whole)
    left_out = f" {num_left_out:,} other trials are left out." if num_left_out else ""
    faint = f" The next {len(whole) - MOST_BEST} are faint." if len(whole) > MOST_BEST else ""
    caption = f"The {min(MOST_BEST, len(whole))} best trials by {content.metric}, with their numbers.{faint}{left_out}"
    return Figure(best_chart(whole, MOST_BEST), caption)


def learning_curve(content: ReportContent) -> Section | None:
    """The winner's loss against the rows it learns from, with the curve through it."""
    figure = learning_curve_figure(content)
    return None if figure is None else Section("Learning curve", [figure])


def learning_curve_figure(content: ReportContent) -> Figure | None:
    """The same without its section; None for fewer than two numbers of rows."""
    recorded, fitted = content.state.learning_curve, content.learning_curve
    rows = [float(count) for count in (fitted.rows if fitted else recorded.get("rows", ()))]
    losses = [list(map(float, of_folds)) for of_folds in recorded.get("losses", ())]
    losses = losses if len(losses) == len(rows) else []
    if len(rows) < _FEWEST_COUNTS or not (fitted or losses):
        return None
    chart = learning_chart(rows, losses, str(recorded.get("loss", "loss")), fitted)
    return Figure(chart, _gain(fitted))


def _gain(fitted: LearningCurve | None) -> str:
    if fitted is None:
        return "There are too few different numbers of rows to fit a curve."
    if fitted.refused:
        return f"It cannot predict the effect of more rows: {fitted.refused}."
    gain = fitted.gain
    helps = (
        "more rows would help" if fitted.says_more_rows_help else "that more rows would help is not certain"
    )
    shape = (
        ""
        if fitted.monotone
        else " The loss increases with more rows by more than chance explains: a power law does not fit."
    )
    return (
        f"Twice as many rows would lower the loss by {number(gain.value, 3)} (95 % interval {number(gain.low, 3)} to "
        f"{number(gain.high, 3)}): {helps}.{shape}"
    )

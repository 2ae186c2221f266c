"""A trial in MLflow's words: the params, metrics and tags of its run. Needs no MLflow."""

import math
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from automl.evaluation.curves import mean_curve
from automl.records.events import StudyStarted
from automl.tracking.mlflow.store import Content, Point
from automl.trial import Hyperparameters, Scalar, Trial, TrialState

MOST_TRIALS_WITH_FOLD_CURVES = 50

_LONGEST_REASON = 1000


def describe_trial(trial: Trial, started: StudyStarted, fold_curves: bool) -> Content:
    """Everything a trial's run says, the scores first: MLflow's run page keeps their order.

    A failed trial has no scores, lest the mean over some of its folds outrank the mean over all of another's.

    Args:
        trial: An ended trial with its curves.
        started: The study.
        fold_curves: Whether the curves of each fold are there beside their means.
    """
    complete = trial.state is TrialState.COMPLETE
    points = [*scores(trial, metrics_of(trial, started))] if complete else []
    points += [*_facts(trial), *_mean_curves(trial)]
    if fold_curves:
        points += _fold_curves(trial)
    dropped = [point for point in points if not math.isfinite(point.value)]
    tags = {"status": trial.state.value}
    if started.optimistic:
        tags["score"] = "optimistic"
    if trial.reason:
        tags["reason"] = trial.reason[:_LONGEST_REASON]
    if dropped:
        tags["non_finite"] = _list_dropped(dropped)
    return Content(
        keep_finite(points), describe_hyperparameters(trial.hyperparameters, started.log_scaled), tags
    )


def metrics_of(trial: Trial, started: StudyStarted) -> list[str]:
    """Metrics that a trial has scores by in every fold, the objective's first."""
    names = dict.fromkeys([started.metric, *started.metrics])
    if not started.metrics:  # recorded before there was a list of them
        names |= dict.fromkeys(name for fold in trial.folds for name in fold.scores)
    return [name for name in names if all(name in fold.scores for fold in trial.folds)]


def scores(trial: Trial, metrics: Sequence[str]) -> Iterator[Point]:
    """Means over the folds of a completed trial, validation before training."""
    for metric in metrics:
        yield Point(f"cv_{metric}_mean", trial.mean(metric))
        if len(trial.folds) > 1:
            yield Point(f"cv_{metric}_se", trial.standard_error(metric))
    for metric in metrics:
        if all(metric in fold.training_scores for fold in trial.folds):
            training = trial.training_mean(metric)
            yield Point(f"train_{metric}_mean", training)
            yield Point(f"gap_{metric}", trial.mean(metric) - training)


def keep_finite(points: Iterable[Point]) -> tuple[Point, ...]:
    """The points that a chart can show."""
    return tuple(point for point in points if math.isfinite(point.value))


def describe_hyperparameters(values: Hyperparameters, log_scaled: Collection[str]) -> dict[str, str]:
    """Params by name, with `log10_<name>` beside those on a logarithmic scale: MLflow's axes are linear."""
    params: dict[str, str] = {}
    for name, value in values.items():
        params[legal_name(name)] = show_scalar(value)
        if name in log_scaled and isinstance(value, int | float) and value > 0:
            params[legal_name(f"log10_{name}")] = show_scalar(math.log10(value))
    return params


def legal_name(name: str) -> str:
    """The name with an underscore for each character that MLflow refuses.

    >>> legal_name("filters[0]")
    'filters_0_'
    """
    return re.sub(r"[^\w\-. :/]", "_", name).strip("/ ")[:250]


def show_scalar(value: Scalar) -> str:
    """A hyperparameter as text, four digits for a fraction and more for a large number.

    >>> [show_scalar(value) for value in (0.00123456, 0.1, 12345.0, 3, True, "relu")]
    ['0.001235', '0.1', '12345', '3', 'True', 'relu']
    """
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.8g}"
    return str(value)


def _facts(trial: Trial) -> Iterator[Point]:
    if trial.folds:
        yield Point("best_epoch_mean", trial.best_epoch)
    yield Point("fit_seconds", trial.seconds)
    if trial.capacity is not None:
        yield Point("capacity", float(trial.capacity))
    yield Point("trial_number", float(trial.number))


def _mean_curves(trial: Trial) -> Iterator[Point]:
    yield from _curve("curves/loss", mean_curve([fold.training_loss for fold in trial.folds]))
    yield from _curve("curves/val_loss", mean_curve([fold.validation_loss for fold in trial.folds]))


def _fold_curves(trial: Trial) -> Iterator[Point]:
    for fold in trial.folds:
        yield from _curve(f"fold_{fold.fold}/loss", fold.training_loss)
        yield from _curve(f"fold_{fold.fold}/val_loss", fold.validation_loss)


def _curve(name: str, values: Sequence[float]) -> Iterator[Point]:
    return (Point(name, value, epoch) for epoch, value in enumerate(values, start=1))


def _list_dropped(dropped: Sequence[Point]) -> str:
    epochs: dict[str, list[int]] = {}
    for point in dropped:
        epochs.setdefault(point.name, []).append(point.step)
    return ", ".join(_say_dropped(name, steps) for name, steps in epochs.items())[:_LONGEST_REASON]


def _say_dropped(name: str, steps: Sequence[int]) -> str:
    return name if steps == [0] else f"{name} ({len(steps)} epochs from {min(steps)})"

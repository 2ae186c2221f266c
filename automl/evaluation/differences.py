"""The difference of two models that may come from two studies: by folds, and by folds and rows together."""

import math

from automl.evaluation.pairing import Measured, combine
from automl.evaluation.resampling import LEVEL, Estimate
from automl.means import corrected_error
from automl.trial import Trial

_ROUNDING = 1e-9
"""A spread below this share of the difference is rounding, and no measure of anything."""


def paired(first: Trial, second: Trial, metric: str) -> Measured:
    """The mean score of one trial minus that of another on the same folds, with the error of differences by fold.

    The error is the corrected one of Nadeau and Bengio (see `corrected_error`), with as many degrees of freedom as
    there are scores, less one. It is not known of a single fold, nor where all folds differ by the same: that is no
    certainty.
    """
    value = first.mean(metric) - second.mean(metric)
    scores, counts = (trial.fold_scores(metric) for trial in (first, second)), first.fold_counts(metric)
    by_fold = [score - other_score for score, other_score in zip(*scores, strict=True)]
    if counts != second.fold_counts(metric):
        counts = ()
    num_folds = len(by_fold) // first.repeats
    if not any(by_fold):
        return Measured(value, 0.0, max(1.0, len(by_fold) - 1.0))
    if num_folds < 2:
        return _unknown(value)
    error = corrected_error(by_fold, num_folds, counts)
    return _unknown(value) if error <= _ROUNDING * abs(value) else Measured(value, error, len(by_fold) - 1.0)


def unpaired(first: Trial, second: Trial, metric: str) -> Measured:
    """The same where the folds are others: the errors of both, as if they were independent."""
    value, errors = (
        first.mean(metric) - second.mean(metric),
        [trial.standard_error(metric) for trial in (first, second)],
    )
    if not all(map(math.isfinite, errors)):
        return _unknown(value)
    degrees = [len(trial.folds) - 1.0 for trial in (first, second)]
    return Measured(value, *combine(list(zip(errors, degrees, strict=True))))


def widened(value: float, rows: Estimate, num_units: int, folds: Measured) -> Measured:
    """A difference whose error holds the chance of the rows, and that of the training where folds show more.

    Rows that are drawn again leave the networks as they are. What folds spread beyond their rows comes from the
    training, and has the degrees of freedom of the folds; `pairing.clustered_error` takes errors of losses apart in the
    same way.

    Args:
        value: The difference.
        rows: The same by resamples of the rows, with its interval.
        num_units: Rows, groups or blocks that were drawn.
        folds: The difference with its error by folds.
    """
    if value == 0.0 and folds.error == 0.0 and folds.value == 0.0:
        return folds  # of a model and itself
    degrees = max(1.0, num_units - 1.0)
    of_rows = (rows.high - rows.low) / 2.0 / Measured(0.0, 1.0, degrees).half(LEVEL)
    if not math.isfinite(of_rows) or not math.isfinite(folds.error):
        return _unknown(value)
    if folds.error <= of_rows:
        return Measured(value, of_rows, degrees)
    beyond = math.sqrt(folds.error**2 - of_rows**2)
    return Measured(value, *combine([(of_rows, degrees), (beyond, folds.degrees)]))


def interval(measured: Measured) -> Estimate:
    """With its bounds; NaN where the error is not known."""
    half = 0.0 if measured.error == 0.0 else measured.half(LEVEL)
    return Estimate(measured.value, measured.value - half, measured.value + half)


def _unknown(value: float) -> Measured:
    return Measured(value, math.nan, math.nan)

"""Which trials are as good as the best, as far as the folds can tell, in a sentence."""

from automl.evaluation.comparison import errors_needed
from automl.trial import Trial

_MOST_ERRORS = 15.0
"""Where a trial must be behind by more standard errors than this to be significantly worse, folds tell nothing."""


def ties(best: Trial, small: Trial, num_tied: int, num_trials: int) -> str:
    """How many trials are not significantly worse than the best, and the smallest of them.

    Few folds do not say that trials are equal, only that they cannot tell; then that is the sentence.

    Args:
        best: The best trial.
        small: The smallest within a standard error of it.
        num_tied: Other trials that are not significantly worse.
        num_trials: That completed.
    """
    others, how = num_trials - 1, f"allowing for the choice among {num_trials:,} trials"
    if not others:
        return "No other trial completed."
    if not num_tied:
        return f"All other trials are significantly worse ({how})."
    needed = errors_needed(len(best.folds), num_trials)
    if needed > _MOST_ERRORS and num_tied == others:
        said = _untold(len(best.folds), others, needed, how)
    else:
        trials = f"{num_tied:,} other trials are" if num_tied > 1 else "1 other trial is"
        said = f"{trials} not significantly worse ({how})"
    if small.number != best.number and small.capacity and best.capacity and small.capacity < best.capacity:
        said += (
            f"; the smallest within a standard error is trial {small.number}, with {small.capacity:,} weights "
            f"instead of {best.capacity:,} (`automl export --smallest`)"
        )
    return f"{said}."


def _untold(num_scores: int, others: int, needed: float, how: str) -> str:
    """Of folds too few to tell any difference."""
    which = (
        f"which of the {others:,} other trials are worse"
        if others > 1
        else "whether the other trial is worse"
    )
    return (
        f"{num_scores} folds cannot tell {which} than the best: a significant difference would be "
        f"{needed:,.0f} standard errors ({how})"
    )

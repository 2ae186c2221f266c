"""Trials whose numbers can be checked on paper, for the tests of what is made of them."""

from automl.trial import FoldResult, Scalar, Trial, TrialState


def fold(
    number: int, score: float, losses: tuple[float, ...] = (4.0, 2.0), best_epoch: int = 2
) -> FoldResult:
    """A fold: stopping losses are the training losses plus 1, validation losses plus 2, accuracy is 1 / 2."""
    return FoldResult(
        fold=number,
        training_loss=losses,
        stopping_loss=tuple(loss + 1.0 for loss in losses),
        validation_loss=tuple(loss + 2.0 for loss in losses),
        best_epoch=best_epoch,
        scores={"log_loss": score, "accuracy": 0.5},
        training_scores={"log_loss": score / 2, "accuracy": 0.75},
        seconds=0.5,
    )


def completed(number: int, *scores: float, capacity: int = 1234, **hyperparameters: Scalar) -> Trial:
    """A completed trial with one fold a score."""
    folds = tuple(fold(index, score) for index, score in enumerate(scores))
    return Trial(number, hyperparameters, TrialState.COMPLETE, folds, capacity, seconds=2.0)


def failed(number: int, reason: str = "diverged in epoch 3", **hyperparameters: Scalar) -> Trial:
    """A trial that failed before its first fold ended."""
    return Trial(number, hyperparameters, TrialState.FAILED, seconds=0.5, reason=reason)

"""Losses a row of stacked networks: the ones that Keras computes, with a leading member axis."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from keras import ops

from automl.evaluation.metrics import QUANTILES

_EPSILON = 1e-7
"""Keras keeps probabilities this far from 0 and 1 when it takes their logarithm."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss in two forms.

    Attributes:
        training: `(logits, targets) -> losses`, (member, row, output) twice to (member, row); what is differentiated.
        activation: Logits to predictions.
        evaluation: `(predictions, targets) -> losses`; what curves and early stopping see.
    """

    training: Callable[[Any, Any], Any]
    activation: Callable[[Any], Any]
    evaluation: Callable[[Any, Any], Any]


def _softmax_loss(logits: Any, targets: Any) -> Any:
    return -ops.sum(targets * ops.log_softmax(logits, axis=-1), axis=-1)


def _categorical(predictions: Any, targets: Any) -> Any:
    """For targets of a single 1, which need one logarithm a row."""
    likelihood = ops.sum(targets * predictions, axis=-1) / ops.sum(predictions, axis=-1)
    return -ops.log(ops.clip(likelihood, _EPSILON, 1.0 - _EPSILON))


def _sigmoid_loss(logits: Any, targets: Any) -> Any:
    """With branches, for `relu` and `abs` have no slope at 0, and a network of dead units has a logit of 0."""
    positive = logits >= 0.0
    losses = ops.where(positive, logits, 0.0) - logits * targets
    losses = losses + ops.log1p(ops.exp(ops.where(positive, -logits, logits)))
    return ops.mean(losses, axis=-1)


def _binary(predictions: Any, targets: Any) -> Any:
    clipped = ops.clip(predictions, _EPSILON, 1.0 - _EPSILON)
    losses = targets * ops.log(clipped) + (1.0 - targets) * ops.log(1.0 - clipped)
    return -ops.mean(losses, axis=-1)


def _squared(predictions: Any, targets: Any) -> Any:
    return ops.mean(ops.square(predictions - targets), axis=-1)


def _absolute(predictions: Any, targets: Any) -> Any:
    return ops.mean(ops.abs(predictions - targets), axis=-1)


def _huber(predictions: Any, targets: Any) -> Any:
    errors = ops.abs(predictions - targets)
    return ops.mean(ops.where(errors <= 1.0, 0.5 * ops.square(errors), errors - 0.5), axis=-1)


def _pinball(level: float, predictions: Any, targets: Any) -> Any:
    """Loss of a quantile (Koenker, Bassett 1978), with the slope of `level` where a prediction is met exactly."""
    errors = targets - predictions
    return ops.mean(ops.where(errors >= 0.0, level * errors, (level - 1.0) * errors), axis=-1)


def _itself(logits: Any) -> Any:
    return logits


LOSSES: Mapping[str, Loss] = {
    "binary_crossentropy": Loss(_sigmoid_loss, ops.sigmoid, _binary),
    "categorical_crossentropy": Loss(_softmax_loss, ops.softmax, _categorical),
    "mse": Loss(_squared, _itself, _squared),
    "mae": Loss(_absolute, _itself, _absolute),
    "huber": Loss(_huber, _itself, _huber),
} | {
    name: Loss(partial(_pinball, level), _itself, partial(_pinball, level))
    for name, level in QUANTILES.items()
}


def training_losses(name: str, logits: Any, targets: Any) -> Any:
    """What is differentiated, of shape (member, row): of networks with several views the mean of their losses.

    Args:
        name: Name of the loss.
        logits: Of shape (member, row, output) or (member, row, view, output).
        targets: Of shape (member, row, output).
    """
    loss = LOSSES[name].training
    return (
        loss(logits, targets)
        if len(logits.shape) == 3
        else ops.mean(loss(logits, targets[:, :, None]), axis=-1)
    )


def predictions_of(name: str, logits: Any) -> Any:
    """Predictions of shape (member, row, output): of several views their mean."""
    predictions = LOSSES[name].activation(logits)
    return predictions if len(logits.shape) == 3 else ops.mean(predictions, axis=2)


def smoothed(name: str, targets: Any, smoothing: Any) -> Any:
    """Targets of a classification moved toward equal shares, as Keras's `label_smoothing` does.

    Args:
        name: Name of the loss.
        targets: Array of shape (member, row, output).
        smoothing: Array of shape (member, 1, 1); 0 leaves the targets as they are.
    """
    if name not in ("binary_crossentropy", "categorical_crossentropy"):
        return targets
    share = 0.5 if name == "binary_crossentropy" else 1.0 / targets.shape[-1]
    return targets * (1.0 - smoothing) + share * smoothing

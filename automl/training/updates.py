"""Optimizers for stacked weights: Keras's formulas with one rate, one momentum and one clock a member.

Keras's own optimizers share a learning rate, an iteration counter and a clipping norm among all that they train,
which would couple the members.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from keras import ops

Values = Mapping[str, Any]
"""Hyperparameters by name, each an array of shape (member, 1, 1)."""

_BETA_1, _BETA_2, _RHO, _EPSILON = 0.9, 0.999, 0.9, 1e-7


@dataclass(frozen=True, slots=True)
class Update:
    """How one kind of optimizer moves weights.

    Attributes:
        num_slots: Arrays of the weights' shape that it keeps; all begin at 0.
        step: `(weights, gradient, slots, rate, values, time) -> (weights, slots)`; rate and time have shape
            (member, 1, 1), and time counts from 1.
    """

    num_slots: int
    step: Callable[..., tuple[Any, list[Any]]]


def _momentum(weights: Any, gradient: Any, slots: list[Any], rate: Any, values: Values, _: Any) -> Any:
    velocity = values["momentum"] * slots[0] - rate * gradient
    return weights + velocity, [velocity]


def _adam(weights: Any, gradient: Any, slots: list[Any], rate: Any, values: Values, time: Any) -> Any:
    """Decay is decoupled (AdamW, Loshchilov and Hutter 2019); Adam is the one with a decay of 0."""
    weights = weights - weights * (values["weight_decay"] * rate)
    scale = rate * ops.sqrt(1.0 - _BETA_2**time) / (1.0 - _BETA_1**time)
    first = slots[0] + (gradient - slots[0]) * (1.0 - _BETA_1)
    second = slots[1] + (ops.square(gradient) - slots[1]) * (1.0 - _BETA_2)
    return weights - first * scale / (ops.sqrt(second) + _EPSILON), [first, second]


def _rmsprop(weights: Any, gradient: Any, slots: list[Any], rate: Any, _: Values, __: Any) -> Any:
    velocity = _RHO * slots[0] + (1.0 - _RHO) * ops.square(gradient)
    return weights - rate * gradient / ops.sqrt(velocity + _EPSILON), [velocity]


UPDATES: Mapping[str, Update] = {
    "sgd": Update(1, _momentum),
    "adam": Update(2, _adam),
    "rmsprop": Update(1, _rmsprop),
}

FAMILIES: Mapping[str, str] = {
    "sgd": "sgd",
    "momentum": "sgd",
    "adam": "adam",
    "adamw": "adam",
    "rmsprop": "rmsprop",
}
"""Optimizer of the study file: its kind in `UPDATES`. Members of one kind share a program."""


def clipped(gradients: list[Any], norms: Any) -> list[Any]:
    """Gradients scaled to a norm of at most `norms`, each member by the norm of its own weights alone.

    Args:
        gradients: Arrays of shape (member, …, …), one a weight.
        norms: Array of shape (member, 1, 1); 0 does not clip.
    """
    squares = [ops.sum(ops.square(gradient), axis=(1, 2), keepdims=True) for gradient in gradients]
    norm = ops.sqrt(sum(squares[1:], squares[0]))
    limit = ops.where(norms > 0.0, norms, 1.0)
    scale = ops.where(norms > 0.0, limit * ops.minimum(1.0 / norm, 1.0 / limit), 1.0)
    return [gradient * scale for gradient in gradients]

"""Optimizers for stacked weights: Keras's formulas with one rate, one momentum and one clock a member.

Keras's own optimizers share a learning rate, an iteration counter and a clipping norm among all that they train,
which would couple the members.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from keras import ops

Values = Mapping[str, Any]
"""Hyperparameters by name, each an array of shape (member, 1, 1)."""

_BETA_1, _BETA_2, _RHO, _EPSILON = 0.9, 0.999, 0.9, 1e-7
_MUON_MOMENTUM, _NEWTON_SCHULZ = 0.95, (3.4445, -4.7750, 2.0315)


@dataclass(frozen=True, slots=True)
class Update:
    """How one kind of optimizer moves weights.

    Attributes:
        num_slots: Arrays of the weights' shape that it keeps; all begin at 0.
        step: `(weights, gradient, slots, rate, values, time) -> (weights, slots)`; rate and time have shape
            (member, 1, 1), and time counts from 1.
        hidden: The step of kernels between hidden units, where it is another one; `values` hold its `scale`.
        average: `(weights, slots) -> weights` that predict and are kept, where these are not the ones that gradients
            are taken at.
    """

    num_slots: int
    step: Callable[..., tuple[Any, list[Any]]]
    hidden: Callable[..., tuple[Any, list[Any]]] | None = None
    average: Callable[[Any, list[Any]], Any] | None = None

    def averaged(self, weights: list[Any], slots: list[list[Any]]) -> list[Any]:
        """The weights that predict and are kept, for each weight of a population."""
        average = self.average
        if average is None:
            return weights
        return [average(weight, [slot[index] for slot in slots]) for index, weight in enumerate(weights)]


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


def _adam_ema(weights: Any, gradient: Any, slots: list[Any], rate: Any, values: Values, time: Any) -> Any:
    """AdamW and a moving average of its weights, as Keras's `use_ema` has it: it begins after the first step.

    The last slot is how far the average is from the weights: it begins at 0, as every slot does.
    """
    moved, moments = _adam(weights, gradient, slots[:2], rate, values, time)
    momentum = ops.where(time > 1.0, values["ema_momentum"], 0.0)
    return moved, [*moments, momentum * (slots[2] + weights - moved)]


def _schedule_free(
    weights: Any, gradient: Any, slots: list[Any], rate: Any, values: Values, time: Any
) -> Any:
    """Schedule-free AdamW (Defazio et al. 2024, arXiv:2405.15682), without a warm-up.

    Gradients are taken at y = 0.1 z + 0.9 x, where z is what they and the decay of y move, and x the mean of all z so
    far. The weights are y, and the first slot is z - y. What predicts is x.
    """
    moving = weights + slots[0]
    mean = _mean_of_moving(weights, moving)
    second = slots[1] + (ops.square(gradient) - slots[1]) * (1.0 - _BETA_2)
    slope = gradient / (ops.sqrt(second / (1.0 - _BETA_2**time)) + _EPSILON)
    moving = moving - rate * (slope + values["weight_decay"] * weights)
    mean = mean + (moving - mean) / time
    moved = (1.0 - _BETA_1) * moving + _BETA_1 * mean
    return moved, [moving - moved, second]


def _mean_of_moving(weights: Any, moving: Any) -> Any:
    """The x of a y and a z."""
    return (weights - (1.0 - _BETA_1) * moving) / _BETA_1


def _muon(weights: Any, gradient: Any, slots: list[Any], rate: Any, values: Values, _: Any) -> Any:
    """Muon (Jordan et al. 2024) as Keras has it: Nesterov's momentum made orthogonal, in steps of AdamW's size.

    Every member's matrix has a norm and an iteration of its own. Units that are filled up are rows and columns of
    zeros, which stay zeros.
    """
    weights = weights - weights * (values["weight_decay"] * rate)
    momentum = slots[0] * _MUON_MOMENTUM + gradient
    moved = orthogonal(gradient + _MUON_MOMENTUM * momentum)
    return weights - rate * values["scale"] * moved, [momentum, slots[1]]


def orthogonal(matrices: Any) -> Any:
    """About the nearest matrix with orthonormal rows or columns, by five steps of Newton and Schulz.

    Args:
        matrices: Of shape (member, input, unit).
    """
    a, b, c = _NEWTON_SCHULZ
    is_tall = matrices.shape[1] > matrices.shape[2]
    turned = ops.swapaxes(matrices, 1, 2) if is_tall else matrices
    turned = turned / (ops.sqrt(ops.sum(ops.square(turned), axis=(1, 2), keepdims=True)) + 1e-7)
    for _ in range(5):
        square = ops.matmul(turned, ops.swapaxes(turned, 1, 2))
        turned = a * turned + ops.matmul(b * square + c * ops.matmul(square, square), turned)
    return ops.swapaxes(turned, 1, 2) if is_tall else turned


def matrix_scale(shape: tuple[int, ...]) -> float:
    """How large a step of Muon is for a kernel of a member's own shape, in steps of an orthogonal matrix."""
    return 0.2 * math.sqrt(max(shape))


def _rmsprop(weights: Any, gradient: Any, slots: list[Any], rate: Any, _: Values, __: Any) -> Any:
    velocity = _RHO * slots[0] + (1.0 - _RHO) * ops.square(gradient)
    return weights - rate * gradient / ops.sqrt(velocity + _EPSILON), [velocity]


UPDATES: Mapping[str, Update] = {
    "sgd": Update(1, _momentum),
    "adam": Update(2, _adam),
    "adam_ema": Update(3, _adam_ema, average=lambda weights, slots: weights + slots[2]),
    "muon": Update(2, _adam, hidden=_muon),
    "schedule_free": Update(
        2, _schedule_free, average=lambda weights, slots: _mean_of_moving(weights, weights + slots[0])
    ),
    "rmsprop": Update(1, _rmsprop),
}

FAMILIES: Mapping[str, str] = {
    "sgd": "sgd",
    "momentum": "sgd",
    "adam": "adam",
    "adamw": "adam",
    "adamw_ema": "adam_ema",
    "schedule_free": "schedule_free",
    "muon": "muon",
    "rmsprop": "rmsprop",
}
"""Optimizer of the study file: its kind in `UPDATES`. Members of one kind share a program."""


OWN_VALUES = ("momentum", "weight_decay", "ema_momentum")
"""Hyperparameters that steps look at."""


def per_member(values: Any, like: Any) -> Any:
    """One number a member, of shape (member, 1, 1), as it multiplies an array of more axes."""
    missing = len(like.shape) - len(values.shape)
    return ops.reshape(values, (-1, *[1] * (len(like.shape) - 1))) if missing > 0 else values


def clipped(gradients: list[Any], norms: Any) -> list[Any]:
    """Gradients scaled to a norm of at most `norms`, each member by the norm of its own weights alone.

    Args:
        gradients: Arrays of shape (member, …, …), one a weight.
        norms: Array of shape (member, 1, 1); 0 does not clip.
    """
    squares = [
        ops.reshape(ops.sum(ops.square(gradient), axis=tuple(range(1, len(gradient.shape)))), (-1, 1, 1))
        for gradient in gradients
    ]
    norm = ops.sqrt(sum(squares[1:], squares[0]))
    limit = ops.where(norms > 0.0, norms, 1.0)
    scale = ops.where(norms > 0.0, limit * ops.minimum(1.0 / norm, 1.0 / limit), 1.0)
    return [gradient * per_member(scale, gradient) for gradient in gradients]

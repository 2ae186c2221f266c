"""Made losses over mixed conditional spaces, 0 at best, for `regret.py`."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from automl.search.space.parameter import Condition
from automl.search.space.parameters import Choice, Float, Int
from automl.search.space.scales import Scale
from automl.search.space.space import Space
from automl.trial import Hyperparameters


@dataclass(frozen=True, slots=True)
class Function:
    """A loss to be searched.

    Attributes:
        space: Its space.
        loss: From a configuration to its loss, 0 at best.
    """

    space: Space
    loss: Callable[[Hyperparameters], float]


def _when(parent: str, *values: bool | int | float | str) -> tuple[Condition]:
    return (Condition(parent, values),)


def _log(values: Hyperparameters, name: str, best: float) -> float:
    """Decades from the best value."""
    return abs(math.log10(float(values[name]) / best))


def _octaves(values: Hyperparameters, name: str, best: float) -> float:
    return abs(math.log2(float(values[name]) / best))


PERCEPTRON = Space(
    (
        Int("depth", 0, 4),
        Choice("width", (32, 64, 128, 256), conditions=_when("depth", 1, 2, 3, 4)),
        Choice("activation", ("relu", "gelu", "tanh"), conditions=_when("depth", 1, 2, 3, 4)),
        Float("dropout", 0.0, 0.5, conditions=_when("depth", 1, 2, 3, 4)),
        Choice("optimizer", ("adam", "adamw", "momentum")),
        Float("weight_decay", 1e-4, 1.0, scale=Scale.LOG, conditions=_when("optimizer", "adamw")),
        Float("momentum", 0.5, 0.99, conditions=_when("optimizer", "momentum")),
        Float("learning_rate", 1e-5, 1e-1, scale=Scale.LOG),
    )
)


def perceptron(values: Hyperparameters) -> float:
    """Best: three layers of 128 with gelu and a dropout of 0.1, adamw with a decay of 0.03 and a rate of 2e-3.

    The best rate depends on the optimizer, the best dropout on the width.
    """
    rate = {"adam": 1e-3, "adamw": 2e-3, "momentum": 2e-2}[str(values["optimizer"])]
    loss = 0.15 * _log(values, "learning_rate", rate) ** 2
    if values["optimizer"] == "adamw":
        loss += 0.05 * _log(values, "weight_decay", 0.03)
    elif values["optimizer"] == "momentum":
        loss += 0.06 + 2.0 * (float(values["momentum"]) - 0.9) ** 2
    else:
        loss += 0.05
    if values["depth"] == 0:
        return loss + 0.4
    loss += 0.05 * abs(int(values["depth"]) - 3) + 0.05 * _octaves(values, "width", 128.0)
    loss += {"relu": 0.03, "gelu": 0.0, "tanh": 0.08}[str(values["activation"])]
    return loss + 1.5 * (float(values["dropout"]) - 0.1 * float(values["width"]) / 128.0) ** 2


FAMILIES = Space(
    (
        Choice("family", ("perceptron", "residual", "convolution", "linear")),
        Int("layers", 1, 8, conditions=_when("family", "perceptron")),
        Int("units", 8, 512, scale=Scale.LOG, conditions=_when("family", "perceptron")),
        Int("blocks", 1, 6, conditions=_when("family", "residual")),
        Int("size", 16, 512, scale=Scale.LOG, conditions=_when("family", "residual")),
        Choice("gated", (False, True), conditions=_when("family", "residual")),
        Float("gate", 0.0, 1.0, conditions=(*_when("family", "residual"), *_when("gated", True))),
        Int("filters", 4, 128, scale=Scale.LOG, conditions=_when("family", "convolution")),
        Choice("kernel", (3, 5, 7), conditions=_when("family", "convolution")),
        Float("learning_rate", 1e-5, 1e-1, scale=Scale.LOG),
        Int("batch_size", 16, 512, 2, Scale.LOG),
    )
)


def families(values: Hyperparameters) -> float:
    """Best: four gated residual blocks of 128 with a gate of 0.4; the other families end between 0.1 and 0.4 above."""
    loss = 0.12 * _log(values, "learning_rate", 1e-3) ** 2 + 0.02 * _octaves(values, "batch_size", 64.0)
    if values["family"] == "linear":
        return loss + 0.4
    if values["family"] == "convolution":
        kernel = 0.05 * abs(int(values["kernel"]) - 5)
        return loss + 0.15 + 0.04 * _octaves(values, "filters", 32.0) + kernel
    if values["family"] == "perceptron":
        return loss + 0.1 + 0.03 * abs(int(values["layers"]) - 3) + 0.04 * _octaves(values, "units", 256.0)
    loss += 0.04 * abs(int(values["blocks"]) - 4) + 0.04 * _octaves(values, "size", 128.0)
    return loss + (0.3 * abs(float(values["gate"]) - 0.4) if values["gated"] else 0.1)


VALLEY = Space(
    (
        Float("learning_rate", 1e-5, 1e-1, scale=Scale.LOG),
        Int("batch_size", 16, 1024, scale=Scale.LOG),
        Float("dropout", 0.0, 0.5),
        Float("l2", 1e-6, 1e-1, scale=Scale.LOG),
        Int("width", 16, 512, scale=Scale.LOG),
        Choice("encoding", ("standard", "quantile", "piecewise")),
    )
)


def valley(values: Hyperparameters) -> float:
    """Only the ratio of rate and batch counts, and wide networks want more of either penalty: two narrow valleys."""
    ratio = abs(math.log10(float(values["learning_rate"]) / float(values["batch_size"]) / 3e-5))
    penalty = 2.0 * float(values["dropout"]) + (math.log10(float(values["l2"])) + 6.0) / 5.0
    wanted = math.log2(float(values["width"]) / 16.0) / 5.0 + 0.2
    loss = 0.2 * ratio + 0.5 * abs(penalty - wanted) + 0.03 * _octaves(values, "width", 256.0)
    return loss + {"standard": 0.08, "quantile": 0.04, "piecewise": 0.0}[str(values["encoding"])]


FUNCTIONS: Mapping[str, Function] = {
    "perceptron": Function(PERCEPTRON, perceptron),
    "families": Function(FAMILIES, families),
    "valley": Function(VALLEY, valley),
}

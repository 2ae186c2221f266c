"""The closed table of hyperparameters: what our networks and the training know by name."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from automl.trial import Scalar


@dataclass(frozen=True, slots=True)
class Named:
    """A hyperparameter that the networks and the training know by name.

    Attributes:
        default: Its value when the study file does not say; its type is the type of every value.
        legal: Whether a value can be used, and how that is told: `(test, "be …")`.
        parent: `(name, test)`: used only where the parent's value passes the test.
    """

    default: Scalar
    legal: tuple[Callable[[Scalar], bool], str]
    parent: tuple[str, Callable[[Scalar], bool]] | None = None


def _between(low: float, high: float, wording: str) -> tuple[Callable[[Scalar], bool], str]:
    return (lambda value: not isinstance(value, str) and low <= value <= high), wording


_NAME = (lambda value: isinstance(value, str)), "be a name"
_SWITCH = (lambda value: isinstance(value, bool)), "be true or false"
_HIDDEN = ("depth", lambda depth: isinstance(depth, int) and depth >= 1)
_NOT_NEGATIVE = _between(0.0, sys.float_info.max, "be 0 or more, and finite")
_FRACTION = _between(0.0, 0.999, "be between 0 and 0.999")
_POSITIVE = _between(1e-12, sys.float_info.max, "be above 0, and finite")

_DECAYING = ("adamw", "adamw_ema", "schedule_free", "muon")

HYPERPARAMETERS: dict[str, Named] = {
    "family": Named("perceptron", _NAME),
    "views": Named(16, _between(2, 256, "be between 2 and 256"), ("family", lambda name: name == "tabm")),
    "frequencies": Named(
        0.1, _between(0.0, 100.0, "be between 0 (none) and 100"), ("family", lambda name: name == "realmlp")
    ),
    "depth": Named(2, _between(0, 64, "be between 0 (a linear model) and 64")),
    "width": Named(64, _between(1, 65536, "be between 1 and 65536"), _HIDDEN),
    "activation": Named("relu", _NAME, _HIDDEN),
    "negative_slope": Named(0.2, _NOT_NEGATIVE, ("activation", lambda name: name == "leaky_relu")),
    "dropout": Named(0.0, _FRACTION, _HIDDEN),
    "batch_normalization": Named(False, _SWITCH, _HIDDEN),
    "initializer": Named("glorot_uniform", _NAME, _HIDDEN),
    "l2": Named(0.0, _NOT_NEGATIVE),
    "optimizer": Named("adam", _NAME),
    "learning_rate": Named(0.001, _POSITIVE),
    "momentum": Named(0.9, _FRACTION, ("optimizer", lambda name: name == "momentum")),
    "weight_decay": Named(0.004, _NOT_NEGATIVE, ("optimizer", lambda name: name in _DECAYING)),
    "ema_momentum": Named(0.99, _FRACTION, ("optimizer", lambda name: name == "adamw_ema")),
    "schedule": Named("constant", _NAME),
    "clip_norm": Named(0.0, _NOT_NEGATIVE),
    "label_smoothing": Named(0.0, _between(0.0, 0.5, "be between 0 and 0.5")),
    "batch_size": Named(64, _between(1, 1 << 24, "be between 1 and 16777216")),
    "epochs": Named(100, _between(1, 1 << 24, "be between 1 and 16777216")),
    "patience": Named(10, _between(1, 1 << 24, "be between 1 and 16777216")),
    "numeric_encoding": Named("standard", _NAME),
    "number_embedding": Named("none", _NAME, ("numeric_encoding", lambda name: name == "piecewise")),
    "embedding_size": Named(
        12, _between(1, 256, "be between 1 and 256"), ("number_embedding", lambda name: name != "none")
    ),
    "target_transform": Named("none", _NAME),
}

OPTIONAL = ("epochs", "patience", "family", "number_embedding")
"""Part of a trial only where the study file names them: the training section has epochs and patience for all trials,
and without the others a network is a perceptron that reads its numbers as they are encoded."""

TRAINING_HYPERPARAMETERS = (
    "optimizer",
    "learning_rate",
    "momentum",
    "weight_decay",
    "ema_momentum",
    "schedule",
    "clip_norm",
    "batch_size",
    "epochs",
    "patience",
    "numeric_encoding",
    "target_transform",
)

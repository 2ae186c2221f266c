"""A configuration in words: what kind of network it is, as a person would say it."""

from collections.abc import Iterable, Iterator

from automl.hyperparameters import HYPERPARAMETERS
from automl.trial import Hyperparameters, Scalar

_CUSTOM = "builder:"
"""Begins the digest of a builder of one's own."""


def is_custom(digests: Iterable[str]) -> bool:
    """Whether a study builds networks of its own, whose hyperparameters may mean anything.

    Args:
        digests: Names of what a study may not change.
    """
    return any(name.startswith(_CUSTOM) for name in digests)


def describe_network(values: Hyperparameters, custom: bool = False) -> str:
    """A network in words.

    >>> describe_network({"depth": 1, "width": 256, "activation": "tanh", "dropout": 0.3})
    '1 layer of 256 tanh units, dropout 0.3'
    >>> describe_network({"depth": 0})
    'a network without hidden layers'
    >>> describe_network({"units": 32, "kernel": 3}, custom=True)
    'units 32, kernel 3'

    Args:
        values: Active hyperparameters of a trial.
        custom: Whether a builder of one's own made it: then its values are listed.
    """
    if custom:
        return (
            ", ".join(f"{name} {_text(value)}" for name, value in values.items())
            or "a network of your own builder"
        )
    return ", ".join([_layers(values), *_extras(values)])


def _layers(values: Hyperparameters) -> str:
    depth = int(_value(values, "depth"))
    if depth == 0:
        return "a network without hidden layers"
    widths = [str(values.get(f"width_{layer}", _value(values, "width"))) for layer in range(1, depth + 1)]
    sizes = widths[0] if len(set(widths)) == 1 else f"{', '.join(widths[:-1])} and {widths[-1]}"
    return f"{depth} layer{'s' if depth > 1 else ''} of {sizes} {_value(values, 'activation')} units"


def _extras(values: Hyperparameters) -> Iterator[str]:
    """What holds the weights back, where it is in use."""
    if _value(values, "depth"):
        if _value(values, "dropout"):
            yield f"dropout {_text(_value(values, 'dropout'))}"
        if _value(values, "batch_normalization"):
            yield "batch normalization"
    if _value(values, "l2"):
        yield f"l2 {_text(_value(values, 'l2'))}"
    parent = HYPERPARAMETERS["weight_decay"].parent
    if parent is not None and parent[1](_value(values, parent[0])):
        yield f"weight decay {_text(_value(values, 'weight_decay'))}"


def _value(values: Hyperparameters, name: str) -> Scalar:
    return values.get(name, HYPERPARAMETERS[name].default)


def _text(value: Scalar) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)

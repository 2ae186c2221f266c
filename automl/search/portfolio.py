"""Configurations that are tried first in the default space, the same for every table.

They are chosen among twenty random ones on ten development tables. Five that are chosen so on nine tables do better on
the tenth than five random ones, on average (`benchmarks/portfolio.py`).
"""

from collections.abc import Mapping

from automl.search.space.parameter import Parameter
from automl.search.space.space import Space
from automl.trial import Scalar

OPTIMIZER = "schedule_free"
"""What its learning rates and decays are for."""

_NAMES = ("depth", "width", "activation", "dropout", "learning_rate", "weight_decay", "numeric_encoding")

PORTFOLIO: tuple[Mapping[str, Scalar], ...] = tuple(
    dict(zip(_NAMES, values, strict=True))
    for values in (
        (3, 256, "relu", 0.17, 0.005, 0.02, "piecewise"),
        (2, 256, "gelu", 0.25, 0.005, 0.04, "standard"),
        (2, 64, "relu", 0.3, 0.007, 0.27, "quantile"),
        (1, 128, "tanh", 0.2, 0.002, 0.016, "quantile"),
        (3, 64, "relu", 0.16, 0.004, 0.095, "piecewise"),
    )
)
"""The one that does best on average comes first, then always the one that adds most to those before it."""


def first_in(space: Space) -> tuple[Mapping[str, Scalar], ...]:
    """The portfolio as a space can hold it, without what it lacks; nothing where another optimizer trains it."""
    optimizer = space.find("optimizer")
    if optimizer is None or not optimizer.holds(OPTIMIZER):
        return ()
    first = []
    for entry in PORTFOLIO:
        held = ((name, _held(space.find(name), value)) for name, value in entry.items())
        first.append({name: value for name, value in held if value is not None})
    return tuple(first)


def _held(parameter: Parameter | None, value: Scalar) -> Scalar | None:
    """The nearest value that a hyperparameter has; None where there is none: a table without numbers encodes none."""
    if parameter is None:
        return None
    possible = parameter.possible()
    if possible is None or value in possible:
        return value
    return (
        None if isinstance(value, str) else min(possible, key=lambda other: abs(float(other) - float(value)))
    )

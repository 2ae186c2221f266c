"""Configurations that are tried first in the default space, the same for every table.

They are the ones that did best on the development tables among twenty random ones, judged on tables that had no part in
choosing them (`benchmarks/portfolio.py`).
"""

from collections.abc import Mapping

from automl.search.space.parameter import Parameter
from automl.search.space.space import Space
from automl.trial import Scalar

PORTFOLIO: tuple[Mapping[str, Scalar], ...] = (
    {
        "depth": 2,
        "width": 256,
        "activation": "gelu",
        "dropout": 0.25,
        "learning_rate": 0.005,
        "weight_decay": 0.04,
        "numeric_encoding": "standard",
    },
    {
        "depth": 3,
        "width": 256,
        "activation": "relu",
        "dropout": 0.03,
        "learning_rate": 0.001,
        "weight_decay": 0.3,
        "numeric_encoding": "standard",
    },
)
"""What a space holds and an entry leaves out is drawn."""


def first_in(space: Space) -> tuple[Mapping[str, Scalar], ...]:
    """The portfolio as a space can hold it: without names that it lacks, and with its largest width at most."""
    return tuple(
        {
            name: _nearest(parameter, value)
            for name, value in entry.items()
            if (parameter := space.find(name)) is not None
        }
        for entry in PORTFOLIO
    )


def _nearest(parameter: Parameter, value: Scalar) -> Scalar:
    """A value that a hyperparameter has: of tables with many rows, the largest width is smaller."""
    possible = parameter.possible()
    if possible is None or value in possible:
        return value
    return min(possible, key=lambda other: abs(float(other) - float(value)))

"""Configurations that are tried first in the default space, the same for every table.

They are chosen among twenty random ones on ten development tables. Five that are chosen so on nine tables do better on
the tenth than five random ones, on average (`benchmarks/portfolio.py`).
"""

from collections.abc import Mapping

from automl.search.space.space import Space
from automl.trial import Scalar

OPTIMIZER = "schedule_free"
"""What its learning rates and decays are for."""

_NAMES = ("depth", "width", "activation", "dropout", "learning_rate", "weight_decay", "numeric_encoding")

_ENTRIES = (
    (3, 256, "relu", 0.17, 0.005, 0.02, "piecewise"),
    (2, 256, "gelu", 0.25, 0.005, 0.04, "standard"),
    (2, 64, "relu", 0.3, 0.007, 0.27, "quantile"),
    (1, 128, "tanh", 0.2, 0.002, 0.016, "quantile"),
    (3, 64, "relu", 0.16, 0.004, 0.095, "piecewise"),
)

_EMBEDDING: tuple[Mapping[str, Scalar], ...] = (
    {"number_embedding": "piecewise"},
    {},
    {},
    {},
    {"number_embedding": "none"},
)
"""The piecewise encoding through an embedding and as it is: on four of five tables the embedding does better, on the
fifth the encoding as it is (`benchmarks/ladder.py`)."""

PORTFOLIO: tuple[Mapping[str, Scalar], ...] = tuple(
    {**dict(zip(_NAMES, values, strict=True)), **embedding}
    for values, embedding in zip(_ENTRIES, _EMBEDDING, strict=True)
)
"""The one that does best on average comes first, then always the one that adds most to those before it."""


def first_in(space: Space) -> tuple[Mapping[str, Scalar], ...]:
    """The portfolio as a space can hold it, without what it lacks; nothing where another optimizer trains it."""
    if not _holds(space, "optimizer", OPTIMIZER):
        return ()
    return tuple(
        {name: value for name, value in entry.items() if _holds(space, name, value)} for entry in PORTFOLIO
    )


def _holds(space: Space, name: str, value: Scalar) -> bool:
    """Whether a space has a value: that of a table without numbers encodes none."""
    parameter = space.find(name)
    return parameter is not None and parameter.holds(value)

"""Configurations that a study file asks for before any other."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from automl.errors import SearchSpaceError, explain, one_of
from automl.search.grid import cut_up
from automl.search.space.building import Space, plain_value, possible_values
from automl.trial import Scalar, is_number

_MOST_LISTED = 20


def check_first(
    space: Space, first: Sequence[Mapping[str, Scalar]], algorithm: str, where: Callable[..., str]
) -> None:
    """Refuse configurations that the space does not hold.

    Args:
        space: The search space.
        first: Values by name; what one leaves out is drawn.
        algorithm: A grid has some values of a range only.
        where: `(*keys) -> "FILE: line N"`.

    Raises:
        SearchSpaceError: A name or a value is not in the space.
    """
    known = {hp.name: hp for hp in (cut_up(space) if algorithm == "grid" else space).space}
    for number, given in enumerate(first):
        place = where("search", "first", number)
        for name, value in given.items():
            if name not in known:
                cure = one_of(known, name)
                raise SearchSpaceError(
                    explain("search.first", "name a hyperparameter", name, cure, where=place)
                )
            if not _holds(known[name], value):
                must = f"give `{name}` a value that `space` has for it"
                raise SearchSpaceError(
                    explain("search.first", must, value, _values(known[name]), where=place)
                )


def _values(hp: Any) -> str:
    values = possible_values(hp)
    if values is None or len(values) > _MOST_LISTED:
        return f"It has {hp.min_value} to {hp.max_value}."
    return f"It has {', '.join(map(str, values))}."


def _holds(hp: Any, value: Scalar) -> bool:
    try:
        plain = plain_value(hp, value)
    except (TypeError, ValueError):
        return False
    if is_number(plain) and is_number(value):
        return math.isclose(float(plain), float(value), rel_tol=1e-9)
    return plain == value

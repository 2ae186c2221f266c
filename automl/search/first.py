"""Configurations that a study file asks for before any other."""

from collections.abc import Callable, Mapping, Sequence

from automl.errors import SearchSpaceError, explain, one_of
from automl.search.grid import cut_up
from automl.search.space.parameter import Parameter
from automl.search.space.parameters import Float, Int
from automl.search.space.space import Space
from automl.trial import Scalar

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
    parameters = {
        parameter.name: parameter
        for parameter in (cut_up(space) if algorithm == "grid" else space).parameters
    }
    for number, given in enumerate(first):
        location = where("search", "first", number)
        for name, value in given.items():
            if name not in parameters:
                cure = one_of(parameters, name)
                raise SearchSpaceError(
                    explain("search.first", "name a hyperparameter", name, cure, where=location)
                )
            if not parameters[name].holds(value):
                must = f"give `{name}` a value of its range in `space`"
                raise SearchSpaceError(
                    explain("search.first", must, value, _values(parameters[name]), where=location)
                )


def _values(parameter: Parameter) -> str:
    values = parameter.possible()
    if isinstance(parameter, Float | Int) and (values is None or len(values) > _MOST_LISTED):
        return f"It has {parameter.low} to {parameter.high}."
    return f"It has {', '.join(map(str, values or []))}."

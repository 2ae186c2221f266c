"""A search space: hyperparameters in an order in which each stands behind those that decide whether it is used.

Every named hyperparameter is in the space: searched, fixed by the study file, or fixed at its default, so that a
trial's values say everything. One that a network would not use is active under conditions only.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy

from automl.search.space.parameter import Parameter
from automl.search.space.parameters import Choice, Float, Int
from automl.search.space.scales import Scale
from automl.trial import Hyperparameters, Scalar, is_number


@final
@dataclass(frozen=True, slots=True)
class Space:
    """What can be searched. A value: it is never changed, so it needs no copies.

    Attributes:
        parameters: Its hyperparameters. Several may have one name under conditions that exclude each other.
    """

    parameters: tuple[Parameter, ...] = ()

    @property
    def searched(self) -> list[str]:
        """Names of the hyperparameters that are not fixed, in order."""
        return [parameter.name for parameter in self.parameters if parameter.is_searched]

    def find(self, name: str) -> Parameter | None:
        """The first hyperparameter of a name."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)

    def active(self, values: Mapping[str, Scalar]) -> list[Parameter]:
        """The hyperparameters that a configuration has, in order."""
        seen: dict[str, Scalar] = {}
        parameters = []
        for parameter in self.parameters:
            if parameter.name in values and parameter.name not in seen and parameter.is_active(seen):
                seen[parameter.name] = values[parameter.name]
                parameters.append(parameter)
        return parameters

    def choose(self, value_of: Callable[[int, Parameter], Scalar]) -> Hyperparameters:
        """The configuration that gives each active hyperparameter a value.

        Args:
            value_of: From the place of a hyperparameter in `parameters`, and itself; asked in their order.
        """
        values: dict[str, Scalar] = {}
        for index, parameter in enumerate(self.parameters):
            if parameter.name not in values and parameter.is_active(values):
                values[parameter.name] = value_of(index, parameter)
        return values

    def initial(self) -> Hyperparameters:
        """The configuration of nothing but initial values."""
        return self.choose(lambda _, parameter: parameter.initial)

    def draw(self, generator: numpy.random.Generator) -> Hyperparameters:
        """A random configuration."""
        return self.choose(lambda _, parameter: parameter.from_unit(generator.random()))

    def complete(self, given: Mapping[str, Any], generator: numpy.random.Generator) -> Hyperparameters:
        """The configuration with given values in plain types; what is not given is drawn at random.

        Args:
            given: Values by name; those of hyperparameters that are not active are left out.
            generator: Where the other values come from: one number for every active hyperparameter.

        Raises:
            ValueError: A given value is none of its hyperparameter's.
        """

        def value_of(_: int, parameter: Parameter) -> Scalar:
            drawn = parameter.from_unit(generator.random())
            return parameter.plain(given[parameter.name]) if parameter.name in given else drawn

        return self.choose(value_of)

    def from_unit(self, point: Sequence[float]) -> Hyperparameters:
        """The configuration at a point of the unit cube, with a coordinate for every searched hyperparameter."""
        axes = iter(point)
        positions = [next(axes) if parameter.is_searched else 0.5 for parameter in self.parameters]
        return self.choose(lambda index, parameter: parameter.from_unit(positions[index]))

    def to_unit(self, values: Mapping[str, Scalar]) -> list[float]:
        """The point of a configuration; a searched hyperparameter that it does not have is at its initial value."""
        active = {id(parameter) for parameter in self.active(values)}
        return [
            parameter.to_unit(values[parameter.name] if id(parameter) in active else parameter.initial)
            for parameter in self.parameters
            if parameter.is_searched
        ]

    def configurations(self) -> Iterator[Hyperparameters] | None:
        """Every configuration of a space without a continuum; None when it has one.

        Yields them in the order of a counter whose last hyperparameter turns fastest.
        """
        axes = [(parameter, parameter.possible()) for parameter in self.parameters]
        counted = [(parameter, values) for parameter, values in axes if values is not None]
        return walk(counted) if len(counted) == len(axes) else None

    def size(self, limit: int = 1_000_000) -> int | None:
        """Number of configurations; None for a continuum; `limit` when there are at least so many."""
        configurations = self.configurations()
        return None if configurations is None else sum(1 for _ in itertools.islice(configurations, limit))


def walk(
    axes: Sequence[tuple[Parameter, Sequence[Scalar]]], chosen: Mapping[str, Scalar] | None = None
) -> Iterator[Hyperparameters]:
    """Every configuration of some hyperparameters with some values, the last one turning fastest.

    Args:
        axes: The hyperparameters that are left, and the values of each.
        chosen: Values of those before them.
    """
    fixed = chosen or {}
    if not axes:
        yield fixed
        return
    parameter, values = axes[0]
    if parameter.name in fixed or not parameter.is_active(fixed):
        yield from walk(axes[1:], fixed)
        return
    for value in values:
        yield from walk(axes[1:], {**fixed, parameter.name: value})


def bounds(space: Space) -> dict[str, tuple[float, float, bool]]:
    """Of each searched number, the least and the largest value, and whether its scale is logarithmic."""
    limits: dict[str, tuple[float, float, bool]] = {}
    for parameter in space.parameters:
        if isinstance(parameter, Int | Float):
            limits[parameter.name] = parameter.low, parameter.high, parameter.scale is Scale.LOG
        elif isinstance(parameter, Choice) and len(parameter.values) > 1:
            values = [float(value) for value in parameter.values if is_number(value)]
            if values:
                log = min(values) > 0 and max(values) > 10 * min(values)
                limits[parameter.name] = min(values), max(values), log
    return limits


def log_scaled(space: Space) -> set[str]:
    """Names of the hyperparameters that are drawn on a logarithmic scale."""
    numbers = [parameter for parameter in space.parameters if isinstance(parameter, Int | Float)]
    return {parameter.name for parameter in numbers if parameter.scale is Scale.LOG}

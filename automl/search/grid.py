"""Grid search: every configuration once, the last hyperparameter turning fastest.

A continuum is cut into ten values: the middles of ten equal parts of the range, on its own scale. Of a range of
integers on a logarithmic scale without a step ten values come first, in the same way; the other integers follow.
A hyperparameter begins with its default and goes on in the order of its values; false comes before true.
"""

import itertools
from typing import final

import numpy

from automl.search.guards import GuardedSampler
from automl.search.history import History
from automl.search.sampler import Given, Sampler
from automl.search.space.parameter import Parameter
from automl.search.space.parameters import Choice, Float, Int
from automl.search.space.scales import Scale
from automl.search.space.space import Space, walk
from automl.trial import Hyperparameters, Objective, Scalar


def make_grid(space: Space, objective: Objective, num_trials: int, seed: int, first: Given = ()) -> Sampler:
    """A sampler that walks through the configurations of a space, and skips those that were tried first."""
    del objective, num_trials
    cut = cut_up(space)
    return GuardedSampler(_Grid(cut), cut, seed, first)


def cut_up(space: Space) -> Space:
    """The same space with a list of values in the place of every range of floats."""
    return Space(
        tuple(
            _listed(parameter) if isinstance(parameter, Float) else parameter
            for parameter in space.parameters
        )
    )


@final
class _Grid:
    """The first configuration of the grid that has not been tried.

    The place in the grid is kept to walk through it once only. It depends on what has been tried and on nothing else,
    because whatever has been tried stays so.
    """

    def __init__(self, space: Space) -> None:
        coarse = [
            (parameter, _ten_values(parameter) or _ordered(parameter)) for parameter in space.parameters
        ]
        whole = [(parameter, _ordered(parameter)) for parameter in space.parameters]
        passes = [coarse, whole] if coarse != whole else [whole]
        self._following = itertools.chain.from_iterable(map(walk, passes))
        self._place = next(self._following, None)

    def __call__(self, history: History, generator: numpy.random.Generator) -> Hyperparameters | None:
        del generator
        while self._place is not None and history.number_of(self._place) is not None:
            self._place = next(self._following, None)
        return self._place


def _ordered(parameter: Parameter) -> list[Scalar]:
    values = parameter.possible() or []
    return sorted(values, key=lambda value: value != parameter.initial)


def _ten_values(parameter: Parameter) -> list[Scalar] | None:
    """Of integers on a logarithmic scale without a step; of anything else None."""
    is_full = isinstance(parameter, Int) and parameter.step is None and parameter.scale is not Scale.LINEAR
    return sorted(_middles(parameter), key=float) if is_full else None


def _listed(parameter: Float) -> Choice:
    values = sorted(parameter.possible() or _middles(parameter), key=float)
    return Choice(parameter.name, tuple(values), conditions=parameter.conditions)


def _middles(parameter: Parameter) -> set[Scalar]:
    """The values in the middles of ten equal parts of the unit interval."""
    return {parameter.from_unit(part * 0.1 + 0.05) for part in range(10)}

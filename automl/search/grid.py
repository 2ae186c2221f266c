"""Grid search: every configuration once, the last hyperparameter turning fastest.

A continuum is cut into ten values: the middles of ten equal parts of the range, on its own scale. Of a range of
integers on a logarithmic scale without a step ten values come first, in the same way; the other integers follow.
A hyperparameter begins with its default and goes on in the order of its values; false comes before true.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import TypeAlias, final

import numpy
from keras_tuner.engine import hyperparameters as kinds

from automl.search.guards import GuardedSampler
from automl.search.history import History
from automl.search.sampler import Given, Sampler
from automl.search.space.building import Space, is_active, plain_value, possible_values
from automl.trial import Hyperparameters, Objective, Scalar

_Axis: TypeAlias = tuple[kinds.HyperParameter, list[Scalar]]


def make_grid(space: Space, objective: Objective, num_trials: int, seed: int, first: Given = ()) -> Sampler:
    """A sampler that walks through the configurations of a space, and skips those that were tried first."""
    del objective, num_trials
    cut = cut_up(space)
    return GuardedSampler(_Grid(cut), cut, seed, first)


def cut_up(space: Space) -> Space:
    """The same space with a list of values in the place of every range of floats."""
    cut = Space()
    cut.merge([_listed(hp) if isinstance(hp, kinds.Float) else hp for hp in space.space])
    return cut


@final
class _Grid:
    """The first configuration of the grid that has not been tried.

    The place in the grid is kept to walk through it once only. It depends on what has been tried and on nothing else,
    because whatever has been tried stays so.
    """

    def __init__(self, space: Space) -> None:
        coarse = [(hp, _ten_values(hp) or _ordered(hp)) for hp in space.space]
        whole = [(hp, _ordered(hp)) for hp in space.space]
        passes = [coarse, whole] if coarse != whole else [whole]
        self._following = itertools.chain.from_iterable(_walk(axes, {}) for axes in passes)
        self._place = next(self._following, None)

    def __call__(self, history: History, generator: numpy.random.Generator) -> Hyperparameters | None:
        del generator
        while self._place is not None and history.number_of(self._place) is not None:
            self._place = next(self._following, None)
        return self._place


def _walk(axes: Sequence[_Axis], chosen: dict[str, Scalar]) -> Iterator[Hyperparameters]:
    if not axes:
        yield chosen
        return
    hp, values = axes[0]
    if hp.name in chosen or not is_active(hp, chosen):
        yield from _walk(axes[1:], chosen)
        return
    for value in values:
        yield from _walk(axes[1:], {**chosen, hp.name: value})


def _ordered(hp: kinds.HyperParameter) -> list[Scalar]:
    values = possible_values(hp) or []
    return sorted(values, key=lambda value: value != hp.default)


def _ten_values(hp: kinds.HyperParameter) -> list[Scalar] | None:
    """Of integers on a logarithmic scale without a step; of anything else None."""
    if not isinstance(hp, kinds.Int) or hp.step is not None:
        return None
    return sorted({plain_value(hp, value) for value in hp.values})


def _listed(hp: kinds.Float) -> kinds.Choice:
    values = sorted({plain_value(hp, value) for value in hp.values})
    return kinds.Choice(hp.name, values, conditions=hp.conditions)

"""Random configurations that have not been tried: random search, and what other samplers fall back to."""

import itertools
from collections.abc import Iterator
from typing import final

import numpy

from automl.search.history import History
from automl.search.space.space import Space
from automl.trial import Hyperparameters

NUM_DRAWS = 200
SHORTLIST = 1000


@final
class Untried:
    """Draws configurations of a space that are not in a history.

    Draws first; when nearly all is tried, chooses from a list of what remains. That list is cut, for a space can be
    finite and yet have more configurations than a memory has bytes. What is drawn depends on the generator and on the
    set of the tried configurations alone: the list that is kept between draws is the one that a new walk through the
    space would find, because configurations are only ever added to a history.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._remaining: list[Hyperparameters] = []
        self._walk: Iterator[Hyperparameters] | None = None

    def draw(self, history: History, generator: numpy.random.Generator) -> Hyperparameters | None:
        """A random configuration that has not been tried; None when there is none."""
        for _ in range(NUM_DRAWS):
            drawn = self._space.draw(generator)
            if history.number_of(drawn) is None:
                return drawn
        remaining = self._first_remaining(history)
        return remaining[int(generator.integers(len(remaining)))] if remaining else None

    def _first_remaining(self, history: History) -> list[Hyperparameters]:
        if self._walk is None:
            self._walk = self._space.configurations() or iter(())
        self._remaining = [proposal for proposal in self._remaining if history.number_of(proposal) is None]
        untried = (proposal for proposal in self._walk if history.number_of(proposal) is None)
        self._remaining += itertools.islice(untried, SHORTLIST - len(self._remaining))
        return self._remaining

"""Sobol search: the points of a scrambled Sobol sequence, which fill the space more evenly than random ones.

Every searched hyperparameter is an axis of the unit cube, whether or not a configuration uses it.
"""

from typing import final

import numpy
from numpy.typing import NDArray

from automl.search.guards import GuardedSampler
from automl.search.history import History
from automl.search.sampler import Given, Sampler
from automl.search.space.space import Space
from automl.trial import Hyperparameters, Objective, derive_seed

_BLOCK = 256
"""Points that are made at once, a power of 2."""


def make_sobol(space: Space, objective: Objective, num_trials: int, seed: int, first: Given = ()) -> Sampler:
    """A sampler that takes the points of one sequence in order, and skips configurations that were tried."""
    del objective, num_trials
    return GuardedSampler(SobolRule(space, seed), space, seed, first)


@final
class SobolRule:
    """The first configuration of the sequence that has not been tried.

    The place in the sequence is kept to walk through it once only. It depends on what has been tried and on nothing
    else, because whatever has been tried stays so. Of a small space the sequence has nothing new from some place on,
    so it is not followed without end.
    """

    def __init__(self, space: Space, seed: int) -> None:
        self._space = space
        self._seed = derive_seed(seed, "sobol")
        self._points: NDArray[numpy.float64] = numpy.empty((0, len(space.searched)))
        self._place = 0

    def __call__(self, history: History, generator: numpy.random.Generator) -> Hyperparameters | None:
        """The next configuration; None when so many points of the sequence are known configurations."""
        del generator
        end = 4 * len(history) + _BLOCK
        while self._place < end:
            configuration = self._space.from_unit(self._point(self._place))
            if history.number_of(configuration) is None:
                return configuration
            self._place += 1
        return None

    def _point(self, index: int) -> list[float]:
        if index >= len(self._points) and self._points.shape[1]:
            self._points = self._make(max(2 * len(self._points), _BLOCK))
        point: list[float] = self._points[index].tolist() if self._points.shape[1] else []
        return point

    def _make(self, count: int) -> NDArray[numpy.float64]:
        from scipy.stats import qmc  # half a second, for this algorithm only

        sequence = qmc.Sobol(self._points.shape[1], scramble=True, rng=numpy.random.default_rng(self._seed))
        return numpy.asarray(sequence.random(count))

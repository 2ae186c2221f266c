"""A tree-structured Parzen estimator, which models where good configurations lie and where the others do.

The model is Optuna's (`parzen.py`).
"""

from collections.abc import Mapping
from typing import Any, final

import numpy

from automl.search.guards import GuardedSampler
from automl.search.history import History
from automl.search.sampler import Given, Sampler
from automl.search.scores import num_ranked
from automl.search.sobol import SobolRule
from automl.search.space.space import Space
from automl.search.untried import Untried
from automl.trial import Objective

_MOST_INITIAL = 20
"""Trials before the model begins, of a small study a third of its trials. They are one cohort: a rung tells more among
twenty than among ten, and programs are compiled once for all."""

_MOST_TOGETHER = 20
"""Trials of a cohort: with 20 told together the search was as good as with each told at once (field_2026, 2.3)."""


def make_tpe(space: Space, objective: Objective, num_trials: int, seed: int, first: Given = ()) -> Sampler:
    """A sampler that takes the points of a Sobol sequence until the model has enough results, and then asks it."""
    num_initial = min(_MOST_INITIAL, max(3, num_trials // 3))

    def cohort_size(num_asked: int) -> int:
        # A model needs results: first as many trials as it begins with, then half of what it has seen.
        return max(num_initial - num_asked, min(_MOST_TOGETHER, num_asked // 2), 1)

    return GuardedSampler(_Model(space, objective, num_initial, seed), space, seed, first, cohort_size)


@final
class _Model:
    """Asks the estimator once it has enough results; Optuna is loaded then, not for every study."""

    def __init__(self, space: Space, objective: Objective, num_initial: int, seed: int) -> None:
        self._space = space
        self._objective = objective
        self._num_initial = num_initial
        self._initial = SobolRule(space, seed)
        self._untried = Untried(space)
        self._estimator: Any = None

    def __call__(self, history: History, generator: numpy.random.Generator) -> Mapping[str, Any] | None:
        """Values for the next trial."""
        if num_ranked(history.results) < self._num_initial:
            return self._initial(history, generator) or self._untried.draw(history, generator)
        if self._estimator is None:
            from automl.search.parzen import ParzenRule

            self._estimator = ParzenRule(self._space, self._objective)
        values: Mapping[str, Any] | None = self._estimator(history, generator)
        return values

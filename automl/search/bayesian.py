"""Bayesian optimization: a Gaussian process over the scores so far says where the next trial is worth most.

It sees the ranks of the scores (`scores.py`), not the scores.
"""

from typing import Any, final

import keras_tuner
import numpy

from automl.search.gaussian_process import GaussianProcess, least_bound
from automl.search.guards import GuardedSampler
from automl.search.history import History
from automl.search.oracle import OracleRule
from automl.search.sampler import Given, Sampler
from automl.search.scores import num_completed
from automl.search.space.building import Space, searched
from automl.search.untried import Untried
from automl.trial import Objective

_NUM_STARTS = 50


@final
class BayesianOracle(keras_tuner.oracles.BayesianOptimizationOracle):
    """KerasTuner's oracle with a Gaussian process that knows its derivatives."""

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Values where the lower confidence bound of the loss is least."""
        del trial_id
        points, losses = self._vectorize_trials()
        process = GaussianProcess(points, losses, self.alpha)
        starts = self._random_state.uniform(size=(_NUM_STARTS, points.shape[1]))
        best = least_bound(process, self.beta, starts)
        return {"status": "RUNNING", "values": self._vector_to_values(best)}


def make_bayesian(
    space: Space, objective: Objective, num_trials: int, seed: int, first: Given = ()
) -> Sampler:
    """A sampler over `BayesianOracle`; it draws at random until the model has enough scores."""
    num_initial = num_initial_points(len(searched(space)), num_trials)
    untried = Untried(space)
    model = OracleRule(BayesianOracle, space, objective, seed)

    def rule(history: History, generator: numpy.random.Generator) -> Any:
        enough = num_completed(history.told) >= num_initial
        return (model if enough else untried.draw)(history, generator)

    def cohort_size(num_asked: int) -> int:
        # A model needs results: first as many trials as it begins with, then a quarter of what it has seen.
        return max(num_initial - num_asked, num_asked // 4, 1)

    return GuardedSampler(rule, space, seed, first, cohort_size)


def num_initial_points(num_searched: int, num_trials: int) -> int:
    """Random trials before the model begins: three a searched hyperparameter, at most a third of the study.

    KerasTuner takes three for every hyperparameter, fixed ones too, and would stay random for a whole small
    study.
    """
    return max(1, min(3 * num_searched, max(3, num_trials // 3)))

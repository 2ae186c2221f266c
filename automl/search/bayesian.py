"""Bayesian optimization: a Gaussian process over the scores so far says where the next trial is worth most.

It sees the ranks of the scores (`scores.py`), not the scores. The model is KerasTuner's (`keras_oracle.py`).
"""

from collections.abc import Callable
from typing import Any

import numpy

from automl.search.guards import GuardedSampler
from automl.search.history import History
from automl.search.sampler import Given, Sampler
from automl.search.scores import num_ranked
from automl.search.space.space import Space
from automl.search.untried import Untried
from automl.trial import Objective


def make_bayesian(
    space: Space, objective: Objective, num_trials: int, seed: int, first: Given = ()
) -> Sampler:
    """A sampler over KerasTuner's Bayesian oracle; it draws at random until the model has enough scores."""
    num_initial = num_initial_points(len(space.searched), num_trials)
    untried = Untried(space)
    model: Callable[..., Any] | None = None

    def rule(history: History, generator: numpy.random.Generator) -> Any:
        nonlocal model
        if num_ranked(history.results) < num_initial:
            return untried.draw(history, generator)
        if model is None:  # KerasTuner is loaded now, not for every study
            from automl.search.keras_oracle import BayesianOracle, OracleRule

            model = OracleRule(BayesianOracle, space, objective, seed)
        return model(history, generator)

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

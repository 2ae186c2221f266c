"""Bayesian optimization: a Gaussian process over the scores so far says where the next trial is worth most.

It sees the ranks of the scores (`scores.py`), not the scores.
"""

from typing import Any

import keras_tuner

from automl.search.gaussian_process import QuickGaussianProcess
from automl.search.oracle import OracleSampler
from automl.search.sampler import Given, Sampler
from automl.space import Space, searched
from automl.trial import Objective


def make_bayesian(
    space: Space, objective: Objective, num_trials: int, seed: int, first: Given = ()
) -> Sampler:
    """A sampler over `keras_tuner.oracles.BayesianOptimizationOracle`."""
    num_initial = num_initial_points(len(searched(space)), num_trials)

    def make_oracle(**arguments: Any) -> Any:
        oracle = keras_tuner.oracles.BayesianOptimizationOracle(num_initial_points=num_initial, **arguments)
        oracle.gpr = QuickGaussianProcess(oracle.gpr)
        return oracle

    return OracleSampler(make_oracle, space, objective, seed, num_initial, first)


def num_initial_points(num_searched: int, num_trials: int) -> int:
    """Random trials before the model begins: three a searched hyperparameter, at most a third of the study.

    KerasTuner takes three for every hyperparameter, fixed ones too, and would stay random for a whole small
    study.
    """
    return max(1, min(3 * num_searched, max(3, num_trials // 3)))

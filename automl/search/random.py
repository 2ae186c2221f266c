"""Random search: every trial is drawn from the space anew, whatever the scores."""

import keras_tuner

from automl.search.oracle import OracleSampler
from automl.search.sampler import Given, Sampler
from automl.space import Space
from automl.trial import Objective


def make_random(space: Space, objective: Objective, num_trials: int, seed: int, first: Given = ()) -> Sampler:
    """A sampler over `keras_tuner.oracles.RandomSearchOracle`."""
    del num_trials
    return OracleSampler(keras_tuner.oracles.RandomSearchOracle, space, objective, seed, first=first)

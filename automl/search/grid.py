"""Grid search: every configuration once, the last hyperparameter turning fastest.

A continuum is cut into the ten values that KerasTuner's grid takes: the middles of ten equal parts of the
range, on its own scale. Of a logarithmic range of integers without a step the oracle has ten values too; the
other integers follow.
"""

import keras_tuner
from keras_tuner.engine import hyperparameters as kinds

from automl.search.oracle import OracleSampler
from automl.search.sampler import Given, Sampler
from automl.space import Space, plain_value
from automl.trial import Objective


def make_grid(space: Space, objective: Objective, num_trials: int, seed: int, first: Given = ()) -> Sampler:
    """A sampler over `keras_tuner.oracles.GridSearchOracle`."""
    del num_trials
    return OracleSampler(keras_tuner.oracles.GridSearchOracle, cut_up(space), objective, seed, first=first)


def cut_up(space: Space) -> Space:
    """The same space with a list of values in the place of every range of floats."""
    cut = Space()
    cut.merge([_listed(hp) if isinstance(hp, kinds.Float) else hp for hp in space.space])
    return cut


def _listed(hp: kinds.Float) -> kinds.Choice:
    values = sorted({plain_value(hp, value) for value in hp.values})
    return kinds.Choice(hp.name, values, conditions=hp.conditions)

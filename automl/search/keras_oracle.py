"""Takes one proposal from a KerasTuner oracle, without its tuner.

An oracle keeps state that cannot be restored exactly: generators that go on from trial to trial, files that hold all of
it and are written anew at every trial, a lock that an error leaves locked. So a new oracle is made for each proposal,
with a seed of its own, is given the trials and their scores, and is asked once for values (`populate_space`). Nothing
else of it is called: no lock is taken and no file is written.

- The direction of the objective is explicit, the seed never 0 and never next to another study's.
- One BLAS thread, several times faster here than two; no warnings.
"""

import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any, final

import keras_tuner
import numpy
import threadpoolctl
from keras_tuner.engine.trial import Trial

from automl.search.gaussian_process import GaussianProcess, least_bound
from automl.search.history import History
from automl.search.scores import shown_numbers, shown_scores
from automl.search.space.keras_tuner import to_keras_tuner
from automl.search.space.space import Space
from automl.trial import Objective, derive_seed

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


@final
class OracleRule:
    """The rule of a sampler that asks a KerasTuner oracle.

    Args:
        make_oracle: Makes the oracle from the keyword arguments that every oracle takes.
        space: The search space.
        objective: Metric and direction of the scores.
        seed: The study's seed; 0 is as good as any.
    """

    def __init__(self, make_oracle: Callable[..., Any], space: Space, objective: Objective, seed: int):
        self._make_oracle = make_oracle
        self._space = to_keras_tuner(space)
        self._objective = objective
        self._seed = seed
        self._trials: list[Trial] = []

    def __call__(self, history: History, generator: numpy.random.Generator) -> Mapping[str, Any] | None:
        """What the oracle proposes; None when it stops or waits."""
        del generator
        with warnings.catch_warnings(), threadpoolctl.threadpool_limits(1, user_api="blas"):
            warnings.simplefilter("ignore")
            oracle = self._make_oracle(
                objective=keras_tuner.Objective(self._objective.metric, self._objective.direction.value),
                max_trials=None,
                hyperparameters=self._space,
                seed=derive_seed(self._seed, "sampler", len(history)),
                max_consecutive_failed_trials=sys.maxsize,
            )
            oracle.trials.update((trial.trial_id, trial) for trial in self._scored(history))
            response = oracle.populate_space(_identifier(len(history)))
        values: Mapping[str, Any] = response["values"]
        return values if response["status"] == "RUNNING" else None

    def _scored(self, history: History) -> list[Trial]:
        """The trials that the oracle sees, with the scores that it sees, in the order of asking."""
        for number in range(len(self._trials), len(history)):
            self._trials.append(_trial(number, history.proposals[number]))
        scores = shown_scores(history.results, len(history), self._objective.direction)
        for trial, score in zip(self._trials, scores, strict=True):
            trial.score = score
        return [self._trials[number] for number in shown_numbers(scores, self._objective.direction)]


def _trial(number: int, hyperparameters: Mapping[str, Any]) -> Trial:
    """A trial with its values alone: whether one is active depends on its conditions and the other values."""
    values = keras_tuner.HyperParameters()
    values.values = dict(hyperparameters)
    return Trial(values, _identifier(number), "COMPLETED")


def _identifier(number: int) -> str:
    return f"{number:06d}"

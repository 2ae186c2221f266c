"""Optuna's TPE sampler as a calculator of proposals, without anything else of Optuna.

All hyperparameters that are used together are modeled at once (`multivariate`, `group`), and trials that are not told
yet count among the worse ones (`constant_liar`), so that a cohort spreads. A study in memory is told what is known,
with ranks for scores (`scores.py`), and for each trial a new sampler with a seed of its own is asked. A proposal is a
function of the history and of the trial's generator: a study is kept between asks only as long as nothing new is told.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, final

import numpy
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from automl.search.history import History
from automl.search.sampler import Result
from automl.search.scores import best_and_newest, finite_scores
from automl.search.space.parameter import Parameter
from automl.search.space.parameters import Choice, Float, Int
from automl.search.space.scales import Scale
from automl.search.space.space import Space
from automl.trial import Hyperparameters, Objective, Scalar

MOST_SHOWN = 1000
"""Trials with results that the model sees, half of them the best and half the newest: a proposal takes 30 ms then."""

_TRIES = 10
"""Proposals for one trial, if each is a configuration that was tried; a small space has few others."""


@final
@dataclass(frozen=True, slots=True)
class _Axis:
    """A hyperparameter as Optuna sees it: a range of numbers, or the indices of a list of values.

    Attributes:
        name: Its own, for several hyperparameters may have one name.
        parameter: The hyperparameter.
        distribution: Of numbers or of indices.
        values: What the indices stand for; None where numbers stand for themselves.
    """

    name: str
    parameter: Parameter
    distribution: FloatDistribution | IntDistribution | CategoricalDistribution
    values: tuple[Scalar, ...] | None = None

    @classmethod
    def of(cls, index: int, parameter: Parameter) -> "_Axis":
        """The axis of a hyperparameter that is searched."""
        name = f"{index:03d} {parameter.name}"
        if isinstance(parameter, Float | Int) and parameter.step is None:
            kind = FloatDistribution if isinstance(parameter, Float) else IntDistribution
            if parameter.scale is not Scale.REVERSE_LOG:
                log = parameter.scale is Scale.LOG
                return cls(name, parameter, kind(parameter.low, parameter.high, log=log))
        values = parameter.possible()
        if values is None:  # a continuum on a scale that Optuna does not have
            return cls(name, parameter, FloatDistribution(0.0, 1.0))
        ordered = not isinstance(parameter, Choice) or parameter.is_ordered
        indices = (
            IntDistribution(0, len(values) - 1) if ordered else CategoricalDistribution(range(len(values)))
        )
        return cls(name, parameter, indices, tuple(values))

    def place(self, value: Scalar) -> Any:
        """The number or index of a value; None where the space has it no more."""
        if not self.parameter.holds(value):
            return None
        if self.values is not None:
            return self.values.index(self.parameter.plain(value))
        return self.parameter.to_unit(value) if self._is_unit else self.parameter.plain(value)

    def suggest(self, trial: optuna.Trial) -> Scalar:
        """The value that Optuna proposes."""
        drawn: Any
        if isinstance(self.distribution, CategoricalDistribution):
            drawn = trial.suggest_categorical(self.name, self.distribution.choices)
        else:
            is_float = isinstance(self.distribution, FloatDistribution)
            suggest = trial.suggest_float if is_float else trial.suggest_int
            drawn = suggest(
                self.name, self.distribution.low, self.distribution.high, log=self.distribution.log
            )
        if self.values is not None:
            return self.values[drawn]
        return self.parameter.from_unit(drawn) if self._is_unit else self.parameter.plain(drawn)

    @property
    def _is_unit(self) -> bool:
        return isinstance(self.parameter, Float) and self.parameter.scale is Scale.REVERSE_LOG


@final
class ParzenRule:
    """The rule of a sampler that asks Optuna's TPE.

    Args:
        space: The search space.
        objective: Metric and direction of the scores.
    """

    def __init__(self, space: Space, objective: Objective) -> None:
        self._space = space
        self._direction = objective.direction
        self._axes = {
            index: _Axis.of(index, parameter)
            for index, parameter in enumerate(space.parameters)
            if parameter.is_searched
        }
        self._study: optuna.Study | None = None
        self._results: dict[int, Result] = {}
        self._num_added = 0

    def __call__(self, history: History, generator: numpy.random.Generator) -> Hyperparameters:
        """What the estimator proposes: a configuration that was not tried, if it finds one."""
        with _quiet():
            study = self._followed(history)
            study.sampler = optuna.samplers.TPESampler(
                n_startup_trials=0,  # the random trials are ours
                multivariate=True,
                group=True,
                constant_liar=True,
                seed=int(generator.integers(2**32)),
            )
            for _ in range(_TRIES):
                values = self._ask(study)
                if history.number_of(values) is None:
                    break
        return values

    def _ask(self, study: optuna.Study) -> Hyperparameters:
        trial = study.ask()

        def value_of(index: int, parameter: Parameter) -> Scalar:
            return self._axes[index].suggest(trial) if index in self._axes else parameter.initial

        values = self._space.choose(value_of)
        study.tell(
            trial, state=TrialState.FAIL
        )  # so the estimator leaves it out: the guards have the last word
        return values

    def _followed(self, history: History) -> optuna.Study:
        """A study with all that is known: the one before, with the new trials, where no result is new."""
        if self._study is None or self._results != history.results:
            self._study = optuna.create_study(direction=self._direction.name.lower())
            self._results, self._num_added = dict(history.results), 0
            scores = finite_scores(history.results, self._direction)
            for number in best_and_newest(scores, self._direction, MOST_SHOWN):
                self._add(self._study, history.proposals[number], scores[number])
        for number in range(self._num_added, len(history)):
            if number not in self._results:
                self._add(self._study, history.proposals[number], None)
        self._num_added = len(history)
        return self._study

    def _add(self, study: optuna.Study, values: Hyperparameters, score: float | None) -> None:
        active = {id(parameter) for parameter in self._space.active(values)}
        used = [axis for axis in self._axes.values() if id(axis.parameter) in active]
        positions = {axis.name: axis.place(values[axis.parameter.name]) for axis in used}
        distributions = {axis.name: axis.distribution for axis in used if positions[axis.name] is not None}
        state = TrialState.RUNNING if score is None else TrialState.COMPLETE
        parameters = {name: positions[name] for name in distributions}
        study.add_trial(
            optuna.trial.create_trial(
                state=state, params=parameters, distributions=distributions, value=score
            )
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing is logged of studies in memory, and nothing warned of options that are experimental."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)

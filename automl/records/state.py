"""What is known of a run of a study: a fold over its events. Terminal, MLflow, report and resume read it."""

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, final

from automl.errors import RecordError
from automl.evaluation.bias_variance import BiasVariance, from_content
from automl.means import weighted_mean
from automl.records.disk import broken
from automl.records.events import (
    CohortAsked,
    Event,
    Finished,
    PhaseBegun,
    PhaseEnded,
    Recorded,
    StudyContinued,
    StudyStarted,
    TrialEnded,
)
from automl.records.files import light_trial, read_answer, read_trial
from automl.records.outcomes import Analyzed, Exported, TestReadingDone, TestReadingIntended, VerdictReached
from automl.records.scores import rank
from automl.trial import PLACES, Direction, Hyperparameters, Objective, Trial, TrialState

BIAS_VARIANCE, LEARNING_CURVE, COLUMNS = "bias_variance", "learning_curve", "columns"
"""Names of the analyses whose answers are known here by type."""


@final
class StudyState:
    """A run of a study as far as its events have been applied.

    Trials are light: scores by the objective's metric and kept epochs, so that ten thousand of them fit. `whole` gives
    a trial with its curves and all scores.

    Args:
        folder: Where the files of the run are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seq = 0
        self.time = 0.0
        self.continued: list[StudyContinued] = []
        self.cohorts: list[CohortAsked] = []
        self.phase = ""
        self.intended: list[TestReadingIntended] = []
        self.tests: list[TestReadingDone] = []
        self.verdict = VerdictReached()
        self.analyzed: dict[tuple[str, int], Analyzed] = {}
        self.exported: Exported | None = None
        self.finished: Finished | None = None
        self.best: Trial | None = None
        self._best_rank = (0.0, 0)
        self._started: StudyStarted | None = None
        self._first_num_trials = 0
        self._direction = Direction.MINIMIZE
        self._configurations: dict[int, Hyperparameters] = {}
        self._ended: dict[int, TrialEnded] = {}
        self._trials: dict[int, Trial] = {}
        self._by_number: tuple[Trial, ...] = ()
        self._answers: dict[tuple[str, int], Mapping[str, Any]] = {}
        self._bias_variance: dict[int, BiasVariance] = {}

    @property
    def started(self) -> StudyStarted:
        """The first event, with what later processes have changed.

        Raises:
            RecordError: It has not been applied.
        """
        if self._started is None:
            raise RecordError(f"{self.folder}: the record does not begin with a study. Run the study again.")
        return self._started

    @property
    def first_num_trials(self) -> int:
        """Trials at most when the run began: what a sampler was made for, however many were added later."""
        return self._first_num_trials

    @property
    def objective(self) -> Objective:
        """Metric and direction that rank the trials."""
        return Objective(self.started.metric, Direction(self.started.direction))

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Ended trials by number, light."""
        if len(self._by_number) != len(self._ended):
            self._by_number = tuple(self.trial(number) for number in sorted(self._ended))
        return self._by_number

    def ranked(self, top: int | None = None) -> list[Trial]:
        """The best trials as `Objective.rank` has them, without making the others."""

        def key(number: int) -> tuple[int, float, int]:
            event = self._ended[number]
            group = PLACES[TrialState(event.state)]
            return group, 0.0 if group else self._rank(event), number

        return [self.trial(number) for number in sorted(self._ended, key=key)[:top]]

    @property
    def training_seconds(self) -> float:
        """What all ended trials took."""
        return sum(event.seconds for event in self._ended.values())

    @property
    def num_trials(self) -> int:
        """Trials that have ended."""
        return len(self._ended)

    @property
    def completed(self) -> list[Trial]:
        """Completed trials by number, light."""
        return [trial for trial in self.trials if trial.state is TrialState.COMPLETE]

    def num_in(self, state: TrialState) -> int:
        """Trials that have ended in a state."""
        return sum(event.state == state for event in self._ended.values())

    @property
    def num_asked(self) -> int:
        """Trials that have been asked for."""
        return len(self._configurations)

    @property
    def configurations(self) -> Mapping[int, Hyperparameters]:
        """Hyperparameters of every trial that was asked for, by number."""
        return self._configurations

    @property
    def num_told(self) -> int:
        """How many cohorts, the first ones, the sampler had been told when it was asked last."""
        return self.cohorts[-1].num_told if self.cohorts else 0

    @property
    def running_cohorts(self) -> list[CohortAsked]:
        """Cohorts that had not been told when the last one was asked for, and trials of which have not ended."""
        flying = self.cohorts[self.num_told :]
        return [cohort for cohort in flying if not self._ended.keys() >= set(cohort.numbers)]

    def has_ended(self, number: int) -> bool:
        """Whether a trial of this number has ended."""
        return number in self._ended

    def trial(self, number: int) -> Trial:
        """A trial by number, light.

        Raises:
            RecordError: There is none of that number.
        """
        if number in self._trials:
            return self._trials[number]
        if number in self._ended:
            started, values = self.started, self._configurations.get(number, {})
            made = light_trial(self._ended[number], values, started.metric, started.repeats)
            return self._trials.setdefault(number, made)
        cure = f"Trials 0 to {max(self._ended)} are recorded." if self._ended else "No trial has ended."
        raise RecordError(f"{self.folder}: there is no trial {number}. {cure}")

    def whole(self, number: int) -> Trial:
        """A trial with its curves and all of its scores, from its files.

        Raises:
            RecordError: There is none of that number, or a file of it is missing.
        """
        light = self.trial(number)
        return read_trial(self.folder, self._ended[number], light.hyperparameters, light.repeats)

    @property
    def bias_variance(self) -> Mapping[int, BiasVariance]:
        """What the losses of trials are made of, by number of the trial."""
        for name, trial in self.analyzed:
            if name == BIAS_VARIANCE and trial not in self._bias_variance:
                self._bias_variance[trial] = self._decomposed(trial)
        return self._bias_variance

    @property
    def learning_curve(self) -> Mapping[str, Any]:
        """Of the winner: `rows` to learn from and `losses` of each fold; empty where none was made."""
        return self._of_the_last(LEARNING_CURVE)

    @property
    def columns(self) -> Mapping[str, Any]:
        """What the winner's score loses when a column is shuffled; empty where that was not asked."""
        return self._of_the_last(COLUMNS)

    def answer(self, analysis: str, trial: int) -> Mapping[str, Any]:
        """What an analysis found out about a trial; empty where it was not made."""
        key = (analysis, trial)
        if key in self.analyzed and key not in self._answers:
            self._answers[key] = read_answer(self.folder / self.analyzed[key].file)
        return self._answers.get(key, {})

    def _decomposed(self, trial: int) -> BiasVariance:
        try:
            return from_content(self.answer(BIAS_VARIANCE, trial))
        except (KeyError, TypeError, ValueError):
            file = self.folder / self.analyzed[BIAS_VARIANCE, trial].file
            raise broken(file, "something is missing in it") from None

    def _of_the_last(self, analysis: str) -> Mapping[str, Any]:
        trials = [trial for name, trial in self.analyzed if name == analysis]
        return self.answer(analysis, trials[-1]) if trials else {}

    def apply(self, recorded: Recorded) -> None:
        """Take in the next event. One that was applied already changes nothing."""
        if recorded.seq <= self.seq:
            return
        self.seq, self.time = recorded.seq, recorded.time
        self._apply(recorded.event)

    def _apply(self, event: Event) -> None:  # noqa: C901  a line per kind of event
        match event:
            case StudyStarted():
                self._started, self._first_num_trials = event, event.num_trials
                self._direction = Direction(event.direction)
            case StudyContinued():
                self._go_on(event)
            case CohortAsked():
                self.cohorts.append(event)
                self._configurations |= dict(enumerate(event.hyperparameters, start=event.first))
            case TrialEnded():
                self._end_trial(event)
            case PhaseBegun(name):
                self.phase = name
            case PhaseEnded():
                self.phase = ""
            case TestReadingIntended():
                self.intended.append(event)
            case TestReadingDone():
                self.tests.append(event)
            case VerdictReached():
                self.verdict = event
            case Analyzed(analysis, trial):
                self._analyze(analysis, trial, event)
            case Exported():
                self.exported = event
            case Finished():
                self.finished, self.phase = event, ""

    def _analyze(self, analysis: str, trial: int, event: Analyzed) -> None:
        self.analyzed.pop((analysis, trial), None)  # so that the last one stands last
        self.analyzed[analysis, trial] = event
        self._answers.pop((analysis, trial), None)
        if analysis == BIAS_VARIANCE:
            self._bias_variance.pop(trial, None)

    def _go_on(self, event: StudyContinued) -> None:
        self.continued.append(event)
        self.finished = None
        started = replace(self.started, num_trials=event.num_trials, time_limit=event.time_limit)
        if event.text:
            started = replace(started, text=event.text)
        if event.bounds or event.space:
            started = replace(started, bounds=event.bounds, space=event.space)
        self._started = started

    def _end_trial(self, event: TrialEnded) -> None:
        if event.number in self._ended:  # the first record of a trial counts
            return
        self._ended[event.number] = event
        if event.state == TrialState.COMPLETE:
            rank = self._rank(event), event.number
            if self.best is None or rank < self._best_rank:
                self.best, self._best_rank = self.trial(event.number), rank

    def _rank(self, event: TrialEnded) -> float:
        return rank(weighted_mean(event.scores, event.counts), self._direction)


def state_of(folder: Path, events: Iterable[Recorded]) -> StudyState:
    """The state that events lead to."""
    state = StudyState(folder)
    with _no_collection():
        for recorded in events:
            state.apply(recorded)
    return state


@contextmanager
def _no_collection() -> Iterator[None]:
    """No garbage collection: it would look at ten thousand trials again and again, and none of them is garbage."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()

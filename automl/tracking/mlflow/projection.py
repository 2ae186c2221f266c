"""A run of a study in MLflow, made from what is recorded of it: sending it again changes nothing.

The events are read from the record and never handed over, so that whoever was away misses none. All times are those of
the events, so that MLflow takes a point that is sent twice for one.
"""

import heapq
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from automl.evaluation.bias_variance import from_content
from automl.records.events import Recorded, StudyStarted, TrialEnded
from automl.records.outcomes import Analyzed, Exported
from automl.records.runs import Run, nearest
from automl.records.state import BIAS_VARIANCE, StudyState
from automl.records.store import Records
from automl.tracking.mlflow.conclusion import Conclusion
from automl.tracking.mlflow.explained_run import describe_bias_variance
from automl.tracking.mlflow.outcome import milliseconds, read_whole
from automl.tracking.mlflow.store import Store
from automl.tracking.mlflow.study_run import StudyRun
from automl.tracking.mlflow.trial_run import MOST_TRIALS_WITH_FOLD_CURVES
from automl.tracking.mlflow.trial_runs import Ended, Render, TrialRuns
from automl.trial import Direction, Trial, TrialState

LOGGER = logging.getLogger(__name__)

MOST_DRAWN = 50
"""In a longer study, a trial has figures when it is among the three best so far: they cost a tenth of a second each."""

_DRAWN_BEST = 3

Until = Callable[[], bool]
"""Whether to stop; the rest is sent the next time."""


def never() -> bool:
    """Go on to the end."""
    return False


@dataclass(frozen=True, slots=True)
class _Answer:
    """The answer of an analysis about a trial, on its way to MLflow."""

    trial: int
    seq: int
    at: int


@final
class Projection:
    """A run of a study in MLflow.

    Args:
        store: The opened store.
        records: The record.
        run: The run in it.
        render: Writes the files of a trial into a folder.
    """

    def __init__(self, store: Store, records: Records, run: Run, render: Render) -> None:
        self.run = run
        self._store, self._records = store, records
        self._state = StudyState(run.folder)
        self._study = StudyRun(store, run.identifier)
        self._trials = TrialRuns(store, run.identifier, render)
        self._waiting: deque[Ended | _Answer] = deque()
        self._best: list[float] = []
        self._began = 0
        self._answered: dict[int, int] = {}
        self._exported = (0, 0)
        self._introduced = self._attached = False
        self._num_there = 0

    @property
    def study_run(self) -> str:
        """MLflow's name for the run of the study; empty before it has begun there."""
        return self._study.identifier

    @property
    def num_done(self) -> int:
        """Trials that MLflow has whole."""
        return self._trials.num_done

    @property
    def num_there(self) -> int:
        """Trials that MLflow had whole before this projection sent any."""
        return self._num_there

    @property
    def is_attached(self) -> bool:
        """Whether it is known what MLflow has."""
        return self._attached

    @property
    def num_recorded(self) -> int:
        """Trials that have ended, as far as the record has been read."""
        return self._state.num_trials

    def begin(self) -> None:
        """Find or make the run of the study, as the process that works on it; its trials are sent later.

        Raises:
            Exception: The store does not take it.
        """
        self._read()
        made = self._study.attach(self._state.started, self._began)
        try:
            self._study.take()
            self._introduce(anew=True)
        except BaseException:
            self._give_back("FAILED" if made else "KILLED")
            raise
        try:
            self._conclusion().save_view()
        except Exception as error:  # there is the plain list
            LOGGER.warning(
                "The view of the trials could not be sent to MLflow: %s.", self._store.message_of(error)
            )

    def catch_up(self, until: Until = never, failures: int = 1) -> bool:
        """Send what has been recorded since the last time and what could not be sent then.

        What fails goes to the end, so that one thing which the store will never take does not hold up the others.

        Args:
            until: Asked before each trial.
            failures: How many in a row end the attempt; one does where the store does not answer any more.

        Returns:
            Whether MLflow has all that was recorded when this began; not so where `until` ended it.

        Raises:
            Exception: The store has not taken something; the last that it refused.
        """
        self._read()
        self._attach()
        refused: Exception | None = None
        in_a_row = 0
        for _ in range(len(self._waiting)):
            if until():
                return False
            try:
                taken = self._send(self._waiting[0])
                in_a_row = 0
            except Exception as error:
                refused, taken = error, False
                in_a_row += 1
            if taken:
                self._waiting.popleft()
            else:
                self._waiting.rotate(-1)
            if in_a_row and (in_a_row >= failures or not self._store.answers()):
                break
        if refused is not None:
            raise refused
        return not self._waiting

    def complete(self, until: Until = never, failures: int = 1) -> bool:
        """Send what is left and then what stands at the end, when nobody works on the run any more.

        What the store does not take of the end is said.

        Args:
            until: Asked before each trial.
            failures: How many in a row end an attempt.

        Returns:
            Whether MLflow has all that is recorded.

        Raises:
            Exception: The store has not taken something of the trials; the last that it refused.
        """
        try:
            self.catch_up(until, failures)
        except Exception:
            self._conclude(until)
            raise
        return self._conclude(until)

    def _conclude(self, until: Until) -> bool:
        if not self._attached or until():
            return False
        whole = self._conclusion().write(self._exported, until) and not self._waiting
        if whole:
            self._study.mark_whole(self._state.seq)
        return whole

    def _conclusion(self) -> Conclusion:
        def is_newest() -> bool:
            return nearest(self._records.runs(self.run.name))[-1].number == self.run.number

        return Conclusion(self._store, self._state, self._study, self._trials, is_newest)

    def _read(self) -> None:
        for recorded in self._records.events(self.run, since=self._state.seq):
            self._state.apply(recorded)
            self._take(recorded)

    def _take(self, recorded: Recorded) -> None:
        at, most = milliseconds(recorded.time), self._state.first_num_trials
        match recorded.event:
            case StudyStarted():
                self._began = at
            case TrialEnded(number=number, cut=cut):
                drawn = self._is_among_the_best(self._state.trial(number)) or most <= MOST_DRAWN
                fold_curves = most <= MOST_TRIALS_WITH_FOLD_CURVES
                self._waiting.append(Ended(number, at, drawn, fold_curves, cut))
            case Analyzed(analysis=analysis, trial=trial) if analysis == BIAS_VARIANCE:
                self._answered[trial] = recorded.seq
                self._waiting.append(_Answer(trial, recorded.seq, at))
            case Exported():
                self._exported = recorded.seq, at

    def _is_among_the_best(self, trial: Trial) -> bool:
        """Whether it is one of the three best completed trials so far."""
        if trial.state is not TrialState.COMPLETE:
            return False
        objective = self._state.objective
        sign = 1.0 if objective.direction is Direction.MAXIMIZE else -1.0
        score = sign * trial.mean(objective.metric)
        if len(self._best) < _DRAWN_BEST:
            heapq.heappush(self._best, score)
            return True
        return score > heapq.heappushpop(self._best, score)

    def _attach(self) -> None:
        """Find what is there already; again and again until that has succeeded."""
        if self._attached:
            return
        if not self._study.identifier:
            self._study.attach(self._state.started, self._began)
        if not self._introduced:
            self._introduce(anew=False)
        self._trials.attach(self._study.identifier)
        self._num_there = self._trials.num_done
        self._attached = True

    def _introduce(self, anew: bool) -> None:
        conclusion = self._conclusion()
        self._study.introduce(self._state.started, conclusion.locations(), anew)
        self._study.introduce_experiment(self._state.started, conclusion.is_newest())
        self._introduced = True

    def _give_back(self, status: str) -> None:
        try:
            self._study.end(status, milliseconds(self._state.time))
        except Exception as error:
            LOGGER.debug("the study's run stays open: %s", self._store.message_of(error))

    def _send(self, item: Ended | _Answer) -> bool:
        """Send one thing; whether that is done. An answer waits for its trial, and gives way to a later one."""
        if isinstance(item, Ended):
            if not self._trials.has(item.number):
                self._trials.send(read_whole(self._state, item.number), self._state.started, item)
            return True
        if self._answered[item.trial] != item.seq:
            return True
        if not self._trials.has(item.trial):
            return False
        analysis = from_content(self._state.answer(BIAS_VARIANCE, item.trial))
        self._trials.add_answer(item.trial, item.seq, describe_bias_variance(analysis), item.at)
        return True

"""What an executor is told of a cohort. It follows from the record and the study alone, in any process."""

from collections.abc import Mapping, Sequence
from typing import final

from automl.execution.executor import Order
from automl.execution.helping import Orders
from automl.records.events import CohortAsked
from automl.records.finding import read_state
from automl.records.runs import Run
from automl.records.state import StudyState
from automl.records.store import Records
from automl.study.preparation import PreparedStudy
from automl.training.members import plan_members
from automl.trial import Member, Report


def order_of(prepared: PreparedStudy, state: StudyState, cohort: CohortAsked) -> Order:
    """A cohort that is to be trained, with the trials that a rung compares it with.

    They are those of the cohorts that it was asked with, and those of its own that are recorded.
    """
    first = state.cohorts[cohort.num_told].first  # that may be the cohort itself
    relevant = [trial for trial in state.trials if trial.number < first or trial.number in cohort.numbers]
    pool = tuple(
        {
            trial.number: Report(trial.reports[rung], trial.scale)
            for trial in relevant
            if len(trial.reports) > rung
        }
        for rung in range(len(prepared.rungs))
    )
    passed = passed_in(state, cohort)
    return Order(cohort.number, members_of(prepared, cohort), pool, frozenset(passed), passed)


def replayed(prepared: PreparedStudy, state: StudyState, cohort: CohortAsked) -> tuple[Order, dict[int, int]]:
    """A cohort that has ended, and how many rungs each of its trials has passed."""
    return Order(cohort.number, members_of(prepared, cohort)), passed_in(state, cohort)


def passed_in(state: StudyState, cohort: CohortAsked) -> dict[int, int]:
    """How many rungs each of its trials has passed that have ended."""
    return {number: state.trial(number).num_passed for number in recorded_in(state, cohort)}


def recorded_in(state: StudyState, cohort: CohortAsked) -> list[int]:
    """The numbers of its trials that have ended."""
    return [number for number in cohort.numbers if state.has_ended(number)]


def members_of(prepared: PreparedStudy, cohort: CohortAsked) -> Sequence[Sequence[Member]]:
    """The members of each of its trials."""
    num_folds, seed = len(prepared.splits.folds), prepared.config.search.seed
    return [
        plan_members(number, hyperparameters, num_folds, seed)
        for number, hyperparameters in zip(cohort.numbers, cohort.hyperparameters, strict=True)
    ]


@final
class RecordedOrders(Orders):
    """The cohorts of a run that another process holds.

    Args:
        prepared: The study, as that process has prepared it.
        records: The record.
        run: The run.
    """

    def __init__(self, prepared: PreparedStudy, records: Records, run: Run) -> None:
        self._prepared, self._records, self._run = prepared, records, run
        self._state = read_state(records, run)

    @property
    def digests(self) -> Mapping[str, str]:
        """Of what the run was begun with; see `check_digests`."""
        return self._state.started.digests

    def refresh(self) -> None:
        """See `Orders.refresh`."""
        for recorded in self._records.events(self._run, since=self._state.seq):
            self._state.apply(recorded)

    def num_told(self, number: int) -> int:
        """See `Orders.num_told`."""
        return self._state.cohorts[number].num_told

    def order(self, number: int) -> Order:
        """See `Orders.order`."""
        return order_of(self._prepared, self._state, self._state.cohorts[number])

    def replayed(self, number: int) -> tuple[Order, dict[int, int]]:
        """See `Orders.replayed`."""
        return replayed(self._prepared, self._state, self._state.cohorts[number])

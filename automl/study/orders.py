"""What an executor is told of a cohort. It follows from the record and the study alone, in any process."""

from collections.abc import Sequence

from automl.execution.executor import Order
from automl.records.events import CohortAsked
from automl.records.state import StudyState
from automl.study.preparation import PreparedStudy
from automl.training.members import plan_members
from automl.trial import Member, Report


def order_of(prepared: PreparedStudy, state: StudyState, cohort: CohortAsked) -> Order:
    """A cohort that is to be trained, with the trials that a rung compares it with.

    They are those of the cohorts that it was asked with, and those of its own that are recorded.
    """
    first = state.cohorts[cohort.num_told].first  # that may be the cohort itself
    known = [trial for trial in state.trials if trial.number < first or trial.number in cohort.numbers]
    pool = tuple(
        {
            trial.number: Report(trial.reports[rung], trial.scale)
            for trial in known
            if len(trial.reports) > rung
        }
        for rung in range(len(prepared.rungs))
    )
    return Order(cohort.number, members_of(prepared, cohort), pool, frozenset(recorded_in(state, cohort)))


def replayed(prepared: PreparedStudy, state: StudyState, cohort: CohortAsked) -> tuple[Order, dict[int, int]]:
    """A cohort that has ended, and how many rungs each of its trials has passed."""
    passed = {number: state.trial(number).num_passed for number in recorded_in(state, cohort)}
    return Order(cohort.number, members_of(prepared, cohort)), passed


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

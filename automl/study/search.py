"""The search: ask for trials, train them, record them, tell the sampler, until trials, time or space are used up."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import final

from automl.errors import StudyFailedError
from automl.records.events import CohortAsked
from automl.search.sampler import EndedEarly, Sampler, Told
from automl.search.table import make_sampler
from automl.study.session import Session
from automl.training.engine import Watch
from automl.training.members import plan_members
from automl.trial import Direction, Member, Report, Trial, TrialState

SEARCH = "search"

_FAILURES_IN_A_ROW = 10
"""So many trials that all fail for one reason, and none that completes, end a study: the others would fail too."""


@final
@dataclass(slots=True)
class Stopping:
    """What a search knows of its trials: whether it ends before they are used up, and what a rung compares.

    Attributes:
        session: The run.
        without_improvement: Trials in a row, as they ended, that were no better than the best before them; those that a
            pruner ended do not count.
        reached: Whether a trial has reached the objective at which to stop.
        best: The best mean score so far.
        reports: What the trials that have ended were compared by, for each rung by number of the trial.
    """

    session: Session
    without_improvement: int = 0
    reached: bool = False
    best: float | None = None
    reasons: list[str] = field(default_factory=list)
    reports: defaultdict[int, dict[int, Report]] = field(default_factory=lambda: defaultdict(dict))

    def take(self, trial: Trial) -> None:
        """Take in the next trial that has ended.

        Raises:
            StudyFailedError: Every trial so far has failed, all for one reason.
        """
        for number, value in enumerate(trial.reports):
            self.reports[number][trial.number] = Report(value, trial.scale)
        objective, stop_at = self.session.prepared.objective, self.session.prepared.config.budget.stop_at
        sign = 1.0 if objective.direction is Direction.MINIMIZE else -1.0
        if trial.state is TrialState.PRUNED:  # of a cohort, these end before those that may be better
            return
        if trial.state is not TrialState.COMPLETE:
            self.reasons.append(re.sub(r"\d+", "N", trial.reason))
            self._check_reasons(trial)
            self.without_improvement += 1
            return
        score = trial.mean(objective.metric)
        better = self.best is None or sign * score < sign * self.best
        self.without_improvement = 0 if better else self.without_improvement + 1
        self.best = score if better else self.best
        self.reached |= stop_at is not None and sign * score <= sign * stop_at

    @property
    def is_over(self) -> bool:
        """Whether no further trial is wanted."""
        patience = self.session.prepared.config.budget.stop_after
        return self.reached or (patience is not None and self.without_improvement >= patience)

    def _check_reasons(self, trial: Trial) -> None:
        if self.best is None and len(self.reasons) >= _FAILURES_IN_A_ROW and len(set(self.reasons)) == 1:
            name = self.session.prepared.config.name
            what = f"the first {len(self.reasons)} trials all failed for the same reason: {trial.reason}"
            raise StudyFailedError(f"{name}: {what}. Fix the cause, and run the study again.")


def search(session: Session) -> None:
    """Go on with the search from what is recorded to its end.

    A cohort is asked for with exactly the results of the cohorts before it, so that neither the moment of an
    interruption nor the number of threads changes what is asked.

    Raises:
        StudyFailedError: Every trial fails for one reason.
        KeyboardInterrupt: The study was interrupted.
    """
    state, stopping = session.state, Stopping(session)
    _begin_budget(session)
    for trial in state.trials:
        stopping.take(trial)
        _take_time(session, trial)
    session.begin(SEARCH)
    sampler = _restored(session)
    running, rungs = state.running_cohort, session.prepared.rungs
    for ended in state.cohorts:
        if ended is not running:
            passed = {number: state.trial(number).num_passed for number in numbers_of(ended)}
            session.engine.replay(_members(session, ended), rungs, passed)
    if running is not None and not _is_over(session, stopping):
        _train(session, sampler, running, stopping)
    while state.num_asked < state.started.num_trials and not _is_over(session, stopping):
        cohort = _ask(session, sampler)
        if cohort is None:
            break
        session.record(cohort)
        _train(session, sampler, cohort, stopping)
    session.end(SEARCH)


def _begin_budget(session: Session) -> None:
    prepared = session.prepared
    at_once = session.engine.cohort_size != 1
    # a refit is the training of a fold without its losses; what trains alone has not the others of a program beside it
    refit_share = (2.0 if at_once else 0.8) / len(prepared.splits.folds)
    session.budget.begin_search(refit_share, analyzed=prepared.config.bias_variance.resamples != 0)


def _take_time(session: Session, trial: Trial) -> None:
    best = session.state.best
    session.budget.take_trial(trial.seconds, None if best is None else best.seconds)


def _is_over(session: Session, stopping: Stopping) -> bool:
    return stopping.is_over or session.budget.for_search() <= 0.0


def _restored(session: Session) -> Sampler:
    """The sampler as it was when the last cohort that has ended had been told."""
    prepared, state = session.prepared, session.state
    search = prepared.config.search
    sampler = make_sampler(
        search.algorithm,
        prepared.space,
        prepared.objective,
        state.first_num_trials,
        search.seed,
        prepared.first,
    )
    if state.asked:
        running = state.running_cohort
        first = state.num_asked if running is None else running.first
        told = [(trial.number, _told(session, trial)) for trial in state.trials if trial.number < first]
        sampler.restore([state.asked[number] for number in range(state.num_asked)], told)
    return sampler


def _ask(session: Session, sampler: Sampler) -> CohortAsked | None:
    """The next cohort; None when the space is used up."""
    state, search = session.state, session.prepared.config.search
    limits = [search.cohort or sampler.cohort_size(), session.engine.cohort_size]
    left = state.started.num_trials - state.num_asked
    proposals = sampler.ask(min([left, *(limit for limit in limits if limit is not None)]))
    if not proposals:
        return None
    return CohortAsked(
        number=len(state.cohorts),
        first=proposals[0].number,
        hyperparameters=tuple(dict(proposal.hyperparameters) for proposal in proposals),
        notes=tuple(f"trial {one.number}: {one.note}" for one in proposals if one.note),
        failed=tuple(one.number for one in proposals if one.failed),
    )


def _train(session: Session, sampler: Sampler, cohort: CohortAsked, stopping: Stopping) -> None:
    """Train what of a cohort has not ended, and tell the sampler the whole of it.

    Where time is short, some trials may not begin before others must be compared; they begin afterwards.
    """
    state, numbers = session.state, numbers_of(cohort)
    left = len(numbers) + 1
    session.budget.begin_cohort(len(numbers))
    while not _is_over(session, stopping):
        recorded = frozenset(number for number in numbers if state.has_ended(number))
        if len(numbers) - len(recorded) in (0, left):  # none is left, or none has begun
            break
        left = len(numbers) - len(recorded)
        with closing(
            session.engine.train(_members(session, cohort), _watch(session, stopping), recorded)
        ) as trials:
            for trial in trials:
                session.record_trial(trial)
                stopping.take(trial)
                _take_time(session, trial)
                if stopping.is_over:
                    break
    ended = [state.trial(number) for number in numbers if state.has_ended(number)]
    if len(ended) == len(numbers):
        session.records.end_cohort(session.lease, cohort.number)
    sampler.tell([(trial.number, _told(session, trial)) for trial in ended])


def _watch(session: Session, stopping: Stopping) -> Watch:
    """What an engine is told of time, and asks at a rung."""
    prepared, budget, rungs = session.prepared, session.budget, session.prepared.rungs

    def judge(number: int, reports: Mapping[int, Report]) -> Mapping[int, str]:
        return prepared.pruner.judge(number, reports, {**stopping.reports[number], **reports})

    watch = session.watch(budget.for_search, lambda: not _is_over(session, stopping), budget.is_limited)
    return replace(watch, rungs=rungs, judge=judge)


def numbers_of(cohort: CohortAsked) -> range:
    """The numbers of its trials."""
    return range(cohort.first, cohort.first + len(cohort.hyperparameters))


def _members(session: Session, cohort: CohortAsked) -> Sequence[Sequence[Member]]:
    num_folds, seed = len(session.prepared.splits.folds), session.prepared.config.search.seed
    return [
        plan_members(number, hyperparameters, num_folds, seed)
        for number, hyperparameters in enumerate(cohort.hyperparameters, start=cohort.first)
    ]


def _told(session: Session, trial: Trial) -> Told:
    if trial.state is TrialState.PRUNED and trial.reports:
        return EndedEarly(len(trial.reports), trial.reports[-1], trial.scale)
    complete = trial.state is TrialState.COMPLETE
    return trial.mean(session.prepared.objective.metric) if complete else None

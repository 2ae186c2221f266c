"""The search: ask for cohorts, have them trained, record their trials, tell the sampler, until an end is reached.

Several cohorts may be in flight. Cohort c is asked for with exactly the results of the cohorts 0 to c - w, told in the
order of their numbers, where w is `search.in_flight`. Neither the moment of an interruption nor the pace of a cohort
changes what is asked, how it is planned, or what a rung compares it with.
"""

from contextlib import closing
from dataclasses import replace
from typing import final

from automl.evaluation.ensemble_verdict import AUTO
from automl.execution.actors import ActorBoard, Cluster
from automl.execution.executor import CancelToken, CohortEnded, Executor
from automl.execution.local import LocalExecutor
from automl.execution.record_board import RecordBoard
from automl.execution.workers import WorkersExecutor
from automl.records.cohort_offers import CohortOffers
from automl.records.events import CohortAsked
from automl.search.sampler import EndedEarly, Result, Sampler
from automl.search.table import make_sampler
from automl.study.acting import instruction_for
from automl.study.ensembling import seconds_share
from automl.study.orders import order_of, recorded_in, replayed
from automl.study.session import Session
from automl.study.stopping import Stopping
from automl.trial import Trial, TrialState

SEARCH = "search"


def search(session: Session) -> None:
    """Go on with the search from what is recorded to its end.

    Raises:
        StudyFailedError: Every trial fails for one reason.
        KeyboardInterrupt: The study was interrupted.
    """
    stopping = Stopping(session)
    _begin_budget(session)
    for trial in session.state.trials:
        stopping.take(trial)
        _take_time(session, trial)
    session.begin(SEARCH)
    token = CancelToken()
    with closing(_executor(session, stopping, token)) as executor:
        flight = Flight(session, stopping, executor)
        flight.restore()
        for result in executor.results():
            if isinstance(result, CohortEnded):
                flight.end(result.number)
                continue
            session.record_trial(result)
            stopping.take(result)
            _take_time(session, result)
            if stopping.is_over:
                token.cancel()
    session.end(SEARCH)


@final
class Flight:
    """The cohorts that have been asked for and not been told.

    Args:
        session: The run.
        stopping: Whether the search is over.
        executor: Trains them.
    """

    def __init__(self, session: Session, stopping: Stopping, executor: Executor) -> None:
        self._session, self._stopping, self._executor = session, stopping, executor
        self._sampler = _restored(session)
        self._num_told = session.state.num_told
        self._left: dict[int, int] = {}
        self._ended: set[int] = set()
        self._is_used_up = False

    def restore(self) -> None:
        """Go on with the cohorts that are recorded: those that are unfinished train, of the others the plan is made."""
        prepared, state, num_settled = self._session.prepared, self._session.state, 0
        running = {cohort.number for cohort in state.running_cohorts}
        for cohort in list(state.cohorts):
            for number in range(num_settled, cohort.num_told):
                self._executor.settle(number)
            num_settled = max(num_settled, cohort.num_told)
            if cohort.number in running and not self._is_over:
                self._submit(cohort)
            else:
                self._executor.replay(*replayed(prepared, state, cohort))
                self._ended.add(cohort.number)
        self._go_on()

    def end(self, number: int) -> None:
        """A cohort trains no more. Trials that could not begin before others had to be compared begin now."""
        cohort = self._session.state.cohorts[number]
        left = len(cohort.numbers) - len(recorded_in(self._session.state, cohort))
        if not left:
            CohortOffers(self._session.records, self._session.lease).end(number)
        if 0 < left < self._left[number] and not self._is_over:
            self._submit(cohort)
            return
        self._ended.add(number)
        self._go_on()

    def _go_on(self) -> None:
        """Tell the sampler of the cohorts whose turn it is, one by one, and ask for as many as may be in flight."""
        self._ask_for_more()
        while self._num_told in self._ended:
            state = self._session.state
            trials = [state.trial(number) for number in recorded_in(state, state.cohorts[self._num_told])]
            self._sampler.tell([(trial.number, _result(self._session, trial)) for trial in trials])
            self._executor.settle(self._num_told)
            self._num_told += 1
            self._ask_for_more()

    def _ask_for_more(self) -> None:
        state, most = self._session.state, self._session.prepared.config.search.in_flight
        while len(state.cohorts) - self._num_told < most and not self._is_used_up and not self._is_over:
            cohort = None
            if state.num_asked < state.started.num_trials:
                cohort = _ask(self._session, self._sampler, self._num_told)
            if cohort is None:
                self._is_used_up = True
                return
            self._session.record(cohort)
            self._submit(cohort)

    def _submit(self, cohort: CohortAsked) -> None:
        state = self._session.state
        self._left[cohort.number] = len(cohort.numbers) - len(recorded_in(state, cohort))
        self._session.budget.begin_cohort(state.num_asked - state.num_trials)
        self._executor.submit(order_of(self._session.prepared, state, cohort))

    @property
    def _is_over(self) -> bool:
        is_first = not self._session.state.cohorts and _needs_trial(self._session)
        return not is_first and _is_over(self._session, self._stopping)


def _executor(session: Session, stopping: Stopping, token: CancelToken) -> Executor:
    """What trains the cohorts of the search: where a single one is in flight, workers cannot help."""
    prepared, budget = session.prepared, session.budget
    watch = session.watch(budget.for_search, lambda: not _is_over(session, stopping), budget.is_limited)
    watch = replace(watch, rungs=prepared.rungs, needs_trial=lambda: _needs_trial(session))
    engine, pruner = session.engine, prepared.pruner
    in_flight = prepared.config.search.in_flight
    if isinstance(session.sharing, Cluster):
        instruction = instruction_for(prepared.config, session.state.started.digests)
        actors = ActorBoard(session.sharing, instruction, budget.is_limited, in_flight)
        return WorkersExecutor(engine, pruner, watch, token, actors)
    if session.sharing is None or in_flight == 1:
        return LocalExecutor(engine, pruner, watch, token)
    board = RecordBoard(CohortOffers(session.records, session.lease), session.sharing)
    return WorkersExecutor(engine, pruner, watch, token, board)


def _begin_budget(session: Session) -> None:
    prepared = session.prepared
    at_once = session.engine.cohort_size != 1
    # a refit is the training of a fold without its losses; what trains alone has not the others of a program beside it
    refit_share = (2.0 if at_once else 0.8) / len(prepared.splits.folds)
    analyzed, ensemble = prepared.config.bias_variance.resamples != 0, seconds_share(session)
    session.budget.begin_search(refit_share, analyzed, ensemble, prepared.config.ensemble != AUTO)


def _take_time(session: Session, trial: Trial) -> None:
    best = session.state.best
    session.budget.take_trial(trial.seconds, None if best is None else best.seconds)


def _needs_trial(session: Session) -> bool:
    """Whether the search has nothing to show yet, and the command has time for a result."""
    return session.state.best is None and session.budget.before_ending() > 0.0


def _is_over(session: Session, stopping: Stopping) -> bool:
    return stopping.is_over or session.budget.for_search() <= 0.0


def _restored(session: Session) -> Sampler:
    """The sampler as it was when the last cohort had been asked for."""
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
    if state.configurations:
        first = state.cohorts[state.num_told].first
        results = [(trial.number, _result(session, trial)) for trial in state.trials if trial.number < first]
        sampler.restore([state.configurations[number] for number in range(state.num_asked)], results)
    return sampler


def _ask(session: Session, sampler: Sampler, num_told: int) -> CohortAsked | None:
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
        notes=tuple(f"trial {proposal.number}: {proposal.note}" for proposal in proposals if proposal.note),
        failed=tuple(proposal.number for proposal in proposals if proposal.failed),
        told=num_told,
    )


def _result(session: Session, trial: Trial) -> Result:
    if trial.state is TrialState.PRUNED and trial.reports:
        return EndedEarly(len(trial.reports), trial.reports[-1], trial.scale)
    complete = trial.state is TrialState.COMPLETE
    return trial.mean(session.prepared.objective.metric) if complete else None

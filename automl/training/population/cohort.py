"""A cohort that the population engine has planned: from rung to rung, each stage as lanes, to its trials."""

import math
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import final

from automl.training.engine import Cohort, Training, Watch
from automl.training.plan import TrainingPlan
from automl.training.population.climbing import (
    MOST_BYTES_WAITING,
    Climb,
    Stage,
    by_structure,
    bytes_waiting,
    going_on,
    stage_watch,
    stages_of,
    unrecorded,
)
from automl.training.population.jobs import Job, Outcome
from automl.training.population.knowledge import Knowledge
from automl.training.population.lane_run import LaneRun, Workshop
from automl.training.population.planner import Lane, Programs
from automl.training.population.results import Results
from automl.training.population.updates import UPDATES
from automl.trial import Rung, Trial


@final
@dataclass(frozen=True, slots=True)
class Turn:
    """Where a cohort stands among those of its engine.

    Attributes:
        age: Lanes of cohorts with smaller numbers begin first.
        learn: Tells the engine of the programs that the cohort was planned with.
    """

    age: int
    learn: Callable[[Programs], None]


@final
class CohortTraining(Training):
    """See `Training`.

    Its first stage is planned at once, the others when it has come to them.

    Args:
        plan: What all members of the study share.
        knowledge: What its plan depends on, a copy of its own.
        workshop: Threads and programs.
        cohort: The members of each trial.
        rungs: Where its trials are compared.
        turn: Where it stands among the cohorts of its engine.
    """

    def __init__(
        self,
        plan: TrainingPlan,
        knowledge: Knowledge,
        workshop: Workshop,
        cohort: Cohort,
        rungs: Sequence[Rung],
        turn: Turn,
    ) -> None:
        self._knowledge, self._plan, self._workshop, self._turn = knowledge, plan, workshop, turn
        self._stages = stages_of(rungs)
        self._results = Results(plan, knowledge.views, workshop.health)
        self._climbs = {members[0].trial: Climb(members) for members in cohort}
        self._first = knowledge.lanes(self._jobs(self._stages[0], self._climbs))
        for lane in self._first:
            for job in lane.jobs:
                self._climbs[job.member.trial].structure = lane.structure

    def train(
        self, watch: Watch, recorded: frozenset[int] = frozenset()
    ) -> Generator[Trial | None, None, None]:
        """See `Training.train`."""
        climbs = self._begun()
        for stage in self._stages:
            lanes = going_on(self._lanes(stage, climbs, watch.limited), climbs)
            # Up to a rung, recorded trials train too, to be compared with the others, unless time decides anyway.
            if stage.rung is None or watch.limited:
                lanes = unrecorded(lanes, recorded)
            kept_company = recorded if stage.rung is None else frozenset[int]()
            with closing(self._climb(stage, climbs, lanes, watch, kept_company)) as ended:
                for climb in ended:
                    if climb is None or climb.trial not in recorded:
                        yield climb and self._trial(climb)
            if stage.rung is not None:
                pruned = self._judge(stage.number, stage.rung, climbs, watch)
                yield from (self._trial(climb, why) for climb, why in pruned if climb.trial not in recorded)
            if watch.is_over:
                break
        if watch.is_over and watch.needs_trial():
            with closing(self._shortest(watch, recorded)) as ended:
                for climb in ended:
                    if climb is not None:
                        climbs.pop(climb.trial, None)
                    yield climb and self._trial(climb)
        yield from (
            self._trial(climb) for climb in climbs.values() if climb.outcomes and climb.trial not in recorded
        )

    def replay(self, passed: Mapping[int, int] = MappingProxyType({})) -> None:
        """See `Training.replay`."""
        climbs = self._begun()
        for stage in self._stages:
            self._lanes(stage, climbs)
            climbs = {trial: climb for trial, climb in climbs.items() if passed.get(trial, 0) > stage.number}

    def settle(self) -> None:
        """See `Training.settle`."""
        self._turn.learn(self._knowledge.programs)

    def _begun(self) -> dict[int, Climb]:
        """Its trials before their first epoch."""
        return {trial: Climb(climb.members, climb.structure) for trial, climb in self._climbs.items()}

    def _jobs(self, stage: Stage, climbs: Mapping[int, Climb]) -> list[Job]:
        members = (member for climb in climbs.values() for member in climb.members)
        jobs = (stage.job(self._knowledge.job(member), self._plan) for member in members)
        return [job for job in jobs if job is not None]

    def _lanes(self, stage: Stage, climbs: Mapping[int, Climb], limited: bool = False) -> list[Lane]:
        """The plan for a stage, which is thereby part of what is known.

        Where time may end the stage, what costs least begins first, and behind a rung what was best there.
        """
        if stage.earlier is None:
            return self._first[::-1] if limited else self._first
        jobs = self._jobs(stage, climbs)
        if not limited:
            return self._knowledge.cut(by_structure(jobs, climbs))

        def place(job: Job) -> float:
            reports = climbs[job.member.trial].reports
            return reports[-1] if reports else math.inf

        lanes = self._knowledge.cut(by_structure(sorted(jobs, key=place), climbs))
        return sorted(lanes, key=lambda lane: place(lane.jobs[0]))

    def _climb(
        self,
        stage: Stage,
        climbs: dict[int, Climb],
        lanes: list[Lane],
        watch: Watch,
        recorded: frozenset[int],
    ) -> Generator[Climb | None, None, None]:
        """Train a stage. Gives the trials that have ended, and takes them out of those that are on their way."""
        num_folds = max(len(climb.members) for climb in self._climbs.values())
        stage_callbacks, keeps = stage_watch(stage, watch, self._plan, num_folds), self._can_keep(lanes)
        to_come = Counter(job.member.trial for lane in lanes for job in lane.jobs)
        tables = self._knowledge.views.tables(job.member for lane in lanes for job in lane.jobs)
        run = LaneRun(self._workshop, tables, self._knowledge.setting, stage_callbacks, recorded)
        with closing(run.outcomes(lanes, self._turn.age)) as outcomes:
            for outcome in outcomes:
                if outcome is None:
                    yield None
                    continue
                climb = climbs[outcome.job.member.trial]
                climb.take(outcome, keeps)
                to_come[climb.trial] -= 1
                if not to_come[climb.trial] and (climb.has_ended or climb.has_failed):
                    yield climbs.pop(climb.trial)

    def _shortest(self, watch: Watch, recorded: frozenset[int]) -> Generator[Climb | None, None, None]:
        """The cheapest trial after a single epoch on all folds, from its first weights and beyond the time limit."""
        climbs = [climb for climb in self._begun().values() if climb.trial not in recorded]
        if not climbs:
            return
        climb = min(climbs, key=lambda climb: (self._knowledge.capacity(climb.members[0]), climb.trial))
        jobs = [replace(self._knowledge.job(member), num_epochs=1) for member in climb.members]
        lanes = self._knowledge.cut(by_structure(jobs, {climb.trial: climb}))
        [whole], unlimited = stages_of(()), Watch(watch.on_progress, lambda: True)
        with closing(self._climb(whole, {climb.trial: climb}, lanes, unlimited, frozenset())) as ended:
            for shortest in ended:
                for outcome in shortest.outcomes.values() if shortest else ():
                    if isinstance(outcome, Outcome):
                        outcome.cut = True
                yield shortest

    def _can_keep(self, lanes: list[Lane]) -> bool:
        """Whether the networks of a stage fit the memory for those that wait."""
        num_measured = self._knowledge.setting.num_measured
        needed = (
            bytes_waiting(lane.structure, UPDATES[lane.structure.optimizer].num_slots, num_measured)
            for lane in lanes
            for job in lane.jobs
            if job.until
        )
        return sum(needed) <= MOST_BYTES_WAITING

    def _judge(
        self, number: int, rung: Rung, climbs: dict[int, Climb], watch: Watch
    ) -> list[tuple[Climb, str]]:
        """Compare the trials that have come to a rung, and take those out that end there; with the reasons.

        Where time was short, those that have not come so far are not compared, and those that have not begun are left
        out.
        """
        for trial in [trial for trial, climb in climbs.items() if not climb.outcomes]:
            del climbs[trial]
        reports = {}
        for trial, climb in climbs.items():
            report = climb.report(rung, self._plan)
            if report is not None:
                reports[trial] = report
            if not climb.has_failed:
                climb.reports.append(climb.lowest if report is None else report.value)
        return [(climbs.pop(trial), reason) for trial, reason in watch.judge(number, reports).items()]

    def _trial(self, climb: Climb, pruned: str = "") -> Trial:
        return self._results.trial(climb, self._knowledge.capacity(climb.members[0]), pruned)

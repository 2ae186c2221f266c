"""The engine that trains a cohort as populations."""

import itertools
import math
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, suppress
from types import MappingProxyType
from typing import final

import numpy

from automl.data.folds import Fold
from automl.networks.recipe import Recipe
from automl.progress import Progress
from automl.training.backend import Function, on_accelerator
from automl.training.engine import Cohort, Engine, Watch
from automl.training.failures import failures
from automl.training.network import Network
from automl.training.plan import TrainingPlan, TrialFailure
from automl.training.population.catalog import ViewCatalog
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
from automl.training.population.jobs import Broken, Job, Outcome
from automl.training.population.lanes import LaneRun
from automl.training.population.places import Population
from automl.training.population.planner import Known, Lane, Setting, cut_lanes, plan_lanes, structure_of
from automl.training.population.programs import compile_epoch
from automl.training.population.results import Results
from automl.training.population.stacking import own_weights
from automl.training.population.structure import Structure
from automl.training.population.updates import UPDATES
from automl.training.traces import Trace
from automl.training.views import Tables
from automl.trial import Member, Rung, Trial

ACCELERATOR_PLACES = 1024
"""Networks that one program trains at once on an accelerator."""


@final
class PopulationEngine(Engine):
    """Trains members in populations.

    Args:
        plan: What all members of the study share. Each member's network must have a recipe.
        folds: The study's folds.
    """

    def __init__(self, plan: TrainingPlan, folds: tuple[Fold, ...]) -> None:
        self._plan, self._folds = plan, folds
        self._programs: dict[Structure, Function] = {}
        self._known: Known = {}
        self._recipes: dict[object, Recipe | None] = {}
        self._catalog = ViewCatalog(plan, folds)
        self._results = Results(plan, self._catalog)

    @property
    def cohort_size(self) -> int:
        """Enough to fill the programs."""
        return 200

    def train(
        self, cohort: Cohort, watch: Watch, recorded: frozenset[int] = frozenset()
    ) -> Generator[Trial, None, None]:
        """See `Engine.train`."""
        climbs = {own[0].trial: Climb(own) for own in cohort}
        for stage in stages_of(watch.rungs):
            lanes = going_on(self._stage_lanes(stage, climbs, watch.limited), climbs)
            # Up to a rung, recorded trials train too, to be compared with the others, unless time decides anyway.
            if stage.rung is None or watch.limited:
                lanes = unrecorded(lanes, recorded)
            kept_company = recorded if stage.rung is None else frozenset[int]()
            with closing(self._climb(stage, climbs, lanes, watch, kept_company)) as ended:
                yield from (self._trial(climb) for climb in ended if climb.trial not in recorded)
            if stage.rung is not None:
                pruned = self._judge(stage.number, stage.rung, climbs, watch)
                yield from (self._trial(climb, why) for climb, why in pruned if climb.trial not in recorded)
            if watch.is_over:
                break
        begun = [climb for climb in climbs.values() if climb.outcomes and climb.trial not in recorded]
        yield from map(self._trial, begun)

    def _climb(
        self,
        stage: Stage,
        climbs: dict[int, Climb],
        lanes: list[Lane],
        watch: Watch,
        recorded: frozenset[int],
    ) -> Generator[Climb, None, None]:
        """Train a stage. Gives the trials that have ended, and takes them out of those that are on their way."""
        own, keeps = stage_watch(stage, watch, self._plan, len(self._folds)), self._can_keep(lanes)
        to_come = Counter(job.member.trial for lane in lanes for job in lane.jobs)
        with closing(self._outcomes(lanes, own, recorded)) as outcomes:
            for outcome in outcomes:
                climb = climbs[outcome.job.member.trial]
                climb.take(outcome, keeps)
                to_come[climb.trial] -= 1
                if not to_come[climb.trial] and (climb.has_ended or climb.has_failed):
                    yield climbs.pop(climb.trial)

    def _can_keep(self, lanes: list[Lane]) -> bool:
        """Whether the networks of a stage fit the memory for those that wait."""
        num_measured = self._catalog.num_measured
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
        alone = structure_of(self._job(climb.members[0]), self._setting(0, 0), exact=True)
        return self._results.trial(climb, alone.capacity, pruned)

    def replay(
        self, cohort: Cohort, rungs: Sequence[Rung] = (), passed: Mapping[int, int] = MappingProxyType({})
    ) -> None:
        """See `Engine.replay`."""
        climbs = {own[0].trial: Climb(own) for own in cohort}
        for stage in stages_of(rungs):
            self._stage_lanes(stage, climbs)
            climbs = {trial: climb for trial, climb in climbs.items() if passed.get(trial, 0) > stage.number}

    def _stage_lanes(self, stage: Stage, climbs: Mapping[int, Climb], limited: bool = False) -> list[Lane]:
        """The plan for a stage, which is thereby part of the engine's past.

        Where time may end the stage, what costs least begins first, and behind a rung what was best there.
        """
        if stage.earlier is None:
            self._catalog.add([member for climb in climbs.values() for member in climb.members])
        members = (member for climb in climbs.values() for member in climb.members)
        jobs = [job for member in members if (job := stage.job(self._job(member), self._plan)) is not None]
        setting = self._setting(self._catalog.num_rows, self._catalog.num_measured)
        if stage.earlier is None:
            lanes = plan_lanes(jobs, setting, self._known)
            for lane in lanes:
                for job in lane.jobs:
                    climbs[job.member.trial].structure = lane.structure
            return lanes[::-1] if limited else lanes
        if not limited:
            return cut_lanes(by_structure(jobs, climbs), setting, self._known)

        def place(job: Job) -> float:
            reports = climbs[job.member.trial].reports
            return reports[-1] if reports else math.inf

        lanes = cut_lanes(by_structure(sorted(jobs, key=place), climbs), setting, self._known)
        return sorted(lanes, key=lambda lane: place(lane.jobs[0]))

    def trace(
        self, members: Sequence[Member], watch: Watch, recorded: frozenset[int] = frozenset()
    ) -> Generator[Trace, None, None]:
        """See `Engine.trace`."""
        self._catalog.add(members)
        setting = self._setting(self._catalog.num_rows, self._catalog.num_measured)
        planned = plan_lanes(list(map(self._job, members)), setting, self._known)
        lanes = unrecorded(planned[::-1] if watch.limited else planned, recorded)
        with closing(self._outcomes(lanes, watch, recorded)) as outcomes:
            for outcome in outcomes:
                if isinstance(outcome, Broken) or not outcome.cut:
                    yield self._results.trace(outcome)

    def refit(self, member: Member, rows: numpy.ndarray, epochs: int, watch: Watch | None = None) -> Network:
        """See `Engine.refit`."""
        view = self._plan.view(member, Fold(rows, rows[:0], rows[:0]))
        tables, job = Tables([view]), Job(member, self._recipe(member), 0, epochs, 0)
        structure = structure_of(job, self._setting(len(view.rows), tables.num_measured))
        outcome = self._alone(job, structure, tables, watch or Watch(lambda _: None, lambda: True))
        if outcome.diverged or not all(numpy.isfinite(weights).all() for weights in outcome.weights):
            raise TrialFailure("diverged: the refit on all training rows has weights that are not finite")
        model = self._plan.builder.restored(member.hyperparameters, own_weights(job, outcome.weights))
        return Network(model, view.scalings, self._plan.dataset.task, len(outcome.losses))

    def program(self, structure: Structure) -> Function:
        """The program of a structure; one and the same for the engine's life."""
        return self._programs.setdefault(structure, compile_epoch(structure))

    def _alone(self, job: Job, structure: Structure, tables: Tables, watch: Watch) -> Outcome:
        """A member trained by itself, in this thread."""
        what, ended = f"refit of trial {job.member.trial}", list[Outcome]()
        with failures(what):
            population = Population(structure, self.program(structure), tables, 1)
            population.admit([job])
        for epoch in itertools.count(1):
            with failures(what):
                population.run_epoch()
            watch.on_progress(Progress(0, 1, 1, epoch, job.num_epochs))
            ended = population.take_finished(watch.seconds_left())
            if ended:
                break
        return ended[0]

    def _outcomes(
        self, lanes: list[Lane], watch: Watch, recorded: frozenset[int]
    ) -> Generator[Outcome | Broken, None, None]:
        """What becomes of the members of lanes, but of those of the recorded trials."""
        tables = self._catalog.tables(job.member for lane in lanes for job in lane.jobs)
        setting = self._setting(self._catalog.num_rows, self._catalog.num_measured)
        yield from LaneRun(self.program, tables, setting, watch, recorded).outcomes(lanes)

    def _job(self, member: Member) -> Job:
        """Without rows to stop on, or with snapshots, a member trains all its epochs and keeps its last weights."""
        place, epochs = self._catalog.place(member)[1], self._plan.epochs_of(member)
        recipe = self._recipe(member)
        if member.snapshots:
            return Job(member, recipe, place, member.snapshots[-1], 0, epochs)
        stops = len(self._catalog.rows(member).fold.stopping) > 0
        return Job(member, recipe, place, epochs, self._plan.patience_of(member) if stops else 0)

    def takes(self, member: Member) -> bool:
        """Whether it can train a member: a user's builder may give networks that only Keras can train, or raise."""
        return self._known_recipe(member) is not None

    def _recipe(self, member: Member) -> Recipe:
        recipe = self._known_recipe(member)
        assert recipe is not None
        return recipe

    def _known_recipe(self, member: Member) -> Recipe | None:
        """One and the same for all members with equal hyperparameters; a builder is called once for them."""
        key = tuple(sorted(member.hyperparameters.items()))
        if key not in self._recipes:
            self._recipes[key] = None
            with suppress(Exception, SystemExit):
                self._recipes[key] = self._plan.builder.recipe(member.hyperparameters)
        return self._recipes[key]

    def _setting(self, num_rows: int, num_measured: int) -> Setting:
        plan = self._plan
        return Setting(
            loss=plan.loss,
            num_rows=num_rows,
            num_measured=num_measured,
            batch_size=plan.batch_size,
            most_places=ACCELERATOR_PLACES if on_accelerator() else None,
        )

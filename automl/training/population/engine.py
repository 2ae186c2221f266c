"""The engine that trains a cohort as populations."""

import itertools
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import final

import numpy

from automl.data.folds import Fold
from automl.progress import Progress
from automl.training.backend import Function
from automl.training.engine import SECONDS_BETWEEN_LOOKS, Cohort, Engine, FoldNetwork, Watch
from automl.training.failures import failures
from automl.training.network import Network
from automl.training.plan import TrainingPlan, TrialFailure
from automl.training.population.catalog import ViewCatalog
from automl.training.population.climbing import unrecorded
from automl.training.population.cohort import CohortTraining, Turn
from automl.training.population.jobs import Broken, Job, Outcome
from automl.training.population.knowledge import Knowledge, Recipes, copied, setting_of
from automl.training.population.lane_run import LaneRun, Workshop
from automl.training.population.lanes import LanePool
from automl.training.population.places import Population
from automl.training.population.planner import Programs, structure_of
from automl.training.population.programs import compile_epoch
from automl.training.population.results import Results
from automl.training.population.stacking import own_weights
from automl.training.population.structure import Structure
from automl.training.traces import Trace
from automl.training.views import Tables
from automl.trial import Member, Rung


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
        self._known: Programs = {}
        self._recipes = Recipes(plan)
        self._catalog = ViewCatalog(plan, folds)
        self._pool = LanePool()
        self._workshop = Workshop(self._pool, self.program)
        self._num_planned = 0

    @property
    def cohort_size(self) -> int:
        """Enough to fill the programs."""
        return 200

    def plan(self, cohort: Cohort, rungs: Sequence[Rung] = ()) -> CohortTraining:
        """See `Engine.plan`."""
        views = self._catalog.add([member for members in cohort for member in members])
        knowledge = Knowledge(self._plan, self._recipes, views, copied(self._known))
        planned = CohortTraining(
            self._plan, knowledge, self._workshop, cohort, rungs, Turn(self._num_planned, self._learn)
        )
        self._num_planned += 1
        self._learn(knowledge.programs)
        return planned

    def _learn(self, programs: Programs) -> None:
        """Cohorts that are planned from now on may use these programs."""
        for structure, places in programs.items():
            self._known.setdefault(structure, set()).update(places)

    def takes(self, member: Member) -> bool:
        """Whether it can train a member: a user's builder may give networks that only Keras can train, or raise."""
        return self._recipes.find(member) is not None

    def wait(self, seconds: float) -> None:
        """See `Engine.wait`."""
        self._pool.wait(seconds)

    def trace(
        self, members: Sequence[Member], watch: Watch, recorded: frozenset[int] = frozenset()
    ) -> Generator[Trace, None, None]:
        """See `Engine.trace`."""
        knowledge = Knowledge(self._plan, self._recipes, self._catalog.add(members), self._known)
        planned = knowledge.lanes(list(map(knowledge.job, members)))
        lanes = unrecorded(planned[::-1] if watch.limited else planned, recorded)
        tables = knowledge.views.tables(job.member for lane in lanes for job in lane.jobs)
        results = Results(self._plan, knowledge.views, self._workshop.health)
        run = LaneRun(self._workshop, tables, knowledge.setting, watch, recorded)
        with closing(run.outcomes(lanes)) as outcomes:
            for outcome in outcomes:
                if outcome is None:
                    self.wait(SECONDS_BETWEEN_LOOKS)
                elif isinstance(outcome, Broken) or not outcome.cut:
                    yield results.trace(outcome)

    def fold_networks(self, members: Sequence[Member], watch: Watch) -> Generator[FoldNetwork, None, None]:
        """See `Engine.fold_networks`."""
        programs = copied(self._known)  # no part of what later cohorts are planned by
        knowledge = Knowledge(self._plan, self._recipes, self._catalog.add(members), programs)
        lanes = knowledge.few_lanes(list(map(knowledge.job, members)))
        # the first member has the best chance to be whole where the time is short
        lanes.sort(key=lambda lane: all(job.member != members[0] for job in lane.jobs))
        tables = knowledge.views.tables(job.member for lane in lanes for job in lane.jobs)
        results = Results(self._plan, knowledge.views, self._workshop.health)
        run = LaneRun(self._workshop, tables, knowledge.setting, watch, frozenset())
        with closing(run.outcomes(lanes)) as outcomes:
            for outcome in outcomes:
                if outcome is None:
                    self.wait(SECONDS_BETWEEN_LOOKS)
                else:
                    yield results.fold_network(outcome)

    def refits(
        self, members: Sequence[Member], rows: numpy.ndarray, watch: Watch
    ) -> Generator[FoldNetwork, None, None]:
        """See `Engine.refits`; a study whose only fold has these rows, and none to stop on, trains them."""
        fold = Fold(rows, rows[:0], rows[:0])
        yield from PopulationEngine(self._plan, (fold,)).fold_networks(members, watch)

    def refit(self, member: Member, rows: numpy.ndarray, epochs: int, watch: Watch | None = None) -> Network:
        """See `Engine.refit`."""
        view = self._plan.view(member, Fold(rows, rows[:0], rows[:0]))
        tables, job = Tables([view]), Job(member, self._recipes.of(member), 0, epochs, 0)
        structure = structure_of(job, setting_of(self._plan, len(view.rows), tables.num_measured))
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
        task, ended = f"refit of trial {job.member.trial}", list[Outcome]()
        with failures(task):
            population = Population(structure, self.program(structure), tables, 1)
            population.admit([job])
        for epoch in itertools.count(1):
            with failures(task):
                population.run_epoch()
            watch.on_progress(Progress(0, 1, 1, epoch, job.num_epochs))
            ended = population.take_finished(watch.seconds_left())
            if ended:
                break
        return ended[0]

"""The engine that trains a cohort as populations."""

from collections import defaultdict
from collections.abc import Generator, Sequence
from typing import final

import numpy

from automl.data.splits import Fold
from automl.evaluation.metrics import score
from automl.networks.mlp import set_weights
from automl.training.backend import Function, on_accelerator
from automl.training.engine import Cohort, Engine, Watch
from automl.training.lanes import Broken, LaneRun
from automl.training.network import Network, interpret
from automl.training.planner import Known, Setting, plan_lanes, structure_of
from automl.training.population import Job, Outcome, Population
from automl.training.programs import compile_epoch
from automl.training.sequential import TrainingPlan, TrialFailure, check_scores, diverged
from automl.training.stacked import Structure
from automl.training.stacking import own_weights
from automl.training.views import Tables, View
from automl.trial import FoldResult, Member, Trial, TrialState

_ACCELERATOR_PLACES = 1024


@final
class PopulationEngine(Engine):
    """Trains members in populations.

    Args:
        plan: What all members of the study share; the builder must be the one for perceptrons.
        folds: The study's folds.
    """

    def __init__(self, plan: TrainingPlan, folds: tuple[Fold, ...]) -> None:
        self._plan, self._folds = plan, folds
        self._programs: dict[Structure, Function] = {}
        self._known: Known = {}
        self._views: dict[tuple[int, int, float], int] = {}
        self._tables: Tables | None = None

    @property
    def cohort_size(self) -> int:
        """Enough to fill the programs."""
        return 200

    def train(self, cohort: Cohort, watch: Watch) -> Generator[Trial, None, None]:
        """See `Engine.train`."""
        tables, jobs = self._prepare([member for members in cohort for member in members])
        setting = self._setting(tables)
        run = LaneRun(self.program, tables, setting, watch)
        members = {own[0].trial: own for own in cohort}
        ended: dict[int, list[Outcome | Broken]] = defaultdict(list)
        for outcome in run.outcomes(plan_lanes(jobs, setting, self._known)):
            trial = outcome.job.member.trial
            ended[trial].append(outcome)
            if len(ended[trial]) == len(members[trial]):
                yield self._trial(members[trial][0], ended.pop(trial), tables)

    def refit(self, member: Member, rows: numpy.ndarray, epochs: int) -> Network:
        """See `Engine.refit`."""
        view = self._plan.view(member, Fold(rows, rows[:0], rows[:0]))
        tables = Tables([view])
        job = Job(member, 0, epochs, 0)
        structure = structure_of(job, self._setting(tables))
        population = Population(structure, self.program(structure), tables, 2)
        population.admit([job])
        while not (ended := population.take_finished()):
            population.run_epoch()
        if ended[0].diverged or not all(numpy.isfinite(weights).all() for weights in ended[0].weights):
            raise TrialFailure("diverged: the refit on all training rows has weights that are not finite")
        model = self._plan.builder.build(member.hyperparameters, member.seed("weights"))
        set_weights(model, own_weights(structure, member, ended[0].weights))
        return Network(model, view.scalings, self._plan.dataset.task)

    def program(self, structure: Structure) -> Function:
        """The program of a structure; one and the same for the engine's life."""
        return self._programs.setdefault(structure, compile_epoch(structure))

    def _prepare(self, members: Sequence[Member]) -> tuple[Tables, list[Job]]:
        """The views of all members that have been met, and these members' jobs."""
        keys = [(member.fold, member.resample, member.share) for member in members]
        views: list[View] = list(self._tables.views) if self._tables else []
        for key, member in zip(keys, members, strict=True):
            if key not in self._views:
                self._views[key] = len(views)
                views.append(self._plan.view(member, self._folds[member.fold]))
        if self._tables is None or len(views) > len(self._tables.views):
            self._tables = Tables(views)
        return self._tables, [
            self._job(member, self._views[key]) for key, member in zip(keys, members, strict=True)
        ]

    def _job(self, member: Member, view: int) -> Job:
        """Without rows to stop on, a member trains all epochs and keeps its last weights."""
        assert self._tables is not None
        training = self._plan.training
        stops = len(self._tables.views[view].fold.stopping) > 0
        return Job(member, view, training.epochs, training.patience if stops else 0)

    def _setting(self, tables: Tables) -> Setting:
        dataset = self._plan.dataset
        return Setting(
            num_features=dataset.features.shape[1],
            num_outputs=dataset.num_outputs,
            loss=self._plan.loss,
            num_rows=max(len(view.rows) for view in tables.views),
            num_measured=tables.num_measured,
            batch_size=self._plan.training.batch_size,
            most_places=_ACCELERATOR_PLACES if on_accelerator() else None,
        )

    def _trial(self, first: Member, outcomes: Sequence[Outcome | Broken], tables: Tables) -> Trial:
        """A trial from what became of its members."""
        results: list[FoldResult] = []
        reason = ""
        try:
            for outcome in sorted(outcomes, key=lambda outcome: outcome.job.member.fold):
                results.append(self._fold_result(outcome, tables))
        except TrialFailure as failure:
            reason = str(failure)
        alone = structure_of(Job(first, 0, 1, 0), self._setting(tables), exact=True)
        return Trial(
            number=first.trial,
            hyperparameters=first.hyperparameters,
            state=TrialState.FAILED if reason else TrialState.COMPLETE,
            folds=tuple(results),
            capacity=alone.capacity,
            seconds=sum(outcome.seconds for outcome in outcomes if isinstance(outcome, Outcome)),
            reason=reason,
        )

    def _fold_result(self, outcome: Outcome | Broken, tables: Tables) -> FoldResult:
        if isinstance(outcome, Broken):
            raise TrialFailure(outcome.reason)
        member, view = outcome.job.member, tables.views[outcome.job.view]
        if outcome.diverged:
            raise diverged(member, len(outcome.losses))
        dataset = self._plan.dataset
        predictions = interpret(outcome.predictions, dataset.task, view.scalings)
        training_scores, scores = (
            score(self._plan.metrics, dataset.target[rows], predictions[view.places(rows)])
            for rows in (view.measured, view.fold.validation)
        )
        check_scores(member, scores)
        training_loss, stopping_loss, validation_loss = (tuple(part.tolist()) for part in outcome.losses.T)
        return FoldResult(
            fold=member.fold,
            training_loss=training_loss,
            stopping_loss=stopping_loss,
            validation_loss=validation_loss,
            best_epoch=outcome.best_epoch,
            scores=scores,
            training_scores=training_scores,
            seconds=outcome.seconds,
        )

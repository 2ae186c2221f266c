"""The engine that trains a cohort as populations."""

from collections import defaultdict
from collections.abc import Generator, Sequence
from typing import final

import numpy
from keras import ops

from automl.data.encodings import ENCODINGS
from automl.data.splits import Fold
from automl.evaluation.metrics import score
from automl.networks.mlp import set_weights
from automl.training.backend import Function, on_accelerator
from automl.training.engine import Cohort, Engine, Watch
from automl.training.health import MOST_ROWS, perceptron_health
from automl.training.lanes import Broken, LaneRun
from automl.training.network import Network, interpret
from automl.training.planner import Known, Setting, plan_lanes, structure_of
from automl.training.population import Job, Outcome, Population
from automl.training.programs import compile_epoch
from automl.training.sequential import TrainingPlan, TrialFailure, check_scores, diverged
from automl.training.stacked import Structure
from automl.training.stacking import own_weights
from automl.training.traces import Trace, make_trace
from automl.training.views import Tables, View
from automl.trial import FoldResult, Health, Member, Trial, TrialState

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
        self._views: dict[tuple[object, ...], tuple[int, int]] = {}
        self._tables: dict[int, Tables] = {}

    @property
    def cohort_size(self) -> int:
        """Enough to fill the programs."""
        return 200

    def train(self, cohort: Cohort, watch: Watch) -> Generator[Trial, None, None]:
        """See `Engine.train`."""
        jobs = self._prepare([member for members in cohort for member in members])
        setting = self._setting(list(self._tables.values()))
        run = LaneRun(self.program, self._tables, setting, watch)
        members = {own[0].trial: own for own in cohort}
        ended: dict[int, list[Outcome | Broken]] = defaultdict(list)
        for outcome in run.outcomes(plan_lanes(jobs, setting, self._known)):
            trial = outcome.job.member.trial
            ended[trial].append(outcome)
            if len(ended[trial]) == len(members[trial]):
                yield self._trial(members[trial][0], ended.pop(trial), setting)

    def trace(self, members: Sequence[Member], watch: Watch) -> Generator[Trace, None, None]:
        """See `Engine.trace`."""
        jobs = self._prepare(members)
        setting = self._setting(list(self._tables.values()))
        run = LaneRun(self.program, self._tables, setting, watch)
        for outcome in run.outcomes(plan_lanes(jobs, setting, self._known)):
            yield self._trace(outcome)

    def refit(self, member: Member, rows: numpy.ndarray, epochs: int) -> Network:
        """See `Engine.refit`."""
        view = self._plan.view(member, Fold(rows, rows[:0], rows[:0]))
        tables = Tables([view])
        job = Job(member, 0, epochs, 0)
        structure = structure_of(job, self._setting([tables]))
        population = Population(structure, self.program(structure), tables, 1)
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

    def _prepare(self, members: Sequence[Member]) -> list[Job]:
        """These members' jobs; their views are made where they are new."""
        new: dict[int, list[View]] = defaultdict(list)
        for member in members:
            key = self._key(member)
            if key in self._views:
                continue
            view = self._plan.view(member, self._folds[member.fold])
            width = view.inputs.shape[1]
            earlier = len(self._tables[width].views) if width in self._tables else 0
            self._views[key] = width, earlier + len(new[width])
            new[width].append(view)
        for width, views in new.items():
            self._tables[width] = Tables(views, self._tables.get(width))
        return [self._job(member) for member in members]

    def _key(self, member: Member) -> tuple[object, ...]:
        """What the view of a member depends on."""
        treatment = [member.hyperparameters.get(name) for name in ("numeric_encoding", "target_transform")]
        return member.fold, member.resample, member.share, *treatment

    def _view(self, member: Member) -> View:
        width, place = self._views[self._key(member)]
        return self._tables[width].views[place]

    def _job(self, member: Member) -> Job:
        """Without rows to stop on, or with snapshots, a member trains all its epochs and keeps its last weights."""
        place, epochs = self._views[self._key(member)][1], self._plan.epochs
        if member.snapshots:
            return Job(member, place, member.snapshots[-1], 0, epochs)
        stops = len(self._view(member).fold.stopping) > 0
        return Job(member, place, epochs, self._plan.training.patience if stops else 0)

    def _setting(self, tables: Sequence[Tables]) -> Setting:
        plan = self._plan
        return Setting(
            num_inputs={name: plan.layout.num_inputs(name) for name in ENCODINGS},
            num_outputs=plan.dataset.num_outputs,
            loss=plan.loss,
            num_rows=max(len(view.rows) for one in tables for view in one.views),
            num_measured=max(one.num_measured for one in tables),
            batch_size=plan.batch_size,
            most_places=_ACCELERATOR_PLACES if on_accelerator() else None,
            embedded=plan.layout.embedded,
        )

    def _trial(self, first: Member, outcomes: Sequence[Outcome | Broken], setting: Setting) -> Trial:
        """A trial from what became of its members."""
        results: list[FoldResult] = []
        reason = ""
        try:
            for outcome in sorted(outcomes, key=lambda outcome: outcome.job.member.fold):
                results.append(self._fold_result(outcome))
        except TrialFailure as failure:
            reason = str(failure)
        alone = structure_of(Job(first, 0, 1, 0), setting, exact=True)
        return Trial(
            number=first.trial,
            hyperparameters=first.hyperparameters,
            state=TrialState.FAILED if reason else TrialState.COMPLETE,
            folds=tuple(results),
            capacity=alone.capacity,
            seconds=sum(outcome.seconds for outcome in outcomes if isinstance(outcome, Outcome)),
            reason=reason,
        )

    def _trace(self, outcome: Outcome | Broken) -> Trace:
        member = outcome.job.member
        if isinstance(outcome, Broken):
            return make_trace(self._plan, member, self._view(member), [], outcome.reason)
        failed = "diverged" if outcome.diverged else ""
        return make_trace(self._plan, member, self._view(member), outcome.snapshots, failed)

    def _fold_result(self, outcome: Outcome | Broken) -> FoldResult:
        if isinstance(outcome, Broken):
            raise TrialFailure(outcome.reason)
        member = outcome.job.member
        view = self._view(member)
        if outcome.diverged:
            raise diverged(member, len(outcome.losses))
        dataset = self._plan.dataset
        predictions = interpret(outcome.predictions, dataset.task, view.scalings)
        validation = predictions[view.places(view.fold.validation)].astype(numpy.float32)
        measured, validation = view.places(view.measured), view.places(view.fold.validation)
        training_scores, scores = (
            score(
                self._plan.metrics,
                dataset.target[view.rows[places]],
                predictions[places],
                view.sample_weights[places],
            )
            for places in (measured, validation)
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
            predictions=predictions[validation].astype(numpy.float32),
            health=self._health(outcome) if member.fold == 0 else None,
        )

    def _health(self, outcome: Outcome) -> Health:
        member = outcome.job.member
        width, place = self._views[self._key(member)]
        arrays = self._tables[width].arrays
        view = self._tables[width].views[place]
        some = view.places(view.measured[:MOST_ROWS]) + place * arrays["inputs"].shape[1]
        inputs, targets = (
            ops.take(ops.reshape(arrays[name], (-1, arrays[name].shape[2])), some, axis=0)
            for name in ("inputs", "targets")
        )
        return perceptron_health(outcome.structure, member, outcome.weights, (inputs, targets))

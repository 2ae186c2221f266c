"""The engine that trains a cohort as populations."""

import itertools
from collections import defaultdict
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import final

import numpy
from keras import ops

from automl.data.features.encodings import ENCODINGS
from automl.data.splits import Fold
from automl.evaluation.metrics import fold_counts, score
from automl.networks.mlp import set_weights
from automl.training.backend import Function, on_accelerator
from automl.training.catalog import ViewCatalog
from automl.training.engine import Cohort, Engine, Watch
from automl.training.health import MOST_ROWS, perceptron_health
from automl.training.lanes import Broken, LaneRun
from automl.training.network import Network, interpret
from automl.training.planner import Known, Lane, Setting, plan_lanes, structure_of
from automl.training.population import Job, Outcome, Population
from automl.training.programs import compile_epoch
from automl.training.sequential import TrainingPlan, TrialFailure, check_scores, diverged
from automl.training.stacked import Structure
from automl.training.stacking import own_weights
from automl.training.traces import Trace, make_trace
from automl.training.trials import OUT_OF_TIME, failures
from automl.training.views import Tables
from automl.trial import FoldResult, Health, Member, Progress, Trial, TrialState

ACCELERATOR_PLACES = 1024
"""Networks that one program trains at once on an accelerator."""


@final
class PopulationEngine(Engine):
    """Trains members in populations.

    Args:
        plan: What all members of the study share; the builder must be the one for perceptrons.
        folds: The study's folds.
    """

    def __init__(self, plan: TrainingPlan, folds: tuple[Fold, ...]) -> None:
        self._plan = plan
        self._programs: dict[Structure, Function] = {}
        self._known: Known = {}
        self._catalog = ViewCatalog(plan, folds)

    @property
    def cohort_size(self) -> int:
        """Enough to fill the programs."""
        return 200

    def train(
        self, cohort: Cohort, watch: Watch, recorded: frozenset[int] = frozenset()
    ) -> Generator[Trial, None, None]:
        """See `Engine.train`."""
        members = {own[0].trial: own for own in cohort}
        ended: dict[int, list[Outcome | Broken]] = defaultdict(list)
        with closing(self._outcomes(_members(cohort), watch, recorded)) as outcomes:
            for outcome in outcomes:
                trial = outcome.job.member.trial
                ended[trial].append(outcome)
                if len(ended[trial]) == len(members[trial]):
                    yield self._trial(members[trial][0], ended.pop(trial))
        for trial, some in ended.items():
            yield self._trial(members[trial][0], some, OUT_OF_TIME)

    def replay(self, cohort: Cohort) -> None:
        """See `Engine.replay`."""
        self._lanes(_members(cohort))

    def trace(
        self, members: Sequence[Member], watch: Watch, recorded: frozenset[int] = frozenset()
    ) -> Generator[Trace, None, None]:
        """See `Engine.trace`."""
        with closing(self._outcomes(members, watch, recorded)) as outcomes:
            for outcome in outcomes:
                if isinstance(outcome, Broken) or not outcome.cut:
                    yield self._trace(outcome)

    def refit(self, member: Member, rows: numpy.ndarray, epochs: int, watch: Watch | None = None) -> Network:
        """See `Engine.refit`."""
        view = self._plan.view(member, Fold(rows, rows[:0], rows[:0]))
        tables, job = Tables([view]), Job(member, 0, epochs, 0)
        structure = structure_of(job, self._setting(len(view.rows), tables.num_measured))
        outcome = self._alone(job, structure, tables, watch or Watch(lambda _: None, lambda: True))
        if outcome.diverged or not all(numpy.isfinite(weights).all() for weights in outcome.weights):
            raise TrialFailure("diverged: the refit on all training rows has weights that are not finite")
        model = self._plan.builder.build(member.hyperparameters, member.seed("weights"))
        set_weights(model, own_weights(structure, member, outcome.weights))
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

    def _lanes(self, members: Sequence[Member]) -> tuple[list[Lane], Setting]:
        """The plan for a cohort, which is thereby part of the engine's past."""
        self._catalog.add(members)
        setting = self._setting(self._catalog.num_rows, self._catalog.num_measured)
        return plan_lanes(list(map(self._job, members)), setting, self._known), setting

    def _outcomes(
        self, members: Sequence[Member], watch: Watch, recorded: frozenset[int]
    ) -> Generator[Outcome | Broken, None, None]:
        """What becomes of the members of a cohort, but of those of the recorded trials."""
        planned, setting = self._lanes(members)
        lanes = [lane for lane in planned if any(job.member.trial not in recorded for job in lane.jobs)]
        tables = self._catalog.tables(job.member for lane in lanes for job in lane.jobs)
        yield from LaneRun(self.program, tables, setting, watch, recorded).outcomes(lanes)

    def _job(self, member: Member) -> Job:
        """Without rows to stop on, or with snapshots, a member trains all its epochs and keeps its last weights."""
        place, epochs = self._catalog.place(member)[1], self._plan.epochs_of(member)
        if member.snapshots:
            return Job(member, place, member.snapshots[-1], 0, epochs)
        stops = len(self._catalog.rows(member).fold.stopping) > 0
        return Job(member, place, epochs, self._plan.patience_of(member) if stops else 0)

    def _setting(self, num_rows: int, num_measured: int) -> Setting:
        plan = self._plan
        return Setting(
            num_inputs={name: plan.layout.num_inputs(name) for name in ENCODINGS},
            num_outputs=plan.dataset.num_outputs,
            loss=plan.loss,
            num_rows=num_rows,
            num_measured=num_measured,
            batch_size=plan.batch_size,
            most_places=ACCELERATOR_PLACES if on_accelerator() else None,
            embedded=plan.layout.embedded,
        )

    def _trial(self, first: Member, outcomes: Sequence[Outcome | Broken], incomplete: str = "") -> Trial:
        """A trial from what became of its members; `incomplete` says why it has no others."""
        results: list[FoldResult] = []
        reason = incomplete
        try:
            for outcome in sorted(outcomes, key=lambda outcome: outcome.job.member.fold):
                results.append(self._fold_result(outcome))
        except TrialFailure as failure:
            reason = str(failure)
        alone = structure_of(Job(first, 0, 1, 0), self._setting(0, 0), exact=True)
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
            return make_trace(self._plan, member, self._catalog.view(member), [], outcome.reason)
        failed = "diverged" if outcome.diverged else ""
        return make_trace(self._plan, member, self._catalog.view(member), outcome.snapshots, failed)

    def _fold_result(self, outcome: Outcome | Broken) -> FoldResult:
        if isinstance(outcome, Broken):
            raise TrialFailure(outcome.reason)
        member = outcome.job.member
        view = self._catalog.view(member)
        if outcome.diverged:
            raise diverged(member, len(outcome.losses))
        dataset = self._plan.dataset
        predictions = interpret(outcome.predictions, dataset.task, view.scalings)
        measured, validation = view.places(view.measured), view.places(view.fold.validation)
        scored, trained = (
            (
                self._plan.metrics,
                dataset.target[view.rows[places]],
                predictions[places],
                view.sample_weights[places],
                self._plan.known,
            )
            for places in (validation, measured)
        )
        scores = score(*scored)
        check_scores(member, scores, self._plan.known, scored[1:4])
        training_loss, stopping_loss, validation_loss = (tuple(part.tolist()) for part in outcome.losses.T)
        return FoldResult(
            fold=member.fold,
            training_loss=training_loss,
            stopping_loss=stopping_loss,
            validation_loss=validation_loss,
            best_epoch=outcome.best_epoch,
            scores=scores,
            training_scores=score(*trained),
            seconds=outcome.seconds,
            predictions=predictions[validation].astype(numpy.float32),
            health=self._health(outcome) if member.fold == 0 else None,
            cut=outcome.cut,
            counts=fold_counts(*scored),
        )

    def _health(self, outcome: Outcome) -> Health:
        member = outcome.job.member
        width, place = self._catalog.place(member)
        arrays, view = self._catalog.table(width).arrays, self._catalog.view(member)
        some = view.places(view.measured[:MOST_ROWS]) + place * arrays["inputs"].shape[1]
        inputs, targets = (
            ops.take(ops.reshape(arrays[name], (-1, arrays[name].shape[2])), some, axis=0)
            for name in ("inputs", "targets")
        )
        return perceptron_health(outcome.structure, member, outcome.weights, (inputs, targets))


def _members(cohort: Cohort) -> list[Member]:
    return [member for members in cohort for member in members]

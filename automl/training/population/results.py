"""Trials and traces from what has become of their members in a population."""

from dataclasses import dataclass
from typing import final

import numpy
from keras import ops

from automl.evaluation.fold_counts import fold_counts
from automl.evaluation.metrics import score
from automl.training.backend import on_host
from automl.training.engine import FoldNetwork
from automl.training.failures import OUT_OF_TIME
from automl.training.health import MOST_ROWS
from automl.training.network import Network, interpret
from automl.training.plan import TrainingPlan, TrialFailure, check_scores, diverged
from automl.training.population.catalog import Views
from automl.training.population.climbing import Climb
from automl.training.population.health import HealthPrograms, Rows
from automl.training.population.jobs import Broken, Outcome
from automl.training.population.stacking import own_weights
from automl.training.rungs import scale_of
from automl.training.traces import Trace, make_trace
from automl.training.views import View
from automl.trial import FoldResult, Health, Member, Trial, TrialState


@dataclass(frozen=True, slots=True)
class _Scored:
    """Rows that are scored: where they stand in a view, what is true of them, and how much they count."""

    places: numpy.ndarray
    target: numpy.ndarray
    weights: numpy.ndarray


@final
class Results:
    """Scores what members predicted.

    Args:
        plan: What all members of the study share.
        views: What they were trained on.
        programs: Those that find gradients by layer.
    """

    def __init__(self, plan: TrainingPlan, views: Views, programs: HealthPrograms) -> None:
        self._plan, self._views, self._programs = plan, views, programs
        self._scored: dict[tuple[object, ...], tuple[_Scored, _Scored]] = {}
        self._health_rows: dict[tuple[int, int], Rows] = {}

    def trial(self, climb: Climb, capacity: int, pruned: str = "") -> Trial:
        """A trial from what has become of its members; FAILED where one of them diverged, raised, or did not begin.

        Args:
            climb: The trial.
            capacity: Number of its trainable weights.
            pruned: Why it ends at a rung, where it does.
        """
        results: list[FoldResult] = []
        reason = "" if pruned or len(climb.outcomes) == len(climb.members) else OUT_OF_TIME
        outcomes = [climb.outcomes[fold] for fold in sorted(climb.outcomes)]
        try:
            for outcome in outcomes:
                results.append(self._fold_result(outcome, cut=not pruned))
        except TrialFailure as failure:
            reason = str(failure)
        state = TrialState.FAILED if reason else TrialState.PRUNED if pruned else TrialState.COMPLETE
        return Trial(
            number=climb.trial,
            hyperparameters=climb.members[0].hyperparameters,
            state=state,
            folds=tuple(results),
            capacity=capacity,
            seconds=sum(outcome.seconds for outcome in outcomes if isinstance(outcome, Outcome)),
            reason=reason or pruned,
            reports=tuple(climb.reports),
            scale=scale_of(climb.members[0]) if climb.reports else "",
        )

    def trace(self, outcome: Outcome | Broken) -> Trace:
        """What a member predicted at its snapshots."""
        member = outcome.job.member
        view = self._views.view(member)
        if isinstance(outcome, Broken):
            return make_trace(self._plan, member, view, [], outcome.reason)
        return make_trace(self._plan, member, view, outcome.snapshots, "diverged" if outcome.diverged else "")

    def fold_network(self, outcome: Outcome | Broken) -> FoldNetwork:
        """The network of a member with its kept weights.

        Raises:
            TrialFailure: It diverged or raised.
        """
        if isinstance(outcome, Broken):
            raise TrialFailure(outcome.reason)
        job, member = outcome.job, outcome.job.member
        if outcome.diverged or not all(numpy.isfinite(weights).all() for weights in outcome.weights):
            raise diverged(member, len(outcome.losses))
        model = self._plan.builder.restored(member.hyperparameters, own_weights(job, outcome.weights))
        scalings = self._views.view(member).scalings
        return FoldNetwork(
            member, Network(model, scalings, self._plan.dataset.task, len(outcome.losses)), outcome.cut
        )

    def _fold_result(self, outcome: Outcome | Broken, cut: bool) -> FoldResult:
        """Scores of a member; one that waits at a rung is `cut` where it would have gone on."""
        if isinstance(outcome, Broken):
            raise TrialFailure(outcome.reason)
        member = outcome.job.member
        view = self._views.view(member)
        if outcome.diverged:
            raise diverged(member, len(outcome.losses))
        dataset = self._plan.dataset
        predictions = interpret(outcome.predictions, dataset.task, view.scalings)
        validation, measured = self._scored_rows(member, view)
        scored, trained = (
            (
                self._plan.metrics,
                part.target,
                predictions.take(part.places, axis=0),
                part.weights,
                self._plan.metric_table,
            )
            for part in (validation, measured)
        )
        scores = score(*scored)
        check_scores(member, scores, self._plan.metric_table, scored[1:4])
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
            predictions=scored[2].astype(numpy.float32),
            health=self._health(outcome) if member.fold == 0 and outcome.weights else None,
            cut=outcome.cut or (outcome.waits and cut),
            counts=fold_counts(*scored),
        )

    def _scored_rows(self, member: Member, view: View) -> tuple[_Scored, _Scored]:
        """Validation rows, and fit rows that stand for all of them: the same for all encodings and transforms."""
        key = member.fold, member.resample, member.share
        if key not in self._scored:
            validation, measured = (
                _Scored(
                    positions, self._plan.dataset.target[view.rows[positions]], view.sample_weights[positions]
                )
                for positions in map(view.places, (view.fold.validation, view.measured))
            )
            self._scored[key] = validation, measured
        return self._scored[key]

    def _health(self, outcome: Outcome) -> Health:
        rows = self._rows(outcome.job.member)
        with on_host():
            return self._programs.health(outcome.structure, outcome.job, outcome.weights, rows)

    def _rows(self, member: Member) -> Rows:
        """The rows that the health of members of one view is found on; they are read from the device once."""
        key = width, view_number = self._views.place(member)
        if key not in self._health_rows:
            arrays, view = self._views.table(width).arrays, self._views.view(member)
            some = view.places(view.measured[:MOST_ROWS]) + view_number * arrays["inputs"].shape[1]
            inputs, targets = (
                ops.convert_to_numpy(
                    ops.take(ops.reshape(arrays[name], (-1, arrays[name].shape[2])), some, axis=0)
                )
                for name in ("inputs", "targets")
            )
            self._health_rows[key] = inputs, targets
        return self._health_rows[key]

"""Trials and traces from what has become of their members in a population."""

from typing import final

import numpy
from keras import ops

from automl.evaluation.metrics import fold_counts, score
from automl.training.backend import on_host
from automl.training.failures import OUT_OF_TIME
from automl.training.health import MOST_ROWS
from automl.training.network import interpret
from automl.training.plan import TrainingPlan, TrialFailure, check_scores, diverged
from automl.training.population.catalog import ViewCatalog
from automl.training.population.climbing import Climb
from automl.training.population.health import member_health
from automl.training.population.jobs import Broken, Outcome
from automl.training.rungs import scale_of
from automl.training.traces import Trace, make_trace
from automl.trial import FoldResult, Health, Trial, TrialState


@final
class Results:
    """Scores what members predicted.

    Args:
        plan: What all members of the study share.
        catalog: The views that they were trained on.
    """

    def __init__(self, plan: TrainingPlan, catalog: ViewCatalog) -> None:
        self._plan, self._catalog = plan, catalog

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
        view = self._catalog.view(member)
        if isinstance(outcome, Broken):
            return make_trace(self._plan, member, view, [], outcome.reason)
        return make_trace(self._plan, member, view, outcome.snapshots, "diverged" if outcome.diverged else "")

    def _fold_result(self, outcome: Outcome | Broken, cut: bool) -> FoldResult:
        """Scores of a member; one that waits at a rung is `cut` where it would have gone on."""
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
            health=self._health(outcome) if member.fold == 0 and outcome.weights else None,
            cut=outcome.cut or (outcome.waits and cut),
            counts=fold_counts(*scored),
        )

    def _health(self, outcome: Outcome) -> Health:
        member = outcome.job.member
        width, place = self._catalog.place(member)
        arrays, view = self._catalog.table(width).arrays, self._catalog.view(member)
        some = view.places(view.measured[:MOST_ROWS]) + place * arrays["inputs"].shape[1]
        inputs, targets = (
            ops.convert_to_numpy(
                ops.take(ops.reshape(arrays[name], (-1, arrays[name].shape[2])), some, axis=0)
            )
            for name in ("inputs", "targets")
        )
        with on_host():
            return member_health(outcome.structure, outcome.job, outcome.weights, (inputs, targets))

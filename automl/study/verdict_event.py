"""What is recorded of a verdict."""

from dataclasses import astuple, replace

from automl.evaluation.ensemble_verdict import named
from automl.evaluation.resampling import Estimate
from automl.evaluation.verdict import Verdict
from automl.records.outcomes import VerdictReached


def verdict_event(verdict: Verdict) -> VerdictReached:
    """The event of a verdict."""

    def values(estimate: Estimate | None) -> tuple[float, ...] | None:
        return None if estimate is None else astuple(estimate)

    ensemble = verdict.ensemble
    recorded = VerdictReached(
        trial=verdict.trial.number,
        rows=tuple(verdict.rows()),
        sentences=tuple(verdict.sentences()),
        baselines=dict(verdict.baselines),
        corrected=values(verdict.corrected),
        test=values(verdict.test),
        threshold=verdict.threshold,
        num_trials=verdict.num_trials,
        differences={name: astuple(difference) for name, difference in verdict.differences.items()},
        baseline_losses=dict(verdict.baseline_losses),
        scores={name: astuple(estimate) for name, estimate in verdict.scores.items()},
        between={
            name: {other: astuple(difference) for other, difference in others.items()}
            for name, others in verdict.between.items()
        },
        num_units=verdict.num_units,
        unit=verdict.unit,
        settings=dict(verdict.settings),
    )
    if ensemble is None:
        return recorded
    return replace(
        recorded,
        ensemble=named(ensemble.weights),
        ensemble_score=ensemble.score,
        ensemble_corrected=values(ensemble.corrected),
        ensemble_test=values(ensemble.test),
        ensemble_threshold=ensemble.threshold,
        ensemble_temperature=ensemble.temperature,
    )

"""The score to expect of an ensemble: chosen anew, with its weights, in every resample of the rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from automl.ensembles.selection import STEPS, Array, blend, most_candidates, ranked, select
from automl.ensembles.temperature import at_temperature
from automl.evaluation.correction import corrected_models
from automl.evaluation.fold_scores import fold_scores
from automl.evaluation.metrics import Metric
from automl.evaluation.resampling import Draw, Estimate, ScoredRows

_MOST_CELLS = 1_500_000_000
"""Cells of predictions that the choices in all resamples may look at: some 15 s on a core."""

MOST_RESAMPLES, FEWEST_RESAMPLES = 200, 100
"""With fewer there is no corrected score: the ends of its interval would be those of a few resamples."""


@dataclass(frozen=True, slots=True)
class Chooser:
    """The choice of an ensemble, on all rows or on those of a resample.

    Attributes:
        metric: The metric.
        rows: The rows, with the folds that scored them.
        steps: Trials that are taken.
    """

    metric: Metric
    rows: ScoredRows
    steps: int = STEPS

    def scores(self, predictions: Sequence[Array], counts: Array) -> Array:
        """Mean scores over the folds where each row counts so often, (trial,)."""
        return numpy.asarray(fold_scores(self.metric, self.rows, predictions).means(counts[None])[0])

    def weights(self, predictions: Sequence[Array], counts: Array) -> dict[int, float]:
        """Weights by place of the trial, chosen among the best on these rows."""
        alone = self.scores(predictions, counts)
        best = ranked(alone, self.metric.direction)[: most_candidates(len(self.rows.target))]
        some = [predictions[place] for place in best]
        chosen = select(some, lambda means: self.scores(means, counts), self.metric.direction, self.steps)
        return {best[place]: weight for place, weight in chosen.weights.items()}


def corrected_ensemble(
    chooser: Chooser, predictions: Sequence[Array], seed: int, tuned: bool = False, temperature: float = 1.0
) -> Estimate | None:
    """The score to expect of the ensemble of these trials.

    As `corrected_score` has it of the best trial: in every resample the whole choice is made on the rows that were
    drawn, and its ensemble is scored on the others.

    Args:
        chooser: The choice.
        predictions: Out-of-fold predictions of every trial.
        seed: Of the resamples.
        tuned: Whether the threshold is tuned too.
        temperature: Of the ensemble. It is not fitted again: a single number gains about 1 / rows by chance.

    Returns:
        None where it would take too long.
    """
    num_candidates = min(len(predictions), most_candidates(len(chooser.rows.target)))
    cells = chooser.steps * num_candidates * predictions[0].size
    num_resamples = min(MOST_RESAMPLES, _MOST_CELLS // cells)
    if num_resamples < FEWEST_RESAMPLES:
        return None
    draw = Draw(chooser.rows, num_resamples, seed)
    places: dict[tuple[tuple[int, float], ...], int] = {}
    chosen = []
    for some in draw.counts():
        for counts in some:
            weights = chooser.weights(predictions, counts)
            chosen.append(places.setdefault(tuple(sorted(weights.items())), len(places)))
    models = [at_temperature(blend(predictions, dict(weights)), temperature) for weights in places]
    return corrected_models(chooser.metric, draw, models, numpy.array(chosen), tuned)

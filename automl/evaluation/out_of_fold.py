"""Out-of-fold predictions: what each trial said of rows that it had not seen."""

from typing import final

import numpy

from automl.trial import Objective, Trial, TrialState

MOST_BYTES = 1 << 30
"""Predictions of all trials that are kept in memory; beyond, those of the worst trials go."""


@final
class OutOfFold:
    """Out-of-fold predictions of completed trials. Of repeated folds, those of the first round.

    Args:
        validation: Row numbers of the validation rows of each fold.
        objective: What ranks the trials.
    """

    def __init__(self, validation: list[numpy.ndarray], objective: Objective) -> None:
        together = numpy.concatenate(validation)
        self.rows, self._first = numpy.unique(together, return_index=True)
        self._objective = objective
        self._kept: dict[int, tuple[Trial, numpy.ndarray]] = {}

    def add(self, trial: Trial) -> None:
        """Keep the predictions of a trial, if it has completed."""
        parts = [fold.predictions for fold in trial.folds if fold.predictions is not None]
        if trial.state is not TrialState.COMPLETE or len(parts) < len(trial.folds):
            return
        predictions = numpy.concatenate(parts)[self._first]
        self._kept[trial.number] = trial.without_predictions(), predictions
        if len(self._kept) > 2 and len(self._kept) * predictions.nbytes > MOST_BYTES:
            ranked = self._objective.rank([light for light, _ in self._kept.values()])
            del self._kept[ranked[-1].number]

    def of(self, number: int) -> numpy.ndarray | None:
        """Predictions of one trial for `rows`, float32; None when they are not kept."""
        return self._kept[number][1] if number in self._kept else None

    def all(self) -> list[numpy.ndarray]:
        """Predictions of every trial that is kept, by number."""
        return [self._kept[number][1] for number in sorted(self._kept)]

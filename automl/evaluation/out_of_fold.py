"""Out-of-fold predictions: what each trial said of rows that it had not seen."""

from typing import final

import numpy

from automl.trial import Trial, TrialState, derive_seed

MOST_ROWS = 200_000
"""Of larger tables, the predictions of a sample of the rows are kept, the same rows for all trials."""


@final
class OutOfFold:
    """Which predictions of a trial are kept, and how. Of repeated folds, those of the first round.

    Args:
        validation: Row numbers of the validation rows of each fold.
        num_classes: Number of classes; 0 for a regression.
        seed: Of the study; draws the sample of the rows of a large table.
        most_rows: Rows at most.
    """

    def __init__(
        self, validation: list[numpy.ndarray], num_classes: int, seed: int, most_rows: int = MOST_ROWS
    ) -> None:
        self.rows, self._first = numpy.unique(numpy.concatenate(validation), return_index=True)
        self._num_classes = num_classes
        if len(self.rows) > most_rows:
            generator = numpy.random.default_rng(derive_seed(seed, "out-of-fold rows"))
            kept = numpy.sort(generator.choice(len(self.rows), most_rows, replace=False))
            self.rows, self._first = self.rows[kept], self._first[kept]

    @property
    def bytes_per_trial(self) -> int:
        """What is kept of a trial: float32, one column for numbers and for two classes."""
        return 4 * len(self.rows) * (self._num_classes if self._num_classes > 2 else 1)

    def gather(self, trial: Trial) -> numpy.ndarray | None:
        """What is kept of a trial, float32 of shape (row,) or (row, class); None of one that has not completed."""
        parts = [fold.predictions for fold in trial.folds if fold.predictions is not None]
        if trial.state is not TrialState.COMPLETE or len(parts) < len(trial.folds):
            return None
        together = numpy.concatenate(parts)[self._first]
        return (together[:, 1] if self._num_classes == 2 else together).astype(numpy.float32)

    def predictions(self, kept: numpy.ndarray) -> numpy.ndarray:
        """Predictions of shape (row,) or (row, class) from what was kept."""
        if self._num_classes != 2:
            return numpy.asarray(kept)
        return numpy.stack([1.0 - kept, kept], axis=1)

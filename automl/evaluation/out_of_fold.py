"""Out-of-fold predictions: what each trial said of rows that it had not seen."""

from typing import final

import numpy

from automl.trial import Trial, TrialState, derive_seed

MOST_ROWS = 200_000
"""Of larger tables, the predictions of a sample of the rows are kept, the same rows for all trials."""

PROBABILITY = "probability_"
"""Begins the name of a column of the out-of-fold file that holds the probability of a class."""

WEIGHT = "row_weight"
"""The last column of that file where rows count differently."""


@final
class OutOfFold:
    """Which predictions of a trial are kept, and how: one for each row and each repeat of the folds.

    Attributes:
        rows: Row numbers, ascending, (row,).
        folds: Number of the fold that validated each row in each repeat, (repeat, row).

    Args:
        validation: Row numbers of the validation rows of each fold, those of the first repeat first. The folds of
            every repeat have the same rows.
        num_classes: Number of classes; 0 for a regression.
        seed: Of the study; draws the sample of the rows of a large table.
        repeats: How often the rows are divided into folds.
        most_rows: Rows at most.
    """

    def __init__(
        self,
        validation: list[numpy.ndarray],
        num_classes: int,
        seed: int,
        repeats: int = 1,
        most_rows: int = MOST_ROWS,
    ) -> None:
        self._num_classes = num_classes
        num_folds = len(validation) // repeats
        numbers = numpy.repeat(numpy.arange(len(validation)), [len(rows) for rows in validation])
        rows = numpy.concatenate(validation)
        indices = []
        for repeat in range(repeats):
            entries = numpy.flatnonzero(numbers // num_folds == repeat)
            self.rows, first = numpy.unique(rows[entries], return_index=True)
            indices.append(entries[first])
        self._places = numpy.stack(indices)
        if len(self.rows) > most_rows:
            generator = numpy.random.default_rng(derive_seed(seed, "out-of-fold rows"))
            sampled = numpy.sort(generator.choice(len(self.rows), most_rows, replace=False))
            self.rows, self._places = self.rows[sampled], self._places[:, sampled]
        self.folds = numbers[self._places]

    @property
    def bytes_per_trial(self) -> int:
        """What is kept of a trial: float32, one column for numbers and for two classes."""
        return 4 * self._places.size * (self._num_classes if self._num_classes > 2 else 1)

    def gather(self, trial: Trial) -> numpy.ndarray | None:
        """What is kept of a trial, float32; None of one that has not completed.

        Returns:
            Of shape (row,) or (row, class); with several repeats, one such array for each.
        """
        parts = [fold.predictions for fold in trial.folds if fold.predictions is not None]
        if trial.state is not TrialState.COMPLETE or len(parts) < len(trial.folds):
            return None
        together = self.arrange(numpy.concatenate(parts)).astype(numpy.float32)
        together = together[..., 1] if self._num_classes == 2 else together
        return together if len(together) > 1 else together[0]

    def arrange(self, predictions: numpy.ndarray) -> numpy.ndarray:
        """Predictions for the validation rows of all folds, one fold after the other, as (repeat, row, …)."""
        return numpy.asarray(predictions[self._places])

    def predictions(self, stored: numpy.ndarray) -> numpy.ndarray:
        """Predictions of shape (repeat, row) or (repeat, row, class) from what was kept.

        An earlier version kept those of the first repeat alone: then they stand for all repeats.
        """
        return unpacked(stored, self._num_classes, len(self._places))


def unpacked(stored: numpy.ndarray, num_classes: int, repeats: int) -> numpy.ndarray:
    """As `OutOfFold.predictions`, for a reader of the record who has no table.

    Args:
        stored: Predictions as they are kept.
        num_classes: Number of classes; 0 for a regression.
        repeats: How often the rows were divided into folds.
    """
    values = numpy.asarray(stored)
    if values.ndim == (2 if num_classes > 2 else 1):
        values = numpy.broadcast_to(values, (repeats, *values.shape))
    return numpy.stack([1.0 - values, values], axis=-1) if num_classes == 2 else values

"""Out-of-fold predictions of trials, from the files that they are kept in."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import final

import numpy

from automl.records.files import read_predictions

Array = numpy.ndarray


@final
class StoredPredictions(Sequence[Array]):
    """Predictions of those of some trials whose predictions are kept, read one trial at a time.

    Args:
        folder: Of the run.
        numbers: The trials.
        unpack: From what is kept to predictions of shape (repeat, row) or (repeat, row, class).

    Attributes:
        numbers: The trials whose predictions are kept.
    """

    def __init__(self, folder: Path, numbers: Iterable[int], unpack: Callable[[Array], Array]) -> None:
        self._folder, self._unpack = folder, unpack
        self.numbers = [number for number in numbers if read_predictions(folder, number) is not None]

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        stored = read_predictions(self._folder, self.numbers[index])
        assert stored is not None
        return self._unpack(stored)

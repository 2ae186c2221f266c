"""The rows that trials are scored on, beside the record: with them predictions of two runs can be compared, row by row.

Targets, weights, folds and what is drawn as a whole follow from the table; a reader of the record has no table.
"""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy

from automl.errors import RecordError
from automl.evaluation.resampling import ScoredRows
from automl.records.disk import broken
from automl.records.files import write_whole

FILE = "scored_rows.npz"


@dataclass(frozen=True, slots=True)
class KeptRows:
    """The rows of a run whose predictions are kept.

    Attributes:
        numbers: Their numbers in the table as it was read, (row,).
        scored: Their targets, weights, folds and units.
        num_classes: Number of classes; 0 for a regression.
    """

    numbers: numpy.ndarray
    scored: ScoredRows
    num_classes: int

    def fits(self, other: "KeptRows") -> bool:
        """Whether they are the same rows, scored by the same folds."""
        pairs = (
            (self.numbers, other.numbers),
            (self.scored.target, other.scored.target),
            (self.scored.weights, other.scored.weights),
            (self.scored.folds, other.scored.folds),
        )
        return self.num_classes == other.num_classes and all(numpy.array_equal(*pair) for pair in pairs)


def write_scored_rows(folder: Path, rows: KeptRows) -> None:
    """Write them into the folder of a run.

    Raises:
        RecordError: The disk is full or the folder cannot be written.
    """
    scored, content = rows.scored, BytesIO()
    numpy.savez_compressed(
        content,
        numbers=rows.numbers,
        target=scored.target,
        weights=scored.weights,
        folds=scored.folds,
        units=scored.units,
        unit=numpy.array(scored.unit),
        num_classes=numpy.array(rows.num_classes),
    )
    write_whole(folder / FILE, lambda file: file.write(content.getbuffer()))


def read_scored_rows(folder: Path) -> KeptRows | None:
    """The rows of a run; None where they were not kept, as earlier versions did not.

    Raises:
        RecordError: The file cannot be read.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with numpy.load(path, allow_pickle=False) as content:
            target, weights, folds, units = (
                content[name] for name in ("target", "weights", "folds", "units")
            )
            scored = ScoredRows(target, weights, folds, units, str(content["unit"]))
            return KeptRows(content["numbers"], scored, int(content["num_classes"]))
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror or error}.") from None
    except Exception:  # NumPy and zipfile raise whatever their parts raise
        raise broken(path, "it is not a NumPy file of rows") from None

"""Losses by block of rows, beside the answers of analyses: what comparisons of models on the same rows rest on."""

from pathlib import Path

from automl.evaluation.pairing import BlockSums, block_sums_from
from automl.records.disk import broken
from automl.records.files import read_array, write_array


def baseline_file(name: str) -> str:
    """What the sums of a baseline are named by, as those of a trial are by its answer's file."""
    return f"analyses/baseline-{name.replace(' ', '_')}"


def write_sums(folder: Path, answer: str, sums: BlockSums) -> None:
    """Keep losses by block, float32.

    Args:
        folder: Of the run.
        answer: Path of the answer that they belong to, within the folder.
        sums: The losses.
    """
    write_array(_path(folder, answer), sums.array())


def read_sums(folder: Path, answer: str) -> BlockSums | None:
    """Losses by block; None where they were not kept, as by earlier versions.

    Raises:
        RecordError: The file is broken.
    """
    path = _path(folder, answer)
    if not path.is_file():
        return None
    values = read_array(path)
    if values.ndim != 2 or len(values) != 5:
        raise broken(path, "it does not hold losses by block")
    return block_sums_from(values)


def _path(folder: Path, answer: str) -> Path:
    return (folder / answer).with_suffix(".sums.npy")

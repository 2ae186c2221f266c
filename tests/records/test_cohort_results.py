"""Trials that travel in a file keep every bit, and a file that is not one is refused."""

import math
import struct
from dataclasses import fields
from pathlib import Path

import numpy
import pytest
from paper_trials import completed, failed

from automl.errors import RecordError
from automl.records.cohort_results import packed, unpacked
from automl.trial import FoldResult, Health, Trial, TrialState

BITS = (0.1, -0.0, 5e-324, math.inf, math.nan, 1 / 3)


def hard_fold(number: int, shape: tuple[int, ...] | None) -> FoldResult:
    """A fold with numbers that a text could lose, and losses of different lengths."""
    generator = numpy.random.default_rng(number)
    return FoldResult(
        fold=number,
        training_loss=BITS,
        stopping_loss=BITS[:2],
        validation_loss=(),
        best_epoch=3,
        scores={"log_loss": math.nan, "accuracy": 1 / 3},
        training_scores={"log_loss": math.inf},
        seconds=0.1,
        predictions=None if shape is None else generator.normal(size=shape).astype(numpy.float32),
        health=Health((1e-300, 2.0), (0.25,)) if number == 0 else None,
        cut=number == 1,
        counts={"accuracy": 12.0},
    )


TRIALS = (
    Trial(
        number=4,
        hyperparameters={"width": 8, "rate": 1e-4, "name": "ö\0", "on": True},
        state=TrialState.PRUNED,
        folds=(hard_fold(0, (7, 3)), hard_fold(1, (5,)), hard_fold(2, None)),
        capacity=12,
        seconds=1 / 3,
        reason="weak",
        repeats=2,
        reports=(0.1, math.inf),
        scale="log",
    ),
    failed(5, "diverged"),
    completed(6, 0.5, 0.25, width=16),
)


def bits(value: object) -> object:
    """A value in which equal numbers of different bits or types differ."""
    if isinstance(value, float):
        return struct.pack("d", value)
    if isinstance(value, numpy.ndarray):
        return value.dtype, value.shape, value.tobytes()
    if isinstance(value, dict):
        return {key: bits(entry) for key, entry in value.items()}
    if isinstance(value, tuple):
        return tuple(map(bits, value))
    if isinstance(value, Trial | FoldResult | Health):
        return {entry.name: bits(getattr(value, entry.name)) for entry in fields(value)}
    return type(value), value


def test_trials_keep_every_bit(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(packed("cohort/1", TRIALS))
    assert list(map(bits, unpacked(path))) == list(map(bits, TRIALS))


def test_files_of_two_claims_differ_and_those_of_one_do_not() -> None:
    assert packed("c/1", TRIALS) == packed("c/1", TRIALS) != packed("c/2", TRIALS)


@pytest.mark.parametrize("keep", [0, 10, 200, 700])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(packed("c/1", TRIALS)[:keep])
    with pytest.raises(RecordError, match=r"a\.npz is broken: it does not hold trials"):
        unpacked(path)


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    numpy.savez(path, trials=numpy.array([{"a": 1}], dtype=object), curves=[1.0], predictions=[1.0])
    with pytest.raises(RecordError, match="does not hold trials"):
        unpacked(path)

"""Trials on their way from a worker to the process that runs the study: one file of three arrays, never a pickle.

trials        uint8 (byte,): JSON of all trials with their folds, but for what follows
curves        float64 (value,): the losses of all folds, one after another
predictions   float32 (value,): the predictions of all folds likewise

Numbers keep every bit.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, final

import numpy

from automl.errors import RecordError
from automl.records.disk import broken
from automl.records.encoding import parse_json, plain_json
from automl.trial import FoldResult, Health, Trial, TrialState

SUFFIX = ".npz"

_LOSSES = ("training_loss", "stopping_loss", "validation_loss")


def packed(source: str, trials: Sequence[Trial]) -> bytes:
    """Trials as the content of a file.

    Args:
        source: Whose they are: files of two claims never have the same digest.
        trials: What has ended.
    """
    folds = [fold for trial in trials for fold in trial.folds]
    losses = [value for fold in folds for name in _LOSSES for value in getattr(fold, name)]
    arrays = [_predictions(fold).ravel() for fold in folds if fold.predictions is not None]
    text = plain_json({"source": source, "trials": list(map(_content, trials))})
    content = io.BytesIO()
    numpy.savez(
        content,
        allow_pickle=False,
        trials=numpy.frombuffer(text.encode(), dtype=numpy.uint8),
        curves=numpy.array(losses, dtype=numpy.float64),
        predictions=numpy.concatenate(arrays) if arrays else numpy.zeros(0, dtype=numpy.float32),
    )
    return content.getvalue()


def unpacked(path: Path) -> list[Trial]:
    """The trials of such a file.

    Raises:
        RecordError: It is missing or broken.
    """
    try:
        return unpacked_content(path.read_bytes())
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror or error}.") from None
    except ValueError:
        raise broken(path, "it does not hold trials") from None


def unpacked_content(content: bytes) -> list[Trial]:
    """The trials of the content of such a file.

    Raises:
        ValueError: It is not that.
    """
    try:
        with numpy.load(io.BytesIO(content), allow_pickle=False) as arrays:
            parts = {name: arrays[name] for name in ("trials", "curves", "predictions")}
        trials = parse_json(parts["trials"].tobytes())["trials"]
        curves, predictions = _Reader(parts["curves"]), _Reader(parts["predictions"])
        return [_trial(trial, curves, predictions) for trial in trials]
    except Exception:  # NumPy raises whatever its parts raise
        raise ValueError("it does not hold trials") from None


def _predictions(fold: FoldResult) -> numpy.ndarray:
    assert fold.predictions is not None
    assert fold.predictions.dtype == numpy.float32, fold.predictions.dtype
    return fold.predictions


def _content(trial: Trial) -> dict[str, Any]:
    return {
        "number": trial.number,
        "hyperparameters": dict(trial.hyperparameters),
        "state": trial.state.value,
        "capacity": trial.capacity,
        "seconds": trial.seconds,
        "reason": trial.reason,
        "repeats": trial.repeats,
        "reports": list(trial.reports),
        "scale": trial.scale,
        "folds": list(map(_fold_content, trial.folds)),
    }


def _fold_content(fold: FoldResult) -> dict[str, Any]:
    return {
        "fold": fold.fold,
        "lengths": [len(getattr(fold, name)) for name in _LOSSES],
        "best_epoch": fold.best_epoch,
        "scores": dict(fold.scores),
        "training_scores": dict(fold.training_scores),
        "seconds": fold.seconds,
        "shape": None if fold.predictions is None else list(fold.predictions.shape),
        "health": asdict(fold.health) if fold.health else None,
        "cut": fold.cut,
        "counts": dict(fold.counts),
    }


@final
class _Reader:
    """Takes the values of an array one part after another."""

    def __init__(self, values: numpy.ndarray) -> None:
        self._values, self._place = values, 0

    def take(self, count: int) -> numpy.ndarray:
        """The next ones."""
        taken = self._values[self._place : self._place + count]
        if len(taken) < count:
            raise ValueError("values are missing")
        self._place += count
        return taken


def _trial(content: Mapping[str, Any], curves: _Reader, predictions: _Reader) -> Trial:
    return Trial(
        number=content["number"],
        hyperparameters=content["hyperparameters"],
        state=TrialState(content["state"]),
        folds=tuple(_fold(fold, curves, predictions) for fold in content["folds"]),
        capacity=content["capacity"],
        seconds=content["seconds"],
        reason=content["reason"],
        repeats=content["repeats"],
        reports=tuple(content["reports"]),
        scale=content["scale"],
    )


def _fold(content: Mapping[str, Any], curves: _Reader, predictions: _Reader) -> FoldResult:
    training, stopping, validation = (tuple(curves.take(length).tolist()) for length in content["lengths"])
    shape, health = content["shape"], content["health"]
    predicted = None if shape is None else predictions.take(int(numpy.prod(shape))).reshape(shape)
    return FoldResult(
        fold=content["fold"],
        training_loss=training,
        stopping_loss=stopping,
        validation_loss=validation,
        best_epoch=content["best_epoch"],
        scores=content["scores"],
        training_scores=content["training_scores"],
        seconds=content["seconds"],
        predictions=predicted,
        health=Health(tuple(health["gradients"]), tuple(health["dead_units"])) if health else None,
        cut=content["cut"],
        counts=content["counts"],
    )

"""The files of a run that lie beside its events: curves, predictions, answers of analyses. Written whole or not at all.

mlruns/studies/NAME/RUN/
study.yaml                      the study file, without its secrets
trials/000007.json              scores by every metric, seconds, health, of each fold
trials/000007.curves.npy        float64 (fold, epoch, part): losses on fit, stopping and validation rows
trials/000007.predictions.npy   float32 (row,) or (row, class): for rows that the networks had not seen
analyses/KIND-000007.json       an analysis's answer about a trial
model/                          the exported SavedModel
"""

import json
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy

from automl.errors import RecordError
from automl.records.events import TrialEnded
from automl.trial import FoldResult, Health, Hyperparameters, Trial, TrialState

STUDY_FILE = "study.yaml"
MODEL = "model"
OUT_OF_FOLD_FILE = "out_of_fold.csv.gz"

_TRIALS, _ANALYSES = "trials", "analyses"


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file so that it is there whole or not at all, and on disk when this returns.

    Args:
        path: The file; its folder is made.
        write: Writes the content into an open file.

    Raises:
        RecordError: The disk is full or the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        cure = "Free the disk, or choose another folder with --mlruns."
        raise RecordError(f"{path} cannot be written: {error.strerror}. {cure}") from None


def write_json(path: Path, content: object) -> None:
    """Write plain values as `write_whole` does."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"
    write_whole(path, lambda file: file.write(text.encode()))


def read_json(path: Path) -> Any:
    """Plain values of a file.

    Raises:
        RecordError: It is not there, or broken.
    """
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise RecordError(f"{path} is broken: it is not JSON. Restore it, or delete the run.") from None


def answer_file(analysis: str, trial: int) -> str:
    """Path of an analysis's answer within the folder of a run."""
    return f"{_ANALYSES}/{analysis}-{trial:06d}.json"


def write_trial(folder: Path, trial: Trial) -> None:
    """Write what the event of a trial does not hold: scores by every metric, health, and curves.

    Raises:
        RecordError: The disk is full or the folder cannot be written.
    """
    stem = folder / _TRIALS / f"{trial.number:06d}"
    if not trial.folds:
        return
    parts = ("training_loss", "stopping_loss", "validation_loss")
    num_epochs = [len(fold.training_loss) for fold in trial.folds]
    curves = numpy.full((len(trial.folds), max(num_epochs), len(parts)), numpy.nan)
    for number, fold in enumerate(trial.folds):
        for part, name in enumerate(parts):
            curves[number, : num_epochs[number], part] = getattr(fold, name)
    write_whole(stem.with_suffix(".curves.npy"), lambda file: numpy.save(file, curves))
    folds = [
        {
            "fold": fold.fold,
            "num_epochs": epochs,
            "best_epoch": fold.best_epoch,
            "scores": dict(fold.scores),
            "training_scores": dict(fold.training_scores),
            "seconds": fold.seconds,
            "health": asdict(fold.health) if fold.health else None,
        }
        for fold, epochs in zip(trial.folds, num_epochs, strict=True)
    ]
    write_json(stem.with_suffix(".json"), {"trial": trial.number, "folds": folds})


def read_trial(folder: Path, ended: TrialEnded, hyperparameters: Hyperparameters) -> Trial:
    """A trial with its curves and all of its scores, but without predictions.

    Raises:
        RecordError: A file of it is missing or broken.
    """
    stem = folder / _TRIALS / f"{ended.number:06d}"
    folds: tuple[FoldResult, ...] = ()
    if ended.scores:
        content, curves = read_json(stem.with_suffix(".json")), _read_array(stem.with_suffix(".curves.npy"))
        folds = tuple(
            _fold(entry, curve) for entry, curve in zip(content["folds"], curves.tolist(), strict=True)
        )
    return _trial(ended, hyperparameters, folds)


def light_trial(ended: TrialEnded, hyperparameters: Hyperparameters, metric: str) -> Trial:
    """A trial as its event tells it: scores by the objective's metric, kept epochs, and no curves."""
    folds = tuple(
        FoldResult(number, (), (), (), epoch, {metric: score}, {}, 0.0)
        for number, (score, epoch) in enumerate(zip(ended.scores, ended.epochs, strict=True))
    )
    return _trial(ended, hyperparameters, folds)


def ended_event(trial: Trial, metric: str) -> TrialEnded:
    """The event of a trial that has ended."""
    return TrialEnded(
        number=trial.number,
        state=trial.state.value,
        scores=trial.fold_scores(metric),
        epochs=tuple(fold.best_epoch for fold in trial.folds),
        capacity=trial.capacity,
        seconds=trial.seconds,
        reason=trial.reason,
    )


def write_predictions(folder: Path, number: int, predictions: numpy.ndarray) -> None:
    """Keep what a trial predicted for rows that its networks had not seen, float32."""
    path = folder / _TRIALS / f"{number:06d}.predictions.npy"
    write_whole(path, lambda file: numpy.save(file, predictions.astype(numpy.float32)))


def read_predictions(folder: Path, number: int) -> numpy.ndarray | None:
    """The predictions of a trial; None where they were not kept."""
    path = folder / _TRIALS / f"{number:06d}.predictions.npy"
    return _read_array(path) if path.is_file() else None


def make_run_folder(mlruns: Path, name: str, identifier: str, text: str) -> Path:
    """Make the folder of a run, `mlruns/studies/NAME/IDENTIFIER`, with its study file.

    Raises:
        RecordError: It cannot be made.
    """
    folder = mlruns / "studies" / name / identifier
    try:
        folder.mkdir(parents=True)
        (folder / STUDY_FILE).write_text(text, encoding="utf-8")
    except OSError as error:
        remove_run_folder(mlruns, folder)
        cure = "Choose another folder with --mlruns."
        raise RecordError(f"{mlruns} cannot be written: {error.strerror}. {cure}") from None
    return folder


def remove_run_folder(mlruns: Path, folder: Path) -> None:
    """Undo `make_run_folder`, with the folders above it that hold nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    for parent in (folder.parent, folder.parent.parent, mlruns):
        with suppress(OSError):  # not empty: it holds other studies
            parent.rmdir()


def _trial(ended: TrialEnded, hyperparameters: Hyperparameters, folds: tuple[FoldResult, ...]) -> Trial:
    return Trial(
        number=ended.number,
        hyperparameters=hyperparameters,
        state=TrialState(ended.state),
        folds=folds,
        capacity=ended.capacity,
        seconds=ended.seconds,
        reason=ended.reason,
    )


def _fold(content: Mapping[str, Any], curve: list[list[float]]) -> FoldResult:
    kept = curve[: content["num_epochs"]]
    training, stopping, validation = zip(*kept, strict=True) if kept else ((), (), ())
    health = content.get("health")
    return FoldResult(
        fold=content["fold"],
        training_loss=training,
        stopping_loss=stopping,
        validation_loss=validation,
        best_epoch=content["best_epoch"],
        scores=content["scores"],
        training_scores=content["training_scores"],
        seconds=content["seconds"],
        health=Health(tuple(health["gradients"]), tuple(health["dead_units"])) if health else None,
    )


def _read_array(path: Path) -> numpy.ndarray:
    try:
        return numpy.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror or error}.") from None
    except ValueError:
        raise RecordError(
            f"{path} is broken: it is not a NumPy array. Restore it, or delete the run."
        ) from None

"""The files of a run that lie beside its events: curves, predictions, answers of analyses. Written whole or not at all.

mlruns/studies/NAME/RUN/
study.yaml                      the study file, without its secrets
trials/000007.json              scores by every metric, seconds, health, of each fold
trials/000007.curves.npy        float64 (fold, epoch, part): losses on fit, stopping and validation rows
trials/000007.predictions.npy   float32 (row,) or (row, class): for rows that the networks had not seen
analyses/KIND-000007.json       an analysis's answer about a trial
analyses/….sums.npy             float32 (part, block): losses by block of rows, of trials and of baselines
out_of_fold.csv.gz, scored_rows.npz   what the winner predicted of unseen rows; their targets, weights, folds
model/                          the exported SavedModel
links.json                      pages about the run in trackers
"""

import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from io import BytesIO
from itertools import count, repeat
from pathlib import Path
from typing import IO, Any

import numpy

from automl.errors import RecordError
from automl.records.disk import broken, make_folder, sync_folder
from automl.records.encoding import parse_json, plain_json
from automl.records.events import TrialEnded
from automl.trial import FoldResult, Health, Hyperparameters, Trial, TrialState

STUDIES, STUDY_FILE, MODEL = "studies", "study.yaml", "model"
OUT_OF_FOLD_FILE = "out_of_fold.csv.gz"

LONGEST_REASON = 300
"""Characters of the reason of a failed trial that are kept."""

TRIALS, _ANALYSES = "trials", "analyses"
_PARTS = ("training_loss", "stopping_loss", "validation_loss")


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
        make_folder(path.parent)
        try:
            with temporary.open("wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        sync_folder(path.parent)
    except OSError as error:
        cure = "Free the disk, or choose another folder with --mlruns."
        raise RecordError(f"{path} cannot be written: {error.strerror or error}. {cure}") from None


def write_json(path: Path, content: object) -> None:
    """Write plain values as `write_whole` does."""
    text = plain_json(content) + "\n"
    write_whole(path, lambda file: file.write(text.encode()))


def read_json(path: Path) -> Any:
    """Plain values of a file.

    Raises:
        RecordError: It is not there, or broken.
    """
    try:
        return parse_json(path.read_bytes())
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise broken(path, "it is not JSON") from None


def read_answer(path: Path) -> Mapping[str, Any]:
    """An analysis's answer from its file.

    Raises:
        RecordError: It is not there, or broken.
    """
    content = read_json(path)
    if not isinstance(content, dict):
        raise broken(path, "it is not an answer")
    return content


def answer_file(analysis: str, trial: int) -> str:
    """Path of an analysis's answer within the folder of a run."""
    return f"{_ANALYSES}/{analysis}-{trial:06d}.json"


def write_trial(folder: Path, trial: Trial) -> None:
    """Write what the event of a trial does not hold: scores by every metric, health, and curves.

    Raises:
        RecordError: The disk is full or the folder cannot be written.
    """
    if not trial.folds:
        return
    lengths = [[len(getattr(fold, part)) for part in _PARTS] for fold in trial.folds]
    curves = numpy.full((len(trial.folds), max(map(max, lengths)), len(_PARTS)), numpy.nan)
    for fold, curve, length in zip(trial.folds, curves, lengths, strict=True):
        for part, name in enumerate(_PARTS):
            curve[: length[part], part] = getattr(fold, name)
    folds = [
        {
            "fold": fold.fold,
            "lengths": length,
            "best_epoch": fold.best_epoch,
            "scores": dict(fold.scores),
            "training_scores": dict(fold.training_scores),
            "seconds": fold.seconds,
            "health": asdict(fold.health) if fold.health else None,
            "counts": dict(fold.counts),
            "cut": fold.cut,
        }
        for fold, length in zip(trial.folds, lengths, strict=True)
    ]
    scores, losses, _ = trial_files(folder, trial.number)
    write_array(losses, curves)
    write_json(scores, {"trial": trial.number, "folds": folds})


def read_trial(folder: Path, ended: TrialEnded, hyperparameters: Hyperparameters, repeats: int = 1) -> Trial:
    """A trial with its curves and all of its scores, but without predictions.

    Raises:
        RecordError: A file of it is missing or broken.
    """
    folds: tuple[FoldResult, ...] = ()
    if ended.scores:
        scores, losses, _ = trial_files(folder, ended.number)
        content, curves = read_json(scores), read_array(losses)
        try:
            folds = tuple(_fold(*parts) for parts in zip(content["folds"], curves.tolist(), strict=True))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            raise broken(scores, f"it does not fit {losses.name}") from None
    return _trial(ended, hyperparameters, folds, repeats)


def light_trial(ended: TrialEnded, hyperparameters: Hyperparameters, metric: str, repeats: int = 1) -> Trial:
    """A trial as its event tells it: scores by the objective's metric, kept epochs, and no curves."""
    counts: Iterable[Mapping[str, float]] = [{metric: count} for count in ended.counts] or repeat({})
    numbered = zip(ended.folds or count(), ended.scores, ended.epochs, counts, strict=False)
    folds = [
        FoldResult(number, (), (), (), epoch, {metric: score}, {}, 0.0, None, None, ended.cut, count)
        for number, score, epoch, count in numbered
    ]
    return _trial(ended, hyperparameters, tuple(folds), repeats)


def ended_event(trial: Trial, metric: str) -> TrialEnded:
    """The event of a trial that has ended: short, so that its reason is cut where it is long."""
    folds = [fold for fold in trial.folds if metric in fold.scores]
    numbers = tuple(fold.fold for fold in folds)
    reason = trial.reason
    counts = tuple(fold.counts.get(metric, 1.0) for fold in folds)
    return TrialEnded(
        number=trial.number,
        state=trial.state.value,
        scores=tuple(fold.scores[metric] for fold in folds),
        epochs=tuple(fold.best_epoch for fold in folds),
        capacity=trial.capacity,
        seconds=trial.seconds,
        cut=trial.cut,
        reason=reason if len(reason) <= LONGEST_REASON else reason[: LONGEST_REASON - 1] + "…",
        folds=numbers if numbers != tuple(range(len(folds))) else (),
        counts=counts if any(count != 1.0 for count in counts) else (),
        reports=trial.reports,
        scale=trial.scale,
    )


def write_predictions(folder: Path, number: int, predictions: numpy.ndarray) -> None:
    """Keep what a trial predicted for rows that its networks had not seen, float32."""
    write_array(trial_files(folder, number)[2], numpy.asarray(predictions, dtype=numpy.float32))


def read_predictions(folder: Path, number: int) -> numpy.ndarray | None:
    """The predictions of a trial; None where they were not kept."""
    path = trial_files(folder, number)[2]
    return read_array(path) if path.is_file() else None


def make_run_folder(mlruns: Path, name: str, identifier: str, text: str) -> Path:
    """Make the folder of a run, `mlruns/studies/NAME/IDENTIFIER`, with its study file.

    Raises:
        RecordError: It cannot be made.
    """
    folder = mlruns / STUDIES / name / identifier
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        _remove_empty(mlruns, folder)
        cure = "Choose another folder with --mlruns."
        raise RecordError(f"{mlruns} cannot be written: {error.strerror}. {cure}") from None
    try:
        write_whole(folder / STUDY_FILE, lambda file: file.write(text.encode()))
    except BaseException:
        remove_run_folder(mlruns, folder)
        raise
    return folder


def remove_run_folder(mlruns: Path, folder: Path) -> None:
    """Undo `make_run_folder`, with the folders above it that hold nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    _remove_empty(mlruns, folder)


def _remove_empty(mlruns: Path, folder: Path) -> None:
    for parent in (folder.parent, folder.parent.parent, mlruns):
        with suppress(OSError):  # not empty: it holds other studies
            parent.rmdir()


def trial_files(folder: Path, number: int) -> tuple[Path, Path, Path]:
    """Where the scores, the curves and the predictions of a trial are."""
    stem = folder / TRIALS / f"{number:06d}"
    return stem.with_suffix(".json"), stem.with_suffix(".curves.npy"), stem.with_suffix(".predictions.npy")


def _trial(
    ended: TrialEnded, hyperparameters: Hyperparameters, folds: tuple[FoldResult, ...], repeats: int
) -> Trial:
    return Trial(
        number=ended.number,
        hyperparameters=hyperparameters,
        state=TrialState(ended.state),
        folds=folds,
        capacity=ended.capacity,
        seconds=ended.seconds,
        reason=ended.reason,
        repeats=repeats,
        reports=ended.reports,
        scale=ended.scale,
    )


def _fold(content: Mapping[str, Any], curve: list[list[float]]) -> FoldResult:
    training, stopping, validation = (
        tuple(losses[part] for losses in curve[:length]) for part, length in enumerate(content["lengths"])
    )
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
        cut=content.get("cut", False),
        counts=content.get("counts", {}),
    )


def write_array(path: Path, values: numpy.ndarray) -> None:
    """Write a NumPy file as `write_whole` does."""
    content = BytesIO()  # NumPy itself does not say why a file cannot be written
    numpy.save(content, values, allow_pickle=False)
    write_whole(path, lambda file: file.write(content.getbuffer()))


def read_array(path: Path) -> numpy.ndarray:
    """An array from its file.

    Raises:
        RecordError: It is not there, or broken.
    """
    try:
        values = numpy.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror or error}.") from None
    except Exception:  # NumPy raises whatever its parts raise
        raise broken(path, "it is not a NumPy array") from None
    if not isinstance(values, numpy.ndarray):
        raise broken(path, "it is not a NumPy array")
    return values

"""Journals of earlier versions of automl, `journal.jsonl`: read once into the record."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from automl.errors import RecordError
from automl.records.events import (
    Analyzed,
    CohortAsked,
    Event,
    Exported,
    Finished,
    StudyStarted,
    TestReadingDone,
    TestReadingIntended,
    VerdictReached,
)
from automl.records.files import STUDY_FILE, answer_file, ended_event, write_json, write_trial
from automl.records.store import Records
from automl.trial import FoldResult, Health, Trial, TrialState

LOGGER = logging.getLogger(__name__)

TEST_READS = "test_reads.jsonl"
_STATUS = {"FINISHED": "finished", "FAILED": "failed", "KILLED": "stopped"}
_VERSION = "before records"


def import_journals(records: Records, journals: Sequence[Path]) -> None:
    """Enter the runs of these journals that are not in the record yet. A journal that cannot be read is named."""
    known = {(run.name, run.identifier) for run in records.runs()}
    for journal in journals:
        folder = journal.parent
        if (folder.parent.name, folder.name) in known:
            continue
        try:
            _import(records, folder, list(read_lines(journal)))
        except (RecordError, KeyError, TypeError, ValueError, AttributeError) as error:
            what = str(error) if isinstance(error, RecordError) else f"{type(error).__name__}: {error}"
            LOGGER.warning(
                "%s was written by another version of automl and cannot be read (%s). Read it with that version, or "
                "delete the folder.",
                journal,
                what,
            )


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The events of a journal; lines that are broken are left out.

    Raises:
        RecordError: The file cannot be read.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}.") from None
    for number, line in enumerate(lines, start=1):
        try:
            event = json.loads(line.decode())
        except ValueError:
            event = None
        if isinstance(event, dict) and "event" in event:
            yield event
        elif line.strip():
            LOGGER.warning("%s:%d: this line is broken and is ignored.", path, number)


def earlier_reads(mlruns: Path, digest: str) -> list[str]:
    """Runs that had read a test set before there was a record, as `NAME/RUN`."""
    path = mlruns / "studies" / TEST_READS
    if not path.is_file():
        return []
    return [str(event.get("study")) for event in read_lines(path) if event.get("digest") == digest]


def _import(records: Records, folder: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    if not lines or lines[0]["event"] != "study":
        raise RecordError("it does not begin with a study")
    started = _started(folder, lines[0])
    trials = sorted(
        (_trial(line) for line in lines if line["event"] == "trial"), key=lambda trial: trial.number
    )
    events: list[Event] = []
    for number, trial in enumerate(trials):
        events += [
            CohortAsked(number, trial.number, (trial.hyperparameters,)),
            ended_event(trial, started.metric),
        ]
    for line in lines:
        events += _others(folder, line)
    for trial in trials:
        write_trial(folder, trial)
    _, lease = records.create(folder, started, _VERSION)
    if events:
        records.append(lease, *events)
    records.release(lease)


def _started(folder: Path, line: Mapping[str, Any]) -> StudyStarted:
    text = folder / STUDY_FILE
    plain = {field.name: line[field.name] for field in fields(StudyStarted) if field.name in line}
    lists = {name: tuple(value) for name, value in plain.items() if isinstance(value, list)}
    written = text.read_text(encoding="utf-8") if text.is_file() else ""
    return StudyStarted(
        **plain | lists | {"name": folder.parent.name, "identifier": folder.name, "text": written}
    )


def _others(folder: Path, line: Mapping[str, Any]) -> list[Event]:
    """What an event says beside its study and its trials."""
    match line["event"]:
        case "test":
            trial, scores = line.get("trial", -1), line.get("scores", {})
            digest = str(line.get("digest", ""))
            return [
                TestReadingIntended(trial, digest, int(line.get("rows", 0))),
                TestReadingDone(trial, digest, scores),
            ]
        case "verdict":
            return [_verdict(line)]
        case "bias_variance" | "learning_curve" | "columns" as analysis:
            trial = int(line.get("trial", 0))
            content = {key: value for key, value in line.items() if key not in ("event", "time")}
            write_json(folder / answer_file(analysis, trial), content)
            return [Analyzed(analysis, trial, answer_file(analysis, trial))]
        case "finish":
            exported = line.get("exported")
            finished = Finished(
                _STATUS.get(str(line.get("status")), "failed"), float(line.get("seconds", 0.0))
            )
            return [finished] if exported is None else [Exported(int(exported)), finished]
    return []


def _verdict(line: Mapping[str, Any]) -> VerdictReached:
    corrected, test = line.get("corrected"), line.get("test")
    return VerdictReached(
        rows=tuple((str(name), str(value)) for name, value in line.get("rows", ())),
        sentences=tuple(line.get("sentences", ())),
        baselines={name: tuple(scores) for name, scores in line.get("baselines", {}).items()},
        corrected=tuple(corrected) if corrected else None,
        test=tuple(test) if test else None,
    )


def _trial(line: Mapping[str, Any]) -> Trial:
    return Trial(
        number=line["number"],
        hyperparameters=line.get("hyperparameters", {}),
        state=TrialState(line["state"]),
        folds=tuple(_fold(number, fold) for number, fold in enumerate(line.get("folds", ()))),
        capacity=line.get("capacity"),
        seconds=float(line.get("seconds", 0.0)),
        reason=str(line.get("reason", "")),
    )


def _fold(number: int, content: Mapping[str, Any]) -> FoldResult:
    known = {field.name for field in fields(FoldResult)} - {"health", "predictions"}
    defaults: dict[str, Any] = {
        "fold": number,
        "training_loss": (),
        "stopping_loss": (),
        "validation_loss": (),
        "best_epoch": 0,
        "scores": {},
        "training_scores": {},
        "seconds": 0.0,
    }
    plain = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in content.items()
        if key in known
    }
    health = content.get("health")
    return FoldResult(**defaults | plain, health=Health(*map(tuple, health.values())) if health else None)

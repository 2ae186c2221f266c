"""Journals of earlier versions of automl, `journal.jsonl`: read once into the record."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, final

from automl.errors import RecordError
from automl.evaluation.bias_variance import LOG_LOSS, SQUARED_ERROR
from automl.records.encoding import parse_json
from automl.records.events import CohortAsked, Event, Finished, Recorded, StudyStarted
from automl.records.files import STUDIES, STUDY_FILE, answer_file, ended_event, write_json, write_trial
from automl.records.outcomes import Analyzed, Exported, TestReadingDone, TestReadingIntended, VerdictReached
from automl.records.rows import readable
from automl.records.store import Records
from automl.trial import Direction, FoldResult, Health, Objective, Task, Trial, TrialState

LOGGER = logging.getLogger(__name__)

TEST_READS = "test_reads.jsonl"
_STATUS = {"FINISHED": "finished", "FAILED": "failed", "KILLED": "stopped"}
_VERSION = "before records"
_STARTS = b'{"time":'
"""What every line of a journal begins with."""

Lines = Sequence[Mapping[str, Any]]


def find_journals(mlruns: Path) -> list[Path]:
    """The journals of a folder, in the order in which their runs began."""
    journals = mlruns.glob(f"{STUDIES}/*/*/journal.jsonl")
    return sorted(journals, key=lambda path: (path.parent.name, path))


def import_journals(records: Records, journals: Sequence[Path]) -> None:
    """Enter the runs of these journals that are not in the record yet. One that cannot be entered is named."""
    recorded = {(run.name, run.identifier) for run in records.runs()}
    for journal in journals:
        folder = journal.parent
        if (folder.parent.name, folder.name) in recorded:
            continue
        try:
            past = _read(records.mlruns, folder, list(read_lines(journal)))
            _write_files(folder, past)
            records.enter(folder, past.events, _VERSION)
        except RecordError as error:
            LOGGER.warning("%s could not be imported into the record: %s", journal, error)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            reason = "was written by another version of automl and cannot be read"
            cure = "Read it with that version, or move its folder away."
            LOGGER.warning("%s %s (%s: %s). %s", journal, reason, type(error).__name__, error, cure)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The events of a journal; lines that are broken are left out.

    A line that was written behind one that a kill had cut short is found all the same.

    Raises:
        RecordError: The file cannot be read.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}.") from None
    for number, line in enumerate(lines, start=1):
        event = _event(line)
        if event is None and line.strip():
            LOGGER.warning("%s:%d: this line is broken and is ignored.", path, number)
            event = _event(line[max(line.rfind(_STARTS), 0) :])
        if event is not None:
            yield event


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = parse_json(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None


def earlier_reads(mlruns: Path, digest: str) -> list[str]:
    """Runs that had read a test set before there was a record, as `NAME/RUN`."""
    path = mlruns / STUDIES / TEST_READS
    lines = read_lines(path) if path.is_file() else ()
    return [line["study"] for line in lines if line.get("digest") == digest and "study" in line]


@dataclass(frozen=True, slots=True)
class _Past:
    """A run as its journal tells it: its trials, its events with their times, and the answers of its analyses."""

    trials: Sequence[Trial]
    events: Sequence[Recorded]
    answers: Mapping[str, Mapping[str, Any]]


def _write_files(folder: Path, past: _Past) -> None:
    for trial in past.trials:
        write_trial(folder, trial)
    for file, content in past.answers.items():
        write_json(folder / file, content)


def _read(mlruns: Path, folder: Path, lines: Lines) -> _Past:
    """What a journal says: the study, its trials by number, and then the rest in order.

    Raises:
        LookupError, TypeError, ValueError, AttributeError: It is of another form.
    """
    if not lines or lines[0]["event"] != "study":
        raise ValueError("it does not begin with a study")
    ended = {line["number"]: line for line in reversed(lines) if line["event"] == "trial"}
    trials = [_trial(ended[number]) for number in sorted(ended)]
    started = _started(folder, lines[0], trials)
    reader = _Reader(started, trials, lines, _digest(mlruns, folder))
    timed: list[tuple[Mapping[str, Any], Sequence[Event]]] = [(lines[0], [started])]
    for cohort, trial in enumerate(trials):
        cohort_asked = CohortAsked(cohort, trial.number, (trial.hyperparameters,))
        timed.append((ended[trial.number], [cohort_asked, ended_event(trial, started.metric)]))
    timed += [(line, reader.events(line)) for line in lines[1:]]
    events: list[Recorded] = []
    for line, line_events in timed:
        time = _time(line, events[-1].time if events else 0.0)
        events += [
            Recorded(seq, time, _typed(event)) for seq, event in enumerate(line_events, len(events) + 1)
        ]
    return _Past(trials, events, reader.answers)


def _typed(event: Event) -> Event:
    try:
        return readable(event)
    except RecordError as error:
        raise ValueError(str(error).rstrip(".")) from None


def _digest(mlruns: Path, folder: Path) -> str:
    """Of the test rows that a run has read; empty where that is not known."""
    path = mlruns / STUDIES / TEST_READS
    which = f"{folder.parent.name}/{folder.name}"
    lines = read_lines(path) if path.is_file() else ()
    return next((str(line.get("digest", "")) for line in lines if line.get("study") == which), "")


def _time(line: Mapping[str, Any], otherwise: float) -> float:
    try:
        return datetime.fromisoformat(line["time"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return otherwise


def _started(folder: Path, line: Mapping[str, Any], trials: Sequence[Trial]) -> StudyStarted:
    text = folder / STUDY_FILE
    plain = {field.name: line[field.name] for field in fields(StudyStarted) if field.name in line}
    lists = {name: tuple(value) for name, value in plain.items() if isinstance(value, list)}
    scores = [name for trial in trials for fold in trial.folds for name in fold.scores]
    computed = {
        "name": folder.parent.name,
        "identifier": folder.name,
        "text": text.read_text(encoding="utf-8", errors="replace") if text.is_file() else "",
        "metrics": tuple(dict.fromkeys([line["metric"], *scores])),
        "loss": SQUARED_ERROR if line.get("facts", {}).get("task") == Task.REGRESSION else LOG_LOSS,
    }
    return StudyStarted(**plain | lists | computed)


@final
class _Reader:
    """Reads lines of a journal that say less than the events that stand for them.

    Args:
        started: The study.
        trials: Its trials.
        lines: All lines.
        digest: Of the test rows that it has read.
    """

    def __init__(self, started: StudyStarted, trials: Sequence[Trial], lines: Lines, digest: str) -> None:
        self.answers: dict[str, Mapping[str, Any]] = {}
        self._digest, self._num_trials = digest, len(trials)
        last = {str(line["event"]): line for line in lines}
        self._estimate = tuple(last.get("verdict", {}).get("test") or ())
        self._winner = last.get("test", {}).get("trial", last.get("finish", {}).get("exported"))
        if self._winner is None:
            best = Objective(started.metric, Direction(started.direction)).best(list(trials))
            self._winner = -1 if best is None else best.number

    def events(self, line: Mapping[str, Any]) -> Sequence[Event]:
        """The events that stand for a line, other than the study and its trials."""
        match line["event"]:
            case "test":
                return self._test(line)
            case "verdict":
                return [self._verdict(line)]
            case "bias_variance" | "learning_curve" | "columns" as analysis:
                return [self._analysis(analysis, line)]
            case "finish":
                status = _STATUS.get(str(line.get("status")), "failed")
                finished = Finished(status, float(line.get("seconds") or 0.0))
                exported = line.get("exported")
                return [finished] if exported is None else [Exported(int(exported)), finished]
        return []

    def _test(self, line: Mapping[str, Any]) -> Sequence[Event]:
        trial = line.get("trial", self._winner)
        interval = self._estimate if trial == self._winner else ()
        return [
            TestReadingIntended(trial, self._digest, int(line.get("rows", 0))),
            TestReadingDone(trial, self._digest, line.get("scores", {}), interval),
        ]

    def _verdict(self, line: Mapping[str, Any]) -> VerdictReached:
        corrected, test = line.get("corrected"), line.get("test")
        return VerdictReached(
            trial=self._winner,
            rows=tuple((str(name), str(value)) for name, value in line.get("rows", ())),
            sentences=tuple(line.get("sentences", ())),
            baselines={name: tuple(scores) for name, scores in line.get("baselines", {}).items()},
            corrected=tuple(corrected) if corrected else None,
            test=tuple(test) if test else None,
            num_trials=self._num_trials,
        )

    def _analysis(self, analysis: str, line: Mapping[str, Any]) -> Analyzed:
        trial = int(line.get("trial", self._winner))
        file = answer_file(analysis, trial)
        self.answers[file] = {key: value for key, value in line.items() if key not in ("event", "time")}
        return Analyzed(analysis, trial, file)


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
    names = {field.name for field in fields(FoldResult)} - {"health", "predictions"}
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
        if key in names
    }
    health = content.get("health")
    return FoldResult(**defaults | plain, health=Health(*map(tuple, health.values())) if health else None)

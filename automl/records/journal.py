"""The append-only record of a study on this machine: one JSON line an event, on disk before the study goes on.

What `automl show` and `automl export` read; complete also when no MLflow server answers.
"""

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from automl.config.reading import load_study
from automl.errors import RecordError
from automl.evaluation.bias_variance import BiasVariance, Curve
from automl.trial import Direction, FoldResult, Health, Objective, Trial, TrialState

JOURNAL = "journal.jsonl"
STUDY_FILE = "study.yaml"
MODEL = "model"
OUT_OF_FOLD_FILE = "out_of_fold.csv.gz"
TEST_READS = "test_reads.jsonl"


class Journal:
    """Writes the events of one study.

    Args:
        folder: The study's own folder, which exists.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def append(self, event: str, content: Mapping[str, Any]) -> None:
        """Write one event and wait until it is on disk.

        Raises:
            RecordError: The disk is full or the folder is gone.
        """
        _append(self.folder / JOURNAL, {"event": event, **content})

    def append_trial(self, trial: Trial) -> None:
        """Write one ended trial, without its predictions."""
        content = asdict(trial.without_predictions())
        for fold in content["folds"]:
            del fold["predictions"]
        self.append("trial", content)

    def append_bias_variance(self, found: BiasVariance) -> None:
        """Write what a trial's loss is made of."""
        self.append("bias_variance", asdict(found))


@dataclass(frozen=True, slots=True)
class StudyLog:
    """A journal as it was read.

    Attributes:
        folder: The study's own folder.
        start: The first event: name, objective, facts.
        trials: Ended trials, by number.
        tests: Readings of the locked test set, in order.
        verdict: What is said of the winner: `rows` of names and scores, and `sentences`.
        finish: The last event; empty while the study runs, or when it was killed.
        bias_variance: Of the trials that were looked into, by number of the trial.
        learning_curve: Of the winner: `rows` to learn from and `losses` of each fold; empty where none was made.
        columns: What the winner's score loses when a column is shuffled: `names`, `means`, `errors`; empty likewise.
    """

    folder: Path
    start: Mapping[str, Any]
    trials: tuple[Trial, ...]
    tests: tuple[Mapping[str, Any], ...] = ()
    verdict: Mapping[str, Any] = field(default_factory=dict)
    finish: Mapping[str, Any] = field(default_factory=dict)
    bias_variance: Mapping[int, BiasVariance] = field(default_factory=dict)
    learning_curve: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, Any] = field(default_factory=dict)

    @property
    def objective(self) -> Objective:
        """Metric and direction that rank the trials."""
        return Objective(self.start["metric"], Direction(self.start["direction"]))

    @property
    def best(self) -> Trial | None:
        """The best completed trial."""
        return self.objective.best(list(self.trials))

    def trial(self, number: int) -> Trial:
        """A trial by number.

        Raises:
            RecordError: There is none of that number.
        """
        for trial in self.trials:
            if trial.number == number:
                return trial
        cure = f"Trials 0 to {len(self.trials) - 1} are recorded." if self.trials else "No trial has ended."
        raise RecordError(f"{self.folder}: there is no trial {number}. {cure}")


def new_study_folder(mlruns: Path, name: str, text: str) -> Path:
    """Make the folder of one run of a study, `mlruns/studies/NAME/DATE-TIME-XXXX`, with its study file.

    Raises:
        RecordError: It cannot be made.
    """
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    folder = mlruns / "studies" / name / f"{stamp}-{secrets.token_hex(2)}"
    try:
        folder.mkdir(parents=True)
        (folder / STUDY_FILE).write_text(text, encoding="utf-8")
    except OSError as error:
        remove_study_folder(mlruns, folder)
        cure = "Choose another folder with --mlruns."
        raise RecordError(f"{mlruns} cannot be written: {error.strerror}. {cure}") from None
    return folder


def remove_study_folder(mlruns: Path, folder: Path) -> None:
    """Undo `new_study_folder`, with the folders above it that hold nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    for parent in (folder.parent, folder.parent.parent, mlruns):
        with suppress(OSError):  # not empty: it holds other studies
            parent.rmdir()


def record_test_read(folder: Path, digest: str, scores: Mapping[str, float]) -> tuple[str, ...]:
    """Note beside all studies that one of them has read a test set.

    Args:
        folder: The study's own folder, `…/studies/NAME/RUN`.
        digest: Of the test set: of the table and of the rows.
        scores: What was read.

    Returns:
        Earlier studies that have read the same test set, as `NAME/RUN`, in order.

    Raises:
        RecordError: The disk is full.
    """
    study, path = f"{folder.parent.name}/{folder.name}", folder.parent.parent / TEST_READS
    earlier = (
        [event["study"] for event in _events(path) if event["digest"] == digest] if path.is_file() else []
    )
    _append(path, {"event": "test", "digest": digest, "study": study, "scores": dict(scores)})
    return tuple(dict.fromkeys(name for name in earlier if name != study))


def find_study(mlruns: Path, study: str | None) -> Path:
    """The folder of a study: by its name (the last run), its study file, its own folder; the last of all by default.

    Raises:
        RecordError: There is none.
        StudyFileError: The study file cannot be read.
    """
    if study is not None and (Path(study) / JOURNAL).is_file():
        return Path(study)
    name = None if study is None else _study_name(Path(study))
    runs = [path.parent for path in (mlruns / "studies").glob(f"*/*/{JOURNAL}")]
    named = [run for run in runs if name in (None, run.parent.name)]
    if named:
        return max(named, key=lambda run: run.name)
    known = sorted({run.parent.name for run in runs})
    what = "no study" if name is None else f"no study {name!r}"
    cure = f"Known: {', '.join(known)}." if known else "Run one with `automl run study.yaml`."
    raise RecordError(f"{mlruns}: there is {what} here. {cure}")


def read_journal(folder: Path) -> StudyLog:
    """Read a study back. A last line that was cut short by a kill is left out.

    Raises:
        RecordError: There is no journal, or a line within it is broken.
    """
    events = list(_events(folder / JOURNAL))
    if not events or events[0]["event"] != "study":
        raise RecordError(f"{folder / JOURNAL} does not begin with a study. Run the study again.")
    trials = [_trial(event) for event in events if event["event"] == "trial"]
    return StudyLog(
        folder,
        events[0],
        tuple(sorted(trials, key=lambda trial: trial.number)),
        tuple(event for event in events if event["event"] == "test"),
        _last(events, "verdict"),
        _last(events, "finish"),
        {event["trial"]: _bias_variance(event) for event in events if event["event"] == "bias_variance"},
        _last(events, "learning_curve"),
        _last(events, "columns"),
    )


def _append(path: Path, content: Mapping[str, Any]) -> None:
    line = json.dumps({"time": datetime.now().isoformat(timespec="seconds"), **content})
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise RecordError(
            f"{path} cannot be written: {error.strerror}. Free the disk, or choose another folder with --mlruns."
        ) from None


def _study_name(study: Path) -> str:
    """The name that a study file gives its study; another text is a name itself."""
    if study.suffix in (".yaml", ".yml") and study.is_file():
        return load_study(study).name
    return re.sub(r"\.ya?ml$", "", study.name)


def _events(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}.") from None
    for number, line in enumerate(lines, start=1):
        try:
            event = json.loads(line.decode())
            if not isinstance(event, dict) or "event" not in event:
                raise ValueError("not an event")
            yield event
        except ValueError:
            if number < len(lines):
                raise RecordError(f"{path}:{number}: this line is broken. Remove it.") from None


def _last(events: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    return next((event for event in reversed(events) if event["event"] == name), {})


def _bias_variance(event: Mapping[str, Any]) -> BiasVariance:
    content = {field.name: event[field.name] for field in fields(BiasVariance)}
    for name in ("risk", "variance", "rest"):
        content[name] = Curve(tuple(content[name]["values"]), tuple(content[name]["errors"]))
    return BiasVariance(**content | {name: tuple(content[name]) for name in ("epochs", "training")})


def _trial(event: Mapping[str, Any]) -> Trial:
    folds = tuple(_fold(fold) for fold in event["folds"])
    return Trial(
        number=event["number"],
        hyperparameters=event["hyperparameters"],
        state=TrialState(event["state"]),
        folds=folds,
        capacity=event["capacity"],
        seconds=event["seconds"],
        reason=event["reason"],
    )


def _fold(content: Mapping[str, Any]) -> FoldResult:
    plain: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in content.items()
    }
    health = plain.pop("health", None)
    return FoldResult(**plain, health=Health(*map(tuple, health.values())) if health else None)

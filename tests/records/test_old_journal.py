"""Journals of earlier versions: read once into the record, as they were; one that is broken stops nothing."""

import json
import logging
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from old_journals import RUN, START_LINE, TIME, journal, trial_line
from paper_trials import completed, failed
from record_samples import bits

from automl.evaluation.bias_variance import BiasVariance, Curve
from automl.records import events as kinds
from automl.records import store
from automl.records.events import CohortAsked, Finished, StudyStarted, TrialEnded
from automl.records.finding import find_run, open_records, open_run, read_state
from automl.records.old_journal import earlier_reads
from automl.records.outcomes import Exported, VerdictReached
from automl.records.standing import standing
from automl.trial import FoldResult, Health, Trial, TrialState


def seconds(number: int) -> float:
    return datetime.fromisoformat(f"{TIME}{number}").timestamp()


def with_health(trial: Trial) -> Trial:
    first = trial.folds[0]
    values = {name: getattr(first, name) for name in FoldResult.__dataclass_fields__}
    fold = FoldResult(**values | {"health": Health((0.1, 1e-310), (0.0, 0.5))})
    return Trial(trial.number, {"width": 8}, trial.state, (fold, *trial.folds[1:]), 33, 0.1)


TRIALS = (with_health(completed(0, 0.5, 1 / 3)), failed(1, width=16), completed(2, 0.1 + 0.2, 0.1, width=64))
CURVE = Curve((0.5, 0.25), (0.1, 1 / 3))
DECOMPOSED = BiasVariance(
    2, "log_loss", (1, 2), 2, CURVE, CURVE, CURVE, (0.5, 0.4), {"data": 0.1}, {}, 1.0, 8, 2, 2, 100
)
WHOLE = (
    START_LINE,
    *map(trial_line, TRIALS),
    {"event": "test", "trial": 2, "rows": 36, "scores": {"log_loss": 0.3}},
    {
        "event": "verdict",
        "rows": [["mean", "0.3 ± 0.1"]],
        "sentences": ["Good."],
        "baselines": {"linear": [0.5, 0.25]},
        "corrected": [0.4, 0.3, 0.5],
        "test": [0.3, 0.2, 0.4],
    },
    {"event": "bias_variance", **asdict(DECOMPOSED)},
    {"event": "learning_curve", "loss": "log_loss", "rows": [10, 20], "losses": [[0.5, 0.25]]},
    {"event": "columns", "metric": "log_loss", "names": ["a"], "means": [0.1], "errors": [0.01]},
    {"event": "finish", "status": "FINISHED", "seconds": 9.5, "exported": 2},
)


def test_a_whole_study_of_an_earlier_version_is_read_as_it_was(tmp_path: Path) -> None:
    folder = journal(tmp_path, *WHOLE)
    (folder.parents[1] / "test_reads.jsonl").write_text(
        json.dumps({"time": TIME, "event": "test", "digest": "t1", "study": f"wine/{RUN}", "scores": {}})
        + "\n"
    )
    records = open_records(tmp_path)
    (run,) = records.runs()
    state = read_state(records, run)
    assert [bits(state.whole(trial.number)) for trial in state.trials] == [bits(trial) for trial in TRIALS]
    assert (run.title, run.status, run.num_trials, run.planned) == (f"wine/{RUN}", "finished", 3, 3)
    assert (run.created, run.best, run.owner) == (seconds(0), TRIALS[2].mean("log_loss"), None)
    assert state.best == state.trial(2)
    assert dict(state.bias_variance) == {2: DECOMPOSED}
    assert state.learning_curve == {"loss": "log_loss", "rows": [10, 20], "losses": [[0.5, 0.25]]}
    assert state.columns["names"] == ["a"]
    assert {trial for _, trial in state.analyzed} == {2}, "the winner is what these are about"
    assert state.verdict == VerdictReached(
        2,
        (("mean", "0.3 ± 0.1"),),
        ("Good.",),
        {"linear": (0.5, 0.25)},
        (0.4, 0.3, 0.5),
        (0.3, 0.2, 0.4),
        0.5,
        3,
    )
    assert state.tests == [kinds.TestReadingDone(2, "t1", {"log_loss": 0.3}, (0.3, 0.2, 0.4))]
    assert state.intended == [kinds.TestReadingIntended(2, "t1", 36)]
    assert (state.finished, state.exported) == (Finished("finished", 9.5), Exported(2))
    assert state.phase == ""


def test_the_beginning_is_what_it_says_and_what_follows_from_the_rest(tmp_path: Path) -> None:
    journal(tmp_path, *WHOLE)
    started = read_state(*open_run(tmp_path, None)).started
    assert started == StudyStarted(
        name="wine",
        identifier=RUN,
        base="/data",
        text="name: wine # ∞\n",
        metric="log_loss",
        direction="min",
        metrics=("log_loss", "accuracy"),
        num_trials=3,
        num_folds=2,
        num_epochs=10,
        searched=("width",),
        bounds={"width": [8, 64, False]},
        space={"width": {"choice": [8, 64], "per_layer": False}},
        constant=1.0985,
        notes=("stratified: the target has 3 classes",),
        facts={"task": "multiclass", "data_digest": "d1"},
    )


def test_a_study_of_numbers_is_decomposed_in_squared_errors(tmp_path: Path) -> None:
    journal(tmp_path, START_LINE | {"facts": {"task": "regression"}})
    assert read_state(*open_run(tmp_path, None)).started.loss == "squared_error"


def test_events_keep_their_times(tmp_path: Path) -> None:
    journal(tmp_path, START_LINE, trial_line(TRIALS[0]), WHOLE[-1] | {"exported": None})
    records, run = open_run(tmp_path, "wine")
    assert [(type(event.event), event.time) for event in records.events(run)] == [
        (StudyStarted, seconds(0)),
        (CohortAsked, seconds(1)),
        (TrialEnded, seconds(1)),
        (Finished, seconds(2)),
    ]


def test_a_journal_is_read_only_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = journal(tmp_path, *WHOLE)
    open_records(tmp_path)
    with (folder / "journal.jsonl").open("a") as file:
        file.write(json.dumps(trial_line(completed(7, 0.1))) + "\n")
    monkeypatch.setattr(store.Records, "enter", lambda *_: pytest.fail("it is there already"))
    records = open_records(tmp_path)
    assert [run.num_trials for run in records.runs()] == [3]


def test_a_run_that_two_processes_read_at_once_is_entered_once(tmp_path: Path) -> None:
    """The slower one has seen an empty record and finds the run there when it enters it."""
    journal(tmp_path, *WHOLE)
    slower = open_records(tmp_path, f"sqlite:///{tmp_path / 'empty.db'}")
    known = slower.runs()
    events = list(slower.events(known[0]))
    assert slower.enter(known[0].folder, events, "before") is False
    assert len(slower.runs()) == 1


def test_trials_that_ended_in_another_order_are_read_by_number(tmp_path: Path) -> None:
    journal(tmp_path, START_LINE, *(trial_line(TRIALS[number]) for number in (2, 0, 1)))
    records, run = open_run(tmp_path, None)
    cohorts = [event.event for event in records.events(run) if isinstance(event.event, CohortAsked)]
    assert [(cohort.number, cohort.first) for cohort in cohorts] == [(0, 0), (1, 1), (2, 2)]


def test_several_readings_of_the_test_set_are_kept(tmp_path: Path) -> None:
    readings = [
        {"event": "test", "trial": trial, "rows": 9, "scores": {"log_loss": trial / 8}} for trial in (0, 2)
    ]
    journal(tmp_path, START_LINE, *map(trial_line, TRIALS), *readings, WHOLE[5])
    state = read_state(*open_run(tmp_path, None))
    assert [(test.trial, dict(test.scores), test.interval) for test in state.tests] == [
        (0, {"log_loss": 0.0}, ()),
        (2, {"log_loss": 0.25}, (0.3, 0.2, 0.4)),
    ]
    assert [reading.trial for reading in state.intended] == [0, 2]
    assert state.verdict.trial == 2


@pytest.mark.parametrize(
    ("status", "exported", "words"),
    [
        ("FAILED", None, "failed after 1 of 3 trials; no model was exported"),
        ("KILLED", None, "stopped after 1 of 3 trials; no model was exported"),
        ("FINISHED", 0, ""),
        (None, None, "killed after 1 of 3 trials; no model was exported"),
    ],
)
def test_how_a_study_ended_is_known(tmp_path: Path, status: str | None, exported: Any, words: str) -> None:
    finish = [{"event": "finish", "status": status, "seconds": 1.0, "exported": exported}] if status else []
    journal(tmp_path, START_LINE, trial_line(TRIALS[0]), *finish)
    records, run = open_run(tmp_path, None)
    assert standing(run, read_state(records, run)) == words
    assert run.killed is (status is None)


@pytest.mark.parametrize(
    "line",
    [
        {"event": "trial", "number": 0, "hyperparameters": {}, "state": "failed", "folds": [], "reason": "x"},
        {"event": "trial", "number": 0, "state": "failed", "later": {"x": [1]}, "reason": "x"},
    ],
    ids=["a key less", "a key more"],
)
def test_keys_of_other_versions_are_no_hindrance(tmp_path: Path, line: dict[str, Any]) -> None:
    journal(tmp_path, {key: START_LINE[key] for key in ("event", "metric", "direction")} | {"later": 1}, line)
    state = read_state(*open_run(tmp_path, None))
    assert state.trials == (Trial(0, {}, TrialState.FAILED, reason="x"),)
    assert (state.started.name, state.started.identifier) == ("wine", RUN)


def test_a_fold_of_another_version_takes_defaults(tmp_path: Path) -> None:
    fold = {"training_loss": [0.5, 0.4], "scores": {"log_loss": 0.5}, "later": 1}
    line = {"event": "trial", "number": 0, "state": "complete", "folds": [fold, fold]}
    journal(tmp_path, START_LINE, line)
    (first, two) = read_state(*open_run(tmp_path, None)).whole(0).folds
    assert first == FoldResult(0, (0.5, 0.4), (), (), 0, {"log_loss": 0.5}, {}, 0.0)
    assert two.fold == 1


@pytest.mark.parametrize("cut", [1, 10, 50, 200])
def test_a_last_line_that_a_kill_cut_short_is_left_out(tmp_path: Path, cut: int) -> None:
    folder = journal(tmp_path, START_LINE, trial_line(TRIALS[0]), trial_line(TRIALS[2]))
    path = folder / "journal.jsonl"
    path.write_bytes(path.read_bytes()[: -1 - cut])
    assert [trial.number for trial in read_state(*open_run(tmp_path, None)).trials] == [0]


BROKEN = [
    b"{}",
    b'{"event": "tri',
    b"\0\0",
    b"\xff\xfe",
    b"null",
    b"[1]",
    b"not JSON",
    b"",
    b'{"event": "\xff"}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("line", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_line_within_is_ignored_with_its_number(
    tmp_path: Path, line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    folder = journal(tmp_path, START_LINE, trial_line(TRIALS[0]))
    with (folder / "journal.jsonl").open("ab") as file:
        file.write(line + b"\n" + json.dumps(trial_line(TRIALS[2])).encode() + b"\n")
    assert [trial.number for trial in read_state(*open_run(tmp_path, None)).trials] == [0, 2]
    text = f"{folder / 'journal.jsonl'}:3: this line is broken and is ignored."
    assert (text in caplog.text) is bool(line)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [trial_line(TRIALS[0])],
        [START_LINE, {"event": "trial", "number": 0, "state": "lost"}],
        [START_LINE, {"event": "trial", "number": "0", "state": "failed"}],
        [START_LINE, {"event": "trial", "state": "failed"}],
        [START_LINE, trial_line(TRIALS[0]) | {"folds": 3}],
        [
            START_LINE,
            trial_line(TRIALS[0]) | {"folds": [{"training_loss": ["x"], "scores": {"log_loss": 0.5}}]},
        ],
        [START_LINE, {"event": "finish", "seconds": "long"}],
        [{"event": "study"}],
        [START_LINE | {"num_trials": None}],
        [START_LINE | {"direction": "up"}],
        [START_LINE | {"facts": 3}],
    ],
    ids=range(12),
)
def test_a_journal_that_cannot_be_read_is_named_and_stops_no_other(
    tmp_path: Path, lines: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    broken = journal(tmp_path, *lines, name="broken")
    journal(tmp_path, *WHOLE)
    records = open_records(tmp_path)
    assert [run.name for run in records.runs()] == ["wine"]
    output = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(output) == 1
    assert output[0].startswith(
        f"{broken / 'journal.jsonl'} was written by another version of automl and cannot"
    )
    assert output[0].endswith("Read it with that version, or move its folder away.")
    assert (broken / "journal.jsonl").is_file()


def test_a_full_disk_is_not_taken_for_another_version(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = journal(tmp_path, *WHOLE)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", full)
        assert open_records(tmp_path).runs() == []
    output = caplog.records[-1].getMessage()
    assert output.startswith(f"{folder / 'journal.jsonl'} could not be imported into the record: ")
    assert "No space left on device. Free the disk" in output
    assert [run.num_trials for run in open_records(tmp_path).runs()] == [3], "it is read the next time"


def test_runs_are_entered_in_the_order_in_which_they_began_whatever_they_are_called(tmp_path: Path) -> None:
    for name, run in (("a", "20260103"), ("z", "20260101"), ("m", "20260102"), ("m", "20260101")):
        journal(tmp_path, START_LINE, trial_line(TRIALS[0]), name=name, run=run)
    records = open_records(tmp_path)
    titles = [run.title for run in records.runs()]
    assert titles == ["m/20260101", "z/20260101", "m/20260102", "a/20260103"]
    assert find_run(records, None).title == "a/20260103"


def test_readings_before_there_was_a_record_are_found(tmp_path: Path) -> None:
    path = tmp_path / "studies/test_reads.jsonl"
    path.parent.mkdir()
    assert earlier_reads(tmp_path, "D") == []
    lines = [
        {"time": TIME, "event": "test", "digest": digest, "study": study, "scores": {"x": 1.0}}
        for study, digest in (("a/R", "D"), ("b/R", "E"), ("c/R", "D"))
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in [*lines, {"event": "test", "digest": "D"}]))
    assert earlier_reads(tmp_path, "D") == ["a/R", "c/R"]
    assert earlier_reads(tmp_path, "F") == []


def test_a_reading_that_was_written_behind_a_torn_one_is_found(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "studies/test_reads.jsonl"
    path.parent.mkdir()
    lines = [
        json.dumps({"time": TIME, "event": "test", "digest": "D", "study": f"{name}/R", "scores": {"x": 1.0}})
        for name in "abcd"
    ]
    path.write_text(f"{lines[0]}\n{lines[1][:-20]}{lines[2]}\n{lines[3]}\n")
    assert earlier_reads(tmp_path, "D") == ["a/R", "c/R", "d/R"]
    assert f"{path}:2: this line is broken and is ignored." in caplog.text

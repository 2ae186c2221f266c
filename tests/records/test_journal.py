"""The journal: what is written is what is read, after a crash and on a full disk too."""

import errno
import json
import math
import os
from pathlib import Path
from typing import Any

import pytest
from paper_trials import completed, failed

from automl.errors import RecordError
from automl.records.journal import JOURNAL, Journal, StudyLog, find_study, new_study_folder, read_journal
from automl.trial import Direction, FoldResult, Objective, Trial, TrialState

START = {"name": "wine", "metric": "log_loss", "direction": "min", "searched": ["width"]}


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = Journal(tmp_path)
    journal.append("study", START)
    return journal


def append_bytes(journal: Journal, content: bytes) -> None:
    with (journal.folder / JOURNAL).open("ab") as file:
        file.write(content)


def numbers_in(log: StudyLog) -> list[int]:
    return [trial.number for trial in log.trials]


AWKWARD = (0.1, 1 / 3, 1e-310, 5e-324, 1.7976931348623157e308, -0.0, 2.0**53 + 1, math.pi)


def test_a_trial_comes_back_bit_by_bit_with_its_types(journal: Journal) -> None:
    fold = FoldResult(
        0, AWKWARD, AWKWARD[::-1], AWKWARD, 3, {"log_loss": 0.1 + 0.2}, {"log_loss": 1e-17}, 1.5
    )
    values = {"width": 64, "rate": 1e-05, "whole": 2.0, "normalize": True, "activation": "gelu ∞ \n\u2028"}
    trial = Trial(3, values, TrialState.COMPLETE, (fold, fold), 12345678901, 0.1, "")
    journal.append_trial(trial)
    (again,) = read_journal(journal.folder).trials
    assert again == trial
    assert [value.hex() for value in again.folds[0].training_loss] == [value.hex() for value in AWKWARD]
    assert {name: type(value) for name, value in again.hyperparameters.items()} == {
        name: type(value) for name, value in values.items()
    }
    assert type(again.folds) is tuple
    assert type(again.state) is TrialState


def test_failed_trials_come_back_too(journal: Journal) -> None:
    journal.append_trial(failed(0, 'says "no"\nand more', width=8))
    assert read_journal(journal.folder).trials == (failed(0, 'says "no"\nand more', width=8),)


def test_numbers_that_are_not_finite_come_back(journal: Journal) -> None:
    fold = FoldResult(0, (math.nan, math.inf), (0.0, 0.0), (-math.inf, 0.0), 1, {}, {}, 0.0)
    journal.append_trial(Trial(0, {}, TrialState.FAILED, (fold,)))
    (again,) = read_journal(journal.folder).trials[0].folds
    assert math.isnan(again.training_loss[0])
    assert (again.training_loss[1], again.validation_loss[0]) == (math.inf, -math.inf)


def test_a_whole_study_comes_back_in_order(journal: Journal) -> None:
    journal.append_trial(completed(0, 2.0))
    journal.append_trial(failed(1))
    journal.append_trial(completed(2, 1.0))
    journal.append("test", {"trial": 2, "rows": 30, "scores": {"log_loss": 0.5}})
    journal.append("finish", {"status": "finished", "seconds": 9.5, "exported": 2})
    log = read_journal(journal.folder)
    assert log.folder == journal.folder
    assert numbers_in(log) == [0, 1, 2]
    assert log.objective == Objective("log_loss", Direction.MINIMIZE)
    assert log.best == completed(2, 1.0)
    assert [test["scores"] for test in log.tests] == [{"log_loss": 0.5}]
    assert (log.finish["seconds"], log.finish["exported"]) == (9.5, 2)
    assert log.start.items() >= START.items()


def test_a_study_that_still_runs_has_no_finish(journal: Journal) -> None:
    log = read_journal(journal.folder)
    assert (log.trials, log.tests, log.finish, log.best) == ((), (), {}, None)


def test_a_trial_is_found_by_its_number(journal: Journal) -> None:
    journal.append_trial(completed(0, 2.0))
    journal.append_trial(completed(1, 3.0))
    log = read_journal(journal.folder)
    assert log.trial(1) == completed(1, 3.0)
    with pytest.raises(RecordError, match=r"there is no trial 2\. Trials 0 to 1 are recorded\.$"):
        log.trial(2)


def test_a_study_without_trials_says_so(journal: Journal) -> None:
    with pytest.raises(RecordError, match=r"there is no trial 0\. No trial has ended\.$"):
        read_journal(journal.folder).trial(0)


def test_an_event_is_on_disk_when_append_returns(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_size))
    journal.append("test", {"trial": 0})
    assert synced == [(journal.folder / JOURNAL).stat().st_size], "synced before all was written"


@pytest.mark.parametrize("cut", [1, 10, 50, 200])
def test_a_last_line_that_a_kill_cut_short_is_left_out(journal: Journal, cut: int) -> None:
    journal.append_trial(completed(0, 2.0))
    journal.append_trial(completed(1, 3.0))
    path = journal.folder / JOURNAL
    path.write_bytes(path.read_bytes()[: -1 - cut])
    assert read_journal(journal.folder).trials == (completed(0, 2.0),)


@pytest.mark.parametrize("rest", [b"\0" * 300, b"\xff\xfe\xfa", b"{", b"null\n", b"3"])
def test_a_last_line_of_rubbish_is_left_out(journal: Journal, rest: bytes) -> None:
    """A power failure leaves blocks of zeros, or what stood there before."""
    journal.append_trial(completed(0, 2.0))
    append_bytes(journal, rest)
    assert numbers_in(read_journal(journal.folder)) == [0]


@pytest.mark.parametrize(
    "line",
    [b"{}", b'{"event": "tri', b"\0\0", b"\xff\xfe", b"null", b"[1]", b"not JSON", b"", b'{"event": "\xff"}'],
)
def test_a_broken_line_within_is_refused_with_its_number(journal: Journal, line: bytes) -> None:
    append_bytes(journal, line + b"\n")
    journal.append_trial(completed(0, 2.0))
    with pytest.raises(RecordError) as caught:
        read_journal(journal.folder)
    assert str(caught.value) == f"{journal.folder / JOURNAL}:2: this line is broken. Remove it."


@pytest.mark.parametrize("content", ["", "{", '{"event": "trial"}\n'])
def test_a_journal_that_does_not_begin_with_a_study_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / JOURNAL).write_text(content)
    with pytest.raises(RecordError, match=r"does not begin with a study\. Run the study again\.$"):
        read_journal(tmp_path)


def test_a_missing_journal(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"journal\.jsonl cannot be read: No such file or directory\.$"):
        read_journal(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_an_error_for_people(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).symlink_to("/dev/full")
    with pytest.raises(RecordError) as caught:
        Journal(tmp_path).append("study", START)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / JOURNAL} cannot be written: No space left on device.")
    assert "--mlruns" in message


def test_a_disk_that_fails_to_sync_is_an_error_for_people(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(RecordError, match="cannot be written: Input/output error"):
        journal.append("test", {})


def test_a_folder_that_is_gone_is_an_error_for_people(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be written: No such file or directory"):
        Journal(tmp_path / "gone").append("study", START)


def test_each_run_of_a_study_has_a_folder_of_its_own(tmp_path: Path) -> None:
    folders = [new_study_folder(tmp_path / "mlruns", "wine", "name: wine\n") for _ in range(3)]
    assert len(set(folders)) == 3
    assert all(folder.is_dir() and folder.parent == tmp_path / "mlruns/studies/wine" for folder in folders)


@pytest.mark.parametrize("inside", ["", "studies", "studies/wine"])
def test_a_file_in_the_way_of_the_folder_is_an_error_for_people(tmp_path: Path, inside: str) -> None:
    mlruns = tmp_path / "mlruns"
    way = mlruns / inside
    way.parent.mkdir(parents=True, exist_ok=True)
    way.write_text("a file")
    with pytest.raises(RecordError) as caught:
        new_study_folder(mlruns, "wine", "")
    assert str(caught.value).startswith(f"{mlruns} cannot be written: ")
    assert str(caught.value).endswith("Choose another folder with --mlruns.")


@pytest.fixture
def mlruns(tmp_path: Path) -> Path:
    """Two runs of wine, between them one of xor, and a folder of a run that never began."""
    for run in ("wine/20260101-000000-aaaa", "xor/20260102-000000-aaaa", "wine/20260103-000000-0000"):
        (tmp_path / "mlruns/studies" / run).mkdir(parents=True)
        Journal(tmp_path / "mlruns/studies" / run).append("study", START)
    (tmp_path / "mlruns/studies/never/20260109-000000-aaaa").mkdir(parents=True)
    return tmp_path / "mlruns"


@pytest.mark.parametrize(
    ("study", "run"),
    [
        (None, "wine/20260103-000000-0000"),
        ("xor", "xor/20260102-000000-aaaa"),
        ("wine", "wine/20260103-000000-0000"),
        ("wine.yaml", "wine/20260103-000000-0000"),
        ("elsewhere/xor.yml", "xor/20260102-000000-aaaa"),
    ],
)
def test_a_study_is_found_by_its_name_or_file_and_the_last_run_by_default(
    mlruns: Path, study: Any, run: str
) -> None:
    assert find_study(mlruns, study) == mlruns / "studies" / run


def test_a_study_is_found_by_the_name_in_its_file(mlruns: Path, tmp_path: Path) -> None:
    (tmp_path / "experiment 3.yaml").write_text("name: xor\ndata: {sklearn: iris}\n")
    assert find_study(mlruns, str(tmp_path / "experiment 3.yaml")).parent.name == "xor"


def test_a_study_is_found_by_its_own_folder(mlruns: Path, tmp_path: Path) -> None:
    folder = mlruns / "studies/wine/20260101-000000-aaaa"
    assert find_study(tmp_path / "elsewhere", str(folder)) == folder


@pytest.mark.parametrize("study", ["iris", "never", "win", "*", "w*", ".", "..", "/", "iris.yaml"])
def test_an_unknown_study_is_refused_with_those_that_are_known(mlruns: Path, study: str) -> None:
    with pytest.raises(RecordError) as caught:
        find_study(mlruns, study)
    message = str(caught.value)
    assert message.startswith(f"{mlruns}: there is no study ")
    assert message.endswith("Known: wine, xor.")


@pytest.mark.parametrize(("study", "what"), [(None, "no study here"), ("wine", "no study 'wine' here")])
def test_where_no_study_has_run_the_cure_is_to_run_one(tmp_path: Path, study: Any, what: str) -> None:
    with pytest.raises(RecordError) as caught:
        find_study(tmp_path / "mlruns", study)
    assert (
        str(caught.value) == f"{tmp_path / 'mlruns'}: there is {what}. Run one with `automl run study.yaml`."
    )


def test_every_line_of_a_journal_is_json_with_an_event_and_a_time(journal: Journal) -> None:
    journal.append_trial(completed(0, 2.0))
    lines = (journal.folder / JOURNAL).read_text().splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["event"] for event in events] == ["study", "trial"]
    assert all(len(event["time"]) == len("2026-01-01T00:00:00") for event in events)


def test_a_full_disk_leaves_no_folder_behind(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(RecordError, match="No space left"):
        new_study_folder(tmp_path / "mlruns", "wine", "name: wine")
    assert list(tmp_path.iterdir()) == []

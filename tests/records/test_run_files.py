"""The files beside the events: written whole or not at all, read back exactly, named where they are broken."""

import errno
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paper_trials import completed, failed
from record_samples import AWKWARD, ODD_TEXT, bits

from automl.errors import RecordError
from automl.records import disk
from automl.records.disk import remove_leftovers
from automl.records.files import (
    STUDY_FILE,
    ended_event,
    light_trial,
    make_run_folder,
    read_answer,
    read_json,
    read_predictions,
    read_trial,
    remove_run_folder,
    write_json,
    write_predictions,
    write_trial,
    write_whole,
)
from automl.trial import FoldResult, Health, Trial, TrialState


def again(folder: Path, trial: Trial, metric: str = "log_loss") -> Trial:
    write_trial(folder, trial)
    return read_trial(folder, ended_event(trial, metric), trial.hyperparameters)


def test_a_trial_comes_back_bit_by_bit_with_its_types(tmp_path: Path) -> None:
    fold = FoldResult(
        0, AWKWARD, AWKWARD[::-1], AWKWARD, 3, {"log_loss": 0.1 + 0.2}, {"log_loss": 1e-17}, 1.5
    )
    health = Health((0.1, 1e-310), (0.0, 1.0))
    second_fold = FoldResult(1, (), (), (), 0, {"log_loss": -0.0, ODD_TEXT: math.inf}, {}, 0.0, health=health)
    values = {"width": 64, "rate": 1e-05, "whole": 2.0, "normalize": True, "activation": ODD_TEXT}
    trial = Trial(3, values, TrialState.COMPLETE, (fold, second_fold), 12345678901, 0.1, "")
    assert bits(again(tmp_path, trial)) == bits(trial)


def test_a_trial_that_the_time_limit_ended_comes_back_as_such(tmp_path: Path) -> None:
    """Its event says so, which MLflow's tag follows; the file of its folds says which of them."""
    whole = FoldResult(0, (0.5,), (0.5,), (0.5,), 1, {"log_loss": 0.5}, {}, 0.0)
    trial = Trial(0, {}, TrialState.COMPLETE, (whole, replace(whole, fold=1, cut=True)))
    event = ended_event(trial, "log_loss")
    assert event.cut
    assert [fold.cut for fold in again(tmp_path, trial).folds] == [False, True]
    assert light_trial(event, {}, "log_loss").cut
    assert not ended_event(replace(trial, folds=(whole,)), "log_loss").cut


def test_numbers_that_are_not_finite_come_back(tmp_path: Path) -> None:
    losses = (math.nan, math.inf, -math.inf)
    trial = Trial(
        0, {}, TrialState.FAILED, (FoldResult(0, losses, losses, losses, 1, {"log_loss": math.nan}, {}, 0.0),)
    )
    assert bits(again(tmp_path, trial)) == bits(trial)


CURVES = st.lists(st.floats(), max_size=5).map(tuple)


@settings(max_examples=40)
@given(st.lists(st.tuples(CURVES, CURVES, CURVES), min_size=1, max_size=3))
def test_curves_of_any_lengths_come_back(tmp_path_factory: pytest.TempPathFactory, curves: list[Any]) -> None:
    folds = tuple(
        FoldResult(number, *three, 1, {"log_loss": 0.5}, {}, 0.0) for number, three in enumerate(curves)
    )
    trial = Trial(0, {}, TrialState.COMPLETE, folds)
    assert bits(again(tmp_path_factory.mktemp("run"), trial)) == bits(trial)


def test_a_trial_without_folds_needs_no_files(tmp_path: Path) -> None:
    trial = failed(0, 'says "no"\nand more', width=8)
    assert again(tmp_path, trial) == trial
    assert list(tmp_path.iterdir()) == []


def test_folds_of_a_failed_trial_keep_their_numbers(tmp_path: Path) -> None:
    trial = Trial(
        0, {}, TrialState.FAILED, completed(0, 0.5, 0.4, 0.3).folds[1:], None, 1.0, "fold 0 diverged"
    )
    assert again(tmp_path, trial) == trial


@pytest.mark.parametrize("shape", [(7,), (7, 3), (0,), (0, 3), (1, 1)])
def test_predictions_come_back_as_they_were(tmp_path: Path, shape: tuple[int, ...]) -> None:
    values = numpy.random.default_rng(0).normal(size=shape).astype(numpy.float32)
    write_predictions(tmp_path, 3, values)
    predictions = read_predictions(tmp_path, 3)
    assert predictions is not None
    assert predictions.dtype == numpy.float32
    assert numpy.array_equal(predictions, values)
    assert predictions.shape == shape


def test_predictions_are_kept_with_single_precision(tmp_path: Path) -> None:
    write_predictions(tmp_path, 3, numpy.array([0.1, 1e-50]))
    predictions = read_predictions(tmp_path, 3)
    assert predictions is not None
    assert predictions.tolist() == [float(numpy.float32(0.1)), 0.0]


def test_predictions_that_were_not_kept_are_none(tmp_path: Path) -> None:
    assert read_predictions(tmp_path, 3) is None


def test_plain_values_come_back_from_json(tmp_path: Path) -> None:
    content = {
        "∞": [*AWKWARD, math.inf, None, True, ODD_TEXT],
        "numpy": numpy.float32(0.5),
        "rows": numpy.arange(2),
    }
    write_json(tmp_path / "a/b.json", content)
    assert bits(read_json(tmp_path / "a/b.json")) == bits(content | {"numpy": 0.5, "rows": [0, 1]})


FAULTS = ["open", "write", "fsync", "replace"]


def break_disk(monkeypatch: pytest.MonkeyPatch, step: str, number: int = errno.ENOSPC) -> None:
    """Let a step of writing a file fail as it does on a full disk."""
    error = OSError(number, os.strerror(number))

    def fail(*_: object, **__: object) -> None:
        raise error

    class Full:
        def __init__(self, file: Any) -> None:
            self._file = file

        def __enter__(self) -> Any:
            self._file.write(b"half")
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        write = fail

    if step == "write":
        opens = Path.open
        monkeypatch.setattr(Path, "open", lambda path, mode: Full(opens(path, mode)))
    else:
        owner = os if step == "fsync" else Path
        monkeypatch.setattr(owner, step, fail)


@pytest.mark.parametrize("step", FAULTS)
@pytest.mark.parametrize("before", [None, b"as it was"])
def test_a_full_disk_leaves_the_old_file_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, before: bytes | None
) -> None:
    path = tmp_path / "x.json"
    if before is not None:
        path.write_bytes(before)
    with monkeypatch.context() as broken:
        break_disk(broken, step)
        with pytest.raises(RecordError) as caught:
            write_whole(path, lambda file: file.write(b"new"))
    assert str(caught.value) == (
        f"{path} cannot be written: No space left on device. Free the disk, or choose another folder with --mlruns."
    )
    assert [file.read_bytes() for file in tmp_path.iterdir()] == ([] if before is None else [before])


@pytest.mark.parametrize("write", [write_trial, write_predictions], ids=["trial", "predictions"])
def test_a_full_disk_is_said_of_arrays_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Any
) -> None:
    break_disk(monkeypatch, "write")
    arguments = (completed(0, 0.5),) if write is write_trial else (0, numpy.ones(3))
    with pytest.raises(RecordError, match=r"npy cannot be written: No space left on device\."):
        write(tmp_path, *arguments)
    assert list((tmp_path / "trials").iterdir()) == []


def test_a_file_is_on_disk_with_its_name_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The content before the rename, the folder after it, and every new folder in the one above."""
    synced: list[int] = []
    syncs, replaces = os.fsync, Path.replace

    def sync(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        syncs(descriptor)

    def replace(path: Path, target: Path) -> Path:
        assert (synced[-1], path.read_bytes()) == (path.stat().st_ino, b"new")
        return replaces(path, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", replace)
    file = tmp_path / "trials/deep/x"
    write_whole(file, lambda opened: opened.write(b"new"))
    order = [tmp_path, tmp_path / "trials", file, tmp_path / "trials/deep"]
    assert synced == [path.stat().st_ino for path in order]


def test_a_file_system_that_cannot_sync_folders_is_used_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sync(_: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", sync)
    disk.sync_folder(tmp_path)
    with pytest.raises(OSError, match="Invalid argument"):
        os.fsync(0)


def test_what_interrupts_a_write_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupted(file: Any) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "x", interrupted)
    assert list(tmp_path.iterdir()) == []


KILL = """
import os, signal, sys
from pathlib import Path
from automl.records.files import write_whole

def write(file):
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)

write_whole(Path(sys.argv[1]), write)
"""


def test_what_a_kill_leaves_is_not_the_file_and_is_removed_by_the_next_holder(tmp_path: Path) -> None:
    path = tmp_path / "trials/000001.json"
    write_whole(path, lambda file: file.write(b"old"))
    write_whole(tmp_path / STUDY_FILE, lambda file: file.write(b"name: wine"))
    (tmp_path / "trials/.hidden.json").write_text("not ours")
    killed = subprocess.run([sys.executable, "-c", KILL, path], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    assert len(list(path.parent.iterdir())) == 3
    remove_leftovers(tmp_path)
    assert {file.name for file in path.parent.iterdir()} == {"000001.json", ".hidden.json"}
    assert (tmp_path / STUDY_FILE).is_file()


def cut(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])


@pytest.mark.parametrize("name", ["000000.json", "000000.curves.npy"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.6, 0.99])
def test_a_truncated_file_of_a_trial_is_named(tmp_path: Path, name: str, share: float) -> None:
    trial = completed(0, 0.5, 0.4)
    write_trial(tmp_path, trial)
    cut(tmp_path / "trials" / name, share)
    with pytest.raises(RecordError) as caught:
        read_trial(tmp_path, ended_event(trial, "log_loss"), {})
    kind = "JSON" if name.endswith("json") else "a NumPy array"
    where = tmp_path / "trials" / name
    assert str(caught.value) == f"{where} is broken: it is not {kind}. Restore it, or delete the run."


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"[]",
        b"3",
        b'{"folds": 3}',
        b'{"folds": []}',
        b'{"folds": [{}]}',
        b'{"folds": [null]}',
        b'{"folds": [{"fold":0,"lengths":[2,2],"best_epoch":1,"scores":{},"training_scores":{},"seconds":0}]}',
        b'{"folds": [{"fold":0,"lengths":[2,2,2],"best_epoch":1}]}',
    ],
)
def test_a_file_of_another_form_is_named(tmp_path: Path, content: bytes) -> None:
    trial = completed(0, 0.5)
    write_trial(tmp_path, trial)
    path = tmp_path / "trials/000000.json"
    path.write_bytes(content)
    with pytest.raises(RecordError) as caught:
        read_trial(tmp_path, ended_event(trial, "log_loss"), {})
    assert str(caught.value).startswith(f"{path} is broken: it does not fit 000000.curves.npy.")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        b"\x80\x04K\x01.",
        b"\x93NUMPY",
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', (",
        b"text",
    ],
)
def test_what_is_not_an_array_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "trials/000003.predictions.npy"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(
        RecordError, match=r"predictions\.npy is broken: it is not a NumPy array\. Restore it"
    ):
        read_predictions(tmp_path, 3)


def test_an_archive_of_arrays_is_not_an_array(tmp_path: Path) -> None:
    path = tmp_path / "trials/000003.predictions.npy"
    path.parent.mkdir()
    with path.open("wb") as file:
        numpy.savez(file, numpy.ones(3))
    with pytest.raises(RecordError, match="it is not a NumPy array"):
        read_predictions(tmp_path, 3)


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        RecordError, match=r"trials/000000\.json cannot be read: No such file or directory\.$"
    ):
        read_trial(tmp_path, ended_event(completed(0, 0.5), "log_loss"), {})


def test_an_answer_is_a_mapping(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", [1])
    with pytest.raises(RecordError, match=r"a\.json is broken: it is not an answer\."):
        read_answer(tmp_path / "a.json")


def test_each_run_has_a_folder_with_its_study_file(tmp_path: Path) -> None:
    mlruns = tmp_path / "mlruns"
    folders = [make_run_folder(mlruns, "wine", run, "name: wine # ∞\n") for run in ("a", "b")]
    assert folders == [mlruns / "studies/wine/a", mlruns / "studies/wine/b"]
    assert [(folder / STUDY_FILE).read_text("utf-8") for folder in folders] == ["name: wine # ∞\n"] * 2


def test_the_folder_of_another_run_is_never_taken_nor_removed(tmp_path: Path) -> None:
    mlruns = tmp_path / "mlruns"
    folder = make_run_folder(mlruns, "wine", "a", "first")
    with pytest.raises(RecordError, match=r"mlruns cannot be written: File exists\."):
        make_run_folder(mlruns, "wine", "a", "second")
    assert (folder / STUDY_FILE).read_text() == "first"


@pytest.mark.parametrize("step", FAULTS)
def test_a_full_disk_leaves_no_folder_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    break_disk(monkeypatch, step)
    with pytest.raises(RecordError, match="No space left"):
        make_run_folder(tmp_path / "mlruns", "wine", "a", "name: wine")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("inside", ["", "studies", "studies/wine"])
def test_a_file_in_the_way_of_the_folder_is_an_error_for_people(tmp_path: Path, inside: str) -> None:
    mlruns = tmp_path / "mlruns"
    way = mlruns / inside
    way.parent.mkdir(parents=True, exist_ok=True)
    way.write_text("a file")
    with pytest.raises(RecordError) as caught:
        make_run_folder(mlruns, "wine", "a", "")
    assert str(caught.value).startswith(f"{mlruns} cannot be written: ")
    assert str(caught.value).endswith("Choose another folder with --mlruns.")
    assert way.read_text() == "a file"


def test_a_folder_that_is_removed_leaves_those_of_others(tmp_path: Path) -> None:
    mlruns = tmp_path / "mlruns"
    first, second = (make_run_folder(mlruns, name, "a", "") for name in ("wine", "iris"))
    remove_run_folder(mlruns, first)
    assert sorted(path.name for path in mlruns.rglob("*")) == ["a", "iris", "studies", STUDY_FILE]
    remove_run_folder(mlruns, second)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_disk_that_is_really_full_keeps_what_was_there(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], check=False)
    if mounted.returncode:
        pytest.skip("this machine does not let root mount a small disk")
    try:
        write_json(small / "kept.json", {"x": 1})
        with pytest.raises(RecordError, match=r"000000\.predictions\.npy cannot be written: No space left"):
            write_predictions(small, 0, numpy.ones(100_000))
        with pytest.raises(RecordError, match=r"000000\.curves\.npy cannot be written: No space left"):
            write_trial(small, completed(0, *range(2000)))
        write_json(small / "kept.json", {"x": 2})
        assert read_json(small / "kept.json") == {"x": 2}
        assert [path.name for path in small.rglob("*") if path.is_file()] == ["kept.json"]
    finally:
        subprocess.run(["umount", small], check=True)

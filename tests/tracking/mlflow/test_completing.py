"""Recorded runs of which something is missing in MLflow are completed there: at a command, and by the way."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fake_server import FakeServer, serving
from hand_made import STARTED, children, make_failed_trial, make_trial, write_nothing
from recorded_digits import record_a_study
from recorded_study import RecordedStudy, make_records

from automl.cli.track import track
from automl.errors import StudyFileError, TrackingError
from automl.records.store import Records
from automl.tracking.mlflow.address import StoreAddress, find_store
from automl.tracking.mlflow.completing import Completion, complete_all, recorded_uri, send_run
from automl.tracking.mlflow.opening import open_store
from automl.tracking.mlflow.store import PROCESS


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with serving() as running:
        yield running


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return make_records(tmp_path / "mlruns", time.time)  # commands look at the time too


@pytest.fixture
def study(records: Records) -> RecordedStudy:
    return RecordedStudy(records, STARTED)


@pytest.fixture
def address(server: FakeServer) -> StoreAddress:
    return StoreAddress(server.address, "tracking.uri", None)


@pytest.fixture
def begin(records: Records, address: StoreAddress) -> Callable[..., RecordedStudy]:
    """A run of which MLflow has the first trial; two more have ended, and its process is gone."""

    def make(name: str, identifier: str) -> RecordedStudy:
        study = RecordedStudy(records, replace(STARTED, name=name, identifier=identifier))
        study.end_trial(make_trial(0))
        assert send_run(records, study.listed, address, write_nothing).running
        study.end_trials([make_trial(1), make_failed_trial(2)])
        study.let_go()
        return study

    return make


def states(server: FakeServer, experiment: str) -> dict[str, str]:
    return {name.split()[0]: run["status"] for name, run in server.runs(experiment).items()}


def test_a_run_is_sent_and_counted(study: RecordedStudy, records: Records, address: StoreAddress) -> None:
    record_a_study(study)
    first = send_run(records, study.listed, address, write_nothing)
    assert (first.sent, first.there, first.missing, first.whole, first.running) == (3, 0, 0, True, False)
    again = send_run(records, study.listed, address, write_nothing)
    assert (again.sent, again.there, again.missing, again.whole) == (0, 3, 0, True)


def test_a_run_on_which_a_process_works_is_sent_and_stays_open(
    study: RecordedStudy, records: Records, address: StoreAddress, server: FakeServer
) -> None:
    study.end_trial(make_trial(0))
    sent = send_run(records, study.listed, address, write_nothing)
    assert (sent.sent, sent.running) == (1, True)
    assert states(server, "digits") == {"study": "RUNNING", "trial-0000": "FINISHED"}


def test_what_a_server_does_not_take_is_said(
    study: RecordedStudy, records: Records, address: StoreAddress, server: FakeServer
) -> None:
    study.end_trials([make_trial(0), make_trial(1)])
    study.finish()
    answer = server.answer

    def refusing(method: str, path: str, content: Any) -> tuple[int, Any]:
        if path.endswith("log-batch") and "trial_number" in str(content):
            return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "too long"}
        return answer(method, path, content)

    server.answer = refusing
    with pytest.raises(
        TrackingError,
        match=r"2 of 2 trials of digits/.* could not be sent to MLflow: .*too long.*automl track digits",
    ):
        send_run(records, study.listed, address, write_nothing)
    assert "RUNNING" not in states(server, "digits").values()


def test_every_run_that_has_begun_in_a_store_is_completed_there(
    begin: Callable[..., RecordedStudy], records: Records, address: StoreAddress, server: FakeServer
) -> None:
    for name, identifier in (("one", "a"), ("two", "b")):
        begin(name, identifier)
    elsewhere = RecordedStudy(records, replace(STARTED, name="elsewhere", identifier="c"))
    elsewhere.finish()
    alive = begin("alive", "d")
    alive.take_over()
    assert complete_all(records, address, write_nothing) == 2
    for name in ("one", "two"):
        assert states(server, name) == {
            "study": "KILLED",
            "trial-0000": "FINISHED",
            "trial-0001": "FINISHED",
            "trial-0002": "FAILED",
        }
    assert "elsewhere" not in server.stores, "what was never sent to a store is not sent by the way"
    assert states(server, "alive") == {"study": "RUNNING", "trial-0000": "FINISHED"}


def test_nothing_is_asked_but_for_a_list_where_nothing_is_missing(
    begin: Callable[..., RecordedStudy], records: Records, address: StoreAddress, server: FakeServer
) -> None:
    for number in range(3):
        begin(f"study-{number}", str(number))
    assert complete_all(records, address, write_nothing) == 3
    server.requests.clear()
    assert complete_all(records, address, write_nothing) == 0
    paths = [path.removeprefix("/api/2.0/mlflow/") for path in server.requests if path != "/health"]
    assert paths == ["experiments/search", "runs/search", "runs/search"]


def test_a_run_that_has_gone_on_or_has_an_open_trial_is_completed_again(
    begin: Callable[..., RecordedStudy], records: Records, address: StoreAddress, server: FakeServer
) -> None:
    study = begin("digits", "a")
    assert complete_all(records, address, write_nothing) == 1
    study.take_over()
    study.end_trial(make_trial(3))
    study.let_go()
    assert complete_all(records, address, write_nothing) == 1
    assert states(server, "digits")["trial-0003"] == "FINISHED"
    late = {"role": "trial", "study_id": "a", "trial": "3"}
    server.stores["digits"].create_run("", 0, late, "late")
    assert complete_all(records, address, write_nothing) == 1
    assert "late" not in states(server, "digits")
    assert complete_all(records, address, write_nothing) == 0


def test_a_run_that_was_deleted_by_hand_stays_deleted(
    begin: Callable[..., RecordedStudy], records: Records, address: StoreAddress, server: FakeServer
) -> None:
    begin("digits", "a")
    store = server.stores["digits"]
    for run in list(store.runs.values()):
        run.deleted = True
    assert complete_all(records, address, write_nothing) == 0
    assert all(run.deleted for run in store.runs.values())


def test_a_run_whose_folder_is_on_another_machine_is_left_to_that_machine(
    begin: Callable[..., RecordedStudy], records: Records, address: StoreAddress, server: FakeServer
) -> None:
    there = begin("there", "a")
    begin("here", "b")
    shutil.rmtree(there.run.folder)
    assert complete_all(records, address, write_nothing) == 1
    assert states(server, "here")["trial-0002"] == "FAILED"
    assert states(server, "there")["study"] == "RUNNING"


def test_one_run_that_cannot_be_sent_holds_up_no_other(
    begin: Callable[..., RecordedStudy],
    records: Records,
    address: StoreAddress,
    server: FakeServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    begin("one", "a")
    begin("two", "b")
    answer = server.answer

    def refusing(method: str, path: str, content: Any) -> tuple[int, Any]:
        if path.endswith("runs/create") and "'two'" in str(content):
            return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "no room"}
        return answer(method, path, content)

    server.answer = refusing
    assert complete_all(records, address, write_nothing) == 1
    assert states(server, "one")["trial-0002"] == "FAILED"
    assert "2 of 3 trials of two/b could not be sent to MLflow: " in caplog.text
    assert "no room" in caplog.text


def test_completing_is_interrupted_and_goes_on_where_it_was(
    begin: Callable[..., RecordedStudy], records: Records, address: StoreAddress, server: FakeServer
) -> None:
    begin("one", "a")
    begin("two", "b")
    completion, answers = (
        Completion(records, address, write_nothing),
        iter([False, False, True, True, True, True]),
    )
    assert completion.step(lambda: next(answers)) == 0
    assert completion.step() == 2
    assert states(server, "one") == states(server, "two")


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path, records: Records) -> None:
    database = tmp_path / "none" / "mlflow.db"
    assert complete_all(records, StoreAddress(f"sqlite:///{database}", "mlruns", None), write_nothing) == 0
    assert not database.parent.exists()


def test_a_store_that_does_not_answer_is_said(
    records: Records, study: RecordedStudy, server: FakeServer, address: StoreAddress
) -> None:
    server.down = True
    with pytest.raises(TrackingError, match="name an MLflow store that responds"):
        complete_all(records, address, write_nothing)


def test_runs_whose_process_is_dead_and_whose_record_is_gone_are_ended_and_no_others(mlruns: Path) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=find_store(None, mlruns).uri)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    study = RecordedStudy(make_records(mlruns), STARTED)
    study.finish()
    local = find_store(None, mlruns)
    assert send_run(study.records, study.listed, local, write_nothing).whole
    store, host = open_store(local, "digits"), socket.gethostname()
    process = store.read_run(children(client, "study").popitem()[1].info.run_id).tags[PROCESS]
    machine = process.partition("@")[2]
    processes = {
        "dead": {PROCESS: f"{host}:{dead.pid}:12345@{machine}"},
        "another with the number of a dead one": {PROCESS: f"{host}:{os.getpid()}:1@{machine}"},
        "alive": {PROCESS: process},
        "elsewhere": {PROCESS: f"another:{dead.pid}:12345@{machine}"},
        "on another machine of this name": {PROCESS: f"{host}:{dead.pid}:12345@other"},
        "dead, of an earlier version": {PROCESS: "", "host": host, "pid": str(dead.pid)},
        "alive, of an earlier version": {PROCESS: "", "host": host, "pid": str(os.getpid())},
        "foreign": {PROCESS: "", "host": host, "pid": "?"},
    }
    for name, tags in processes.items():
        store.create_run(name, {"role": "old", "study_id": "gone", **tags}, 0)
    assert complete_all(study.records, local, write_nothing) == 0
    ended = {name for name, run in children(client, "old").items() if run.info.status == "KILLED"}
    assert ended == {"dead", "another with the number of a dead one", "dead, of an earlier version"}


def test_the_uri_of_a_recorded_study(study: RecordedStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    file = study.run.folder / "study.yaml"
    assert recorded_uri(study.run) is None
    file.write_text("data: {sklearn: digits}\ntracking: {uri: 'http://host:5000'}\n")
    assert recorded_uri(study.run) == "http://host:5000"
    file.write_text("data: {sklearn: digits}\ntracking: {uri: 'http://me:***@host:5000'}\n")
    with pytest.raises(StudyFileError, match=r"contain no passwords.*Set MLFLOW_TRACKING_URI instead"):
        recorded_uri(study.run)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@host:5000")
    assert recorded_uri(study.run) == "http://me:secret@host:5000"


def test_the_command_sends_a_study_after_the_server_was_away(
    study: RecordedStudy, records: Records, server: FakeServer
) -> None:
    study.end_trials([make_trial(number) for number in range(6)])
    study.finish()
    command = ["digits", "--mlruns", str(records.mlruns), "--uri", server.address]
    server.down = True
    done = CliRunner().invoke(track, command)
    assert isinstance(done.exception, TrackingError)
    assert "`--uri` must name an MLflow store that responds" in str(done.exception)
    server.down = False
    done = CliRunner().invoke(track, command, catch_exceptions=False)
    name = f"digits/{study.run.identifier}"
    assert done.output == f"{name}: 6 trials sent to {server.address}, 0 were already there.\n"
    done = CliRunner().invoke(track, command, catch_exceptions=False)
    assert done.output == f"{name}: 0 trials sent to {server.address}, 6 were already there.\n"
    assert len(server.runs()) == 7


def test_the_command_completes_other_runs_and_hides_passwords(
    begin: Callable[..., RecordedStudy], study: RecordedStudy, records: Records, server: FakeServer
) -> None:
    begin("other", "a")
    study.end_trial(make_trial(0))
    uri = server.address.replace("http://", "http://me:sesame@")
    command = [str(study.run.folder), "--mlruns", str(records.mlruns), "--uri", uri]
    done = CliRunner().invoke(track, command, catch_exceptions=False)
    assert f": 1 trials sent to {uri.replace('sesame', '***')}, 0 were already there." in done.output
    assert "sesame" not in done.output
    assert "The run is still in progress in another process, which sends the rest." in done.output
    assert "Other runs completed there: 1." in done.output

"""The MLflow tracker: a store that is slow, hanging or away never holds a study, and nothing is lost."""

import logging
import os
import re
import socket
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import forked
import pytest
from fake_server import FakeServer, serving
from hand_made import STARTED, children, make_failed_trial, make_trial, write_nothing
from recorded_digits import record_a_study, render
from recorded_study import BEGAN, RecordedStudy, make_records

from automl.errors import TrackingError
from automl.progress import Progress
from automl.records.store import Records
from automl.tracking.mlflow import worker
from automl.tracking.mlflow.address import find_store
from automl.tracking.mlflow.completing import SendingLock, send_run
from automl.tracking.mlflow.tracker import MlflowTracker
from automl.tracking.model import ExportedModel

PARENT = f"study digits {datetime.fromtimestamp(BEGAN):%Y-%m-%d %H:%M:%S}"

GUARD = 120.0
"""Seconds after which a test that hangs is ended."""


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return make_records(tmp_path / "mlruns")


@pytest.fixture
def study(records: Records) -> RecordedStudy:
    return RecordedStudy(records, STARTED)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "100")
    with serving() as running:
        yield running


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that has failed is asked again at once."""
    monkeypatch.setattr(worker, "PAUSE_SECONDS", 0.01)


def follow(server: FakeServer, study: RecordedStudy) -> MlflowTracker:
    """A tracker that has begun to follow the study."""
    tracker = MlflowTracker(server.address, study.records.mlruns, render)
    study.start(tracker)
    return tracker


def wait_until(condition: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(round(GUARD / 0.05)):
        if condition():
            return
        waiting.wait(0.05)
    raise AssertionError("it does not happen")


def test_a_study_is_followed_from_its_start_to_its_end(server: FakeServer, study: RecordedStudy) -> None:
    tracker = follow(server, study)
    assert server.runs()[PARENT]["status"] == "RUNNING"
    tracker.log_progress(Progress(done=0, total=6, running=6))
    record_a_study(study)
    tracker.finish(GUARD)
    runs = server.runs()
    assert {name: run["status"] for name, run in runs.items()} == {
        PARENT: "FINISHED",
        "trial-0000": "FINISHED",
        "trial-0001": "FINISHED",
        "trial-0002": "FAILED",
    }
    assert runs["trial-0001"]["tags"]["best"] == "true"
    assert runs["trial-0001"]["files"]["history.csv"] == b"trial,1\n"


def test_a_run_that_has_begun_has_a_link_without_a_password(
    server: FakeServer, study: RecordedStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = server.address.replace("http://", "http://me:sesame@")
    tracker = MlflowTracker(f"{address}/", study.records.mlruns, render)
    study.start(tracker)
    tracker.abandon()
    begin, _, page = tracker.link().partition("/#/")
    assert begin.endswith(server.address.removeprefix("http://")) and "sesame" not in begin
    assert re.fullmatch(r"experiments/\w+/runs\?workflowType=machine_learning", page)


def test_a_store_without_a_server_is_shown_by_a_command(
    study: RecordedStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    tracker = MlflowTracker(None, study.records.mlruns, render)
    study.start(tracker)
    tracker.abandon()
    assert tracker.link() == f"MLflow: automl ui digits --mlruns {study.records.mlruns}"
    ((label, address),) = tracker.pages()
    assert label == f"MLflow run (while “automl ui digits --mlruns {study.records.mlruns}” runs)"
    assert address.startswith("http://127.0.0.1:5000/#/experiments/1/runs/")


def test_a_trial_is_there_while_the_study_goes_on(server: FakeServer, study: RecordedStudy) -> None:
    tracker = follow(server, study)
    study.end_trial(make_trial(0))
    wait_until(lambda: server.runs().get("trial-0000", {}).get("status") == "FINISHED")
    tracker.finish(GUARD)


def test_a_server_that_hangs_holds_nobody_and_is_given_up_at_once(
    server: FakeServer, study: RecordedStudy, caplog: pytest.LogCaptureFixture
) -> None:
    tracker = follow(server, study)
    server.hold()
    study.end_trials([make_trial(number) for number in range(3)])
    study.finish("stopped", "interrupted")
    tracker.abandon()
    tracker.finish(None)
    assert server.held
    assert "3 of 3 trials are not in MLflow" in caplog.text
    assert f"automl track digits --mlruns {study.records.mlruns}" in caplog.text


def test_an_interrupt_while_the_last_trials_are_sent_says_what_is_missing(
    server: FakeServer,
    study: RecordedStudy,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tracker = follow(server, study)
    server.hold()
    study.end_trial(make_trial(0))

    def interrupted(self: threading.Event, timeout: float | None = None) -> bool:
        raise KeyboardInterrupt

    assert tracker._worker is not None
    monkeypatch.setattr(tracker._worker._over, "wait", interrupted.__get__(tracker._worker._over))
    with pytest.raises(KeyboardInterrupt):
        tracker.finish(None)
    assert tracker._worker.stopped()
    assert "1 of 1 trials are not in MLflow" in caplog.text
    assert ": interrupted. Everything is recorded" in caplog.text


def test_what_a_hanging_server_has_missed_is_sent_when_it_answers_again(
    server: FakeServer, study: RecordedStudy
) -> None:
    tracker = follow(server, study)
    server.hold()
    study.end_trials([make_trial(0), make_trial(1)])
    tracker.finish(0.0)
    server.release()
    assert tracker._worker is not None
    tracker._worker._thread.join(GUARD)
    study.finish()
    again = send_run(study.records, study.listed, find_store(server.address, study.records.mlruns), render)
    assert again.whole
    assert sorted(server.runs()) == [PARENT, "trial-0000", "trial-0001"]
    assert {run["status"] for run in server.runs().values()} == {"FINISHED"}


@pytest.mark.usefixtures("impatient")
def test_a_server_that_is_away_for_a_third_of_the_time_gets_every_trial_once(
    server: FakeServer, study: RecordedStudy, caplog: pytest.LogCaptureFixture
) -> None:
    tracker = follow(server, study)
    for number in range(12):
        server.down = 4 <= number < 8
        study.end_trial(make_trial(number))
        if number == 6:
            wait_until(lambda: "Trials cannot be sent to MLflow" in caplog.text)
    study.finish()
    tracker.finish(GUARD)
    runs = server.runs()
    assert sorted(name for name in runs if name.startswith("trial")) == [f"trial-{n:04d}" for n in range(12)]
    assert {run["status"] for run in runs.values()} == {"FINISHED"}
    assert caplog.text.count("Trials cannot be sent to MLflow") == 1
    assert "not in MLflow" not in caplog.text


def test_a_server_that_stays_away_is_reported_at_the_end(
    server: FakeServer, study: RecordedStudy, caplog: pytest.LogCaptureFixture
) -> None:
    tracker = follow(server, study)
    study.end_trial(make_trial(0))
    wait_until(lambda: server.runs().get("trial-0000", {}).get("status") == "FINISHED")
    server.down = True
    study.end_trials([make_trial(1), make_failed_trial(2)])
    study.finish()
    tracker.finish(None)
    assert "2 of 3 trials are not in MLflow" in caplog.text
    assert "Everything is recorded; send it with `automl track digits" in caplog.text


def test_a_password_in_the_address_is_in_no_message(
    server: FakeServer, study: RecordedStudy, caplog: pytest.LogCaptureFixture
) -> None:
    address = server.address.replace("http://", "http://me:sesame@")
    tracker = MlflowTracker(address, study.records.mlruns, render)
    study.start(tracker)
    server.down = True
    study.end_trial(make_trial(0))
    tracker.finish(None)
    assert "not in MLflow" in caplog.text
    assert "sesame" not in caplog.text


def test_a_study_that_goes_on_in_another_process_has_one_run(
    server: FakeServer, study: RecordedStudy
) -> None:
    first = follow(server, study)
    study.end_trial(make_trial(0))
    study.let_go()
    first.finish(GUARD)
    assert server.runs()[PARENT]["status"] == "KILLED"
    study.take_over()
    study.trackers.clear()
    second = follow(server, study)
    assert server.runs()[PARENT]["status"] == "RUNNING"
    study.end_trial(make_trial(1))
    study.finish()
    second.finish(GUARD)
    assert sorted(server.runs()) == [PARENT, "trial-0000", "trial-0001"]
    assert {run["status"] for run in server.runs().values()} == {"FINISHED"}


def test_a_study_completes_what_an_earlier_one_has_left(
    server: FakeServer, study: RecordedStudy, records: Records
) -> None:
    first = follow(server, study)
    server.hold()
    study.end_trials([make_trial(0), make_trial(1)])
    study.let_go()
    first.abandon()
    first.finish(0.0)
    server.release()
    assert first._worker is not None
    first._worker._thread.join(GUARD)

    second = RecordedStudy(records, replace(STARTED, name="other", identifier="second"))
    tracker = follow(server, second)
    second.end_trial(make_trial(0))
    second.finish()
    tracker.finish(GUARD)
    assert {name: run["status"] for name, run in server.runs().items()} == {
        PARENT: "KILLED",
        "trial-0000": "FINISHED",
        "trial-0001": "FINISHED",
    }
    assert len(server.runs("other")) == 2


def test_two_processes_never_send_one_run_at_once(
    server: FakeServer, study: RecordedStudy, caplog: pytest.LogCaptureFixture
) -> None:
    address = find_store(server.address, study.records.mlruns)
    lock = SendingLock(study.run, address)
    assert lock.take()
    tracker = follow(server, study)
    study.end_trial(make_trial(0))
    study.finish()
    tracker.finish(GUARD)
    assert "another process is already sending this run" in caplog.text
    lock.close()
    assert send_run(study.records, study.listed, address, render).sent == 1


def test_following_what_never_began_does_nothing(study: RecordedStudy, server: FakeServer) -> None:
    tracker = MlflowTracker(server.address, study.records.mlruns, render)
    tracker.finish(None)
    tracker.abandon()
    assert server.requests == []


def test_a_dead_server_stops_a_study_before_it_begins(study: RecordedStudy, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        uri = f"http://127.0.0.1:{closed.getsockname()[1]}"
    folder = tmp_path / "empty"
    tracker = MlflowTracker(uri, folder, write_nothing)
    with pytest.raises(
        TrackingError, match=f"{uri}.*No server responds there. Start it, correct tracking.uri, or unset"
    ):
        study.start(tracker)
    tracker.apply(next(study.records.events(study.run)), study.state)
    tracker.finish(None)
    assert not folder.exists()


def test_a_server_that_is_not_mlflow(study: RecordedStudy, tmp_path: Path) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        do_POST = do_GET

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        uri = f"http://127.0.0.1:{http.server_port}"
        with pytest.raises(TrackingError, match=r"be a server .* that can be used, got"):
            study.start(MlflowTracker(uri, tmp_path, write_nothing))
        http.shutdown()


def test_nothing_is_printed_and_all_is_there_in_a_store_of_its_own(
    mlruns: Path, client: Any, classifier: ExportedModel, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("mlflow").setLevel(logging.CRITICAL)  # as in a process of its own
    study = RecordedStudy(make_records(mlruns), STARTED)
    tracker = MlflowTracker(None, mlruns, render)
    study.start(tracker)
    record_a_study(study, classifier)
    tracker.finish(None)
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")
    assert {name: run.info.status for name, run in children(client).items()} == {
        "trial-0000": "FINISHED",
        "trial-0001": "FINISHED",
        "trial-0002": "FAILED",
    }
    assert children(client, "best")["best model"].info.status == "FINISHED"


HANGING = """
    import sys, time
    sys.path[:0] = {paths!r}
    from pathlib import Path
    from fake_server import serving
    from hand_made import STARTED, make_trial
    from recorded_digits import render
    from recorded_study import BEGAN, RecordedStudy, make_records
    from automl.tracking.mlflow.tracker import MlflowTracker

    with serving() as server:
        study = RecordedStudy(make_records(Path(sys.argv[1])), STARTED)
        tracker = MlflowTracker(server.address, Path(sys.argv[1]), render)
        study.start(tracker)
        server.hold()
        server.release = lambda: None  # nobody ever answers again
        study.end_trial(make_trial(0))
        while not server.num_held:
            time.sleep(0.01)
        tracker.abandon()
        tracker.finish(None)
        print("given up")
"""


def test_a_process_ends_although_a_request_hangs(tmp_path: Path) -> None:
    """The request itself would wait for an hour."""
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
    code = textwrap.dedent(HANGING).format(paths=paths)
    environment = {
        **os.environ,
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "3600",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    }
    command = [sys.executable, "-c", code, str(tmp_path / "mlruns")]
    done = forked.run(command, env=environment, capture_output=True, text=True, timeout=GUARD)
    assert (done.returncode, done.stdout) == (0, "given up\n"), done.stderr

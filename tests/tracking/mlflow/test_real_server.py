"""A real MLflow server that dies, comes back and hangs while a study runs: no trial is lost or doubled."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hand_made import STARTED, children, files_of, make_trial
from recorded_digits import record_a_study, render
from recorded_study import RecordedStudy, make_records

from automl.tracking.mlflow import worker
from automl.tracking.mlflow.address import StoreAddress, find_store, probe
from automl.tracking.mlflow.completing import complete_all, send_run
from automl.tracking.mlflow.tracker import MlflowTracker
from automl.tracking.model import ExportedModel

GUARD = 180.0


class Server:
    """`mlflow server` on a free port."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.folder, self.address = folder, f"http://127.0.0.1:{self.port}"
        folder.mkdir()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        store = ("--backend-store-uri", f"sqlite:///{self.folder}/mlflow.db")
        files = ("--artifacts-destination", str(self.folder / "files"))
        listens = ("--host", "127.0.0.1", "--port", str(self.port), "--workers", "1")
        quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *store, *files, *listens],
            env={**os.environ, **quiet},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        ends = time.monotonic() + GUARD
        while probe(StoreAddress(self.address, "", None)):
            assert self.process.poll() is None and time.monotonic() < ends, "the server does not start"
            time.sleep(0.2)

    def signal(self, number: signal.Signals) -> None:
        """To all of its processes."""
        assert self.process is not None
        os.killpg(self.process.pid, number)
        if number is signal.SIGKILL:
            self.process.wait(GUARD)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
    monkeypatch.setattr(worker, "PAUSE_SECONDS", 0.2)
    started = Server(tmp_path / "server")
    started.start()
    yield started
    started.signal(signal.SIGCONT)
    started.signal(signal.SIGKILL)


@pytest.mark.slow
def test_a_server_that_dies_and_one_that_hangs(
    server: Server, tmp_path: Path, classifier: ExportedModel, caplog: pytest.LogCaptureFixture
) -> None:
    from mlflow import MlflowClient

    client: Any = MlflowClient(tracking_uri=server.address)
    study = RecordedStudy(make_records(tmp_path / "mlruns"), STARTED)
    (study.run.folder / "study.yaml").write_text(
        f"name: digits\ndata: {{sklearn: digits}}\ntracking: {{uri: '{server.address}', register_as: reader}}\n"
    )
    tracker = MlflowTracker(server.address, tmp_path / "mlruns", render)
    study.start(tracker)
    study.end_trials([make_trial(number, 9.0) for number in range(3, 6)])
    server.signal(signal.SIGKILL)
    study.end_trials([make_trial(number, 9.0) for number in range(6, 9)])
    ends = time.monotonic() + GUARD
    while "Trials cannot be sent to MLflow" not in caplog.text:
        assert time.monotonic() < ends
        time.sleep(0.1)
    server.start()
    study.end_trials([make_trial(number, 9.0) for number in range(9, 12)])
    record_a_study(study, classifier)
    tracker.finish(None)
    assert "not in MLflow" not in caplog.text
    runs = children(client)
    assert sorted(runs) == [f"trial-{number:04d}" for number in range(12)]
    assert {name for name, run in runs.items() if run.info.status == "FAILED"} == {"trial-0002"}
    assert children(client, "best")["best model"].info.status == "FINISHED"
    assert client.get_model_version_by_alias("reader", "champion").version
    files = files_of(client, runs["trial-0007"].info.run_id, tmp_path / "files")
    assert files["history.csv"] == b"trial,7\n"

    study.take_over()
    tracker = MlflowTracker(server.address, tmp_path / "mlruns", render)
    study.trackers.clear()
    study.start(tracker)
    server.signal(signal.SIGSTOP)
    study.end_trials([make_trial(number, 9.0) for number in range(12, 15)])
    study.finish()
    tracker.finish(0.5)
    assert "3 of 15 trials are not in MLflow" in caplog.text
    server.signal(signal.SIGCONT)
    assert tracker._worker is not None
    tracker._worker._thread.join(GUARD)
    address = find_store(server.address, tmp_path / "mlruns")
    sent = send_run(study.records, study.listed, address, render)
    assert sent.whole and sent.missing == 0
    assert sorted(children(client)) == [f"trial-{number:04d}" for number in range(15)]
    (parent,) = children(client, "study").values()
    assert parent.info.status == "FINISHED"
    assert complete_all(study.records, address, render) == 0

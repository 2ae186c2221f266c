"""Real processes: a server, workers that are killed, a study that is run to its end, its model asked."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import forked
import numpy
import pandas
import pytest
from paper_trials import completed
from recorded_study import RecordedStudy, make_records
from sklearn.datasets import load_wine

from automl.records.claims import Claims
from automl.records.events import StudyStarted
from automl.records.finding import open_records
from automl.records.queue import Queue
from automl.records.submissions import SubmissionState
from automl.service.client import Client, ServiceError
from automl.service.remote_study import RemoteStudy

STUDY = {
    "name": "wine",
    "data": {"path": "wine.csv", "target": "target"},
    "splits": {"folds": 2},
    "space": {"depth": 1, "width": {"int": [4, 16]}},
    "search": {"trials": 4, "cohort": 1, "algorithm": "random", "pruner": "none"},
    "training": {"epochs": 3, "batch_size": 32},
    "baselines": False,
    "bias_variance": {"resamples": 0},
    "tracking": {"to": "none"},
}
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts commands in a folder, and ends them with the test."""
    running: list[subprocess.Popen[str]] = []

    def starts(*command: str) -> subprocess.Popen[str]:
        log = (tmp_path / f"{command[0]}-{len(running)}.log").open("w")
        running.append(
            forked.Popen(
                [sys.executable, "-m", "automl", *command],
                cwd=tmp_path,
                stdout=log,
                stderr=log,
                text=True,
                env=os.environ | {forked.CHILDREN: "automl.service.child"},
            )
        )
        return running[-1]

    starts.running = running  # type: ignore[attr-defined]
    yield starts
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def running_server(start: Start) -> subprocess.Popen[str]:
    """The process that was started last."""
    return start.running[-1]  # type: ignore[attr-defined]


def served(start: Start, folder: Path) -> Client:
    """A server, when it answers."""
    start("serve", "--port", "0")
    log, until = folder / "serve-0.log", time.monotonic() + 600
    while (match := re.search(r"serving at (\S+),", log.read_text())) is None:
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)
    return Client(match[1])


def wait_for(study: RemoteStudy, *states: str, seconds: float = 600.0) -> dict[str, object]:
    until = time.monotonic() + seconds
    while (status := study.status())["state"] not in states:
        assert time.monotonic() < until, status
        time.sleep(0.3)
    return status


@pytest.mark.parametrize("more", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_study_whose_worker_is_killed_is_run_to_its_end_by_another(
    start: Start, tmp_path: Path, more: int
) -> None:
    client = served(start, tmp_path)
    table = load_wine(as_frame=True).frame
    table.to_csv(tmp_path / "wine.csv", index=False)
    (tmp_path / "study.yaml").write_text(json.dumps(STUDY))
    worker = start("worker")
    study = client.submit(tmp_path / "study.yaml")
    numbers: list[int] = []
    follower = threading.Thread(
        target=lambda: numbers.extend(event.seq for event in study.events() if event.seq)
    )
    follower.start()
    while study.status()["trials"] < 1:
        time.sleep(0.05)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    start("worker")
    assert wait_for(study, "succeeded", "failed", "needs_recovery")["state"] == "succeeded"
    follower.join(600)
    records = open_records(tmp_path / "mlruns")
    submission = Queue(records).find("wine")
    assert submission.run is not None
    run = records.run(submission.run)
    recorded = list(records.events(run))
    assert [event.seq for event in recorded] == list(range(1, len(recorded) + 1)) == numbers
    ended = [
        recorded_event.event.number
        for recorded_event in recorded
        if type(recorded_event.event).__name__ == "TrialEnded"
    ]
    assert ended == [0, 1, 2, 3]
    assert [type(event.event).__name__ for event in recorded].count("StudyContinued") == 1
    rows = table.drop(columns="target").head(3)
    predictions = study.predict(rows)
    from automl.serving.scoring import Scorer

    expected = Scorer(run.folder / "model").predict(rows)
    assert list(predictions["prediction"]) == list(expected["prediction"])
    numpy.testing.assert_allclose(predictions.iloc[:, 1:], expected.iloc[:, 1:].astype(float), rtol=1e-6)
    text = rows.to_csv(index=False).encode()
    request = urllib.request.Request(
        f"{client.url}/studies/wine/predict", text, {"Content-Type": "text/csv", "Accept": "text/csv"}
    )
    with urllib.request.urlopen(request) as answer:
        from_csv = pandas.read_csv(answer)
    assert list(from_csv["prediction"]) == list(expected["prediction"])
    empty = urllib.request.Request(f"{client.url}/studies/wine/predict", b"", {"Content-Type": "text/csv"})
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(empty)
    assert refusal.value.code == 422
    assert "the table is empty. It must begin with a line of column names" in refusal.value.read().decode()
    with pytest.raises(ServiceError, match="the rows must have the columns"):
        study.predict({"unknown": 1.0})
    refused = pandas.DataFrame([{name: [1, 2] for name in rows}])
    with pytest.raises(ServiceError, match="must hold one value per cell"):
        study.predict(refused)
    if more:
        assert study.resume(more=more)["state"] == "queued"
        assert wait_for(study, "succeeded", "failed")["trials"] == 4 + more


def test_a_client_misses_nothing_when_the_server_is_killed(start: Start, tmp_path: Path) -> None:
    client = served(start, tmp_path)
    port = client.url.rpartition(":")[2]
    study = client.submit({"name": "wine", "data": {"sklearn": "wine"}})
    records = make_records(tmp_path / "mlruns", time.time)
    claims = Claims(records)
    check = claims.claim_check()
    assert check is not None
    claims.pass_check(check[1])
    claimed = claims.claim_study()
    assert claimed is not None
    recorded = RecordedStudy(
        records, StudyStarted("wine", "r", "log_loss", "min", num_trials=9, searched=("width",))
    )
    claims.link(claimed[1], recorded.run.number)
    numbers: list[int] = []
    follower = threading.Thread(
        target=lambda: numbers.extend(event.seq for event in study.events() if event.seq)
    )
    follower.start()
    server = running_server(start)
    for number in range(6):
        recorded.end_trial(completed(number, 0.5, width=8))
        if number in (1, 3):
            server.kill()
            server.wait()
            recorded.end_trial(completed(number + 10, 0.5, width=8))
            server = start("serve", "--port", port)
        time.sleep(0.7)
    recorded.finish()
    claims.end(claimed[1], SubmissionState.SUCCEEDED)
    follower.join(600)
    assert numbers == list(range(1, recorded.state.seq + 1))


def test_what_a_worker_finds_wrong_fails_the_study_with_its_place(start: Start, tmp_path: Path) -> None:
    client = served(start, tmp_path)
    (tmp_path / "t.csv").write_text("a,b\n" + "1,x\n" * 20)
    table = client.send_table(tmp_path / "t.csv")
    study = client.submit({"name": "constant", "data": {"path": table, "target": "b"}})
    assert start("worker", "--once").wait(600) == 0
    status = study.status()
    assert status["state"] == "failed"
    assert str(status["reason"]).startswith("study.yaml:")
    assert str(tmp_path) not in str(status["reason"])


def test_the_server_loads_no_tensorflow(tmp_path: Path) -> None:
    """Not when it begins, and not to check, list, report or describe studies."""
    code = """
import sys, time
sys.path[:0] = [{tests!r}, {service!r}]
from pathlib import Path
from served import WINE, serving
from automl.service.settings import ServerSettings
folder = Path({folder!r})
with serving(ServerSettings(folder, folder / "files")) as server:
    server.begun(trials=3).finish()
    table = server.post("/tables?name=t.csv", b"a,b\\n1,2\\n").content["path"]
    study = "name: t\\ndata: {{path: " + table + ", target: b}}"
    assert server.post("/studies", study.encode()).status == 201
    for address in ("/", "/charts.js", "/page.css", "/openapi.json", "/metrics", "/studies", "/studies/wine/report",
                    "/studies/wine/overview", "/studies/wine/trials", "/studies/wine/events"):
        assert server.get(address).status == 200, address
heavy = [name for name in ("tensorflow", "keras", "mlflow", "torch", "jax") if name in sys.modules]
assert not heavy, heavy
"""
    tests = Path(__file__).parent.parent
    filled = code.format(tests=str(tests), service=str(tests / "service"), folder=str(tmp_path))
    subprocess.run([sys.executable, "-c", filled], check=True, timeout=600)


def test_a_server_that_no_token_protects_is_not_opened(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "automl", "serve", "--host", "0.0.0.0"]
    environment = {name: value for name, value in os.environ.items() if name != "AUTOML_TOKEN"}
    done = forked.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 2
    assert "`--host` must be 127.0.0.1 if there is no token, got '0.0.0.0'" in done.stderr

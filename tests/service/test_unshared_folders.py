"""Server and workers that share a record and an address of files, and no folder."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import forked
import pytest
from click.testing import CliRunner
from fsspec.implementations.memory import MemoryFileSystem
from paper_trials import completed
from postgres import running_postgres
from recorded_study import RecordedStudy
from served import WINE, Served
from sklearn.datasets import load_wine
from study_answers import Answer

import automl
from automl.cli import cli
from automl.records.claims import Claims
from automl.records.events import StudyStarted
from automl.records.file_store import FileStore, open_files
from automl.records.finding import open_records
from automl.records.outcomes import Exported
from automl.records.queue import Queue
from automl.records.run_files import Publisher
from automl.records.store import Records
from automl.records.submissions import SubmissionState
from automl.records.tables import SUBMISSIONS
from automl.service.client import Client
from automl.service.pruning import prune
from automl.serving.scoring import Scorer

OLD = 40 * 86_400


class Elsewhere:
    """A study that a worker of another machine runs, by hand."""

    def __init__(self, server: Served, address: str, mlruns: Path) -> None:
        assert server.post("/studies", WINE).status == 201
        opened = server.service.records
        self.records = Records(opened.address, opened._engine, mlruns, opened.now)
        self.claims = Claims(self.records)
        _, check = self.claims.claim_check()
        self.claims.pass_check(check)
        _, self.lease = self.claims.claim_study()
        self.study = RecordedStudy(
            self.records, StudyStarted("wine", "r", "log_loss", "min", num_trials=3, searched=("width",))
        )
        self.folder = self.study.run.folder
        self.publisher = Publisher(self.records, self.study.lease, self.folder, open_files(address, mlruns))
        self.publisher.publish_all()
        self.claims.link(self.lease, self.study.run.number)

    def end_trial(self, number: int) -> None:
        loss = 0.5 - number / 10
        self.study.end_trial(completed(number, loss, loss, width=8 * (number + 1)))
        self.publisher.publish([self.study.state._ended[number]])

    def export(self, weights: bytes) -> None:
        (self.folder / "model").mkdir(exist_ok=True)
        (self.folder / "model" / "model.json").write_text("{}")
        (self.folder / "model" / "saved_model.pb").write_bytes(weights)
        event = Exported(0, 3)
        self.publisher.publish([event])
        self.study.record(event)

    def finish(self) -> None:
        self.study.finish()
        self.claims.end(self.lease, SubmissionState.SUCCEEDED)


@pytest.fixture
def address() -> str:
    return f"memory://{uuid.uuid4().hex}"


@pytest.fixture
def server(serve: Callable[..., Served], address: str) -> Served:
    return serve(files=address)


@pytest.fixture
def worker(server: Served, address: str, tmp_path: Path) -> Elsewhere:
    return Elsewhere(server, address, tmp_path / "another machine")


def model_of(server: Served) -> dict[str, bytes]:
    answer = server.get("/studies/wine/model.zip")
    assert answer.status == 200, answer.body
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_server_answers_from_its_copy_and_follows_what_changes(server: Served, worker: Elsewhere) -> None:
    for number in range(2):
        worker.end_trial(number)
    note = '{"phase": "search", "seconds_left": 12.5}'
    worker.claims.note_progress(worker.lease, note)
    status = server.get("/studies/wine").content
    assert (status["trials"], status["phase"], status["seconds_left"]) == (2, "search", 12.5)
    assert len(server.get("/studies/wine/trials").content["trials"]) == 2
    assert server.get("/studies/wine/leaderboard.csv").body.count(b"\n") == 3
    with server.service.live.opened(worker.study.run.number) as live:
        assert live.state.whole(1) == worker.study.state.whole(1), "its curves are here"
    worker.export(b"first")
    assert model_of(server) == {"model/model.json": b"{}", "model/saved_model.pb": b"first"}
    worker.export(b"second")
    assert model_of(server)["model/saved_model.pb"] == b"second"
    worker.finish()
    assert not (server.service.settings.mlruns / "studies").exists()
    shutil.rmtree(worker.folder)
    assert model_of(server)["model/saved_model.pb"] == b"second"
    assert server.get("/studies/wine").content["phase"] == ""


def test_an_address_that_has_vanished_is_an_answer_and_loses_nothing(
    server: Served, worker: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.end_trial(0)
    worker.export(b"weights")

    def away(*_: object, **__: object) -> None:
        raise ConnectionError("no route to host")

    with monkeypatch.context() as patched:
        for name in ("open", "info", "pipe_file", "put_file"):
            patched.setattr(MemoryFileSystem, name, away, raising=False)
        assert len(server.get("/studies/wine/trials").content["trials"]) == 1
        assert server.get("/healthz").status == 503
        for refused in (
            server.get("/studies/wine/model.zip"),
            server.post("/tables?name=t.csv", b"a,b\n1,2\n"),
            server.post("/studies?name=other", WINE.replace(b"wine", b"other", 1)),
        ):
            assert refused.status == 507
            assert re.search(r"memory://\w+ cannot be (read|written): no route to host", refused.detail)
    assert model_of(server)["model/saved_model.pb"] == b"weights"
    assert server.get("/healthz").status == 200
    assert [study["id"] for study in server.get("/studies").content["studies"]] == ["wine"]


def test_what_belongs_to_a_removed_study_is_removed_everywhere(
    server: Served, worker: Elsewhere, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.end_trial(0)
    worker.export(b"weights")
    worker.finish()
    kept = server.post("/tables?name=t.csv", b"a,b\n1,2\n").content["path"]
    study = f"name: other\ndata: {{path: {kept}, target: b}}"
    assert server.post("/studies", study.encode()).status == 201
    model_of(server)
    copies = server.service.settings.mlruns / "copies"
    files, queue = server.service.files, server.service.queue
    monkeypatch.setattr(FileStore, "changed", lambda *_: time.time() - OLD)
    listed = set(files.names())
    assert prune(queue, files, 30.0).files == [], "nothing is old"
    with server.service.records._engine.begin() as connection:
        old = SUBMISSIONS.update().where(SUBMISSIONS.c.name == "wine").values(changed=time.time() - OLD)
        connection.execute(old)
    assert set(prune(queue, files, 30.0, dry_run=True).files) == listed - {kept} - {queue.find("other").file}
    assert copies.is_dir() and worker.folder.is_dir()
    assert prune(queue, files, 30.0).studies == ["wine"]
    assert set(files.names()) == {kept, queue.find("other").file}
    assert not (copies / "wine" / "r").exists()
    there = open_files(address, worker.records.mlruns)
    prune(Queue(worker.records), there, 30.0)
    assert not worker.folder.exists()


def test_a_study_whose_file_cannot_be_read_now_keeps_its_table(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = server.post("/tables?name=t.csv", b"a,b\n1,2\n").content["path"]
    assert server.post("/studies", f"name: t\ndata: {{path: {table}, target: b}}".encode()).status == 201
    monkeypatch.setattr(FileStore, "changed", lambda *_: time.time() - OLD)
    shutil.rmtree(server.service.files.folder)

    def away(*_: object, **__: object) -> None:
        raise ConnectionError("no route to host")

    with monkeypatch.context() as patched, pytest.raises(Exception, match="no route to host"):
        patched.setattr(MemoryFileSystem, "open", away)
        prune(server.service.queue, server.service.files, 30.0)
    assert server.service.files.has(table)


def test_a_worker_that_cannot_write_to_the_address_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "bucket").touch()
    mlruns = tmp_path / "mlruns"
    command = ["worker", "--files", f"file://{tmp_path}/bucket/files", "--mlruns", str(mlruns)]
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == 2
    assert re.search(
        r"bucket/files cannot be written: Not a directory\. Check", " ".join(result.output.split())
    )
    assert not (mlruns / "records.db").exists()


# Real processes


STUDY = {
    "name": "wine",
    "data": {"path": "wine.csv", "target": "target"},
    "splits": {"folds": 2},
    "space": {"depth": 1, "width": {"int": [4, 16]}},
    "search": {"trials": 5, "cohort": 1, "algorithm": "random", "pruner": "none", "seed": 7},
    "budget": {"minutes": None},
    "training": {"epochs": 3, "batch_size": 32},
    "baselines": False,
    "bias_variance": {"resamples": 0},
    "tracking": {"to": "none"},
}


class Machine:
    """A folder for whatever the processes of a machine write, and its processes."""

    def __init__(self, folder: Path, records: str, files: str) -> None:
        folder.mkdir()
        self.mlruns = folder / "mlruns"
        self.stores = ["--records", records, "--files", files, "--mlruns", str(self.mlruns)]
        self.log, self.process = folder / "log", None

    def start(self, *command: str) -> None:
        with self.log.open("w") as log:
            environment = os.environ | {forked.CHILDREN: "automl.service.child"}
            arguments = [sys.executable, "-m", "automl", *command, *self.stores]
            self.process = forked.Popen(arguments, stdout=log, stderr=log, env=environment)

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[list[Machine]]:
    """A server, and two workers; the record and the address are all that they share."""
    with running_postgres() as postgres:
        records, files = postgres.new_database(), f"file://{tmp_path}/bucket"
        made = [Machine(tmp_path / name, records, files) for name in ("server", "first", "second")]
        yield made
        for machine in made:
            machine.end()


def wait_until(holds: Callable[[], object], machine: Machine) -> None:
    until = time.monotonic() + 600.0
    while not holds():
        assert time.monotonic() < until, machine.log.read_text()
        time.sleep(0.05)


@pytest.mark.slow
def test_a_study_goes_on_on_another_machine_and_the_server_answers_without_any_of_their_folders(
    machines: list[Machine], tmp_path: Path
) -> None:
    server, first, second = machines
    server.start("serve", "--port", "0")
    wait_until(lambda: "serving at" in server.log.read_text(), server)
    client = Client(re.search(r"serving at (\S+),", server.log.read_text())[1])
    table = load_wine(as_frame=True).frame
    table.to_csv(tmp_path / "wine.csv", index=False)
    (tmp_path / "wine.yaml").write_text(json.dumps(STUDY))
    expected = automl.run_study(tmp_path / "wine.yaml", mlruns=tmp_path / "alone")
    first.start("worker")
    study = client.submit(tmp_path / "wine.yaml")
    wait_until(lambda: study.status()["trials"] >= 2, first)
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    shutil.rmtree(first.mlruns)
    second.start("worker")
    wait_until(lambda: study.status()["state"] not in ("queued", "running", "checking"), second)
    assert study.status()["state"] == "succeeded", second.log.read_text()
    second.end()
    [run] = open_records(second.mlruns, second.stores[1]).runs()
    answer = Answer.of(open_records(second.mlruns, second.stores[1]), run)
    alone = open_records(tmp_path / "alone")
    assert answer == Answer.of(alone, alone.runs()[0])
    model = Scorer(run.folder / "model").predict(table.drop(columns="target").head(3))
    shutil.rmtree(second.mlruns)
    fetched = tmp_path / "fetched"
    command = ["fetch", "wine", "--to", str(fetched), "--server", client.url]
    assert CliRunner().invoke(cli, command, catch_exceptions=False).exit_code == 0
    assert len((fetched / "leaderboard.csv").read_text().splitlines()) == 6
    assert "Training curves" in (fetched / "report.html").read_text()
    rows = table.drop(columns="target").head(3)
    assert list(Scorer(fetched / "model").predict(rows)["prediction"]) == list(model["prediction"])
    assert list(study.predict(rows)["prediction"]) == list(model["prediction"])
    assert len(study.trials()) == 5 == len(expected.trials)
    assert not (server.mlruns / "studies").exists()
    study.delete()
    assert not list((server.mlruns / "copies").rglob("*.json"))
    prune_all = ["prune", "--older-than", "0", *server.stores]
    for path in (tmp_path / "bucket").iterdir():
        os.utime(path, (0.0, 0.0))
    assert CliRunner().invoke(cli, prune_all, catch_exceptions=False).exit_code == 0
    assert list((tmp_path / "bucket").iterdir()) == []

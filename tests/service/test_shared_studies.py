"""Real workers that train the cohorts of one study: the bits of `automl run`, also when one of them is killed."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import forked
import pytest
import yaml
from postgres import running_postgres
from sqlalchemy import select
from study_answers import Answer

import automl
from automl.records.events import CohortAsked, TrialEnded
from automl.records.file_store import open_files
from automl.records.finding import open_records
from automl.records.queue import Queue
from automl.records.runs import Run
from automl.records.submissions import Sent, SubmissionState
from automl.records.tables import COHORT_PARTS, COHORTS, STUDIES

NUM_TRIALS, COHORT = 24, 4
STUDY = {
    "name": "shared",
    "data": {"sklearn": "breast_cancer"},
    "splits": {"folds": 2},
    "space": {
        "depth": {"int": [0, 1]},
        "width": 8,
        "numeric_encoding": {"choice": ["standard", "quantile"]},
        "learning_rate": {"float": [0.0003, 0.03], "log": True},
    },
    "search": {"algorithm": "tpe", "trials": NUM_TRIALS, "cohort": COHORT, "in_flight": 2, "seed": 7},
    "budget": {"minutes": None},
    "training": {"epochs": 12, "batch_size": 32, "patience": 5},
    "baselines": False,
    "bias_variance": {"resamples": 0},
    "tracking": {"to": "none"},
}
"""With a rung, views that come later, and proposals that depend on what was told."""


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Answer:
    """The study as `automl run` runs it."""
    folder = tmp_path_factory.mktemp("alone")
    (folder / "shared.yaml").write_text(yaml.safe_dump(STUDY))
    result = automl.run_study(folder / "shared.yaml", mlruns=folder / "mlruns")
    records = open_records(folder / "mlruns")
    states = Counter(trial.state for trial in result.trials)
    assert states["pruned"] and states["complete"]
    return Answer.of(records, records.runs()[0])


class Service:
    """A queue with the study, and its workers.

    Args:
        folder: For all that they write.
        uri: The record; a SQLite file in the folder when None.
        address: Of the files, where the workers share no folder.
    """

    def __init__(self, folder: Path, uri: str | None = None, address: str | None = None) -> None:
        self.folder, self.uri, self.address = folder, uri, address
        self.records = open_records(folder / "mlruns", uri, create=True)
        files = open_files(address or folder / "mlruns" / "files", folder / "mlruns")
        self.queue = Queue(self.records)
        file = files.put(yaml.safe_dump(STUDY).encode(), ".yaml")
        self.queue.add(Sent("shared", file, "digest"))
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        """Start a worker."""
        mlruns = "mlruns" if self.address is None else f"worker-{len(self.workers)}"
        command = [sys.executable, "-m", "automl", "worker", "--mlruns", str(self.folder / mlruns)]
        command += [] if self.uri is None else ["--records", self.uri]
        command += [] if self.address is None else ["--files", self.address]
        log = (self.folder / f"worker-{len(self.workers)}.log").open("wb")
        environment = os.environ | {forked.CHILDREN: "automl.service.child"}
        self.workers.append(forked.Popen(command, stdout=log, stderr=log, env=environment))
        return self.workers[-1]

    def log(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("worker-*.log")))

    def wait(self, seconds: float = 300.0) -> Run:
        """The run, when it has succeeded."""
        until = time.monotonic() + seconds
        while not (study := self.queue.find("shared")).state.is_final:
            assert time.monotonic() < until, self.log()
            time.sleep(0.1)
        assert study.state is SubmissionState.SUCCEEDED and study.run is not None, self.log()
        return self.records.run(study.run)

    def cohorts(self) -> dict[int, tuple[str, str | None, int]]:
        """State, owner and attempt of each cohort."""
        columns = (COHORTS.c.number, COHORTS.c.state, COHORTS.c.lease_owner, COHORTS.c.attempt)
        rows = self.records.read(lambda connection: connection.execute(select(*columns)).all())
        return {number: (state, owner, attempt) for number, state, owner, attempt in rows}

    def driver(self) -> int:
        """The process that runs the study."""
        owner = self.records.read(
            lambda connection: connection.execute(select(STUDIES.c.lease_owner)).scalar()
        )
        return int(owner.rsplit(":", 2)[1])

    def committed(self) -> list[tuple[int, int]]:
        """Cohort and number of trials of each part that a worker has committed."""
        joined = select(COHORTS.c.number, COHORT_PARTS.c.num_trials).join(COHORTS)
        rows = self.records.read(lambda connection: connection.execute(joined).all())
        return [(number, count) for number, count in rows]

    def is_free(self) -> bool:
        """Whether no process has the SQLite file locked; PostgreSQL locks rows."""
        file = self.records.address.file
        if file is None:
            return True
        with closing(sqlite3.connect(file, timeout=0.05)) as connection, suppress(sqlite3.OperationalError):
            connection.execute("BEGIN EXCLUSIVE")
            return True
        return False


@contextmanager
def service(
    folder: Path, num_workers: int, uri: str | None = None, address: str | None = None
) -> Iterator[Service]:
    """Workers that are ended with the test."""
    running = Service(folder, uri, address)
    try:
        for _ in range(num_workers):
            running.start()
        yield running
    finally:
        for worker in running.workers:
            worker.terminate()
        for worker in running.workers:
            try:
                worker.wait(30)
            except subprocess.TimeoutExpired:
                worker.kill()


def check(running: Service, run: Run, expected: Answer) -> None:
    """The answer is that of `automl run`, no trial is recorded twice, and no cohort committed twice."""
    answer = Answer.of(running.records, run)
    assert answer.board == expected.board
    assert answer.events == expected.events
    assert answer.files == expected.files
    assert answer.weights == expected.weights
    events = [recorded.event for recorded in running.records.events(run)]
    ended = [event.number for event in events if isinstance(event, TrialEnded)]
    assert sorted(ended) == list(range(NUM_TRIALS))
    cohorts = running.cohorts()
    assert len(cohorts) == sum(isinstance(event, CohortAsked) for event in events)
    assert {state for state, *_ in cohorts.values()} == {"done"}
    lasts = select(COHORT_PARTS.c.cohort).where(COHORT_PARTS.c.is_last == 1)
    whole = running.records.read(lambda connection: connection.execute(lasts).scalars().all())
    assert len(whole) == len(set(whole))
    assert list(running.folder.rglob("files/*.npz")) == []


def until(holds, event: str, running: Service, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"{event}\n{running.log()}"
        time.sleep(0.01)


@contextmanager
def stopped_driver(running: Service) -> Iterator[None]:
    """The driver stands still, while a cohort waits and it has no lock: another worker can take it and commit it."""
    until(
        lambda: any(state == "waiting" for state, *_ in running.cohorts().values()),
        "no cohort waits",
        running,
    )
    driver = running.driver()
    while True:
        os.kill(driver, signal.SIGSTOP)
        time.sleep(0.05)
        if running.is_free() and any(state == "waiting" for state, *_ in running.cohorts().values()):
            break
        os.kill(driver, signal.SIGCONT)
        time.sleep(0.05)
        assert driver == running.driver()
    try:
        yield
    finally:
        os.kill(driver, signal.SIGCONT)


def test_two_workers_give_the_bits_of_one_process_although_one_is_killed(
    tmp_path: Path, expected: Answer
) -> None:
    with service(tmp_path, 2) as running:
        share_at_least_one(running)
        until(lambda: killed_in_the_middle(running), "nobody trains a second cohort", running)
        run = running.wait()
        check(running, run, expected)
        assert max(attempt for *_, attempt in running.cohorts().values()) > 1, running.log()


def share_at_least_one(running: Service) -> None:
    """Another worker than the one that runs the study, where there is one, trains a cohort."""
    if len(running.workers) > 1:
        with stopped_driver(running):
            until(running.committed, "nobody has committed a cohort", running)


def killed_in_the_middle(running: Service) -> bool:
    """Kill the process that trains a cohort for the driver, where there is one at this moment."""
    for state, owner, _ in running.cohorts().values():
        if state == "training" and owner is not None:
            trainer = int(owner.rsplit(":", 2)[1])
            os.kill(trainer, signal.SIGSTOP)
            time.sleep(0.05)
            trains = running.is_free() and (state, owner) in [row[:2] for row in running.cohorts().values()]
            os.kill(trainer, signal.SIGKILL if trains else signal.SIGCONT)
            return trains
    return False


@pytest.mark.slow
@pytest.mark.parametrize("num_workers", [1, 2, 4])
def test_any_number_of_workers_gives_the_bits_of_one_process(
    tmp_path: Path, expected: Answer, num_workers: int
) -> None:
    with service(tmp_path, num_workers) as running:
        share_at_least_one(running)
        check(running, running.wait(), expected)


@pytest.mark.slow
@pytest.mark.parametrize("num_workers", [1, 2, 4])
def test_workers_on_postgresql_give_the_bits_of_one_process(
    tmp_path: Path, expected: Answer, num_workers: int
) -> None:
    with running_postgres() as server, service(tmp_path, num_workers, server.new_database()) as running:
        share_at_least_one(running)
        check(running, running.wait(), expected)


@pytest.mark.slow
def test_workers_that_share_no_folder_give_the_bits_of_one_process(tmp_path: Path, expected: Answer) -> None:
    address = f"file://{tmp_path}/bucket/files"
    with running_postgres() as server, service(tmp_path, 2, server.new_database(), address) as running:
        share_at_least_one(running)
        run = running.wait()
        check(running, run, expected)
        assert run.folder.parents[2].name.startswith("worker-"), "each worker writes into its own folder"

"""When a worker helps: after studies that wait, not more workers than there are cohorts, and only where it may."""

import dataclasses
import time
from pathlib import Path

import pytest
from recorded_study import make_records
from sqlalchemy import insert, update

from automl import __version__
from automl.records.claims import Claims
from automl.records.cohort_claims import CohortClaims, Offered
from automl.records.cohort_offers import CohortOffers
from automl.records.events import CohortAsked, StudyStarted
from automl.records.file_store import FileStore
from automl.records.files import make_run_folder
from automl.records.queue import Queue
from automl.records.service_processes import WORKER, ServiceProcesses
from automl.records.store import Records
from automl.records.submissions import Sent
from automl.records.tables import SERVICE_PROCESSES
from automl.service import worker as working
from automl.service.child import Ending
from automl.service.driver import num_helpers
from automl.service.job import Job
from automl.service.worker import Worker, WorkerSettings

ELSEWHERE = "elsewhere:77:123@boot/pid[{}]"


class Process:
    """Stands for a process that a worker starts."""

    def __init__(self, job: Job, *arguments: object) -> None:
        self.job, self.offered, self.is_training, self.num_lost = job, arguments[0], False, 0
        self.lease = arguments[1] if len(arguments) > 1 else None
        self.left, self.ending = False, None

    def look(self) -> Ending | None:
        return self.ending

    def leave(self) -> None:
        self.left = True


class Helping(Process):
    """Stands for one that helps."""


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Records:
    monkeypatch.setattr(working, "Driving", Process)
    monkeypatch.setattr(working, "Helping", Helping)
    return make_records(tmp_path / "mlruns", time.time)


def worker(records: Records, **changes: object) -> Worker:
    settings = WorkerSettings(records.mlruns, records.mlruns / "files")
    created = Worker(records, dataclasses.replace(settings, **changes))
    created._processes.enter(WORKER, __version__, True)
    return created


def queued(records: Records, name: str) -> None:
    """A study that waits for a worker."""
    file = FileStore(records.mlruns / "files").put(name.encode(), ".yaml")
    Queue(records).add(Sent(name, file, "d"))
    claims = Claims(records)
    claimed = claims.claim_check()
    assert claimed is not None
    claims.pass_check(claimed[1])


def shared(records: Records, name: str = "shared", num_cohorts: int = 1) -> int:
    """A study that this process runs as a worker would, with cohorts that are offered; gives its submission."""
    queued(records, name)
    claims = Claims(records)
    claimed = claims.claim_study()
    assert claimed is not None
    started = StudyStarted(name, "r", "log_loss", "min", num_trials=9)
    run, lease = records.create(make_run_folder(records.mlruns, name, "r", ""), started, "0")
    claims.link(claimed[1], run.number)
    for number in range(num_cohorts):
        records.append(lease, CohortAsked(number, number, ({"width": 8},)))
        CohortOffers(records, lease).offer(number)
    return claimed[0].number


def another(records: Records, number: int, submission: int | None, helps: bool = True) -> str:
    """Another worker that is alive."""
    owner = ELSEWHERE.format(number)
    row = {"owner": owner, "role": WORKER, "version": __version__, "since": 0.0, "until": 1e12}
    row |= {"submission": submission, "lost_leases": 0, "helps": int(helps)}
    with records._engine.begin() as connection:
        connection.execute(insert(SERVICE_PROCESSES).values(row))
    return owner


def test_a_worker_without_a_study_helps(records: Records) -> None:
    submission = shared(records)
    helper = worker(records)
    assert helper._claimed()
    assert isinstance(helper._helping, Helping)
    assert helper._helping.offered == Offered(1, submission, "shared", 1)
    assert not helper._claimed(), "it helps already"
    (alive,) = ServiceProcesses(records).alive()
    assert alive.submission == submission


def test_a_study_that_waits_comes_first(records: Records) -> None:
    shared(records)
    queued(records, "other")
    driver = worker(records)
    assert driver._claimed()
    assert (driver._helping, [driving.job.identifier for driving in driver._running]) == (None, ["other"])
    assert driver._running[0].job.share


def test_a_worker_that_helps_is_asked_to_leave_when_a_study_waits(records: Records) -> None:
    shared(records)
    helper = worker(records)
    helper._claimed()
    helping = helper._helping
    assert isinstance(helping, Helping)
    helping.is_training = True
    queued(records, "other")
    helper._claimed()
    assert not helping.left and not helper._running, "its cohort comes to its end"
    helping.is_training = False
    helper._claimed()
    assert helping.left
    helping.ending = Ending(0, reported=True)
    helper._look()
    helper._claimed()
    assert [driving.job.identifier for driving in helper._running] == ["other"]


def test_a_worker_that_shares_nothing_neither_helps_nor_is_helped(records: Records) -> None:
    shared(records)
    separate = worker(records, share=False)
    assert not separate._claimed()
    queued(records, "other")
    assert separate._claimed() and not separate._running[0].job.share


@pytest.mark.parametrize(("num_cohorts", "helps"), [(1, False), (2, True)])
def test_no_more_workers_help_than_there_are_cohorts(records: Records, num_cohorts: int, helps: bool) -> None:
    """One worker runs the study, another one helps already."""
    submission, helper = shared(records, num_cohorts=num_cohorts), worker(records)
    for number in range(2):
        another(records, number, submission)
    assert helper._claimed() is helps


@pytest.mark.parametrize(("ending", "seconds"), [(Ending(2, "no", reported=True), 300), (Ending(-9), 5)])
def test_a_study_that_a_worker_could_not_help_is_left_alone_for_a_while(
    records: Records, monkeypatch: pytest.MonkeyPatch, ending: Ending, seconds: float
) -> None:
    shared(records)
    helper = worker(records)
    helper._claimed()
    assert isinstance(helper._helping, Helping)
    helper._helping.ending = ending
    helper._look()
    assert helper._helping is None and not helper._claimed()
    now = working.time.monotonic()
    for waited, again in ((seconds - 2.0, False), (seconds + 1.0, True)):
        monkeypatch.setattr(working.time, "monotonic", lambda waited=waited: now + waited)
        assert helper._claimed() is again


def test_cohorts_of_a_study_that_is_not_of_the_service_are_left_alone(records: Records) -> None:
    started = StudyStarted("alone", "r", "log_loss", "min", num_trials=9)
    _, lease = records.create(make_run_folder(records.mlruns, "alone", "r", ""), started, "0")
    records.append(lease, CohortAsked(0, 0, ({"width": 8},)))
    CohortOffers(records, lease).offer(0)
    assert CohortClaims(records).find() is None


def test_those_that_could_help_are_counted(records: Records) -> None:
    """Not the worker that runs the study, not those that run others or do not help, not the dead."""
    processes = ServiceProcesses(records)
    driving = another(records, 0, 7)
    job = Job(None, "", "", "shared", number=7, owner=driving)
    assert num_helpers(processes, job) == 0
    for number, (submission, helps) in enumerate(
        [(7, True), (None, True), (8, True), (None, False)], start=1
    ):
        another(records, number, submission, helps)
    assert num_helpers(processes, job) == 2
    with records._engine.begin() as connection:
        gone = update(SERVICE_PROCESSES).where(SERVICE_PROCESSES.c.owner == ELSEWHERE.format(2))
        connection.execute(gone.values(until=1.0))
    assert num_helpers(processes, job) == 1

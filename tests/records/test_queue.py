"""The queue of a service, on both databases: who enters, who is claimed, who is lost, who may change what."""

import os
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from record_samples import Open, created, ended
from sqlalchemy import update

from automl.errors import RecordError
from automl.records import leases
from automl.records.claims import Claims
from automl.records.leases import LEASE_SECONDS, this_process
from automl.records.queue import Page, Queue, QueueConflictError, UnknownSubmissionError
from automl.records.service_processes import SERVER, WORKER, ServiceProcesses
from automl.records.store import Records
from automl.records.submissions import Sent, SubmissionState
from automl.records.tables import SERVICE_PROCESSES

ELSEWHERE = "elsewhere:77:123@boot/pid[1]"


class Clock:
    """A clock that stands still until it is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def queue(records: Records) -> Queue:
    return Queue(records)


@pytest.fixture
def dead() -> str:
    """The name of a process of this machine that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    host, _, identity = this_process().split(":", 2)
    return f"{host}:{process.pid}:{identity}"


def sent(name: str = "wine", **changes: object) -> Sent:
    return Sent(name, "f" * 64 + ".yaml", **({"digest": "d"} | changes))


def checked(queue: Queue, records: Records, name: str, **changes: object) -> None:
    """A study that waits for a worker."""
    queue.add(sent(name, **changes))
    claimed = Claims(records).claim_check()
    assert claimed is not None
    assert Claims(records).pass_check(claimed[1])


# Entering


def test_a_study_enters_to_be_checked_and_a_second_of_its_name_has_a_number(queue: Queue) -> None:
    first, is_new = queue.add(sent())
    assert (first.identifier, first.state, is_new) == ("wine", SubmissionState.CHECKING, True)
    assert queue.add(sent(fresh=True))[0].identifier == "wine~2"
    assert queue.find("wine") == first
    assert queue.find("wine~2").number > first.number


@pytest.mark.parametrize(
    "identifier", ["win", "wine~1", "wine~3", "wine~", "~", "wine~x", "wine~9999999999999"]
)
def test_an_identifier_of_no_study_is_unknown(queue: Queue, identifier: str) -> None:
    queue.add(sent())
    with pytest.raises(UnknownSubmissionError, match=r"there is no study .* GET /studies lists them\.$"):
        queue.find(identifier)


def test_the_same_key_is_the_same_request_and_another_body_is_refused(queue: Queue) -> None:
    first, _ = queue.add(sent(key="k"))
    assert queue.add(sent(key="k")) == (first, False)
    with pytest.raises(QueueConflictError, match="must be another one for another request") as caught:
        queue.add(sent(key="k", digest="e"))
    assert caught.value.submission == first
    assert len(queue.page(Page())) == 1


def test_a_name_in_the_queue_or_in_the_record_is_refused_with_what_can_be_done(
    queue: Queue, records: Records
) -> None:
    queue.add(sent())
    with pytest.raises(QueueConflictError, match=r"`wine`, checking\)\. Send it with `fresh=true`"):
        queue.add(sent())
    queue.cancel("wine")
    with pytest.raises(QueueConflictError, match="Continue it with POST /studies/wine/resume"):
        queue.add(sent())
    created(records, "iris")
    with pytest.raises(QueueConflictError, match="has runs of a study 'iris' already"):
        queue.add(sent("iris"))
    assert queue.add(sent("iris", fresh=True))[0].identifier == "iris"


def test_of_many_that_send_the_same_at_once_one_is_new(opened: Open) -> None:
    results: list[tuple[str, bool]] = []
    queues = [Queue(opened()) for _ in range(4)]

    def send(queue: Queue) -> None:
        submission, is_new = queue.add(sent(key="k"))
        results.append((submission.identifier, is_new))

    threads = [threading.Thread(target=send, args=(queue,)) for queue in queues]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(results) == {("wine", True): 1, ("wine", False): 3}


def test_pages_lead_through_all_studies_the_newest_first(queue: Queue) -> None:
    names = [f"s{place}" for place in range(7)]
    for name in names:
        queue.add(sent(name))
    names_seen, before = [], None
    while page := queue.page(Page(before=before, limit=3)):
        names_seen += [submission.name for submission in page]
        before = page[-1].number
    assert names_seen == names[::-1]
    queue.cancel("s3")
    assert [submission.name for submission in queue.page(Page(states=[SubmissionState.CANCELLED]))] == ["s3"]
    assert [submission.name for submission in queue.page(Page(name="s5"))] == ["s5"]


def test_what_waits_is_counted_in_the_order_in_which_it_begins(queue: Queue) -> None:
    for name, priority in (("low", -1), ("first", 0), ("second", 0), ("high", 5)):
        queue.add(sent(name, priority=priority))
    places = queue.positions()
    assert [places[queue.find(name).number] for name in ("high", "first", "second", "low")] == [0, 1, 2, 3]
    high = queue.cancel("high")
    assert high.number not in queue.positions()
    counts, oldest = queue.counts()
    assert (counts["checking"], counts["cancelled"], counts["failed"]) == (3, 1, 0)
    assert oldest == queue.find("low").created


# Claiming


def test_the_highest_priority_begins_first_and_then_the_oldest(queue: Queue, records: Records) -> None:
    for name, priority in (("a", 0), ("b", 3), ("c", 0), ("d", 3)):
        checked(queue, records, name, priority=priority)
    claims, order = Claims(records), []
    while claimed := claims.claim_study():
        order.append(claimed[0].name)
    assert order == ["b", "d", "a", "c"]


def test_each_study_is_claimed_by_one_worker(opened: Open) -> None:
    records = opened()
    queue = Queue(records)
    for place in range(12):
        checked(queue, records, f"s{place}")
    claimed: list[str] = []

    def work(claims: Claims) -> None:
        while claim := claims.claim_study():
            claimed.append(claim[0].name)

    workers = [threading.Thread(target=work, args=(Claims(opened(), ELSEWHERE),)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert Counter(claimed) == {f"s{place}": 1 for place in range(12)}


def test_a_study_is_claimed_only_when_it_is_checked(queue: Queue, records: Records) -> None:
    queue.add(sent())
    claims = Claims(records)
    assert claims.claim_study() is None
    claimed = claims.claim_check()
    assert claimed is not None
    assert claims.claim_check() is None
    assert queue.find("wine").state is SubmissionState.CHECKING
    claims.pass_check(claimed[1])
    assert queue.find("wine").state is SubmissionState.QUEUED


def test_a_study_whose_worker_died_is_taken_over_once_and_then_needs_a_person(
    queue: Queue, records: Records, dead: str
) -> None:
    checked(queue, records, "wine")
    first = Claims(records, dead).claim_study()
    assert first is not None
    second = Claims(records, dead).claim_study()
    assert second is not None
    assert second[0].lost == 1
    third = Claims(records)
    assert third.claim_study() is None
    assert third.num_lost == 1
    submission = queue.find("wine")
    assert (submission.state, submission.lost) == (SubmissionState.NEEDS_RECOVERY, 2)
    assert submission.reason.startswith("2 processes that ran it ended without saying why")
    assert queue.resume("wine").state is SubmissionState.QUEUED
    again = third.claim_study()
    assert again is not None
    assert again[0].lost == 0


def test_a_worker_elsewhere_is_believed_until_its_lease_runs_out(opened: Open) -> None:
    clock = Clock()
    records = opened(clock=clock)
    queue = Queue(records)
    checked(queue, records, "wine")
    elsewhere, claims = Claims(records, ELSEWHERE), Claims(records)
    claimed = elsewhere.claim_study()
    assert claimed is not None
    clock.now += LEASE_SECONDS - 1.0
    assert claims.claim_study() is None
    assert elsewhere.renew(claimed[1])
    clock.now += LEASE_SECONDS - 1.0
    assert claims.claim_study() is None
    clock.now += 2.0
    assert claims.claim_study() is not None


def test_a_worker_that_comes_back_after_its_successor_changes_nothing(
    queue: Queue, records: Records, dead: str
) -> None:
    checked(queue, records, "wine")
    old, new = Claims(records, dead), Claims(records)
    late = old.claim_study()
    taken = new.claim_study()
    assert late is not None
    assert taken is not None
    before = queue.find("wine")
    run, _ = created(records)
    for change in (
        lambda: old.renew(late[1]),
        lambda: old.link(late[1], run.number),
        lambda: old.end(late[1], SubmissionState.FAILED, "late"),
        lambda: old.give_back(late[1]),
        lambda: old.lose(late[1]),
        lambda: old.pass_check(late[1]),
    ):
        assert not change()
    assert queue.find("wine") == before
    assert new.end(taken[1], SubmissionState.SUCCEEDED)


def test_a_study_that_is_given_back_waits_again_and_nothing_is_lost(queue: Queue, records: Records) -> None:
    checked(queue, records, "wine")
    claims = Claims(records)
    claimed = claims.claim_study()
    assert claimed is not None
    claims.give_back(claimed[1])
    assert queue.find("wine").state is SubmissionState.QUEUED
    again = claims.claim_study()
    assert again is not None
    assert (again[0].lost, claims.num_lost) == (0, 0)


def test_a_reason_of_any_text_and_length_is_kept(queue: Queue, records: Records) -> None:
    checked(queue, records, "wine")
    claims = Claims(records)
    claimed = claims.claim_study()
    assert claimed is not None
    assert claims.end(claimed[1], SubmissionState.FAILED, "a\0b\ud800c ü😀 " + "x" * 10_000)
    reason = queue.find("wine").reason
    assert reason.startswith("a\\0b\\ud800c ü😀 xxx")
    assert len(reason) < 5000


# Changing


def test_a_waiting_study_is_cancelled_at_once_and_a_running_one_by_its_worker(
    queue: Queue, records: Records
) -> None:
    checked(queue, records, "runs")
    claims = Claims(records)
    claimed = claims.claim_study()
    assert claimed is not None
    assert not claims.is_cancelled(claimed[1])
    cancelled = queue.cancel("runs")
    assert (cancelled.state, cancelled.cancelled) == (SubmissionState.RUNNING, True)
    assert claims.is_cancelled(claimed[1])
    claims.end(claimed[1], SubmissionState.CANCELLED)
    with pytest.raises(QueueConflictError, match=r"has ended already \(cancelled\)"):
        queue.cancel("runs")
    queue.add(sent("waits"))
    assert queue.cancel("waits").state is SubmissionState.CANCELLED
    assert claims.claim_check() is None


def test_a_running_study_without_a_living_worker_is_cancelled_at_once(
    queue: Queue, records: Records, dead: str
) -> None:
    checked(queue, records, "wine")
    assert Claims(records, dead).claim_study() is not None
    assert queue.cancel("wine").state is SubmissionState.CANCELLED
    assert Claims(records).claim_study() is None


def test_trials_are_added_to_those_that_ended_and_asking_again_adds_no_more(
    queue: Queue, records: Records
) -> None:
    checked(queue, records, "wine")
    claims = Claims(records)
    claimed = claims.claim_study()
    assert claimed is not None
    run, lease = created(records)
    claims.link(claimed[1], run.number)
    records.append(lease, ended(0, 0.5), ended(1, 0.4))
    with pytest.raises(QueueConflictError, match="is running"):
        queue.resume("wine", 5)
    claims.end(claimed[1], SubmissionState.SUCCEEDED)
    with pytest.raises(QueueConflictError, match=r"is done\. Ask for more trials"):
        queue.resume("wine")
    assert queue.resume("wine", 5).trials == 7
    assert queue.find("wine").best == 0.4


def test_deleting_a_study_removes_its_run_and_its_files_and_a_running_one_stays(
    queue: Queue, records: Records
) -> None:
    checked(queue, records, "wine")
    claims = Claims(records)
    claimed = claims.claim_study()
    assert claimed is not None
    run, lease = created(records)
    run.folder.mkdir(parents=True)
    (run.folder / "study.yaml").touch()
    claims.link(claimed[1], run.number)
    with pytest.raises(QueueConflictError, match=r"is running\. Cancel it first"):
        queue.remove("wine")
    claims.end(claimed[1], SubmissionState.SUCCEEDED)
    with pytest.raises(RecordError, match="is being run by process"):
        queue.remove("wine")
    records.release(lease)
    queue.remove("wine")
    assert queue.page(Page()) == []
    assert records.runs() == []
    assert not run.folder.exists()


def test_a_run_that_is_undone_leaves_its_submission(queue: Queue, records: Records) -> None:
    checked(queue, records, "wine")
    claims = Claims(records)
    claimed = claims.claim_study()
    assert claimed is not None
    run, lease = created(records)
    claims.link(claimed[1], run.number)
    records.remove(lease)
    assert queue.find("wine").run is None


def test_a_file_with_a_submission_and_no_run_is_not_empty(tmp_path: Path) -> None:
    from automl.records.finding import open_records

    records = open_records(tmp_path / "mlruns", create=True)
    Queue(records).add(sent())
    records.remove_if_empty()
    assert Queue(open_records(tmp_path / "mlruns")).find("wine").state is SubmissionState.CHECKING


# Processes


def listed(records: Records, owner: str, version: str) -> None:
    """Let another process be listed."""
    processes = ServiceProcesses(records)
    processes.enter(SERVER, version)
    with records._engine.begin() as connection:
        connection.execute(update(SERVICE_PROCESSES).values(owner=owner))


def test_processes_are_listed_while_they_live(records: Records, dead: str) -> None:
    processes = ServiceProcesses(records)
    listed(records, dead, "1")
    assert processes.alive() == []
    processes.enter(WORKER, "2", helps=True)
    processes.renew(submission=7, lost_leases=3)
    (alive,) = processes.alive()
    assert (alive.role, alive.version, alive.submission, alive.lost_leases) == (WORKER, "2", 7, 3)
    assert alive.helps
    processes.leave()
    assert processes.alive() == []


def test_a_process_of_another_version_is_refused(records: Records) -> None:
    host, _, identity = this_process().split(":", 2)
    machine = identity.partition("@")[2]
    listed(records, f"{host}:{os.getppid()}:{leases._start_of(os.getppid())}@{machine}", "1")
    with pytest.raises(RecordError, match=r"automl 1, and this worker is automl 2\. Update one of them"):
        ServiceProcesses(records).enter(WORKER, "2")


def test_a_sqlite_file_serves_the_processes_of_one_machine(records: Records) -> None:
    listed(records, ELSEWHERE, "1")
    processes = ServiceProcesses(records)
    if records.address.file is None:
        processes.enter(WORKER, "1")
        return
    with pytest.raises(RecordError, match=r"SQLite serves the processes of one machine\. .*postgresql://"):
        processes.enter(WORKER, "1")

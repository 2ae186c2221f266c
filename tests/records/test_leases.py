"""Who may append to a run: one holder at a time, the dead replaced at once, the late ones refused."""

import os
import socket
import subprocess
import sys
import threading

import pytest
from record_samples import Open, created, ended, events_of
from sqlalchemy import update

from automl.errors import RecordError
from automl.records import leases
from automl.records.cohort_offers import CohortOffers
from automl.records.events import Finished
from automl.records.leases import LEASE_SECONDS, Heartbeat, is_held, this_process
from automl.records.runs import Run
from automl.records.store import Records
from automl.records.tables import STUDIES

ELSEWHERE = "elsewhere:77:123@boot/pid[1]"


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def hold(records: Records, run: Run, owner: str | None) -> None:
    """Let another process hold a run."""
    with records._engine.begin() as connection:
        connection.execute(update(STUDIES).where(STUDIES.c.id == run.number).values(lease_owner=owner))


def renamed(owner: str, host: str | None = None, pid: int | None = None, start: str | None = None) -> str:
    """A process's name with another part."""
    old = owner.rsplit(":", 2)
    ticks, machine = old[2].split("@")
    return f"{host or old[0]}:{pid or old[1]}:{start or ticks}@{machine}"


@pytest.fixture
def dead() -> str:
    """The name of a process of this machine that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return renamed(this_process(), pid=process.pid)


def test_a_second_process_is_refused_with_who_holds_the_run_since_when(opened: Open) -> None:
    run, _ = created(opened())
    with pytest.raises(RecordError) as caught:
        opened().claim(run)
    message = str(caught.value)
    assert message.startswith("the study 'wine' (run 20260101-000000-aaaa) is being run by ")
    assert f"process {os.getpid()} on {socket.gethostname()} since 20" in message
    assert message.endswith("Wait for it, stop it, or give this study another name.")


def test_a_process_that_lives_is_not_replaced(opened: Open) -> None:
    records = opened()
    run, _ = created(records)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        hold(records, run, renamed(this_process(), pid=process.pid, start=leases._start_of(process.pid)))
        with pytest.raises(RecordError, match=f"process {process.pid} on"):
            records.claim(run)
        process.kill()
    assert records.claim(run).token == 2


def test_a_dead_process_of_this_machine_is_replaced_at_once(opened: Open, dead: str, clock: Clock) -> None:
    records = opened(clock=clock)
    run, lease = created(records)
    hold(records, run, dead)
    assert records.run(run.number).killed
    successor = records.claim(run)
    assert successor.token == lease.token + 1
    assert records.run(run.number).since == clock.now


def test_another_process_with_the_number_of_a_dead_one_is_not_taken_for_it(opened: Open) -> None:
    records = opened()
    run, _ = created(records)
    hold(records, run, renamed(this_process(), start="1"))
    assert not records.run(run.number).held
    records.claim(run)


@pytest.mark.parametrize("owner", [ELSEWHERE, "same-name"])
def test_a_holder_elsewhere_is_replaced_when_its_lease_has_run_out(
    opened: Open, clock: Clock, owner: str
) -> None:
    """Also one whose machine or container merely bears the same name: its process numbers say nothing here."""
    records = opened(clock=clock)
    run, _ = created(records)
    hold(records, run, f"{socket.gethostname()}:77:123@boot/pid[1]" if owner == "same-name" else owner)
    clock.now += LEASE_SECONDS - 1.0
    with pytest.raises(RecordError, match="process 77 on"):
        records.claim(run)
    clock.now += 1.0
    records.claim(run)
    assert records.run(run.number).owner == this_process()


def test_a_renewed_lease_holds_on(opened: Open, clock: Clock) -> None:
    records = opened(clock=clock)
    run, lease = created(records)
    hold(records, run, ELSEWHERE)
    for _ in range(5):
        clock.now += LEASE_SECONDS - 1.0
        assert records.renew(lease)
    with pytest.raises(RecordError, match="process 77 on"):
        records.claim(run)


def test_appending_renews_the_lease(opened: Open, clock: Clock) -> None:
    records = opened(clock=clock)
    run, lease = created(records)
    hold(records, run, ELSEWHERE)
    clock.now += LEASE_SECONDS - 1.0
    records.append(lease, ended(0, 0.5))
    clock.now += LEASE_SECONDS - 1.0
    assert records.run(run.number).held


def test_a_holder_thought_dead_is_refused_when_it_wakes(opened: Open, clock: Clock) -> None:
    records = opened(clock=clock)
    run, old = created(records)
    records.append(old, ended(0, 0.5))
    hold(records, run, ELSEWHERE)
    clock.now += LEASE_SECONDS
    new = opened(clock=clock).claim(run)
    before = records.run(run.number)
    refusal = rf"is being run by process {os.getpid()} on .* This process records nothing more\.$"
    for late in (
        lambda: records.append(old, ended(1, 0.1)),
        lambda: records.append(old, Finished("finished")),
        lambda: CohortOffers(records, old).end(0),
        lambda: CohortOffers(records, old).retry(0),
    ):
        with pytest.raises(RecordError, match=refusal):
            late()
    assert not records.renew(old)
    records.release(old)
    records.remove(old)
    assert records.run(run.number) == before
    records.append(new, ended(1, 0.2))
    assert [getattr(event, "scores", None) for event in events_of(records, run)] == [None, (0.5,), (0.2,)]


def test_a_released_run_is_free_at_once_and_stays_so(opened: Open) -> None:
    records = opened()
    run, lease = created(records)
    records.release(lease)
    assert not records.renew(lease), "a heartbeat that comes late must not take it back"
    with pytest.raises(RecordError, match=r"was released by this process\. This process records nothing"):
        records.append(lease, ended(0, 0.5))
    assert not records.run(run.number).held
    assert opened().claim(run).token == 2


def test_a_clock_that_is_set_back_does_not_free_a_lease(opened: Open, clock: Clock) -> None:
    records = opened(clock=clock)
    run, lease = created(records)
    hold(records, run, ELSEWHERE)
    clock.now -= 500.0
    with pytest.raises(RecordError, match="process 77 on"):
        records.claim(run)
    assert [event.seq for event in records.append(lease, ended(0, 0.5))] == [2]


def test_a_run_that_is_gone_cannot_be_taken_over(records: Records) -> None:
    run, lease = created(records)
    records.remove(lease)
    with pytest.raises(RecordError, match=r"the run 1 is no longer in the record\.$"):
        records.claim(run)


@pytest.mark.parametrize(
    ("owner", "until", "held"),
    [
        (None, None, False),
        (None, 2.0, False),
        (ELSEWHERE, None, False),
        (ELSEWHERE, 1.0, False),
        (ELSEWHERE, 1.5, True),
    ],
)
def test_a_lease_is_held_by_someone_for_a_time(owner: str | None, until: float | None, held: bool) -> None:
    assert is_held(owner, until, 1.0) is held


def test_without_proc_a_process_counts_as_living_while_there_is_one(
    dead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "Path", lambda path: type("None", (), {"read_text": _missing})())
    living = this_process()
    assert living.endswith(f":{os.getpid()}:running@")
    assert is_held(living, 2.0, 1.0)
    assert not is_held(renamed(dead.partition("@")[0] + "@", start="running"), 2.0, 1.0)


def _missing(_: object) -> str:
    raise FileNotFoundError


def test_a_zombie_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert leases._start_of(process.pid) == ""


def test_a_heartbeat_renews_until_it_is_stopped() -> None:
    beats = threading.Semaphore(0)

    def renew() -> bool:
        beats.release()
        return True

    heartbeat = Heartbeat(renew, seconds=0.001)
    assert all(beats.acquire(timeout=30.0) for _ in range(3))
    heartbeat.stop()
    assert not heartbeat.is_lost
    assert not heartbeat._thread.is_alive()


def test_a_heartbeat_outlives_a_database_that_is_away() -> None:
    answers = iter([RecordError("away"), OSError(), True, False])
    heartbeats = threading.Semaphore(0)

    def renew() -> bool:
        answer = next(answers)
        heartbeats.release()
        if isinstance(answer, Exception):
            raise answer
        return bool(answer)

    heartbeat = Heartbeat(renew, seconds=0.001)
    assert all(heartbeats.acquire(timeout=30.0) for _ in range(4))
    heartbeat._thread.join(30.0)
    assert heartbeat.is_lost, "another process has taken the run over"
    heartbeat.stop()


def test_a_heartbeat_that_waits_for_a_database_does_not_hold_up_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leases, "_STOP_SECONDS", 0.01)
    begun, go = threading.Event(), threading.Event()

    def renew() -> bool:
        begun.set()
        return go.wait(60.0)

    heartbeat = Heartbeat(renew, seconds=0.001)
    assert begun.wait(30.0)
    heartbeat.stop()
    assert heartbeat._thread.is_alive()
    go.set()
    heartbeat._thread.join(30.0)
    assert not heartbeat._thread.is_alive()

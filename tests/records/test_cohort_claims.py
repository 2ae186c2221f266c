"""Cohorts that workers claim, on both databases: each by one at a time, the first commit counts, nobody blocks one."""

import os
import subprocess
import sys
import threading
from collections import Counter

import pytest
from record_samples import Open, created
from sqlalchemy import update

from automl.errors import RecordError
from automl.progress import Progress
from automl.records.cohort_claims import CohortClaim, CohortClaims, Results, num_late
from automl.records.cohort_offers import CohortOffers
from automl.records.cohort_states import MOST_ATTEMPTS, CohortState
from automl.records.events import CohortAsked
from automl.records.leases import LEASE_SECONDS, this_process
from automl.records.store import Records
from automl.records.tables import STUDIES

ELSEWHERE = "elsewhere:77:123@boot/pid[1]"


class Clock:
    """A clock that stands still until it is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def dead() -> str:
    """The name of a process of this machine that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    host, _, identity = this_process().split(":", 2)
    return f"{host}:{process.pid}:{identity}"


def offering(records: Records, num_cohorts: int = 1) -> CohortOffers:
    """A run of this process whose cohorts are offered."""
    _, lease = created(records)
    offers = CohortOffers(records, lease)
    for number in range(num_cohorts):
        records.append(lease, CohortAsked(number, number, ({"width": 8},)))
        offers.offer(number)
    return offers


def claimed(claims: CohortClaims) -> CohortClaim:
    claim = claims.claim()
    assert claim is not None
    return claim


def results(file: str = "a.npz", *, is_last: bool = True) -> Results:
    return Results(file, 1, is_last)


def files(offers: CohortOffers) -> list[str]:
    return [part.file for row in offers.look().values() for part in offers.parts(row.identifier)]


def test_each_cohort_is_claimed_by_one_of_many(opened: Open) -> None:
    offering(opened(), 12)
    taken: list[int] = []

    def work() -> None:
        claims = CohortClaims(opened())
        while (claim := claims.claim()) is not None:
            taken.append(claim.number)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(Counter(taken).items()) == [(number, 1) for number in range(12)]


def test_a_cohort_that_is_not_offered_is_not_claimed(records: Records) -> None:
    run, lease = created(records)
    records.append(lease, CohortAsked(0, 0, ({"width": 8},)))
    claims, offers = CohortClaims(records), CohortOffers(records, lease)
    assert claims.claim() is None
    offers.offer(0)
    assert claims.claim(run.number + 1) is None
    assert offers.take(0) and claims.claim() is None
    offers.offer(0)
    assert claims.claim(run.number) is not None and not offers.take(0)


def test_what_is_committed_is_read_in_its_order(records: Records) -> None:
    offers, claims = offering(records), CohortClaims(records)
    claim = claimed(claims)
    assert claims.commit(claim, results("a.npz", is_last=False), Progress(1, 9, 3))
    assert claims.commit(claim, results("b.npz", is_last=False))
    (row,) = offers.look().values()
    assert (row.state, row.held, row.progress) == (CohortState.TRAINING, True, Progress(1, 9, 3))
    assert claims.commit(claim, results("c.npz"))
    (row,) = offers.look().values()
    assert row.state is CohortState.TRAINED
    assert files(offers) == ["a.npz", "b.npz", "c.npz"]
    assert [part.is_last for part in offers.parts(row.identifier, since=1)] == [False, True]
    offers.end(0)
    assert offers.look() == {}


def test_a_commit_whose_answer_was_lost_counts_once(records: Records) -> None:
    offers, claims = offering(records), CohortClaims(records)
    claim = claimed(claims)
    assert claims.commit(claim, results()) and claims.commit(claim, results())
    assert (files(offers), num_late(records)) == (["a.npz"], 0)


def test_the_first_commit_counts_and_a_late_one_is_dropped_and_counted(opened: Open) -> None:
    clock = Clock()
    records = opened(clock=clock)
    offers = offering(records)
    slow, quick = CohortClaims(records, ELSEWHERE), CohortClaims(records)
    lost = claimed(slow)
    assert quick.claim() is None
    clock.now += LEASE_SECONDS + 1.0
    with records._engine.begin() as connection:  # its own holder has renewed its lease meanwhile
        connection.execute(update(STUDIES).values(lease_until=clock.now + LEASE_SECONDS))
    claim = claimed(quick)
    assert (claim.number, claim.attempt, quick.num_lost) == (lost.number, 2, 1)
    assert slow.renew(lost) is None and not slow.give_back(lost)
    assert not slow.commit(lost, results("late.npz"))
    assert quick.commit(claim, results("first.npz"))
    assert not slow.commit(lost, results("later.npz"))
    assert not quick.commit(claim, results("again.npz"))
    assert (files(offers), num_late(records)) == (["first.npz"], 3)


def test_a_cohort_that_ends_workers_is_left_to_the_process_that_runs_the_study(
    records: Records, dead: str
) -> None:
    offers = offering(records)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert claimed(CohortClaims(records, dead)).attempt == attempt
    assert CohortClaims(records).claim() is None
    assert offers.take(0)
    assert [(row.attempt, row.state) for row in offers.look().values()] == [(MOST_ATTEMPTS + 1, "running")]


def test_giving_back_counts_as_no_attempt(records: Records) -> None:
    offering(records)
    claims = CohortClaims(records)
    first = claimed(claims)
    assert claims.give_back(first)
    second = claimed(claims)
    assert (second.attempt, claims.num_lost) == (1, 0)
    assert second.token > first.token and not claims.commit(first, results())


def test_cohorts_of_a_run_that_nobody_holds_are_not_claimed(records: Records, dead: str) -> None:
    offers = offering(records)
    with records._engine.begin() as connection:
        connection.execute(update(STUDIES).values(lease_owner=dead))
    assert CohortClaims(records).claim() is None
    (run,) = records.runs()
    lease = records.claim(run)
    CohortOffers(records, lease).offer(0)
    assert CohortClaims(records).claim() is not None
    with pytest.raises(RecordError, match=f"is being run by process {os.getpid()}"):
        offers.offer(0)


def test_whoever_goes_on_with_a_run_takes_its_cohorts_back(records: Records) -> None:
    offers, claims = offering(records, 2), CohortClaims(records)
    first, second = claimed(claims), claimed(claims)
    offers.retry(first.number)
    offers.withdraw()
    assert claims.renew(first) is None and claims.renew(second) is None
    assert not claims.commit(second, results()) and files(offers) == []
    assert {row.state for row in offers.look().values()} == {CohortState.RUNNING}


def test_a_worker_is_told_when_training_must_end(records: Records) -> None:
    offers, claims = offering(records, 2), CohortClaims(records)
    claim = claimed(claims)
    assert claim.ends is None
    offers.end_at([0], 77.0)
    renewed = claims.renew(claim, Progress(2, 3, 1))
    assert renewed is not None and renewed.ends == 77.0
    assert [row.progress for row in offers.look().values()] == [Progress(2, 3, 1), None]
    assert claimed(claims).ends is None


def test_a_run_is_removed_with_what_workers_have_committed(records: Records) -> None:
    _, lease = created(records)
    records.append(lease, CohortAsked(0, 0, ({"width": 8},)))
    CohortOffers(records, lease).offer(0)
    claims = CohortClaims(records)
    claim = claimed(claims)
    assert claims.commit(claim, results("a.npz", is_last=False))
    records.remove(lease)
    assert not claims.commit(claim, results("b.npz"))
    assert claims.claim() is None

"""Cohorts that workers train: what becomes of them when workers die, files vanish, time is over, nobody comes."""

import logging
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from shared_cohorts import SharedCohorts
from stand_in_engine import StandInEngine, cohort_of

from automl.execution import helping, workers
from automl.execution.executor import CancelToken, CohortEnded, Order
from automl.execution.record_board import RecordBoard
from automl.progress import Progress
from automl.records.cohort_claims import CohortClaim, CohortClaims, Results, num_late
from automl.records.cohort_offers import CohortOffers
from automl.records.cohort_results import packed
from automl.records.leases import this_process
from automl.training.engine import Watch
from automl.trial import Trial, TrialState

SIZE = 4


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helping, "_COMMIT_SECONDS", 0.0)
    monkeypatch.setattr(helping, "_BEAT_SECONDS", 0.005)


@pytest.fixture
def dead() -> str:
    """The name of a process of this machine that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    host, _, identity = this_process().split(":", 2)
    return f"{host}:{process.pid}:{identity}"


def watching(progresses: list[Progress] | None = None, seconds_left: float = math.inf) -> Watch:
    on_progress = (lambda _: None) if progresses is None else progresses.append
    return Watch(on_progress, lambda: True, math.isfinite(seconds_left), lambda: seconds_left)


def shared(folder: Path, num_workers: int = 0, **changes: object) -> SharedCohorts:
    options = {"looks": {}, "watch": watching(), "token": CancelToken()} | changes
    return SharedCohorts(folder, options["looks"], options["watch"], options["token"], num_workers)


def order(number: int, recorded: frozenset[int] = frozenset()) -> Order:
    return Order(number, cohort_of(number * SIZE, SIZE), (), recorded, dict.fromkeys(recorded, 0))


def trials(*numbers: int) -> list[Trial]:
    return [Trial(number, {"width": number}, TrialState.COMPLETE, reason="elsewhere") for number in numbers]


def commit(executor: SharedCohorts, claim: CohortClaim, numbers: tuple[int, ...], is_last: bool) -> str:
    """Commit trials as a worker; gives the name of their file."""
    file = executor.files.put(packed(f"{claim.identifier}/{claim.token}", trials(*numbers)), ".npz")
    assert CohortClaims(executor.records).commit(claim, Results(file, len(numbers), is_last))
    return file


def claimed(executor: SharedCohorts, owner: str | None = None) -> CohortClaim:
    claim = CohortClaims(executor.records, owner).claim()
    assert claim is not None
    return claim


def numbers_of_results(executor: SharedCohorts) -> Iterator[int]:
    for result in executor.results():
        yield -1 - result.number if isinstance(result, CohortEnded) else result.number


def test_workers_train_what_this_process_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CohortOffers, "take", lambda *_: False)
    progresses: list[Progress] = []
    with closing(
        shared(tmp_path, 2, looks=dict.fromkeys(range(99), 3), watch=watching(progresses))
    ) as executor:
        for number in range(4):
            executor.submit(order(number))
        results = list(executor.results())
        for number in range(4):
            executor.settle(number)
    assert sorted(result.number for result in results if isinstance(result, Trial)) == list(range(4 * SIZE))
    assert sorted(number for _, number in executor.trained) == [0, 1, 2, 3]
    assert list(executor.files.names()) == []
    assert max(progress.done for progress in progresses) > 0


def test_without_other_workers_all_cohorts_train_here_at_the_same_time(tmp_path: Path) -> None:
    engine_calls: list[int] = []
    with closing(shared(tmp_path, looks={0: 40})) as executor:
        executor.submit(order(0))
        executor.submit(order(1))
        for number in numbers_of_results(executor):
            engine_calls.append(number)
    assert engine_calls.index(-2) < engine_calls.index(0), "the second one does not wait for the first one"


def test_the_record_is_not_asked_while_all_cohorts_train_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look is a few statements, which compete with the training for the interpreter."""
    looks: list[int] = []
    look = RecordBoard.look

    def counted(board: RecordBoard) -> object:
        looks.append(1)
        return look(board)

    monkeypatch.setattr(RecordBoard, "look", counted)
    with closing(shared(tmp_path, looks={0: 40, 4: 40})) as executor:
        executor.submit(order(0))
        executor.submit(order(1))
        assert len(list(executor.results())) == 2 * SIZE + 2
    assert len(looks) == 1


def test_a_cohort_whose_worker_died_is_trained_here_without_what_it_had_committed(
    tmp_path: Path, dead: str
) -> None:
    with closing(shared(tmp_path)) as executor:
        executor.submit(order(0))
        claim = claimed(executor, dead)
        commit(executor, claim, (1, 2), is_last=False)
        results = [result for result in executor.results() if isinstance(result, Trial)]
        assert [result.number for result in results] == [1, 2, 0, 3]
        assert [result.reason == "elsewhere" for result in results] == [True, True, False, False]
        assert not CohortClaims(executor.records).commit(claim, Results("late.npz", 4, True))
        assert num_late(executor.records) == 1


def test_a_trial_that_is_trained_twice_is_given_once(tmp_path: Path, dead: str) -> None:
    with closing(shared(tmp_path)) as executor:
        executor.submit(order(0, frozenset({3})))
        claim = claimed(executor, dead)
        commit(executor, claim, (3, 0), is_last=False)
        again = claimed(executor)
        commit(executor, again, (0, 1, 2), is_last=True)
        assert list(numbers_of_results(executor)) == [0, 1, 2, -1]


def test_what_was_committed_and_not_recorded_is_not_trained_again(tmp_path: Path) -> None:
    with closing(shared(tmp_path)) as executor:
        executor.submit(order(0))
        commit(executor, claimed(executor), (0, 1, 2, 3), is_last=True)
        executor.submit(order(0, frozenset({2})))  # as another process that has taken the run over
        results = [result for result in executor.results() if isinstance(result, Trial)]
    assert [(result.number, result.reason) for result in results] == [
        (number, "elsewhere") for number in (0, 1, 3)
    ]


@pytest.mark.parametrize("content", [None, b"", b"not an archive"])
def test_trials_whose_file_cannot_be_read_are_trained_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes | None
) -> None:
    with closing(shared(tmp_path)) as executor, caplog.at_level(logging.WARNING):
        executor.submit(order(0))
        claim = claimed(executor)
        path = executor.files.path(commit(executor, claim, (0, 1), is_last=False))
        commit(executor, claim, (2, 3), is_last=True)
        path.unlink() if content is None else path.write_bytes(content)
        results = [result for result in executor.results() if isinstance(result, Trial)]
    assert sorted(result.number for result in results) == [0, 1, 2, 3]
    assert {result.number for result in results if result.reason == "elsewhere"} == {2, 3}
    assert "The trials of cohort 0 are trained again." in caplog.text


def test_a_worker_that_does_not_end_in_time_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_LATE_SECONDS", 0.5)
    with closing(shared(tmp_path, watch=watching(seconds_left=-1.0))) as executor:
        executor.submit(order(0))
        claim = claimed(executor)
        assert claim.ends is not None and claim.ends < time.time()
        commit(executor, claim, (0,), is_last=False)
        assert list(numbers_of_results(executor)) == [0, -1]
        assert CohortClaims(executor.records).renew(claim) is None


def test_a_cohort_that_no_worker_claims_is_trained_here_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers seem to be free, but none comes; the first cohort trains for long."""
    monkeypatch.setattr(workers, "_OFFERED_SECONDS", 0.1)
    with closing(shared(tmp_path, looks={0: 10**9}, num_workers=0)) as executor:
        monkeypatch.setattr(RecordBoard, "num_helpers", lambda _: 2)
        executor.submit(order(0))
        executor.submit(order(1))
        for number in numbers_of_results(executor):
            if number == -2:
                break


def test_a_helper_knows_what_the_process_that_runs_the_study_knows(tmp_path: Path) -> None:
    """It plans cohorts that it has not trained, and settles those that were told, before it trains a later one."""
    with closing(shared(tmp_path)) as executor:
        engine = StandInEngine({})
        claims = CohortClaims(executor.records)
        helper = helping.Helper(engine, None, (), executor.known_orders, claims, executor.files)
        for number in range(2):
            executor.submit(order(number))
        list(executor.results())
        executor.settle(0)
        executor.submit(order(2))
        assert helper.train(claimed(executor), CancelToken())
        results = [result for result in executor.results() if isinstance(result, Trial)]
    assert {result.reason.strip() for result in results} == {f"planned [0, {SIZE}] settled [0]"}


def test_a_cancelled_worker_commits_what_has_ended_and_gives_its_cohort_back(tmp_path: Path) -> None:
    with closing(shared(tmp_path)) as executor:
        token = CancelToken()

        class Cancelling(StandInEngine):
            def wait(self, seconds: float) -> None:
                token.cancel()

        claims = CohortClaims(executor.records)
        looks = {SIZE - 1: 10**9}
        helper = helping.Helper(Cancelling(looks), None, (), executor.known_orders, claims, executor.files)
        executor.submit(order(0))
        assert not helper.train(claimed(executor), token)
        (row,) = executor.offers.look().values()
        assert (row.state, row.attempt, row.num_parts > 0) == ("waiting", 1, True)
        results = [result.number for result in executor.results() if isinstance(result, Trial)]
    assert sorted(results) == list(range(SIZE))

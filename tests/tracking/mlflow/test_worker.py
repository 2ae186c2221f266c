"""A thread that sends what a store takes, and leaves alone a store that fails."""

import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from automl.tracking.mlflow.worker import PAUSE_SECONDS, Patience, Worker

GUARD = 60.0
"""Seconds after which a test that hangs is ended."""


class Steps:
    """What a worker did, and a store that can be up, down or hanging."""

    def __init__(self) -> None:
        self.up, self.now, self.probes, self.closed = True, 1000.0, 0, 0
        self.taken: list[bool] = []
        self.began, self.may_end = threading.Event(), threading.Event()
        self.may_end.set()
        self.ended = threading.Semaphore(0)
        self.patience = Patience(self.answers, str, lambda: self.now)
        self.worker = Worker(self.step, self.patience, self.close)

    def answers(self) -> bool:
        self.probes += 1
        return self.up

    def step(self, last: bool) -> None:
        self.began.set()
        self.may_end.wait(GUARD)
        self.taken.append(last)
        self.ended.release()
        if not self.up:
            raise ConnectionError("refused")

    def close(self) -> None:
        self.closed += 1

    def wait_for_a_step(self) -> None:
        assert self.ended.acquire(timeout=GUARD)


@pytest.fixture
def steps() -> Iterator[Steps]:
    created = Steps()
    yield created
    created.may_end.set()
    created.worker.abandon()
    created.worker.wake()


def test_it_begins_with_a_step_and_takes_one_whenever_it_is_woken(steps: Steps) -> None:
    steps.worker.start()
    steps.wait_for_a_step()
    steps.worker.wake()
    steps.wait_for_a_step()
    assert steps.worker.finish(GUARD)
    assert steps.taken == [False, False, True]
    assert (steps.probes, steps.closed) == (0, 1)


def test_what_comes_up_during_a_step_is_not_forgotten(steps: Steps) -> None:
    steps.may_end.clear()
    steps.worker.start()
    assert steps.began.wait(GUARD)
    assert not steps.worker.busy()
    steps.worker.wake()
    assert steps.worker.busy()
    steps.may_end.set()
    steps.wait_for_a_step()
    steps.wait_for_a_step()
    assert steps.worker.finish(GUARD)


def test_a_store_that_fails_is_tried_once_more_at_the_end(
    steps: Steps, caplog: pytest.LogCaptureFixture
) -> None:
    steps.up = False
    with caplog.at_level(logging.WARNING):
        steps.worker.start()
        steps.wait_for_a_step()
        for _ in range(5):
            steps.worker.wake()
        steps.up = True
        assert steps.worker.finish(GUARD)
    assert steps.taken == [False, True], "it was not left alone"
    assert [record.getMessage() for record in caplog.records] == [
        "Trials cannot be sent to MLflow (refused). The study continues; they are recorded and will be sent later."
    ]


def test_a_store_that_is_away_at_the_end_is_not_waited_for(steps: Steps) -> None:
    steps.up = False
    steps.worker.start()
    steps.wait_for_a_step()
    assert steps.worker.finish(None)
    assert (steps.taken, steps.probes, steps.closed) == ([False], 1, 1)


def test_nobody_waits_for_a_step_that_hangs(steps: Steps) -> None:
    steps.may_end.clear()
    steps.worker.start()
    assert steps.began.wait(GUARD)
    assert not steps.worker.finish(0.0)
    assert steps.worker.stopped()
    assert steps.closed == 0, "it still sends"
    steps.may_end.set()
    steps.wait_for_a_step()
    steps.worker._thread.join(GUARD)
    assert (steps.taken, steps.closed) == ([False], 1)


def test_giving_up_ends_the_wait_for_the_end(steps: Steps) -> None:
    steps.may_end.clear()
    steps.worker.start()
    assert steps.began.wait(GUARD)
    threading.Timer(0.05, steps.worker.abandon).start()
    assert not steps.worker.finish(None)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_step_that_breaks_the_thread_is_not_waited_for(steps: Steps) -> None:
    def broken(last: bool) -> None:
        raise SystemExit

    worker = Worker(broken, steps.patience, steps.close)
    worker.start()
    assert worker.finish(None)
    worker._thread.join(GUARD)
    assert steps.closed == 1


def patient(up: Callable[[], bool]) -> tuple[Patience, list[float]]:
    now = [1000.0]
    return Patience(up, str, lambda: now[0]), now


def test_after_a_failure_there_is_a_pause_and_then_a_sign_of_life(caplog: pytest.LogCaptureFixture) -> None:
    signs: list[bool] = []
    up = False

    def answers() -> bool:
        signs.append(up)
        return up

    patience, now = patient(answers)
    assert (patience.seconds, patience.answers(), signs) == (0.0, True, [])
    patience.fail(ConnectionError("refused"))
    assert patience.seconds == PAUSE_SECONDS
    now[0] += PAUSE_SECONDS
    assert patience.seconds == 0.0
    assert not patience.answers()
    assert patience.seconds == PAUSE_SECONDS, "the pause began anew"
    patience.fail(ConnectionError("again"))
    up = True
    now[0] += PAUSE_SECONDS
    assert patience.answers()
    patience.succeed()
    assert (patience.seconds, patience.answers(), signs) == (0.0, True, [False, True])
    assert len(caplog.records) == 1
    patience.fail(ConnectionError("another day"))
    assert len(caplog.records) == 2

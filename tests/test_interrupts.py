"""Interrupts are held back, delivered, remembered, and the handlers put back."""

import os
import signal
import threading

import pytest

from automl.interrupts import Interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_in_a_held_block_comes_when_it_has_ended(number):
    steps = []
    with Interrupts() as interrupts, pytest.raises(KeyboardInterrupt):
        with interrupts.held():
            os.kill(os.getpid(), number)
            steps.append("whole")
        steps.append("never")
    assert steps == ["whole"]


def test_an_interrupt_outside_comes_at_once_and_is_remembered():
    with Interrupts() as interrupts:
        interrupts.check()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            signal.sigtimedwait([], 1)
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()


def test_handlers_are_put_back():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Interrupts():
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_another_thread_is_left_alone():
    failures = []

    def work():
        try:
            with Interrupts() as interrupts, interrupts.held():
                pass
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failures == []

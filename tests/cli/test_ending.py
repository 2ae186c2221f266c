"""How a command's process ends: without the teardown of native libraries, and with every training thread ended."""

import subprocess
import sys
import threading
import time

import pytest

from automl.training.population.lanes import join_all

CRASHES_AT_TEARDOWN = """
import atexit, os, signal, sys, types
sys.modules["tensorflow"] = types.ModuleType("tensorflow")

class Crash:
    def __del__(self, kill=os.kill, pid=os.getpid(), number=signal.SIGSEGV):
        kill(pid, number)

sys.modules["tensorflow"].crash = Crash()
atexit.register(print, "flushed at exit")
sys.argv = ["automl", {argument!r}]
from automl.cli import main
main()
"""


@pytest.mark.parametrize(("argument", "status"), [("--version", 0), ("no-such-command", 2)])
def test_a_library_that_crashes_when_python_ends_does_not_change_the_exit_status(argument, status):
    code = CRASHES_AT_TEARDOWN.format(argument=argument)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)
    assert ended.returncode == status, ended.stderr
    assert "flushed at exit" in ended.stdout
    assert ("automl" if status == 0 else "No such command") in ended.stdout + ended.stderr


class Interrupted(threading.Thread):
    """Waiting for it is interrupted once."""

    interrupts = 1

    def join(self, timeout: float | None = None) -> None:
        if self.interrupts:
            self.interrupts -= 1
            raise KeyboardInterrupt
        super().join(timeout)


def test_an_interrupt_while_threads_are_waited_for_leaves_none_running():
    threads = [Interrupted(target=time.sleep, args=(0.2 * number,)) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    with pytest.raises(KeyboardInterrupt):
        join_all(threads)
    assert not any(thread.is_alive() for thread in threads)

"""A process that is forked from one that has loaded the libraries is what `subprocess` starts, but for its start."""

import os
import subprocess
import sys
from pathlib import Path

import forked
import pytest

PROGRAMS = {
    "arguments": "import sys; print(sys.argv, __name__)",
    "a status": "import sys; print('said'); sys.exit(3)",
    "a message": "import sys; sys.exit('why')",
    "no status": "import sys; sys.exit()",
    "a signal": "import os; os.kill(os.getpid(), 9)",
    "what comes at the end": "import atexit; atexit.register(print, 'end'); print('body')",
    "a thread": "import threading, time; threading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()",
    "a variable": "import os; print(os.environ['OF_THE_TEST'], 'PATH' in os.environ)",
    "a folder": "import os; print(os.getcwd())",
    "another process": "import os; print(os.getpid() == os.getsid(0), hash('text') != {hashed})",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_prints_and_ends_as_a_process_that_is_started(name: str, tmp_path: Path) -> None:
    program = PROGRAMS[name].format(hashed=hash("text"))
    options = {
        "capture_output": True,
        "text": True,
        "cwd": tmp_path,
        "env": {"OF_THE_TEST": "value"},
        "start_new_session": True,
    }
    command = [sys.executable, "-c", program, "one", "two"]
    expected, forked_run = subprocess.run(command, **options), forked.run(command, **options)
    assert (forked_run.returncode, forked_run.stdout) == (expected.returncode, expected.stdout)
    assert forked_run.stderr == expected.stderr


def test_an_exception_is_a_status_and_a_traceback() -> None:
    done = forked.run([sys.executable, "-c", "raise ValueError('why')"], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.endswith("ValueError: why\n")


def test_it_is_waited_for_killed_and_asked() -> None:
    command = [sys.executable, "-c", "print(input(), flush=True); input()"]
    with forked.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdin.write("question\n")
        process.stdin.flush()
        assert process.stdout.readline() == "question\n"
        assert process.poll() is None and process.pid != os.getpid()
        process.terminate()
        assert process.wait(60.0) == -15


def test_a_module_is_run_by_its_name() -> None:
    done = forked.run(
        [sys.executable, "-m", "automl", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "automl, version 0.1.0\n"

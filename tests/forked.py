"""`subprocess` for processes that need not load the libraries: they are forked from one that has loaded them.

TensorFlow and what stands on it take six CPU seconds to load. A test that is about something else in another process,
such as the bits that it finds or how it ends, pays them once for all tests of this process. Strings hash otherwise
there: it is another Python, which has calculated nothing yet. What a process loads is for `subprocess` to test, and
`make test-all` starts every process anew.
"""

import atexit
import json
import os
import runpy
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, final

from automl.quiet import quiet_start

PRELOADED = ["keras", "mlflow.pyfunc", "automl.cli.running", "automl.study.run"]
"""TensorFlow begins its threads in the process that is forked: it has not when it is loaded."""

PYTHON = sys.executable

CHILDREN = "AUTOML_TESTS_FORK_CHILDREN_OF"
"""The variable that names a module of the package whose processes are forked too, in those that are forked."""

PLACE = "AUTOML_TESTS_FORKED_AT"
"""The variable that names the socket of the process that forks: those that it has forked use it too."""


def _place() -> str:
    """The socket of the process that forks, which is started when it is first needed and ends with this process."""
    if PLACE not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="fork", dir="/tmp")
        place = str(Path(folder.name, "place"))
        environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [PYTHON, __file__, place, *PRELOADED]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, start_new_session=True
        )
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        atexit.register(lambda: (process.communicate(), folder.cleanup()))
        os.environ[PLACE] = place
    return os.environ[PLACE]


def _ask(descriptors: list[int], **request: Any) -> Any:
    place = _place()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(place)
        socket.send_fds(connection, [b"."], descriptors)
        connection.sendall(json.dumps(request).encode())
        connection.shutdown(socket.SHUT_WR)
        return json.loads(_received(connection))


def _received(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


@final
class Forked(subprocess.Popen[Any]):
    """A process of this Python, as `subprocess.Popen` starts one: `[sys.executable, ..., "-c" or "-m", ...]`."""

    _is_forked = False

    def _execute_child(self, args: Any, *options: Any) -> None:  # type: ignore[override]
        if args[0] != PYTHON:
            super()._execute_child(args, *options)  # type: ignore[misc]
            return
        _, _, _, _, folder, environment, _, _, _, *pipes = options
        ends, new_session = pipes[:6], pipes[11]
        with open(os.devnull, "r+b") as nothing:
            descriptors = [ends[0] if ends[0] >= 0 else nothing.fileno()]
            descriptors += [end if end >= 0 else number for number, end in ((1, ends[3]), (2, ends[5]))]
            self.pid = _ask(
                descriptors,
                command=list(map(str, args[1:])),
                environment={PLACE: _place(), **(os.environ if environment is None else environment)},
                folder=str(folder or Path.cwd()),
                new_session=new_session,
            )
        self._is_forked = self._child_created = True
        self._close_pipe_fds(*ends)  # type: ignore[attr-defined]

    def _internal_poll(self, _deadstate: Any = None) -> int | None:
        if self.returncode is None:
            number, status = self._try_wait(os.WNOHANG)
            if number:
                self._handle_exitstatus(status)  # type: ignore[attr-defined]
        return self.returncode

    def _try_wait(self, flags: int) -> tuple[int, int]:
        if not self._is_forked:
            return super()._try_wait(flags)  # type: ignore[misc, no-any-return]
        while (status := _ask([], child=self.pid)) is None and not flags:
            time.sleep(0.01)
        return (0, 0) if status is None else (self.pid, status)


Popen = Forked if sys.platform == "linux" and os.environ.get("AUTOML_TESTS") != "all" else subprocess.Popen


def standing_in() -> Any:
    """What a module of the package may have for `subprocess`."""
    return SimpleNamespace(Popen=Popen, PIPE=subprocess.PIPE, STDOUT=subprocess.STDOUT)


def run(
    command: list[Any], *, timeout: float | None = None, check: bool = False, **options: Any
) -> "subprocess.CompletedProcess[Any]":
    """What `subprocess.run` is."""
    if options.pop("capture_output", False):
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Popen(command, **options) as process:
        try:
            printed = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    done = subprocess.CompletedProcess(command, process.returncode, *printed)
    if check:
        done.check_returncode()
    return done


def _serve(place: str, modules: list[str]) -> None:
    """Load modules, then fork processes and say how they have ended, until standard input ends."""
    with quiet_start():
        for module in modules:
            import_module(module)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place)
        listener.listen(64)
        os.write(1, b"ready\n")
        while sys.stdin.fileno() not in select.select([0, listener], [], [])[0]:
            connection, _ = listener.accept()
            with connection:
                _, descriptors, *_ = socket.recv_fds(connection, 1, 3)
                request = json.loads(_received(connection))
                if "child" in request:
                    ended, status = os.waitpid(request["child"], os.WNOHANG)
                    answer = status if ended else None
                elif not (answer := os.fork()):
                    listener.close()
                    connection.close()
                    for number, descriptor in enumerate(descriptors):
                        os.dup2(descriptor, number)
                        os.close(descriptor)
                    _become(**request)
                for descriptor in descriptors:
                    os.close(descriptor)
                connection.sendall(json.dumps(answer).encode())


def _become(command: list[str], environment: dict[str, str], folder: str, new_session: bool) -> None:
    """Run a command in this process, and end it as Python does."""
    if new_session:
        os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    if environment.get(CHILDREN):
        import_module(environment[CHILDREN]).subprocess = standing_in()  # type: ignore[attr-defined]
    if environment.get("PYTHONUNBUFFERED"):
        sys.stdout.reconfigure(write_through=True)  # type: ignore[union-attr]
    start = next(number for number, word in enumerate(command) if word in ("-c", "-m"))
    named = [entry for entry in environment.get("PYTHONPATH", "").split(os.pathsep) if entry]
    sys.path[:] = ["", *named, *sys.path[1:]]
    sys.argv = [command[start], *command[start + 2 :]]
    status = 0
    try:
        if command[start] == "-m":
            sys.modules.pop(command[start + 1], None)
            runpy.run_module(command[start + 1], run_name="__main__", alter_sys=True)
        else:
            exec(compile(command[start + 1], "<code of a test>", "exec"), {"__name__": "__main__"})
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
    except BaseException:
        traceback.print_exc()
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2:])

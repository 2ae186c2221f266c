"""A process that builds networks on request, seen from the process that started it: see `probe_main.py`.

Requests and answers are lines of JSON over its standard input and output; its standard error is whatever the builder
prints.
"""

import json
import os
import re
import selectors
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, final

from automl.networks.output import MOST_CHARACTERS
from automl.networks.probe_main import WITHOUT_KERAS

_PACKAGES = Path(__file__).parents[2]
_FRAME = re.compile(r'File "(.+)", line (\d+)')
_PAUSE = 0.25
"""Seconds between looks at whether the process still runs: one that it has started may keep its pipes open."""


@final
@dataclass(frozen=True, slots=True)
class Attempt:
    """How a request ended.

    Attributes:
        reason: What went wrong, as the end of a sentence about the builder; empty when nothing did.
        fatal: Whether the same would hang or end the process that asks.
    """

    reason: str = ""
    fatal: bool = False


@final
class Child:
    """The process. It ends with the one that started it, however that ends.

    Args:
        file: The builder's file, whose line is named where the process hangs or crashes.
        with_keras: Whether the process loads Keras before its first answer.
    """

    def __init__(self, file: Path, with_keras: bool = True) -> None:
        self._file = file
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-m",
                "automl.networks.probe_main",
                *([] if with_keras else [WITHOUT_KERAS]),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            start_new_session=True,  # Ctrl-C in the terminal is for the study alone
        )
        self._pipes = selectors.DefaultSelector()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            self._pipes.register(pipe, selectors.EVENT_READ)
        self._lines, self._printed = b"", b""
        self._end = weakref.finalize(self, _end, self._process, self._pipes)

    @property
    def printed(self) -> str:
        """The last of what it printed."""
        return self._printed.decode("utf-8", "replace").strip()

    @property
    def runs(self) -> bool:
        """Whether it can be asked."""
        return self._end.alive and self._process.poll() is None

    def ask(self, request: Mapping[str, Any], seconds: float) -> Attempt:
        """Send a request and wait for its answer; when interrupted, the process is gone afterwards."""
        assert self._process.stdin is not None
        try:
            with suppress(BrokenPipeError):  # it has ended: the answer says how
                self._process.stdin.write(
                    json.dumps({**request, "seconds": seconds}, default=_plain).encode()
                )
                self._process.stdin.write(b"\n")
                self._process.stdin.flush()
            return self.answer(seconds)
        except BaseException:
            self.end()
            raise

    def answer(self, seconds: float) -> Attempt:
        """Wait for an answer; where none comes, the process is gone afterwards."""
        attempt = self._wait(seconds)
        if attempt is not None:
            return attempt
        ended = self._process.poll()
        reason = f"does not return within {seconds:g} seconds" if ended is None else _how_it_ended(ended)
        location = self._where_it_hangs() if ended is None else self._place()
        self.end()
        return Attempt(f"{reason}{location}", fatal=True)

    def _wait(self, seconds: float) -> Attempt | None:
        """The next answer; None when the time is up, or when the process has ended and nothing more can arrive."""
        deadline = time.monotonic() + seconds
        while (line := self._next_line()) is None:
            left = deadline - time.monotonic()
            if left <= 0 or (not self._read(min(left, _PAUSE)) and self._process.poll() is not None):
                return None
        return Attempt(**json.loads(line))

    def end(self) -> None:
        """Kill the process and those that it has started."""
        self._end()

    def _next_line(self) -> bytes | None:
        """The first answer that has arrived; before it there may be a traceback of a crash."""
        lines = self._lines.split(b"\n")
        for number, line in enumerate(lines[:-1], start=1):
            if line.startswith(b"{"):
                self._lines = b"\n".join(lines[number:])
                return line
        return None

    def _read(self, seconds: float) -> bool:
        """Take what arrives within some time; what is printed is kept up to a limit, the last of it."""
        ready = self._pipes.select(seconds)
        if not self._pipes.get_map():
            time.sleep(seconds)
        for key, _ in ready:
            content = os.read(key.fd, MOST_CHARACTERS)
            if not content:
                self._pipes.unregister(key.fileobj)
            elif key.fileobj is self._process.stdout:
                self._lines = (self._lines + content)[-MOST_CHARACTERS:]
            else:
                self._printed = (self._printed + content)[-MOST_CHARACTERS:]
        return bool(ready)

    def _where_it_hangs(self) -> str:
        """Ask the process, below Python, for its traceback."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + 1.0
        while not self._place() and time.monotonic() < deadline:
            self._read(_PAUSE)
        return self._place()

    def _place(self) -> str:
        """The innermost line of the builder's file in a traceback that the process has written."""
        for path, line in _FRAME.findall(self._lines.decode("utf-8", "replace")):
            if path == str(self._file):
                return f" ({self._file.name}, line {line})"
        return ""


def _environment() -> dict[str, str]:
    """Without the accelerator, whose memory is for training, and with this very package."""
    path = os.pathsep.join(filter(None, (str(_PACKAGES), os.environ.get("PYTHONPATH"))))
    return {
        "TF_CPP_MIN_LOG_LEVEL": "3",
        **os.environ,
        "PYTHONPATH": path,
        "CUDA_VISIBLE_DEVICES": "-1",
        "JAX_PLATFORMS": "cpu",
    }


def _how_it_ended(status: int) -> str:
    if status >= 0:
        return f"ended the process with status {status}"
    hint = ", which may mean that it used too much memory"
    return f"ended the process by signal {-status}{hint * (-status == signal.SIGKILL)}"


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's."""
    return value.item()


def _end(process: "subprocess.Popen[bytes]", pipes: selectors.BaseSelector) -> None:
    pipes.close()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    streams: tuple[IO[bytes] | None, ...] = (process.stdin, process.stdout, process.stderr)
    for stream in streams:
        if stream is not None:
            with suppress(OSError):  # what was never sent
                stream.close()

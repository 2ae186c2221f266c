"""Holds back what a user's builder prints, so that it neither floods the terminal nor breaks a live view."""

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, final

LOGGER = logging.getLogger(__name__)

MOST_CHARACTERS = 64 * 1024
"""Kept of what is printed; the rest is dropped."""


@final
class _Bytes(io.RawIOBase):
    """The `buffer` of a held stream."""

    def __init__(self, stream: "_HeldStream") -> None:
        super().__init__()
        self._stream = stream

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        data = bytes(content)
        self._stream.write(data.decode("utf-8", "replace"))
        return len(data)


@final
class _HeldStream(io.TextIOBase):
    """Stands in for a standard stream and keeps the beginning of what is written.

    Whatever keeps the object (a logging handler, for one) writes to the true stream after `holding` has ended.
    Attributes that only the true stream has are the true stream's: rich finds the terminal of its live view by one.
    """

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream = stream
        self.kept = ""
        self.holding = True
        self.buffer = _Bytes(self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        """For other processes that the builder starts."""
        return int(self._stream.fileno())

    def write(self, text: str) -> int:
        if self.holding:
            self.kept += text[: MOST_CHARACTERS - len(self.kept)]
        elif self._stream is not None:
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        if not self.holding and self._stream is not None:
            self._stream.flush()


@contextmanager
def held_output() -> Iterator[None]:
    """Hold back what Python code prints in the block, and log the beginning of it at DEBUG; nothing can be read.

    What is written below Python, by a library in C or by another process, passes: a message of a crash among it.
    """
    before = sys.stdout, sys.stderr, sys.stdin
    streams = _HeldStream(sys.stdout), _HeldStream(sys.stderr)
    sys.stdout, sys.stderr = streams
    sys.stdin = io.StringIO()  # `input()` would wait for an answer to a question that nobody sees
    try:
        yield
    finally:
        sys.stdout, sys.stderr, sys.stdin = before
        for stream in streams:
            stream.holding = False
            if stream.kept.strip():
                LOGGER.debug("the network builder printed:\n%s", stream.kept.strip())

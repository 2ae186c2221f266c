"""How long a command leaves its terminal unchanged: the first output, and the longest silences with what stood there.

    python benchmarks/silence.py --to run.cast -- automl run studies/digits.yaml --fresh

Runs the command under a terminal of its own and notes when each piece of output comes. `--to` keeps the recording in
asciinema's format (JSON lines), which any player shows again with its pauses.
"""

import argparse
import fcntl
import itertools
import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

Piece = tuple[float, str]
"""Seconds since the start, and what was written."""

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|[\r\b]")


def record(command: list[str], columns: int, stop_after: float | None) -> tuple[list[Piece], float, int]:
    """What a command writes into a terminal.

    Args:
        command: The command.
        columns: Width of the terminal.
        stop_after: Seconds after which Ctrl-C is pressed; never when None.

    Returns:
        The pieces, the seconds that the command ran, its exit status.
    """
    began = time.monotonic()
    process, terminal = pty.fork()
    if process == 0:
        os.execvpe(  # noqa: S606  that is the purpose
            command[0], command, {**os.environ, "TERM": "xterm-256color"}
        )
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    pieces: list[Piece] = []
    while True:
        gone = time.monotonic() - began
        if stop_after is not None and gone > stop_after:
            os.write(terminal, b"\x03")
            stop_after = None
        ready, _, _ = select.select([terminal], [], [], 0.05)
        if not ready:
            continue
        try:
            read = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not read:
            break
        pieces.append((time.monotonic() - began, read.decode("utf-8", "replace")))
    _, status = os.waitpid(process, 0)
    return pieces, time.monotonic() - began, os.waitstatus_to_exitcode(status)


def silences(pieces: list[Piece], ended: float) -> list[tuple[float, float, str]]:
    """Every silence: its length, when it began, the last line that stood there; the longest first."""
    moments = [(0.0, ""), *pieces, (ended, "")]
    silences_found, last = [], ""
    for (before, text), (after, _) in itertools.pairwise(moments):
        lines = [line.strip() for line in _CONTROL.sub("\n", text).splitlines() if line.strip()]
        last = lines[-1] if lines else last
        silences_found.append((after - before, before, last))
    return sorted(silences_found, reverse=True)


def write_cast(path: Path, command: list[str], columns: int, pieces: list[Piece]) -> None:
    """Keep a recording."""
    head = {"version": 2, "width": columns, "height": 30, "command": " ".join(command)}
    lines = [head, *([round(moment, 3), "o", text] for moment, text in pieces)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--to", type=Path)
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--stop-after", type=float, help="press Ctrl-C after so many seconds")
    parser.add_argument("--longest", type=int, default=5)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    pieces, ended, status = record(options.command, options.columns, options.stop_after)
    if options.to is not None:
        write_cast(options.to, options.command, options.columns, pieces)
    first = pieces[0][0] if pieces else float("nan")
    print(f"exit status {status} after {ended:.1f} s; first output after {first:.2f} s")
    for length, moment, line in silences(pieces, ended)[: options.longest]:
        print(f"  silent for {length:.2f} s from {moment:.2f} s on, after: {line[:90] or '(nothing)'}")


if __name__ == "__main__":
    sys.exit(main())

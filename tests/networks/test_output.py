# ruff: noqa: T201
"""What a builder prints is held back, up to a limit, and a live view goes on beside it."""

import io
import logging
import subprocess
import sys

import pytest
from rich.console import Console
from rich.live import Live
from rich.text import Text

from automl.networks.output import MOST_CHARACTERS, held_output


def test_nothing_that_is_printed_reaches_the_streams(capsys: pytest.CaptureFixture[str]) -> None:
    with held_output():
        print("printed")
        print("an error", file=sys.stderr)
        sys.stdout.buffer.write(b"bytes")
    assert capsys.readouterr() == ("", "")
    print("after")
    assert capsys.readouterr() == ("after\n", "")


def test_the_beginning_of_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "automl.networks.output"), held_output():
        print("first")
        for _ in range(50):
            print("x" * 100_000)
    (record,) = caplog.records
    assert record.levelno == logging.DEBUG
    text = record.getMessage()
    assert "the network builder printed:\nfirst\nxxx" in text
    assert MOST_CHARACTERS - 10 < text.count("x") < MOST_CHARACTERS


def test_the_streams_are_given_back_when_the_block_raises() -> None:
    before = sys.stdout, sys.stderr, sys.stdin
    with pytest.raises(ValueError, match="no"), held_output():
        raise ValueError("no")
    assert (sys.stdout, sys.stderr, sys.stdin) == before


def test_a_logging_handler_made_in_the_block_writes_to_the_true_stream_later(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with held_output():
        handler = logging.StreamHandler()
    handler.handle(logging.LogRecord("net", logging.INFO, "net.py", 1, "said later", (), None))
    assert capsys.readouterr().err == "said later\n"


def test_a_question_gets_no_answer_instead_of_waiting_for_one() -> None:
    with held_output(), pytest.raises(EOFError):
        input("units? ")


def test_another_process_can_be_given_the_stream(capfd: pytest.CaptureFixture[str]) -> None:
    with held_output():
        subprocess.run([sys.executable, "-c", "print('from below')"], stdout=sys.stdout, check=True)
    assert capfd.readouterr().out == "from below\n"


def test_a_live_view_goes_on_while_output_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(sys, "stdout", terminal)
    console = Console(force_terminal=True, width=40)
    with Live(console=console, auto_refresh=False) as live:
        with held_output():
            live.update(Text("trial 3 trains"), refresh=True)
            print("noise")
        live.update(Text("trial 4 trains"), refresh=True)
    shown = terminal.getvalue()
    assert "trial 3 trains" in shown and "trial 4 trains" in shown
    assert "noise" not in shown

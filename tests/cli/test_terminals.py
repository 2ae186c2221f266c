"""What commands print into narrow terminals, without color, into a pipe that closes, and of a study without trials."""

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import forked
import pytest
from click.testing import CliRunner
from paper_trials import completed, failed
from recorded_study import RecordedStudy, make_records
from rich.cells import cell_len
from rich.console import Console

from automl.cli import cli
from automl.explanation.study import explain_study
from automl.records.events import StudyStarted
from automl.report.console import print_leaderboard
from automl.report.explained import print_explanation

STARTED = StudyStarted(
    "wine", "20260101-000000-aaaa", "log_loss", "min", num_trials=30, searched=("width", "learning_rate")
)
COMMANDS = [
    "show",
    "explain",
    "show --format csv",
    "show --format json",
    "runs",
    "journal",
    "report --to page.html",
]


@pytest.fixture
def study(tmp_path: Path) -> RecordedStudy:
    recorded = RecordedStudy(make_records(tmp_path / "mlruns"), STARTED)
    for number in range(25):
        recorded.end_trial(completed(number, 0.5 + number / 100, 0.7, width=16, learning_rate=0.00123))
    recorded.end_trial(failed(25, "the loss is not a number", width=16, learning_rate=0.5))
    recorded.finish()
    return recorded


@pytest.fixture
def empty(tmp_path: Path) -> RecordedStudy:
    recorded = RecordedStudy(make_records(tmp_path / "mlruns"), STARTED)
    recorded.finish("stopped", "interrupted")
    return recorded


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120])
def test_a_leaderboard_shows_every_score_whole_in_a_terminal_of_any_width(
    study: RecordedStudy, width: int
) -> None:
    console = Console(file=(out := io.StringIO()), width=width, color_system=None)
    print_leaderboard(console, study.state, top=5)
    lines = out.getvalue().splitlines()
    assert max(map(cell_len, lines)) <= width
    assert not [line for line in lines if "…" in line and "more" not in line]
    for number, score in enumerate([0.6, 0.605, 0.61, 0.615, 0.62]):
        assert any(re.match(rf" +{number} +{score:.4f} ± 0\.\d{{4}}\b", line) for line in lines)


@pytest.mark.parametrize("width", [40, 120])
def test_an_explanation_fits_a_terminal_of_any_width(study: RecordedStudy, width: int) -> None:
    console = Console(file=(out := io.StringIO()), width=width, color_system=None)
    print_explanation(console, study.state, explain_study(study.state))
    lines = out.getvalue().splitlines()
    assert max(map(cell_len, lines)) <= width
    assert not [line for line in lines if "…" in line]


def test_no_color_is_honored_on_a_terminal(study: RecordedStudy, tmp_path: Path) -> None:
    for environment, colored in (({}, True), ({"NO_COLOR": "1"}, False)):
        ours, reference = pty.openpty()
        command = [sys.executable, "-m", "automl", "show", "wine"]
        known = {
            **os.environ,
            "TERM": "xterm-256color",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        known.pop("NO_COLOR", None)
        ran = subprocess.run(command, stdout=reference, cwd=tmp_path, env=known | environment, timeout=600)
        os.close(reference)
        shown = os.read(ours, 100_000).decode()
        os.close(ours)
        assert ran.returncode == 0
        codes = [code for group in re.findall(r"\x1b\[([0-9;]*)m", shown) for code in group.split(";")]
        assert bool({"31", "32", "33"} & set(codes)) == colored


@pytest.mark.parametrize("command", COMMANDS[:-1])
def test_a_pipe_that_closes_ends_a_command_without_a_word(
    study: RecordedStudy, tmp_path: Path, command: str
) -> None:
    words = [sys.executable, "-m", "automl", *command.split()]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONUNBUFFERED": "1"}
    with forked.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=env
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        output = process.stderr.read().decode()
    assert "Traceback" not in output and "Broken" not in output and "Exception" not in output
    assert process.returncode in (0, 1)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_study_without_trials_is_said_to_have_none(
    empty: RecordedStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(cli, command.split(), prog_name="automl")
    assert ran.exit_code == 0, ran.output
    if command == "explain":
        assert "No trial completed" in ran.output
    if command == "report --to page.html":
        assert "No trial completed" in (tmp_path / "page.html").read_text(encoding="utf-8")

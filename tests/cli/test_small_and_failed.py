"""Studies of which there is little to say: every command says it, without color, in forty columns."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from recorded_study import RecordedStudy, make_records

from automl.cli import cli
from automl.records.events import StudyStarted
from automl.trial import FoldResult, Trial, TrialState

NAME = "<b>größe</b>|🏠 مساحة"
REASON = "<script>alert(1)</script> [red]no memory[/red] | 🏠"


def trial(number: int, score: float = 2.0) -> Trial:
    folds = tuple(
        FoldResult(
            fold, (2.0, 1.0), (2.0, 1.5), (2.0, 1.5), 2, {"log_loss": score + fold}, {"log_loss": score}, 1.0
        )
        for fold in range(2)
    )
    return Trial(number, {NAME: "<i>|x`", "width": 8}, TrialState.COMPLETE, folds, 30, 2.0)


def failed(number: int) -> Trial:
    return Trial(number, {"width": 8}, TrialState.FAILED, reason=REASON, seconds=0.5)


STUDIES = {
    "empty": [],
    "single": [trial(0)],
    "failed": [failed(number) for number in range(3)],
    "mixed": [trial(0), trial(1, 3.0), failed(2)],
}


@pytest.fixture
def mlruns(tmp_path: Path) -> Path:
    records = make_records(tmp_path / "mlruns")
    for place, (name, trials) in enumerate(STUDIES.items()):
        started = StudyStarted(
            name,
            f"20260101-00000{place}-aaaa",
            "log_loss",
            "min",
            num_trials=4,
            num_folds=2,
            searched=(NAME, "width"),
            facts={"target": "<b>السعر</b> 💰", "rows": "10"},
        )
        study = RecordedStudy(records, started)
        study.end_trials(trials)
        study.finish()
    return tmp_path / "mlruns"


def output_of(mlruns: Path, *command: str, status: int = 0) -> str:
    result = CliRunner().invoke(
        cli, [*command, "--mlruns", str(mlruns)], env={"COLUMNS": "40", "NO_COLOR": "1"}
    )
    assert result.exit_code == status, result.output
    assert "nan" not in re.findall(r"[a-z]+", result.output.lower()), result.output
    assert "\x1b" not in result.output
    return result.output


@pytest.mark.parametrize("command", ["show", "explain"])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty", "No trial completed"),
        ("single", "No verdict: no other model was fitted"),
        ("failed", "[red]no memory[/red] | 🏠"),
        ("mixed", "[red]no memory[/red] | 🏠"),
    ],
)
def test_the_terminal_says_what_there_is(mlruns: Path, command: str, name: str, words: str) -> None:
    text = output_of(mlruns, command, name)
    assert words in " ".join(text.split())
    assert "1 trials" not in text


@pytest.mark.parametrize("name", STUDIES)
def test_the_report_shows_names_as_text(mlruns: Path, tmp_path: Path, name: str) -> None:
    page = tmp_path / "page.html"
    output_of(mlruns, "report", name, "--to", str(page))
    text = page.read_text(encoding="utf-8")
    for markup in ("<b>größe", "<script>alert(1)", "<b>السعر"):
        assert markup not in text
    if name in ("failed", "mixed"):
        assert "&lt;script&gt;alert(1)" in text
    assert "&lt;b&gt;السعر" in text


@pytest.mark.parametrize(("pair", "words"), [("AB", "no trial has ended"), ("CB", "no trial has ended")])
def test_nothing_is_compared_with_a_study_without_trials(mlruns: Path, pair: str, words: str) -> None:
    names = {"A": "single", "B": "empty", "C": "mixed"}
    result = CliRunner().invoke(
        cli, ["compare", *(names[letter] for letter in pair), "--mlruns", str(mlruns)]
    )
    assert result.exit_code != 0
    assert words in f"{result.output}{result.exception}"


def test_a_lone_trial_is_counted_in_the_singular(mlruns: Path) -> None:
    assert "1 trial in 12 s" in output_of(mlruns, "show", "single")

"""`automl compare`: two studies by name, folder or run, without TensorFlow; and what is refused."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from made_states import STARTED
from paper_trials import completed
from recorded_study import RecordedStudy, make_records

from automl.cli import cli
from automl.trial import Trial

DIGESTS = {"data": "d", "splits": "s"}


def recorded(mlruns: Path, name: str, run: str, *trials: Trial, **changes: Any) -> Path:
    fields = {"name": name, "identifier": run, "digests": DIGESTS, "num_folds": 4, **changes}
    study = RecordedStudy(make_records(mlruns), dataclasses.replace(STARTED, **fields))
    study.end_trials(trials)
    study.finish()
    return study.run.folder


@pytest.fixture
def mlruns(tmp_path: Path) -> Path:
    folder = tmp_path / "mlruns"
    recorded(folder, "weak", "20260101-000000-aaaa", completed(0, 0.5, 0.6, 0.5, 0.7))
    recorded(folder, "strong", "20260101-000000-bbbb", completed(0, 0.2, 0.3, 0.1, 0.4))
    recorded(folder, "strong", "20260101-000000-cccc", completed(0, 0.1, 0.2, 0.2, 0.2))
    recorded(folder, "empty", "20260101-000000-dddd")
    recorded(
        folder, "right", "20260101-000000-eeee", completed(0, 0.9, 0.8), metric="accuracy", direction="max"
    )
    recorded(
        folder, "other", "20260101-000000-ffff", completed(0, 0.9, 0.8), digests={"data": "x", "splits": "s"}
    )
    return folder


def call(mlruns: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["compare", *arguments, "--mlruns", str(mlruns)])


def test_studies_are_named_as_elsewhere(mlruns: Path) -> None:
    folder = mlruns / "studies" / "strong" / "20260101-000000-bbbb"
    for first, second in (
        ("weak", "strong"),
        ("weak", str(folder)),
        ("20260101-000000-aaaa", "20260101-000000-bbbb"),
    ):
        result = call(mlruns, first, second)
        assert result.exit_code == 0, result.output
        assert result.output.startswith(
            "B (strong) is significantly better than A (weak) (log_loss: difference −0."
        )


def test_two_runs_of_one_study_are_told_apart(mlruns: Path) -> None:
    result = call(mlruns, "20260101-000000-bbbb", "20260101-000000-cccc")
    assert "A (strong, run 20260101-000000-bbbb)" in " ".join(result.output.split())
    assert "B (strong, run 20260101-000000-cccc)" in " ".join(result.output.split())


def test_json_is_all_that_is_printed(mlruns: Path, tmp_path: Path) -> None:
    result = call(mlruns, "weak", "strong", "--json", "--html", str(tmp_path / "page.html"))
    assert json.loads(result.output)["better"] == "B"
    assert (tmp_path / "page.html").read_text().startswith("<!DOCTYPE html>")


def test_a_page_that_cannot_be_written_names_its_option(mlruns: Path, tmp_path: Path) -> None:
    result = call(mlruns, "weak", "strong", "--html", str(tmp_path / "none" / "page.html"))
    assert result.exit_code == 2
    assert "--html" in result.output


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nothing", "no study 'nothing'"),
        ("empty", "B (empty): no trial has ended"),
        ("right", "two objectives, log_loss (min) in A and accuracy (max) in B"),
        ("other", "are of two tables"),
    ],
)
def test_what_cannot_be_compared_is_one_error(mlruns: Path, name: str, words: str) -> None:
    result = call(mlruns, "weak", name)
    assert result.exit_code == 2
    assert result.output.startswith("error: ") and words in result.output
    assert "Traceback" not in result.output


def test_the_command_loads_neither_tensorflow_nor_mlflow(mlruns: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from automl.cli import cli\n"
        f"cli(['compare', 'weak', 'strong', '--mlruns', {str(mlruns)!r}, '--html', {str(tmp_path / 'p.html')!r}],"
        " standalone_mode=False)\n"
        "loaded = {'tensorflow', 'keras', 'keras_tuner', 'mlflow'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {loaded}' if loaded else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr

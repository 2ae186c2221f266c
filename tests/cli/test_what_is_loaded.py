"""Which libraries a command loads: those that take seconds are loaded by commands that use them, and by no other."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from paper_trials import completed
from recorded_study import RecordedStudy, make_records

from automl.records.events import StudyStarted

SECONDS = {"tensorflow", "keras", "keras_tuner", "mlflow", "optuna", "jax"}
HALVES = {"pandas", "sklearn", "scipy.stats", "scipy.optimize", "matplotlib", "altair", "alembic", "requests"}
PROGRAM = """
import sys
sys.argv = ["automl", *{words!r}]
from automl.cli import main
try:
    main()
finally:
    print("LOADED", *sys.modules, file=sys.stderr)
"""
READING = (
    "show",
    "show wine --format json",
    "show --format csv",
    "explain",
    "explain --trial 3",
    "runs",
    "journal",
    "--help",
)
"""Commands that read the record."""

ALL_OF_THEM = """
import sys
from automl.cli import cli
for words in {commands!r}:
    cli(words.split(), standalone_mode=False)
    print("LOADED", *sys.modules, file=sys.stderr)
"""


def loaded_by(code: str, folder: Path) -> list[set[str]]:
    """What a process of its own has loaded each time its code prints it."""
    path = os.pathsep.join(filter(None, sys.path))
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        timeout=600,
    )
    lines = [line for line in ran.stderr.splitlines() if line.startswith("LOADED ")]
    assert ran.returncode == 0 and lines, ran.stderr
    return [set(line.split()[1:]) for line in lines]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study of a few trials that is done."""
    folder = tmp_path_factory.mktemp("home")
    started = StudyStarted(
        "wine", "20260101-000000-aaaa", "log_loss", "min", num_trials=6, searched=("width",)
    )
    study = RecordedStudy(make_records(folder / "mlruns"), started)
    for number in range(6):
        study.end_trial(completed(number, 0.5 + number / 100, 0.7, width=16 + number))
    study.finish()
    return folder


@pytest.fixture(scope="module")
def read(home: Path) -> list[set[str]]:
    """What has been loaded after each command that reads the record, one after another in one process."""
    return loaded_by(ALL_OF_THEM.format(commands=READING), home)


@pytest.mark.parametrize("command", READING)
def test_what_is_read_from_the_record_needs_no_library_that_takes_long(
    read: list[set[str]], command: str
) -> None:
    loaded = read[READING.index(command)]
    assert not (SECONDS | HALVES) & loaded
    assert "automl.cli" in loaded


def test_a_wrong_study_file_is_refused_before_tensorflow_loads(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("data: {sklearn: wine}\nobjective: rmse\n")
    code = PROGRAM.format(words=["check", "study.yaml"]).replace(
        "main()\nfinally", "main()\nexcept SystemExit as ended: assert ended.code == 2\nfinally"
    )
    [loaded] = loaded_by(code, tmp_path)
    assert not SECONDS & loaded


IMPORTS = {
    "import automl; dir(automl)": SECONDS | HALVES | {"numpy", "pydantic", "yaml", "rich", "click"},
    "from automl import AutoMLError": SECONDS | HALVES | {"numpy", "pydantic"},
    "from automl import Tracker, Sampler, Trial": SECONDS | HALVES | {"pydantic"},
    "from automl import load_study, make_study": SECONDS | HALVES,
    "from automl import fit, StudyResult": SECONDS | {"matplotlib", "sklearn"},
    "from automl import NeuralClassifier, NeuralRegressor": SECONDS,
}
"""Code, and what it must not load. Each loads what those before it load, and may load more."""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> "subprocess.CompletedProcess[str]":
    """One process that runs all of the code, and says after each what has been loaded."""
    says = "print('LOADED', *sys.modules, file=sys.stderr)"
    code = "\n".join(["import sys", *(line for code in IMPORTS for line in (code, says))])
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path_factory.mktemp("imported"),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        check=True,
    )


@pytest.mark.parametrize("code", IMPORTS)
def test_importing_loads_what_is_asked_for_alone(
    imported: "subprocess.CompletedProcess[str]", code: str
) -> None:
    loaded = imported.stderr.splitlines()[list(IMPORTS).index(code)]
    assert not IMPORTS[code] & set(loaded.split())


def test_importing_is_quiet(imported: "subprocess.CompletedProcess[str]") -> None:
    assert imported.stdout == ""
    lines = imported.stderr.splitlines()
    assert len(lines) == len(IMPORTS) and all(line.startswith("LOADED ") for line in lines)

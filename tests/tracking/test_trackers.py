"""Which trackers a study file gives: none, MLflow, or a class of the user's own."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from automl.config.reading import load_study
from automl.config.study import StudyConfig
from automl.errors import TrackingError
from automl.tracking.mlflow.tracker import MlflowTracker
from automl.tracking.table import make_trackers
from automl.tracking.tracker import Tracker
from automl.trial import Trial

METHODS = """
    def start(self, records, run, state): pass
    def apply(self, recorded, state): pass
    def log_progress(self, progress): pass
    def finish(self, seconds): pass
    def abandon(self): pass
"""
FOLLOWER = f"""
from automl.tracking.tracker import Tracker
from beside_it import COLOR

class Own(Tracker):
    color = COLOR
{METHODS}
class Unfinished(Tracker):
    def finish(self, seconds): pass

class Demanding(Tracker):
    def __init__(self, name): pass
{METHODS}
class Other: pass

function = print
"""


def render(trial: Trial, folder: Path, drawn: bool) -> None:
    """A trial without files."""


@pytest.fixture(autouse=True)
def same_modules() -> Iterator[None]:
    modules, path = set(sys.modules), list(sys.path)
    yield
    assert sys.path == path
    for name in set(sys.modules) - modules:
        if name in ("follower", "beside_it", "broken", "ending"):
            del sys.modules[name]


def study_in(folder: Path, to: str | None, color: str = "red") -> StudyConfig:
    """A study file that names its tracker in line 4, with modules beside it."""
    folder.mkdir(exist_ok=True)
    (folder / "follower.py").write_text(FOLLOWER)
    (folder / "beside_it.py").write_text(f"COLOR = {color!r}\n")
    (folder / "broken.py").write_text("raise RuntimeError('no disk.\\nmore')\n")
    (folder / "ending.py").write_text("import sys\nsys.exit(0)\n")
    tracking = "" if to is None else f"tracking:\n  to: {to}\n"
    (folder / "study.yaml").write_text(f"name: x\ndata: {{sklearn: wine}}\n{tracking}")
    return load_study(folder / "study.yaml")


def trackers(folder: Path, to: str | None) -> list[Tracker]:
    return make_trackers(study_in(folder, to), folder / "mlruns", render)


def test_mlflow_follows_a_study_that_names_no_tracker(tmp_path: Path) -> None:
    assert [type(tracker) for tracker in trackers(tmp_path, None)] == [MlflowTracker]
    assert [type(tracker) for tracker in trackers(tmp_path, "mlflow")] == [MlflowTracker]
    assert not (tmp_path / "mlruns").exists(), "nothing is made before a study begins"


def test_nobody_follows_a_study_that_asks_for_nobody(tmp_path: Path) -> None:
    assert trackers(tmp_path, "none") == []


def test_a_class_of_the_users_own_is_found_beside_the_study_file(tmp_path: Path) -> None:
    (tracker,) = trackers(tmp_path, "follower:Own")
    assert (type(tracker).__name__, tracker.color) == ("Own", "red")  # type: ignore[attr-defined]


def test_modules_of_one_name_in_two_folders_are_two(tmp_path: Path) -> None:
    first = make_trackers(study_in(tmp_path / "a", "follower:Own"), tmp_path, render)
    del sys.modules["beside_it"]
    second = make_trackers(study_in(tmp_path / "b", "follower:Own", "blue"), tmp_path, render)
    assert [tracker.color for tracker in (*first, *second)] == ["red", "blue"]  # type: ignore[attr-defined]


def test_a_class_in_an_installed_package(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="name a tracker that can be made without arguments"):
        trackers(tmp_path, "automl.tracking.mlflow.tracker:MlflowTracker")


@pytest.mark.parametrize(
    ("to", "message"),
    [
        (
            "folower:Own",
            r"name a module that can be imported, got .*Put folower\.py into the folder of the study file",
        ),
        ("broken:Own", r"name a module that can be imported.* It raises RuntimeError: no disk\.$"),
        ("ending:Own", r"name a module that can be imported.* It raises SystemExit: 0\.$"),
        (
            "follower:Owner",
            r"name a tracker, as `package\.module:Class`, got .*Let `class Owner` in follower inherit",
        ),
        (
            "follower:Other",
            r"Let `class Other` in follower inherit from `automl\.Tracker`",
        ),
        ("follower:function", "name a tracker"),
        ("follower:Unfinished", "has every method, .*Write `abandon`, `apply`, `log_progress`, `start`"),
        ("follower:Demanding", r"made without arguments, .*It raises TypeError: .*'name'"),
    ],
)
def test_what_is_no_tracker_is_said_with_its_line(to: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match=message) as caught:
        trackers(tmp_path, to)
    assert str(caught.value).startswith(f"{tmp_path / 'study.yaml'}:4: `tracking.to` must ")

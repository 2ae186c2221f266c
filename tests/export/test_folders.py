"""The folder of a model: whole or not at all, and nothing is lost that automl did not write."""

import ctypes
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from automl.errors import ExportError
from automl.export import folders
from automl.export.folders import MANIFEST, check_folder, replace_folder
from automl.export.saved_model import copy_model

CARD = {
    "study": "s",
    "trial": 3,
    "task": "binary",
    "target": "y",
    "features": ["a"],
    "inputs": {"a": "a"},
    "classes": ["no", "yes"],
    "hyperparameters": {"depth": 1},
    "epochs": 2,
    "rows": 10,
    "scores": {},
}


def write(folder: Path, weights: str = "old") -> None:
    """What a SavedModel looks like, in small."""
    (folder / "variables").mkdir(parents=True)
    (folder / "assets").mkdir()
    for name in ("saved_model.pb", "fingerprint.pb", "variables/variables.index"):
        (folder / name).write_text(name)
    (folder / "variables/variables.data-00000-of-00001").write_text(weights)
    (folder / "model.json").write_text(json.dumps(CARD))
    (folder / "model_card.md").write_text("# s")


def write_new(folder: Path) -> None:
    write(folder, "new")


def contents(folder: Path) -> dict[str, str]:
    """All files of a folder and what is in them; links and folders by what they are."""
    results = {}
    for path in sorted(folder.rglob("*")):
        kind = f"-> {os.readlink(path)}" if path.is_symlink() else "/" if path.is_dir() else path.read_text()
        results[path.relative_to(folder).as_posix()] = kind
    return results


@pytest.fixture(params=["with a manifest", "of an earlier version"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder that holds a model."""
    folder = tmp_path / "place" / "model"
    if request.param == "with a manifest":
        replace_folder(folder, write)
    else:
        write(folder)
    return folder


def is_new(folder: Path) -> bool:
    return (folder / "variables/variables.data-00000-of-00001").read_text() == "new"


def test_a_model_takes_the_place_of_a_model_and_nothing_stays_beside_it(model: Path) -> None:
    replace_folder(model, write_new)
    assert is_new(model)
    assert list(model.parent.iterdir()) == [model]
    replace_folder(model, write)
    assert not is_new(model)


def test_it_takes_a_new_or_an_empty_place(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "empty", tmp_path / "deep" / "new"):
        replace_folder(place, write_new)
        assert is_new(place)


def test_the_manifest_lists_what_was_written(tmp_path: Path) -> None:
    replace_folder(tmp_path / "m", write)
    manifest = json.loads((tmp_path / "m" / MANIFEST).read_text())
    assert set(manifest["files"]) | {"assets/", "variables/"} | {MANIFEST} == {
        *(path for path, kind in contents(tmp_path / "m").items() if kind != "/"),
        *manifest["folders"],
    }
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # SHA-256 of nothing

    def write_nothing(folder: Path) -> None:
        folder.mkdir()
        (folder / "f").touch()

    replace_folder(tmp_path / "n", write_nothing)
    assert json.loads((tmp_path / "n" / MANIFEST).read_text())["files"] == {"f": empty}


FOREIGN = [
    "thesis.txt",
    ".hidden",
    "variables/mine.txt",
    "variables/variables.data-00000-of-00001.bak",
    "assets/mine.txt",
    "mine/deep/thesis.txt",
]


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_that_automl_did_not_write_stays_and_is_named(model: Path, name: str) -> None:
    (model / name).parent.mkdir(parents=True, exist_ok=True)
    (model / name).write_text("years of work")
    before = contents(model)
    named = "mine/" if name.startswith("mine") else name
    with pytest.raises(ExportError) as caught:
        replace_folder(model, write_new)
    assert str(caught.value) == (
        f"{model} holds {named}, which is not part of a model written by automl. "
        "Move it away, or choose an empty or a new folder."
    )
    assert contents(model) == before
    assert list(model.parent.iterdir()) == [model]


def test_an_empty_folder_that_automl_did_not_make_stays(model: Path) -> None:
    (model / "mine").mkdir()
    with pytest.raises(ExportError, match="holds mine/, which is not part"):
        replace_folder(model, write_new)


@pytest.mark.parametrize("content", ["{}", '{"study": "s"}', "[]", "no JSON", json.dumps(CARD)])
def test_a_project_that_holds_a_model_json_stays(tmp_path: Path, content: str) -> None:
    (tmp_path / "project" / "precious").mkdir(parents=True)
    (tmp_path / "project" / "precious" / "thesis.txt").write_text("years of work")
    (tmp_path / "project" / "model.json").write_text(content)
    before = contents(tmp_path)
    with pytest.raises(
        ExportError, match=r"project holds (model\.json|precious/), which is not part of a model"
    ):
        replace_folder(tmp_path / "project", write_new)
    with pytest.raises(ExportError, match="which is not part of a model"):
        copy_model(tmp_path / "project", tmp_path / "project")
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        {"format": "automl model", "version": 2, "files": {}, "folders": []},
        {"format": "automl model", "version": 1},
        {"format": "automl model", "version": 1, "files": {"thesis.txt": ""}, "folders": []},
        {"format": "automl model", "version": 1, "files": ["thesis.txt"], "folders": []},
    ],
)
def test_a_manifest_that_is_not_ours_gives_nothing_away(tmp_path: Path, manifest: dict[str, object]) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "thesis.txt").write_text("years of work")
    (tmp_path / "p" / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ExportError, match=r"p holds (thesis\.txt|model_files\.json), which "):
        replace_folder(tmp_path / "p", write_new)
    assert (tmp_path / "p" / "thesis.txt").read_text() == "years of work"


def test_a_file_of_the_model_that_a_person_changed_stays(tmp_path: Path) -> None:
    replace_folder(tmp_path / "m", write)
    (tmp_path / "m" / "model_card.md").write_text("# notes of mine")
    with pytest.raises(
        ExportError, match=r"holds model_card\.md, which has changed since automl wrote it\. Move"
    ):
        replace_folder(tmp_path / "m", write_new)
    assert (tmp_path / "m" / "model_card.md").read_text() == "# notes of mine"
    (tmp_path / "m" / "model_card.md").unlink()  # moved away
    replace_folder(tmp_path / "m", write_new)
    assert is_new(tmp_path / "m")


@pytest.mark.parametrize("name", ["thesis", "variables", "model.json", MANIFEST, "assets"])
def test_a_link_is_never_followed(model: Path, tmp_path: Path, name: str) -> None:
    """Also where the name is one that the model has."""
    target = tmp_path / "precious"
    if (model / name).is_dir():
        shutil.copytree(model / name, target)
        shutil.rmtree(model / name)
    elif (model / name).exists():
        shutil.move(model / name, target)
    else:
        target.mkdir()
    (model / name).symlink_to(target)
    before = contents(tmp_path)
    with pytest.raises(ExportError, match="which is not part of a model"):
        replace_folder(model, write_new)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_no_place_for_a_model(model: Path, tmp_path: Path, exists: bool) -> None:
    (tmp_path / "link").symlink_to(model if exists else tmp_path / "nowhere")
    before = contents(tmp_path)
    with pytest.raises(ExportError, match=r"link is a link\. Give the folder that it points to"):
        replace_folder(tmp_path / "link", write_new)
    assert contents(tmp_path) == before


def test_a_place_under_a_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    for _ in range(2):
        replace_folder(tmp_path / "link" / "m", write_new)
    assert is_new(tmp_path / "disk" / "m")
    replace_folder(tmp_path / "link" / "m" / ".." / "n", write_new)
    assert is_new(tmp_path / "disk" / "n")


def test_other_places_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExportError, match="file is not a folder"):
        check_folder(tmp_path / "file")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for place in (Path(), tmp_path / "here", Path("../here")):
        with pytest.raises(ExportError, match=r"is the current folder\. Give the name of a folder in it"):
            replace_folder(place, write_new)


def test_what_comes_while_the_model_is_written_stays(model: Path) -> None:
    def slow(folder: Path) -> None:
        write_new(folder)
        (model / "thesis.txt").write_text("years of work")

    with pytest.raises(ExportError, match=r"holds thesis\.txt"):
        replace_folder(model, slow)
    assert (model / "thesis.txt").exists() and not is_new(model)


def test_what_comes_in_the_last_moment_stays(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = folders._exchange

    def late(first: Path, second: Path) -> None:
        if not (model / "thesis.txt").exists() and not is_new(model):
            (model / "thesis.txt").write_text("years of work")
        exchange(first, second)

    monkeypatch.setattr(folders, "_exchange", late)
    with pytest.raises(ExportError, match=r"holds thesis\.txt"):
        replace_folder(model, write_new)
    assert (model / "thesis.txt").exists() and not is_new(model)


def test_a_failure_while_a_model_is_written_leaves_the_earlier_one(model: Path) -> None:
    before = contents(model)

    def full(folder: Path) -> None:
        write_new(folder)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        replace_folder(model, full)
    assert contents(model) == before
    assert list(model.parent.iterdir()) == [model]


def test_a_system_that_exchanges_no_folders_moves_them(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure between the two steps puts the earlier model back."""
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    before, rename = contents(model), Path.rename

    def busy(path: Path, to: Path) -> Path:
        if path.name == "model" and to == model:
            raise OSError(16, "Device or resource busy")
        return rename(path, to)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", busy)
        with pytest.raises(OSError, match="busy"):
            replace_folder(model, write_new)
    assert contents(model) == before
    replace_folder(model, write_new)
    assert is_new(model)
    assert list(model.parent.iterdir()) == [model]


KILLED = """
import os, sys
from pathlib import Path
from automl.export import folders

exchange, moment = folders._exchange, sys.argv[2]

def killed(first, second):
    if moment == "after":
        exchange(first, second)
    os.kill(os.getpid(), 9)

folders._exchange = killed

def write(made):
    made.mkdir()
    (made / "f").write_text("new")
    if moment == "while":
        os.kill(os.getpid(), 9)

folders.replace_folder(Path(sys.argv[1]), write)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no exchange in one step that we call")
@pytest.mark.parametrize(("moment", "left"), [("while", "old"), ("before", "old"), ("after", "new")])
def test_a_kill_leaves_the_old_model_or_the_new_one(tmp_path: Path, moment: str, left: str) -> None:
    def write_one(folder: Path) -> None:
        folder.mkdir()
        (folder / "f").write_text("old")

    replace_folder(tmp_path / "m", write_one)
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "m"), moment], check=False)
    assert ended.returncode == -9
    assert contents(tmp_path / "m").keys() == {"f", MANIFEST}
    assert (tmp_path / "m" / "f").read_text() == left
    replace_folder(tmp_path / "m", write_one)


def test_a_copy_of_a_model_can_be_replaced(model: Path, tmp_path: Path) -> None:
    copy_model(model, tmp_path / "copy")
    copy_model(model, tmp_path / "copy")
    copied = contents(tmp_path / "copy")
    assert {name: copied[name] for name in copied if name != MANIFEST} == {
        name: kind for name, kind in contents(model).items() if name != MANIFEST
    }
    (tmp_path / "copy" / "notes.txt").write_text("mine")
    with pytest.raises(ExportError, match=r"copy holds notes\.txt"):
        copy_model(model, tmp_path / "copy")
    with pytest.raises(ExportError, match="is in the model that is copied"):
        copy_model(model, model / "inner")


def test_a_model_is_copied_onto_itself(model: Path) -> None:
    before = contents(model)
    copy_model(model, model)
    assert {name: kind for name, kind in contents(model).items() if name != MANIFEST} == {
        name: kind for name, kind in before.items() if name != MANIFEST
    }

"""A digest of a builder's files, by which an edited one is noticed."""

from pathlib import Path

import pytest

from automl.errors import NetworkError
from automl.networks.sources import builder_sources, changed_files

FILES = {
    "net.py": "import keras\nimport helper\nfrom blocks import wide\n\ndef build(hp):\n    from late import f\n",
    "helper.py": "import deeper\n",
    "deeper.py": "DEEP = 1\n",
    "late.py": "import importlib\ndynamic = importlib.import_module('named')\n",
    "named.py": "NAMED = 1\n",
    "blocks/__init__.py": "from .narrow import *\n",
    "blocks/narrow.py": "from . import common\nfrom ..helper import deeper\n",
    "blocks/common.py": "COMMON = 1\n",
    "blocks/wide.py": "WIDE = 1\n",
    "blocks/unused.py": "UNUSED = 1\n",
    "unrelated.py": "import net\n",
    "study.yaml": "network: {builder: net.py:build}\n",
}
IMPORTED = sorted(set(FILES) - {"blocks/unused.py", "unrelated.py", "study.yaml"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "study" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "study"


def test_the_files_are_the_builders_own_and_what_it_imports(folder: Path) -> None:
    assert sorted(builder_sources("net.py:build", folder)) == IMPORTED


@pytest.mark.parametrize("name", sorted(FILES))
def test_an_edit_changes_the_digest_when_the_builder_imports_the_file(folder: Path, name: str) -> None:
    sources = builder_sources("net.py:build", folder)
    with (folder / name).open("a") as file:
        file.write("# a comment\n")
    edited = [name] if name in IMPORTED else []
    assert changed_files(sources, builder_sources("net.py:build", folder)) == edited


def test_a_module_that_is_removed_changes_the_digest(folder: Path) -> None:
    sources = builder_sources("net.py:build", folder)
    (folder / "deeper.py").unlink()
    assert changed_files(sources, builder_sources("net.py:build", folder)) == ["deeper.py"]


def test_a_folder_that_is_moved_keeps_its_digest(folder: Path, tmp_path: Path) -> None:
    before = builder_sources("net.py:build", folder)
    moved = folder.rename(tmp_path / "elsewhere")
    assert builder_sources("net.py:build", moved) == before
    assert builder_sources("./blocks/../net.py:build", moved) == before


def test_a_builder_in_a_folder_below_sees_modules_beside_it_and_beside_the_study(folder: Path) -> None:
    (folder / "models").mkdir()
    (folder / "models" / "mine.py").write_text("import near\nimport deeper\n")
    (folder / "models" / "near.py").write_text("")
    sources = builder_sources("models/mine.py:build", folder)
    assert sorted(sources) == ["deeper.py", "models/mine.py", "models/near.py"]


def test_a_builder_beside_the_studys_folder_has_its_own_neighbors_only(folder: Path) -> None:
    (folder.parent / "mine.py").write_text("import near\nimport deeper\n")
    (folder.parent / "near.py").write_text("")
    assert sorted(builder_sources("../mine.py:build", folder)) == ["../mine.py", "../near.py"]


@pytest.mark.parametrize("text", ["def build(hp:\n", "\0", "x" * 9 + "(" * 10_000])
def test_a_file_that_is_no_python_has_a_digest_too(folder: Path, text: str) -> None:
    (folder / "net.py").write_text(text)
    assert list(builder_sources("net.py:build", folder)) == ["net.py"]


def test_a_file_that_is_gone_is_named(folder: Path) -> None:
    (folder / "net.py").unlink()
    with pytest.raises(NetworkError, match=r"`network\.builder` must name a Python file, got 'net\.py'\."):
        builder_sources("net.py:build", folder)

"""Notebooks as they are stored: with outputs, without errors, without a machine's paths."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def outputs(path: Path) -> list[dict[str, Any]]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [output for cell in cells for output in cell.get("outputs", [])]


def test_there_is_a_notebook() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_with_its_results(path: Path) -> None:
    kinds = [output["output_type"] for output in outputs(path)]
    assert kinds and "error" not in kinds
    assert any("image/png" in output.get("data", {}) for output in outputs(path)), "a figure at least"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_names_no_path_of_a_machine(path: Path) -> None:
    assert not re.findall(r"(?<![\w.])/(?:tmp|home|root|work|Users)/\w+", path.read_text(encoding="utf-8"))

"""Notebooks as they are stored: with outputs, without errors, without a machine's paths. And run from the beginning."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
KERNEL = "running_interpreter"


def cells(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def outputs(path: Path) -> list[dict[str, Any]]:
    return [output for cell in cells(path) for output in cell.get("outputs", [])]


def test_there_are_the_notebooks_that_the_texts_name() -> None:
    names = {path.stem for path in NOTEBOOKS}
    assert names >= {"activations_and_learning_rates", "bias_and_variance", "first_study"}
    for path in NOTEBOOKS:
        links = re.findall(r"\]\((\w+)\.ipynb\)", path.read_text(encoding="utf-8"))
        assert names >= set(links), path.stem


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_with_its_results(path: Path) -> None:
    kinds = [output["output_type"] for output in outputs(path)]
    assert kinds and "error" not in kinds
    assert any("image/png" in output.get("data", {}) for output in outputs(path)), "a figure at least"
    assert not any(output.get("name") == "stderr" for output in outputs(path)), "no warnings, no progress"
    counts = [cell["execution_count"] for cell in cells(path) if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1)), "run once, in order"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_finished(path: Path) -> None:
    assert not any("@@" in "".join(cell["source"]) for cell in cells(path))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_names_no_path_of_a_machine(path: Path) -> None:
    assert not re.findall(r"(?<![\w.])/(?:tmp|home|root|work|Users)/\w+", path.read_text(encoding="utf-8"))


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A kernel of the interpreter that runs the tests, whatever kernels are installed; its files are the test's own."""
    folder = tmp_path / "jupyter" / "kernels" / KERNEL
    folder.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    content = {"argv": argv, "display_name": KERNEL, "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return KERNEL


def execute(notebook: Any, kernel: str, folder: Path) -> None:
    folder.mkdir()
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=600, kernel_name=kernel, resources=resources).execute()


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_leaves_nothing_behind(path: Path, kernel: str, tmp_path: Path) -> None:
    execute(nbformat.read(path, as_version=4), kernel, tmp_path / "here")
    assert not list((tmp_path / "here").iterdir())


@pytest.mark.slow  # half a minute; `test_python_page` runs the same calls
def test_the_first_notebook_runs_with_a_small_search(kernel: str, tmp_path: Path) -> None:
    """Whole notebooks run in `make test-all` only; what they call is called here."""
    notebook = nbformat.read(FOLDER / "first_study.ipynb", as_version=4)
    small = {"trials: 12": "trials: 3", "epochs: 60": "epochs: 3"}
    for cell in notebook.cells:
        for whole, short in small.items():
            cell.source = cell.source.replace(whole, short)
    assert all(any(short in cell.source for cell in notebook.cells) for short in small.values())
    execute(notebook, kernel, tmp_path / "here")


def test_a_cell_that_raises_is_noticed(kernel: str, tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        execute(notebook, kernel, tmp_path / "here")

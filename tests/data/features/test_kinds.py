"""The table of kinds: what depends on it, and what its files may need."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import automl
from automl.data.features.kinds import KINDS

FEATURES = Path(automl.__file__).parent / "data" / "features"
LIGHT = """
import importlib, pathlib, sys
folder = pathlib.Path(sys.argv[1])
for file in sorted(folder.rglob("*.py")):
    parts = file.relative_to(folder.parent.parent).with_suffix("").parts
    importlib.import_module(".".join(part for part in parts if part != "__init__"))
heavy = {"tensorflow", "keras", "mlflow"} & set(sys.modules)
assert not heavy, heavy
"""


def test_importing_the_data_loads_no_tensorflow() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, str(FEATURES.parent)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", sorted(FEATURES.glob("*.py")), ids=lambda path: path.name)
def test_the_files_that_travel_need_numpy_and_pandas_alone(path: Path) -> None:
    """At the top of a file; inside functions TensorFlow, and SciPy where something is fitted."""
    allowed = {"numpy", "pandas", *sys.stdlib_module_names}
    tree = ast.parse(path.read_text())
    for node in tree.body:
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= allowed
        if isinstance(node, ast.ImportFrom):
            assert node.level == 1 or (node.module or "").split(".")[0] in allowed
    for node in ast.walk(tree):
        assert not (isinstance(node, ast.ImportFrom) and node.level > 1)
        assert not (isinstance(node, ast.ImportFrom) and "automl" in (node.module or ""))


def test_a_kind_is_called_by_its_name() -> None:
    for name, kind in KINDS.items():
        assert kind.name == name
        assert (kind.input_type == "float64") == (name == "numeric")

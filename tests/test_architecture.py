"""The house rules that a linter does not hold: short files, short functions, one door for each framework."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "automl").rglob("*.py"))
DOORS = {
    "mlflow": "tracking/mlflow/",
    "pydantic": ("config/", "service/models.py"),
    "fastapi": "service/",
    "starlette": "service/",
    "uvicorn": ("service/server.py", "service/protocol.py"),
    "yaml": "config/reading.py",
    "altair": "report/charts/",
    "vl_convert": "report/",
    "jinja2": "report/templating.py",
    "optuna": "search/parzen.py",
    "keras_tuner": ("search/space/keras_tuner.py", "search/keras_oracle.py"),
    "sqlalchemy": ("records/", "data/sources/databases.py"),
    "alembic": "records/",
}


def name(path):
    return path.relative_to(ROOT / "automl").as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_files_and_functions_are_short_and_say_what_they_are(path):
    text = path.read_text()
    tree = ast.parse(text)
    assert text.count("\n") <= 300
    assert ast.get_docstring(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            assert node.end_lineno - body[0].lineno + 1 <= 50, node.name


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_each_framework_has_one_door(path):
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.split(".")[0])
    for package, door in DOORS.items():
        assert package not in imported or name(path).startswith(door), package
    assert "TYPE_CHECKING" not in path.read_text()


def test_every_folder_has_a_line_in_the_architecture():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    for folder in sorted({path.parent for path in MODULES} - {ROOT / "automl"}):
        assert f"`{folder.relative_to(ROOT / 'automl').as_posix()}/`" in text, folder

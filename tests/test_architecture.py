"""The house rules that a linter does not hold: short files, short functions, one door for each framework."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "automl").rglob("*.py"))
CODE = [*MODULES, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "benchmarks").rglob("*.py"))]
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
    "ray": "execution/ray_driver.py",
    "keras_tuner": ("search/space/keras_tuner.py", "search/keras_oracle.py"),
    "sqlalchemy": ("records/", "data/sources/databases.py"),
    "alembic": "records/",
    "fsspec": "records/remote_files.py",
}


def name(path):
    return path.relative_to(ROOT / "automl").as_posix()


def place(path):
    return path.relative_to(ROOT).as_posix()


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


PRONOUNS = frozenset(
    [
        *("one", "own", "found", "said", "mine", "its", "ones", "theirs", "both"),
        *("who", "whom", "what", "every", "each", "told", "asked", "same"),
    ]
)
"""Words that do not say what a value is: a variable has the name of its type or of its role."""

EXCEPTIONS = {
    ("automl/records/events.py", "told"),  # a key of stored events
    ("automl/records/outcomes.py", "asked"),
    ("automl/service/remote_study.py", "what"),  # an argument of a public method
}


def bound_names(tree):
    """Names that a module gives to something: variables, arguments, attributes, functions, classes, captures."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=bound, ctx=ast.Store()) | ast.Attribute(attr=bound, ctx=ast.Store()):
                yield bound
            case ast.arg(arg=bound) | ast.FunctionDef(name=bound) | ast.AsyncFunctionDef(name=bound):
                yield bound
            case ast.ClassDef(name=bound) | ast.ExceptHandler(name=str(bound)) | ast.alias(asname=str(bound)):
                yield bound
            case ast.MatchAs(name=str(bound)) | ast.MatchStar(name=str(bound)):
                yield bound


def pronouns_of(text):
    return {bound for bound in bound_names(ast.parse(text)) if bound.strip("_").lower() in PRONOUNS}


@pytest.mark.parametrize(
    "text",
    [
        "one = 1",
        "for own in []: pass",
        "[found for found in []]",
        "lambda each: each",
        "def told(): pass",
        "def f(*, what): pass",
        "self._said = 1",
        "class Asked: pass",
        "with f() as both: pass",
        "(mine := 1)",
        "import os as its",
        "match f():\n    case [who, *ones]: pass",
        "try: pass\nexcept OSError as same: pass",
    ],
)
def test_every_kind_of_binding_is_seen(text):
    assert pronouns_of(text)


def test_names_that_contain_a_pronoun_and_uses_of_other_names_are_none():
    assert not pronouns_of("own_rows = f(one=found.said, both='what')")


@pytest.mark.parametrize("path", CODE, ids=place)
def test_no_variable_is_named_by_a_pronoun(path):
    pronouns = pronouns_of(path.read_text())
    assert {pronoun for pronoun in pronouns if (place(path), pronoun) not in EXCEPTIONS} == set()


def test_exceptions_for_pronouns_are_still_needed():
    assert all(pronoun in pronouns_of((ROOT / module).read_text()) for module, pronoun in EXCEPTIONS)

"""The study file: what a good one means, and that it survives being written down and read again."""

import json
import types
import typing
from pathlib import Path
from typing import Any

import pydantic
import pytest
import yaml
from jsonschema import Draft202012Validator

from automl.config.ranges import Choice, Fixed, FloatRange, IntRange, Section
from automl.config.reading import load_study, make_study, study_text
from automl.config.study import StudyConfig, study_schema
from automl.errors import StudyFileError

STUDIES = sorted((Path(__file__).parents[2] / "studies").glob("*.yaml"))


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write(text: str, name: str = "my-study.yaml") -> Path:
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_data_alone_is_a_study(write: Any) -> None:
    study = load_study(write("data: {path: table.csv, target: y}\n"))
    assert study.name == "my-study"
    assert (study.data.path, study.data.target, study.data.task) == ("table.csv", "y", "auto")
    assert (study.splits.test, study.splits.folds, study.splits.stopping) == (0.2, 5, 0.15)
    assert study.space is None
    assert study.objective is None


@pytest.mark.parametrize(
    ("file_name", "name"),
    [
        ("a b.yaml", "a-b"),
        ("naïve.yaml", "na-ve"),
        ("_x.yml", "x"),
        ("ñ.yaml", "study"),
    ],
)
def test_the_name_comes_from_the_file_and_is_legal(write: Any, file_name: str, name: str) -> None:
    assert load_study(write("data: {sklearn: iris}\n", file_name)).name == name


def test_the_ranges_of_a_space(write: Any) -> None:
    text = """data: {sklearn: iris}
space:
  depth: {int: [0, 3]}
  width: {choice: [8, 16], per_layer: true}
  dropout: {float: [0, 0.5], step: 0.25}
  learning_rate: {float: [1e-4, 1E-1], log: true}
  activation: relu
  l2: {fixed: 1e-3}
  batch_normalization: false
"""
    assert load_study(write(text)).space == {
        "depth": IntRange(int=(0, 3)),
        "width": Choice(choice=(8, 16), per_layer=True),
        "dropout": FloatRange(float=(0.0, 0.5), step=0.25),
        "learning_rate": FloatRange(float=(0.0001, 0.1), log=True),
        "activation": Fixed(fixed="relu"),
        "l2": Fixed(fixed=0.001),
        "batch_normalization": Fixed(fixed=False),
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-4", 1e-4), ("1E-4", 1e-4), ("2e3", 2000.0), (".5e1", 5.0), ("-1.e2", -100.0), ("+1e0", 1.0)],
)
def test_numbers_with_an_exponent_are_numbers(write: Any, text: str, value: float) -> None:
    space = load_study(write(f"data: {{sklearn: iris}}\nspace: {{x: {text}}}\n")).space
    assert space == {"x": Fixed(fixed=value)}
    assert type(typing.cast(Fixed, space["x"]).value) is float


@pytest.mark.parametrize("text", ["e4", "1e", "1e-4x", "'1e-4'", "v1e4"])
def test_text_that_is_like_a_number_is_text(write: Any, text: str) -> None:
    space = load_study(write(f"data: {{sklearn: iris}}\nspace: {{x: {text}}}\n")).space
    assert space == {"x": Fixed(fixed=text.strip("'"))}


def test_a_byte_order_mark_and_windows_lines_are_no_matter(tmp_path: Path) -> None:
    file = tmp_path / "windows.yaml"
    file.write_bytes(b"\xef\xbb\xbfdata: {sklearn: iris}\r\nsplits:\r\n  folds: 3\r\n")
    assert load_study(file).splits.folds == 3


def test_merge_keys_and_anchors_work(write: Any) -> None:
    text = (
        "data: {sklearn: iris}\nspace:\n  a: &range {int: [1, 3]}\n  b: *range\n  c: {<<: *range, step: 2}\n"
    )
    assert load_study(write(text)).space == {
        "a": IntRange(int=(1, 3)),
        "b": IntRange(int=(1, 3)),
        "c": IntRange(int=(1, 3), step=2),
    }


def test_relative_paths_start_from_the_file_or_from_the_folder_that_is_given(
    write: Any, tmp_path: Path
) -> None:
    file = write("data: {path: t.csv, target: y}\n")
    assert load_study(file).folder == tmp_path
    assert load_study(file, folder=Path("/elsewhere")).folder == Path("/elsewhere")


def test_where_names_the_line_of_the_deepest_key_in_the_file(write: Any) -> None:
    file = write(
        "# a comment\ndata:\n  sklearn: iris\n\nspace:\n  width:\n    choice:\n      - 8\n      - 16\n"
    )
    study = load_study(file)
    assert study.where("data", "sklearn") == f"{file}:3"
    assert study.where("data", "target") == f"{file}:2"
    assert study.where("space", "width", "choice", 1) == f"{file}:9"
    assert study.where("splits", "folds") == f"{file}:1"
    assert make_study({"name": "a", "data": {"sklearn": "iris"}}).where("data") == "a"


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [(None, "name", "b"), ("splits", "folds", 9), ("data", "target", "z"), ("search", "trials", 1)],
)
def test_a_study_is_frozen(section: str | None, key: str, value: Any) -> None:
    study = make_study({"name": "a", "data": {"sklearn": "iris"}})
    owner = study if section is None else getattr(study, section)
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        setattr(owner, key, value)


CONTENT: dict[str, Any] = {
    "name": "round-trip",
    "data": {"path": "ü.csv", "target": "1e5", "features": ["yes", "1e-4", "a: b", "#x", "ß"]},
    "splits": {"test": 0.0, "folds": 3, "stopping": 0.25},
    "objective": "accuracy",
    "space": {
        "depth": {"int": [1, 3]},
        "width": {"int": [8, 64], "step": 2, "log": True},
        "learning_rate": {"float": [1e-05, 0.1], "log": True},
        "activation": {"choice": ["relu", "tanh", "1e3"]},
        "batch_normalization": {"choice": [False, True]},
        "l2": 1e-07,
        "optimizer": "adam",
    },
    "network": {"builder": "net.py:build"},
    "search": {"algorithm": "random", "trials": 3, "minutes": 0.5, "seed": 11},
    "budget": {"minutes": 2.5, "stop_at": -0.25, "stop_after": 9},
    "training": {"epochs": 7, "batch_size": 8, "patience": 2, "loss": "huber"},
    "tracking": {"to": "mine.trackers:Tracker", "uri": "http://127.0.0.1:5000", "register_as": "best"},
    "records": {"uri": "postgresql+psycopg://me:${WORD}@host/studies"},
}


@pytest.mark.parametrize(
    "content", [CONTENT, {"name": "a", "data": {"sklearn": "iris"}}], ids=["full", "short"]
)
def test_a_study_made_in_python_survives_its_text(write: Any, content: dict[str, Any]) -> None:
    study = make_study(content)
    again = load_study(write(study_text(study), "other-name.yaml"))
    assert again.model_dump() == study.model_dump()
    assert again.name == content["name"]


def test_a_study_from_a_file_keeps_the_text_of_the_file(write: Any) -> None:
    text = "# why\ndata: {sklearn: iris}   # flowers\n"
    assert study_text(load_study(write(text))) == text


def test_a_study_made_in_python_is_checked_too() -> None:
    with pytest.raises(StudyFileError, match=r"^`splits.folds` must be greater than or equal to 2, got 1\."):
        make_study({"name": "a", "data": {"sklearn": "iris"}, "splits": {"folds": 1}})


def test_making_a_study_leaves_the_given_values_alone() -> None:
    content = {"name": "a", "data": {"sklearn": "iris"}, "space": {"l2": 0.5}}
    before = json.dumps(content)
    make_study(content)
    assert json.dumps(content) == before


SCHEMA = study_schema()


def _sections(model: type[Section]) -> list[type[Section]]:
    """The models that the fields of a model can hold, and theirs."""
    sections: list[type[Section]] = [model]
    waiting: list[Any] = [field.annotation for field in model.model_fields.values()]
    while waiting:
        kind = waiting.pop()
        waiting += typing.get_args(kind)
        if isinstance(kind, type) and not isinstance(kind, types.GenericAlias) and issubclass(kind, Section):
            sections += [section for section in _sections(kind) if section not in sections]
    return sections


SECTIONS = _sections(StudyConfig)


@pytest.mark.parametrize("model", SECTIONS, ids=lambda model: model.__name__)
def test_the_schema_has_every_key_with_a_description_and_no_other(model: type[Section]) -> None:
    schema = SCHEMA if model is StudyConfig else SCHEMA["$defs"][model.__name__]
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == {field.alias or key for key, field in model.model_fields.items()}
    for entry in schema["properties"].values():
        owner = SCHEMA["$defs"][entry["$ref"].rpartition("/")[2]] if "$ref" in entry else entry
        assert len(owner["description"]) > 5


def test_the_schema_covers_the_whole_file() -> None:
    assert {model.__name__ for model in SECTIONS} - {"StudyConfig"} == set(SCHEMA["$defs"])
    assert len(SECTIONS) == 14
    assert SCHEMA["required"] == ["data"], "the name comes from the file"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    ranges = SCHEMA["properties"]["space"]["anyOf"][0]["additionalProperties"]["oneOf"]
    assert {"type": ["boolean", "integer", "number", "string"]} in ranges
    assert {entry["$ref"].rpartition("/")[2] for entry in ranges if "$ref" in entry} == {
        "IntRange",
        "FloatRange",
        "Choice",
        "Fixed",
    }
    assert SCHEMA["$defs"]["SplitsConfig"]["properties"]["folds"]["minimum"] == 2
    assert SCHEMA["$defs"]["IntRange"]["required"] == ["int"]


VALIDATOR = Draft202012Validator(SCHEMA)


@pytest.mark.parametrize("file", STUDIES, ids=lambda file: file.stem)
def test_the_schema_takes_our_own_studies(file: Path) -> None:
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert VALIDATOR.is_valid(content)


@pytest.mark.parametrize(
    "change",
    [
        {"serach": {}},
        {"splits": {"fold": 3}},
        {"data": {"sklearn": 3}},
        {"data": {"target": "y"}},
        {"data": {"path": "a.csv", "url": "https://example.org/a.csv", "target": "y"}},
        {"data": {"frame": False, "target": "y"}},
        {"data": {"sklearn": "iris", "task": "regresion"}},
        {"space": {"depth": [1, 3]}},
        {"space": {"depth": {"int": [1, 3], "stpe": 1}}},
        {"space": {"depth": {"log": True}}},
        {"budget": {"minutes": "5"}},
        {"budget": {"stop_after": "soon"}},
        {"tracking": {"to": 3}},
        {"records": {"url": "sqlite:///a.db"}},
    ],
    ids=str,
)
def test_the_schema_refuses_what_the_file_may_not_hold(change: dict[str, Any]) -> None:
    content = {"name": "a", "data": {"sklearn": "iris"}}
    assert VALIDATOR.is_valid(content)
    assert not VALIDATOR.is_valid(content | change)
    with pytest.raises(StudyFileError):
        make_study(content | change)


@pytest.mark.parametrize("cell", ["yes", "no", "Off", "on", "010", "2020-01-01", "12:30", "y"])
def test_cells_in_a_study_file_are_meant_as_they_are_written(tmp_path: Path, cell: str) -> None:
    text = f"data: {{path: t.csv, target: y, positive: {cell}, gaps: {{a: [{cell}, -1], b: [1.5]}}}}\n"
    (tmp_path / "s.yaml").write_text(text)
    data = load_study(tmp_path / "s.yaml").data
    assert data.positive == cell and data.gaps == {"a": [cell, -1], "b": [1.5]}


@pytest.mark.parametrize(
    ("cell", "value"), [("true", True), ("7", 7), ("1.5", 1.5), ('"7"', "7"), ("-200", -200)]
)
def test_other_cells_keep_their_types(tmp_path: Path, cell: str, value: object) -> None:
    (tmp_path / "s.yaml").write_text(f"data: {{path: t.csv, target: y, positive: {cell}}}\n")
    positive = load_study(tmp_path / "s.yaml").data.positive
    assert positive == value and type(positive) is type(value)


def test_nothing_is_a_cell_of_a_gap_and_no_class(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("data: {path: t.csv, target: y, positive: null, gaps: {a: [null, ~]}}\n")
    data = load_study(tmp_path / "s.yaml").data
    assert data.positive is None and data.gaps == {"a": ["null", "~"]}
    (tmp_path / "s.yaml").write_text("data: {path: t.csv, target: y, gaps: null}\n")
    assert load_study(tmp_path / "s.yaml").data.gaps is None

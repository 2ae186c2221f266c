"""A table taken apart: features, target, task and classes, and everything that is refused."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
import pytest
from small_tables import make, where

from automl.config import DataConfig
from automl.data.readers import read_dataset
from automl.errors import DataError
from automl.trial import Task

LABELS = {
    "strings": (["b", "a", "c", "a"], Task.MULTICLASS, ("a", "b", "c"), [1, 0, 2, 0]),
    "gaps between whole numbers": (
        [1, 2, 3, 5, 6, 7, 1],
        Task.MULTICLASS,
        (1, 2, 3, 5, 6, 7),
        [0, 1, 2, 3, 4, 5, 0],
    ),
    "booleans": ([True, False, True], Task.BINARY, (False, True), [1, 0, 1]),
    "whole floats": ([2.0, 0.0, 1.0], Task.MULTICLASS, (0.0, 1.0, 2.0), [2, 0, 1]),
    "two whole numbers": ([7, -3, 7], Task.BINARY, (-3, 7), [1, 0, 1]),
    "numbers as text": (["10", "9", "x"], Task.MULTICLASS, ("10", "9", "x"), [0, 1, 2]),
    "booleans beside text": ([True, "no", True], Task.BINARY, ("True", "no"), [0, 1, 0]),
}


@pytest.mark.parametrize(("values", "task", "classes", "codes"), LABELS.values(), ids=LABELS)
def test_labels_become_codes_in_the_order_of_the_labels(
    values: Sequence[Any], task: Task, classes: tuple[Any, ...], codes: list[int]
) -> None:
    dataset = make({"x": range(len(values)), "y": values})
    assert (dataset.task, dataset.classes) == (task, classes)
    assert [type(label) for label in dataset.classes] == [type(label) for label in classes]
    assert dataset.target.dtype == numpy.int64
    assert dataset.target.tolist() == codes
    assert dataset.num_outputs == (len(classes) if task is Task.MULTICLASS else 1)


TASKS = {
    "20 whole numbers": (range(20), "auto", Task.MULTICLASS),
    "21 whole numbers": (range(21), "auto", Task.REGRESSION),
    "21 words": ([f"w{i}" for i in range(21)], "auto", Task.MULTICLASS),
    "fractions": ([0.5, 1.0, 0.5], "auto", Task.REGRESSION),
    "whole numbers as a regression": ([1, 2, 3], "regression", Task.REGRESSION),
    "two numbers as a regression": ([0, 1, 1], "regression", Task.REGRESSION),
    "21 whole numbers as classes": (range(21), "multiclass", Task.MULTICLASS),
    "fractions as classes": ([0.5, 1.0, 1.5], "multiclass", Task.MULTICLASS),
    "two fractions as classes": ([0.5, 1.5, 0.5], "binary", Task.BINARY),
}


@pytest.mark.parametrize(("values", "asked", "task"), TASKS.values(), ids=TASKS)
def test_the_task_follows_the_values_unless_it_is_given(
    values: Sequence[Any], asked: str, task: Task
) -> None:
    dataset = make({"x": range(len(values)), "y": values}, task=asked)
    assert dataset.task is task
    if task is Task.REGRESSION:
        assert (dataset.classes, dataset.num_outputs) == ((), 1)
        assert dataset.target.dtype == numpy.float64
        assert dataset.target.tolist() == list(values)


WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], str, list[str]]] = {
    "no such target": (
        {"outcome": [0, 1], "x": [1, 2]},
        {"target": "outcmoe"},
        "data.target",
        ["'outcmoe'", "Did you mean `outcome`? Known: outcome, x."],
    ),
    "gaps in the target": (
        {"x": [1, 2, 3], "y": [1.5, None, None]},
        {},
        "data.target",
        ["'y'", "2 gaps", "data row 2", "Remove those rows."],
    ),
    "gaps among words": (
        {"x": [1, 2, 3], "y": ["a", "b", None]},
        {},
        "data.target",
        ["1 gaps", "data row 3"],
    ),
    "one class": (
        {"x": [1, 2], "y": ["a", "a"]},
        {},
        "data.target",
        ["two different values", "got only 'a'", "another column"],
    ),
    "one number": ({"x": [1, 2], "y": [2, 2]}, {}, "data.target", ["two different values", "got only 2."]),
    "infinite target": (
        {"x": [1, 2, 3], "y": [1.5, float("inf"), 2]},
        {},
        "data.target",
        ["'y' must be finite"],
    ),
    "text feature": (
        {"x": ["u", "v"], "z": [1, 2], "y": [0, 1]},
        {},
        "data",
        ["text in 'x'", "Encode it as numbers"],
    ),
    "six text features": (
        {**{f"x{i}": ["u", "v"] for i in range(6)}, "y": [0, 1]},
        {},
        "data",
        ["'x4' and 1 more columns"],
    ),
    "NaN feature": (
        {"x": [1, None, 3], "y": [0, 1, 0]},
        {},
        "data",
        ["gaps or infinite values in 'x'", "data row 2", "Fill them"],
    ),
    "infinite feature": (
        {"z": [1, 2, 3], "x": [1, 3, float("-inf")], "y": [0, 1, 0]},
        {},
        "data",
        ["values in 'x'", "data row 3"],
    ),
    "target among features": (
        {"x": [1, 2], "y": [0, 1]},
        {"features": ["x", "y"]},
        "data.features",
        ["the target 'y'", "Remove it."],
    ),
    "unknown feature": (
        {"alpha": [1, 2], "y": [0, 1]},
        {"features": ["alpha", "alhpa"]},
        "data.features.1",
        ["'alhpa'", "Did you mean `alpha`?"],
    ),
    "nothing but the target": ({"y": [0, 1]}, {}, "data", ["a column besides its target 'y'"]),
    "three classes as binary": (
        {"x": [1, 2, 3], "y": [0, 1, 2]},
        {"task": "binary"},
        "data.task",
        ["3 different values", "'binary'", "`task: auto`"],
    ),
    "two classes as multiclass": (
        {"x": [1, 2], "y": [0, 1]},
        {"task": "multiclass"},
        "data.task",
        ["2 different values", "`task: auto`"],
    ),
    "words as a regression": (
        {"x": [1, 2], "y": ["a", "b"]},
        {"task": "regression"},
        "data.task",
        ["not hold numbers", "`task: auto`"],
    ),
    "booleans as a regression": (
        {"x": [1, 2], "y": [True, False]},
        {"task": "regression"},
        "data.task",
        ["not hold numbers"],
    ),
    "an infinite number as a regression": (
        {"x": [1, 2], "y": [1, float("inf")]},
        {"task": "regression"},
        "data.target",
        ["finite"],
    ),
}


@pytest.mark.parametrize(("columns", "config", "place", "says"), WRONG.values(), ids=WRONG)
def test_a_wrong_table_is_explained(
    columns: dict[str, Any], config: dict[str, Any], place: str, says: list[str]
) -> None:
    with pytest.raises(DataError) as caught:
        make(columns, **config)
    message = str(caught.value)
    assert message.startswith(f"study.yaml:{place}: ")
    assert [part for part in says if part not in message] == []
    assert message.endswith(".")
    assert "numpy" not in message
    assert "np." not in message


def test_features_are_the_columns_asked_for_in_that_order_once() -> None:
    dataset = make({"a": [1, 2], "b": [3, 4], "text": ["u", "v"], "y": [0, 1]}, features=["b", "a", "b"])
    assert dataset.feature_names == ("b", "a")
    assert dataset.features.tolist() == [[3.0, 1.0], [4.0, 2.0]]
    assert dataset.features.dtype == numpy.float64


def test_booleans_are_numbers_as_features() -> None:
    assert make({"x": [True, False], "y": [0, 1]}).features.tolist() == [[1.0], [0.0]]


def test_a_frame_has_the_raw_rows_by_name() -> None:
    dataset = make({"a": [1, 2, 3], "b": [4, 5, 6], "y": [0, 1, 0]})
    assert dataset.frame(numpy.array([2, 0])).to_dict("list") == {"a": [3.0, 1.0], "b": [6.0, 4.0]}


COLUMNS = {"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0], "y": ["u", "v", "u"]}


def test_the_digest_does_not_change_with_a_reading(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,y\n1,4,u\n2,5,v\n3,6,u\n")
    config = DataConfig(path="t.csv", target="y")
    digests = {read_dataset(config, tmp_path, where).digest for _ in range(2)}
    assert digests == {make(COLUMNS).digest}
    assert len(digests.pop()) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"a": [1.0, 2.0, numpy.nextafter(3.0, 4.0)]},
        {"b": [4.0, 5.0, -6.0]},
        {"y": ["u", "v", "v"]},
        {"y": ["u", "w", "u"]},
        {"a": [4.0, 5.0, 6.0], "b": [1.0, 2.0, 3.0]},
        {"a": [2.0, 1.0, 3.0], "b": [5.0, 4.0, 6.0], "y": ["v", "u", "u"]},
        {"c": [0.0, 0.0, 0.0]},
    ],
    ids=["last bit", "sign", "label", "other word", "columns", "row order", "one more column"],
)
def test_the_digest_changes_with_one_value(change: dict[str, Any]) -> None:
    assert make(COLUMNS | change).digest != make(COLUMNS).digest


def test_the_digest_changes_with_a_name() -> None:
    renamed = {"A" if name == "a" else name: values for name, values in COLUMNS.items()}
    assert make(renamed).digest != make(COLUMNS).digest
    assert make(COLUMNS, features=["a"]).digest != make(COLUMNS).digest

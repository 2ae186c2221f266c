"""A table taken apart: columns, target, task and classes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from small_tables import make, split_by, where

from automl.config.reading import make_study
from automl.data.reading import read_dataset
from automl.trial import Task

LABELS = {
    "strings": (["b", "a", "c", "a"], Task.MULTICLASS, ("a", "b", "c"), [1, 0, 2, 0]),
    "gaps between whole numbers": (
        [1, 2, 3, 5, 6, 7, 1],
        Task.MULTICLASS,
        (1, 2, 3, 5, 6, 7),
        [0, 1, 2, 3, 4, 5, 0],
    ),
    "booleans": ([True, False, False], Task.BINARY, (False, True), [1, 0, 0]),
    "whole floats": ([2.0, 0.0, 1.0], Task.MULTICLASS, (0.0, 1.0, 2.0), [2, 0, 1]),
    "two whole numbers": ([7, -3, -3], Task.BINARY, (-3, 7), [1, 0, 0]),
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


@pytest.mark.parametrize(("values", "setting", "task"), TASKS.values(), ids=TASKS)
def test_the_task_follows_the_values_unless_it_is_given(
    values: Sequence[Any], setting: str, task: Task
) -> None:
    dataset = make({"x": range(len(values)), "y": values}, task=setting)
    assert dataset.task is task
    if task is Task.REGRESSION:
        assert (dataset.classes, dataset.num_outputs) == ((), 1)
        assert dataset.target.dtype == numpy.float64
        assert dataset.target.tolist() == list(values)


def test_features_are_the_columns_asked_for_in_that_order_once() -> None:
    dataset = make({"a": [1, 2], "b": [3, 4], "text": ["u", "v"], "y": [0, 1]}, features=["b", "a", "b"])
    assert dataset.feature_names == dataset.columns.names == ("b", "a")
    assert dataset.columns.numbers.tolist() == [[3.0, 1.0], [4.0, 2.0]]
    assert dataset.columns.numbers.dtype == numpy.float64


def test_text_gaps_infinite_values_and_booleans_are_taken_in() -> None:
    dataset = make(
        {
            "size": [1, None, float("inf"), 2],
            "color": ["red", " blue", None, "red"],
            "flag": [True, False, True, True],
            "y": [0, 1, 0, 1],
        }
    )
    numpy.testing.assert_array_equal(
        dataset.columns.numbers[:, 0], [1.0, numpy.nan, numpy.nan, 2.0], strict=True
    )
    assert dataset.columns.categories == ("color", "flag")
    assert dataset.columns.levels == (("", "blue", "red"), ("False", "True"))
    assert dataset.columns.codes.tolist() == [[2, 1], [1, 0], [0, 1], [2, 1]]


def test_columns_that_say_nothing_are_left_out_and_named() -> None:
    dataset = make(
        {
            "a": [1, 2, 3],
            "same": [5, 5, 5],
            "none": [None, None, None],
            "mine": ["p", "q", "p"],
            "y": [0, 1, 0],
        },
        columns={"mine": "drop"},
    )
    assert dataset.feature_names == ("a",)
    assert list(dataset.frame(numpy.arange(3)).columns) == ["a"]
    assert [note.partition(":")[0] for note in dataset.schema.notes] == ["'same'", "'none'", "'mine'"]


PANDAS_TYPES = {
    "Int64": ([1, 2, None, 2], "Int64"),
    "Float64": ([1, 2, None, 2], "Float64"),
    "arrow numbers": ([1, 2, None, 2], "int64[pyarrow]"),
    "boolean": ([True, False, None, True], "boolean"),
    "string": (["u", "v", None, "u"], "string"),
    "str": (["u", "v", None, "u"], "str"),
    "arrow text": (["u", "v", None, "u"], "string[pyarrow]"),
    "category": (["u", "v", None, "u"], "category"),
    "category of numbers": ([1, 2, None, 2], "category"),
    "datetime": (["2020-01-02", "1950-03-04", None, "2020-01-02"], "datetime64[ns]"),
    "datetime with a zone": (["2020-01-02", "1950-03-04", None, "2020-01-02"], "datetime64[us, UTC]"),
}


@pytest.mark.parametrize(("cells", "dtype"), PANDAS_TYPES.values(), ids=PANDAS_TYPES)
def test_a_column_means_the_same_in_every_type_of_pandas(cells: list[Any], dtype: str) -> None:
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    target = [0, 1, 0, 1]
    plain = make({"x": cells, "y": target}, columns={"x": "date"} if "datetime" in dtype else None)
    converted = make({"x": pandas.Series(cells).astype(dtype), "y": target})
    assert [column.kind for column in converted.schema.columns] == [
        column.kind for column in plain.schema.columns
    ]
    numpy.testing.assert_array_equal(converted.columns.numbers, plain.columns.numbers)
    assert converted.columns.levels == plain.columns.levels
    numpy.testing.assert_array_equal(converted.columns.codes, plain.columns.codes)


@pytest.mark.parametrize("dtype", ["Int64", "category", "int8", "object"])
def test_a_target_means_the_same_in_every_type_of_pandas(dtype: str) -> None:
    dataset = make({"x": [1, 2, 3], "y": pandas.Series([7, -3, 7]).astype(dtype)})
    assert (dataset.task, dataset.classes) == (Task.BINARY, (7, -3))
    assert dataset.target.tolist() == [0, 1, 0]


def test_weights_are_no_feature_and_have_a_mean_of_1() -> None:
    dataset = make({"x": [1, 2, 3], "w": [2, 0, 4], "y": [0, 1, 0]}, weights="w")
    assert dataset.feature_names == ("x",)
    assert dataset.weights.tolist() == [1.0, 0.0, 2.0]
    assert make({"x": [1, 2, 3], "y": [0, 1, 0]}).weights.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(("kind", "features"), [("group", ("x",)), ("column", ("x",)), ("time", ("x", "g"))])
def test_the_column_that_splits_go_by_is_a_feature_if_it_is_the_time(
    kind: str, features: tuple[str, ...]
) -> None:
    dataset = split_by(kind)
    assert dataset.feature_names == features
    assert dataset.by is not None
    assert dataset.by.tolist() == [5, 6, 5]


def test_a_frame_has_the_raw_rows_by_name() -> None:
    dataset = make({"a": [1, 2, 3], "b": [4, 5, 6], "y": [0, 1, 0]})
    assert dataset.frame(numpy.array([2, 0])).to_dict("list") == {"a": [3, 1], "b": [6, 4]}
    raw = make({"a": [" u", None, "v"], "y": [0, 1, 0]}).frame(numpy.array([0, 1]))
    assert raw["a"].isna().tolist() == [False, True] and raw["a"][0] == " u"


COLUMNS = {"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0], "y": ["u", "v", "u"]}


def test_the_digest_does_not_change_with_a_reading(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,y\n1,4,u\n2,5,v\n3,6,u\n")
    study = make_study({"name": "t", "data": {"path": "t.csv", "target": "y"}})
    digests = {read_dataset(study, tmp_path, where).digest for _ in range(2)}
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
        {"c": [0.0, 0.0, 1.0]},
        {"a": [1.0, 2.0, None]},
        {"a": ["1", "2", "x"]},
    ],
    ids=[
        "last bit",
        "sign",
        "label",
        "other word",
        "columns",
        "row order",
        "one more column",
        "a gap",
        "text",
    ],
)
def test_the_digest_changes_with_one_value(change: dict[str, Any]) -> None:
    assert make(COLUMNS | change).digest != make(COLUMNS).digest


def test_the_digest_changes_with_a_name() -> None:
    renamed = {"A" if name == "a" else name: values for name, values in COLUMNS.items()}
    assert make(renamed).digest != make(COLUMNS).digest
    assert make(COLUMNS, features=["a"]).digest != make(COLUMNS).digest


def test_the_digest_changes_with_the_weights_and_with_what_splits_go_by() -> None:
    first, second = (make(COLUMNS | {"w": weights}, weights="w").digest for weights in ([1, 2, 1], [1, 1, 2]))
    assert first != second
    assert split_by("group").digest != split_by("group", g=[5, 6, 6]).digest

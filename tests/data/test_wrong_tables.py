"""Everything about a table that is refused, with its place in the study file and its cure."""

from typing import Any

import pandas
import pytest
from small_tables import make, split_by, where

from automl.config.sections import DataConfig
from automl.data.dataset import make_dataset
from automl.errors import DataError

WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], str, list[str]]] = {
    "no such target": (
        {"outcome": [0, 1], "x": [1, 2]},
        {"target": "outcmoe"},
        "data.target",
        ["'outcmoe'", "Did you mean `outcome`? Known: outcome, x."],
    ),
    "gaps in the target": (
        {"x": [1, 2, 3], "y": [1.5, None, None]},
        {"rows_without_target": "refuse"},
        "data.target",
        ["'y'", "2 gaps", "data row 2", "Remove those rows", "`rows_without_target: drop`."],
    ),
    "gaps among words": (
        {"x": [1, 2, 3], "y": ["a", "b", " "]},
        {"rows_without_target": "refuse"},
        "data.target",
        ["1 gap,", "data row 3"],
    ),
    "a target of gaps": (
        {"x": [1, 2, 3], "y": [None, None, " "]},
        {},
        "data.target",
        ["'y' must have values", "every cell is a gap"],
    ),
    "a positive class that is not there": (
        {"x": [1, 2, 3], "y": ["ok", "fraud", "ok"]},
        {"positive": "frued"},
        "data.positive",
        ["name a class of the target", "'frued'", "Did you mean `fraud`?"],
    ),
    "a positive class of three": (
        {"x": [1, 2, 3], "y": ["a", "b", "c"]},
        {"positive": "a"},
        "data.positive",
        ["be left out", "has 3 classes", "Remove it."],
    ),
    "a positive class of numbers": (
        {"x": [1, 2, 3], "y": [0.5, 1.5, 2.5]},
        {"positive": 1},
        "data.positive",
        ["be left out", "holds numbers", "Remove it."],
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
    "nothing to learn from": (
        {"x": ["u", "u"], "z": [None, None], "y": [0, 1]},
        {},
        "data",
        ["no column is left", "'x': every cell is 'u'", "'z': every cell is a gap", "`data.columns`"],
    ),
    "everything dropped": (
        {"x": [1, 2], "y": [0, 1]},
        {"columns": {"x": "drop"}},
        "data",
        ["no column is left", "'x': dropped (data.columns)"],
    ),
    "the kind of an unknown column": (
        {"alpha": [1, 2], "y": [0, 1]},
        {"columns": {"alhpa": "numeric"}},
        "data.columns.alhpa",
        ["'alhpa'", "Did you mean `alpha`?"],
    ),
    "a kind that is none": (
        {"x": [1.0, 2.0, 3.0], "y": ["a", "b", "a"]},
        {"columns": {"x": "numerical"}},
        "data.columns.x",
        [
            "`data.columns.x` must be one of numeric, categorical, date",
            "drop, got 'numerical'",
            "Did you mean `numeric`?",
        ],
    ),
    "words called numbers": (
        {"x": ["u", "v"], "y": [0, 1]},
        {"columns": {"x": "numeric"}},
        "data.columns.x",
        ["calls 'x' numeric", "Remove the line."],
    ),
    "words called dates": (
        {"n": [1, 2], "x": ["u", "2020-13-01"], "y": [0, 1]},
        {"columns": {"x": "date"}},
        "data.columns.x",
        ["calls 'x' date", "Remove the line."],
    ),
    "unknown weights": (
        {"alpha": [1, 2], "y": [0, 1]},
        {"weights": "alhpa"},
        "data.weights",
        ["'alhpa'", "Did you mean `alpha`?"],
    ),
    "the target as weights": ({"x": [1, 2], "y": [0, 1]}, {"weights": "y"}, "data.weights", ["'y'"]),
    "negative weights": (
        {"x": [1, 2, 3], "w": [1, 0, -2], "y": [0, 1, 0]},
        {"weights": "w"},
        "data.weights",
        ["'w'", "0 or more", "-2", "data row 3"],
    ),
    "a gap among the weights": (
        {"x": [1, 2, 3], "w": [1, None, 2], "y": [0, 1, 0]},
        {"weights": "w"},
        "data.weights",
        ["data row 2"],
    ),
    "words as weights": (
        {"x": [1, 2], "w": ["heavy", "light"], "y": [0, 1]},
        {"weights": "w"},
        "data.weights",
        ["'heavy' in data row 1"],
    ),
    "weights of nothing": (
        {"x": [1, 2], "w": [0, 0], "y": [0, 1]},
        {"weights": "w"},
        "data.weights",
        ["not zeros only"],
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
    "nothing but the target": ({"y": [0, 1]}, {}, "data", ["a column other than its target 'y'"]),
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


def test_a_column_that_splits_cannot_go_by_is_explained() -> None:
    with pytest.raises(DataError, match=r"^study.yaml:splits.by: .*'h'.* Known: x, g\.$"):
        split_by("group", "h")
    with pytest.raises(DataError, match=r"^study.yaml:splits.by: .*'y'.* Known: x, g\.$"):
        split_by("group", "y")
    with pytest.raises(DataError, match=r"'g'.* 2 gaps, the first in data row 2"):
        split_by("group", g=["u", None, None])


def test_a_name_that_stands_twice_is_explained() -> None:
    table = pandas.DataFrame([[1, 2, 0], [2, 1, 1]], columns=[1, "1", "y"])
    with pytest.raises(DataError, match=r"^study.yaml:data: the column name '1' occurs twice"):
        make_dataset(table, "y", DataConfig(path="t.csv", target="y"), where)


def test_more_columns_than_a_network_can_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automl.data.dataset.MOST_INPUTS", 2)
    with pytest.raises(DataError, match=r"3 columns, more than 2\. .*`data.features`"):
        make({**{name: [1, 2] for name in "abc"}, "y": [0, 1]})

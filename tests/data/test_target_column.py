"""The target column: blanks, rows without a target, labels that differ in case, rare classes, the positive class."""

from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from small_tables import classes, make, where
from split_checks import split

from automl.config.sections import DataConfig, SplitsConfig
from automl.config.study import StudyConfig
from automl.data.dataset import Dataset, make_dataset
from automl.data.reading import read_dataset
from automl.data.splits import few_rows_note
from automl.errors import DataError
from automl.trial import Task


def with_splits(labels: list[Any], **splits: Any) -> Dataset:
    table = pandas.DataFrame({"x": numpy.arange(len(labels)) / 2, "y": labels})
    config = DataConfig(path="t.csv", target="y")
    return make_dataset(table, "y", config, where, SplitsConfig.model_validate(splits))


@pytest.mark.parametrize(
    ("labels", "positive", "names"),
    [
        (["ok", "fraud", "ok"], None, ("ok", "fraud")),
        (["ok", "suspect", "ok"], None, ("ok", "suspect")),
        (["ok", "fraud", "fraud", "ok"], None, ("fraud", "ok")),
        (["ok", "fraud", "ok"], "ok", ("fraud", "ok")),
        ([1, 0, 1], None, (1, 0)),
        ([1, 0, 1], 1, (0, 1)),
        ([1.0, 0.0, 1.0], "1", (0.0, 1.0)),
        ([True, False, True], True, (False, True)),
        ([True, False, True], "yes", (False, True)),
        ([True, "no", "no"], "True", ("no", "True")),
    ],
)
def test_the_positive_class_is_the_rarer_one_or_the_one_that_is_named(
    labels: list[Any], positive: Any, names: tuple[Any, ...]
) -> None:
    dataset = make({"x": [row % 7 for row in range(len(labels))], "y": labels}, positive=positive)
    assert dataset.classes == names
    assert dataset.positive == names[1]
    assert dataset.target.sum() == sum(str(label) == str(names[1]) for label in labels)
    [note] = dataset.notes
    assert note.startswith(f"the positive class is {names[1]!r} (")
    assert ("set in the study file" in note) == (positive is not None)
    assert ("of equal size" in note) == (positive is None and len(labels) == 4)


def test_more_classes_and_numbers_have_no_positive_class() -> None:
    assert make({"x": range(3), "y": ["b", "a", "c"]}).positive is None
    assert make({"x": range(3), "y": [0.5, 1.5, 2.5]}).positive is None


def test_the_digest_changes_with_the_positive_class_only_where_codes_do() -> None:
    def digest(**data: Any) -> str:
        return make({"x": [1, 2, 3], "y": ["ok", "suspect", "ok"]}, **data).digest

    assert digest() == digest(positive="suspect") != digest(positive="ok")


@pytest.mark.parametrize("label", ["ckd ", "ckd\t", " ckd", "\nckd\r"])
def test_blanks_around_a_label_are_none_of_it(label: str) -> None:
    plain = make({"x": range(5), "y": ["ckd", "no", "ckd", "no", "no"]})
    odd = make({"x": range(5), "y": [label, "no ", "ckd", "no", "no"]})
    assert (odd.task, odd.classes, odd.notes) == (Task.BINARY, ("no", "ckd"), plain.notes)
    numpy.testing.assert_array_equal(odd.target, plain.target)
    assert odd.digest == plain.digest


def test_labels_that_differ_in_case_are_pointed_out_and_stay_apart() -> None:
    dataset = make({"x": range(5), "y": ["ckd", "CKD", "ckd", "no", "Ckd "]})
    assert dataset.classes == ("CKD", "Ckd", "ckd", "no")
    [note] = dataset.notes
    assert "differ in case only: 'CKD' (1 row) and 'Ckd' (1 row) and 'ckd' (2 rows)" in note
    assert make({"x": range(3), "y": ["a", "b", "c"]}).notes == ()


def test_a_rare_spelling_is_read_as_the_usual_one_and_that_is_said() -> None:
    cells = ["ckd"] * 20 + ["no"] * 19
    dataset = make({"x": range(40), "y": [*cells, "CKD "]})
    plain = make({"x": range(40), "y": [*cells, "ckd"]})
    assert (dataset.task, dataset.classes) == (Task.BINARY, plain.classes)
    numpy.testing.assert_array_equal(dataset.target, plain.target)
    assert (
        dataset.notes[0]
        == "the label 'CKD' (1 row) differs from 'ckd' in case only, and is read as the same label"
    )
    assert dataset.notes[1:] == plain.notes
    fewer = make({"x": range(39), "y": [*cells[1:], "CKD"]})
    assert fewer.task is Task.MULTICLASS and "differ in case only" in fewer.notes[0]


def test_a_rare_class_that_differs_in_case_says_so() -> None:
    dataset = make({"x": range(21), "y": ["ckd"] * 10 + ["no"] * 10 + ["CKD"]})
    with pytest.raises(
        DataError, match=r"class 'CKD' .* Write it as 'ckd', from which it differs in case only"
    ):
        split(dataset)


@pytest.mark.parametrize("gap", [None, numpy.nan, "", " \t"])
def test_rows_without_a_target_are_left_out_and_counted(gap: Any) -> None:
    table = {"x": [1, 2, 3, 4, 5], "c": list("uvuvu"), "w": [1.0, -1.0, 3.0, 1.0, 1.0]}
    dataset = make({**table, "y": ["a", gap, "b", "c", gap]}, weights="w")
    assert dataset.rows.tolist() == [0, 2, 3]
    assert dataset.notes == ("2 rows without a target are left out, the first is data row 2",)
    alone = make(
        {name: [cells[row] for row in (0, 2, 3)] for name, cells in table.items()} | {"y": list("abc")}
    )
    numpy.testing.assert_array_equal(dataset.columns.numbers, alone.columns.numbers[:, :1])
    numpy.testing.assert_array_equal(dataset.columns.codes, alone.columns.codes)
    assert dataset.target.tolist() == alone.target.tolist()
    assert dataset.frame(numpy.array([1]))["x"].tolist() == [3]
    assert dataset.weights == pytest.approx([0.6, 1.8, 0.6])


def test_numbers_are_what_they_were_before_gaps_stood_beside_them() -> None:
    dataset = make({"x": range(4), "y": [1, None, 2, 1]})
    assert dataset.classes == (1, 2) and isinstance(dataset.classes[0], int)
    assert make({"x": range(4), "y": [1.0, 2.0, 2.0, 1.0]}).classes == (1.0, 2.0)
    numbers = make({"x": range(4), "y": [1.5, None, 2.5, 4.0]})
    assert numbers.target.tolist() == [1.5, 2.5, 4.0]


def test_rows_are_named_by_their_numbers_in_the_file() -> None:
    cells = ["oops", *["1.5", "2.5", "3.5"] * 10]
    dataset = make({"x": cells, "y": [None, None, *list("ab") * 14, "b"]})
    assert "'x'" not in "".join(dataset.schema.notes)
    dataset = make({"x": cells[::-1], "y": [None, *list("ab") * 15]})
    assert dataset.schema.notes[0].endswith("is treated as a gap, in data row 31")
    with pytest.raises(DataError, match=r"-1.* in data row 3"):
        make({"x": [1, 2, 3], "w": [-5, 1, -1], "y": [None, 0, 1]}, weights="w")


def test_rare_classes_can_be_left_out() -> None:
    labels = ["a"] * 20 + ["b"] * 15 + ["c"] * 6 + ["d"]
    dataset = with_splits(labels, rare_classes="drop")
    assert dataset.classes == ("a", "b") and len(dataset.target) == 35
    assert (
        dataset.notes[0]
        == "2 classes with too few rows for 5 folds are left out with 7 rows: 'c' (6), 'd' (1)"
    )
    assert with_splits(labels, rare_classes="drop", folds=4).classes == ("a", "b", "c")
    assert with_splits(labels).classes == ("a", "b", "c", "d")
    with pytest.raises(DataError, match=r"^study.yaml:splits.rare_classes: .*3 of 4 have too few rows"):
        with_splits(["a"] * 20 + ["b", "b", "c", "d"], rare_classes="drop")


@pytest.mark.parametrize("count", range(6, 14))
@pytest.mark.parametrize("share", [0.0, 0.15, 0.2, 0.4])
def test_classes_that_are_kept_can_be_split(count: int, share: float) -> None:
    splits = {"rare_classes": "drop", "test": share, "folds": 5}
    dataset = with_splits(["a"] * 60 + ["b"] * 50 + ["c"] * count, **splits)
    splits_made = split(dataset, **splits)
    assert len(splits_made.folds) == 5 and splits_made.notes == ()
    if "c" in dataset.classes:
        assert all((dataset.target[fold.validation] == 2).any() for fold in splits_made.folds)


def test_what_the_scores_of_a_class_of_few_rows_can_mean() -> None:
    dataset = classes(4995, 5)
    note = few_rows_note(dataset, split(dataset))
    assert "the class 'class 1' has few rows: 4 to search on, 1 in each set of validation rows" in note
    assert "1 in the test set" in note and "sets of stopping rows" in note
    assert "±49 percentage points, and on the test set it changes in steps of 100" in note
    enough, three = classes(60, 50), classes(60, 20, 30)
    assert few_rows_note(enough, split(enough)) == ""
    assert "; 1 other class has few too" in few_rows_note(three, split(three))


N = 60
AMOUNTS: dict[str, tuple[list[Any], list[float], dict[str, Any]]] = {
    "percent": ([f"{i / 8:.3f} %" for i in range(N)], [i / 8 for i in range(N)], {}),
    "decimal commas": ([f"{i},25" for i in range(N)], [i + 0.25 for i in range(N)], {}),
    "few decimal commas": (["1,5", "2,25"] * 30, [1.5, 2.25] * 30, {}),
    "money": ([f"$1,{100 + i}.50" for i in range(N)], [1100.5 + i for i in range(N)], {}),
    "thousands as told": (
        [f"{i + 1}.125" for i in range(N)],
        [1125.0 + 1000 * i for i in range(N)],
        {"decimal": ","},
    ),
    "few whole ones as told": (["1 kg", "2 kg"] * 30, [1.0, 2.0] * 30, {"task": "regression"}),
}


@pytest.mark.parametrize(("cells", "values", "config"), AMOUNTS.values(), ids=AMOUNTS)
def test_amounts_that_people_write_are_numbers(
    cells: list[Any], values: list[float], config: dict[str, Any]
) -> None:
    dataset = make({"x": [i / 3 for i in range(N)], "y": cells}, **config)
    assert dataset.task is Task.REGRESSION
    assert dataset.target.tolist() == values
    is_noted = any(note.startswith("the target 'y': read as numbers") for note in dataset.notes)
    assert is_noted or "decimal" in config


@pytest.mark.parametrize(
    "cells",
    [
        ["<=50K", ">50K"] * 30,
        ["0.5-1", "1-1.5", "1.5-2"] * 20,
        ["2 years", "3 years"] * 30,
        [f"0{i:03d}" for i in range(N)],
        ["10%", "20%"] * 30,
        ["1.5 a", "2.5 b"] * 30,
    ],
)
def test_labels_with_digits_stay_labels(cells: list[Any]) -> None:
    dataset = make({"x": [i / 3 for i in range(N)], "y": cells})
    assert dataset.task is not Task.REGRESSION and set(dataset.classes) == set(cells)


def test_words_for_gaps_among_amounts_and_told_ones_are_rows_without_a_target() -> None:
    cells = [f"{i}.5" for i in range(N - 3)]
    dataset = make({"x": [i / 3 for i in range(N)], "y": [*cells, "?", "-", "unknown"]})
    assert dataset.rows.tolist() == list(range(N - 3))
    assert any(
        "3 rows without a target are left out, the first is data row 58" in note for note in dataset.notes
    )
    declared = make({"x": [i / 3 for i in range(N)], "y": [-200, *range(N - 2), -200]}, gaps={"y": [-200]})
    assert declared.rows.tolist() == list(range(1, N - 1))


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.jsonl"])
def test_none_among_labels_is_a_class_as_people_write_it(tmp_path: Path, name: str) -> None:
    """Of a table of bird strikes, nine rows of ten were left out: their damage is called `None`."""
    labels = ["None", "Minor", "None", "", "Major", " None"] * 10
    rows = {"x": [row / 2 for row in range(60)], "y": labels}
    if name == "t.jsonl":
        pandas.DataFrame(rows).to_json(tmp_path / name, orient="records", lines=True)
    else:
        pandas.DataFrame(rows).to_csv(tmp_path / name, index=False, sep="\t" if name == "t.tsv" else ",")

    def read(**data: Any) -> Dataset:
        config = StudyConfig(name="t", data=DataConfig(path=name, target="y", **data))
        return read_dataset(config, tmp_path, where)

    dataset = read()
    assert dataset.classes == ("Major", "Minor", "None")
    assert dataset.target.tolist() == [2, 1, 2, 0, 2] * 10
    assert any("10 rows without a target are left out" in note for note in dataset.notes)
    assert any("the label 'None' (30 rows) is a separate class" in note for note in dataset.notes)
    declared = read(gaps={"y": ["None"]})
    assert declared.classes == ("Major", "Minor") and len(declared.target) == 20
    assert not any("'None'" in note for note in declared.notes)


@pytest.mark.parametrize("cells", [["1.5", "None", "2.25"], ["True", "None", "False"], ["NA", "a", "b"]])
def test_none_among_other_cells_than_words_is_a_gap(tmp_path: Path, cells: list[str]) -> None:
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{row},{cells[row % 3]}\n" for row in range(30)))
    config = StudyConfig(name="t", data=DataConfig(path="t.csv", target="y"))
    assert len(read_dataset(config, tmp_path, where).target) == 20


def notes_of(labels: list[Any], **data: Any) -> str:
    return " | ".join(make({"x": [row % 7 for row in range(len(labels))], "y": labels}, **data).notes)


def test_labels_that_may_stand_for_gaps_are_pointed_out() -> None:
    notes = notes_of(["?", "hi", "lo", "unknown"] * 5)
    assert "the label '?' (5 rows) is a separate class; if it stands for a missing label" in notes
    assert 'write `gaps: {"y": ["unknown"]}` under `data`' in notes
    assert "separate class" not in notes_of(["hi", "lo"] * 5)
    assert make({"x": range(20), "y": ["?", "hi", "lo", "hi"] * 5}, gaps={"y": ["?"]}).classes == ("hi", "lo")


def test_labels_that_are_amounts_or_dates_are_pointed_out() -> None:
    assert "write `task: regression` under `data` if they are amounts" in notes_of(
        ["10 %", "20 %", "30 %"] * 5
    )
    assert "the target holds dates" in notes_of([f"2024-05-{1 + row % 25:02}" for row in range(50)])
    several = notes_of([f"{row} kg" if row % 2 else f"{row} g" for row in range(50)])
    assert "the target 'y': looks like numbers in different units" in several
    for labels in (["<=50K", ">50K"], ["18-24", "25-34", "45+"], ["low", "high"], ["A1", "B2"]):
        assert "amounts" not in notes_of(labels * 10), labels


def test_a_value_of_the_target_that_may_stand_for_a_gap_is_pointed_out() -> None:
    amounts = [-999.0 if row % 12 == 0 else 20.0 + row / 7 for row in range(120)]
    assert "the target 'y': -999 occurs in 10 cells, far from the rest: if it stands" in notes_of(amounts)
    assert "far from the rest" not in notes_of(amounts, gaps={"y": [-999]})

"""What is learned of the columns: by hand, from fit rows alone, finite on any table."""

import dataclasses
from typing import Any

import numpy
import pandas
import pytest
from draws import draws
from hypothesis import given
from hypothesis import strategies as st
from nasty_tables import repeated, tables, targets
from sklearn.preprocessing import StandardScaler
from small_tables import make, where

from automl.config.sections import DataConfig
from automl.data.columns import Columns, numeric_columns
from automl.data.dataset import make_dataset
from automl.data.encoding import encode_columns
from automl.data.features import levels
from automl.data.features.encodings import ENCODINGS
from automl.data.features.levels import LEAST_LEVELS, LEAST_ROWS_OF_A_LEVEL, MOST_LEVELS
from automl.data.preprocessing import EMBEDDED_ABOVE, fit_preprocessing, make_layout
from automl.errors import DataError

NAN = numpy.nan


def levels_of(*texts: str) -> Columns:
    """A table of one column of levels."""
    return make({"x": texts, "y": targets(len(texts))}, columns={"x": "categorical"}).columns


def all_rows(columns: Columns) -> numpy.ndarray:
    return numpy.arange(len(columns))


# --- numbers ------------------------------------------------------------------------------------------------


def test_a_gap_is_the_median_and_is_marked() -> None:
    values = numpy.array([[1.0, 5.0], [NAN, 6.0], [3.0, 7.0], [100.0, 8.0]])
    columns = numeric_columns(values, ["a", "b"])
    layout = make_layout(columns, all_rows(columns))
    assert layout.numbers.gaps.tolist() == [0]
    assert layout.num_inputs("standard") == 3
    preprocessing = fit_preprocessing(columns, layout, "standard")
    assert preprocessing.numbers.medians.tolist() == [3.0, 6.5]
    filled = numpy.where(numpy.isnan(values), 3.0, values)
    inputs = preprocessing.apply(columns)
    assert inputs.dtype == numpy.float32
    numpy.testing.assert_allclose(inputs[:, :2], StandardScaler().fit_transform(filled), rtol=1e-6)
    assert inputs[:, 2].tolist() == [0.0, 1.0, 0.0, 0.0]


def test_gaps_that_the_fit_rows_do_not_show_are_filled_and_not_marked() -> None:
    """A place for the mark is there in every fold; its weight has seen nothing but 0."""
    columns = numeric_columns(numpy.array([[1.0], [3.0], [NAN]]), ["a"])
    layout = make_layout(columns, all_rows(columns))
    preprocessing = fit_preprocessing(columns.take(slice(2)), layout, "standard")
    assert preprocessing.apply(columns).tolist() == [[-1.0, 0.0], [1.0, 0.0], [0.0, 0.0]]


def test_gaps_of_other_rows_have_no_place() -> None:
    """A gap in a test row is filled with the median, and adds no input."""
    columns = numeric_columns(numpy.array([[1.0], [3.0], [NAN]]), ["a"])
    layout = make_layout(columns, numpy.array([0, 1]))
    inputs = fit_preprocessing(columns.take(slice(2)), layout, "standard").apply(columns)
    assert inputs.tolist() == [[-1.0], [1.0], [0.0]]


def test_a_column_of_gaps_is_0_and_marked() -> None:
    columns = numeric_columns(numpy.array([[NAN], [NAN], [4.0]]), ["a"])
    layout = make_layout(columns, all_rows(columns))
    preprocessing = fit_preprocessing(columns.take(slice(2)), layout, "standard")
    assert preprocessing.apply(columns).tolist() == [[0.0, 1.0], [0.0, 1.0], [0.0, 0.0]]


def test_the_encoding_is_the_named_one_and_knows_its_width() -> None:
    values = numpy.random.default_rng(0).normal(size=(60, 2))
    values[:, 1] = values[:, 1].round()
    columns = numeric_columns(values, ["a", "b"])
    layout = make_layout(columns, all_rows(columns))
    distinct = len(numpy.unique(values[:, 1]))
    assert layout.numbers.num_bins.tolist() == [24, distinct - 1]
    for name, fit in ENCODINGS.items():
        inputs = fit_preprocessing(columns, layout, name).apply(columns)
        assert inputs.shape == (60, layout.num_inputs(name))
        numpy.testing.assert_allclose(
            inputs, fit(values, layout.numbers.num_bins).apply(values), rtol=1e-6, atol=1e-7
        )


# --- levels -------------------------------------------------------------------------------------------------


def test_frequent_levels_have_an_input_and_rare_ones_share_the_last() -> None:
    columns = levels_of(*["b"] * 6, *["a"] * 5, *["c"] * 4, "d")
    layout = make_layout(columns, all_rows(columns))
    assert layout.slots.tolist() == [3]
    preprocessing = fit_preprocessing(columns, layout, "standard")
    inputs = preprocessing.apply(columns)
    expected = [[1, 0, 0]] * 6 + [[0, 1, 0]] * 5 + [[0, 0, 1]] * 5
    assert inputs.tolist() == expected, "the most frequent level comes first"


def new_level(columns: Columns) -> Columns:
    """One row with a level that the table did not have."""
    return dataclasses.replace(columns.take(slice(1)), codes=numpy.array([[-1]], numpy.int32))


def test_a_new_level_is_a_rare_one_or_has_no_input() -> None:
    for texts, last in ((["a"] * 5 + ["b"] * 5 + ["c"], 1.0), (["a"] * 5 + ["b"] * 5, 0.0)):
        columns = levels_of(*texts)
        preprocessing = fit_preprocessing(columns, make_layout(columns, all_rows(columns)), "standard")
        assert preprocessing.apply(new_level(columns)).tolist() == [[0.0, 0.0, last]]


def test_a_gap_is_a_level_like_any_other() -> None:
    columns = make({"x": ["a", None, "", " "] * 5, "y": targets(20)}).columns
    assert columns.levels == (("", "a"),)
    preprocessing = fit_preprocessing(columns, make_layout(columns, all_rows(columns)), "standard")
    assert preprocessing.apply(columns.take(slice(3))).tolist() == [[0, 1, 0], [1, 0, 0], [1, 0, 0]]


def test_a_fold_that_lacks_a_level_leaves_its_place_empty() -> None:
    """Every fold has the same inputs; in a fold where `b` is rare, its rows are among the pooled ones."""
    columns = levels_of(*["a"] * 6, *["b"] * 6)
    layout = make_layout(columns, all_rows(columns))
    assert layout.slots.tolist() == [3]
    fit = columns.take(numpy.array([0, 1, 2, 3, 4, 6, 7]))
    inputs = fit_preprocessing(fit, layout, "standard").apply(columns)
    assert inputs[[0, 6]].tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    none = fit_preprocessing(columns.take(slice(6)), layout, "standard").apply(columns)
    assert none[[0, 6]].tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


def test_rows_that_come_several_times_make_no_more_levels_than_there_are_places() -> None:
    """A bootstrap resample may hold a rare level often."""
    columns = levels_of(*["a"] * 6, *["b"] * 4, *["c"] * 4)
    layout = make_layout(columns, all_rows(columns))
    assert layout.slots.tolist() == [2]
    resample = columns.take(numpy.array([0, 1, 2, *[6] * 7, *[10] * 6]))
    inputs = fit_preprocessing(resample, layout, "standard").apply(columns)
    assert inputs[[0, 6, 10]].tolist() == [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]


def test_no_more_than_the_most_frequent_levels_have_inputs() -> None:
    texts = [
        f"w{level:03}" for level in range(MOST_LEVELS + 9) for _ in range(LEAST_ROWS_OF_A_LEVEL + level % 2)
    ]
    columns = levels_of(*texts)
    layout = make_layout(columns, all_rows(columns))
    assert layout.slots.tolist() == [MOST_LEVELS + 1]
    inputs = fit_preprocessing(columns, layout, "standard").apply(columns)
    assert (inputs.sum(axis=1) == 1.0).all()
    levels_with_inputs = {text for text, row in zip(texts, inputs, strict=True) if row[-1] == 0.0}
    assert len(levels_with_inputs) == MOST_LEVELS
    assert {f"w{level:03}" for level in range(1, MOST_LEVELS + 9, 2)} <= levels_with_inputs, (
        "those with a row more"
    )


def test_many_levels_are_embedded_and_their_places_count_from_the_end() -> None:
    """Numbers and gaps come first, so the places are the same under every encoding."""
    rows = 3 * LEAST_ROWS_OF_A_LEVEL * (EMBEDDED_ABOVE + 1)
    table = {
        "size": numpy.arange(rows) * 1.0,
        "few": [f"f{row % EMBEDDED_ABOVE:02}" for row in range(rows)],
        "many": [f"m{row % (EMBEDDED_ABOVE + 1):02}" for row in range(rows)],
        "two": ["a", "b", "b"] * (rows // 3),
        "y": targets(rows),
    }
    columns = make(table, columns={"few": "categorical", "many": "categorical"}).columns
    layout = make_layout(columns, all_rows(columns))
    assert layout.slots.tolist() == [EMBEDDED_ABOVE + 1, EMBEDDED_ABOVE + 2, 3]
    [(back, count)] = layout.embedded
    assert count == EMBEDDED_ABOVE + 2
    for encoding in ENCODINGS:
        inputs = fit_preprocessing(columns, layout, encoding).apply(columns)
        level_inputs = inputs[:, inputs.shape[1] - back :][:, :count]
        assert [f"m{level:02}" for level in range(count - 1)] == sorted(
            {table["many"][row] for row in numpy.flatnonzero(level_inputs[:, :-1].any(axis=1))}
        )
        for place in range(count - 1):
            assert len({table["many"][row] for row in numpy.flatnonzero(level_inputs[:, place])}) == 1


def test_of_large_tables_fewer_levels_have_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"w{level:03}" for level in range(300) for _ in range(LEAST_ROWS_OF_A_LEVEL)]
    columns = levels_of(*texts)
    for room, expected in ((300, 300), (299, 256), (100, LEAST_LEVELS)):
        monkeypatch.setattr(levels, "_MOST_LEVEL_BYTES", 4 * len(texts) * room)
        assert make_layout(columns, all_rows(columns)).slots.tolist() == [expected + 1]


# --- leaks --------------------------------------------------------------------------------------------------

MIXED = pandas.DataFrame(
    {
        "size": numpy.where(numpy.arange(60) % 7 == 0, NAN, numpy.random.default_rng(1).lognormal(size=60)),
        "color": [["red", "blue", "green", None][row % 4] for row in range(60)],
        "born": [f"19{50 + row % 40}-0{1 + row % 9}-11" for row in range(60)],
        "y": targets(60),
    }
)


def learned(value: Any) -> list[Any]:
    """All numbers in a dataclass, however deep."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [part for field in dataclasses.fields(value) for part in learned(getattr(value, field.name))]
    if isinstance(value, tuple):
        return [part for item in value for part in learned(item)]
    return [value]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_rows_that_are_not_fit_rows_teach_nothing(encoding: str) -> None:
    """Other numbers, gaps, levels and dates in them: all that is learned stays the same to the last bit."""
    columns = make({name: MIXED[name] for name in MIXED}).columns
    layout = make_layout(columns, numpy.arange(50))
    fit, hidden = numpy.arange(0, 50, 2), numpy.concatenate([numpy.arange(1, 50, 2), numpy.arange(50, 60)])
    changed = dataclasses.replace(columns, numbers=columns.numbers.copy(), codes=columns.codes.copy())
    changed.numbers[hidden] = numpy.where(numpy.isnan(changed.numbers[hidden]), 1e9, NAN)
    changed.codes[hidden] = 3 - changed.codes[hidden]
    preprocessing, of_changed = (
        fit_preprocessing(version.take(fit), layout, encoding) for version in (columns, changed)
    )
    for expected, actual in zip(learned(preprocessing), learned(of_changed), strict=True):
        numpy.testing.assert_array_equal(expected, actual, strict=True)
    numpy.testing.assert_array_equal(
        preprocessing.apply(columns.take(fit)), of_changed.apply(changed.take(fit))
    )


def test_the_places_depend_on_training_rows_alone() -> None:
    columns = make({name: MIXED[name] for name in MIXED}).columns
    changed = dataclasses.replace(columns, numbers=columns.numbers.copy(), codes=columns.codes.copy())
    changed.numbers[50:], changed.codes[50:] = NAN, 0
    for expected, actual in zip(
        learned(make_layout(columns, numpy.arange(50))),
        learned(make_layout(changed, numpy.arange(50))),
        strict=True,
    ):
        numpy.testing.assert_array_equal(expected, actual)


# --- any table ----------------------------------------------------------------------------------------------


@draws(150)
@given(tables(), st.sampled_from(sorted(ENCODINGS)), st.integers(1, 6))
def test_any_table_is_refused_or_gives_finite_inputs(
    table: pandas.DataFrame, encoding: str, times: int
) -> None:
    table = repeated(table, times)
    if len(table) < 2:
        return
    config = DataConfig(path="t.csv", target="y")
    try:
        dataset = make_dataset(table.assign(y=targets(len(table))), "y", config, where)
    except DataError as error:
        assert str(error).startswith("study.yaml:data")
        return
    columns = dataset.columns
    rows = numpy.arange(len(table))
    layout = make_layout(columns, rows[: -(-len(rows) // 2)])
    preprocessing = fit_preprocessing(columns.take(rows[: -(-len(rows) // 3)]), layout, encoding)
    inputs = preprocessing.apply(columns)
    assert inputs.shape == (len(rows), layout.num_inputs(encoding))
    assert numpy.isfinite(inputs).all()
    again = encode_columns(dataset.frame(rows[::-1]), dataset.schema, columns.levels)
    numpy.testing.assert_array_equal(preprocessing.apply(again), inputs[::-1])
    reread = make_dataset(table.assign(y=targets(len(table))), "y", config, where)
    assert reread.digest == dataset.digest


def test_blocks_of_rows_are_encoded_as_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = numpy.random.default_rng(0)
    values = generator.normal(size=(50, 3))
    values[::7, 1] = numpy.nan
    columns = numeric_columns(values, ["a", "b", "c"])
    layout = make_layout(columns, numpy.arange(50))
    for name in ENCODINGS:
        fitted = fit_preprocessing(columns, layout, name)
        whole = fitted.apply(columns)
        monkeypatch.setattr("automl.data.preprocessing._ROWS_AT_ONCE", 8)
        assert numpy.array_equal(fitted.apply(columns), whole)
        monkeypatch.undo()
        assert whole.shape == (50, layout.num_inputs(name))

"""What every kind of feature holds to: a kind that is added to the table is tested here by its cells alone."""

import json
from dataclasses import dataclass
from typing import Any

import numpy
import pandas
import pytest
import tensorflow

from automl.config.sections import DataConfig
from automl.data.columns import encode_columns
from automl.data.dataset import Dataset, make_dataset
from automl.data.features.cells import plain_cells
from automl.data.features.feature import Feature
from automl.data.features.kinds import KINDS
from automl.data.preprocessing import Layout, Preprocessing, fit_preprocessing, make_layout

NAN = float("nan")
ROWS = 40


@dataclass(frozen=True)
class Case:
    """Cells of one kind: what it is learned from, and what comes later."""

    cells: list[Any]
    later: list[Any]

    @property
    def table(self) -> list[Any]:
        return [self.cells[row % len(self.cells)] for row in range(ROWS)]


CELLS = {
    "numeric": Case(
        [1.0, 2.0, 2.5, None, 100.0, -3.5, 0.0, 7.0],
        [NAN, float("inf"), -1e300, 5e-324, 2.0, 1e99, 50.0, None],
    ),
    "categorical": Case(
        ["red", " blue", None, "red", "größe", "a b", "red"],
        ["red ", "RED", "", "\tblue\n", "größe", "grösse", "new", None, "\u00a0red", "a\x00b", "🙂"],
    ),
    "date": Case(
        ["2023-01-31", None, "1969-12-31 23:59", "2024-02-29T12:00+02:00", "2023-02-28"],
        ["2023-02-30", "", "9999-12-31T23:30-0130", " 1970-01-01 ", "soon", "31.12.2023", None, "0001-01-01"],
    ),
}


@dataclass(frozen=True)
class Fitted:
    """A kind on its cells, learned from the first half of the rows."""

    dataset: Dataset
    layout: Layout
    preprocessing: Preprocessing

    def inputs(self, cells: Any) -> numpy.ndarray:
        """By NumPy, as before training."""
        table = pandas.DataFrame({"x": plain_cells(pandas.Series(cells))})
        return self.preprocessing.apply(
            encode_columns(table, self.dataset.schema, self.dataset.columns.levels)
        )

    def given(self, cells: Any) -> list[Any]:
        """What the graph is given, as the scorer does: by the contract as it is after JSON."""
        [column] = self.dataset.schema.learned
        contract = json.loads(json.dumps(column.feature.contract(self.dataset.table["x"], column.reading)))
        return column.feature.given(plain_cells(pandas.Series(cells, name="x")), contract).tolist()

    def graph_inputs(self, cells: Any) -> numpy.ndarray:
        """By TensorFlow, as in production."""
        tensor = tensorflow.constant(self.given(cells), KINDS[self.kind].input_type)
        graph = tensorflow.function(lambda cells: self.preprocessing.graph({"x": cells}, self.dataset.schema))
        inputs: numpy.ndarray = graph(tensor).numpy()
        return inputs

    @property
    def kind(self) -> str:
        return self.dataset.schema.learned[0].kind


def fitted(kind: str, cells: list[Any], told: bool = True) -> Fitted:
    table = pandas.DataFrame({"x": cells, "y": [row % 2 for row in range(len(cells))]})
    config = DataConfig(path="t.csv", target="y", columns={"x": kind} if told else None)
    dataset = make_dataset(table, "y", config, lambda *keys: "study.yaml")
    rows = numpy.arange(len(cells) // 2)
    layout = make_layout(dataset.columns, rows)
    return Fitted(dataset, layout, fit_preprocessing(dataset.columns.take(rows), layout, "standard"))


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_it_has_cells_here(kind: str) -> None:
    assert set(CELLS) == set(KINDS)
    assert isinstance(KINDS[kind], Feature)


def test_it_is_found_without_being_told(kind: str) -> None:
    assert fitted(kind, CELLS[kind].table, told=False).kind == kind


def test_numpy_and_the_graph_give_the_same_inputs(kind: str) -> None:
    one = fitted(kind, CELLS[kind].table)
    for cells in (CELLS[kind].table, CELLS[kind].later):
        mine, graphs = one.inputs(cells), one.graph_inputs(cells)
        assert mine.shape == graphs.shape == (len(cells), one.layout.num_inputs("standard"))
        assert numpy.isfinite(mine).all()
        numpy.testing.assert_allclose(graphs, mine, rtol=1e-6, atol=1e-6)
    assert (one.inputs(CELLS[kind].table).std(axis=0) > 0.0).any(), "cells are told apart"


def test_a_row_alone_is_the_row_in_a_batch(kind: str) -> None:
    one = fitted(kind, CELLS[kind].table)
    for cells in (CELLS[kind].cells, CELLS[kind].later):
        whole, graphs = one.inputs(cells), one.graph_inputs(cells)
        for row, cell in enumerate(cells):
            numpy.testing.assert_array_equal(one.inputs([cell])[0], whole[row])
            numpy.testing.assert_allclose(one.graph_inputs([cell])[0], graphs[row], rtol=1e-6, atol=1e-6)


def test_the_order_of_rows_changes_nothing(kind: str) -> None:
    one, cells = fitted(kind, CELLS[kind].table), CELLS[kind].later
    numpy.testing.assert_array_equal(one.inputs(cells[::-1]), one.inputs(cells)[::-1])


def test_nothing_is_learned_from_other_rows(kind: str) -> None:
    """The second half of the rows is another one, from which neither layout nor inputs may follow."""
    cells = CELLS[kind].table
    half = len(cells) // 2
    other = cells[:half] + [CELLS[kind].cells[row % 2] for row in range(half)]
    one, changed = fitted(kind, cells), fitted(kind, other)
    for some in (cells[:half], CELLS[kind].later):
        numpy.testing.assert_array_equal(one.inputs(some), changed.inputs(some))


def test_a_gap_is_a_gap_in_any_type_of_column(kind: str) -> None:
    one = fitted(kind, CELLS[kind].table)
    expected = one.inputs([None] * 3)
    assert (expected == expected[0]).all()
    for gaps in (
        pandas.Series([NAN] * 3),
        pandas.Series([None] * 3, dtype=object),
        pandas.Series([pandas.NA] * 3, dtype="string"),
        pandas.Series([pandas.NA] * 3, dtype="boolean"),
        pandas.Series([None] * 3, dtype="Float64"),
        pandas.Series([None] * 3, dtype="category"),
        pandas.Series([pandas.NaT] * 3, dtype="datetime64[ns]"),
        pandas.Series([None] * 3, dtype="string[pyarrow]"),
    ):
        numpy.testing.assert_array_equal(one.inputs(gaps), expected)
        numpy.testing.assert_allclose(one.graph_inputs(gaps), expected, rtol=1e-6, atol=1e-6)


def test_cells_are_the_same_in_any_type_that_can_hold_them(kind: str) -> None:
    one, cells = fitted(kind, CELLS[kind].table), CELLS[kind].cells
    expected, given = one.inputs(cells), one.given(cells)
    texts = [None if cell is None else str(cell) for cell in cells]
    types = [
        *(pandas.Series(texts, dtype=dtype) for dtype in (object, "str", "string", "string[pyarrow]")),
        pandas.Series(texts, dtype="category"),
        pandas.Series(cells, dtype=object),
        pandas.Series(cells, dtype="category"),
        pandas.Series(cells).convert_dtypes(),
        pandas.Series(cells).convert_dtypes(dtype_backend="pyarrow"),
    ]
    for typed in types:
        numpy.testing.assert_array_equal(one.inputs(typed), expected, err_msg=str(typed.dtype))
        numpy.testing.assert_array_equal(one.given(typed), given, err_msg=str(typed.dtype))


def test_its_cells_can_be_read_again_and_again(kind: str) -> None:
    """What reading gives depends on nothing but the cell: not on an earlier table."""
    one, cells = fitted(kind, CELLS[kind].table), CELLS[kind].later
    first = one.inputs(cells)
    one.inputs(CELLS[kind].cells)
    numpy.testing.assert_array_equal(one.inputs(cells), first)

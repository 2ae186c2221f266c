"""What every kind of feature holds to: a kind that is added to the table is tested here by its cells alone."""

import json
from dataclasses import dataclass
from typing import Any

import numpy
import pandas
import pytest
import tensorflow

from automl.config.sections import DataConfig
from automl.data.dataset import Dataset, make_dataset
from automl.data.encoding import encode_columns
from automl.data.features.cells import plain_cells
from automl.data.features.feature import Feature
from automl.data.features.kinds import KINDS
from automl.data.preprocessing import Layout, Preprocessing, fit_preprocessing, make_layout
from automl.data.preprocessing_graph import inputs_graph

NAN = float("nan")
ROWS = 40


@dataclass(frozen=True)
class Case:
    """Cells of one kind: what it is learned from, and what comes later."""

    kind: str
    cells: list[Any]
    later: list[Any]
    is_detected: bool = True  # without being told

    @property
    def table(self) -> list[Any]:
        return [self.cells[row % len(self.cells)] for row in range(ROWS)]


CASES = {
    "text": Case(
        "text",
        [
            f"{adjective} {two}, or the {three}_{adjective}!"
            for adjective in ("Good", "bad")
            for two in ("BAD", "größe")
            for three in "ab"
        ]
        + ["", None, "ÄRGER über das Haus nr 5"],
        [
            "good bad",
            "GROSSE größe",
            "nothing known here",
            "",
            None,
            "a\x00b or",
            "über\u00a0das ärger",
            "the the the",
            "İ ß ς Σ 🙂",
        ],
        is_detected=False,  # so few different texts are categories
    ),
    "choices, a line each": Case(
        "choices",
        ["Go\nPython", "Go", " Go\r\nSQL ", None, "SQL\n"] * 5,
        ["Go\nGo", "\n\n", "Rust\nGo", "", None],
    ),
    "choices": Case(
        "choices",
        ["Go;Python", "Go", "Python; SQL;", None, "SQL;Go", "['Go';'SQL']", "Go;SQL;Python"],
        ["", "Go;New", "new", ";;", " python ", None, "[Go]; SQL", "Go;Go;Go"],
    ),
    "dates with the day first and a time": Case(
        "date",
        ["31/01/2023 18:30", "1-2-2023 1:15 PM", "unknown", "28/02/2023", None],
        ["2023-01-31", "30/02/2023", "", " 1/1/1970 ", "13/13/2023", None, "1/2/23", "12/12/2023 12:00 am"],
    ),
    "dates with names of months": Case(
        "date",
        ["January 7, 2018", "Mar 31, 1999 3:05 PM", None, "Mai 1st 2020", "DEC. 24 2021"],
        ["Foo 7, 2018", "february 30, 2018", "2018-01-07", "", "Oct 3 2020", None],
    ),
    "months of years": Case(
        "date", ["Dec-15", "Jan-69", "May-68"], ["Dec-2015", "", None, "13-15", "Feb-00"]
    ),
    "days without signs": Case(
        "date", [20240229.0, 19991231.0, 20230101.0], [20230230.0, 1.0, None, 20240101.0]
    ),
    "times of day": Case(
        "date", ["18:30", "1:05 PM", None, "00:00:59"], ["24:00", "", "2023-01-01", "12:00 AM", None]
    ),
    "times of day without a sign": Case(
        "date",
        ["0930", "1745", None, "0005", "1210", "2359"],
        ["2400", "930", "5", "12345", "1260", "", None, "18:30", "1200.0"],
        is_detected=False,  # the name of the column tells
    ),
    "mixed forms": Case(
        "date",
        ["2023-01-31", "28.02.2023", "2023-03-01"],
        ["1.1.2020", "2020-01-02", "1/1/2020", None, "soon"],
    ),
    "numbers": Case(
        "numeric",
        [1.0, 2.0, 2.5, None, 100.0, -3.5, 0.0, 7.0],
        [NAN, float("inf"), -1e300, 5e-324, 2.0, 1e99, 50.0, None],
    ),
    "levels": Case(
        "categorical",
        ["red", " blue", None, "red", "größe", "a b", "red"],
        ["red ", "RED", "", "\tblue\n", "größe", "grösse", "new", None, "\u00a0red", "a\x00b", "🙂"],
    ),
    "numbers with a sign and commas": Case(
        "numeric",
        ["$1,200.50", "$7", "$8.25", "?", "$9", "$-3", "($4)", "$12,345"],
        ["", "1,200.5", "$1E3", "€7", "7 %", "N/A", "$ 8.25 ", "$1,23", "x", None, "1e400"],
    ),
    "durations": Case(
        "numeric",
        ["1h 30m", "2h", "45m", None, "PT1H", "1 day 2 hours", "1 h 5 min"],
        ["", "2 h", "90", "1h 75m", "5 kg", "3m 5s", None, "PT5M", "-"],
    ),
    "heights": Case(
        "numeric",
        ["5'11\"", "6'0\"", "5'2", None, "6 ft 1 in", "Under 5 ft."],
        ["5'12\"", "6'", "70", "5'11", "", None, "5.5"],
    ),
    "latitudes": Case(
        "numeric",
        ["48°51'N", "33°52'48\"S", None, "12° 30' N"],
        ["48.5° S", "91", "48°75'N", "", None, "-5"],
    ),
    "weeks": Case(
        "date",
        ["2024-W09", "1969-W30", None, "2020-W53-7", "2021W01"],
        ["2023-W54", "2023-W00", "0001-W01", "9999-W52-7", "2024-01-02", "", None, "2016-W01-1"],
    ),
    "quarters": Case(
        "date", ["Q1 2024", "Q4 1969", None, "Q2/2000"], ["Q5 2024", "q3 2021", "2024-01-02", "", None]
    ),
    "dates of many languages": Case(
        "date",
        ["5 марта 2020", "7 de março de 2018", "1er août 2019", "5 МАЯ 2020", "3 października 2021"],
        ["5 maart 2020", "31 lutego 2020", "1º de enero de 2020", "", None],
    ),
    "times with the name of a zone": Case(
        "date",
        [
            "2024-03-01 10:00:00 Europe/Berlin",
            "2024-03-01T10:00:00+01:00[Europe/Berlin]",
            "2024-03-01 23:30 GMT+0530",
        ],
        ["2024-03-01 10:00 America/New_York", "2024-03-01 10:00 europe", "", None],
    ),
    "years of two digits of two centuries": Case(
        "date",
        ["31/12/62", "15/6/70 18:30", "13-01-78", "28/2/86", "30/9/94", "1/1/02", None],
        ["31/12/61", "1/1/62", "29/2/68", "29/2/99", "1962-01-01", "", None, "5/5/06"],
    ),
    "days of six digits": Case(
        "date",
        [float(f"{93 + row % 6}{1 + row % 12:02}{1 + 3 * row % 28:02}") for row in range(39)] + [None],
        [930230.0, 1.0, None, 50101.0, 1231.0, 991231.0],
        is_detected=False,  # the name of the column tells
    ),
    "quarters, short": Case(
        "date", ["1Q24", "Q4'69", "Q2 68", None], ["5Q24", "3. Quartal 21", "", "Q124", None]
    ),
    "weeks before their year": Case(
        "date", ["KW 9/2024", "W53 2020", None], ["KW 54/2020", "Week 1 2021", "", None]
    ),
    "days before their year, without a sign": Case(
        "date", ["29022024", "1012000", "31121969"], ["30022024", "02292024", "", None, "32011999"]
    ),
    "milliseconds since 1970": Case(
        "date",
        [1577836800123.0 + 86_400_000 * row for row in range(12)],
        [1577836800999.0, 1.0, None, 1700000000000.0],
        is_detected=False,
    ),
    "hours": Case("date", ["6 PM", "12am", None, "1 p.m."], ["13 PM", "25am", "", None, "6"]),
    "dates with the year at the end": Case(
        "date",
        ["Thu Feb 29 18:00:00 2024", "Wed Jan 02 05:00:00 +0530 2019", None],
        ["Fri Feb 30 18:00:00 2024", "Sat Mai 01 23:59:59 -0100 1999", "2024-01-02 10:00 CEST", ""],
    ),
    "dates with an offset after the time": Case(
        "date",
        ["29/Feb/2024:18:30:00 +0100", "2 août 2019", None, "7 de Enero de 2018 10:00 -0530"],
        ["2024-01-02T10:00+02", "1 décembre 2020", "1 DÉC 2020", "31 février 2020", "", "x"],
    ),
    "durations with colons": Case(
        "numeric", ["25:30:00", "1:00:00", None, "3 days 01:30:00.5"], ["1:30.5", "1:30", "2h", "", "0:60:00"]
    ),
    "numbers with magnitudes": Case(
        "numeric", ["3k", "950", "$1.2m", "2.5 Mio.", None, "7K"], ["1.5M", "12 m", "1,5k", "", "5 kg", 3.0]
    ),
    "dates": Case(
        "date",
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
    graph: Any

    def inputs(self, cells: Any) -> numpy.ndarray:
        """By NumPy, as before training."""
        table = pandas.DataFrame({"x": plain_cells(pandas.Series(cells))})
        return self.preprocessing.apply(
            encode_columns(table, self.dataset.schema, self.dataset.columns.levels)
        )

    def graph_cells(self, cells: Any) -> list[Any]:
        """What the graph is given, as the scorer does: by the contract as it is after JSON."""
        [column] = self.dataset.schema.learned
        contract = json.loads(json.dumps(column.feature.contract(self.dataset.table["x"], column.reading)))
        return column.feature.given(plain_cells(pandas.Series(cells, name="x")), contract).tolist()

    def graph_inputs(self, cells: Any) -> numpy.ndarray:
        """By TensorFlow, as in production."""
        tensor = tensorflow.constant(self.graph_cells(cells), KINDS[self.kind].input_type)
        inputs: numpy.ndarray = self.graph(tensor).numpy()
        return inputs

    @property
    def kind(self) -> str:
        return self.dataset.schema.learned[0].kind


def fitted(kind: str, cells: list[Any], declared: bool = True, gaps: list[Any] | None = None) -> Fitted:
    table = pandas.DataFrame({"x": cells, "y": [row % 2 for row in range(len(cells))]})
    config = DataConfig(
        path="t.csv",
        target="y",
        columns={"x": kind} if declared else None,
        gaps={"x": gaps} if gaps else None,
    )
    dataset = make_dataset(table, "y", config, lambda *keys: "study.yaml")
    rows = numpy.arange(len(cells) // 2)
    layout = make_layout(dataset.columns, rows)
    preprocessing = fit_preprocessing(dataset.columns.take(rows), layout, "standard")
    [column] = dataset.schema.learned
    graph = tensorflow.function(
        lambda cells: inputs_graph(preprocessing, {"x": cells}, dataset.schema),
        input_signature=[tensorflow.TensorSpec((None,), column.feature.input_type)],
    )
    return Fitted(dataset, layout, preprocessing, graph)


@pytest.fixture(scope="module", params=CASES.values(), ids=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    parameter: Case = request.param
    return parameter


@pytest.fixture(scope="module")
def fitted_case(case: Case) -> Fitted:
    return fitted(case.kind, case.table)


def test_every_kind_has_cells_here() -> None:
    assert {case.kind for case in CASES.values()} == set(KINDS)
    assert all(isinstance(kind, Feature) for kind in KINDS.values())


def test_it_is_found_without_being_told(case: Case, fitted_case: Fitted) -> None:
    assert (fitted(case.kind, case.table, declared=False).kind == case.kind) == case.is_detected


def test_numpy_and_the_graph_give_the_same_inputs(case: Case, fitted_case: Fitted) -> None:
    for cells in (case.table, case.later):
        inputs, graphs = fitted_case.inputs(cells), fitted_case.graph_inputs(cells)
        assert inputs.shape == graphs.shape == (len(cells), fitted_case.layout.num_inputs("standard"))
        assert numpy.isfinite(inputs).all()
        numpy.testing.assert_allclose(graphs, inputs, rtol=1e-6, atol=1e-6)
    assert (fitted_case.inputs(case.table).std(axis=0) > 0.0).any(), "cells are told apart"


def test_a_row_alone_is_the_row_in_a_batch(case: Case, fitted_case: Fitted) -> None:
    for cells in (case.cells, case.later):
        whole, graphs = fitted_case.inputs(cells), fitted_case.graph_inputs(cells)
        for row, cell in enumerate(cells):
            numpy.testing.assert_array_equal(fitted_case.inputs([cell])[0], whole[row])
            numpy.testing.assert_allclose(
                fitted_case.graph_inputs([cell])[0], graphs[row], rtol=1e-6, atol=1e-6
            )


def test_the_order_of_rows_changes_nothing(case: Case, fitted_case: Fitted) -> None:
    cells = case.later
    numpy.testing.assert_array_equal(fitted_case.inputs(cells[::-1]), fitted_case.inputs(cells)[::-1])


def test_nothing_is_learned_from_other_rows(case: Case, fitted_case: Fitted) -> None:
    """The second half of the rows is another one, from which neither layout nor inputs may follow."""
    cells = case.table
    half = len(cells) // 2
    half_changed = cells[:half] + [case.cells[row % 2] for row in range(half)]
    changed = fitted(case.kind, half_changed)
    for rows in (cells[:half], case.later):
        numpy.testing.assert_array_equal(fitted_case.inputs(rows), changed.inputs(rows))


def test_a_gap_is_a_gap_in_any_type_of_column(case: Case, fitted_case: Fitted) -> None:
    expected = fitted_case.inputs([None] * 3)
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
        numpy.testing.assert_array_equal(fitted_case.inputs(gaps), expected)
        numpy.testing.assert_allclose(fitted_case.graph_inputs(gaps), expected, rtol=1e-6, atol=1e-6)


def test_cells_are_the_same_in_any_type_that_can_hold_them(case: Case, fitted_case: Fitted) -> None:
    cells = case.cells
    expected, graphs = fitted_case.inputs(cells), fitted_case.graph_inputs(cells)
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
        numpy.testing.assert_array_equal(fitted_case.inputs(typed), expected, err_msg=str(typed.dtype))
        numpy.testing.assert_array_equal(fitted_case.graph_inputs(typed), graphs, err_msg=str(typed.dtype))


def test_its_cells_can_be_read_again_and_again(case: Case, fitted_case: Fitted) -> None:
    """What reading gives depends on nothing but the cell: not on an earlier table."""
    cells = case.later
    first = fitted_case.inputs(cells)
    fitted_case.inputs(case.cells)
    numpy.testing.assert_array_equal(fitted_case.inputs(cells), first)


GAPS: dict[str, tuple[list[Any], Any]] = {
    "numeric": ([1.0, 2.0, -200.0, 4.0], -200),
    "categorical": (["red", "blue", "NK", "green"], "NK"),
    "date": (["2023-01-31", "2024-02-29", "1900-01-01", "2020-05-05"], "1900-01-01"),
    "choices": (["Go;SQL", "SQL", "none", "Go"], "none"),
    "text": (["good and bad", "bad and good", "not given", "good or bad"], "not given"),
}


@pytest.mark.parametrize("kind", GAPS)
def test_a_cell_that_the_study_file_calls_a_gap_is_one_everywhere(kind: str) -> None:
    cells, gap = GAPS[kind]
    fitted_gaps = fitted(kind, cells * 10, gaps=[gap])
    numpy.testing.assert_array_equal(fitted_gaps.inputs([gap]), fitted_gaps.inputs([None]))
    numpy.testing.assert_allclose(
        fitted_gaps.graph_inputs([gap]), fitted_gaps.inputs([None]), rtol=1e-6, atol=1e-6
    )
    assert (fitted_gaps.inputs(cells[:1]) != fitted_gaps.inputs([None])).any()
    assert set(GAPS) == set(KINDS)

"""Every interface of an exported model gives the same numbers, or says that it was given a cell that was changed.

The reference is independent of them: NumPy's preprocessing and the Keras network, asked with the cells of the study.
"""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy
import pandas
import pytest
import tensorflow
from click.testing import CliRunner
from mlflow.pyfunc import scoring_server
from random_models import random_model

from automl.cli import cli
from automl.data.encoding import encode_columns
from automl.serving.scoring import Scorer
from automl.tracking.mlflow.logged_model import save_pyfunc
from automl.tracking.model import ExportedModel
from automl.trial import Task

ROWS = 120
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Column:
    """Cells as they stand in a CSV file, and what they are to a person.

    Attributes:
        cells: Texts, each of which comes back in the table.
        types: What such a column can be in pandas, beside text: makes a Series of texts with None for gaps.
    """

    cells: tuple[str, ...]
    types: tuple[str, ...] = ()


COLUMNS = {
    "size": Column(("1.5", "2.25", "-3.5", "0.75", "1e-3"), ("float64", "Float64", "double[pyarrow]")),
    "count": Column(("3", "40", "7", "12"), ("float64", "Int64", "Float64", "int64[pyarrow]")),
    "price": Column(("$1,200.50", "$7", "$8.25", "$93"), ("string", "string[pyarrow]", "category")),
    "word": Column(("red", "blue", "dark green"), ("string", "string[pyarrow]", "category")),
    "code": Column(("007", "012", "A1", "7"), ("string", "string[pyarrow]", "category")),
    "truth": Column(("true", "false", "maybe"), ("string", "category")),
    "open": Column(("True", "False"), ("bool", "boolean", "bool[pyarrow]", "category")),
    "day": Column(
        ("2024-05-01", "2025-01-31", "1999-12-31"), ("datetime64[ns]", "UTC", "string", "category")
    ),
    "british": Column(("31/12/2023", "28/02/1999", "13/01/2024", "5/6/2024"), ("string", "category")),
    "opened": Column(("28/02/62", "29/02/76", "15/6/88", "31/12/99", "13/01/06"), ("string", "category")),
    "packed": Column(("20240229", "19991231", "20230101"), ("float64", "Int64", "string")),
    "week": Column(("2024-W09", "1999-W52", "2020W53"), ("string", "category")),
    "color": Column(("red\u00a0", "blue", "\u200bgreen"), ("string", "string[pyarrow]", "category")),
    "inches": Column(("5 1/2", "1/2", "3", "2 ¾"), ("string", "category")),
    "height": Column(("5'11\"", "6'0\"", "5 ft 2 in"), ("string", "category")),
    "latitude": Column(("48°51'N", "33°52'48\"S", "0°30'N"), ("string", "category")),
    "account": Column(("$ -", "$ 1,200.50", "($ 7.25)"), ("string", "category")),
    "age": Column(("2 years", "1 year", "3 months", "1 week"), ("string", "category")),
    "bin": Column(("(0, 10]", "(10, 20]", "(20, inf]"), ("string", "category")),
    "birth": Column(("29022024", "31121999", "12311999"), ("float64", "Int64", "string")),
    "created_at": Column(
        ("1577836800", "1609459200", "1640995200", "1672531200", "1700000000"), ("float64", "Int64", "string")
    ),
    "quarter": Column(("1Q24", "4Q99", "Q2'07"), ("string", "category")),
    "russian": Column(("5 марта 2020", "31 декабря 1999", "1 мая 2024"), ("string", "category")),
    "zoned": Column(
        ("2024-03-01 10:00:00 Europe/Berlin", "2024-03-01T10:00:00+01:00[Europe/Berlin]"), ("string",)
    ),
    "lines": Column(("Go\nPython", "Go", "SQL\nGo", "Python\nSQL"), ("string", "category")),
    "codes": Column(("1;3", "2", "3;2", "1;2;3", "3;1"), ("string", "category")),
    "tools": Column(("Go;Python", "Go", "SQL;Go", "Python;SQL"), ("string", "category")),
}


YEAR = 525_960.0
NUMBERS = {
    **{
        "": numpy.nan,
        "5 1/2": 5.5,
        "1/2": 0.5,
        "2 ¾": 2.75,
        "$ -": 1e-200,
        "$ 1,200.50": 1200.5,
        "($ 7.25)": -7.25,
    },
    **{"2 years": 2 * YEAR, "1 year": YEAR, "3 months": YEAR / 4, "1 week": 10_080.0},
    **{"5'11\"": 71.0, "6'0\"": 72.0, "5 ft 2 in": 62.0},
    **{"48°51'N": 48.85, "33°52'48\"S": -33.88, "0°30'N": 0.5},
    **{"(0, 10]": 5.0, "(10, 20]": 15.0, "(20, inf]": 20.0},
}
"""What texts are to a person, where it takes more than a comma to tell."""


@dataclass(frozen=True)
class Model:
    """A model, its logged twin, and what it must answer."""

    folder: Path
    scorer: Scorer
    logged: Any
    expected: Callable[[pandas.DataFrame], numpy.ndarray]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("interfaces")
    generator = numpy.random.default_rng(0)
    texts = {name: generator.choice(column.cells, ROWS).astype(object) for name, column in COLUMNS.items()}
    for cells in texts.values():
        cells[generator.choice(ROWS, 9, replace=False)] = ""
    table = pandas.DataFrame({**texts, "y": ["no", "yes"] * (ROWS // 2)})
    table.to_csv(folder / "table.csv", index=False)
    data = {"path": str(folder / "table.csv"), "target": "y"}
    saved, prepared = random_model(folder, data)
    dataset = prepared.dataset
    assert {column.name: column.kind for column in dataset.schema.learned}.keys() == COLUMNS.keys()
    example = dataset.frame(numpy.arange(5))
    save_pyfunc(ExportedModel(saved, Task.BINARY, example, ("no", "yes")), folder / "pyfunc")
    keras_model, scalings = network_of(prepared)

    def expected(rows: pandas.DataFrame) -> numpy.ndarray:
        """By the rows of a CSV file that is read as the study reads its own."""
        rows.assign(y="no").to_csv(folder / "expected.csv", index=False)
        read = pandas.read_csv(folder / "expected.csv", dtype=str, keep_default_na=True)
        typed = {name: dataset_cells(dataset.table[name], read[name]) for name in COLUMNS}
        columns = encode_columns(pandas.DataFrame(typed), dataset.schema, dataset.columns.levels)
        answers: numpy.ndarray = keras_model(scalings.inputs.apply(columns).astype("float32")).numpy()[:, 0]
        return answers

    return Model(saved, Scorer(saved), mlflow.pyfunc.load_model(str(folder / "pyfunc")), expected)


def network_of(prepared: Any) -> tuple[Any, Any]:
    from automl.data.folds import Fold
    from automl.trial import Member

    rows, values = prepared.splits.training, prepared.space.initial()
    view = prepared.plan.view(Member(0, -1, values, 0), Fold(rows, rows[:0], rows[:0]))
    return prepared.builder.build(values, seed=3), view.scalings


def dataset_cells(learned: pandas.Series, texts: pandas.Series) -> pandas.Series:
    """Texts of a file as cells of the type that the column had in the study's table."""
    if pandas.api.types.is_bool_dtype(learned) or learned.dropna().map(type).eq(bool).all():
        return texts.map({"True": True, "False": False}).astype(object)
    if pandas.api.types.is_numeric_dtype(learned):
        return pandas.to_numeric(texts)
    return texts


def ask_scorer(model: Model, frame: pandas.DataFrame) -> numpy.ndarray:
    return model.scorer.predict(frame)["probability_yes"].to_numpy()


def ask_pyfunc(model: Model, frame: pandas.DataFrame) -> numpy.ndarray:
    return model.logged.predict(frame)["probability_yes"].to_numpy()


def ask_tensorflow(model: Model, frame: pandas.DataFrame) -> numpy.ndarray:
    """With TensorFlow alone, by what the model card says."""
    contract = json.loads((model.folder / "model.json").read_text())
    served = tensorflow.saved_model.load(str(model.folder)).signatures["serving_default"]
    tensors = {}
    for name, described in contract["columns"].items():
        cells = frame[name].tolist()
        if described["kind"] == "numeric":
            cells = [NUMBERS.get(cell) or float(cell.strip("$").replace(",", "")) for cell in cells]
        tensors[contract["inputs"][name]] = tensorflow.constant(
            cells, "float64" if described["kind"] == "numeric" else "string"
        )
    return served(**tensors)["probabilities"].numpy()[:, 1]


def ask_command(suffix: str) -> Callable[[Model, pandas.DataFrame], numpy.ndarray]:
    def ask(model: Model, frame: pandas.DataFrame) -> numpy.ndarray:
        path = model.folder.parent / f"rows{suffix}"
        if suffix == ".csv":
            frame.to_csv(path, index=False)
        elif suffix == ".parquet":
            frame.to_parquet(path)
        else:
            frame.to_json(path, orient="records", lines=True)
        done = CliRunner().invoke(cli, ["predict", str(model.folder), str(path)])
        if done.exit_code:
            raise ValueError(done.output)
        answers: numpy.ndarray = pandas.read_csv(io.StringIO(done.stdout))["probability_yes"].to_numpy()
        return answers

    return ask


def ask_server(form: str) -> Callable[[Model, pandas.DataFrame], numpy.ndarray]:
    def ask(model: Model, frame: pandas.DataFrame) -> numpy.ndarray:
        rows = json.loads(frame.to_json(orient="records"))
        columns = {name: [row[name] for row in rows] for name in frame.columns}
        body: Any = {
            "dataframe_split": {"columns": list(frame.columns), "data": [list(row.values()) for row in rows]},
            "dataframe_records": rows,
            "instances": rows,
            "inputs": columns,
        }
        kind, text = "application/json", json.dumps({form: body[form]}) if form in body else ""
        if form == "csv":
            kind, text = "text/csv", frame.to_csv(index=False)
        schema = model.logged.metadata.get_input_schema()
        answer = scoring_server.invocations(text, kind, model.logged, schema)
        predictions = json.loads(answer.response)["predictions"]
        return numpy.array([row["probability_yes"] for row in predictions])

    return ask


FRAMES = {"scorer": ask_scorer, "pyfunc": ask_pyfunc, "predict.parquet": ask_command(".parquet")}
TEXTS = {
    "predict.csv": ask_command(".csv"),
    "predict.jsonl": ask_command(".jsonl"),
    "tensorflow": ask_tensorflow,
    "served csv": ask_server("csv"),
    **{
        f"served {form}": ask_server(form)
        for form in ("dataframe_split", "dataframe_records", "instances", "inputs")
    },
}


def rows_with(gaps: str) -> pandas.DataFrame:
    """Four rows for each column, in which it takes its cells and the others stay; with gaps in none, one or all."""
    first = pandas.DataFrame({name: [column.cells[0]] for name, column in COLUMNS.items()})
    first = first.assign(code="A1", truth="maybe")
    rows = pandas.concat([first] * 4 * len(COLUMNS), ignore_index=True)
    for place, (name, column) in enumerate(COLUMNS.items()):
        rows.loc[4 * place : 4 * place + 3, name] = [
            column.cells[row % len(column.cells)] for row in range(4)
        ]
        if gaps == "some":
            rows.loc[4 * place + 1, name] = ""
    rows["row"] = range(len(rows))  # a line of nothing but gaps is no row to a file
    return rows.assign(**dict.fromkeys(COLUMNS, "")) if gaps == "all" else rows


def check(answered: numpy.ndarray, expected: numpy.ndarray) -> None:
    """Compare by column, so that a failure names it."""
    for place, name in enumerate(COLUMNS):
        rows = slice(4 * place, 4 * place + 4)
        numpy.testing.assert_allclose(answered[rows], expected[rows], atol=TOLERANCE, err_msg=name)


GAPS = [pytest.param("none", marks=pytest.mark.slow), "some", pytest.param("all", marks=pytest.mark.slow)]
"""Where there are some, most cells have none."""


@pytest.mark.parametrize("gaps", GAPS)
@pytest.mark.parametrize("interface", TEXTS)
def test_texts_of_a_file_have_the_same_answer_at_every_interface(model, interface, gaps):
    rows = rows_with(gaps)
    expected = model.expected(rows)
    assert gaps == "all" or len(set(expected.round(6))) > 2 * len(COLUMNS), "cells are told apart"
    check(TEXTS[interface](model, rows), expected)


CHANGED = [
    ("code", "007"),
    pytest.param("code", "012", marks=pytest.mark.slow),
    ("truth", "true"),
    pytest.param("truth", "false", marks=pytest.mark.slow),
]
"""Cells of which pandas makes 7 or True when no other text stands in their column of a CSV file."""


@pytest.mark.parametrize(("name", "cell"), CHANGED)
def test_a_cell_that_was_changed_before_the_model_sees_it_is_refused(model, name, cell):
    row = rows_with("none").head(1).assign(truth="", code="").assign(**{name: cell})
    answered = answers_or_error(TEXTS["served csv"], model, row)
    assert isinstance(answered, str) and f"`{name}` must be given as text" in answered, answered
    for interface in ("predict.csv", "tensorflow", "served dataframe_split"):
        numpy.testing.assert_allclose(TEXTS[interface](model, row), model.expected(row), atol=TOLERANCE)


def test_a_number_that_pandas_has_made_of_thousands_is_refused(tmp_path):
    """`1.000` alone in a CSV request is 1.0 when it comes to us, and was 1000 in the study's table."""
    texts = [f"{1 + row}.{100 + row}" for row in range(38)] + ["950", "1.000"]
    table = pandas.DataFrame({"stock": texts, "part": ["0,5", "7"] * 20, "y": ["no", "yes"] * 20})
    table.to_csv(tmp_path / "table.csv", index=False, sep=";")
    data = {"path": str(tmp_path / "table.csv"), "target": "y", "separator": ";", "decimal": ","}
    saved, _ = random_model(tmp_path, data)
    save_pyfunc(ExportedModel(saved, Task.BINARY, table.head(3), ("no", "yes")), tmp_path / "pyfunc")
    model = Model(
        saved,
        Scorer(saved),
        mlflow.pyfunc.load_model(str(tmp_path / "pyfunc")),
        lambda _: numpy.zeros(0),
    )
    expected = ask_scorer(model, table.tail(2))
    assert expected[0] != expected[1]
    for place, text in enumerate(("950", "1.000")):
        row = table.tail(2).iloc[[place]]
        answered = answers_or_error(TEXTS["served csv"], model, row)
        if text == "950":
            numpy.testing.assert_allclose(answered, expected[:1], atol=TOLERANCE)
        else:
            assert isinstance(answered, str) and "`stock` must hold whole numbers, got 1" in answered, (
                answered
            )
        numpy.testing.assert_allclose(
            TEXTS["served dataframe_split"](model, row), expected[[place]], atol=TOLERANCE
        )


def answers_or_error(ask: Callable[..., numpy.ndarray], *arguments: Any) -> numpy.ndarray | str:
    try:
        return ask(*arguments)
    except Exception as error:
        return str(error)


MOST_TYPES = max(len(column.types) for column in COLUMNS.values())


@pytest.mark.parametrize("gaps", GAPS)
@pytest.mark.parametrize("place", range(1 + MOST_TYPES))
@pytest.mark.parametrize("interface", FRAMES)
def test_a_frame_has_the_same_answer_whatever_pandas_calls_its_types(model, interface, place, gaps):
    """Each column in its own type number `place`."""
    texts = rows_with(gaps)
    frame = {}
    for name, column in COLUMNS.items():
        values = texts[name].replace("", None)
        kind = ("object", *column.types)[place % (1 + len(column.types))]
        frame[name] = typed(name, values, "object" if kind == "bool" and gaps != "none" else kind)
    check(FRAMES[interface](model, pandas.DataFrame(frame)), model.expected(texts))


def typed(name: str, values: pandas.Series, kind: str) -> pandas.Series:
    """Texts of a file as a column of a type that holds what they mean."""
    if name == "open":
        values = values.map({"True": True, "False": False}).astype(object)
    if name in ("size", "count", "packed"):
        numbers = pandas.to_numeric(values)
        return numbers.astype("Int64").astype(kind) if kind == "string" else numbers.astype(kind)
    if kind == "UTC":
        return pandas.to_datetime(values, utc=True)
    return pandas.to_datetime(values) if kind == "datetime64[ns]" else values.astype(kind)

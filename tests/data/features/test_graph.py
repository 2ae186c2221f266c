"""The preprocessing in the graph of an exported model against the one in NumPy, on raw cells of any kind."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy
import pandas
import pytest
import tensorflow
from draws import draws
from hypothesis import example, given
from hypothesis import strategies as st
from nasty_tables import CELLS, DATES, OTHER_DATES, TEXTS, columns

from automl.config.sections import DataConfig
from automl.data.dataset import make_dataset
from automl.data.encoding import encode_columns
from automl.data.features.calendar import parts_graph, seconds_graph
from automl.data.features.categorical import level_texts
from automl.data.features.cells import GAP, plain_cells
from automl.data.features.date import date_parts
from automl.data.features.date_forms import DATE_FORMS, seconds_of
from automl.data.features.encodings import ENCODINGS, FITS, Encoding
from automl.data.features.numbers import SMALLEST
from automl.data.features.numeric import number_values
from automl.data.preprocessing import fit_preprocessing, make_layout
from automl.data.preprocessing_graph import inputs_graph
from automl.data.schema import Schema

NAN, INFINITY = float("nan"), float("inf")
FIT = pandas.DataFrame(
    {
        "size": [1.0, 2.0, 2.0, None, 100.0, -3.5] * 5,
        "year": [*range(1990, 2020)],
        "price": ["1.5", " 2 ", "?", "4", "5", "6", "7", "8", "9", "10"] * 3,
        "color": ["red", " blue", None, "red", "größe", "a b"] * 5,
        "flag": [True, None, False] * 10,
        "code": [1, 2, 3] * 10,
        "rare": ["often"] * 26 + ["u", "v", "w", "x"],
        "born": ["2023-01-31", None, "1969-12-31 23:59", "2024-02-29", "2023-02-30"] * 6,
        "day": ["12/31/2023", "2/29/2024", "7/4/1969"] * 10,
        "tag": ["31.12.2023", "29.2.2024"] * 15,
        "y": [0, 1] * 15,
    }
)
NEW: dict[str, list[Any]] = {
    "size": [NAN, INFINITY, -INFINITY, 5e-324, 2.0, 1e300, 1e100, -1e9, 50.0, 1.9999],
    "year": [1990, 2050, -1, 0, 2019, 2005.5, NAN, 1989, 1991, 2020],
    "price": [NAN, 1.5, INFINITY, 7.0, 7.5, -1.0, 1e99, 3.0, 4.0, 10.0],
    "color": ["red ", "RED", "", "\tblue\n", "größe", "grösse", "a  b", "\u00a0red", "a\x00b", "🙂"],
    "flag": ["True", "False", "", "true", "1", " True", "None", "nan", "FALSE", "0"],
    "code": ["1", "2", "3", "4", "", "1.0", " 2", "01", "-1", "³"],
    "rare": ["often", "u", "v", "new", "", "often ", "ofte", "OFTEN", "x", "w"],
    "born": [*DATES[:9], "1900-02-28T12:30Z"],
    "day": [*OTHER_DATES, "12/31/1969", "", "02/03/2004"],
    "tag": [*OTHER_DATES, "1.1.1970", "", "29.2.2023"],
}


def dataset_of(table: pandas.DataFrame, **kinds: str) -> Any:
    config = DataConfig(path="t.csv", target="y", columns=kinds or None)
    return make_dataset(table, "y", config, lambda *keys: "study.yaml")


def tensors(table: pandas.DataFrame, schema: Schema) -> dict[str, Any]:
    """Raw cells as they may come: numbers with gaps and infinities, text with its spaces."""
    cells = {}
    for column in schema.learned:
        values = table[column.name]
        if column.kind == "numeric":
            cells[column.name] = tensorflow.constant(values.to_numpy("float64"))
        else:
            texts = values.astype(object).where(values.notna(), GAP).map(str).tolist()
            cells[column.name] = tensorflow.constant(texts, tensorflow.string)
    return cells


@pytest.mark.parametrize("encoding", FITS)
def test_the_graph_does_as_numpy_does(encoding: str) -> None:
    dataset = dataset_of(FIT, born="date", code="categorical", year="numeric")
    kinds = {column.name: column.kind for column in dataset.schema.columns}
    assert sorted(kinds.values()) == ["categorical"] * 4 + ["date"] * 3 + ["numeric"] * 3
    layout = make_layout(dataset.columns, numpy.arange(30))
    preprocessing = fit_preprocessing(dataset.columns.take(slice(25)), layout, encoding)
    new = pandas.DataFrame(NEW)
    expected = preprocessing.apply(encode_columns(new, dataset.schema, dataset.columns.levels))

    def preprocess(cells: dict[str, Any]) -> Any:
        return inputs_graph(preprocessing, cells, dataset.schema)

    cells = tensors(new, dataset.schema)
    for run in (preprocess, tensorflow.function(preprocess)):  # as it is, and as TensorFlow rewrites it
        inputs = run(cells)
        assert inputs.dtype == tensorflow.float32
        assert inputs.shape == (10, layout.num_inputs(encoding))
        numpy.testing.assert_allclose(inputs, expected, rtol=1e-6, atol=1e-6)
    assert (expected != expected[0]).any(axis=0).sum() > 20, "most inputs vary"


def test_no_rows_give_no_inputs() -> None:
    dataset = dataset_of(FIT)
    layout = make_layout(dataset.columns, numpy.arange(30))
    none = FIT.iloc[:0].astype({"price": "float64"})
    for encoding in ENCODINGS:
        preprocessing = fit_preprocessing(dataset.columns, layout, encoding)
        cells = tensors(none, dataset.schema)
        inputs = inputs_graph(preprocessing, cells, dataset.schema)
        assert inputs.shape == (0, layout.num_inputs(encoding))


def scorer_cells(table: pandas.DataFrame, schema: Schema) -> dict[str, Any]:
    """Cells of a table of any types as numbers and text, one way for all kinds."""
    cells = {}
    for column in schema.learned:
        values = plain_cells(table[column.name])
        if column.kind == "numeric":
            cells[column.name] = tensorflow.constant(number_values(values, column.reading))
        else:
            cells[column.name] = tensorflow.constant(level_texts(values).tolist(), tensorflow.string)
    return cells


@draws(60)
@given(st.data(), st.sampled_from(sorted(ENCODINGS)))
def test_any_column_and_any_new_rows(data: st.DataObject, encoding: str) -> None:
    """Eight rows of a nasty column five times, and new rows of the same kind, or of text."""
    column = data.draw(columns(8))
    table = pandas.DataFrame(
        {"x": pandas.concat([column] * 5, ignore_index=True), "z": range(0, 80, 2), "y": [0, 1] * 20}
    )
    dataset = dataset_of(table)
    layout = make_layout(dataset.columns, numpy.arange(40))
    preprocessing = fit_preprocessing(dataset.columns.take(slice(7)), layout, encoding)
    texts = data.draw(st.lists(st.sampled_from(TEXTS) | st.text(max_size=4), min_size=4, max_size=4))
    later = pandas.DataFrame({"x": data.draw(columns(4)), "z": [NAN, INFINITY, 7.0, -1e300]})
    for new in (table, later, later.assign(x=texts)):
        plain = pandas.DataFrame({name: plain_cells(new[name]) for name in ("x", "z")})
        expected = preprocessing.apply(encode_columns(plain, dataset.schema, dataset.columns.levels))
        cells = scorer_cells(new, dataset.schema)
        inputs = inputs_graph(preprocessing, cells, dataset.schema)
        numpy.testing.assert_allclose(inputs, expected, rtol=1e-6, atol=1e-6)


@draws(100)
@given(
    st.lists(st.floats(-1e100, 1e100, allow_subnormal=False), min_size=1, max_size=20),
    st.lists(st.floats(-1e100, 1e100, allow_subnormal=False), min_size=1, max_size=20),
    st.sampled_from(sorted(ENCODINGS)),
)
def test_any_numbers(fit: list[float], new: list[float], name: str) -> None:
    """Also at the knots themselves, between close ones and beyond them."""
    fit, new = (
        [float(number) if abs(number) > SMALLEST else 0.0 for number in numbers] for numbers in (fit, new)
    )
    values = numpy.array([*fit, *new])[:, None]
    values = numpy.concatenate([values, numpy.nextafter(values, INFINITY), values / 2 + values[::-1] / 2])
    encoding: Encoding = ENCODINGS[name](numpy.array(fit)[:, None], numpy.array([3]))
    given_inputs = encoding.graph(tensorflow.constant(values))
    numpy.testing.assert_allclose(given_inputs, encoding.apply(values), rtol=1e-6, atol=1e-6)


def both_parts(texts: list[str], form: str) -> tuple[numpy.ndarray, numpy.ndarray]:
    parts_of_graph = parts_graph(seconds_graph(tensorflow.constant(texts, tensorflow.string), form)).numpy()
    return parts_of_graph, date_parts(seconds_of(pandas.Series(texts), form))


@draws(60)
@example([(1970, 4, 1, 5, 27, 31)])
@given(
    st.lists(
        st.tuples(
            st.integers(0, 9999) | st.sampled_from([1900, 2000, 1970, 0]),
            *(
                st.integers(0, 13),
                st.integers(0, 32),
                st.integers(0, 25),
                st.integers(0, 61),
                st.integers(0, 61),
            ),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_any_fields_of_a_date_whether_it_exists_or_not(fields: list[tuple[int, ...]]) -> None:
    for form, pattern in {
        "iso": "{0:04d}-{1:02d}-{2:02d}T{3:02d}:{4:02d}:{5:02d}",
        "slashed": "{0:04d}/{1}/{2}",
        "american": "{1}/{2}/{0:04d}",
        "british": "{2}/{1}/{0:04d}",
        "european": "{2}.{1}.{0:04d}",
    }.items():
        parts_of_graph, parts_of_pandas = both_parts([pattern.format(*field) for field in fields], form)
        numpy.testing.assert_allclose(
            parts_of_graph, parts_of_pandas, rtol=1e-15
        )  # a quotient may differ in its last bit
        for field, parts in zip(fields, parts_of_graph, strict=True):
            try:
                time = datetime(*field) if form == "iso" else datetime(*field[:3])
            except ValueError:
                assert numpy.isnan(parts).all()
                continue
            days = (time - datetime(1970, 1, 1)) / timedelta(days=1)
            assert parts[:5].tolist() == [time.year, time.month, time.day, time.weekday(), time.hour]
            assert parts[5] == pytest.approx(days, rel=1e-12, abs=1e-9)


OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@draws(60)
@given(
    st.lists(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=OFFSETS), min_size=1, max_size=8)
)
def test_any_offset_from_utc(times: list[datetime]) -> None:
    parts_of_graph, parts_of_pandas = both_parts(
        [time.isoformat(timespec="seconds") for time in times], "iso"
    )
    numpy.testing.assert_allclose(
        parts_of_graph, parts_of_pandas, rtol=1e-15
    )  # a quotient may differ in its last bit
    for time, parts in zip((time.astimezone(UTC) for time in times), parts_of_graph, strict=True):
        assert parts[:5].tolist() == [time.year, time.month, time.day, time.weekday(), time.hour]


FRAGMENTS = [
    *(
        "2023",
        "23",
        "1",
        "01",
        "12",
        "13",
        "31",
        "00",
        "/",
        "-",
        ".",
        " ",
        ", ",
        "T",
        ":",
        "10:30",
        "AM",
        " p.m.",
        "PM",
    ),
    *("Jan", "january", "MAY", "März", "sept.", "Dez", "Tue, ", "th", "{01}", "Z", "+02:00"),
]


@pytest.mark.parametrize("form", DATE_FORMS)
@draws(40)
@given(
    st.lists(
        CELLS["dates"].map(str)
        | st.sampled_from([*OTHER_DATES, *(form.example for form in DATE_FORMS.values())])
        | st.text("0123456789-/.:TZ +", max_size=12)
        | st.lists(st.sampled_from(FRAGMENTS), max_size=9).map("".join)
        | st.text("0123-+: Z", max_size=7).map(lambda end: f"2023-01-01T10:00{end}")
    )
)
def test_any_text_as_a_date(form: str, texts: list[str]) -> None:
    numpy.testing.assert_allclose(*both_parts([*texts, DATE_FORMS[form].example, ""], form), rtol=1e-15)

"""Dates: the forms that are found, the seconds and the parts against Python's own calendar."""

from datetime import UTC, datetime, timedelta, timezone

import numpy
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from automl.data.features.date import (
    DATE_FORMS,
    PARTS,
    are_ambiguous,
    best_form,
    date_parts,
    find_form,
    possible_forms,
    seconds_of,
)

FORMS = {
    "iso": [
        "2023-12-31",
        " 1969-07-20 ",
        "2000-02-29T23:59",
        "0001-01-01 00:00:59.999",
        "9999-12-31T00:00:00Z",
        "2024-03-01T10:00:00+02:00",
        "2024-03-01 10:00:00.25-0530",
    ],
    "slashed": ["2023/12/31", "1969/7/20", "2000/02/29"],
    "american": ["12/31/2023", "7/20/1969", "02/29/2000"],
    "british": ["31/12/2023", "20/7/1969", "29/02/2000"],
    "european": ["31.12.2023", "20.7.1969", "29.02.2000"],
}
NO_DATES = [
    *(
        "2023-02-30",
        "1900-02-29",
        "2023-13-01",
        "2023-00-10",
        "2023-01-00",
        "0000-01-01",
        "2023-1-1",
        "20230101",
    ),
    *(
        "2023-01",
        "2023-01-01T24:00",
        "2023-01-01T10:60",
        "2023-01-01T10:00:60",
        "2023-01-01T10:00+2:00",
        "2023-01-01T10:00+24:00",
        "2023-01-01T10:00+02:60",
        "2023-01-01+02:00",
        "2023-01-01T10:00+02:00Z",
        "-2023-01-01",
    ),
    *(
        "",
        "yesterday",
        "1.5",
        "1/2",
        "1/2/23",
        "٢٠٢٣-٠١-٠١",
        "2023-01-01\n2023-01-01",
        "31.02.2023",
        "2/30/2023",
        "2023/4/31",
    ),
]


@pytest.mark.parametrize(("form", "texts"), FORMS.items())
def test_a_form_is_found_and_read(form: str, texts: list[str]) -> None:
    assert find_form(pandas.Series(texts)) == form
    seconds = seconds_of(pandas.Series([*texts, None]), form)
    assert numpy.isfinite(seconds).tolist() == [True] * len(texts) + [False]
    for other in set(FORMS) - {form}:
        assert numpy.isnan(seconds_of(pandas.Series(texts), other)).all()


def test_every_form_of_the_table_is_tested() -> None:
    assert set(FORMS) == set(DATE_FORMS)


@pytest.mark.parametrize("form", DATE_FORMS)
def test_what_is_no_date_is_a_gap(form: str) -> None:
    assert numpy.isnan(seconds_of(pandas.Series(NO_DATES), form)).all()
    assert find_form(pandas.Series([*FORMS[form], NO_DATES[0]])) is None


def test_a_wrong_date_far_down_is_seen() -> None:
    assert find_form(pandas.Series(["2023-01-01"] * 5000)) == "iso"
    assert find_form(pandas.Series(["2023-01-01"] * 5000 + ["2023-02-30"])) is None


def test_a_day_above_12_tells_whether_the_month_or_the_day_stands_first() -> None:
    either = ["1/2/2023", "12/11/2023"] * 600
    assert find_form(pandas.Series(either)) is None
    assert possible_forms(pandas.Series(either)) == ["american", "british"]
    assert find_form(pandas.Series([*either, "1/13/2023"])) == "american"
    assert find_form(pandas.Series([*either, "13/1/2023"])) == "british"
    assert find_form(pandas.Series([*either, "13/1/2023", "1/13/2023"])) is None


def test_cells_are_ambiguous_when_none_of_them_tells_day_from_month() -> None:
    assert are_ambiguous(pandas.Series(["1/2/2023", "unknown", None]))
    assert not are_ambiguous(pandas.Series(["1/2/2023", "unknown", "13/2/2023"]))
    assert not are_ambiguous(pandas.Series(["unknown", "2023-01-01"]))


def test_the_best_form_reads_most() -> None:
    assert best_form(pandas.Series(["31.12.2023", "unknown", None, "1.1.2024", "2023-01-01"])) == "european"
    assert best_form(pandas.Series(["1/2/2023", "unknown", "13/2/2023"])) == "british"
    assert best_form(pandas.Series(["unknown"])) == "iso"


def test_seconds_by_hand() -> None:
    texts = ["1970-01-01", "1970-01-02T00:00:01", "1969-12-31 23:59:59.5", None, "2001-09-09T01:46:40Z"]
    seconds = seconds_of(pandas.Series(texts), "iso")
    numpy.testing.assert_array_equal(seconds, [0.0, 86_401.0, -1.0, numpy.nan, 1e9])


def test_an_offset_is_counted_out_as_pandas_does() -> None:
    texts = [
        *("2024-03-01T10:00:00+02:00", "2024-03-01T01:30:00+0530", "2024-12-31 23:00-01:30"),
        *("2024-03-01T10:00:00Z", "2024-03-01T10:00:00", "2024-02-29T10:00-00:00"),
    ]
    expected = pandas.to_datetime(pandas.Series(texts), format="ISO8601", utc=True)
    seconds = seconds_of(pandas.Series(texts), "iso")
    assert seconds.tolist() == [time.timestamp() for time in expected]
    assert date_parts(seconds)[1, :5].tolist() == [2024, 2, 29, 3, 20]


def test_the_parts_of_a_date_by_hand() -> None:
    assert PARTS == ("year", "month", "day", "weekday", "hour", "days")
    parts = date_parts(seconds_of(pandas.Series(["2024-02-29T18:00", None, "1969-12-31T06:00:00"]), "iso"))
    # 2024-02-29 was a Thursday, 19782 days after 1970-01-01; the last day of 1969 was a Wednesday.
    expected = [[2024, 2, 29, 3, 18, 19782.75], [numpy.nan] * 6, [1969, 12, 31, 2, 6, -0.75]]
    numpy.testing.assert_array_equal(parts, expected)


@settings(max_examples=200, deadline=None)
@given(some.lists(some.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)), min_size=1, max_size=5))
def test_parts_are_those_of_the_calendar(times: list[datetime]) -> None:
    for form, description in DATE_FORMS.items():
        known = [time if form == "iso" else datetime(time.year, time.month, time.day) for time in times]
        # `strftime` of some C libraries writes the year 7 without zeros.
        texts = [time.strftime(description.directive.replace("%Y", f"{time.year:04d}")) for time in known]
        whole = [time.replace(microsecond=0) for time in known]
        days = [(time - datetime(1970, 1, 1)) / timedelta(days=1) for time in whole]
        expected = [
            [time.year, time.month, time.day, time.weekday(), time.hour, day]
            for time, day in zip(whole, days, strict=True)
        ]
        parts = date_parts(seconds_of(pandas.Series(texts), form))
        numpy.testing.assert_allclose(parts, expected, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_columns_of_times_are_read_as_their_text_is(unit: str) -> None:
    texts = ["2024-02-29T18:00:00", None, "1950-01-01T00:00:00.25", "1970-01-01T00:00:00"]
    times = pandas.Series(
        numpy.array(["NaT" if text is None else text for text in texts], f"datetime64[{unit}]")
    )
    numpy.testing.assert_array_equal(seconds_of(times, "iso"), seconds_of(pandas.Series(texts), "iso"))


def test_a_time_zone_is_counted_out() -> None:
    time = datetime(2024, 6, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    zoned = pandas.Series([pandas.Timestamp(time), pandas.NaT])
    assert seconds_of(zoned, "iso")[0] == datetime(2024, 5, 31, 23, 30, tzinfo=UTC).timestamp()
    assert numpy.isnan(seconds_of(zoned, "iso")[1])

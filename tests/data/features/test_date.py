"""Dates: the forms that are found, the seconds and the parts against Python's own calendar."""

from datetime import UTC, datetime, timedelta, timezone

import numpy
import pandas
import pytest
import tensorflow
from draws import draws
from hypothesis import given
from hypothesis import strategies as st

from automl.data.features.calendar import seconds_graph
from automl.data.features.date import PARTS, Date, date_parts
from automl.data.features.date_forms import DATE_FORMS, NAMED, seconds_of
from automl.data.features.date_survey import find_form
from automl.data.features.kinds import KINDS
from automl.data.schema import ColumnSettings, inspect_columns

FORMS = {
    "iso": [
        "2023-12-31",
        " 1969-07-20 ",
        "2000-02-29T23:59",
        "0001-01-01 00:00:59.999",
        "9999-12-31T00:00:00Z",
        "2024-03-01T10:00:00+02:00",
        "2024-03-01 10:00:00.25-0530",
        "2024-03-01 10:00:00 UTC",
        "2024-03-01 10:00:00 CEST",
        "2024-03-01 10:00:00+02",
        "2024-03-01 10:00:00 Europe/Berlin",
        "2024-03-01 10:00:00 America/Argentina/Buenos_Aires",
        "2024-03-01T10:00:00+01:00[Europe/Berlin]",
        "2024-03-01 10:00:00 GMT+0100",
    ],
    "slashed": ["2023/12/31", "1969/7/20", "2000/02/29 18:30", "2023-1-1", "2023.1.31"],
    "american": ["12/31/2023", "7/20/1969 1:30 PM", "02-29-2000 23:59:59"],
    "british": ["31/12/2023", "20-7-1969 08:15", "29/02/2000 11:14:15"],
    "european": ["31.12.2023", "20.7.1969 08:15 Uhr", "29.02.2000", "31. 12. 2023".replace(" ", "")],
    "dotted american": ["12.31.2023", "7.20.1969"],
    "short american": ["12/31/23", "7/20/69"],
    "short british": ["31/12/23", "20-7-69"],
    "short european": ["31.12.23", "20.7.69"],
    "short year first": ["69/7/20", "99-12-31 18:30", "69.12.31"],
    "compact": ["20231231", "19690720", "20000229T183000", "20000229T183000Z"],
    "month name first": [
        "January 7, 2018",
        "Dec 31 1999",
        "Sunday, January 7th, 2018 3:05 PM",
        "Mai 5, 2020",
        "Fri Mar 01 2024 10:00:00 GMT+0100 (Central European Standard Time)",
    ],
    "day, month name": [
        *("7 January 2018", "07-Jan-2018", "7. März 2018", "07JAN2018", "Mon, 1 Oct 2018"),
        *("7 février 2018", "1 août 2019 10:00", "7 de enero de 2018", "3 giugno 2020"),
        *(
            "7 fevereiro 2018",
            "7 de março de 2018",
            "1er août 2019",
            "1º de enero de 2020",
            "5 maart 2020",
            "5 augustus 2020",
        ),
        *(
            "5 januari 2020",
            "5 maj 2020",
            "5 desember 2020",
            "5 maja 2020",
            "5 grudnia 2020",
            "5 марта 2020",
            "5 мая 2020",
            "Pátek 1. července 2015",
        ),
        *("29/Feb/2024:18:30:00 +0000", "Wed, 02 Jan 2019 05:00:00 -0530"),
    ],
    "time before the year": [
        "Thu Feb 29 18:00:00 2024",
        "Wed Jan 02 05:00:00 +0000 2019",
        "Sat Mai  1 05:00:00 UTC 1999",
    ],
    "year and month in signs": ["2024年2月", "1969년 7월"],
    "year, month and day in signs": ["2024年2月29日", "1969년 7월 20일"],
    "compact month": ["202402", "196907", "200012", "202312", "202401", "202403"],
    "quarter and year": [
        "Q1 2024",
        "Q4/1969",
        "q2-2000",
        "1Q2024",
        "3. Quartal 2024",
        "T2 2024",
        "2e trimestre 2024",
    ],
    "quarter and short year": ["Q1 24", "1Q24", "Q4'69"],
    "week and year": ["KW 9/2024", "W09 2024", "Week 53 2020"],
    "compact month first": ["02292024", "12311969", "1012000"],
    "compact day first": ["29022024", "31121969", "1012000"],
    "hour": ["6 PM", "12am", "1 p.m."],
    "year and quarter": ["2024Q1", "1969-Q4", "2000 q2"],
    "week": ["2024-W09", "1969W30", "2020-W53-7"],
    "day, month name, short": ["29-Feb-24", "7 Jan 69"],
    "year, month name": ["2024-Feb-29", "1969 July 20"],
    "year and month name": ["2024-Feb", "1969, July", "2000 March"],
    "half and year": ["H1 2024", "2H1969", "h2-2000"],
    "year and half": ["2024H1", "1969-H2"],
    "fiscal year": ["FY2024", "FY 1969", "FY2014-15", "FY2014/2015"],
    "fiscal year, short": ["FY24", "FY'69", "FY14/15"],
    "month name and year": ["Dec-2015", "January 2018", "May2020"],
    "month name and short year": ["Dec-15", "Jan 69", "Aug '07"],
    "month and year": ["12/2015", "1-1969"],
    "year and month": ["2015-12", "1969/01", "2020M05"],
    "clock": ["13:08", "1:08 PM", "00:00:59", "23:59:59.5", "12:00 a.m."],
    "dotted clock": ["18.00.00", "0.30.59"],
    "clock and Uhr": ["18.00 Uhr", "0.30 Uhr"],
}
NO_DATES = [
    *(
        "2023-02-30",
        "1900-02-29",
        "2023-13-01",
        "2023-00-10",
        "2023-01-00",
        "0000-01-01",
    ),
    *(
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
        "٢٠٢٣-٠١-٠١",
        "2023-01-01\n2023-01-01",
        "31.02.2023",
        "2/30/2023",
        "2023/4/31",
        "2023-W54",
        "2023-W00",
        "2023-Q5",
        "Q0 2023",
        "2023-W10-8",
    ),
]


def column(texts):
    return inspect_columns(pandas.DataFrame({"x": texts})).columns[0]


@pytest.mark.parametrize(("form", "texts"), FORMS.items())
def test_a_form_is_found_and_read(form: str, texts: list[str]) -> None:
    seconds = seconds_of(pandas.Series([*texts, None]), form)
    assert numpy.isfinite(seconds).tolist() == [True] * len(texts) + [False]
    assert find_form(pandas.Series(texts)) == form
    inspected = column([*texts, None])
    assert (inspected.kind, inspected.reading, inspected.note) == ("date", {"form": form}, "")


READ = {
    "13-02-2020": "2020-02-13T00:00:00",
    "24/11/2020 11:14:15": "2020-11-24T11:14:15",
    "6/16/14": "2014-06-16T00:00:00",
    "6/16/69": "1969-06-16T00:00:00",
    "January 7, 2018": "2018-01-07T00:00:00",
    "Dec-2015": "2015-12-01T00:00:00",
    "20200214": "2020-02-14T00:00:00",
    "02/14/2020 01:30 PM": "2020-02-14T13:30:00",
    "02/14/2020 12:30 AM": "2020-02-14T00:30:00",
    "13:08": "1970-01-01T13:08:00",
    "12:00 a.m.": "1970-01-01T00:00:00",
    "18.00.00": "1970-01-01T18:00:00",
    "7. März 2018": "2018-03-07T00:00:00",
    "3-Okt-99": "1999-10-03T00:00:00",
    "2024-03-01 10:00:00 UTC": "2024-03-01T10:00:00",
    "2024-03-01 10:00:00+02": "2024-03-01T08:00:00",
    "29/Feb/2024:18:30:00 +0100": "2024-02-29T17:30:00",
    "Wed, 02 Jan 2019 05:00:00 -0530": "2019-01-02T10:30:00",
    "Thu Feb 29 18:00:00 2024": "2024-02-29T18:00:00",
    "Wed Jan 02 05:00:00 +0100 2019": "2019-01-02T04:00:00",
    "15 août 2019": "2019-08-15T00:00:00",
    "1 décembre 2019": "2019-12-01T00:00:00",
    "31.12.2023 18:30 Uhr": "2023-12-31T18:30:00",
    "2024年2月29日": "2024-02-29T00:00:00",
    "Q3 2024": "2024-07-01T00:00:00",
    "3Q24": "2024-07-01T00:00:00",
    "KW 9/2024": "2024-02-26T00:00:00",
    "29022024": "2024-02-29T00:00:00",
    "2020M05": "2020-05-01T00:00:00",
    "6 PM": "1970-01-01T18:00:00",
    "12am": "1970-01-01T00:00:00",
    "2024-03-01 10:00:00 Europe/Berlin": "2024-03-01T10:00:00",
    "2024-03-01T10:00:00+01:00[Europe/Berlin]": "2024-03-01T09:00:00",
    "Fri Mar 01 2024 10:00:00 GMT+0100 (CET)": "2024-03-01T09:00:00",
    "1er août 2019": "2019-08-01T00:00:00",
    "5 марта 2020": "2020-03-05T00:00:00",
    "5 września 2020": "2020-09-05T00:00:00",
    "2024-Q4": "2024-10-01T00:00:00",
    "1939, May": "1939-05-01T00:00:00",
    "H2 2024": "2024-07-01T00:00:00",
    "FY2014-15": "2014-01-01T00:00:00",
    "18.30 Uhr": "1970-01-01T18:30:00",
    **{
        f"{year}-W{week:02}": f"{datetime.fromisocalendar(year, week, 1):%Y-%m-%dT%H:%M:%S}"
        for year in (1969, 2004, 2015, 2020, 2021)
        for week in (1, 2, 26, 52)
    },
    "2020-W53-7": "2021-01-03T00:00:00",
}


@pytest.mark.parametrize(("text", "time"), READ.items())
def test_a_text_is_the_time_that_it_says(text: str, time: str) -> None:
    form = find_form(pandas.Series([text, text]))
    assert form is not None
    assert str(numpy.datetime64(int(seconds_of(pandas.Series([text]), form)[0]), "s")) == time


NAMES_OF_MONTHS = {
    "Turkish": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
    "Turkish in capitals": "OCAK ŞUBAT MART NİSAN MAYIS HAZİRAN TEMMUZ AĞUSTOS EYLÜL EKİM KASIM ARALIK",
    "Turkish, short": "Oca Şub Mar Nis May Haz Tem Ağu Eyl Eki Kas Ara",
    "Czech": "leden únor březen duben květen červen červenec srpen září říjen listopad prosinec",
    "of Czech": "ledna února března dubna května června července srpna září října listopadu prosince",
    "Polish": "styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień",
    "of Polish": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "Polish, short": "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "Dutch": "januari februari maart april mei juni juli augustus september oktober november december",
    "Portuguese": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "Swedish": "januari februari mars april maj juni juli augusti september oktober november december",
    "Hungarian": "január február március április május június július augusztus szeptember október november december",
    "Romanian": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
}


@pytest.mark.parametrize("names", NAMES_OF_MONTHS.values(), ids=NAMES_OF_MONTHS)
def test_the_months_of_a_language(names: str) -> None:
    texts = pandas.Series([f"3. {name} 2021" for name in names.split()])
    assert find_form(texts) == "day, month name"
    expected = [datetime(2021, month, 3, tzinfo=UTC).timestamp() for month in range(1, 13)]
    assert seconds_of(texts, "day, month name").tolist() == expected
    assert seconds_graph(tensorflow.constant(texts.tolist()), "day, month name").numpy().tolist() == expected


DAYS = [datetime(2014, 1, 2) + timedelta(days=11 * row % 700) for row in range(120)]


def test_the_year_of_three_short_numbers_is_the_one_of_which_there_are_few() -> None:
    forms = {"%y/%m/%d": "short year first", "%d/%m/%y": "short british", "%d.%m.%y": "short european"}
    for directive, form in forms.items():
        texts = [f"{day:{directive}}" for day in DAYS]
        inspected = column(texts)
        assert (inspected.reading, inspected.note) == ({"form": form}, "")
        read = seconds_of(pandas.Series(texts), form)
        assert read.tolist() == [day.replace(tzinfo=UTC).timestamp() for day in DAYS]
    monthly = [f"{year}-{month:02}-15" for year in range(13, 16) for month in range(1, 13)]
    assert column(monthly).reading == {"form": "short year first"}, "only so they follow each other"


def test_a_year_that_may_stand_first_or_last_is_pointed_out_and_the_study_file_decides() -> None:
    texts = ["14/05/15", "15/06/14", "16/07/16", "13/01/13"] * 5
    inspected = column(texts)
    assert inspected.reading == {"form": "short british"}
    assert "in '14/05/15' the year may stand first or last" in inspected.note
    for order, form in (("year_first", "short year first"), ("day_first", "short british")):
        settled = inspect_columns(pandas.DataFrame({"x": texts}), ColumnSettings(date_order=order)).columns[0]
        assert (settled.reading, settled.note) == ({"form": form}, "")


def test_years_of_two_digits_follow_each_other() -> None:
    opened = [f"{1 + row % 28}/{1 + row % 12}/{(62 + row % 45) % 100:02}" for row in range(300)]
    inspected = column([*opened, "31/1/06"])
    assert inspected.reading == {"form": "short british from 1962"}
    assert inspected.note == "years of two digits from 62 on are read as 1962 and later"
    parts = Date().read(pandas.Series(["1/7/62", "1/7/99", "1/7/06", "1/7/61"]), inspected.reading)
    assert parts[:, 0].tolist() == [1962, 1999, 2006, 2061]
    due = column([f"28/12/{20 + row % 40}" for row in range(300)])
    assert (due.reading, due.note) == ({"form": "short british"}, "")
    table = pandas.DataFrame({"Date of birth": [f"28/12/{40 + row % 25}" for row in range(300)]})
    assert inspect_columns(table).columns[0].reading == {"form": "short british from 1931"}
    around = column([f"28/12/{row % 100:02}" for row in range(300)])
    assert around.reading == {"form": "short british"}
    assert "may be of either century, and 68 is read as 2068" in around.note


def test_days_before_their_year_without_a_day_above_12_are_pointed_out() -> None:
    inspected = column([1012024, 2032023, 12012024, 5112022] * 5)
    assert inspected.kind == "numeric" and "day and month are ambiguous" in inspected.note
    table = pandas.DataFrame({"x": [1012024, 2032023] * 5})
    settled = inspect_columns(table, ColumnSettings(date_order="day_first")).columns[0]
    assert settled.reading == {"form": "compact day first"}


YEARLESS = {
    "day and month": "{0}-Aug",
    "month and day": "Aug {0}",
    "month and day of two digits": "Aug {0:02}",
    "in full": "August {0}th",
    "numbers": "{0}/8",
}


@pytest.mark.parametrize("pattern", YEARLESS.values(), ids=YEARLESS)
def test_days_without_a_year_are_pointed_out(pattern: str) -> None:
    inspected = column([pattern.format(1 + row % 31) for row in range(124)])
    assert inspected.kind == "categorical"
    assert inspected.note.startswith(f"looks like days without a year (as in {pattern.format(1)!r})")


def test_ranges_that_a_spreadsheet_has_changed_are_pointed_out_and_months_are_not() -> None:
    inspected = column(["5-Aug", "10-Dec", "0-4", "20-29", "30+"] * 20)
    assert inspected.kind == "categorical" and "restore ranges such as 5-8" in inspected.note
    for texts in ([f"Aug-{year}" for year in range(10, 25)], ["3/4", "5/8", "7/8"], ["Level 3", "Level 4"]):
        assert "without a year" not in column(texts * 10).note


def test_a_date_that_stands_for_none_is_a_gap_or_pointed_out() -> None:
    days = [f"{day:%Y-%m-%d}" for day in DAYS]
    zero = column([*days, *["0000-00-00"] * 30])
    assert zero.kind == "date" and "30 cells that are not dates ('0000-00-00')" in zero.note
    for far in ("1900-01-01", "9999-12-31"):
        note = column([*days, *[far] * 30]).note
        cure = f'if it stands for a missing date, write `gaps: {{x: ["{far}"]}}` under `data`'
        assert note == f"{far} occurs in 30 cells, far from the rest: {cure}"
    assert column(days).note == ""


def test_days_as_whole_numbers_are_dates_and_other_numbers_are_not() -> None:
    days = [20_200_100 + day for day in range(1, 29)]
    assert column(days).reading == {"form": "compact"}
    assert column([*map(float, days), None]).reading == {"form": "compact"}
    for seconds in ("1830", "183059"):
        times = [int(f"{day}{seconds}") for day in days]
        assert column(times).reading == {"form": "compact"}
        assert Date().read(pandas.Series(times), {"form": "compact"})[0, :5].tolist() == [2020, 1, 1, 2, 18]
    for cells in (
        [20_200_000 + 61 * row for row in range(40)],
        list(range(1990, 2030)),
        [3.5, 20_200_101.0],
    ):
        assert column(cells).kind != "date"
    gaps = Date().read(pandas.Series([*map(float, days), None]), {"form": "compact"})
    assert gaps[0, :3].tolist() == [2020, 1, 1] and numpy.isnan(gaps[-1]).all()


def test_bad_cells_are_gaps_and_not_the_end_of_the_column() -> None:
    inspected = column(["2023-01-31"] * 18 + ["2023-02-28", "unknown", "2023-02-30"])
    assert (inspected.kind, inspected.reading) == ("date", {"form": "iso"})
    assert inspected.note == (
        "2 cells that are not dates ('unknown', '2023-02-30') are treated as gaps, the first in data row 20"
    )
    few = column(["2023-01-31", "2023-02-28"] * 6 + ["soon", "late"] * 4)
    assert few.kind == "categorical" and "60% of the cells look like dates" in few.note
    assert column(["2023-01-31", "?", "?"] * 5).kind != "date", "most cells say that there is none"


def test_a_column_may_mix_forms_that_cannot_be_mistaken() -> None:
    inspected = column(["2023-01-31", "28.02.2023", "2023-03-01"] * 5)
    assert inspected.reading == {"form": "iso", "others": ["european"]}
    assert "dates in different forms" in inspected.note
    parts = Date().read(pandas.Series(["2023-01-31", "28.02.2023"]), inspected.reading)
    assert parts[:, :3].tolist() == [[2023, 1, 31], [2023, 2, 28]]


def test_a_time_of_day_has_an_hour_and_no_date() -> None:
    assert Date().parts("at", {"form": "clock"}) == ["at.hour", "at.days"]
    values = pandas.Series(["18:30", None, "24:00"])
    numpy.testing.assert_array_equal(
        Date().read(values, {"form": "clock"}), [[18, 18.5 / 24], [numpy.nan] * 2, [numpy.nan] * 2]
    )
    times = pandas.Series(pandas.to_datetime(["2024-02-29T18:30:00"]))
    assert Date().read(times, {"form": "clock"}).tolist() == [[18, 18.5 / 24]]
    assert Date().given(times, {"form": "clock"}).tolist() == ["18:30:00"]


def test_every_form_of_the_table_is_tested() -> None:
    assert {*FORMS, *NAMED} == set(DATE_FORMS)  # `test_bare_clocks.py` and `test_epochs.py` test the others


@pytest.mark.parametrize("form", FORMS)
def test_what_is_no_date_is_a_gap(form: str) -> None:
    assert numpy.isnan(seconds_of(pandas.Series(NO_DATES), form)).all()
    assert find_form(pandas.Series([*FORMS[form], NO_DATES[0]])) is None


def test_a_wrong_date_far_down_is_seen() -> None:
    assert find_form(pandas.Series(["2023-01-01"] * 5000)) == "iso"
    assert find_form(pandas.Series(["2023-01-01"] * 5000 + ["2023-02-30"])) is None


def test_a_day_above_12_tells_whether_the_month_or_the_day_stands_first() -> None:
    either = ["1/2/2023", "12/11/2023"] * 600
    assert find_form(pandas.Series(either)) is None
    assert "ambiguous" in column(either).note and column(either).kind != "date"
    assert find_form(pandas.Series([*either, "1/13/2023"])) == "american"
    assert find_form(pandas.Series([*either, "13/1/2023"])) == "british"
    assert find_form(pandas.Series([*either, "13/1/2023", "1/13/2023"])) is None


@pytest.mark.parametrize("order", ["day_first", "month_first"])
@pytest.mark.parametrize(("year", "text"), [("%Y", "{0}/{1}/2023"), ("%y", "{0}-{1}-23 14:30")])
def test_the_study_file_says_what_stands_first_where_the_cells_cannot(
    order: str, year: str, text: str
) -> None:
    texts = [text.format(left, right) for left in range(1, 13) for right in range(1, 13)]
    inspected = inspect_columns(pandas.DataFrame({"x": texts}), ColumnSettings(date_order=order)).columns[0]
    assert (inspected.kind, inspected.note) == ("date", "")
    first = "%d" if order == "day_first" else "%m"
    second = "%m" if order == "day_first" else "%d"
    sign = "/" if "/" in text else "-"
    form = f"{first}{sign}{second}{sign}{year}" + (" %H:%M" if ":" in text else "")
    times = pandas.to_datetime(pandas.Series(texts), format=form)
    read = KINDS["date"].read(pandas.Series(texts), inspected.reading)
    assert read[:, 1].tolist() == times.dt.month.tolist() and read[:, 2].tolist() == times.dt.day.tolist()


@pytest.mark.parametrize("order", ["day_first", "month_first"])
def test_cells_that_can_tell_what_stands_first_are_believed(order: str) -> None:
    for texts, form in ((["1/2/2023", "1/13/2023"], "american"), (["1/2/2023", "13/1/2023"], "british")):
        table = pandas.DataFrame({"x": texts})
        inspected = inspect_columns(table, ColumnSettings(date_order=order)).columns[0]
        assert inspected.reading["form"] == form
        assert find_form(pandas.Series(texts), order) == form
    assert find_form(pandas.Series(["1/2/2023"] * 3), order) == {"day_first": "british"}.get(
        order, "american"
    )


def test_the_study_file_may_call_a_column_dates() -> None:
    for texts, form, note in (
        (["1/2/2023", "unknown", None], "american", "read with the month first"),
        (["1/2/2023", "unknown", "13/2/2023"], "british", "1 cell that is not a date"),
        (
            ["31.12.2023", "soon", None, "1.1.2024", "late"],
            "european",
            "2 cells that are not dates ('soon', 'late')",
        ),
    ):
        inspected = inspect_columns(pandas.DataFrame({"x": texts}), ColumnSettings({"x": "date"})).columns[0]
        assert (inspected.kind, inspected.reading) == ("date", {"form": form})
        assert note in inspected.note


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


@draws(200)
@given(st.lists(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)), min_size=1, max_size=5))
def test_parts_are_those_of_the_calendar(times: list[datetime]) -> None:
    for form, directive in {
        "iso": "%Y-%m-%dT%H:%M:%S.%f",
        "slashed": "%Y/%m/%d",
        "american": "%m/%d/%Y",
        "british": "%d-%m-%Y",
        "european": "%d.%m.%Y",
        "month name first": "%B %d, %Y",
        "day, month name": "%d-%b-%Y",
    }.items():
        known = [time if form == "iso" else datetime(time.year, time.month, time.day) for time in times]
        # `strftime` of some C libraries writes the year 7 without zeros.
        texts = [time.strftime(directive.replace("%Y", f"{time.year:04d}")) for time in known]
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


def test_times_that_go_on_after_a_day_are_durations_and_others_are_times_of_day() -> None:
    durations = column([f"{hour}:30:00" for hour in range(1, 60)])
    assert durations.kind == "numeric" and "durations as minutes" in durations.note
    assert column([f"{hour % 24}:30:00" for hour in range(1, 60)]).reading == {"form": "clock"}
    days = column(["0 days 12:00:00", "3 days 01:30:00"] * 20)
    assert days.kind == "numeric"
    assert KINDS["numeric"].read(pandas.Series(["3 days 01:30:00"]), days.reading)[0, 0] == 3 * 1440 + 90


def test_times_of_a_race_are_durations_though_most_could_be_times_of_day() -> None:
    times = [f"{hour}:{minute:02}:00" for hour in (2, 3) for minute in range(40)] + [
        f"{40 + row}:30" for row in range(20)
    ]
    inspected = column(times)
    assert inspected.kind == "numeric" and "durations as minutes (as in '2:00:00')" in inspected.note
    read = KINDS["numeric"].read(
        pandas.Series(["45:30", "7:15", "1:05:00", "45:61", "x"]), inspected.reading
    )[:, 0]
    numpy.testing.assert_array_equal(read, [45.5, 7.25, 65, numpy.nan, numpy.nan])
    assert column([f"{row}:{row:02}" for row in range(1, 60)]).kind == "numeric"
    clock = column([f"{row % 24}:{row % 60:02}" for row in range(200)] + ["25:10"])
    assert clock.reading == {"form": "clock"} and "1 cell that is not a date ('25:10')" in clock.note
    assert column(["60:40", "50:50", "70:30"] * 20).kind == "categorical"


def test_years_and_months_without_a_sign_are_dates_and_prices_and_counters_are_not() -> None:
    months = [100 * year + month for year in (2019, 2020) for month in range(1, 13)]
    assert column(months).reading == column([*map(float, months), None]).reading == {"form": "compact month"}
    for numbers in ([1000 * row for row in range(180, 220)], list(range(200001, 200013)), months[:4] * 9):
        assert column([float(number) for number in numbers] * 2).kind == "numeric"


def test_years_and_the_years_after_them_are_no_months() -> None:
    for sign in "/-":
        seasons = column([f"{year}{sign}{(year + 1) % 100:02}" for year in range(2000, 2012)] * 5)
        assert (seasons.kind, seasons.note) == ("categorical", "")
    assert column(["2001-05", "2002-03", "2003-04"] * 5).kind == "date"


def test_weekdays_and_words_are_no_dates() -> None:
    for texts in (
        [f"{row % 10} out of 10" for row in range(20)],
        [f"{row} set 10" for row in range(1, 9)],
        ["mardi", "lundi"],
        ["Room 12 NORTH", "Room 13 NORTH"],
        ["2 days ago", "3 days ago"],
    ):
        assert column(texts * 20).kind != "date"


TWO_DATES = {
    "ISO": "2020-01-{0:02} - 2020-02-{0:02}",
    "ISO 8601": "2020-01-{0:02}/2020-02-{0:02}",
    "German": "{0}.1.2020 bis {0}.2.2020",
    "dashes of compact dates": "202001{0:02}-202002{0:02}",
    "months in words": "Jan {0}, 2020 to Feb {0}, 2020",
    "American": "1/{0}/2020 - 2/{0}/2020",
    "times of day": "8:{0:02}-14:{0:02}",
    "hours": "{0}:00 am – {0}:30 pm",
    "a time in both": "2020-01-{0:02} 10:00 - 2020-01-{0:02} 12:00",
}


@pytest.mark.parametrize("pattern", TWO_DATES.values(), ids=TWO_DATES)
def test_intervals_of_dates_are_pointed_out(pattern: str) -> None:
    inspected = column([pattern.format(1 + row % 12) for row in range(40)])
    assert inspected.kind in ("categorical", "identifier", "text")
    assert f"its cells hold two dates or times (as in {pattern.format(1)!r})" in inspected.note


@pytest.mark.parametrize(
    "pattern",
    ["{0}-{0}", "INV-2020-{0:02}", "2020-01-{0:02}X", "part {0} - part {0}", "10.0.{0}.1", "{0} to {0}9"],
)
def test_other_texts_are_no_intervals_of_dates(pattern: str) -> None:
    assert "two dates" not in column([pattern.format(1 + row % 28) for row in range(40)]).note


def test_days_of_six_digits_are_dates_where_the_name_says_so() -> None:
    days = [*(datetime(1993, 1, 5) + timedelta(days=17 * row) for row in range(120)), datetime(2001, 2, 28)]
    numbers = [int(f"{day:%y%m%d}") for day in days]
    for cells in (numbers, [*map(float, numbers), None], [f"{day:%y%m%d}" for day in days]):
        table = pandas.DataFrame({"loan_date": cells, "amount": cells})
        dated, other = inspect_columns(table).columns
        assert (dated.kind, other.kind != "date") == ("date", True)
        assert "read as days, as 930705 is the fifth of July 1993, because of its name" in dated.note
        read = Date().read(pandas.Series(cells), dated.reading)[: len(days), :3].tolist()
        assert read == [[day.year, day.month, day.day] for day in days]
    for cells in ([f"{day:%d%m%y}" for day in days], range(930101, 930301), numbers[:9]):
        assert inspect_columns(pandas.DataFrame({"date": cells})).columns[0].kind != "date"


def test_whole_numbers_that_end_with_their_year_are_dates() -> None:
    days = [*(int(f"{day}022024") for day in range(1, 30)), 31121969]
    assert column(days).reading == {"form": "compact day first"}
    assert column([1_000_000 + 4_871 * row for row in range(60)]).kind == "numeric"

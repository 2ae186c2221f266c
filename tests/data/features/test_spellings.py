"""Numbers as people write them, and what looks like a number and is none: cell by cell and as whole columns."""

from functools import partial
from typing import Any

import numpy
import pandas
import pytest

from automl.data.features.kinds import KINDS
from automl.data.features.marks import either_mark, usual_mark
from automl.data.features.numeric import number_values, written_numbers
from automl.data.features.spellings import spelled_number
from automl.data.schema import Column, ColumnSettings, inspect_columns

POINT: dict[str, float] = {
    "12": 12.0,
    "-3.5": -3.5,
    "\u22123.5": -3.5,
    "+7": 7.0,
    ".5": 0.5,
    "5.": 5.0,
    "1e-05": 1e-05,
    "2.5E+3": 2500.0,
    "1,200": 1200.0,
    "2,156,624": 2156624.0,
    "12,34,567": 1234567.0,
    "1,200.50": 1200.5,
    "1 200": 1200.0,
    "1\u00a0200.5": 1200.5,
    "1\u202f234\u202f567": 1234567.0,
    "1'200.50": 1200.5,
    "$8.41": 8.41,
    "$ 1,200": 1200.0,
    "-$5": -5.0,
    "$-5": -5.0,
    "US$ 5.20": 5.2,
    "€9.99": 9.99,
    "9.99 €": 9.99,
    "EUR 1,200": 1200.0,
    "1,200 USD": 1200.0,
    "Rs. 500": 500.0,
    "13.5%": 13.5,
    "13.5 %": 13.5,
    "-0.2 ‰": -0.2,
    "(1,200)": -1200.0,
    "($5.50)": -5.5,
    "5.00-": -5.0,
    "1248 CC": 1248.0,
    "23.4 kmpl": 23.4,
    "82kg": 82.0,
    "36 months": 36.0,
    "20°C": 20.0,
    "15 km/h": 15.0,
    "1200 sq ft": 1200.0,
    "735-739": 737.0,
    "735 – 739": 737.0,
    "10-20%": 15.0,
    "$1,000 - $2,000": 1500.0,
    "5 to 10 years": 7.5,
    "10+ years": 10.0,
    "65+": 65.0,
    "> 5": 5.0,
    "< 1 year": 0.5,
    "~100": 100.0,
    "1h 30m": 90.0,
    "2 hours and 5 minutes": 125.0,
    "2 Days, 3 hrs": 3060.0,
    "2 m 30 s": 2.5,
    "1h05": 65.0,
    "PT1H30M": 90.0,
    "PT45M": 45.0,
    "$(1,200.50)": -1200.5,
    "\u20133.5": -3.5,
    "１２３．５": 123.5,
    "٣": 3.0,
    "१,२००": 1200.0,
    "12?": 12.0,
    "67¢": 67.0,
    "25℃": 25.0,
    "3,399 sq. ft.": 3399.0,
    "\u200b1,200\ufeff": 1200.0,
    "57*": 57.0,
    "1,200.5[3]": 1200.5,
    "12%†": 12.0,
    "21st": 21.0,
    "Rs. 1,234/-": 1234.0,
    "ca. 500": 500.0,
    "approx. 1,200": 1200.0,
    "'57.7": 57.7,
    '="1,200"': 1200.0,
    '"8.5"': 8.5,
    "5.2×10^3": 5200.0,
    "5.2 x 10^-3": 0.0052,
    "5.2×10⁻³": 0.0052,
    "5.2 · 10\u22123": 0.0052,
    "1\u2009234\u2009567.5": 1234567.5,
    "CHF 1'104.-": 1104.0,
    "Fr. 20.--": 20.0,
    "(1,200) €": -1200.0,
    "(5.5)%": -5.5,
    "$ -": 0.0,
    "-   kr": 0.0,
    "12 m2": 12.0,
    "12 m^3": 12.0,
    "3 kg/m3": 3.0,
    "$1,200/mo": 1200.0,
    "10 €/m²": 10.0,
    "12 (est.)": 12.0,
    "[40-50)": 45.0,
    "(40, 50]": 45.0,
    "(-0.5, 10.5]": 5.0,
    "(50.0, inf]": 50.0,
    "(-inf, 10]": 5.0,
    "10..20": 15.0,
    "10~20": 15.0,
    "10 bis 20": 15.0,
    "18 à 24 ans": 21.0,
    "between 10 and 20": 15.0,
    "-20 - -10": -15.0,
    "5 1/2": 5.5,
    "-5 3/8": -5.375,
    '2 1/4"': 2.25,
    "5½": 5.5,
    "1 ½ cups": 1.5,
    "1 year 6 months": 788_940.0,
    "1y6m": 788_940.0,
    "1 Jahr und 6 Monate": 788_940.0,
    "from $104": 104.0,
    "mehr als 20": 20.0,
    "moins de 10": 5.0,
    "65 und älter": 65.0,
    "5 ans et plus": 5.0,
    "5 o más": 5.0,
    "P1Y6M": 788_940.0,
    "2 weeks, 1 day": 21_600.0,
}
COMMA: dict[str, float] = {
    "3,14": 3.14,
    "-0,5": -0.5,
    "1.200,50": 1200.5,
    "1.234.567": 1234567.0,
    "1.234": 1234.0,
    "1 200,5": 1200.5,
    "12,5 %": 12.5,
    "1.200,00 €": 1200.0,
    "1,4330": 1.433,
    "– 5,5 €": -5.5,
    "7,265E+04": 72650.0,
    "ca. 1.200,5": 1200.5,
    "14,- €": 14.0,
    "20,--": 20.0,
    "1.234,-": 1234.0,
    "ab 1.234,50 €": 1234.5,
    "1\u2009200,5": 1200.5,
    "5 1/2": 5.5,
}
NEITHER = [
    *("02139-1234", "1.2.3", "12-34-56", "A12", "10:30", "1/2", "+49 30 1234", "555-123-4567", "(030) 1234"),
    *(
        "192.168.1.1",
        "2023-01-31",
        "31.12.2023",
        "12/31/2023",
        "1,2,3",
        "12,34",
        "1,23,4",
        "0x10",
        "1_000",
        "x",
    ),
    *(
        "12345678901234567",
        "4111 1111 1111 1111",
        "5 kg 3 g",
        "5 kg, 300 g",
        "#12",
        "No. 5",
        "v1.2",
        "5'11\"",
        "1e",
        "",
    ),
    *(
        "--5",
        "-(5)",
        "(5",
        "5)",
        "20-10",
        "1-2-3",
        "B-52",
        "12A4",
        "½",
        "inf",
        "nan",
        "True",
        "3 x 4",
        "5/10",
        "-",
        "1h 75m",
        "30m 1h",
        "1.5h 30m",
        "PT",
        "1h 30",
        "h m",
        "5* 3",
        "945xx",
        "7,265E+04",
        "x10^3",
        '="A12"',
        "5 7/5",
        "5 1/7",
        "1/2 cup",
        "1-1/2",
        "[1, 2]",
        "-5-10",
        "12/mo",
        "3 x 10-5",
        "(1-2)",
        "12 (3)",
        "CA 90210",
        "AB 1234",
    ),
]


@pytest.mark.parametrize(("text", "value"), POINT.items())
def test_a_number_with_a_decimal_point(text: str, value: float) -> None:
    spelled = spelled_number(text, ".")
    assert spelled is not None and spelled.value == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(("text", "value"), COMMA.items())
def test_a_number_with_a_decimal_comma(text: str, value: float) -> None:
    spelled = spelled_number(text, ",")
    assert spelled is not None and spelled.value == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("text", NEITHER)
def test_what_is_no_number(text: str) -> None:
    assert spelled_number(text, ".") is None


ROWS = 60


def column(cells: Any, name: str = "x", **settings: Any) -> Column:
    table = pandas.DataFrame({name: cells})
    return inspect_columns(table, ColumnSettings(**settings)).columns[0]


NUMBERS: dict[str, tuple[list[str], list[float], dict[str, str], str]] = {
    "dollars": (
        [f"${row},{row + 100}.50" for row in range(1, ROWS)],
        [1000 * row + row + 100.5 for row in range(1, ROWS)],
        {"decimal": ".", "unit": "$"},
        "'$' stripped, thousands separators stripped (as in '$1,101.50')",
    ),
    "percent": (
        [f"{row}.5%" for row in range(ROWS)],
        [row + 0.5 for row in range(ROWS)],
        {"decimal": ".", "unit": "%"},
        "'%' stripped",
    ),
    "a unit and its plural": (
        ["1 year", "2 years", "< 1 year", "10+ years"] * 15,
        [1, 2, 0.5, 10] * 15,
        {"decimal": ".", "unit": "year"},
        "bounds as their number",
    ),
    "open classes of amounts": (
        ["$25000 or more", "$7000 to 7999", "lt $1000", "$10000 - 14999", "$15000 - 19999"] * 12,
        [25000, 7499.5, 500, 12499.5, 17499.5] * 12,
        {"decimal": ".", "unit": "$"},
        "bounds as their number",
    ),
    "open classes of ages": (
        ["65 years and over", "18-24 years", "25 to 44 years", "45-64 years"] * 15,
        [65, 21, 34.5, 54.5] * 15,
        {"decimal": ".", "unit": "year"},
        "bounds as their number",
    ),
    "ranges of which one is a number": (
        ["0-1", "1-2", "3-4", "4-4", "5-6", "6+"] * 10,
        [0.5, 1.5, 3.5, 4, 5.5, 6] * 10,
        {"decimal": "."},
        "ranges as their middle",
    ),
    "estimates in brackets": (
        [*(f"{row}.25" for row in range(ROWS)), "[98]"],
        [*(row + 0.25 for row in range(ROWS)), 98],
        {"decimal": "."},
        "as people write them",
    ),
    "ordinals before a word": (
        ["3rd grade", "4th grade", "12th grade"] * 20,
        [3, 4, 12] * 20,
        {"decimal": ".", "unit": "grade"},
        "'grade' stripped",
    ),
    "people": (
        ["1 person", "2 people", "5-10 people"] * 20,
        [1, 2, 7.5] * 20,
        {"decimal": ".", "unit": "person"},
        "'person' stripped",
    ),
    "decimal commas": (
        [f"{row},{row % 9}" for row in range(ROWS)],
        [row + row % 9 / 10 for row in range(ROWS)],
        {"decimal": ","},
        "decimal commas",
    ),
    "ranges that come back": (
        [f"{5 * row}-{5 * row + 4}" for row in range(12)] * 5,
        [5 * row + 2.0 for row in range(12)] * 5,
        {"decimal": "."},
        "ranges as their middle",
    ),
    "one cell in twelve in another unit": (
        ["5 kg"] * 10 + ["7 kg", "300 g"],
        [5.0] * 10 + [7.0, numpy.nan],
        {"decimal": ".", "unit": "kg"},
        "1 cell that is not a number ('300 g') is treated as a gap, in data row 12",
    ),
    "durations": (
        ["1h 30m", "2h", "45m", "1 h 5 min"] * 15,
        [90.0, 120.0, 45.0, 65.0] * 15,
        {"decimal": ".", "unit": "duration in minutes"},
        "read as numbers, durations as minutes (as in '1h 30m')",
    ),
    "thousands and millions": (
        ["950", "3k", "1.2M", "2.5 Mio."] * 15,
        [950.0, 3000.0, 1.2e6, 2.5e6] * 15,
        {"decimal": ".", "magnitudes": True},
        "read as numbers, magnitudes multiplied out (as in '3k')",
    ),
    "meters or millions beside thousands": (
        ["3k", "1.2m", "7.5K"] * 20,
        [3000.0, 1.2e6, 7500.0] * 20,
        {"decimal": ".", "magnitudes": True},
        "magnitudes multiplied out",
    ),
    "amounts of several magnitudes": (
        ["€1.2M", "€633K", "€900", "€0.5bn"] * 15,
        [1.2e6, 633e3, 900.0, 0.5e9] * 15,
        {"decimal": ".", "unit": "€", "magnitudes": True},
        "'€' stripped, magnitudes multiplied out",
    ),
    "lakhs and crores": (
        ["₹45 Lac", "₹1.2 Cr", "₹ 80 Lakh"] * 20,
        [45e5, 1.2e7, 80e5] * 20,
        {"decimal": ".", "unit": "₹", "magnitudes": True},
        "magnitudes multiplied out",
    ),
    "amounts of substance, some without their unit": (
        ["5mmol", "7", "9mmol"] * 20,
        [5.0, 7.0, 9.0] * 20,
        {"decimal": ".", "unit": "mmol"},
        "'mmol' stripped",
    ),
    "one letter in every cell, which may be a size": (
        [f"{row}.5M" for row in range(ROWS)],
        [row + 0.5 for row in range(ROWS)],
        {"decimal": ".", "unit": "m"},
        "'m' stripped",
    ),
    "numbers that are about right": (
        [f"~{row}" for row in range(ROWS)],
        [float(row) for row in range(ROWS)],
        {"decimal": "."},
        "",
    ),
    "installs": (
        [f"{10 ** (1 + row % 6):,}+" for row in range(ROWS)],
        [10.0 ** (1 + row % 6) for row in range(ROWS)],
        {"decimal": "."},
        "bounds as their number",
    ),
    "heights in feet and inches": (
        ["5'11\"", "6'0\"", "5 ft 2 in", "6'6\" and above", "Under 5 ft.", "72"] * 10,
        [71.0, 72.0, 62.0, 78.0, 60.0, 72.0] * 10,
        {"decimal": ".", "unit": "feet and inches as inches"},
        "read as numbers, feet and inches as inches (as in '5\\'11\"')",
    ),
    "latitudes": (
        ["48°51'N", "33°52'48\"S", "0°30'N", "51.5° N"] * 15,
        [48.85, -33.88, 0.5, 51.5] * 15,
        {"decimal": ".", "unit": "degrees, south and west below 0"},
        "degrees, south and west below 0",
    ),
    "longitudes with a letter": (
        ["5.25 E", "74.5 W", "139.75E"] * 20,
        [5.25, -74.5, 139.75] * 20,
        {"decimal": ".", "unit": "degrees, south and west below 0"},
        "degrees, south and west below 0",
    ),
    "few of several units among bare numbers": (
        [*map(str, range(56)), "140 kg", "150 kg", "90 lbs", "3 st"],
        [*map(float, range(56)), *[numpy.nan] * 4],
        {"decimal": "."},
        "4 cells that are not numbers ('140 kg', '150 kg', '90 lbs') are treated as gaps",
    ),
    "errors of spreadsheets and signs that say nothing": (
        [*map(str, range(50)), "#WERT!", "#NV", "#N/D", "#VALEUR!", "-/-", "****", "refused", "not asked"],
        [*map(float, range(50)), *[numpy.nan] * 8],
        {"decimal": "."},
        "8 cells are gaps in words ('#WERT!', '#NV', '#N/D')",
    ),
    "thousands that go on from numbers of three digits": (
        [*(f"{row} €" for row in range(900, 1000, 2)), *(f"{row}.{900 + row} €" for row in range(1, 11))],
        [*(float(row) for row in range(900, 1000, 2)), *(1000.0 * row + 900 + row for row in range(1, 11))],
        {"decimal": ",", "unit": "€", "thousands": "."},
        "read as numbers, '€' stripped, thousands separators stripped (as in '900 €')",
    ),
    "fractions": (
        ["5 1/2", "1/2", "3", "2 3/8"] * 15,
        [5.5, 0.5, 3.0, 2.375] * 15,
        {"decimal": ".", "fractions": True},
        "read as numbers, fractions as decimals (as in '5 1/2')",
    ),
    "cups": (
        ["1/2 cup", "1 cup", "1 ½ cups", "2 cups"] * 15,
        [0.5, 1.0, 1.5, 2.0] * 15,
        {"decimal": ".", "unit": "cup", "fractions": True},
        "fractions as decimals",
    ),
    "prices without cents": (
        [f"{row + 10},- €" if row % 2 else f"{row + 10},50 €" for row in range(ROWS)],
        [row + 10.0 if row % 2 else row + 10.5 for row in range(ROWS)],
        {"decimal": ",", "unit": "€"},
        "'€' stripped, decimal commas",
    ),
    "nothing in an account": (
        ["$ 1,200.00", "$ -", "$ 15.50"] * 20,
        [1200.0, 0.0, 15.5] * 20,
        {"decimal": ".", "unit": "$"},
        "`-` with a currency as 0",
    ),
    "millions with a decimal comma": (
        [f"{row},5 Mio. €" for row in range(ROWS)],
        [row * 1e6 + 5e5 for row in range(ROWS)],
        {"decimal": ",", "unit": "€", "magnitudes": True},
        "'€' stripped, decimal commas, magnitudes multiplied out",
    ),
    "views": (
        ["950 views", "5.4K views", "1.2M views"] * 20,
        [950.0, 5400.0, 1.2e6] * 20,
        {"decimal": ".", "unit": "view", "magnitudes": True},
        "magnitudes multiplied out",
    ),
    "intervals of a program that cuts": (
        ["(0.0, 10.0]", "(10.0, 20.0]", "(20.0, inf]"] * 20,
        [5.0, 15.0, 20.0] * 20,
        {"decimal": "."},
        "ranges as their middle",
    ),
    "ranges that do not come back, with blanks": (
        [f"{1000 + 10 * row} - {1100 + 10 * row}" for row in range(ROWS)],
        [1050.0 + 10 * row for row in range(ROWS)],
        {"decimal": "."},
        "ranges as their middle",
    ),
    "ranges of amounts with a remark": (
        [f"${50 + row}K-${70 + row}K (Glassdoor est.)" for row in range(ROWS)],
        [60_000.0 + 1000 * row for row in range(ROWS)],
        {"decimal": ".", "unit": "$ glassdoor est", "magnitudes": True},
        "ranges as their middle",
    ),
    "ages in German": (
        ["18-24", "25-64", "65 und älter", "unter 18"] * 15,
        [21.0, 44.5, 65.0, 9.0] * 15,
        {"decimal": "."},
        "bounds as their number",
    ),
    "prices of more than a thousand without cents": (
        [f"{1 + row}.{100 + row},-" for row in range(ROWS)],
        [1000.0 * (1 + row) + 100 + row for row in range(ROWS)],
        {"decimal": ",", "thousands": "."},
        "thousands separators stripped",
    ),
    "ranges of years": (
        [f"{1900 + row}-{1910 + row}" for row in range(ROWS)],
        [1905.0 + row for row in range(ROWS)],
        {"decimal": "."},
        "ranges as their middle",
    ),
    "ages in words": (
        ["2 years", "3 months", "1 week", "1 year"] * 15,
        [1_051_920.0, 131_490.0, 10_080.0, 525_960.0] * 15,
        {"decimal": ".", "unit": "duration in minutes"},
        "durations as minutes",
    ),
    "a unit in a few cells only": (
        [*(str(row + 1000) for row in range(50)), *["34.5 Sq. Meter"] * 6],
        [*(row + 1000.0 for row in range(50)), *[34.5] * 6],
        {"decimal": ".", "unit": "sq. meter"},
        "50 of 56 cells have no unit and are taken to be in 'sq. meter', as '34.5 Sq. Meter' is",
    ),
    "words for gaps in other languages": (
        ["1", "2", "entfällt", "3", "não informado", "4", "нет данных", "5", "不明", "6"] * 6,
        [1, 2, numpy.nan, 3, numpy.nan, 4, numpy.nan, 5, numpy.nan, 6] * 6,
        {"decimal": "."},
        "24 cells are gaps in words ('entfällt', 'não informado', 'нет данных')",
    ),
    "infinite values as text": (
        ["1.5", "inf", "2.5", "-Infinity", "3.5"] * 12,
        [1.5, numpy.nan, 2.5, numpy.nan, 3.5] * 12,
        {"decimal": "."},
        "24 cells are gaps in words ('inf', '-Infinity')",
    ),
    "marks for what cannot be measured": (
        ["1.5", "2.5", "ND", "3.5", "####"] * 12,
        [1.5, 2.5, numpy.nan, 3.5, numpy.nan] * 12,
        {"decimal": "."},
        "24 cells are gaps in words ('ND', '####')",
    ),
    "hours alone": (["2h", "3.5h"] * 30, [2.0, 3.5] * 30, {"decimal": ".", "unit": "h"}, "'h' stripped"),
    "tiny numbers": (
        [f"{row}e-05" for row in range(1, ROWS)],
        [float(f"{row}e-05") for row in range(1, ROWS)],
        {"decimal": "."},
        "",
    ),
    "words for gaps in four of ten cells": (
        ["1,5", "2,5", "?", "3,5", "N.A."] * 12,
        [1.5, 2.5, numpy.nan, 3.5, numpy.nan] * 12,
        {"decimal": ","},
        "24 cells are gaps in words ('?', 'N.A.')",
    ),
    "either mark": (
        [f"{row}.{row + 100}" for row in range(1, ROWS)],
        [float(f"{row}.{row + 100}") for row in range(1, ROWS)],
        {"decimal": "."},
        "'1.101' could be 1.101 or 1101 and is read as the first; `decimal: \",\"` under `data` reads the other",
    ),
}


@pytest.mark.parametrize(("cells", "numbers", "reading", "note"), NUMBERS.values(), ids=NUMBERS)
def test_a_column_of_numbers(
    cells: list[str], numbers: list[float], reading: dict[str, str], note: str
) -> None:
    inspected = column(cells)
    assert (inspected.kind, inspected.reading) == ("numeric", reading)
    assert note in inspected.note
    numpy.testing.assert_allclose(number_values(pandas.Series(cells), inspected.reading), numbers, rtol=1e-12)
    spaced = column([f" {cell}\t" for cell in cells])
    assert (spaced.kind, spaced.reading) == ("numeric", reading)


def spread(pattern: str) -> list[str]:
    return [pattern.format(row, row + 11) for row in range(10, 10 + ROWS)]


NO_NUMBERS: dict[str, list[str]] = {
    "zip codes with four more digits": spread("021{}-12{}"),
    "zip codes": spread("021{}"),
    "zip codes, a few with a leading zero": [*spread("102{}"), "02139"],
    "versions": spread("1.{}.3"),
    "parts": spread("{}-34-56"),
    "seats": spread("A{}"),
    "times": spread("10:{}"),
    "fractions": spread("1/{}"),
    "telephones": spread("+49 30 12{}"),
    "long telephones": spread("+49 301 234 1{}"),
    "telephones without an area": spread("5{}-12{}"),
    "telephones in groups": spread("555 123 4{}"),
    "agents": [f"00{row % 10}" for row in range(ROWS)],
    "codes with an E": [f"{row}E{row % 7}" for row in range(1, ROWS)],
    "sixteen digits": spread("45320112830{}366"),
    "card numbers": spread("4111 1111 1111 11{}"),
    "classes that are bounds": ["<=50K", ">50K", "<=50K"] * 20,
    "two units": ["5 kg", "300 g"] * 30,
    "numbered labels, one of them rare": [*["1. Yes"] * 57, *["2. No"] * 3],
    "coded labels, one of them rare": [*["0 No"] * 57, *["1 Yes"] * 3],
    "results": ["0-0", "1-1", "2-3", "1-4"] * 15,
    "marks of schools": ["1-", "2+", "2", "2-", "3+", "3"] * 10,
    "halves and quarters alone": ["1/2", "1/4", "3/4"] * 20,
    "units of other things, in brackets": ["5 (kg)", "300 (g)"] * 30,
    "lists of two numbers": [f"[{row % 7}, {row % 5}]" for row in range(ROWS)],
    "two currencies": ["$5", "€7"] * 30,
    "ages with the sex": ["45M", "50F", "31M", "28F"] * 15,
    "credits and debits": ["1,200 CR", "50 DR"] * 30,
    "codes that are kept from a spreadsheet": [f'="0{row + 10}"' for row in range(ROWS)],
    "open classes": ["45+", "60+", "45+"] * 20,
    "ids": spread("INV-{}"),
    "addresses in a network": spread("192.168.1.{}"),
    "house numbers with streets": [
        f"{row} {name} Street"
        for row in range(1, 11)
        for name in ("Oak", "Elm", "Main", "Hill", "Lake", "Bay")
    ],
    "scores of matches": [f"{row % 5}-{(row * 7) % 4}" for row in range(ROWS)],
    "coordinates": spread("52.{}, 13.4"),
    "sizes": spread("{} x {}"),
    "flight numbers": spread("LH {}"),
    "isbn": spread("978-3-16-1484{}-0"),
    "chess results": ["1-0", "0-1", "1/2-1/2"] * 20,
    "hexadecimal": spread("0x{}"),
    "minutes and seconds of a run": [f"{3 + row % 4}'{row:02}\"" for row in range(ROWS)],
    "angles in two directions at once": ["N 12 S", "E 5 W"] * 30,
    "words with a number now and then": ["red", "blue", "12"] * 20,
    "most cells are words for gaps": ["-", "-", "-", "5", "7"] * 12,
}


@pytest.mark.parametrize("cells", NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_a_column_that_is_no_numbers(cells: list[str]) -> None:
    assert column(cells).kind != "numeric"


def test_the_study_file_says_which_mark_is_meant() -> None:
    cells = [f"{row}.{row + 100}" for row in range(1, ROWS)]
    inspected = column(cells, decimal=",")
    assert inspected.reading == {"decimal": ",", "thousands": "."} and "could be" not in inspected.note
    assert inspected.note == "read as numbers, thousands separators stripped (as in '1.101')"
    assert number_values(pandas.Series(cells), inspected.reading)[:2].tolist() == [1101.0, 2102.0]


def test_another_column_says_which_mark_is_meant() -> None:
    stock = [f"{row},{row + 100}" for row in range(1, ROWS)]
    for share, mark in (("0,5", ","), ("0.5", ".")):
        table = pandas.DataFrame({"stock": stock, "share": [share, "7"] * 29 + ["3"]})
        inspected = inspect_columns(table).columns[0]
        assert inspected.reading == {"decimal": mark} and "could be" not in inspected.note


def test_fractions_that_may_be_thousands_are_pointed_out_unless_a_column_decides() -> None:
    cells = [round(1 + row * 7.123, 3) for row in range(ROWS)]
    whole = pandas.DataFrame({"stock": cells, "n": range(ROWS)})
    [note] = either_mark(whole)
    assert note == (
        "'stock': 1.000 could be 1 or 1000 and is read as the first; `decimal: \",\"` under `data` reads the other"
    )
    counts = [*map(float, range(100, 160)), *(row + (100 + row) / 1000 for row in range(1, 30))]
    assert either_mark(pandas.DataFrame({"people": counts}))[0].startswith(
        "'people': 100.000 could be 100 or"
    )
    assert not either_mark(whole.assign(share=0.5)), "another column has a decimal point"
    assert not either_mark(whole.assign(stock=whole["stock"] / 1000)), "less than 1"
    assert not either_mark(whole.assign(stock=[row + 0.5 for row in range(ROWS)])), (
        "one digit behind the point"
    )


def test_the_decimal_comma_of_a_table_is_not_guessed_from_months_behind_years() -> None:
    months = ["1939, May", "1986, October", "1992"] * 20
    assert usual_mark(pandas.DataFrame({"first": months, "pages": [2.0, 3.0, None] * 20})) is None


def test_one_word_beside_numbers_is_pointed_out() -> None:
    note = column(["FALSE"] * 60 + [str(row) for row in range(20)]).note
    assert note.startswith(
        "25% of the cells are numbers, but the others ('FALSE') are not; set it to numeric"
    )


HELD = {
    "points": ("POINT (-73.{0} 40.{0})", True),
    "pairs in brackets": ("(40.{0}, -73.{0})", True),
    "addresses": ("{0} Learned Pl, Durham, NC 277{0}", False),
    "tracts": ("Census Tract {0}.02", False),
}


@pytest.mark.parametrize(("pattern", "is_said"), HELD.values(), ids=HELD)
def test_places_are_no_text_and_addresses_are_no_numbers(pattern: str, is_said: bool) -> None:
    inspected = column([pattern.format(row) for row in range(10, 10 + ROWS)])
    assert inspected.kind == ("text" if "Pl" in pattern else "identifier")
    assert ("its cells hold several numbers" in inspected.note) is is_said


def test_a_number_or_a_date_behind_one_word_is_pointed_out() -> None:
    scores = column([f"Sample  {row}.5" for row in range(ROWS)])
    assert scores.note.startswith(
        "looks like numbers after 'Sample' (as in 'Sample  0.5'), which are not read"
    )
    days = pandas.date_range("2001-03-01", periods=ROWS).strftime("EOW: %A, %B %d, %Y")
    ends = column([*days] * 2)
    assert ends.kind != "choices" and ends.note.startswith(
        "looks like dates after 'EOW:' (as in 'EOW: Thursday, "
    )


def test_levels_that_differ_in_blanks_are_pointed_out() -> None:
    note = column(["New  York", "New York", "Boston"] * 20).note
    assert note.startswith("levels differ in case or blanks only, as 'New  York' and 'New York'")


def test_two_units_are_pointed_out() -> None:
    assert (
        "looks like numbers in different units ('kg' and 'g')" in column(["5 kg", "300 g", "7 kg"] * 20).note
    )


def test_more_units_are_pointed_out_where_they_are_short() -> None:
    dose = ["5 mg", "10 mg", "2 g", "100 mcg", "5 IU", "7 ml"]
    assert "looks like numbers in different units ('mg' and" in column(dose * 12).note
    assert (
        "units"
        not in column(
            [f"{row} {word}" for row in range(9) for word in ("Oak", "Main", "Elmwood", "Hill")]
        ).note
    )


@pytest.mark.parametrize("cells", [["[0,5)", "[5,10)", "(-10, -5]"] * 20, ["(0.5, 1.5]", "(1.5, inf]"] * 30])
def test_of_intervals_neither_separators_nor_signs_are_said_to_be_stripped(cells: list[str]) -> None:
    assert "stripped" not in column(cells).note and "minus" not in column(cells).note


@pytest.mark.parametrize(
    "cells", [["171a", "171b", "221a", "170b"] * 15, ["1. White", "2. Black", "3. Asian", "4. Other"] * 15]
)
def test_codes_with_a_letter_and_numbered_labels_are_no_numbers_in_two_units(cells: list[str]) -> None:
    assert (column(cells).kind, column(cells).note) == ("categorical", "")


def test_a_number_that_was_read_by_another_mark_on_its_way_is_refused() -> None:
    """A served CSV is read with a decimal point by whoever serves it: `1.234` would be 1.234, and was 1234."""
    cells = [f"{1 + row}.{100 + row}" for row in range(40)] + ["950", "2.345.678", "n/a"]
    inspected = column(cells, decimal=",")
    assert inspected.reading == {"decimal": ",", "thousands": "."}
    read_numbers = partial(KINDS["numeric"].given, reading=inspected.reading)
    assert read_numbers(pandas.Series(["1.234", "950"])).tolist() == [1234.0, 950.0]
    assert read_numbers(pandas.Series([1234, 950])).tolist() == [1234.0, 950.0]
    assert read_numbers(pandas.Series([1234.0, numpy.nan, 0.0])).tolist()[::2] == [1234.0, 0.0]
    assert read_numbers(pandas.Series([7, None], dtype="Int64")).tolist()[0] == 7.0
    for cells in (
        *([1.234], [950.0, 12.5], [1234, numpy.nan, 1.1], pandas.Series(["7", 1.234], dtype=object)),
        *([1.0], [1234.0, -7.0], pandas.Series([None, 999.0], dtype=object)),
    ):
        with pytest.raises(ValueError, match=r"must hold whole numbers, got .*; give such cells as text"):
            read_numbers(pandas.Series(cells, name="x"))


@pytest.mark.parametrize(
    "cells", [["1.200,50", "3.400,25"], ["3,14", "2,71"], ["1.5", "1,234"], ["1,234", "2,345"]]
)
def test_numbers_with_fractions_come_in_any_way(cells: list[str]) -> None:
    inspected = column(cells * 30)
    assert inspected.kind == "numeric" and "thousands" not in inspected.reading
    assert KINDS["numeric"].given(pandas.Series([1.234]), inspected.reading).tolist() == [1.234]


def test_a_column_with_too_few_numbers_is_pointed_out() -> None:
    """`year discovered` of the elements was dropped as an identifier: eleven of a hundred cells say `Ancient`."""
    cells = [str(1700 + 2 * row) for row in range(50)] + ["Ancient"] * 10
    inspected = column(cells)
    assert inspected.kind == "identifier"
    assert inspected.note.startswith(
        "83% of the cells are numbers, but the others ('Ancient') are not; set it to numeric"
    )
    declared = column(cells, kinds={"x": "numeric"})
    assert declared.kind == "numeric" and "10 cells that are not numbers ('Ancient')" in declared.note
    for few in (["12", "blue", "red"] * 20, [f"{row % 7:03}" for row in range(40)] + ["A12"] * 20):
        assert "are numbers" not in column(few).note


def test_a_cell_is_read_as_it_was_in_training_and_not_otherwise() -> None:
    reading = {"decimal": ".", "unit": "kg"}
    cells = pandas.Series(["5 kg", "5", " 1,200 KG", "300 g", "5,5 kg", "?", None, 7, True])
    expected = [5.0, 5.0, 1200.0, numpy.nan, numpy.nan, numpy.nan, numpy.nan, 7.0, 1.0]
    assert number_values(cells, reading).tolist()[:3] == expected[:3]
    numpy.testing.assert_array_equal(number_values(cells, reading), expected)


def test_codes_that_are_called_numbers_are_numbers() -> None:
    inspected = column(["007", "012"] * 30, kinds={"x": "numeric"})
    assert number_values(pandas.Series(["007", "012"]), inspected.reading).tolist() == [7.0, 12.0]


def test_fractions_are_numbers_where_the_study_file_says_so() -> None:
    cells = pandas.Series(["1/2", "3/4", "2"] * 20, name="x")
    inspected = column(cells, kinds={"x": "numeric"})
    assert inspected.reading == {"decimal": ".", "fractions": True}
    assert number_values(cells, inspected.reading)[:3].tolist() == [0.5, 0.75, 2.0]
    days, _ = written_numbers(pandas.Series(["1/2", "1/3", "1/4"] * 20, name="day"))
    assert numpy.isnan(days).all()


def test_numbers_among_more_words_for_gaps_are_pointed_out() -> None:
    note = column([*["n.a."] * 60, *["-"] * 40, *(f"1,{200 + row}" for row in range(60))]).note
    assert note.startswith(
        "62% of the cells are words for a gap ('n.a.', '-'), and the others are numbers; set it"
    )
    assert "words for a gap" not in column(["none"] * 60 + ["red", "blue"] * 20).note


def test_several_codes_of_surveys_are_pointed_out_together() -> None:
    cells = [float(row % 14) for row in range(10_000)] + [98.0] * 30 + [96.0] * 5
    assert column(cells, "late").note == (
        "96 and 98 occur in 35 cells, far from the rest: if they stand for a missing value, "
        "write `gaps: {late: [96, 98]}` under `data`"
    )
    assert column([row % 14 + 85.0 for row in range(10_000)] + [98.0] * 30, "late").note == ""
    assert column([float(row % 14) for row in range(10_000)] + [91.0] * 30 + [92.0] * 5, "late").note == ""


SENTINELS = [
    ([-200.0, *range(40, 140)] + [-200.0] * 15, -200),
    ([-1.0] * 60 + [float(row) for row in range(300, 400)], -1),
    ([9999.0] * 5 + [row / 10 for row in range(100)], 9999),
    ([0.0] * 7 + [float(row) for row in range(100, 150)], 0),
]


@pytest.mark.parametrize(("cells", "value"), SENTINELS)
def test_a_value_far_from_the_rest_that_comes_back_is_pointed_out(cells: list[float], value: int) -> None:
    note = column(cells, "no2").note
    assert note.startswith(f"{value} occurs in {cells.count(float(value))} cells, far from the rest")
    assert note.endswith(f"write `gaps: {{no2: [{value}]}}` under `data`")
    inspected = column(cells, "no2", gaps={"no2": [value]})
    assert inspected.reading == {"gaps": [value]}
    assert inspected.note == f"{cells.count(float(value))} cells are gaps (data.gaps: {value})"


@pytest.mark.parametrize(
    "cells",
    [
        [float(row % 10) for row in range(100)],
        [-1.0, 0.0, 1.0] * 30,
        [*map(float, range(100)), 1e6],
        [2.0 ** (row % 20) for row in range(100)],
        numpy.random.default_rng(0).lognormal(0.0, 2.0, 500).tolist(),
        [0.0] * 50 + [float(row) for row in range(1, 60)],
        [-2.0, -1.0, *map(float, range(0, 120, 2))],
    ],
)
def test_values_without_a_gap_in_them_are_left_alone(cells: list[float]) -> None:
    assert column(cells).note == ""

"""Dates and times: the forms that are understood, and the parts of the calendar that a network is given."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import final

import numpy
import pandas

from .calendar import calendar, days_since_1970
from .cells import GAP, SPACES
from .feature import Cells, Feature, Found, Reading, Tensor

NUM_TRIED = 1000
"""Values of a column that are looked at first to find its form."""

_DAY_SECONDS = 86_400.0
_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class DateForm:
    """One way to write a date.

    Attributes:
        directive: The form for `strftime`.
        pattern: Regular expression of the whole text, with groups; the same to Python and to RE2.
        rewrite: The groups as `YYYY-MM-DD`, a space, and the time of day where there is one.
        offset: The groups as the time that UTC is behind, `+hhmm` or `-hhmm`; empty where the form has none.
    """

    directive: str
    pattern: str
    rewrite: str
    offset: str = ""


_ZONE = r"(?:Z|([+-])([01][0-9]|2[0-3]):?([0-5][0-9]))"
_TIME = r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?" + _ZONE + r"?|Z|[+]00:?00)?"

DATE_FORMS: Mapping[str, DateForm] = {
    "iso": DateForm(
        "%Y-%m-%dT%H:%M:%S",
        r"([0-9]{4})-([0-9]{2})-([0-9]{2})" + _TIME,
        r"\1-\2-\3 \4:\5:\6",
        r"\7\8\9",
    ),
    "slashed": DateForm("%Y/%m/%d", r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})", r"\1-\2-\3 ::"),
    "american": DateForm("%m/%d/%Y", r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})", r"\3-\1-\2 ::"),
    "british": DateForm("%d/%m/%Y", r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})", r"\3-\2-\1 ::"),
    "european": DateForm("%d.%m.%Y", r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", r"\3-\2-\1 ::"),
}
"""By name. `american` and `british` read the same texts; only a day above 12 tells which of them is meant."""

PARTS = ("year", "month", "day", "weekday", "hour", "days")
"""What a date becomes: calendar parts (weekday 0 is Monday), and days since 1970 with the time of day as a fraction."""


_EITHER = "dates whose day and month cannot be told apart, for no number in them is above 12"
_CURE = "write them as YYYY-MM-DD, or call the column a date under `data.columns` if the month stands first"


@final
class Date(Feature):
    """See the module. A reading names the `form`, one of `DATE_FORMS`."""

    name = "date"
    store = "numbers"

    def detect(self, cells: Cells) -> Found | None:
        """See `Feature.detect`."""
        if pandas.api.types.is_datetime64_any_dtype(cells.values):
            return Found(1.0, {"form": "iso"})
        forms = possible_forms(cells.known)
        if len(forms) == 1:
            return Found(0.8, {"form": forms[0]})
        return Found(0.0, note=f"{_EITHER}; {_CURE}") if forms else None

    def told(self, cells: Cells) -> Found:
        """See `Feature.told`."""
        form = best_form(cells.values)
        is_told = form != "american" or not are_ambiguous(cells.values)
        return Found(1.0, {"form": form}, "" if is_told else f"{_EITHER}; read with the month first")

    def read(self, values: pandas.Series, reading: Reading) -> numpy.ndarray:
        """See `Feature.read`."""
        return date_parts(seconds_of(values, reading["form"]))

    def given(self, values: pandas.Series, reading: Reading) -> numpy.ndarray:
        """See `Feature.given`."""
        form = reading["form"]  # a model of an earlier version has the directive itself
        return date_texts(values, DATE_FORMS[form].directive if form in DATE_FORMS else form).to_numpy(object)

    def graph(self, cells: Tensor, reading: Reading) -> Tensor:
        """See `Feature.graph`."""
        return parts_graph(cells, reading["form"])

    def parts(self, name: str, reading: Reading) -> list[str]:
        """See `Feature.parts`."""
        return [f"{name}.{part}" for part in PARTS]


def find_form(values: pandas.Series) -> str | None:
    """The name of the form that all of these cells have; None when there is none, or it could be two."""
    forms = possible_forms(values)
    return forms[0] if len(forms) == 1 else None


def possible_forms(values: pandas.Series) -> list[str]:
    """The names of the forms that read all of these cells: two when days and months cannot be told apart."""
    if pandas.api.types.is_datetime64_any_dtype(values):
        return ["iso"]
    samples = (values.head(NUM_TRIED), values)  # of most columns that hold no dates, the first will do
    return [
        form
        for form in DATE_FORMS
        if all(numpy.isfinite(seconds_of(sample, form)).all() for sample in samples)
    ]


def are_ambiguous(values: pandas.Series) -> bool:
    """Whether there are slashed dates among these cells, and all of them can begin with the day or the month."""
    american, british = (numpy.isfinite(seconds_of(values, form)) for form in ("american", "british"))
    return bool(american.any() and (american == british).all())


def best_form(values: pandas.Series) -> str:
    """The name of the form that most of these cells have, the first of the table when none has any."""
    counts = {form: numpy.isfinite(seconds_of(values, form)).sum() for form in DATE_FORMS}
    return max(counts, key=lambda form: counts[form])


def seconds_of(values: pandas.Series, form: str) -> numpy.ndarray:
    """Seconds since 1970, whole, float64 of shape (row,); NaN for gaps and for what is no date of this form.

    They are counted in UTC, in which a time without an offset is taken to be.
    """
    if pandas.api.types.is_datetime64_any_dtype(values):
        times = pandas.to_datetime(values, utc=True).dt.tz_localize(None)
        whole = times.to_numpy().astype("datetime64[s]")
        return numpy.where(numpy.isnat(whole), numpy.nan, whole.astype(numpy.int64).astype(numpy.float64))
    places, texts = pandas.factorize(values)
    # The place of a gap is -1, the last one.
    return numpy.array([*(_seconds(str(text), DATE_FORMS[form]) for text in texts), numpy.nan])[places]


def _seconds(text: str, form: DateForm) -> float:
    match = re.fullmatch(form.pattern, text.strip(SPACES))
    if match is None:
        return numpy.nan
    fields = [int(field or 0) for field in re.split("[ :-]", match.expand(form.rewrite))]
    try:
        local = (datetime(*fields) - _EPOCH).total_seconds()  # type: ignore[arg-type]
        return local - _offset_seconds(match.expand(form.offset))
    except ValueError:  # no such day, or no such time of day
        return numpy.nan


def _offset_seconds(text: str) -> int:
    """Seconds of `+hhmm` or `-hhmm`; 0 without any."""
    seconds = 3600 * int(text[1:3] or 0) + 60 * int(text[3:5] or 0)
    return -seconds if text.startswith("-") else seconds


def date_parts(seconds: numpy.ndarray) -> numpy.ndarray:
    """The parts of dates, float64 of shape (row, part); NaN where there is no date."""
    known = numpy.isfinite(seconds)
    times = pandas.Series(numpy.where(known, seconds, 0.0).astype(numpy.int64).astype("datetime64[s]")).dt
    parts = [times.year, times.month, times.day, times.day_of_week, times.hour]
    columns = [part.to_numpy(numpy.float64) for part in parts] + [seconds / _DAY_SECONDS]
    return numpy.where(known[:, None], numpy.stack(columns, axis=1), numpy.nan)


def date_texts(values: pandas.Series, form: str) -> pandas.Series:
    """A column of dates as text in one form, `GAP` for gaps; text is left as it is."""
    if pandas.api.types.is_datetime64_any_dtype(values):
        values = pandas.to_datetime(values, utc=True).dt.strftime(form)
    return values.astype(object).where(values.notna(), GAP).map(str)


def parts_graph(cells: Tensor, form: str) -> Tensor:
    """Dates as text to the parts of `PARTS`, float64 of shape (row, part); NaN for what is no date."""
    import tensorflow

    cells = tensorflow.strings.strip(cells)
    is_date = tensorflow.strings.regex_full_match(cells, DATE_FORMS[form].pattern)
    text = tensorflow.where(is_date, cells, tensorflow.constant(GAP))
    text = tensorflow.strings.regex_replace(text, DATE_FORMS[form].pattern, DATE_FORMS[form].rewrite)
    text = tensorflow.strings.regex_replace(text, r"[ :]", "-")
    fields = tensorflow.strings.split(text, "-").to_tensor("0", shape=(None, 6))
    fields = tensorflow.where(fields == "", tensorflow.constant("0"), fields)
    year, month, day, hour, minute, second = tensorflow.unstack(
        tensorflow.strings.to_number(fields, tensorflow.int64), axis=1
    )
    days = days_since_1970(year, month, day)
    last = days_since_1970(year + month // 12, month % 12 + 1, tensorflow.ones_like(day)) - days + day - 1
    exists = (
        (year >= 1)
        & (month >= 1)
        & (month <= 12)
        & (day >= 1)
        & (day <= last)
        & (hour < 24)
        & (minute < 60)
        & (second < 60)
    )
    seconds = 3600 * hour + 60 * minute + second - _offset_graph(cells, is_date, form)
    days += seconds // 86_400
    seconds = tensorflow.math.floormod(seconds, 86_400)
    weekday = tensorflow.math.floormod(days + 3, 7)  # 1970-01-01 was a Thursday
    whole = (*calendar(days), weekday, seconds // 3600, days)
    parts = [tensorflow.cast(part, tensorflow.float64) for part in whole]
    parts[-1] += tensorflow.cast(seconds, tensorflow.float64) / 86_400.0
    known = (is_date & exists)[:, None]
    return tensorflow.where(known, tensorflow.stack(parts, axis=1), numpy.float64("nan"))


def _offset_graph(cells: Tensor, is_date: Tensor, form: str) -> Tensor:
    """What is to be taken off for UTC; 0 where a cell names no offset."""
    import tensorflow

    text = tensorflow.strings.regex_replace(cells, DATE_FORMS[form].pattern, DATE_FORMS[form].offset)
    text = tensorflow.where(is_date & (text != ""), text, tensorflow.constant("0"))
    number = tensorflow.strings.to_number(text, tensorflow.int64)  # +0530 as 530
    size = tensorflow.abs(number)
    return tensorflow.sign(number) * (3600 * (size // 100) + 60 * tensorflow.math.floormod(size, 100))

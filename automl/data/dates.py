"""Dates as numbers: the forms that are understood, and the parts that a network is given."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy
import pandas

from automl.serving.scoring import SPACES

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

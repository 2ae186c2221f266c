"""Dates as numbers: the forms that are understood, and the parts that a network is given."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy
import pandas

from automl.scoring import SPACES

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
    """

    directive: str
    pattern: str
    rewrite: str


_TIME = r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?)?(?:Z|[+]00:?00)?"

DATE_FORMS: Mapping[str, DateForm] = {
    "iso": DateForm("%Y-%m-%dT%H:%M:%S", r"([0-9]{4})-([0-9]{2})-([0-9]{2})" + _TIME, r"\1-\2-\3 \4:\5:\6"),
    "slashed": DateForm("%Y/%m/%d", r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})", r"\1-\2-\3 ::"),
    "american": DateForm("%m/%d/%Y", r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})", r"\3-\1-\2 ::"),
    "european": DateForm("%d.%m.%Y", r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", r"\3-\2-\1 ::"),
}
"""Tried in this order; the first that reads every value is taken."""

PARTS = ("year", "month", "day", "weekday", "hour", "days")
"""What a date becomes: calendar parts (weekday 0 is Monday), and days since 1970 with the time of day as a fraction."""


def find_form(values: pandas.Series) -> str | None:
    """The name of the form that all of these cells have; None when there is none."""
    samples = (values.head(NUM_TRIED), values)
    for form in DATE_FORMS:
        if all(numpy.isfinite(seconds_of(sample, form)).all() for sample in samples):
            return form
    return None


def best_form(values: pandas.Series) -> str:
    """The name of the form that most of these cells have, the first of the table when none has any."""
    counts = {form: numpy.isfinite(seconds_of(values, form)).sum() for form in DATE_FORMS}
    return max(counts, key=lambda form: counts[form])


def seconds_of(values: pandas.Series, form: str) -> numpy.ndarray:
    """Seconds since 1970 (UTC), whole, float64 of shape (row,); NaN for gaps and for what is no date of this form."""
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
        return (datetime(*fields) - _EPOCH).total_seconds()  # type: ignore[arg-type]
    except ValueError:  # no such day, or no such time of day
        return numpy.nan


def date_parts(seconds: numpy.ndarray) -> numpy.ndarray:
    """The parts of dates, float64 of shape (row, part); NaN where there is no date."""
    known = numpy.isfinite(seconds)
    times = pandas.Series(numpy.where(known, seconds, 0.0).astype(numpy.int64).astype("datetime64[s]")).dt
    parts = [times.year, times.month, times.day, times.day_of_week, times.hour]
    columns = [part.to_numpy(numpy.float64) for part in parts] + [seconds / _DAY_SECONDS]
    return numpy.where(known[:, None], numpy.stack(columns, axis=1), numpy.nan)

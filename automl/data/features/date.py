"""Dates and times: forms of all kinds, and the parts of the calendar that a network is given."""

from typing import final

import numpy
import pandas

from .bare_clocks import BARE, are_bare_times
from .calendar import parts_graph, seconds_graph
from .cells import GAP, is_numeric, level_text
from .date_forms import date_form
from .date_intervals import behind_a_word, two_dates
from .date_survey import HALF, MOSTLY, NOTHING, Seen, first_seconds, survey_dates, with_centuries
from .epochs import epoch_form, names_moment
from .feature import Cells, Detection, Feature, Reading, Tensor
from .names import names_time
from .other_dates import are_durations, can_be_days
from .six_digits import SIX_DIGITS, are_short_days
from .yearless import yearless_note

PARTS = ("year", "month", "day", "weekday", "hour", "days")
"""What a date becomes: calendar parts (weekday 0 is Monday), and days since 1970 with the time of day as a fraction."""

CLOCK_PARTS = ("hour", "days")
"""What a time of day becomes."""

_DAY_SECONDS = 86_400.0
_STAMP = "%Y-%m-%dT%H:%M:%S"
_TIME = "%H:%M:%S"

_EARLIER = {
    _STAMP: "iso",
    "%Y/%m/%d": "slashed",
    "%m/%d/%Y": "american",
    "%d/%m/%Y": "british",
    "%d.%m.%Y": "european",
}
"""What contracts of earlier versions call the forms."""

_EITHER = "dates in which day and month are ambiguous, because no number is above 12"
_AMOUNTS = "set it to numeric under `data.columns` if they are amounts"
_CURE = "write `date_order: day_first` or `month_first` under `data` to read them as dates"


@final
class Date(Feature):
    """See the module. A reading has a `form` of `DATE_FORMS`, and `others` where the cells mix them."""

    name = "date"
    store = "numbers"

    def detect(self, cells: Cells) -> Detection | None:
        """See `Feature.detect`."""
        if pandas.api.types.is_datetime64_any_dtype(cells.values):
            return Detection(1.0, {"form": "iso"})
        return _detect_named(cells) or _detect_dates(cells)

    def declared(self, cells: Cells) -> Detection:
        """See `Feature.declared`."""
        if pandas.api.types.is_datetime64_any_dtype(cells.values):
            return Detection(1.0, {"form": "iso"})
        form = BARE if are_bare_times(cells.known) else epoch_form(cells.known)
        form = SIX_DIGITS if form is None and are_short_days(cells.known) else form
        if form is not None:
            seen = with_centuries(Seen((form,), 1.0, False), cells.known, cells.name)
            return Detection(1.0, seen.reading, seen.note(cells.values, cells.name))
        seen = survey_dates(cells.known, is_date=True, order=cells.date_order, name=cells.name)
        cure = "`date_order: day_first` under `data` reads the other order"
        notes = [f"{_EITHER}; read with the month first; {cure}"] if seen.is_either else []
        return Detection(1.0, seen.reading, _joined(*notes, seen.note(cells.values, cells.name)))

    def read(self, values: pandas.Series, reading: Reading) -> numpy.ndarray:
        """See `Feature.read`."""
        seconds = first_seconds(values, _forms(reading))
        parts = date_parts(seconds % _DAY_SECONDS if is_clock(reading) else seconds)
        return parts[:, [PARTS.index(part) for part in _parts(reading)]]

    def given(self, values: pandas.Series, reading: Reading) -> numpy.ndarray:
        """See `Feature.given`."""
        return date_texts(values, _TIME if is_clock(reading) else _STAMP).to_numpy(object)

    def graph(self, cells: Tensor, reading: Reading) -> Tensor:
        """See `Feature.graph`."""
        import tensorflow

        *others, last = _forms(reading)
        seconds = seconds_graph(cells, last)
        for form in reversed(others):
            form_seconds = seconds_graph(cells, form)
            seconds = tensorflow.where(tensorflow.math.is_finite(form_seconds), form_seconds, seconds)
        parts = parts_graph(seconds)
        return tensorflow.gather(parts, [PARTS.index(part) for part in _parts(reading)], axis=1)

    def parts(self, name: str, reading: Reading) -> list[str]:
        """See `Feature.parts`."""
        return [f"{name}.{part}" for part in _parts(reading)]


def _detect_named(cells: Cells) -> Detection | None:
    """What the name of a column of numbers says: `0930` of `dep_time`, 1577836800 of `created_at`."""
    if names_time(cells.name) and are_bare_times(cells.known):
        form, finding = BARE, "read as times of day, as 1830 is 18:30, because of its name"
    elif names_moment(cells.name) and (epoch := epoch_form(cells.known)):
        form, finding = epoch, f"read as {epoch} because of its name"
    elif names_moment(cells.name) and are_short_days(cells.known):
        form, finding = SIX_DIGITS, "read as days, as 930705 is the fifth of July 1993, because of its name"
    else:
        return None
    seen = with_centuries(Seen((form,), 1.0, False), cells.known, cells.name)
    return Detection(0.97, seen.reading, _joined(finding, _AMOUNTS, seen.note(cells.values, cells.name)))


def _detect_dates(cells: Cells) -> Detection | None:
    """What cells say that are no times by their type or their column's name."""
    is_other = is_numeric(cells.values) and not can_be_days(cells.known)
    yearless = "" if is_other or cells.inferred != "string" else yearless_note(cells.known)
    if yearless:
        return Detection(0.0, note=yearless)
    seen = NOTHING if is_other else survey_dates(cells.known, order=cells.date_order, name=cells.name)
    if date_form(seen.forms[0]).clock and are_durations(cells.known):
        return None
    if seen.share >= MOSTLY and seen.is_either:
        return Detection(0.0, note=f"{_EITHER}; {_CURE}", is_said=True)
    if seen.share >= MOSTLY:
        return Detection(0.97, seen.reading, seen.note(cells.values, cells.name))
    if seen.share >= HALF:
        reason = f"{seen.share:.0%} of the cells look like dates"
        return Detection(0.0, note=f"{reason}, but the others do not; write all of them as YYYY-MM-DD")
    note = two_dates(cells.known) or behind_a_word(cells.known) if cells.inferred == "string" else ""
    return Detection(0.0, note=note) if note else None


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))


def _forms(reading: Reading) -> list[str]:
    """The forms that are tried one after the other, the ISO form last: it means one thing only."""
    form = reading["form"]
    forms = dict.fromkeys([_EARLIER.get(form, form), *reading.get("others", ())])
    if all(date_form(name).clock for name in forms):
        return list(forms)
    return [*(name for name in forms if name != "iso"), "iso"]


def is_clock(reading: Reading) -> bool:
    """Whether a column holds times of day, which have no order from day to day."""
    return date_form(_forms(reading)[-1]).clock


def _parts(reading: Reading) -> tuple[str, ...]:
    return CLOCK_PARTS if is_clock(reading) else PARTS


def date_parts(seconds: numpy.ndarray) -> numpy.ndarray:
    """The parts of dates, float64 of shape (row, part); NaN where there is no date."""
    known = numpy.isfinite(seconds)
    times = pandas.Series(numpy.where(known, seconds, 0.0).astype(numpy.int64).astype("datetime64[s]")).dt
    parts = [times.year, times.month, times.day, times.day_of_week, times.hour]
    columns = [part.to_numpy(numpy.float64) for part in parts] + [seconds / _DAY_SECONDS]
    return numpy.where(known[:, None], numpy.stack(columns, axis=1), numpy.nan)


def date_texts(values: pandas.Series, form: str = _STAMP) -> pandas.Series:
    """A column of dates as text, `GAP` for gaps: times in a form for `strftime`, others as they are."""
    if pandas.api.types.is_datetime64_any_dtype(values):
        values = pandas.to_datetime(values, utc=True).dt.strftime(form)
    return values.astype(object).where(values.notna(), GAP).map(level_text)

"""Dates and times: forms of all kinds, and the parts of the calendar that a network is given."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy
import pandas

from .bare_clocks import BARE, are_bare_times
from .calendar import parts_graph, seconds_graph
from .cells import GAP, SPACES, first_row, is_numeric, level_text, wrong_cells
from .date_forms import DATE_FORMS, DAY_FIRST, EITHER, MONTH_FIRST, NAMED, seconds_of
from .date_intervals import two_dates
from .epochs import epoch_form, names_moment
from .feature import Cells, Detection, Feature, Reading, Tensor
from .gap_words import is_gap_word
from .names import names_time
from .other_dates import are_durations, are_seasons, can_be_days

NUM_TRIED = 1000
"""Values of a column that are looked at first to find its form."""

PARTS = ("year", "month", "day", "weekday", "hour", "days")
"""What a date becomes: calendar parts (weekday 0 is Monday), and days since 1970 with the time of day as a fraction."""

CLOCK_PARTS = ("hour", "days")
"""What a time of day becomes."""

MOSTLY, _HALF = 0.9, 0.5
"""Share of the cells that must be dates for a column to be one of dates with errors in it, or to be pointed out."""

_MOST_FORMS, _LEAST_SHARE = 3, 0.02
"""Forms that one column may mix, and the share of its cells that each must have."""

_ENDS = "mMZ.TCrh])日일月월"
"""How dates end that do not end with a digit: PM, UTC, GMT, CEST, Uhr, [Europe/Paris]."""

_REGION = re.compile(r" ?[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_]+)+$")

_DAY_SECONDS = 86_400.0
_STAMP = "%Y-%m-%dT%H:%M:%S"
_TIME = "%H:%M:%S"
_EXAMPLES = 3

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
        if form is not None:
            return Detection(1.0, {"form": form}, _Seen((form,), 1.0, False).note(cells.values))
        seen = _survey(cells.known, is_date=True, order=cells.date_order)
        cure = "`date_order: day_first` under `data` reads the other order"
        notes = [f"{_EITHER}; read with the month first; {cure}"] if seen.is_either else []
        return Detection(1.0, seen.reading, _joined(*notes, seen.note(cells.values)))

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
    else:
        return None
    reading = {"form": form}
    return Detection(0.97, reading, _joined(finding, _AMOUNTS, _Seen((form,), 1.0, False).note(cells.values)))


def _detect_dates(cells: Cells) -> Detection | None:
    """What cells say that are no times by their type or their column's name."""
    is_other = is_numeric(cells.values) and not can_be_days(cells.known)
    seen = _NOTHING if is_other else _survey(cells.known, order=cells.date_order)
    if DATE_FORMS[seen.forms[0]].clock and are_durations(cells.known):
        return None
    if seen.share >= MOSTLY and seen.is_either:
        return Detection(0.0, note=f"{_EITHER}; {_CURE}")
    if seen.share >= MOSTLY:
        return Detection(0.97, seen.reading, seen.note(cells.values))
    if seen.share >= _HALF:
        reason = f"{seen.share:.0%} of the cells look like dates"
        return Detection(0.0, note=f"{reason}, but the others do not; write all of them as YYYY-MM-DD")
    note = two_dates(cells.known) if cells.inferred == "string" else ""
    return Detection(0.0, note=note) if note else None


def _forms(reading: Reading) -> list[str]:
    """The forms that are tried one after the other, the ISO form last: it means one thing only."""
    form = reading["form"]
    forms = dict.fromkeys([_EARLIER.get(form, form), *reading.get("others", ())])
    if all(DATE_FORMS[name].clock for name in forms):
        return list(forms)
    return [*(name for name in forms if name != "iso"), "iso"]


def is_clock(reading: Reading) -> bool:
    """Whether a column holds times of day, which have no order from day to day."""
    return DATE_FORMS[_forms(reading)[-1]].clock


def _parts(reading: Reading) -> tuple[str, ...]:
    return CLOCK_PARTS if is_clock(reading) else PARTS


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the cells of a column look like.

    Attributes:
        forms: Those that read them, the one that reads most first.
        share: Share that they read of the cells that are no words for gaps; 0 where most are such words.
        is_either: Whether it is unclear if the day or the month stands first.
    """

    forms: Sequence[str]
    share: float
    is_either: bool

    @property
    def reading(self) -> Reading:
        """The same for the contract."""
        others = {"others": list(self.forms[1:])} if len(self.forms) > 1 else {}
        return {"form": self.forms[0], **others}

    def note(self, values: pandas.Series) -> str:
        """What a person should know of the reading; empty where nothing is odd."""
        notes = []
        if len(self.forms) > 1:
            examples = " and ".join(repr(DATE_FORMS[form].example) for form in self.forms)
            notes.append(f"dates in different forms ({examples})")
        bad = numpy.isnan(first_seconds(values, self.forms)) & values.notna().to_numpy()
        if bad.any():
            examples = ", ".join(repr(str(cell)) for cell in values[bad].unique()[:_EXAMPLES])
            notes.append(wrong_cells(int(bad.sum()), "date", examples, first_row(values, bad)))
        return "; ".join(notes)


_NOTHING = _Seen(("iso",), 0.0, False)
"""What is seen of a column without dates."""


def _survey(known: pandas.Series, is_date: bool = False, order: str | None = None) -> _Seen:
    """Which forms read these cells. Of most columns that hold no dates and are not told to, the first ones tell."""
    if not is_date and not _may_be_dates(known.head(NUM_TRIED).map(level_text)):
        return _NOTHING
    texts = known.map(level_text)
    values = texts[~texts.map(is_gap_word).to_numpy(bool)]
    if not len(values) or (2 * len(values) <= len(texts) and not is_date) or are_seasons(values):
        return _NOTHING
    forms = [form for form in DATE_FORMS if form not in NAMED and _count(values.head(NUM_TRIED), form)] or [
        "iso"
    ]
    return _chosen(values, forms, order)


def _may_be_dates(texts: pandas.Series) -> bool:
    """Whether half of these texts hold a digit and end as dates do: with a digit, a zone, or the M of AM and PM."""
    known = [text.strip(SPACES) for text in texts.unique() if not is_gap_word(text.strip(SPACES))]
    dated = [text for text in known if any(map(str.isdigit, text))]
    ends = [_REGION.sub("", text)[-1:] or "?" if "/" in text else text[-1] for text in dated]
    return 2 * sum(end.isdigit() or end in _ENDS for end in ends) >= len(known) > 0


def _chosen(values: pandas.Series, forms: Sequence[str], order: str | None) -> _Seen:
    """The form that reads most cells, then others, each of which reads some of the remaining cells."""
    if order is not None:
        others = MONTH_FIRST if order == "day_first" else DAY_FIRST
        forms = sorted(forms, key=lambda form: form in others)
    chosen: list[str] = []
    left, is_either = values, False
    while len(chosen) < _MOST_FORMS and len(left):
        counts = {form: _count(left, form) for form in forms}
        best = max(counts, key=lambda form: counts[form])
        if counts[best] < (_LEAST_SHARE * len(values) if chosen else 1):
            break
        rivals = [form for pair in EITHER if best in pair for form in pair if form != best]
        is_either |= order is None and any(counts.get(form) == counts[best] for form in rivals)
        chosen.append(best)
        left = left[numpy.isnan(seconds_of(left, best))]
        if len(values) - len(left) >= MOSTLY * len(values) and len(chosen) == 1:
            break
    return _Seen(chosen or ["iso"], 1.0 - len(left) / len(values), is_either)


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))


def _count(values: pandas.Series, form: str) -> int:
    return int(numpy.isfinite(seconds_of(values, form)).sum())


def first_seconds(values: pandas.Series, forms: Sequence[str]) -> numpy.ndarray:
    """Seconds since 1970 by the first form that reads a cell; NaN where none does."""
    seconds = seconds_of(values, forms[0])
    for form in forms[1:]:
        seconds = numpy.where(numpy.isnan(seconds), seconds_of(values, form), seconds)
    return seconds


def find_form(values: pandas.Series, order: str | None = None) -> str | None:
    """The name of the one form that all of these cells have; None when there is none, or it could be two.

    Args:
        values: The cells.
        order: What stands first in dates that could be two, as in `Cells`.
    """
    if pandas.api.types.is_datetime64_any_dtype(values):
        return "iso"
    texts = values.map(lambda cell: cell.strip(SPACES) if isinstance(cell, str) else cell)
    seen = _survey(texts, order=order)
    whole = seen.share == 1.0 and len(seen.forms) == 1 and not seen.is_either
    return seen.forms[0] if whole and numpy.isfinite(seconds_of(values, seen.forms[0])).all() else None


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

"""Which forms the dates of a column have: found by looking at all of its cells."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy
import pandas

from .cells import SPACES, first_row, level_text, wrong_cells
from .centuries import POSIX, doubtful_year, first_of_century, years_first
from .date_forms import (
    DATE_FORMS,
    DAY_FIRST,
    EITHER,
    MONTH_FIRST,
    NAMED,
    YEAR_FIRST,
    YEAR_LAST,
    date_form,
    in_century,
    seconds_of,
)
from .feature import Reading
from .gap_words import is_gap_word
from .other_dates import are_seasons
from .sentinels import far_values

NUM_TRIED = 1000
"""Values of a column that are looked at first to find its form."""

MOSTLY, HALF = 0.9, 0.5
"""Share of the cells that must be dates for a column to be one of dates with errors in it, or to be pointed out."""

_MOST_FORMS, _LEAST_SHARE = 3, 0.02
"""Forms that one column may mix, and the share of its cells that each must have."""

_ENDS = "mMZ.TCrh])日일月월"
"""How dates end that do not end with a digit: PM, UTC, GMT, CEST, Uhr, [Europe/Paris]."""

_REGION = re.compile(r" ?[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_]+)+$")
_ENDS_IN_MONTH = re.compile(r"(?:1[5-9]|20)[0-9]{2}[-/., ]+[^\W\d_]{3,11}\.?")
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """What the cells of a column look like.

    Attributes:
        forms: Those that read them, the one that reads most first.
        share: Share that they read of the cells that are no words for gaps; 0 where most are such words.
        is_either: Whether it is unclear if the day or the month stands first.
        notes: What a person should know of how years were found.
    """

    forms: Sequence[str]
    share: float
    is_either: bool
    notes: tuple[str, ...] = ()

    @property
    def reading(self) -> Reading:
        """The same for the contract."""
        others = {"others": list(self.forms[1:])} if len(self.forms) > 1 else {}
        return {"form": self.forms[0], **others}

    def note(self, values: pandas.Series, name: str) -> str:
        """What a person should know of the reading; empty where nothing is odd.

        Args:
            values: All cells.
            name: Of the column.
        """
        notes = list(self.notes)
        if len(self.forms) > 1:
            examples = " and ".join(repr(date_form(form).example) for form in self.forms)
            notes.append(f"dates in different forms ({examples})")
        seconds = first_seconds(values, self.forms)
        bad = numpy.isnan(seconds) & values.notna().to_numpy()
        if bad.any():
            examples = ", ".join(repr(str(cell)) for cell in values[bad].unique()[:_EXAMPLES])
            notes.append(wrong_cells(int(bad.sum()), "date", examples, first_row(values, bad)))
        return "; ".join(filter(None, [*notes, _far_note(values, seconds, name)]))


NOTHING = Seen(("iso",), 0.0, False)
"""What is seen of a column without dates."""


def _far_note(values: pandas.Series, seconds: numpy.ndarray, name: str) -> str:
    """What is said of a date that comes back and is far from all others, as 1900-01-01 and 9999-12-31 are."""
    far, count = far_values(seconds[numpy.isfinite(seconds)])
    if len(far) != 1:
        return ""
    cell = str(values.iloc[int(numpy.argmax(seconds == far[0]))])
    key = name if name.isidentifier() else json.dumps(name, ensure_ascii=False)
    cure = f"if it stands for a missing date, write `gaps: {{{key}: [{json.dumps(cell)}]}}` under `data`"
    return f"{cell} occurs in {count} cells, far from the rest: {cure}"


def survey_dates(
    known: pandas.Series, is_date: bool = False, order: str | None = None, name: str = ""
) -> Seen:
    """Which forms read these cells. Of most columns that hold no dates and are not told to, the first ones tell.

    Args:
        known: Cells that are no gaps.
        is_date: Whether the study file says that they are dates.
        order: What stands first in dates that could be two, as in `Cells`.
        name: Of the column.
    """
    if not is_date and not _may_be_dates(known.head(NUM_TRIED).map(level_text)):
        return NOTHING
    texts = known.map(level_text)
    values = texts[~texts.map(is_gap_word).to_numpy(bool)]
    if not len(values) or (2 * len(values) <= len(texts) and not is_date) or are_seasons(values):
        return NOTHING
    forms = [form for form in DATE_FORMS if form not in NAMED and _count(values.head(NUM_TRIED), form)] or [
        "iso"
    ]
    return with_centuries(_chosen(values, forms, order), values, name)


def _may_be_dates(texts: pandas.Series) -> bool:
    """Whether half of these texts hold a digit and end as dates do: with a digit, a zone, or the M of AM and PM."""
    known = [text.strip(SPACES) for text in texts.unique() if not is_gap_word(text.strip(SPACES))]
    dated = [text for text in known if any(map(str.isdigit, text))]
    ends = [_REGION.sub("", text)[-1:] or "?" if "/" in text else text[-1] for text in dated]
    count = sum(
        end.isdigit() or end in _ENDS or _ENDS_IN_MONTH.fullmatch(text) is not None
        for text, end in zip(dated, ends, strict=True)
    )
    return 2 * count >= len(known) > 0


def _chosen(values: pandas.Series, forms: Sequence[str], order: str | None) -> Seen:
    """The form that reads most cells, then others, each of which reads some of the remaining cells."""
    if order is not None:
        others = {"day_first": MONTH_FIRST, "month_first": DAY_FIRST}.get(order, YEAR_LAST)
        forms = sorted(forms, key=lambda form: form in others)
    chosen: list[str] = []
    left, is_either, notes = values, False, ""
    while len(chosen) < _MOST_FORMS and len(left):
        counts = {form: _count(left, form) for form in forms}
        best = max(counts, key=lambda form: counts[form])
        if counts[best] < (_LEAST_SHARE * len(values) if chosen else 1):
            break
        is_doubtful = best in YEAR_LAST and counts.get(YEAR_FIRST) == counts[best] and order is None
        is_first = _year_stands_first(left, best) if is_doubtful else False
        rivals = [form for pair in EITHER if best in pair for form in pair if form != best]
        is_tied = any(counts.get(form) == counts[best] for form in rivals)
        best = YEAR_FIRST if is_first else best
        is_either |= is_tied and not is_first and order not in ("day_first", "month_first")
        notes = notes or (_doubt(left, best) if is_first is None else "")
        chosen.append(best)
        left = left[numpy.isnan(seconds_of(left, best))]
        if len(values) - len(left) >= MOSTLY * len(values) and len(chosen) == 1:
            break
    return Seen(chosen or ["iso"], 1.0 - len(left) / len(values), is_either, (notes,) if notes else ())


def _year_stands_first(values: pandas.Series, form: str) -> bool | None:
    """Whether the year stands first in dates that a form reads with the year last; None where the cells cannot tell."""
    as_first, as_last = seconds_of(values, YEAR_FIRST), seconds_of(values, form)
    are_dates = numpy.isfinite(as_first) & numpy.isfinite(as_last)
    return years_first(values[are_dates], as_first[are_dates], as_last[are_dates])


def _doubt(values: pandas.Series, form: str) -> str:
    example = values[numpy.isfinite(seconds_of(values, form))].iloc[0]
    cure = "`date_order: year_first` under `data` reads the other"
    return f"in {example!r} the year may stand first or last, and is read as the last; {cure}"


def with_centuries(seen: Seen, values: pandas.Series, name: str) -> Seen:
    """With the century of years of two digits, where the column says another one than usual."""
    short = [form for form in seen.forms if DATE_FORMS[form].short]
    if not short or seen.is_either:
        return seen
    seconds = first_seconds(values, short)
    known = seconds[numpy.isfinite(seconds)].astype(numpy.int64).astype("datetime64[s]")
    full = known.astype("datetime64[Y]").astype(int) + 1970
    years = sorted({int(year) % 100 for year in full})
    first = first_of_century(years, name)
    notes = list(seen.notes)
    if first != POSIX and any(first <= year < POSIX for year in years):
        notes.append(f"years of two digits from {first:02} on are read as 19{first:02} and later")
    elif first == POSIX and (later := doubtful_year(years)) is not None:
        finding = f"years of two digits may be of either century, and {later:02} is read as 20{later:02}"
        notes.append(f"{finding}; write years with four digits")
    forms = [in_century(form, first) if form in short else form for form in seen.forms]
    return replace(seen, forms=forms, notes=tuple(notes))


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
    seen = survey_dates(texts, order=order, name=str(values.name))
    whole = seen.share == 1.0 and len(seen.forms) == 1 and not seen.is_either
    return seen.forms[0] if whole and numpy.isfinite(seconds_of(values, seen.forms[0])).all() else None

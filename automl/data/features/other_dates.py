"""What looks like dates or times and is none, and numbers that are."""

import re

import numpy
import pandas

from .cells import level_text
from .durations import minutes_of, short_minutes

_SCALES = (1e2, 1e4, 1e8, 1e10)
"""What the year is multiplied by in 202402, 20240229, 202402291830 and 20240229183000."""

_DAY_BEFORE_YEAR = (1_01_1900.0, 31_12_2100.0)
"""Between which numbers 1012024 and 29022024 are, which begin with a day or a month."""

_FEWEST_MONTHS = 5
"""Different numbers such as 202402 that are months and no amounts."""

_SEASON, _FEWEST_SEASONS = re.compile("[0-9]{2}(?P<first>[0-9]{2})[/-](?P<second>[0-9]{2})"), 3

_LEAST_LONG = 0.02
"""Share of the texts that must be too long for times of day, so that all are durations."""


def are_durations(known: pandas.Series) -> bool:
    """Whether texts that look like times of day go on after 24 hours, as `25:30:00` does."""
    texts = {level_text(cell) for cell in known.unique()}
    if sum(short_minutes(text, is_long=True) is not None for text in texts) > _LEAST_LONG * len(texts):
        return all(short_minutes(text) is not None for text in texts)
    minutes = [minutes for text in texts if (minutes := minutes_of(text)) is not None]
    return len(minutes) == len(texts) and max(minutes, default=0.0) >= 24.0 * 60.0


def are_seasons(values: pandas.Series) -> bool:
    """Whether texts are years and the years after them, as `2003/04` and `2004/05`, and no months."""
    matches = [_SEASON.fullmatch(text) for text in values.unique()]
    follow = [match and (int(match["first"]) + 1) % 100 == int(match["second"]) for match in matches]
    return len(follow) >= _FEWEST_SEASONS and all(follow)


def can_be_days(known: pandas.Series) -> bool:
    """Whether numbers can be days as in 20240229, or with a time as in 20240229183000: and not all the same one."""
    if not len(known):
        return False
    numbers = known.to_numpy(numpy.float64)
    if _end_with_years(numbers):
        return known.nunique() > 1
    scale = next((scale for scale in _SCALES if scale * 1800 <= numbers[0] < scale * 2200), None)
    if scale is None:
        return False
    whole = ((numbers >= scale * 1800) & (numbers < scale * 2200) & (numbers % 1 == 0)).all()
    if scale > _SCALES[0]:
        return bool(whole) and known.nunique() > 1
    return bool(whole) and known.nunique() >= _FEWEST_MONTHS and bool(numpy.ptp(numbers // scale) > 0)


def _end_with_years(numbers: numpy.ndarray) -> bool:
    """Whether whole numbers can be days that end with their year, as 29022024."""
    years = numbers % 10_000
    lowest, highest = _DAY_BEFORE_YEAR
    return bool(((numbers >= lowest) & (numbers <= highest) & (years >= 1900) & (years < 2100)).all())

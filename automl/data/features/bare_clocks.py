"""Times of day without a sign between hour and minute, `0930` and `2359`, which are numbers in most other columns."""

import re
from collections import Counter

import pandas

from .cells import level_text
from .gap_words import is_gap_word

BARE = "bare clock"
"""Name of their form in `DATE_FORMS`."""

_BARE = re.compile(r"([0-9]{0,2}?)([0-9]{1,2})(?:\.0)?")
_LAST = 2400

_SURE, _LATE = 0.98, 0.1
"""Share of the cells that must be such times, and of numbers the share that must be after ten o'clock."""

_FEWEST_HOURS, _FEWEST_MINUTES = 4, 3
"""Different ones of numbers: years and rounded amounts have fewer."""


def are_bare_times(known: pandas.Series) -> bool:
    """Whether cells look like times such as 930 and 1745 rather than amounts, years or codes.

    Args:
        known: Numbers or texts that are no gaps.

    >>> are_bare_times(pandas.Series(["0930", "1745", "0005", "1210", "2359"]))
    True
    >>> are_bare_times(pandas.Series([930, 1790, 5, 1210, 2359])), are_bare_times(pandas.Series([2001, 2014, 2023]))
    (False, False)
    """
    texts = Counter[str]()
    for cell, count in known.value_counts().items():
        texts[level_text(cell)] += int(count)
    texts = Counter({text: count for text, count in texts.items() if not is_gap_word(text)})
    matches = {text: match for text in texts if (match := _BARE.fullmatch(text))}
    times = {
        text: (int(match[1] or 0), int(match[2]))
        for text, match in matches.items()
        if int(match[2]) < 60 and float(text) <= _LAST
    }
    total = texts.total()
    if not times or sum(texts[text] for text in times) < _SURE * total:
        return False
    hours, minutes = ({time[part] for time in times.values()} for part in (0, 1))
    if all(len(text) == 4 and text.isdecimal() for text in times) and any(text[0] == "0" for text in times):
        return len(hours) > 1 and len(minutes) >= _FEWEST_MINUTES
    late = sum(texts[text] for text, (hour, _) in times.items() if hour >= 10)
    return len(hours) >= _FEWEST_HOURS and len(minutes) >= _FEWEST_MINUTES and late >= _LATE * total

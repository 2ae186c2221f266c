"""Numbers and times as people read them: the same in the terminal, in MLflow and in the report."""

import math
from datetime import datetime

from automl.trial import Trial

_MARKUP = "&<>|`*~[]\\#"
"""What Markdown reads as markup within a line; underscores within words it leaves alone."""

OPTIMISTIC = "optimistic: the scored rows chose the epochs"
"""Said of every score that is so."""


def number(value: float, digits: int = 4) -> str:
    """A number for people: few digits, thousands apart, a true minus.

    >>> number(1234567), number(0.25), number(1e-5), number(-3.0)
    ('1,234,567', '0.25', '1e−5', '−3')
    """
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "∞"
    if value == round(value) and abs(value) < 1e9:
        return f"{round(value):,}".replace("-", "−")
    if 10.0**digits <= abs(value) < 1e9:
        return f"{value:,.0f}".replace("-", "−")
    mantissa, e, exponent = f"{value:.{digits}g}".partition("e")
    return (mantissa + e + (str(int(exponent)) if e else "")).replace("-", "−")


def duration(seconds: float) -> str:
    """Seconds as a person would say it.

    >>> duration(45.2), duration(600.0), duration(9000.0)
    ('45 s', '10 min', '2.5 h')
    """
    if seconds < 120.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 5400.0 else f"{seconds / 3600.0:.1f} h"


def counted(count: int, noun: str) -> str:
    """How many there are of something.

    >>> counted(1, "trial"), counted(2000, "trial")
    ('1 trial', '2,000 trials')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def table_cell(text: str) -> str:
    """Any text as the cell of a table in Markdown, which shows it as it is: no markup, no link, no second line.

    >>> table_cell("a|b <img> *c*")
    'a&#124;b &#60;img&#62; &#42;c&#42;'
    """
    return "".join(f"&#{ord(letter)};" if letter in _MARKUP else letter for letter in " ".join(text.split()))


def moment(seconds: float | None) -> str:
    """Local date and time of seconds since 1970."""
    return "an unknown time" if seconds is None else f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M:%S}"


def score(trial: Trial, metric: str) -> str:
    """A trial's mean score with its standard error, where there are several folds."""
    mean, error = number(trial.mean(metric)), trial.standard_error(metric)
    return mean if math.isnan(error) else f"{mean} ± {number(error, 2)}"

"""Dates as text to the parts of the calendar, as TensorFlow operations: the twin of `date_forms.py`."""

import numpy

from .cells import GAP, stripped_graph
from .date_forms import DateForm, date_form, first_month
from .feature import Tensor
from .months import MONTHS_IN_ORDER


def seconds_graph(cells: Tensor, name: str) -> Tensor:
    """What `date_forms.seconds_of` gives: seconds since 1970, float64 of shape (row,); NaN for what is no date."""
    import tensorflow

    form = date_form(name)
    cells = stripped_graph(cells)
    if form.named:
        for pattern, number in MONTHS_IN_ORDER:
            cells = tensorflow.strings.regex_replace(cells, pattern, number)
    is_date = tensorflow.strings.regex_full_match(cells, form.pattern)
    if form.scale:
        digits = tensorflow.strings.regex_replace(cells, form.pattern, r"\1")
        count = tensorflow.strings.to_number(tensorflow.where(is_date, digits, "0"), tensorflow.int64)
        seconds = tensorflow.cast(count // form.scale, tensorflow.float64)
        return tensorflow.where(is_date, seconds, numpy.float64("nan"))
    year, month, day, hour, minute, second = _fields(cells, is_date, form)
    if form.month == "week":
        return _weeks_graph(is_date, year, month, day)
    month = first_month(month, form)
    days = days_since_1970(year, month, day)
    last = days_since_1970(year + month // 12, month % 12 + 1, tensorflow.ones_like(day)) - days + day - 1
    exists = (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= last)
    exists &= (hour < 24) & (minute < 60) & (second < 60)
    seconds = 86_400 * days + 3600 * hour + 60 * minute + second - _offset_graph(cells, is_date, form)
    known = is_date & exists
    return tensorflow.where(known, tensorflow.cast(seconds, tensorflow.float64), numpy.float64("nan"))


def _weeks_graph(is_date: Tensor, year: Tensor, week: Tensor, day: Tensor) -> Tensor:
    """Seconds since 1970 of days of weeks, which may have none; NaN for what is none."""
    import tensorflow

    first = tensorflow.ones_like(year)
    fourth = days_since_1970(year, first, 4 * first)
    days = fourth - tensorflow.math.floormod(fourth + 3, 7) + 7 * (week - 1) + tensorflow.maximum(day, 1) - 1
    known = is_date & (week >= 1) & (week <= 53) & (year >= 1)
    return tensorflow.where(known, tensorflow.cast(86_400 * days, tensorflow.float64), numpy.float64("nan"))


def _fields(cells: Tensor, is_date: Tensor, form: DateForm) -> list[Tensor]:
    """Year, month, day, hour, minute and second, int64 of shape (row,); 0 where a cell does not name them."""
    import tensorflow

    text = tensorflow.where(is_date, cells, tensorflow.constant(GAP))
    text = tensorflow.strings.regex_replace(text, form.pattern, form.rewrite)
    fields = tensorflow.strings.split(text, "-").to_tensor("", shape=(None, 7))
    noon, fields = fields[:, 6], fields[:, :6]
    fields = tensorflow.where(fields == "", tensorflow.constant("0"), fields)
    year, month, day, hour, minute, second = tensorflow.unstack(
        tensorflow.strings.to_number(fields, tensorflow.int64), axis=1
    )
    if form.short:
        year += tensorflow.where(year < form.first, tensorflow.constant(2000, "int64"), 1900)
    after = tensorflow.cast(tensorflow.strings.lower(noon) == "p", tensorflow.int64)
    hour = tensorflow.where((noon == "") | (hour > 12), hour, hour % 12 + 12 * after)
    return [year, month, day, hour, minute, second]


def parts_graph(seconds: Tensor) -> Tensor:
    """What `date.date_parts` gives, of shape (row, part); NaN where there is no date."""
    import tensorflow

    known = tensorflow.math.is_finite(seconds)
    whole = tensorflow.cast(
        tensorflow.where(known, seconds, tensorflow.zeros_like(seconds)), tensorflow.int64
    )
    days, seconds = whole // 86_400, tensorflow.math.floormod(whole, 86_400)
    weekday = tensorflow.math.floormod(days + 3, 7)  # 1970-01-01 was a Thursday
    parts = [
        tensorflow.cast(part, tensorflow.float64)
        for part in (*calendar(days), weekday, seconds // 3600, days)
    ]
    parts[-1] += tensorflow.cast(seconds, tensorflow.float64) / 86_400.0
    return tensorflow.where(known[:, None], tensorflow.stack(parts, axis=1), numpy.float64("nan"))


def _offset_graph(cells: Tensor, is_date: Tensor, form: DateForm) -> Tensor:
    """What is to be taken off for UTC; 0 where a cell names no offset."""
    import tensorflow

    if not form.offset:
        return tensorflow.constant(0, tensorflow.int64)
    text = tensorflow.strings.regex_replace(cells, form.pattern, form.offset)
    text = tensorflow.strings.regex_replace(text, "^([+-][0-9]{2})$", r"\100")
    text = tensorflow.where(is_date & (text != ""), text, tensorflow.constant("0"))
    number = tensorflow.strings.to_number(text, tensorflow.int64)  # +0530 as 530
    size = tensorflow.abs(number)
    return tensorflow.sign(number) * (3600 * (size // 100) + 60 * tensorflow.math.floormod(size, 100))


def days_since_1970(year: Tensor, month: Tensor, day: Tensor) -> Tensor:
    """Days of the Gregorian calendar before a date, counted in years that begin in March."""
    import tensorflow

    year = tensorflow.where(month <= 2, year - 1, year)
    of_year = (153 * tensorflow.math.floormod(month + 9, 12) + 2) // 5 + day - 1
    leap_days = year // 4 - year // 100 + year // 400
    return 365 * year + leap_days + of_year - 719_468


def calendar(days: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Year, month and day of days since 1970: what `days_since_1970` undoes."""
    import tensorflow

    days = days + 719_468
    of_era = tensorflow.math.floormod(days, 146_097)  # 400 years
    years = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * years + years // 4 - years // 100)
    place = (5 * of_year + 2) // 153  # of the month in a year that begins in March
    month = tensorflow.math.floormod(place + 2, 12) + 1
    year = years + 400 * (days // 146_097) + tensorflow.cast(month <= 2, tensorflow.int64)
    return year, month, of_year - (153 * place + 2) // 5 + 1

"""The preprocessing of a network as TensorFlow operations: the graph of an exported model takes raw cells.

The same as `data.preprocessing` does with NumPy; tests and every export compare the two.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy
import tensorflow

from automl.data.columns import Columns
from automl.data.dates import DATE_FORMS
from automl.data.encodings import MOST_DEVIATIONS, Encoding, Piecewise, Quantile, Raw, Standard
from automl.data.preprocessing import Preprocessing
from automl.data.schema import Column, ColumnKind, Schema
from automl.serving.scoring import GAP, LARGEST, SMALLEST

Tensor: TypeAlias = Any


def input_type(column: Column) -> tensorflow.DType:
    """What the graph takes for a column: float64 for numbers, text for everything else."""
    # float64: a year or a time stamp in float32 would lose what the encoding is about to bring out.
    return tensorflow.float64 if column.kind is ColumnKind.NUMERIC else tensorflow.string


def preprocess(
    cells: Mapping[str, Tensor], schema: Schema, columns: Columns, preprocessing: Preprocessing
) -> Tensor:
    """Inputs of the network, float32 of shape (row, input).

    Args:
        cells: A tensor of shape (row,) for each learned column, of its `input_type`.
        schema: What the columns are.
        columns: Any rows of the table, for the levels of its categories.
        preprocessing: What the network was trained under.
    """
    numbers = [cells[column.name][:, None] for column in schema.of_kind(ColumnKind.NUMERIC)]
    numbers += [_date_parts(cells[column.name], column.form) for column in schema.of_kind(ColumnKind.DATE)]
    parts = []
    if numbers:
        values = tensorflow.concat(numbers, axis=1)
        # Not `~(abs(values) <= LARGEST)`: TensorFlow turns that into `>`, which NaN is not.
        gaps = ~tensorflow.math.is_finite(values) | (tensorflow.abs(values) > LARGEST)
        values = tensorflow.where(tensorflow.abs(values) < SMALLEST, tensorflow.zeros_like(values), values)
        values = tensorflow.where(gaps, preprocessing.medians, values)
        missing = tensorflow.gather(gaps, preprocessing.layout.gaps, axis=1) & preprocessing.missing
        parts += [_encoded(values, preprocessing.encoding), tensorflow.cast(missing, tensorflow.float64)]
    names = [column.name for column in schema.of_kind(ColumnKind.CATEGORICAL)]
    for category, name in enumerate(names):
        own = [columns.levels[category][code] for code in preprocessing.levels[category]]
        room = int(preprocessing.layout.slots[category]) - len(own) - 1
        parts.append(_level_inputs(cells[name], own, room, preprocessing.pooled[category]))
    return tensorflow.cast(tensorflow.concat(parts, axis=1), tensorflow.float32)


def _level_inputs(cells: Tensor, own: list[str], room: int, pooled: bool) -> Tensor:
    """One input a level. Comparing text needs no lookup table, whose empty key would reload as another one."""
    known = tensorflow.constant(own, tensorflow.string, (len(own),))
    hits = tensorflow.strings.strip(cells)[:, None] == known[None, :]
    rest = ~tensorflow.reduce_any(hits, axis=1, keepdims=True) & pooled
    empty = tensorflow.zeros((tensorflow.shape(cells)[0], room), tensorflow.float64)
    hits, rest = tensorflow.cast(hits, tensorflow.float64), tensorflow.cast(rest, tensorflow.float64)
    return tensorflow.concat([hits, empty, rest], axis=1)


def _encoded(values: Tensor, encoding: Encoding) -> Tensor:
    """Float64 (row, number) to float64 (row, input); see `data.encodings`."""
    match encoding:
        case Standard(mean, scale):
            return tensorflow.clip_by_value((values - mean) / scale, -MOST_DEVIATIONS, MOST_DEVIATIONS)
        case Raw(low, high):
            return tensorflow.clip_by_value(values, low, high)
        case Quantile(knots, scores):
            encoded = [
                _interpolated(values[:, column], *pair)
                for column, pair in enumerate(zip(knots, scores, strict=True))
            ]
            return tensorflow.stack(encoded, axis=1)
        case Piecewise(quantile, columns, low, width, mean):
            reach = (tensorflow.gather(values, columns, axis=1) - low) / width
            bins = tensorflow.clip_by_value(reach, 0.0, 1.0) - mean
            return tensorflow.concat([_encoded(values, quantile), bins], axis=1)
    raise TypeError(f"no operations for {type(encoding).__name__}")


def _interpolated(values: Tensor, knots: numpy.ndarray, scores: numpy.ndarray) -> Tensor:
    """Straight lines between knots, the first and the last score beyond them."""
    if len(knots) == 1:
        return tensorflow.fill(tensorflow.shape(values), tensorflow.constant(scores[0], tensorflow.float64))
    values = tensorflow.clip_by_value(values, knots[0], knots[-1])
    place = tensorflow.searchsorted(tensorflow.constant(knots), values, side="right") - 1
    place = tensorflow.clip_by_value(place, 0, len(knots) - 2)
    start, width = (tensorflow.gather(of, place) for of in (knots, numpy.diff(knots)))
    base, rise = (tensorflow.gather(of, place) for of in (scores, numpy.diff(scores)))
    return base + rise * tensorflow.math.divide_no_nan(values - start, width)


def _date_parts(cells: Tensor, form: str) -> Tensor:
    """Dates as text to the parts of `data.dates.PARTS`, float64 of shape (row, part); NaN for what is no date."""
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
    days = _days_since_1970(year, month, day)
    last = _days_since_1970(year + month // 12, month % 12 + 1, tensorflow.ones_like(day)) - days + day - 1
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
    seconds = 3600 * hour + 60 * minute + second - _offset_seconds(cells, is_date, form)
    days += seconds // 86_400
    seconds = tensorflow.math.floormod(seconds, 86_400)
    weekday = tensorflow.math.floormod(days + 3, 7)  # 1970-01-01 was a Thursday
    whole = (*_calendar(days), weekday, seconds // 3600, days)
    parts = [tensorflow.cast(part, tensorflow.float64) for part in whole]
    parts[-1] += tensorflow.cast(seconds, tensorflow.float64) / 86_400.0
    known = (is_date & exists)[:, None]
    return tensorflow.where(known, tensorflow.stack(parts, axis=1), numpy.float64("nan"))


def _offset_seconds(cells: Tensor, is_date: Tensor, form: str) -> Tensor:
    """What is to be taken off for UTC; 0 where a cell names no offset."""
    text = tensorflow.strings.regex_replace(cells, DATE_FORMS[form].pattern, DATE_FORMS[form].offset)
    text = tensorflow.where(is_date & (text != ""), text, tensorflow.constant("0"))
    number = tensorflow.strings.to_number(text, tensorflow.int64)  # +0530 as 530
    size = tensorflow.abs(number)
    return tensorflow.sign(number) * (3600 * (size // 100) + 60 * tensorflow.math.floormod(size, 100))


def _days_since_1970(year: Tensor, month: Tensor, day: Tensor) -> Tensor:
    """Days of the Gregorian calendar before a date, counted in years that begin in March."""
    year = tensorflow.where(month <= 2, year - 1, year)
    of_year = (153 * tensorflow.math.floormod(month + 9, 12) + 2) // 5 + day - 1
    leap_days = year // 4 - year // 100 + year // 400
    return 365 * year + leap_days + of_year - 719_468


def _calendar(days: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Year, month and day of days since 1970: what `_days_since_1970` undoes."""
    days = days + 719_468
    of_era = tensorflow.math.floormod(days, 146_097)  # 400 years
    years = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * years + years // 4 - years // 100)
    place = (5 * of_year + 2) // 153  # of the month in a year that begins in March
    month = tensorflow.math.floormod(place + 2, 12) + 1
    year = years + 400 * (days // 146_097) + tensorflow.cast(month <= 2, tensorflow.int64)
    return year, month, of_year - (153 * place + 2) // 5 + 1

"""The Gregorian calendar as TensorFlow operations, which have none."""

from .feature import Tensor


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

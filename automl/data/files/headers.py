"""How a table begins: titles above its names, no names, a name that stands twice; and the keys that help."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from automl.data.files.table_file import Refuse, TableFile

MOST_LINES = 50
"""Lines that are looked at."""

_MOST_TITLES = 10
_LARGEST_STEP = 10.0
_NUMBER = re.compile(r"[-+]?\d[\d.,]*(e[-+]?\d+)?%?", re.IGNORECASE)

_YEAR = re.compile("(?:19|20)[0-9]{2}")

Line = tuple[int, Sequence[str]]
"""The number of a line, from 1, and its cells."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the first lines of a file look like.

    Attributes:
        skip: Lines above the names: titles and remarks.
        has_names: Whether the line after them holds names.
        width: Its cells.
    """

    skip: int
    has_names: bool
    width: int

    @property
    def is_usual(self) -> bool:
        """Whether the names are in the first line."""
        return self.has_names and self.skip == 0

    @property
    def cure(self) -> str:
        """The keys of the study file that read such a file, in a sentence; empty for a usual one."""
        if self.is_usual:
            return ""
        keys = [f"`skip: {self.skip}`"] if self.skip else []
        if not self.has_names:
            keys.append("`header: none` (and `names: [...]` to choose names)")
        finding = (
            f"Line {self.skip + 1} looks like {'the names' if self.has_names else 'data, not like names'}"
        )
        title = (
            f", and {'line 1' if self.skip == 1 else f'lines 1 to {self.skip}'} like a title"
            if self.skip
            else ""
        )
        return f"{finding}{title}: write {' and '.join(keys)} under `data`."


def find_beginning(lines: Sequence[Line]) -> Beginning:
    """Tell titles and a missing line of names from what stands in the first lines of a file.

    A title is a line with half the cells of the others or fewer, all at its beginning. Of data, half the cells or more
    are numbers, or come again below in their columns; names that are numbers count on, or are years.
    """
    if len(lines) < 2:
        return Beginning(0, True, len(lines[0][1]) if lines else 0)
    lines = _without_empty_columns(lines)
    usual = median(_filled(cells) for _, cells in lines[1:])
    first = 0
    while first < min(_MOST_TITLES, len(lines) - 2) and _is_title(
        lines[first][1], usual, lines[first + 1][1]
    ):
        first += 1
    first += first + 2 < len(lines) and _is_upper(*(cells for _, cells in lines[first : first + 3]))
    number, cells = lines[first]
    if first == 0:
        number = 1
    below = [cells for _, cells in lines[first + 1 :]]
    return Beginning(number - 1, not _is_data(cells, below), len(cells))


def make_names(file: TableFile, names: Sequence[str]) -> list[str]:
    """The names of a file's columns: those of the study file, those of the line of names, or numbers.

    Args:
        file: The file.
        names: The cells of its first line.

    Raises:
        DataError: The study file gives more or fewer names than there are columns.
    """
    if file.names:
        if len(file.names) != len(names):
            got = f"got {len(file.names)} for {len(names)} columns"
            raise file.error(
                f": `data.names` must contain a name for every column, {got}. Add or remove names."
            )
        return list(file.names)
    return list(names) if file.header else [f"column_{index}" for index in range(1, len(names) + 1)]


def check_twice(names: Sequence[str], line: int, cure: str, refuse: Refuse) -> None:
    """Refuse a name that stands twice in a line of names.

    Args:
        names: The names.
        line: The number of their line.
        cure: What to do about this file's beginning; empty where it looks usual.
        refuse: Makes the error.

    Raises:
        DataError: One does.
    """
    twice = next((name for index, name in enumerate(names) if name and name in names[:index]), None)
    if twice is not None:
        other = "Rename one, or write `names: [...]` with a name for every column under `data`."
        raise refuse(f": the column name {twice!r} occurs twice in line {line}. {cure or other}")


def _without_empty_columns(lines: Sequence[Line]) -> Sequence[Line]:
    """The lines without the columns on the left in which nothing stands, as sheets have them."""
    left = min(
        (next((place for place, cell in enumerate(cells) if cell.strip()), len(cells)) for _, cells in lines)
    )
    return [(number, cells[left:]) for number, cells in lines] if left else lines


def _filled(cells: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)


def _is_title(cells: Sequence[str], usual: float, below: Sequence[str]) -> bool:
    """Whether a line has few cells, all at its beginning; or anywhere, above a line of different words."""
    filled = _filled(cells)
    if not 0 < filled <= usual / 2:
        return False
    names = {cell.strip() for cell in below}
    are_names = (
        len(names) == len(cells) == len(below) and "" not in names and not any(map(_NUMBER.fullmatch, names))
    )
    return are_names or all(cell.strip() for cell in cells[:filled])


def _is_upper(cells: Sequence[str], below: Sequence[str], third: Sequence[str]) -> bool:
    """Whether a line names groups of the columns that are named below it: `Region,,Sales,` over `n,m,2019,2020`."""
    names = [cell.strip() for cell in below]
    has_holes = any(cell.strip() for cell in cells) and not all(cell.strip() for cell in cells[1:])
    are_names = len(set(names)) == len(names) == len(cells) and "" not in names
    are_words = all(_NUMBER.fullmatch(name) is None or _YEAR.fullmatch(name) for name in names)
    return has_holes and are_names and are_words and _holds_number(third) and not _holds_number(cells)


def _is_data(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether cells that should be names are data."""
    stripped = [cell.strip() for cell in cells]
    numbers = [number for cell in stripped if (number := _number(cell)) is not None]
    if numbers and _counts_on(numbers):
        return False
    if not numbers and any(list(row) == list(cells) for row in below) and any(map(_holds_number, below)):
        return False  # the names, which come again above other pages
    alike = 0
    for index, cell in enumerate(stripped):
        others = [row[index].strip() for row in below if index < len(row)]
        alike += bool(cell) and (cell in others or _lies_among(cell, others))
    return max(alike, len(numbers)) >= max(min(2, _filled(cells)), _filled(cells) / 2)


def _holds_number(cells: Sequence[str]) -> bool:
    return any(_number(cell.strip()) is not None for cell in cells)


def _counts_on(numbers: Sequence[float]) -> bool:
    """Whether numbers are names: 0, 1, 2, or years."""
    steps = [high - low for low, high in pairwise(numbers)]
    are_years = all(number % 1 == 0 and 1900 <= number <= 2100 for number in numbers)
    return len(numbers) > 1 and (are_years or (len(set(steps)) == 1 and 0 < steps[0] <= _LARGEST_STEP))


def _lies_among(cell: str, others: Sequence[str]) -> bool:
    """Whether a number lies between the numbers below it."""
    number = _number(cell)
    numbers = [other for text in others if (other := _number(text)) is not None]
    return number is not None and bool(numbers) and min(numbers) <= number <= max(numbers)


def _number(cell: str) -> float | None:
    """A cell as a number, as far as names are concerned."""
    if not _NUMBER.fullmatch(cell):
        return None
    try:
        return float(cell.rstrip("%").replace(",", "."))
    except ValueError:
        return None

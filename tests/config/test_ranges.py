"""Wrong ranges in the space section: the message says where, what, what was given, and what to do."""

from pathlib import Path

import pytest
from wrong_studies import DATA, Wrong, check_message

BOUNDS = "as in `[1, 4]`"
KINDS = "be a single value, or exactly one of `{int: [low, high]}`"


def space(entry: str) -> str:
    """A study whose third line holds this entry."""
    return f"{DATA}space:\n  x: {entry}\n"


RANGES = {
    "empty choice": Wrong(
        space("{choice: []}"), 3, "`space.x.choice`", "hold at least one value", "got []", "all of one type"
    ),
    "mixed choice": Wrong(
        space("{choice: [1, relu]}"),
        3,
        "`space.x.choice`",
        "hold values of one type",
        "got [1, 'relu']",
        "The values",
    ),
    "true among numbers": Wrong(
        space("{choice: [1, true]}"),
        3,
        "`space.x.choice`",
        "hold values of one type",
        "got [1, True]",
        "The values",
    ),
    "value twice": Wrong(
        space("{choice: [2, 1, 2]}"),
        3,
        "`space.x.choice`",
        "not contain a value twice",
        "got [2, 1, 2]",
        "The values",
    ),
    "null in a choice": Wrong(
        space("{choice: [1, null]}"),
        3,
        "`space.x.choice.1`",
        "be a number, text, true or false",
        "got None",
        "The values",
    ),
    "list in a choice": Wrong(
        space("{choice: [[1], [2]]}"),
        3,
        "`space.x.choice.0`",
        "be a number, text, true or false",
        "got [1]",
        "The values",
    ),
    "one word as choice": Wrong(
        space("{choice: relu}"), 3, "`space.x.choice`", "be a list", "got 'relu'", "The values"
    ),
    "null fixed": Wrong(
        space("{fixed: null}"), 3, "`space.x`", "be a number, text, true or false", "got None", "The value."
    ),
    "low above high": Wrong(space("{int: [4, 1]}"), 3, "`space.x.int`", "low <= high", "got [4, 1]", BOUNDS),
    "low 0 with log": Wrong(
        space("{float: [0, 1], log: true}"), 3, "`space.x.float`", "a low bound above 0", "got 0.0", BOUNDS
    ),
    "low 0 with log, whole": Wrong(
        space("{int: [0, 8], log: true}"), 3, "`space.x.int`", "a low bound above 0", "got 0", BOUNDS
    ),
    "NaN bound": Wrong(
        space("{float: [.nan, 1]}"), 3, "`space.x.float`", "finite bounds", "got [nan, 1.0]", BOUNDS
    ),
    "NaN high": Wrong(
        space("{float: [0, .NaN]}"), 3, "`space.x.float`", "finite bounds", "got [0.0, nan]", BOUNDS
    ),
    "infinite bound": Wrong(
        space("{float: [0, .inf]}"), 3, "`space.x.float`", "finite bounds", "got [0.0, inf]", BOUNDS
    ),
    "infinite low": Wrong(
        space("{float: [-.inf, 0]}"), 3, "`space.x.float`", "finite bounds", "got [-inf, 0.0]", BOUNDS
    ),
    "too large for a float": Wrong(
        space("{float: [0, 1e999]}"), 3, "`space.x.float`", "finite bounds", "inf]", BOUNDS
    ),
    "infinite whole number": Wrong(
        space("{int: [0, .inf]}"), 3, "`space.x.int.1`", "be a whole number", "got inf", BOUNDS
    ),
    "list for a range": Wrong(space("[1, 4]"), 3, "`space.x`", KINDS, "got [1, 4]", "{choice: [...]}"),
    "nothing for a range": Wrong(space(""), 3, "`space.x`", KINDS, "got None", "{choice: [...]}"),
    "two kinds": Wrong(
        space("{int: [1, 4], float: [1, 2]}"), 3, "`space.x`", KINDS, "'float': [1, 2]", "{choice: [...]}"
    ),
    "no kind": Wrong(space("{step: 1}"), 3, "`space.x`", KINDS, "got {'step': 1}", "{choice: [...]}"),
    "one bound": Wrong(
        space("{int: [1]}"), 3, "`space.x.int`", "be two numbers, `[low, high]`", "got [1]", BOUNDS
    ),
    "three bounds": Wrong(
        space("{float: [1, 2, 3]}"),
        3,
        "`space.x.float`",
        "be two numbers, `[low, high]`",
        "got [1, 2, 3]",
        BOUNDS,
    ),
    "a word as bound": Wrong(
        space("{int: [a, 4]}"), 3, "`space.x.int.0`", "be a whole number", "got 'a'", BOUNDS
    ),
    "1.0 for a whole number": Wrong(
        space("{int: [1.0, 4]}"), 3, "`space.x.int.0`", "be a whole number", "got 1.0", BOUNDS
    ),
    "true as bound": Wrong(
        space("{float: [0, true]}"), 3, "`space.x.float.1`", "be a number", "got True", BOUNDS
    ),
    "one number for bounds": Wrong(space("{int: 4}"), 3, "`space.x.int`", "be a list", "got 4", BOUNDS),
    "step 0": Wrong(
        space("{float: [0, 1], step: 0}"),
        3,
        "`space.x.float.step`",
        "be greater than 0",
        "got 0",
        "Distance between neighbors",
    ),
    "step 1 with log": Wrong(
        space("{int: [1, 8], step: 1, log: true}"), 3, "`space.x.int`", "a `step` above 1", "got 1", BOUNDS
    ),
    "log as text": Wrong(
        space("{float: [1, 2], log: yes please}"),
        3,
        "`space.x.float.log`",
        "be true or false",
        "got 'yes please'",
        "logarithmic",
    ),
    "block style": Wrong(
        DATA + "space:\n  x:\n    choice:\n      - 1\n      - relu\n",
        4,
        "`space.x.choice`",
        "one type",
        "got [1, 'relu']",
        "The values",
    ),
}


@pytest.mark.parametrize("wrong", RANGES.values(), ids=RANGES)
def test_a_wrong_range_is_explained(tmp_path: Path, wrong: Wrong) -> None:
    check_message(tmp_path, wrong)

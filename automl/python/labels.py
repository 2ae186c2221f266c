"""Class labels as a study can have them: none is changed, merged with another or taken for a gap."""

import re
from collections.abc import Sequence
from typing import Any

import numpy

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*( [A-Za-z0-9_-]+)*")


def label_names(classes: Sequence[Any]) -> list[str | int]:
    """A name for each class, in their order: the label itself where a study reads it as it is, else with its number.

    >>> label_names(["no", "yes"])
    ['no', 'yes']
    >>> label_names(["yes", "Yes", " ?"])
    ['0: yes', '1: Yes', '2:  ?']
    """
    if all(isinstance(label, int | numpy.integer) and not isinstance(label, bool) for label in classes):
        return [int(label) for label in classes]
    texts = [str(label) for label in classes]
    plain = all(isinstance(label, str) and _PLAIN.fullmatch(label) for label in classes)
    if plain and len({text.casefold() for text in texts}) == len(texts):
        return list(texts)
    digits = len(str(len(texts) - 1))
    return [f"{code:0{digits}}: {text}".rstrip() for code, text in enumerate(texts)]

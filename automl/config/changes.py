"""What changed in a study file since its study began, key by key, and what of it may change while the study goes on.

Values are compared, not text: comments, the order of keys, and a default that is written out change nothing.
"""

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from automl.config.change_rules import RESTORE, Compared, rule_of
from automl.config.ranges import Choice, Fixed, IntRange, Section
from automl.config.study import StudyConfig
from automl.config.template import flow
from automl.errors import StudyFileError
from automl.hyperparameters import HYPERPARAMETERS
from automl.secrets import MASK, masked_values

_LONGEST = 100
_BEFORE = 30


@dataclass(frozen=True, slots=True)
class Change:
    """A key whose value differs from the recorded one.

    Attributes:
        key: With its sections, as in `search.trials`; a hyperparameter as in `space.depth`.
        old: The recorded value in plain types, passwords masked; None for a hyperparameter that was not in the space.
        new: The value now, likewise.
        must: Of a change that is refused, what the value must be; empty for one that is allowed.
        cure: Of a change that is refused, what to do about it; empty for one that is allowed.
    """

    key: str
    old: object
    new: object
    must: str = ""
    cure: str = ""

    def __str__(self) -> str:
        old, new = _shown(self.key, self.old, self.new)
        return f"`{self.key}` was {old} and is now {new}"


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed, in the order of the study file's sections."""

    allowed: tuple[Change, ...]
    refused: tuple[Change, ...]


def compare(recorded: StudyConfig, now: StudyConfig, num_recorded: int) -> Changes:
    """What changed between the copy of a study file that its study recorded and the file as it is now.

    A space that only one of the two leaves out counts as changed: its defaults depend on the table, so a caller that
    knows them puts them in first.

    Args:
        recorded: The recorded copy, whose passwords are masked: a masked one equals any current value.
        now: The study file.
        num_recorded: Number of trials that are recorded.
    """
    allowed: list[Change] = []
    refused: list[Change] = []
    whole = recorded.space is None or now.space is None
    before, after = dict(_values(recorded, whole)), dict(_values(now, whole))
    has_builder = recorded.network.builder is not None
    order = list(StudyConfig.model_fields)
    for key in sorted({**before, **after}, key=lambda key: order.index(key.partition(".")[0])):
        old, new = before.get(key), after.get(key)
        if _are_equal(_plain(old), _plain(new)) or (not has_builder and _left_out(key, old, new)):
            continue
        plain_old, plain_new = masked_values(_plain(old)), masked_values(_plain(new))
        shown = _shown(key, plain_old, plain_new)[0]
        grid = recorded.search.algorithm == "grid"
        reasons = rule_of(key)(Compared(old, new, shown, num_recorded, grid))
        change = Change(key, plain_old, plain_new, *(reasons or ()))
        (refused if reasons else allowed).append(change)
    return Changes(tuple(allowed), tuple(refused))


def refusal(changes: Changes, where: Callable[..., str]) -> StudyFileError:
    """One error that names every refused key with its old and its new value.

    Args:
        changes: At least one of them refused.
        where: `StudyConfig.where` of the study file as it is now.
    """
    refused = changes.refused
    section, _, rest = refused[0].key.partition(".")
    at = where(section, *([rest] if section == "space" else rest.split(".")))
    wrong = "; ".join(
        f"`{change.key}` must {change.must}, got {_shown(change.key, change.old, change.new)[1]}"
        for change in refused
    )
    cures = [change.cure for change in refused]
    several = f"{RESTORE}s" if cures.count(RESTORE) > 1 else RESTORE
    cure = " and ".join(dict.fromkeys(cures)).replace(RESTORE, several)
    file = at.rpartition(":")[0]
    fresh = f"`automl run {shlex.quote(file)} --fresh`" if file else "`run_study(…, resume=False)`"
    return StudyFileError(
        f"{at}: {wrong}. {cure[0].upper()}{cure[1:]} to continue this study, or start a new run with {fresh}."
    )


def _values(section: Section, whole: bool, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a study with its key; the hyperparameters of its space one by one, or the `whole` of it."""
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from _values(value, whole, f"{prefix}{name}.")
        elif isinstance(section, StudyConfig) and name == "space" and not whole:
            yield from ((f"space.{key}", entry) for key, entry in value.items())
        else:
            yield f"{prefix}{name}", value


def _plain(value: Any) -> Any:
    """A value in plain types, written in one way: `{choice: [8]}` as 8, and no step of 1 for whole numbers."""
    if isinstance(value, Fixed):
        return value.value
    if isinstance(value, Choice) and len(value.values) == 1 and not value.per_layer:
        return value.values[0]
    if isinstance(value, IntRange) and value.step == 1 and not value.log:
        value = value.model_copy(update={"step": None})
    if isinstance(value, Section):
        return _plain(value.model_dump(by_alias=True, exclude_defaults=True))
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple) else value


def _are_equal(old: Any, new: Any) -> bool:
    """Whether two plain values are equal: 1 is 1.0 but not true, and `MASK` is whatever stands in its place."""
    if isinstance(old, str) and isinstance(new, str) and MASK in old:
        return re.fullmatch(_pattern(old), new) is not None
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(_are_equal(old[key], new[key]) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_are_equal, old, new))
    return isinstance(old, bool) == isinstance(new, bool) and bool(old == new)


def _pattern(masked: str) -> str:
    """What a text with masks may be; the value of a parameter, as in `?password=***`, ends at the next one."""
    pattern = re.escape(masked)
    mask = re.escape(MASK)
    return pattern.replace(f"={mask}", r"=[^&;]*").replace(mask, r"(?s:.*)")


def _left_out(key: str, old: Any, new: Any) -> bool:
    """Whether a hyperparameter is left out in one of the two, and written out with its default in the other."""
    name = key.removeprefix("space.")
    if not key.startswith("space.") or name not in HYPERPARAMETERS or name == "batch_size":
        return False  # that of batch_size depends on the table
    given = _plain(new if old is None else old)
    return (old is None or new is None) and _are_equal(given, HYPERPARAMETERS[name].default)


def _shown(key: str, old: object, new: object) -> tuple[str, str]:
    """Both values as they would stand in the file; of long ones the part where they begin to differ."""
    absent = "nothing" if key.startswith("space") else "null"
    texts = [absent if value is None else flow(value) for value in (old, new)]
    if max(map(len, texts)) <= _LONGEST:
        return texts[0], texts[1]
    alike = next((index for index, (a, b) in enumerate(zip(*texts, strict=False)) if a != b), 0)
    begin = max(alike - _BEFORE, 0)
    return _cut(texts[0], begin), _cut(texts[1], begin)


def _cut(text: str, begin: int) -> str:
    end = begin + _LONGEST
    return f"{'…' if begin else ''}{text[begin:end]}{'…' if len(text) > end else ''}"

"""Two studies side by side: rows for every renderer, for the terminal, and for other programs."""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from automl.evaluation.resampling import Estimate
from automl.explanation.sides import Side
from automl.explanation.two_studies import TwoStudies
from automl.trial import TrialState
from automl.wording import duration, number, score

NONE = "–"
"""Stands where a study has nothing of its kind."""

DIFFERENCE = "B minus A"
"""What a difference is."""

_UNSET = "not in the space"
_NARROW = 90
"""Columns of a terminal below which the two studies stand below each other."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing of both studies.

    Attributes:
        name: What it is.
        one: Of A, as text.
        other: Of B.
        difference: B minus A, as text; empty where nothing is subtracted.
    """

    name: str
    one: str
    other: str
    difference: str = ""

    @property
    def differs(self) -> bool:
        """Whether the two are not the same."""
        return self.one != self.other


def study_lines(found: TwoStudies) -> list[Line]:
    """Name, run, trials, winner, time and how each study searched."""
    return [
        _line("study", found, lambda side: side.state.started.name),
        _line("run", found, lambda side: side.state.started.identifier),
        _line("trials", found, _counted),
        _line("winner", found, lambda side: f"trial {side.winner.number}"),
        _line("wall time", found, lambda side: NONE if math.isnan(side.seconds) else duration(side.seconds)),
        _line("search", found, lambda side: side.state.started.facts.get("algorithm", NONE)),
        _line("seed", found, lambda side: side.state.started.facts.get("seed", NONE)),
        _line("folds", found, _folds),
    ]


def score_lines(found: TwoStudies) -> list[Line]:
    """Scores of both winners and their differences, in the order in which a person should read them."""
    metric, paired = found.metric, "paired by fold" if found.same_folds else "not paired"
    chosen = _line("cross-validation ± standard error", found, lambda side: score(side.winner, metric))
    corrected = _line("corrected for the choice", found, lambda side: _estimate(side.corrected))
    test = _line("locked test", found, lambda side: _test(side, metric))
    lines = (
        (chosen, f"{_estimate(found.chosen, 3)}, {paired}"),
        (corrected, "" if found.corrected is None else _estimate(found.corrected, 3)),
        (test, "" if found.test is None else f"{number(found.test, 3)}, of the same rows"),
    )
    return [
        dataclasses.replace(line, difference=said)
        for line, said in lines
        if (line.one, line.other) != (NONE, NONE)
    ]


def winner_lines(found: TwoStudies) -> list[Line]:
    """Both winners: capacity, epochs, hyperparameters."""
    names = dict.fromkeys(name for side in (found.one, found.other) for name in side.winner.hyperparameters)
    return [
        _line(
            "weights",
            found,
            lambda side: NONE if side.winner.capacity is None else f"{side.winner.capacity:,}",
        ),
        _line("epochs kept, mean over folds", found, lambda side: number(side.winner.best_epoch, 3)),
        *(
            _line(name, found, lambda side, name=name: _value(side.winner.hyperparameters.get(name)))
            for name in names
        ),
    ]


def space_lines(found: TwoStudies) -> list[Line]:
    """The hyperparameters whose ranges differ."""
    spaces = [_space(side) for side in (found.one, found.other)]
    lines = [
        Line(name, *(space.get(name, _UNSET) for space in spaces)) for name in {**spaces[0], **spaces[1]}
    ]
    return [line for line in lines if line.differs]


def print_comparison(console: Console, found: TwoStudies) -> None:
    """Print the verdict, then scores, winners, studies and the ranges that differ, A and B in columns."""
    console.print(Text(found.verdict, "bold"), highlight=False)
    for said in found.notes:
        console.print(Text(said, "dim"), highlight=False)
    letters = [f"{side.letter}: {side.label}" for side in (found.one, found.other)]
    for title, lines in titled(found):
        console.print()
        shown = [line for line in lines if line.differs or line.difference]
        if not shown:
            console.print(Text(f"{title}: no difference", "table.title"), highlight=False)
        elif console.width < _NARROW:
            _print_below(console, title, shown)
        else:
            console.print(_table(title, shown, letters))
        alike = ", ".join(f"{line.name} {line.one}" for line in lines if line not in shown)
        if alike:
            console.print(Text(f"the same in both: {alike}", "dim"), highlight=False)


def titled(found: TwoStudies) -> list[tuple[str, list[Line]]]:
    """The tables with their titles."""
    better = "smaller" if found.direction == "min" else "larger"
    return [
        (f"Scores by {found.metric} ({better} is better, 95 % intervals)", score_lines(found)),
        ("The winners", winner_lines(found)),
        ("The studies", study_lines(found)),
        ("Ranges that differ", space_lines(found)),
    ]


def as_json(found: TwoStudies) -> str:
    """The comparison for other programs; what is not known is null."""
    content: dict[str, Any] = {
        "verdict": found.verdict,
        "better": {1: "B", -1: "A", 0: None}[found.sign],
        "metric": found.metric,
        "direction": found.direction.value,
        "same_folds": found.same_folds,
        "difference": {
            "chosen": _numbers(found.chosen),
            "corrected": None if found.corrected is None else _numbers(found.corrected),
            "test": found.test,
        },
        "notes": found.notes,
        "A": _side(found.one),
        "B": _side(found.other),
        "spaces": {line.name: {"A": line.one, "B": line.other} for line in space_lines(found)},
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def _side(side: Side) -> dict[str, Any]:
    winner, metric, state = side.winner, side.state.objective.metric, side.state
    return {
        "study": state.started.name,
        "run": state.started.identifier,
        "standing": side.standing,
        "trials": state.num_trials,
        "ended_early": side.num_in(TrialState.PRUNED),
        "failed": side.num_in(TrialState.FAILED),
        "seconds": _finite(side.seconds),
        "winner": {
            "trial": winner.number,
            "score": winner.mean(metric),
            "standard_error": _finite(winner.standard_error(metric)),
            "corrected": None if side.corrected is None else _numbers(side.corrected),
            "test": None if side.test is None else dict(side.test.scores),
            "capacity": winner.capacity,
            "epochs": _finite(winner.best_epoch),
            "hyperparameters": dict(winner.hyperparameters),
        },
    }


def _numbers(estimate: Estimate) -> dict[str, float | None]:
    return {name: _finite(value) for name, value in dataclasses.asdict(estimate).items()}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _line(name: str, found: TwoStudies, say: Any) -> Line:
    return Line(name, say(found.one), say(found.other))


def _counted(side: Side) -> str:
    words = ((TrialState.PRUNED, "ended early"), (TrialState.FAILED, "failed"))
    rest = [f"{count:,} {word}" for state, word in words if (count := side.num_in(state))]
    return f"{side.state.num_trials:,}" + (f", of these {', '.join(rest)}" if rest else "")


def _folds(side: Side) -> str:
    started = side.state.started
    return f"{started.num_folds}" + (f", of {started.repeats} repeats" if started.repeats > 1 else "")


def _estimate(estimate: Estimate | None, digits: int = 4) -> str:
    if estimate is None:
        return NONE
    value, low, high = (number(each, digits) for each in dataclasses.astuple(estimate))
    return value if math.isnan(estimate.low) else f"{value} ({low} to {high})"


def _test(side: Side, metric: str) -> str:
    test = side.test
    if test is None:
        return NONE
    if len(test.interval) == 3:
        return _estimate(Estimate(*test.interval))
    return number(test.scores[metric]) if metric in test.scores else NONE


def _value(value: Any) -> str:
    if value is None:
        return NONE
    if isinstance(value, bool):
        return str(value).lower()
    return number(value, 3) if isinstance(value, float) else str(value)


def _space(side: Side) -> dict[str, str]:
    """The ranges of a study, as text by name; those of a builder's own space as far as they are numbers."""
    started = side.state.started
    if started.space:
        return {name: _range(entry) for name, entry in started.space.items()}
    return {
        name: f"{_value(low)} to {_value(high)}{', log' if log else ''}"
        for name, (low, high, log) in started.bounds.items()
    }


def _range(entry: Any) -> str:
    """An entry of a space as people read it."""
    if not isinstance(entry, Mapping):
        return _value(entry)
    for kind in ("int", "float"):
        bounds = entry.get(kind)
        if isinstance(bounds, Sequence) and len(bounds) == 2:
            step = f", steps of {_value(entry['step'])}" if entry.get("step") else ""
            return f"{_value(bounds[0])} to {_value(bounds[1])}{step}{', log' if entry.get('log') else ''}"
    if isinstance(choice := entry.get("choice"), Sequence) and not isinstance(choice, str):
        return ", ".join(map(_value, choice))
    given = {name: value for name, value in entry.items() if value is not None}
    if set(given) == {"value"}:
        return _value(given["value"])
    return ", ".join(f"{name} {value}" for name, value in given.items())


def _table(title: str, lines: Sequence[Line], letters: Sequence[str]) -> Table:
    table = Table(title=Text(title, "table.title"), title_justify="left", box=None)
    differences = any(line.difference for line in lines)
    for heading in ("", *letters, *([DIFFERENCE] if differences else [])):
        table.add_column(Text(heading), overflow="fold")
    for line in lines:
        cells = [line.name, line.one, line.other, *([line.difference] if differences else [])]
        table.add_row(*map(Text, cells))
    return table


def _print_below(console: Console, title: str, lines: Sequence[Line]) -> None:
    """Where there is no room for columns."""
    console.print(Text(title, "table.title"), highlight=False)
    for line in lines:
        parts = [f"{line.name}: A {line.one}", f"B {line.other}"]
        parts += [f"{DIFFERENCE} {line.difference}"] if line.difference else []
        joint = "; ".join(parts)
        if len(joint) <= console.width:
            console.print(Text(joint), highlight=False)
        else:
            console.print(Text("\n  ".join([f"{line.name}:", f"A {line.one}", *parts[1:]])), highlight=False)

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
        first: Of A, as text.
        second: Of B.
        difference: B minus A, as text; empty where nothing is subtracted.
    """

    name: str
    first: str
    second: str
    difference: str = ""

    @property
    def differs(self) -> bool:
        """Whether the two are not the same."""
        return self.first != self.second


def study_lines(comparison: TwoStudies) -> list[Line]:
    """Name, run, trials, winner, time and how each study searched."""
    return [
        _line("study", comparison, lambda side: side.state.started.name),
        _line("run", comparison, lambda side: side.state.started.identifier),
        _line("trials", comparison, _counted),
        _line("winner", comparison, lambda side: f"trial {side.winner.number}"),
        _line(
            "wall time", comparison, lambda side: NONE if math.isnan(side.seconds) else duration(side.seconds)
        ),
        _line("search", comparison, lambda side: side.state.started.facts.get("algorithm", NONE)),
        _line("seed", comparison, lambda side: side.state.started.facts.get("seed", NONE)),
        _line("folds", comparison, _folds),
    ]


def score_lines(comparison: TwoStudies) -> list[Line]:
    """Scores of both winners and their differences, in the order in which a person should read them."""
    metric, paired = comparison.metric, "paired by fold" if comparison.same_folds else "not paired"
    chosen = _line("cross-validation ± standard error", comparison, lambda side: score(side.winner, metric))
    corrected = _line("corrected for the choice", comparison, lambda side: _estimate(side.corrected))
    test = _line("locked test", comparison, lambda side: _test(side, metric))
    lines = (
        (chosen, f"{_estimate(comparison.chosen, 3)}, {paired}"),
        (corrected, "" if comparison.corrected is None else _estimate(comparison.corrected, 3)),
        (test, "" if comparison.test is None else f"{number(comparison.test, 3)}, of the same rows"),
    )
    return [
        dataclasses.replace(line, difference=difference)
        for line, difference in lines
        if (line.first, line.second) != (NONE, NONE)
    ]


def winner_lines(comparison: TwoStudies) -> list[Line]:
    """Both winners: capacity, epochs, hyperparameters."""
    names = dict.fromkeys(
        name for side in (comparison.first, comparison.second) for name in side.winner.hyperparameters
    )
    return [
        _line(
            "weights",
            comparison,
            lambda side: NONE if side.winner.capacity is None else f"{side.winner.capacity:,}",
        ),
        _line("epochs kept, mean over folds", comparison, lambda side: number(side.winner.best_epoch, 3)),
        *(
            _line(name, comparison, lambda side, name=name: _value(side.winner.hyperparameters.get(name)))
            for name in names
        ),
    ]


def space_lines(comparison: TwoStudies) -> list[Line]:
    """The hyperparameters whose ranges differ."""
    spaces = [_space(side) for side in (comparison.first, comparison.second)]
    lines = [
        Line(name, *(space.get(name, _UNSET) for space in spaces)) for name in {**spaces[0], **spaces[1]}
    ]
    return [line for line in lines if line.differs]


def print_comparison(console: Console, comparison: TwoStudies) -> None:
    """Print the verdict, then scores, winners, studies and the ranges that differ, A and B in columns."""
    console.print(Text(comparison.verdict, "bold"), highlight=False)
    for note in comparison.notes:
        console.print(Text(note, "dim"), highlight=False)
    letters = [f"{side.letter}: {side.label}" for side in (comparison.first, comparison.second)]
    for title, lines in titled(comparison):
        console.print()
        shown = [line for line in lines if line.differs or line.difference]
        if not shown:
            console.print(Text(f"{title}: no difference", "table.title"), highlight=False)
        elif console.width < _NARROW:
            _print_below(console, title, shown)
        else:
            console.print(_table(title, shown, letters))
        alike = ", ".join(f"{line.name} {line.first}" for line in lines if line not in shown)
        if alike:
            console.print(Text(f"the same in both: {alike}", "dim"), highlight=False)


def titled(comparison: TwoStudies) -> list[tuple[str, list[Line]]]:
    """The tables with their titles."""
    better = "smaller" if comparison.direction == "min" else "larger"
    return [
        (f"Scores by {comparison.metric} ({better} is better, 95 % intervals)", score_lines(comparison)),
        ("The winners", winner_lines(comparison)),
        ("The studies", study_lines(comparison)),
        ("Ranges that differ", space_lines(comparison)),
    ]


def as_json(comparison: TwoStudies) -> str:
    """The comparison for other programs; what is not known is null."""
    content: dict[str, Any] = {
        "verdict": comparison.verdict,
        "better": {1: "B", -1: "A", 0: None}[comparison.sign],
        "metric": comparison.metric,
        "direction": comparison.direction.value,
        "same_folds": comparison.same_folds,
        "difference": {
            "chosen": _numbers(comparison.chosen),
            "corrected": None if comparison.corrected is None else _numbers(comparison.corrected),
            "test": comparison.test,
        },
        "notes": comparison.notes,
        "A": _side(comparison.first),
        "B": _side(comparison.second),
        "spaces": {line.name: {"A": line.first, "B": line.second} for line in space_lines(comparison)},
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


def _line(name: str, comparison: TwoStudies, say: Any) -> Line:
    return Line(name, say(comparison.first), say(comparison.second))


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
    value, low, high = (number(bound, digits) for bound in dataclasses.astuple(estimate))
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
        cells = [line.name, line.first, line.second, *([line.difference] if differences else [])]
        table.add_row(*map(Text, cells))
    return table


def _print_below(console: Console, title: str, lines: Sequence[Line]) -> None:
    """Where there is no room for columns."""
    console.print(Text(title, "table.title"), highlight=False)
    for line in lines:
        parts = [f"{line.name}: A {line.first}", f"B {line.second}"]
        parts += [f"{DIFFERENCE} {line.difference}"] if line.difference else []
        joint = "; ".join(parts)
        if len(joint) <= console.width:
            console.print(Text(joint), highlight=False)
        else:
            console.print(
                Text("\n  ".join([f"{line.name}:", f"A {line.first}", *parts[1:]])), highlight=False
            )

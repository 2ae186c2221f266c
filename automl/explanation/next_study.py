"""The study to run next: the ranges of the last one, moved where its explanation points."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automl.config.ranges import Choice, Fixed, FloatRange, IntRange, Range
from automl.config.reading import dump_study, load_study, make_study
from automl.config.search import SearchConfig
from automl.config.study import StudyConfig
from automl.errors import RecordError
from automl.explanation.study import Explanation
from automl.explanation.weighing import MORE
from automl.hyperparameters import HYPERPARAMETERS
from automl.records.files import STUDY_FILE
from automl.records.state import StudyState
from automl.trial import Hyperparameters, Scalar, is_number


@dataclass(frozen=True, slots=True)
class _Reach:
    """How far a range is moved.

    Attributes:
        factor: Of a number on a logarithmic scale.
        step: Of another number.
        least: Where it ends downward.
        most: Where it ends upward.
        start: What a range on a logarithmic scale begins at when it held 0.
        first: What it ends at then.
    """

    factor: float = 0.0
    step: float = 0.0
    least: float = 0.0
    most: float = 1e12
    start: float = 0.0
    first: float = 0.0


_REACHES: Mapping[str, _Reach] = {
    "depth": _Reach(step=2, least=0, most=12),
    "width": _Reach(factor=4, least=4, most=2048),
    "dropout": _Reach(step=0.4, least=0.0, most=0.8),
    "l2": _Reach(factor=30, start=1e-6, first=3e-3),
    "weight_decay": _Reach(factor=10, start=1e-4, first=1e-2),
    "learning_rate": _Reach(factor=5, least=1e-5, most=1.0),
}
_WHOLE = ("depth", "width")
_NAMED = {"activation": ("leaky_relu", "gelu"), "numeric_encoding": ("quantile",)}
"""What is added to the values of hyperparameters that are names."""

_MORE_EPOCHS = 3
_MANY_VALUES = 6
_FEWEST_TRIALS = 10


def propose(state: StudyState, explanation: Explanation, to: Path) -> str:
    """The text of the next study's file.

    Args:
        state: The last study.
        explanation: What it has found.
        to: Where the file will stand; the paths in it start from there.

    Raises:
        RecordError: No trial completed, or nothing is to be changed.
    """
    best, started = state.best, state.started
    if best is None or not explanation.changes:
        why = "no trial completed" if best is None else "the explanation proposes no change of its ranges"
        raise RecordError(f"{state.folder}: there is no next study to write, because {why}.")
    base = Path(started.base)
    study = load_study(state.folder / STUDY_FILE, folder=base)
    if study.space is None and started.space:
        content = {"name": "s", "data": {"frame": True, "target": "y"}, "space": dict(started.space)}
        space = make_study(content).space
        study = study.model_copy(update={"space": space})
    moved = next_study(study, best.hyperparameters, explanation.changes, started.num_epochs)
    if moved.data.path is not None:
        path = Path(os.path.relpath(base / moved.data.path, to.parent)).as_posix()
        moved = moved.model_copy(update={"data": moved.data.model_copy(update={"path": path})})
    diagnosis = explanation.diagnoses[best.number]
    reason = [
        f"After {started.name}: {diagnosis.sentence}",
        *(f"To try: {advice}." for advice in diagnosis.advice),
    ]
    return "".join(f"# {line}\n" for line in reason) + dump_study(moved)


def next_study(
    study: StudyConfig, best: Hyperparameters, changes: Mapping[str, str], epochs: int
) -> StudyConfig:
    """The same question with other ranges.

    A range grows in the direction that a change names, and a value that was fixed becomes a range; what no change names
    stays as it was. Ranges are not narrowed: advice can be wrong, and then the old values win again.

    Args:
        study: The last study.
        best: Values of its best trial.
        changes: `more` or `less`, by hyperparameter or by key of the training section.
        epochs: Epochs that the last study allowed.
    """
    space: dict[str, Range] = dict(study.space or {})
    training, own_builder = study.training, study.network.builder is not None
    for name, way in changes.items():
        if name == "epochs" and name not in best:
            training = training.model_copy(update={"epochs": _MORE_EPOCHS * epochs})
        elif not _is_used(name, best, changes) or (own_builder and name not in best):
            continue
        elif name in _NAMED:
            value = best.get(name, HYPERPARAMETERS[name].default)
            space[name] = _with_values(space.get(name, Fixed(fixed=value)), _NAMED[name])
        elif name in _REACHES:
            value = best.get(name, HYPERPARAMETERS[name].default)
            space[name] = _moved(name, space.get(name, Fixed(fixed=value)), way)
    return study.model_copy(
        update={
            "name": _next_name(study.name),
            "space": space or None,
            "training": training,
            "search": _search(study.search, space, best),
        }
    )


def _search(search: SearchConfig, space: Mapping[str, Range], best: Hyperparameters) -> SearchConfig:
    """Trials enough for ranges that were fixed values, no grid over what has no steps, and the last winner first."""
    steps = all(isinstance(entry, Choice | Fixed) for entry in space.values())
    algorithm = "tpe" if search.algorithm == "grid" and not steps else search.algorithm
    trials = max(search.trials, _FEWEST_TRIALS)
    return search.model_copy(update={"trials": trials, "algorithm": algorithm, "first": _winner(space, best)})


def _winner(space: Mapping[str, Range], best: Hyperparameters) -> tuple[dict[str, Scalar], ...]:
    """The last winner as far as the new ranges hold it: what it had at 0, a logarithmic range has at its low end."""
    configuration: dict[str, Scalar] = {}
    values = {name: named.default for name, named in HYPERPARAMETERS.items()} | dict(best)
    for name, entry in space.items():
        if isinstance(entry, Choice):
            layers = [key for key in best if key.startswith(f"{name}_")] if entry.per_layer else [name]
            configuration |= {key: values[key] for key in layers if values.get(key) in entry.values}
        elif isinstance(entry, IntRange | FloatRange) and name in values:
            low, high = entry.bounds
            configuration[name] = type(low)(min(max(float(values[name]), low), high))
    return (configuration,) if configuration else ()


def _is_used(name: str, best: Hyperparameters, changes: Mapping[str, str]) -> bool:
    """Whether the networks of the next study have a use for a hyperparameter."""
    parent = HYPERPARAMETERS[name].parent
    deeper = parent is not None and parent[0] == "depth" and changes.get("depth") == MORE
    return parent is None or deeper or parent[1](best.get(parent[0], HYPERPARAMETERS[parent[0]].default))


def _next_name(name: str) -> str:
    """The name with its number raised.

    >>> [_next_name(name) for name in ("wine", "wine-2", "wine-9")]
    ['wine-2', 'wine-3', 'wine-10']
    """
    stem, _, number = name.rpartition("-")
    return f"{stem}-{int(number) + 1}" if stem and number.isdecimal() else f"{name}-2"


def _moved(name: str, entry: Range, way: str) -> Range:
    reach = _REACHES[name]
    if isinstance(entry, Choice) and not all(map(is_number, entry.values)):
        return entry
    values = [float(value) for value in _ends(entry)]
    low, high = min(values), max(values)
    log = reach.factor > 0
    if way == MORE:
        farther = high * reach.factor or reach.first if log else high + reach.step
        high = max(high, min(reach.most, _near(name, farther)))
    else:
        farther = low / reach.factor if log else low - reach.step
        low = min(low, max(reach.least, _near(name, farther)))
    if log:
        low = max(low, reach.start)
    if low >= high:
        return entry
    if isinstance(entry, Choice):
        return _with_values(entry, [_plain(name, end) for end in (low, high)])
    if name == "width":
        return Choice(choice=_powers(low, high))
    if name in _WHOLE:
        return IntRange(int=(int(low), int(high)))
    return FloatRange(float=(low, high), log=log)


def _ends(entry: Range) -> tuple[Any, ...]:
    if isinstance(entry, Fixed):
        return (entry.value,)
    return entry.values if isinstance(entry, Choice) else entry.bounds


def _with_values(entry: Range, values: Any) -> Range:
    together = dict.fromkeys([*_ends(entry), *values])
    ordered = sorted(together) if all(map(is_number, together)) else list(together)
    per_layer = isinstance(entry, Choice) and entry.per_layer
    return Choice(choice=tuple(ordered), per_layer=per_layer)


def _powers(low: float, high: float) -> tuple[int, ...]:
    """A few widths from low to high, each twice the one before, or more where the two are far apart."""
    factor = 2.0
    while low * factor**_MANY_VALUES <= high:
        factor *= 2.0
    between = [int(low * factor**step) for step in range(_MANY_VALUES) if low * factor**step < high]
    return tuple(dict.fromkeys([*between, int(high)]))


def _near(name: str, value: float) -> float:
    """Two digits, as a person would write it; whole numbers as they are."""
    return float(int(value)) if name in _WHOLE else float(f"{value:.2g}")


def _plain(name: str, value: float) -> Scalar:
    return int(value) if name in _WHOLE else value

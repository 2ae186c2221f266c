"""The study file's space as `keras_tuner.HyperParameters`.

Every named hyperparameter is in the space: searched, fixed by the study file, or fixed at its default, so
that a trial's values say everything. One that a network would not use (the slope of a ReLU that is not leaky)
is conditional on its parent.
"""

import contextlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias

import keras_tuner
from keras_tuner.engine import hyperparameters as kinds

from automl.config.ranges import Choice, Fixed, FloatRange, IntRange, Range
from automl.config.study import StudyConfig
from automl.errors import SearchSpaceError, explain, one_of
from automl.hyperparameters import HYPERPARAMETERS, TRAINING_HYPERPARAMETERS, Named
from automl.trial import Hyperparameters, Scalar

Space: TypeAlias = keras_tuner.HyperParameters
Conditions = Sequence[tuple[str, Sequence[Scalar]]]
Valued = tuple[kinds.HyperParameter, list[Scalar]]

_MANY_ROWS = 40_000


def default_entries(num_rows: int, has_numbers: bool, skewed_target: bool) -> Mapping[str, Range]:
    """What is searched when the study file does not say, for a table of this kind.

    Args:
        num_rows: Rows of the table; of many, smaller networks are tried, for each costs more.
        has_numbers: Whether it has numeric columns, which can be encoded in several ways.
        skewed_target: Whether the target is a number above 0 with a long tail, for which a logarithm may help.
    """
    many = num_rows > _MANY_ROWS
    entries: dict[str, Range] = {
        "depth": IntRange(int=(1, 3)),
        "width": Choice(choice=(64, 128) if many else (64, 128, 256)),
        "activation": Choice(choice=("relu", "gelu", "tanh")),
        "dropout": FloatRange(float=(0.0, 0.5)),
        "optimizer": Fixed(fixed="adamw"),
        "weight_decay": FloatRange(float=(1e-4, 1e-1), log=True),
        "learning_rate": FloatRange(float=(3e-4, 1e-2), log=True),
        "schedule": Choice(choice=("constant", "cosine")),
    }
    if has_numbers:
        entries["numeric_encoding"] = Choice(choice=("standard", "quantile", "piecewise"))
    if skewed_target:
        entries["target_transform"] = Choice(choice=("none", "log"))
    return entries


def build_space(study: StudyConfig, defaults: Mapping[str, Range] = MappingProxyType({})) -> Space:
    """The space of a study of multilayer perceptrons.

    Args:
        study: The study file.
        defaults: What is searched when it has no space: what `default_entries` gives for its table.

    Raises:
        SearchSpaceError: An unknown hyperparameter, an illegal value, or one that could never be used.
    """
    entries = _entries(study, defaults)
    for name in entries:
        if name not in HYPERPARAMETERS:
            what = f"`{name}` is not a hyperparameter of these networks. {one_of(HYPERPARAMETERS, name)}"
            raise SearchSpaceError(f"{study.where('space', name)}: {what}")
    space = Space()
    for name, named in HYPERPARAMETERS.items():
        if name == "batch_size":
            named = replace(named, default=study.training.batch_size or named.default)
        entry = entries.get(name)
        conditions = _conditions(space, named)
        if conditions is None:
            if entry is not None and named.parent is not None:
                never = f"`{name}` is never used, for no value of `{named.parent[0]}` asks for it."
                cure = f"Remove it, or widen `{named.parent[0]}`."
                raise SearchSpaceError(f"{study.where('space', name)}: {never} {cure}")
            continue
        _register_named(space, name, _check_entry(name, entry, named, study), conditions)
    return space


def build_free_space(study: StudyConfig) -> Space:
    """The space section as it stands, for a user's own builder, which gives each name its meaning.

    Names that the training reads (optimizer, learning_rate, …) are held to the table.

    Raises:
        SearchSpaceError: An illegal value of such a name, or `per_layer`, which only our own networks know.
    """
    space = Space()
    for name, entry in _entries(study, {}).items():
        if isinstance(entry, Choice) and entry.per_layer:
            where = study.where("space", name)
            raise SearchSpaceError(f"{where}: `per_layer` is for networks without a `builder`. Remove it.")
        known = name in TRAINING_HYPERPARAMETERS
        checked = _check_entry(name, entry, HYPERPARAMETERS[name], study) if known else entry
        _register(space, name, checked)
    return space


def searched(space: Space) -> list[str]:
    """Names of the hyperparameters that have more than one value, in order."""
    return [hp.name for hp in space.space if not isinstance(hp, kinds.Fixed)]


def bounds(space: Space) -> dict[str, tuple[float, float, bool]]:
    """Of each searched number, the least and the largest value, and whether its scale is logarithmic."""
    found: dict[str, tuple[float, float, bool]] = {}
    for hp in space.space:
        if isinstance(hp, kinds.Int | kinds.Float):
            found[hp.name] = hp.min_value, hp.max_value, hp.sampling == "log"
        elif isinstance(hp, kinds.Choice) and len(hp.values) > 1 and isinstance(hp.values[0], int | float):
            values = [value for value in hp.values if not isinstance(value, bool)]
            if values:
                found[hp.name] = min(values), max(values), min(values) > 0 and max(values) > 10 * min(values)
    return found


def log_scaled(space: Space) -> set[str]:
    """Names of the hyperparameters that are drawn on a logarithmic scale."""
    return {hp.name for hp in space.space if getattr(hp, "sampling", None) == "log"}


def is_active(hp: kinds.HyperParameter, values: Mapping[str, Scalar]) -> bool:
    """Whether a hyperparameter is used beside these values of the ones before it."""
    return all(condition.is_active(values) for condition in hp.conditions)


def plain_value(hp: kinds.HyperParameter, value: Scalar) -> Scalar:
    """A value that KerasTuner gives, in the plain type of its hyperparameter and within its bounds.

    KerasTuner has floats for some integers, NumPy numbers, and numbers that rounding puts just outside.
    """
    if isinstance(hp, kinds.Int):
        return int(min(max(value, hp.min_value), hp.max_value))
    if isinstance(hp, kinds.Float):
        number = float(value) if hp.step is None else _rounded(value)
        return float(min(max(number, hp.min_value), hp.max_value))
    known: list[Scalar] = list(hp.values)
    return known[known.index(value)]


def possible_values(hp: kinds.HyperParameter) -> list[Scalar] | None:
    """All values of one hyperparameter, or None where they are a continuum.

    An integer drawn on a logarithmic scale without a step can be any integer of its range.
    """
    if isinstance(hp, kinds.Float) and hp.step is None:
        return None
    if isinstance(hp, kinds.Int) and hp.step is None:
        return list(range(hp.min_value, hp.max_value + 1))
    return [plain_value(hp, value) for value in hp.values]


def configurations(space: Space) -> Iterator[Hyperparameters] | None:
    """Every configuration of a space without a continuum, active values only; None when it has one.

    Yields them in the order of a counter whose last hyperparameter turns fastest.
    """
    choices = [(hp, possible_values(hp)) for hp in space.space]
    counted = [(hp, values) for hp, values in choices if values is not None]
    return _walk(counted, {}) if len(counted) == len(choices) else None


def _walk(left: Sequence[Valued], chosen: dict[str, Scalar]) -> Iterator[Hyperparameters]:
    if not left:
        yield chosen
        return
    hp, values = left[0]
    if hp.name in chosen or not is_active(hp, chosen):
        yield from _walk(left[1:], chosen)
        return
    for value in values:
        yield from _walk(left[1:], {**chosen, hp.name: value})


def count_configurations(space: Space, limit: int = 1_000_000) -> int | None:
    """Number of configurations; None for a continuum; `limit` when there are at least so many."""
    every = configurations(space)
    return None if every is None else sum(1 for _ in itertools.islice(every, limit))


def _entries(study: StudyConfig, defaults: Mapping[str, Range]) -> Mapping[str, Range]:
    if study.space is not None and not study.space and study.network.builder is None:
        raise SearchSpaceError(
            f"{study.where('space')}: `space` is empty. Name a hyperparameter under it, or remove the key "
            "to search a small general space."
        )
    if study.space is None:
        return defaults
    return study.space


def _check_entry(name: str, entry: Range | None, named: Named, study: StudyConfig) -> Range:
    """The entry in the type of the default, its values legal."""
    if entry is None:
        return Fixed(fixed=named.default)
    test, must = named.legal
    values = _values(entry)
    where = study.where("space", name)
    if isinstance(entry, IntRange | FloatRange) and isinstance(named.default, bool | str):
        cure = "Write one value, or `{choice: [...]}`."
        raise SearchSpaceError(explain(name, must, list(values), cure, where=where))
    if isinstance(entry, FloatRange) and isinstance(named.default, int):
        cure = "Write `{int: [low, high]}`."
        raise SearchSpaceError(explain(name, "be a whole number", list(values), cure, where=where))
    if getattr(entry, "per_layer", False) and name != "width":
        raise SearchSpaceError(f"{where}: `per_layer` is for `width` only, not for `{name}`. Remove it.")
    number = not isinstance(named.default, bool | str)
    for value in values:
        wrong = number and not isinstance(value, type(named.default) | int)
        if wrong or (number and isinstance(value, bool)) or not test(value):
            cure = f"Its default is {named.default!r}."
            raise SearchSpaceError(explain(name, must, value, cure, where=where))
    return _as_floats(entry) if isinstance(named.default, float) else entry


def _values(entry: Range) -> tuple[Scalar, ...]:
    if isinstance(entry, IntRange | FloatRange):
        return entry.bounds
    return entry.values if isinstance(entry, Choice) else (entry.value,)


def _as_floats(entry: Range) -> Range:
    if isinstance(entry, IntRange):
        return FloatRange(float=entry.bounds, step=entry.step or (None if entry.log else 1), log=entry.log)
    if isinstance(entry, Choice):
        return Choice(choice=tuple(float(value) for value in entry.values))
    return Fixed(fixed=float(entry.value)) if isinstance(entry, Fixed) else entry


def _conditions(space: Space, named: Named) -> Conditions | None:
    """When a hyperparameter is used: `(parent, values)` from the outermost in; None where that is never."""
    if named.parent is None:
        return []
    parent, test = named.parent
    owners = [hp for hp in space.space if hp.name == parent]
    every = (possible_values(owners[0]) or []) if owners else []
    passing = [value for value in every if test(value)]
    if not passing:
        return None
    inherited = [(condition.name, condition.values) for condition in owners[0].conditions]
    return inherited if len(passing) == len(every) else [*inherited, (parent, passing)]


def _register_named(space: Space, name: str, entry: Range, conditions: Conditions) -> None:
    if not (isinstance(entry, Choice) and entry.per_layer):
        _register(space, name, entry, conditions)
        return
    depths = [value for hp in space.space if hp.name == "depth" for value in possible_values(hp) or []]
    for layer in range(1, max(int(depth) for depth in depths) + 1):
        deep = [depth for depth in depths if int(depth) >= layer]
        _register(space, f"width_{layer}", entry, [] if len(deep) == len(depths) else [("depth", deep)])


def _register(space: Space, name: str, entry: Range, conditions: Conditions = ()) -> None:
    values = _listed(entry)
    with contextlib.ExitStack() as scopes:
        for parent, parent_values in conditions:
            scopes.enter_context(space.conditional_scope(parent, list(parent_values)))
        if isinstance(entry, IntRange | FloatRange) and values is None:
            kind = space.Int if isinstance(entry, IntRange) else space.Float
            kind(name, *entry.bounds, step=entry.step, sampling="log" if entry.log else "linear")
        elif values is not None and len(values) == 1:
            space.Fixed(name, values[0])
        elif values is not None and isinstance(values[0], bool):
            space.Boolean(name)  # a Choice would turn true and false into 1 and 0
        else:
            space.Choice(name, values)


def _listed(entry: Range) -> list[Scalar] | None:
    """The values of an entry that are better listed; None for a range that KerasTuner handles well."""
    values = list(_values(entry))
    if isinstance(entry, Fixed | Choice):
        return [float(value) for value in values] if float in map(type, values) else values
    low, high = entry.bounds
    if low == high:
        return [low]
    if isinstance(entry, IntRange) or entry.log or entry.step is None or (high - low) / entry.step > 1000:
        return None
    num_steps = int((high - low) / entry.step + 1e-9)  # KerasTuner would stop at 0.4 from 0 to 0.5 by 0.1
    return [min(max(_rounded(low + index * entry.step), low), high) for index in range(num_steps + 1)]


def _rounded(value: Scalar) -> float:
    """Without the last digits, which are rounding noise: 0.3 for 0.1 + 0.2."""
    return float(f"{value:.12g}")

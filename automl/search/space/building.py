"""The study file's space: what it names, and everything else at its default."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from automl.config.ranges import Choice, Fixed, FloatRange, IntRange, Range
from automl.config.study import StudyConfig
from automl.errors import SearchSpaceError, explain, one_of
from automl.hyperparameters import HYPERPARAMETERS, OPTIONAL, TRAINING_HYPERPARAMETERS, Named
from automl.search.space import parameters
from automl.search.space.parameter import Condition, Parameter
from automl.search.space.scales import Scale, rounded
from automl.search.space.space import Space
from automl.trial import Scalar

_MANY_ROWS = 40_000

_AVERAGED_ROWS = 10_000
"""Tables with no more rows are trained by schedule-free AdamW; it needs more epochs than larger ones get in a few
minutes (DECISIONS.md)."""


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
    }
    if num_rows <= _AVERAGED_ROWS:
        entries |= {
            "optimizer": Fixed(fixed="schedule_free"),
            "weight_decay": FloatRange(float=(1e-2, 1.0), log=True),
            "learning_rate": FloatRange(float=(5e-4, 1e-2), log=True),
        }
    else:
        entries |= {
            "optimizer": Fixed(fixed="adamw"),
            "weight_decay": FloatRange(float=(1e-4, 1e-1), log=True),
            "learning_rate": FloatRange(float=(3e-4, 1e-2), log=True),
            "schedule": Choice(choice=("constant", "cosine")),
        }
    if has_numbers:
        entries["numeric_encoding"] = Choice(choice=("standard", "quantile", "piecewise"))
        entries["number_embedding"] = Choice(choice=("none", "piecewise"))
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
            reason = f"`{name}` is not a hyperparameter of these networks. {one_of(HYPERPARAMETERS, name)}"
            raise SearchSpaceError(f"{study.where('space', name)}: {reason}")
    _check_family(study, entries)
    space: list[Parameter] = []
    for name, named in HYPERPARAMETERS.items():
        if name == "batch_size":
            named = replace(named, default=study.training.batch_size or named.default)
        entry = entries.get(name)
        if entry is None and name in OPTIONAL:
            continue
        conditions = _conditions(space, named)
        if conditions is None:
            if entry is not None and named.parent is not None:
                never = f"`{name}` is never used, for no value of `{named.parent[0]}` asks for it."
                cure = f"Remove it, or widen `{named.parent[0]}`."
                raise SearchSpaceError(f"{study.where('space', name)}: {never} {cure}")
            continue
        space += _named(space, name, _check_entry(name, entry, named, study), conditions)
    return Space(tuple(space))


_NORMALIZED = ("perceptron",)
"""Families whose hidden layers can have batch normalization."""


def _check_family(study: StudyConfig, entries: Mapping[str, Range]) -> None:
    """Refuse batch normalization for families that do not have it."""
    family, normalization = entries.get("family"), entries.get("batch_normalization")
    names = _values(family) if family else ()
    others = [name for name in names if name not in _NORMALIZED]
    if "initializer" in entries and set(names) == {"realmlp"}:
        reason = (
            "`initializer` has no use here: the family 'realmlp' has initial values that go with its rates"
        )
        raise SearchSpaceError(f"{study.where('space', 'initializer')}: {reason}. Remove it.")
    if others and normalization is not None and any(_values(normalization)):
        where = study.where("space", "batch_normalization")
        must = f"be false for the family {others[0]!r}, which has no batch normalization"
        cure = "Remove it, or write `family: perceptron`."
        raise SearchSpaceError(
            explain("batch_normalization", must, list(_values(normalization)), cure, where=where)
        )


def build_free_space(study: StudyConfig) -> Space:
    """The space section as it stands, for a user's own builder, which gives each name its meaning.

    Names that the training reads (optimizer, learning_rate, …) are held to the table.

    Raises:
        SearchSpaceError: An illegal value of such a name, or `per_layer`, which only our own networks know.
    """
    space: list[Parameter] = []
    for name, entry in _entries(study, {}).items():
        if isinstance(entry, Choice) and entry.per_layer:
            where = study.where("space", name)
            raise SearchSpaceError(f"{where}: `per_layer` is for networks without a `builder`. Remove it.")
        is_known = name in TRAINING_HYPERPARAMETERS
        checked = _check_entry(name, entry, HYPERPARAMETERS[name], study) if is_known else entry
        space.append(_parameter(name, checked))
    return Space(tuple(space))


def _entries(study: StudyConfig, defaults: Mapping[str, Range]) -> Mapping[str, Range]:
    if study.space is not None and not study.space and study.network.builder is None:
        raise SearchSpaceError(
            f"{study.where('space')}: `space` is empty. Name a hyperparameter under it, or remove the key "
            "to search a small general space."
        )
    entries = defaults if study.space is None else study.space
    family = study.network.family
    if family is None:
        return entries
    if "family" in entries:
        reason = "`network.family` must be left out where the space has a `family`"
        raise SearchSpaceError(
            f"{study.where('network', 'family')}: {reason}, got {family!r}. Remove one of them."
        )
    return {"family": Fixed(fixed=family), **entries}


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


def _conditions(space: list[Parameter], named: Named) -> tuple[Condition, ...] | None:
    """When a hyperparameter is used, from the outermost condition in; None where that is never."""
    if named.parent is None:
        return ()
    name, test = named.parent
    owners = [parameter for parameter in space if parameter.name == name]
    values = (owners[0].possible() or []) if owners else []
    passing = tuple(value for value in values if test(value))
    if not passing:
        return None
    inherited = owners[0].conditions
    return inherited if len(passing) == len(values) else (*inherited, Condition(name, passing))


def _named(
    space: list[Parameter], name: str, entry: Range, conditions: tuple[Condition, ...]
) -> list[Parameter]:
    if not (isinstance(entry, Choice) and entry.per_layer):
        return [_parameter(name, entry, conditions)]
    depths = [value for owner in space if owner.name == "depth" for value in owner.possible() or []]
    parameters: list[Parameter] = []
    for layer in range(1, max(int(depth) for depth in depths) + 1):
        deep = tuple(depth for depth in depths if int(depth) >= layer)
        scopes = () if len(deep) == len(depths) else (Condition("depth", deep),)
        parameters.append(_parameter(f"width_{layer}", entry, scopes))
    return parameters


def _parameter(name: str, entry: Range, conditions: tuple[Condition, ...] = ()) -> Parameter:
    values = _listed(entry)
    if isinstance(entry, IntRange | FloatRange) and values is None:
        scale = Scale.LOG if entry.log else Scale.LINEAR
        if isinstance(entry, IntRange):
            return parameters.Int(name, *entry.bounds, entry.step, scale, conditions=conditions)
        return parameters.Float(name, *entry.bounds, entry.step, scale, conditions=conditions)
    assert values is not None
    if len(values) == 1:
        return parameters.Fixed(name, values[0], conditions=conditions)
    return parameters.Choice(name, tuple(values), conditions=conditions)


def _listed(entry: Range) -> list[Scalar] | None:
    """The values of an entry that are better listed; None for a range."""
    values = list(_values(entry))
    if isinstance(entry, Fixed | Choice):
        if isinstance(values[0], bool):
            return sorted(values)
        return [float(value) for value in values] if float in map(type, values) else values
    low, high = entry.bounds
    if low == high:
        return [low]
    if isinstance(entry, IntRange) or entry.log or entry.step is None or (high - low) / entry.step > 1000:
        return None
    num_steps = int((high - low) / entry.step + 1e-9)
    return [min(max(rounded(low + index * entry.step), low), high) for index in range(num_steps + 1)]

"""Between our space and `keras_tuner.HyperParameters`, which users' builders and the `bayesian` sampler see.

KerasTuner is imported here, and this module only where one of them is used: it takes TensorFlow with it.
"""

from collections.abc import Callable, Mapping
from typing import Any

import keras_tuner
from keras_tuner.engine import hyperparameters as kinds

from automl.search.space.parameter import Condition, Parameter
from automl.search.space.parameters import Choice, Fixed, Float, Int
from automl.search.space.scales import Scale
from automl.search.space.space import Space
from automl.trial import Scalar, is_number


def to_keras_tuner(space: Space, values: Mapping[str, Scalar] | None = None) -> keras_tuner.HyperParameters:
    """The same space as KerasTuner's.

    Args:
        space: Ours.
        values: The active values; the initial ones when they are left out.
    """
    configs = [_config(parameter) for parameter in space.parameters]
    return load_config({"space": configs, "values": space.initial() if values is None else values})


def from_keras_tuner(hyperparameters: keras_tuner.HyperParameters) -> Space:
    """KerasTuner's space as ours; its values are not taken over.

    Raises:
        TypeError: A hyperparameter of a kind that KerasTuner itself does not have.
    """
    return Space(tuple(map(_ours, hyperparameters.space)))


def load_config(config: Mapping[str, Any]) -> keras_tuner.HyperParameters:
    """KerasTuner's space with values, from what its `get_config` gives."""
    return keras_tuner.HyperParameters.from_config(config)


def _config(parameter: Parameter) -> dict[str, Any]:
    """What KerasTuner makes a hyperparameter from."""
    scopes = [
        {"class_name": "Parent", "config": {"name": condition.parent, "values": list(condition.values)}}
        for condition in parameter.conditions
    ]
    kind, values = _values(parameter)
    return {"class_name": kind, "config": {"name": parameter.name, "conditions": scopes, **values}}


def _values(parameter: Parameter) -> tuple[str, dict[str, Any]]:
    if isinstance(parameter, Float | Int):
        return type(parameter).__name__, {
            "min_value": parameter.low,
            "max_value": parameter.high,
            "step": parameter.step,
            "sampling": parameter.scale.value,
            "default": parameter.default,
        }
    if isinstance(parameter, Fixed):
        return "Fixed", {"value": parameter.value}
    assert isinstance(parameter, Choice)
    values, default = list(parameter.values), parameter.default
    if isinstance(values[0], bool):  # a Choice would turn true and false into 1 and 0
        return "Boolean", {"default": bool(default)}
    return "Choice", {"values": values, "ordered": parameter.is_ordered, "default": default}


def _ours(hp: Any) -> Parameter:
    scopes = tuple(
        Condition(str(condition.name), tuple(map(_plain, condition.values))) for condition in hp.conditions
    )
    if isinstance(hp, kinds.Float):
        return Float(hp.name, *_range(hp, float), conditions=scopes)
    if isinstance(hp, kinds.Int):
        low, high, step, scale, default = _range(hp, int)
        is_full = step == 1 and scale is Scale.LINEAR
        return Int(hp.name, low, high, None if is_full else step, scale, default, conditions=scopes)
    if isinstance(hp, kinds.Fixed):
        return Fixed(hp.name, _plain(hp.value), conditions=scopes)
    if isinstance(hp, kinds.Boolean):
        return Choice(hp.name, (False, True), True if hp.default else None, conditions=scopes)
    if not isinstance(hp, kinds.Choice):
        raise TypeError(f"{hp.name} is a {type(hp).__name__}, no hyperparameter of KerasTuner")
    values = tuple(map(_plain, hp.values))
    default = None if hp.default == values[0] else _plain(hp.default)
    return Choice(hp.name, values, default, is_number(values[0]) and not hp.ordered, conditions=scopes)


def _range(hp: Any, kind: Callable[[Any], Any]) -> tuple[Any, Any, Any, Scale, Any]:
    step = None if hp.step is None else kind(hp.step)
    default = None if hp.default == hp.min_value else kind(hp.default)
    return kind(hp.min_value), kind(hp.max_value), step, Scale(hp.sampling), default


def _plain(value: Any) -> Scalar:
    """NumPy's numbers, which some of KerasTuner's types take, are no plain ones."""
    plain: Scalar = value.item() if hasattr(value, "item") else value
    return plain

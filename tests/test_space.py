"""The search space: what is in it and when, counted by hand, and what is refused."""

import math
from typing import Any

import numpy
import pytest

from automl.config.reading import make_study
from automl.errors import SearchSpaceError
from automl.hyperparameters import HYPERPARAMETERS
from automl.search.space.building import (
    build_free_space,
    build_space,
    default_entries,
)
from automl.search.space.parameters import Choice, Float, Int
from automl.search.space.scales import Scale
from automl.search.space.space import Space, log_scaled
from automl.trial import Hyperparameters

ALWAYS = ["l2", "optimizer", "learning_rate", "schedule", "clip_norm", "label_smoothing", "batch_size"]
ALWAYS += ["numeric_encoding", "target_transform"]
HIDDEN = ["width", "activation", "dropout", "batch_normalization", "initializer"]


def study_of(entries: dict[str, Any] | None, **sections: Any) -> Any:
    return make_study({"name": "t", "data": {"sklearn": "digits"}, "space": entries, **sections})


def space_of(**entries: Any) -> Space:
    return build_space(study_of(entries))


def all_configurations(space: Space) -> list[Hyperparameters]:
    configurations = space.configurations()
    assert configurations is not None
    return list(configurations)


# --- what is in a space -------------------------------------------------------------------------------------


def test_what_is_not_named_is_fixed_at_its_default() -> None:
    space = space_of(learning_rate={"float": [1e-4, 1e-1], "log": True})
    assert space.searched == ["learning_rate"]
    assert log_scaled(space) == {"learning_rate"}
    values = space.draw(numpy.random.default_rng(0))
    assert list(values) == ["depth", *HIDDEN, *ALWAYS]
    for name, value in values.items():
        assert name == "learning_rate" or value == HYPERPARAMETERS[name].default


def test_without_a_space_a_small_general_one_is_searched() -> None:
    general = ["depth", "width", "activation", "dropout", "learning_rate", "weight_decay"]
    texts_only = build_space(study_of(None), default_entries(100, False, False))
    assert sorted(texts_only.searched) == sorted(general)
    numbers = build_space(study_of(None), default_entries(100, True, True))
    assert sorted(numbers.searched) == sorted(
        [*general, "numeric_encoding", "number_embedding", "target_transform"]
    )


def test_of_many_rows_smaller_networks_are_searched() -> None:
    few, many = (build_space(study_of(None), default_entries(rows, True, False)) for rows in (1000, 10**6))
    assert [space.find("optimizer").initial for space in (few, many)] == ["schedule_free", "adamw"]
    widths = [max(space.find("width").possible()) for space in (few, many)]
    assert widths == [256, 128]


def test_a_bare_value_and_a_single_choice_are_fixed() -> None:
    space = space_of(depth=3, activation={"choice": ["tanh"]}, dropout={"float": [0.1, 0.1]}, l2=0)
    assert space.searched == []
    (only,) = all_configurations(space)
    assert (only["depth"], only["activation"], only["dropout"], only["l2"]) == (3, "tanh", 0.1, 0.0)
    assert type(only["l2"]) is float


def test_the_batch_size_of_the_training_is_the_default() -> None:
    space = build_space(study_of({"depth": 1}, training={"batch_size": 17}))
    assert all_configurations(space)[0]["batch_size"] == 17


def test_a_linear_model_has_no_hidden_hyperparameters() -> None:
    linear, deep = all_configurations(space_of(depth={"int": [0, 1]}))
    assert list(linear) == ["depth", *ALWAYS]
    assert list(deep) == ["depth", *HIDDEN, *ALWAYS]


def test_one_width_a_layer() -> None:
    space = space_of(depth={"int": [0, 3]}, width={"choice": [16, 32], "per_layer": True})
    configurations = all_configurations(space)
    assert len(configurations) == 1 + 2 + 4 + 8
    for values in configurations:
        widths = [name for name in values if name.startswith("width")]
        assert widths == [f"width_{layer}" for layer in range(1, int(values["depth"]) + 1)]


def test_one_width_a_layer_of_a_fixed_depth() -> None:
    assert space_of(depth=2, width={"choice": [16, 32, 64], "per_layer": True}).size() == 9


def test_a_slope_only_with_leaky_relu_and_hidden_layers() -> None:
    space = space_of(
        depth={"int": [0, 1]},
        activation={"choice": ["relu", "leaky_relu"]},
        negative_slope={"choice": [0.1, 0.2, 0.3]},
    )
    configurations = all_configurations(space)
    assert len(configurations) == 1 + 1 + 3
    for values in configurations:
        assert ("negative_slope" in values) == (values.get("activation") == "leaky_relu")


def test_each_optimizer_has_its_own_hyperparameters() -> None:
    space = space_of(
        optimizer={"choice": ["adam", "momentum", "adamw"]},
        momentum={"choice": [0.5, 0.9]},
        weight_decay={"choice": [0.01, 0.1, 0.2]},
    )
    configurations = all_configurations(space)
    assert len(configurations) == 1 + 2 + 3
    for values in configurations:
        assert ("momentum" in values) == (values["optimizer"] == "momentum")
        assert ("weight_decay" in values) == (values["optimizer"] == "adamw")


def test_a_condition_that_always_holds_is_none() -> None:
    space = space_of(activation="leaky_relu", negative_slope={"float": [0.0, 0.3]})
    assert all(not parameter.conditions for parameter in space.parameters)
    assert space.searched == ["negative_slope"]


# --- values -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "entry", "values"),
    [
        ("depth", {"int": [1, 4]}, [1, 2, 3, 4]),
        ("depth", {"int": [1, 6], "step": 2}, [1, 3, 5]),
        ("batch_size", {"int": [16, 128], "step": 2, "log": True}, [16, 32, 64, 128]),
        ("batch_size", {"int": [3, 6], "log": True}, [3, 4, 5, 6]),
        ("dropout", {"float": [0.0, 0.5], "step": 0.1}, [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        ("dropout", {"float": [0.1, 0.3], "step": 0.15}, [0.1, 0.25]),
        ("learning_rate", {"float": [1e-4, 1e-1], "step": 10, "log": True}, [1e-4, 1e-3, 1e-2, 1e-1]),
        ("l2", {"int": [0, 2]}, [0.0, 1.0, 2.0]),
        ("l2", {"choice": [0, 0.5]}, [0.0, 0.5]),
        ("batch_normalization", {"choice": [True, False]}, [False, True]),
    ],
)
def test_values_of_a_hyperparameter(name: str, entry: Any, values: list[object]) -> None:
    possible = space_of(**{name: entry}).find(name).possible()
    assert possible == values
    assert {type(value) for value in possible} == {type(HYPERPARAMETERS[name].default)}


def test_a_continuum_has_no_list_of_values() -> None:
    space = space_of(dropout={"float": [0.0, 0.5]})
    assert space.find("dropout").possible() is None
    assert space.configurations() is None
    assert space.size() is None


def test_plain_values_are_put_back_within_bounds() -> None:
    assert Int("n", 1, 8, scale=Scale.LOG).plain(9) == 8
    assert Float("x", 0.1, 0.3).plain(numpy.float64(0.1) * 3) == 0.3
    assert type(Float("x", 0.1, 0.3).plain(numpy.float64(0.2))) is float
    assert Choice("b", (False, True)).plain(numpy.True_) is True


def test_counting_stops_at_the_limit() -> None:
    space = space_of(depth={"int": [1, 64]}, width={"int": [1, 65536]}, batch_size={"int": [1, 65536]})
    assert space.size(limit=1000) == 1000


# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({}, "t: `space` is empty. Name a hyperparameter under it, or remove the key"),
        (
            {"widht": 3},
            "t: `widht` is not a hyperparameter of these networks. Did you mean `width`? Known: family, views,",
        ),
        ({"dropout": 1.0}, "t: `dropout` must be between 0 and 0.999, got 1.0. Its default is 0.0."),
        ({"dropout": {"float": [0.5, 1.5]}}, "t: `dropout` must be between 0 and 0.999, got 1.5."),
        ({"depth": -1}, "t: `depth` must be between 0 (a linear model) and 64, got -1."),
        ({"depth": {"float": [1.0, 3.0]}}, "t: `depth` must be a whole number, got [1.0, 3.0]. Write `{int:"),
        ({"depth": True}, "t: `depth` must be between 0 (a linear model) and 64, got True."),
        ({"width": {"choice": [16, 32.5]}}, "t: `width` must be between 1 and 65536, got 32.5."),
        ({"width": "wide"}, "t: `width` must be between 1 and 65536, got 'wide'."),
        ({"learning_rate": 0}, "t: `learning_rate` must be above 0, and finite, got 0."),
        ({"learning_rate": math.inf}, "t: `learning_rate` must be above 0, and finite, got inf."),
        ({"l2": {"choice": [0.1, math.nan]}}, "t: `l2` must be 0 or more, and finite, got nan."),
        ({"l2": -0.1}, "t: `l2` must be 0 or more, and finite, got -0.1."),
        ({"clip_norm": -1}, "t: `clip_norm` must be 0 or more, and finite, got -1. Its default is 0.0."),
        ({"label_smoothing": {"float": [0, 1]}}, "t: `label_smoothing` must be between 0 and 0.5, got 1."),
        ({"schedule": False}, "t: `schedule` must be a name, got False. Its default is 'constant'."),
        ({"activation": 3}, "t: `activation` must be a name, got 3. Its default is 'relu'."),
        ({"activation": {"int": [1, 2]}}, "t: `activation` must be a name, got [1, 2]. Write one value, or"),
        ({"batch_normalization": 1}, "t: `batch_normalization` must be true or false, got 1."),
        (
            {"negative_slope": 0.1},
            "t: `negative_slope` is never used, for no value of `activation` asks for it.",
        ),
        (
            {"momentum": 0.5},
            "t: `momentum` is never used, for no value of `optimizer` asks for it. Remove it, or",
        ),
        ({"depth": 0, "width": 3}, "t: `width` is never used, for no value of `depth` asks for it."),
        (
            {"batch_size": {"choice": [16, 32], "per_layer": True}},
            "t: `per_layer` is for `width` only, not for `batch_size`.",
        ),
    ],
)
def test_illegal_spaces_are_refused(entries: dict[str, Any], message: str) -> None:
    with pytest.raises(SearchSpaceError) as caught:
        space_of(**entries)
    assert str(caught.value).startswith(message)


# --- a user's own builder -------------------------------------------------------------------------------------

BUILDER = {"builder": "builder.py:build"}


def test_a_free_space_gives_every_name_its_values() -> None:
    entries = {
        "filters": {"int": [8, 9]},
        "pool": {"choice": [True, False]},
        "learning_rate": {"int": [1, 2]},
    }
    space = build_free_space(study_of(entries, network=BUILDER))
    assert space.searched == ["filters", "pool", "learning_rate"]
    assert all_configurations(space)[0] == {"filters": 8, "pool": False, "learning_rate": 1.0}
    assert space.size() == 8
    assert all_configurations(build_free_space(study_of(None, network=BUILDER))) == [{}]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"learning_rate": -1.0}, "t: `learning_rate` must be above 0, and finite, got -1.0."),
        (
            {"units": {"choice": [1, 2], "per_layer": True}},
            "t: `per_layer` is for networks without a `builder`.",
        ),
    ],
)
def test_a_free_space_can_be_illegal(entries: dict[str, Any], message: str) -> None:
    with pytest.raises(SearchSpaceError) as caught:
        build_free_space(study_of(entries, network=BUILDER))
    assert str(caught.value).startswith(message)

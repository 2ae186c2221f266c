"""The search space of a user's own builder: every branch is found, and the study file has the last word."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from user_builders import PLAIN, SCOPED, WHERE, dense, fixed, scopes

from automl.errors import SearchSpaceError
from automl.networks.custom import CustomBuilder, discover_space
from automl.search.space.parameters import Choice
from automl.search.space.space import Space

Load = Callable[..., Any]


def test_discovery_opens_every_conditional_scope(load: Load) -> None:
    space = discover_space(load(SCOPED), Space(), WHERE)
    convolution = ("kind", ["convolution"])
    assert scopes(space) == {
        "kind": [],
        "units": [("kind", ["dense"])],
        "filters": [convolution],
        "pool": [convolution],
        "size": [convolution, ("pool", ["max"])],
    }
    configurations = [dict(values) for values in space.configurations() or ()]
    assert len(configurations) == 5 + 2 * (1 + 3)
    assert {"kind": "convolution", "filters": 3, "pool": "max", "size": 4} in configurations
    assert {"kind": "dense", "units": 8} in configurations


def test_scopes_that_stand_behind_an_if_are_opened_too(load: Load) -> None:
    text = """
        import keras

        def build(hp):
            kind = hp.Choice("kind", ["a", "b"])
            units = 2
            with hp.conditional_scope("kind", ["b"]):
                if kind == "b":
                    deep = hp.Boolean("deep")
                    with hp.conditional_scope("deep", [True]):
                        if deep:
                            units = hp.Int("units", 3, 9)
            return keras.Sequential([keras.Input((64,)), keras.layers.Dense(units)])
    """
    space = discover_space(load(text), Space(), WHERE)
    assert scopes(space) == {
        "kind": [],
        "deep": [("kind", ["b"])],
        "units": [("kind", ["b"]), ("deep", [True])],
    }


def test_discovery_tries_the_same_values_every_time(load: Load, tmp_path: Path) -> None:
    log = tmp_path / "seen.txt"
    text = f"""
        import keras

        def build(hp):
            kind = hp.Choice("kind", ["a", "b"])
            with hp.conditional_scope("kind", ["b"]):
                units = hp.Int("units", 1, 10**9)
            with open({str(log)!r}, "a") as file:
                file.write(f"{{kind}} {{units}},")
            return keras.Sequential([keras.Input((64,)), keras.layers.Dense(1)])
    """
    discover_space(load(text), Space(), WHERE)
    discover_space(load(text), Space(), WHERE)
    assert log.read_text() == "a None,b 1," * 4, "twice a discovery: without and with the study file"


def test_what_the_study_file_fixes_is_fixed_in_the_scope_where_it_is_used(load: Load) -> None:
    function = load(SCOPED)
    fixed_values = fixed(filters=7, pool="max", learning_rate=0.5)
    space = discover_space(function, fixed_values, WHERE)
    assert scopes(space)["filters"] == [("kind", ["convolution"])]
    assert scopes(space)["learning_rate"] == []
    assert list(scopes(space)) == ["kind", "units", "filters", "pool", "size", "learning_rate"]
    assert space.searched == ["kind", "units", "size"]
    for values in space.configurations() or ():
        assert values.get("filters") == (7 if values["kind"] == "convolution" else None)
        assert values.get("pool") == ("max" if values["kind"] == "convolution" else None)
        assert values["learning_rate"] == 0.5
    model = CustomBuilder(function, space).build(
        {"kind": "convolution", "filters": 7, "pool": "mean"}, seed=1
    )
    assert model.count_params() == 9 * 7 + 7 + 7 * 10 + 10


def test_a_range_of_the_study_file_takes_the_place_of_the_builders(load: Load) -> None:
    ranges = Space((Choice("units", (40, 50)),))
    space = discover_space(load(PLAIN), ranges, WHERE)
    assert [values["units"] for values in space.configurations() or ()] == [40, 40, 50, 50]


def test_the_number_of_layers_that_the_study_file_fixes_decides_which_widths_are_searched(load: Load) -> None:
    text = dense(values="[hp.Int(f'units_{i}', 1, 9) for i in range(hp.Int('depth', 1, 4, default=2))]")
    assert list(scopes(discover_space(load(text), Space(), WHERE))) == ["depth", "units_0", "units_1"]
    for depth in (1, 3):
        space = discover_space(load(text), fixed(depth=depth), WHERE)
        assert list(scopes(space)) == ["depth", *(f"units_{layer}" for layer in range(depth))]


def test_a_name_that_the_builder_never_asks_for(load: Load) -> None:
    with pytest.raises(SearchSpaceError) as caught:
        discover_space(load(PLAIN), fixed(unit=3), WHERE)
    message = str(caught.value)
    assert message.startswith(f"{WHERE}: `unit` is not a hyperparameter of the builder.")
    assert (
        "Did you mean `units`? Known: activation, batch_size, clip_norm, ema_momentum, epochs, learning_rate"
        in message
    )

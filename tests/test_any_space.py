"""A property of every search space: whatever is drawn from it is what its study file allows."""

import math
from typing import Any

import numpy
from draws import draws
from hypothesis import assume, given
from hypothesis import strategies as st

from automl.config.reading import make_study
from automl.errors import SearchSpaceError
from automl.hyperparameters import HYPERPARAMETERS
from automl.search.space.building import build_space

ALWAYS = ["l2", "optimizer", "learning_rate", "schedule", "clip_norm", "label_smoothing", "batch_size"]
ALWAYS += ["numeric_encoding", "target_transform"]
HIDDEN = ["width", "activation", "dropout", "batch_normalization", "initializer"]


def ranges(kind: str, low: float, high: float) -> st.SearchStrategy[Any]:
    """A range within low and high, on any scale, with or without a step."""
    number = st.integers(int(low), int(high)) if kind == "int" else st.floats(low, high, width=32)
    steps = st.integers(2, 5) if kind == "int" else st.sampled_from([0.1, 0.3, 2.5])
    bounds = st.tuples(number, number).map(lambda pair: sorted(pair))
    return st.builds(
        lambda pair, step, log: {kind: pair, **({} if step is None else {"step": step})} | {"log": log},
        bounds,
        st.none() | steps,
        st.booleans(),
    ).filter(lambda entry: not entry["log"] or (entry[kind][0] > 0 and entry.get("step", 2) > 1))


def choices(*values: Any) -> st.SearchStrategy[Any]:
    listed = st.lists(st.sampled_from(values), min_size=1, unique=True).map(lambda chosen: {"choice": chosen})
    return listed | st.sampled_from(values)


ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "depth": ranges("int", 0, 4) | choices(0, 1, 3),
        "width": ranges("int", 1, 300)
        | choices(8, 16, 64).map(
            lambda entry: {**entry, "per_layer": True} if isinstance(entry, dict) else entry
        ),
        "activation": choices("relu", "leaky_relu", "tanh"),
        "negative_slope": ranges("float", 0, 2) | choices(0.0, 0.5),
        "dropout": ranges("float", 0, 0.75) | choices(0.0, 0.5),
        "batch_normalization": choices(True, False),
        "l2": ranges("float", 0, 3) | choices(0, 0.5),
        "optimizer": choices("adam", "momentum", "adamw"),
        "momentum": ranges("float", 0, 0.75),
        "weight_decay": ranges("float", 0, 3),
        "learning_rate": ranges("float", 0.125, 1) | choices(0.01, 1),
        "schedule": choices("constant", "cosine", "linear"),
        "clip_norm": ranges("float", 0, 3) | choices(0, 1.5),
        "label_smoothing": ranges("float", 0, 0.5) | choices(0.0, 0.1),
        "batch_size": ranges("int", 1, 512) | choices(16, 64),
        "numeric_encoding": choices("standard", "quantile", "piecewise"),
        "target_transform": choices("none", "log"),
    },
)


def legal(value: Any, entry: Any) -> bool:
    """Whether a study file's entry allows a value, judged without KerasTuner."""
    if not isinstance(entry, dict):
        return bool(value == entry)
    if "choice" in entry:
        return value in entry["choice"]
    low, high = entry.get("int") or entry["float"]
    step = entry.get("step")
    if step is None or low == high:
        return bool(low <= value <= high)
    steps = math.log(value / low, step) if entry["log"] else (value - low) / step
    return low <= value <= high and math.isclose(steps, round(steps), abs_tol=1e-6)


@draws(200)
@given(ENTRIES, st.integers(0, 2**32))
def test_every_draw_of_every_space_is_legal(entries: dict[str, Any], seed: int) -> None:
    assume(entries)
    try:
        space = build_space(make_study({"name": "t", "data": {"sklearn": "digits"}, "space": entries}))
    except SearchSpaceError as error:
        assert "is never used" in str(error)
        return
    values = space.draw(numpy.random.default_rng(seed))
    depth, per_layer = int(values["depth"]), "per_layer" in str(entries.get("width"))
    hidden = [*([f"width_{k}" for k in range(1, depth + 1)] if per_layer else ["width"]), *HIDDEN[1:]]
    expected = {"depth", *(hidden if depth else []), *ALWAYS}
    expected |= {"negative_slope"} if depth and values["activation"] == "leaky_relu" else set()
    expected |= {"momentum"} if values["optimizer"] == "momentum" else set()
    expected |= {"weight_decay"} if values["optimizer"] == "adamw" else set()
    assert set(values) == expected
    for name, value in values.items():
        table_name = "width" if name.startswith("width_") else name
        named = HYPERPARAMETERS[table_name]
        assert type(value) is type(named.default)
        assert named.legal[0](value)
        assert legal(value, entries.get(table_name, named.default)), (name, value)

"""The rule of every key, and which ranges are wider than others."""

from typing import Any

import pytest
from changed_studies import changed as study
from hypothesis import given
from hypothesis import strategies as st

from automl.config.change_rules import RULES, Compared, leaf_keys, rule_of
from automl.config.changes import compare
from automl.config.study import study_schema

KEYS = list(leaf_keys())


def _keys_of(schema: dict[str, Any], definitions: dict[str, Any], prefix: str = "") -> set[str]:
    """The keys with a value, from the JSON Schema."""
    results = set()
    for name, entry in schema["properties"].items():
        owner = definitions[entry["$ref"].rpartition("/")[2]] if "$ref" in entry else {}
        inner = _keys_of(owner, definitions, f"{prefix}{name}.") if owner else {f"{prefix}{name}"}
        results |= inner
    return results


def test_every_key_of_a_study_file_has_a_rule() -> None:
    schema = study_schema()
    assert set(KEYS) == _keys_of(schema, schema["$defs"])
    assert {"name", "data.sql", "space", "search.cohort", "budget.stop_at", "records.uri"} <= set(KEYS)
    for key in KEYS:
        assert callable(rule_of(key)), f"`{key}` has no rule in RULES of config/change_rules.py"
    for prefix in RULES:
        assert any(f"{key}.".startswith(f"{prefix}.") for key in KEYS), f"`{prefix}` is no key"


def test_a_key_without_a_rule_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"search\.fresh"):
        rule_of("search.fresh")
    with pytest.raises(KeyError, match="datum"):
        rule_of("datum.path")


FREE = {"search.cohort", "search.in_flight", "search.minutes", "ensemble", "baselines", "records.uri"}
COUNTED = {"search.trials", "space"}


@pytest.mark.parametrize("key", [key for key in KEYS if key not in COUNTED])
def test_every_other_key_is_free_or_fixed(key: str) -> None:
    reasons = rule_of(key)(Compared(1, 2, "1", 0, False))
    free = key in FREE or key.startswith(("budget.", "tracking.", "bias_variance."))
    assert (reasons is None) == free


STEPS = {
    "whole numbers, one step below": ({"int": [4, 10], "step": 2}, {"int": [2, 10], "step": 2}, True),
    "whole numbers between the old ones": ({"int": [4, 10], "step": 2}, {"int": [3, 10], "step": 2}, False),
    "whole numbers, another step": ({"int": [4, 10], "step": 2}, {"int": [4, 10], "step": 1}, False),
    "whole numbers, a longer end": ({"int": [4, 10], "step": 2}, {"int": [4, 11], "step": 2}, True),
    "no step and a step of 1": ({"int": [1, 3]}, {"int": [0, 3], "step": 1}, True),
    "floats, two steps below": ({"float": [0.3, 0.6], "step": 0.1}, {"float": [0.1, 0.6], "step": 0.1}, True),
    "floats between the old ones": (
        {"float": [0.3, 0.6], "step": 0.1},
        {"float": [0.25, 0.6], "step": 0.1},
        False,
    ),
    "factors, two below": (
        {"int": [16, 64], "step": 2, "log": True},
        {"int": [4, 128], "step": 2, "log": True},
        True,
    ),
    "factors between the old ones": (
        {"int": [16, 64], "step": 2, "log": True},
        {"int": [3, 64], "step": 2, "log": True},
        False,
    ),
    "a logarithmic scale without a step and with one": (
        {"int": [16, 64], "log": True},
        {"int": [16, 64], "step": 2, "log": True},
        False,
    ),
    "true beside 1": ({"choice": [True]}, {"choice": [0, 1]}, False),
    "both switches": ({"choice": [True]}, {"choice": [False, True]}, True),
    "a whole number as a float": ({"choice": [1, 2]}, {"choice": [1.0, 2.0, 3.0]}, True),
}


@pytest.mark.parametrize(("old", "new", "wider"), STEPS.values(), ids=STEPS)
def test_a_wider_range_has_every_old_value(old: dict[str, Any], new: dict[str, Any], wider: bool) -> None:
    changes = compare(study({"space": {"x": old}}), study({"space": {"x": new}}), 0)
    assert (len(changes.allowed), len(changes.refused)) == ((1, 0) if wider else (0, 1))


@given(
    low=st.integers(-20, 20),
    count=st.integers(0, 12),
    step=st.integers(1, 5),
    below=st.integers(0, 12),
    above=st.integers(-3, 12),
)
def test_a_wider_range_agrees_with_the_sets_of_values(
    low: int, count: int, step: int, below: int, above: int
) -> None:
    old, new = (low, low + count * step), (low - below, max(low + count * step + above, low - below))
    entries = [{"int": list(bounds), "step": step} for bounds in (old, new)]
    changes = compare(study({"space": {"x": entries[0]}}), study({"space": {"x": entries[1]}}), 0)
    contained = set(range(old[0], old[1] + 1, step)) <= set(range(new[0], new[1] + 1, step))
    assert (changes.refused == ()) == contained


def test_the_space_of_a_grid_stays() -> None:
    grid = {"search.algorithm": "grid"}
    changes = compare(study(grid), study(grid | {"space.depth": {"int": [0, 4]}}), 0)
    assert [(change.key, change.must) for change in changes.refused] == [
        ("space.depth", "stay {int: [1, 3]} with `algorithm: grid`")
    ]
    assert compare(study(grid), study(grid | {"search.trials": 60}), 50).refused == ()

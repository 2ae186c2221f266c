"""What differs between two study files and is no change."""

from pathlib import Path
from typing import Any

import pytest
from changed_studies import changed as study

from automl.config.changes import compare, refusal
from automl.config.reading import load_study, make_study, study_text

ALIKE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing": ({}, {}),
    "defaults written out": (
        {},
        {
            "splits": {"kind": "auto", "test": 0.2, "folds": 5, "stopping": 0.15, "repeats": 1},
            "search.seed": 0,
            "search.minutes": ...,
            "budget": {"minutes": 5},
            "training": {"patience": 10, "loss": "auto"},
            "baselines": True,
            "bias_variance": {"seeds": 1},
            "tracking": {"to": "mlflow"},
            "records": {"uri": None},
            "data.encoding": "utf-8",
            "network": {"builder": None},
        },
    ),
    "a default of the space written out": (
        {},
        {"space.batch_normalization": False, "space.l2": 0, "space.clip_norm": {"choice": [0.0]}},
    ),
    "a number of another type": ({"splits.test": 0}, {"splits.test": 0.0}),
    "a choice of one value": ({"space.depth": 2}, {"space.depth": {"choice": [2]}}),
    "a fixed value": ({"space.depth": 2}, {"space.depth": {"fixed": 2}}),
    "a step of 1": ({"space.depth": {"int": [1, 3]}}, {"space.depth": {"int": [1, 3], "step": 1}}),
    "no scale": (
        {"space.dropout": {"float": [0, 1]}},
        {"space.dropout": {"float": [0.0, 1.0], "log": False, "step": None}},
    ),
    "columns in another order": (
        {"data.columns": {"x": "drop", "y2": "numeric"}},
        {"data.columns": {"y2": "numeric", "x": "drop"}},
    ),
}


@pytest.mark.parametrize(("left", "right"), ALIKE.values(), ids=ALIKE)
def test_what_is_no_change(left: dict[str, Any], right: dict[str, Any]) -> None:
    right = {key: value for key, value in right.items() if value is not ...}
    for old, new in ((left, right), (right, left)):
        changes = compare(study(old), study(new), 50)
        assert (changes.allowed, changes.refused) == ((), ())


def test_a_builder_gives_its_hyperparameters_their_meaning_so_none_has_a_default_of_ours() -> None:
    with_builder = {"network.builder": "n.py:build"}
    changes = compare(study(with_builder), study(with_builder | {"space.l2": 0.0}), 0)
    assert [change.key for change in changes.refused] == ["space.l2"]
    assert compare(study(with_builder), study(with_builder), 0).refused == ()


def test_comments_and_the_order_of_keys_are_no_change(tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_text(
        "name: a\n# why\ndata: {sklearn: iris}\nspace:\n  depth: {int: [1, 3]}\n  width: 8\nsearch: {trials: 3}\n"
    )
    (tmp_path / "new.yaml").write_text(
        'search:\n  trials: 3  # enough\nspace: {width: 8, depth: {"int": [1, 3]}}\ndata:\n  sklearn: "iris"\nname: a\n'
    )
    changes = compare(load_study(tmp_path / "old.yaml"), load_study(tmp_path / "new.yaml"), 3)
    assert (changes.allowed, changes.refused) == ((), ())


ADDRESSES = {
    "the recorded copy of the same": ("postgresql://me:secret@h/d", "postgresql://me:secret@h/d", True),
    "another password": ("postgresql://me:secret@h/d", "postgresql://me:other@h/d", True),
    "a reference": ("postgresql://me:secret@h/d", "postgresql://me:${WORD}@h/d", True),
    "a password with a slash": ("postgresql://me:se/cret@h/d", "postgresql://me:o/ther@h/d", True),
    "another user": ("postgresql://me:secret@h/d", "postgresql://you:secret@h/d", False),
    "another host": ("postgresql://me:secret@h/d", "postgresql://me:secret@g/d", False),
    "another database": ("postgresql://me:secret@h/d", "postgresql://me:secret@h/e", False),
    "a parameter": ("postgresql://h/d?password=secret", "postgresql://h/d?password=other", True),
    "another parameter": ("postgresql://h/d?password=secret", "postgresql://h/d?password=secret&x=1", False),
    "a parameter in the middle": ("x://h/d?password=secret&ssl=1", "x://h/d?password=a&ssl=1", True),
    "a changed parameter behind": ("x://h/d?password=secret&ssl=1", "x://h/d?password=secret&ssl=0", False),
    "no password": ("postgresql://h/d", "postgresql://h/d", True),
    "a password that is new": ("postgresql://me@h/d", "postgresql://me:secret@h/d", False),
}


@pytest.mark.parametrize(("old", "new", "equal"), ADDRESSES.values(), ids=ADDRESSES)
def test_a_masked_password_equals_whatever_stands_there_now(
    tmp_path: Path, old: str, new: str, equal: bool
) -> None:
    content = {"name": "a", "data": {"sql": old, "table": "t", "target": "y"}}
    (tmp_path / "copy.yaml").write_text(study_text(make_study(content)))
    recorded, now = load_study(tmp_path / "copy.yaml"), study({"data.sql": new}, content)
    changes = compare(recorded, now, 0)
    assert [change.key for change in changes.refused] == ([] if equal else ["data.sql"])
    if not equal:
        message = str(refusal(changes, now.where))
        assert "secret" not in message + repr(changes)
        assert "`data.sql` must stay " in message

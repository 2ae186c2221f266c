"""What may change in a study file while its study goes on: every key, both ways, with known answers."""

from pathlib import Path
from typing import Any

import pytest
from changed_studies import changed as study

from automl.config.changes import Change, compare, refusal
from automl.config.reading import dump_study, load_study, make_study

ALLOWED: dict[str, tuple[dict[str, Any], list[Change]]] = {
    "more trials": ({"search.trials": 100}, [Change("search.trials", 50, 100)]),
    "as many trials as are recorded": ({"search.trials": 24}, [Change("search.trials", 50, 24)]),
    "a longer budget": ({"budget.minutes": 30}, [Change("budget.minutes", 5.0, 30.0)]),
    "a shorter budget": ({"budget.minutes": 0.5}, [Change("budget.minutes", 5.0, 0.5)]),
    "no budget": ({"budget.minutes": None}, [Change("budget.minutes", 5.0, None)]),
    "ends": (
        {"budget.stop_at": 0.5, "budget.stop_after": 9},
        [Change("budget.stop_at", None, 0.5), Change("budget.stop_after", None, 9)],
    ),
    "the search's minutes": (
        {"search.minutes": 3},
        [Change("search.minutes", None, 3.0), Change("budget.minutes", 5.0, None)],
    ),
    "a cohort": ({"search.cohort": 4}, [Change("search.cohort", None, 4)]),
    "tracking": (
        {"tracking.to": "a.b:C", "tracking.uri": "http://me:secret@h", "tracking.register_as": "best"},
        [
            Change("tracking.to", "mlflow", "a.b:C"),
            Change("tracking.uri", None, "http://me:***@h"),
            Change("tracking.register_as", None, "best"),
        ],
    ),
    "analysis": (
        {
            "bias_variance.resamples": 0,
            "bias_variance.seeds": 2,
            "bias_variance.noise": 0.1,
            "bias_variance.trials": "all",
        },
        [
            Change("bias_variance.resamples", None, 0),
            Change("bias_variance.seeds", 1, 2),
            Change("bias_variance.noise", None, 0.1),
            Change("bias_variance.trials", "auto", "all"),
        ],
    ),
    "baselines": ({"baselines": False}, [Change("baselines", True, False)]),
    "another store": (
        {"records.uri": "postgresql://me:secret@h/d"},
        [Change("records.uri", None, "postgresql://me:***@h/d")],
    ),
    "wider ranges": (
        {
            "space.depth": {"int": [0, 4]},
            "space.width": {"choice": [16, 64, 32]},
            "space.dropout": {"float": [0.1, 0.5]},
            "space.learning_rate": {"float": [1e-4, 1e-1], "log": True},
        },
        [
            Change("space.depth", {"int": [1, 3]}, {"int": [0, 4]}),
            Change("space.width", {"choice": [32, 64]}, {"choice": [16, 64, 32]}),
            Change("space.dropout", {"float": [0.1, 0.4]}, {"float": [0.1, 0.5]}),
            Change(
                "space.learning_rate",
                {"float": [1e-3, 1e-1], "log": True},
                {"float": [1e-4, 1e-1], "log": True},
            ),
        ],
    ),
}


@pytest.mark.parametrize(("changes", "expected"), ALLOWED.values(), ids=ALLOWED)
def test_what_may_change(changes: dict[str, Any], expected: list[Change]) -> None:
    comparison = compare(study(), study(changes), 24)
    assert comparison.refused == ()
    assert list(comparison.allowed) == expected


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "the name": ({"name": "b"}, "name", "`name` must stay a, got b"),
    "the file": ({"data.path": "b.csv"}, "data.path", '`data.path` must stay "a.csv", got "b.csv"'),
    "the target": ({"data.target": "z"}, "data.target", "`data.target` must stay y, got z"),
    "the features": (
        {"data.features": ["x", "a b"]},
        "data.features",
        '`data.features` must stay null, got [x, "a b"]',
    ),
    "the columns": (
        {"data.columns": {"x": "drop"}},
        "data.columns",
        "`data.columns` must stay null, got {x: drop}",
    ),
    "the folds": ({"splits.folds": 3}, "splits.folds", "`splits.folds` must stay 5, got 3"),
    "the test rows": ({"splits.test": 0}, "splits.test", "`splits.test` must stay 0.2, got 0.0"),
    "the objective": (
        {"objective": "accuracy"},
        "objective",
        "`objective` must stay null, got accuracy",
    ),
    "the seed": ({"search.seed": 1}, "search.seed", "`search.seed` must stay 0, got 1"),
    "the algorithm": (
        {"search.algorithm": "bayesian"},
        "search.algorithm",
        "`search.algorithm` must stay random, got bayesian",
    ),
    "what is tried first": (
        {"search.first": [{"depth": 2}]},
        "search.first",
        "`search.first` must stay [], got [{depth: 2}]",
    ),
    "the epochs": ({"training.epochs": 9}, "training.epochs", "`training.epochs` must stay null, got 9"),
    "the engine": (
        {"training.engine": "sequential"},
        "training.engine",
        "`training.engine` must stay auto, got sequential",
    ),
    "the builder": (
        {"network.builder": "n.py:build"},
        "network.builder",
        '`network.builder` must stay null, got "n.py:build"',
    ),
    "a hyperparameter more": (
        {"space.l2": {"float": [0, 0.1]}},
        "space.l2",
        "`space.l2` must be left out, as it was, got {float: [0.0, 0.1]}",
    ),
    "a hyperparameter less": (
        {"space.depth": ...},
        "space.depth",
        "`space.depth` must stay {int: [1, 3]}, got nothing",
    ),
    "another fixed value": (
        {"space.activation": "tanh"},
        "space.activation",
        "`space.activation` must stay relu, got tanh",
    ),
    "a fixed value that is searched now": (
        {"space.activation": {"choice": ["relu", "tanh"]}},
        "space.activation",
        "`space.activation` must stay relu, got {choice: [relu, tanh]}",
    ),
    "a choice of which one value is left": (
        {"space.width": 32},
        "space.width",
        "`space.width` must stay {choice: [32, 64]}, got 32",
    ),
    "a value less": (
        {"space.width": {"choice": [64, 128]}},
        "space.width",
        "`space.width` must contain every value of {choice: [32, 64]}, got {choice: [64, 128]}",
    ),
    "layers apart": (
        {"space.width": {"choice": [32, 64], "per_layer": True}},
        "space.width",
        "`space.width` must stay {choice: [32, 64]}, got {choice: [32, 64], per_layer: true}",
    ),
    "a narrower range": (
        {"space.depth": {"int": [2, 5]}},
        "space.depth",
        "`space.depth` must contain {int: [1, 3]}, with the same `step` and `log`, got {int: [2, 5]}",
    ),
    "a narrower range above": (
        {"space.dropout": {"float": [0, 0.3]}},
        "space.dropout",
        "`space.dropout` must contain {float: [0.1, 0.4]}, with the same `step` and `log`, got {float: [0.0, 0.3]}",
    ),
    "another kind": (
        {"space.depth": {"choice": [1, 2, 3]}},
        "space.depth",
        "`space.depth` must stay {int: [1, 3]}, got {choice: [1, 2, 3]}",
    ),
    "floats for whole numbers": (
        {"space.depth": {"float": [0, 4]}},
        "space.depth",
        "`space.depth` must stay {int: [1, 3]}, got {float: [0.0, 4.0]}",
    ),
    "another scale": (
        {"space.learning_rate": {"float": [1e-3, 1e-1]}},
        "space.learning_rate",
        "`space.learning_rate` must contain {float: [0.001, 0.1], log: true}, with the same `step` and `log`, "
        "got {float: [0.001, 0.1]}",
    ),
    "fewer trials than there are": (
        {"search.trials": 23},
        "search.trials",
        "`search.trials` must be at least 24, the number of recorded trials (it was 50), got 23",
    ),
    "no space": (
        {"space": ...},
        "space",
        "`space` must stay {depth: {int: [1, 3]}, width: {choice: [32, 64]}, dropout: {float: [0.1, 0.4]}, "
        "learning_rate: {floa…, got nothing",
    ),
}


@pytest.mark.parametrize(("changes", "key", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_may_not_change(tmp_path: Path, changes: dict[str, Any], key: str, sentence: str) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(dump_study(study(changes)))
    now = load_study(file)
    comparison = compare(study(), now, 24)
    assert [change.key for change in comparison.refused] == [key]
    assert comparison.allowed == ()
    cure = "Set `search.trials` to 24 or more" if key == "search.trials" else "Restore the old value"
    line = now.where(*key.split(".", 1))
    assert str(refusal(comparison, now.where)) == (
        f"{line}: {sentence}. {cure} to continue this study, or start a new run with `automl run {file} --fresh`."
    )


def test_one_message_names_every_refused_key_and_the_line_of_the_first(tmp_path: Path) -> None:
    file = tmp_path / "my study.yaml"
    file.write_text(
        "name: a\nsearch:\n  seed: 3\n  trials: 7\nbaselines: false\ndata:\n  target: y\n  path: b.csv\n"
        "space: {depth: {int: [1, 3]}}\n"
    )
    now = load_study(file)
    changes = compare(study({"space": {"depth": {"int": [1, 3]}}, "search": {"trials": 9}}), now, 8)
    assert [change.key for change in changes.allowed] == ["baselines"]
    assert str(refusal(changes, now.where)) == (
        f'{file}:8: `data.path` must stay "a.csv", got "b.csv"; `search.trials` must be at least 8, the number of '
        "recorded trials (it was 9), got 7; `search.seed` must stay 0, got 3. Restore the old values and set "
        f"`search.trials` to 8 or more to continue this study, or start a new run with `automl run '{file}' --fresh`."
    )


def test_a_study_made_in_python_is_told_how_python_starts_anew() -> None:
    now = study({"search.seed": 1})
    assert str(refusal(compare(study(), now, 0), now.where)) == (
        "a: `search.seed` must stay 0, got 1. Restore the old value to continue this study, or start a new run with "
        "`run_study(…, resume=False)`."
    )


def test_of_long_values_the_part_is_shown_that_differs(tmp_path: Path) -> None:
    names = [f"column_{index}" for index in range(100)]
    base = {"name": "a", "data": {"sklearn": "iris", "features": names}}
    now = study({"data.features": [*names[:60], "other", *names[61:]]}, base)
    message = str(refusal(compare(make_study(base), now, 0), now.where))
    assert "column_60" in message
    assert "got …" in message
    assert "other" in message
    assert len(message) < 500


def test_a_change_that_is_allowed_is_a_sentence() -> None:
    (change,) = compare(study(), study({"search.trials": 100}), 24).allowed
    assert str(change) == "`search.trials` was 50 and is now 100"
    (change,) = compare(study(), study({"budget.minutes": None}), 24).allowed
    assert str(change) == "`budget.minutes` was 5.0 and is now null"

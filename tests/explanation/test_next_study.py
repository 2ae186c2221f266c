"""Ranges that move where an explanation points: legal, in the right direction, and never without the old values."""

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_states import STARTED, made_state
from paper_trials import completed

from automl.config.ranges import Choice, Fixed, IntRange
from automl.config.reading import dump_study, load_study, make_study
from automl.config.study import StudyConfig
from automl.errors import RecordError
from automl.explanation.diagnosis import RULES
from automl.explanation.evidence import Diagnosis
from automl.explanation.next_study import next_study, propose
from automl.explanation.study import Explanation
from automl.explanation.weighing import LESS, MORE
from automl.networks import probe
from automl.records.state import StudyState
from automl.study.preparation import prepare_study

SPACE: dict[str, Any] = {"depth": 2, "width": 32, "learning_rate": 0.01, "optimizer": "adamw"}
DEFAULTS = {"dropout": 0.0, "l2": 0.0, "weight_decay": 0.004}

ENTRIES: dict[str, tuple[Any, ...]] = {
    "depth": (0, 1, 3, {"int": [1, 4]}, {"choice": [1, 3]}, {"int": [0, 2]}, {"int": [10, 12]}),
    "width": (1, 4, 48, 2048, {"int": [8, 64]}, {"choice": [16, 64, 256]}, {"int": [8, 64], "step": 8}),
    "dropout": (0.0, 0.1, 0.3, {"float": [0.1, 0.5]}, {"choice": [0.0, 0.2]}, {"float": [0.0, 0.8]}),
    "l2": (0.0, 0.001, {"float": [1e-5, 1e-2], "log": True}, {"choice": [1e-6, 1e-4]}),
    "weight_decay": (0.0, 0.004, {"float": [1e-4, 0.1], "log": True}),
    "learning_rate": (0.001, 0.9, 1e-5, {"float": [1e-4, 1e-2], "log": True}, {"choice": [0.03, 0.003]}),
}
CASES = [(name, entry, way) for name, entries in ENTRIES.items() for entry in entries for way in (MORE, LESS)]


def study_of(space: dict[str, Any], **sections: Any) -> StudyConfig:
    content = {"name": "wine", "data": {"sklearn": "wine"}, "splits": {"folds": 2}, "space": space}
    return make_study(content | sections)


def ends(entry: Any) -> tuple[float, float]:
    if isinstance(entry, Fixed):
        return float(entry.value), float(entry.value)
    values = entry.values if isinstance(entry, Choice) else entry.bounds
    return float(min(values)), float(max(values))


def first_of(entry: Any) -> Any:
    """A value of the best trial that the entry allows."""
    if not isinstance(entry, dict):
        return entry
    return next(value for key, value in entry.items() if key in ("int", "float", "choice"))[0]


def legal(study: StudyConfig, tmp_path: Path) -> StudyConfig:
    """As it is read back from a file, when a study of it can begin."""
    path = tmp_path / "next.yaml"
    path.write_text(dump_study(study))
    read = load_study(path)
    assert prepare_study(read).num_trials >= 1
    return read


@pytest.mark.parametrize(("name", "entry", "way"), CASES)
def test_a_moved_range_is_legal_and_moves_in_its_direction(
    tmp_path: Path, name: str, entry: Any, way: str
) -> None:
    space = SPACE | {name: entry}
    if name == "depth" and entry == 0:
        del space["width"]
    study = study_of(space)
    assert study.space is not None
    best = {key: first_of(value) for key, value in space.items()}
    moved = legal(next_study(study, best, {name: way}, 20), tmp_path)
    assert moved.space is not None
    (old_low, old_high), (low, high) = ends(study.space[name]), ends(moved.space[name])
    smallest = {"l2": 1e-6, "weight_decay": 1e-4}.get(name, 0.0)  # a logarithmic range has no 0
    assert low <= max(old_low, smallest), "an old value is lost"
    assert high >= old_high, "an old value is lost"
    if way == MORE:
        limit = {"depth": 12, "width": 2048, "dropout": 0.8, "learning_rate": 1.0}.get(name, 1e9)
        assert high > old_high or old_high >= limit
        assert low == pytest.approx(max(old_low, smallest), rel=0.05)
    else:
        limit = {"width": 4, "learning_rate": 1e-5}.get(name, smallest)
        assert low < old_low or old_low <= limit
        assert high == old_high or (name == "width" and high >= old_high / 2)
    for other_name in set(study.space) - {name}:
        assert moved.space[other_name] == study.space[other_name], "what no change names stays"


LOST: list[tuple[str, Any, str]] = [
    ("width", {"int": [8, 100]}, LESS),
    ("width", {"int": [4, 1024]}, MORE),
    ("width", {"int": [64, 4096]}, MORE),
    ("width", {"int": [2, 8]}, LESS),
    ("depth", {"int": [8, 16]}, MORE),
    ("dropout", {"float": [0.3, 0.9]}, MORE),
    ("learning_rate", 0.0123, LESS),
    ("learning_rate", {"float": [1e-6, 1e-3], "log": True}, LESS),
    ("learning_rate", {"float": [0.1, 3.0], "log": True}, MORE),
]


@pytest.mark.parametrize(("name", "entry", "way"), LOST)
def test_wide_ranges_are_not_cut_either(name: str, entry: Any, way: str) -> None:
    study = study_of(SPACE | {name: entry})
    moved = next_study(study, SPACE | {name: first_of(entry)}, {name: way}, 20)
    assert study.space is not None and moved.space is not None
    (old_low, old_high), (low, high) = ends(study.space[name]), ends(moved.space[name])
    assert low <= old_low and high >= old_high


def no_process(*_: object) -> None:
    raise OSError("no process for a network of this file")


BUILDER = """
    import keras

    def build(hp):
        units = hp.Int("units", 4, 8)
        return keras.Sequential([keras.Input((13,)), keras.layers.Dense(units), keras.layers.Dense(3, "softmax")])
"""


@pytest.mark.parametrize(
    "changes", [{"width": MORE, "depth": MORE}, {"activation": LESS, "learning_rate": LESS}]
)
def test_a_builder_of_ones_own_gets_no_names_that_it_does_not_ask_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str]
) -> None:
    monkeypatch.setattr(probe, "Child", no_process)  # a process of its own loads Keras for seconds
    (tmp_path / "net.py").write_text(BUILDER.replace("\n    ", "\n"))
    content = {
        "name": "own",
        "data": {"sklearn": "wine"},
        "network": {"builder": f"{tmp_path / 'net.py'}:build"},
    }
    best = {"units": 4, "optimizer": "adam", "learning_rate": 0.01}
    legal(next_study(make_study(content), best, changes, 9), tmp_path)


@pytest.mark.parametrize(("name", "way"), [(name, way) for name in DEFAULTS for way in (MORE, LESS)])
def test_a_value_that_the_last_study_did_not_name_begins_at_its_default(
    tmp_path: Path, name: str, way: str
) -> None:
    study = study_of(SPACE)
    moved = legal(next_study(study, SPACE | DEFAULTS, {name: way}, 20), tmp_path)
    assert moved.space is not None
    low, high = ends(moved.space[name])
    old = DEFAULTS[name]
    assert low <= max(old, {"l2": 1e-6}.get(name, 0.0)) and high >= old
    assert (high > old) is (way == MORE)


def test_every_change_that_a_rule_can_name_is_legal(tmp_path: Path) -> None:
    """All of bias, variance, dead units and the budget at once, from a linear model and from a deep one."""
    ways = [
        {"width": MORE, "depth": MORE, "dropout": LESS, "weight_decay": LESS, "l2": LESS, "epochs": MORE},
        {"dropout": MORE, "weight_decay": MORE, "l2": MORE, "width": LESS, "learning_rate": LESS},
        {"depth": LESS, "activation": LESS, "learning_rate": LESS},
        {"epochs": MORE, "learning_rate": MORE},
        {"learning_rate": MORE},
        {"width": MORE, "depth": MORE},
        {"learning_rate": LESS, "dropout": MORE, "l2": MORE},
        {"dropout": MORE, "l2": MORE, "width": LESS},
        {"dropout": MORE, "weight_decay": MORE, "l2": MORE},
    ]
    linear: dict[str, Any] = {"depth": 0, "learning_rate": 0.01}
    deep = SPACE | {"activation": "sigmoid", "depth": {"int": [1, 3]}}
    for space, changes in itertools.product((linear, deep), ways):
        best = {key: first_of(value) for key, value in space.items()}
        moved = legal(next_study(study_of(space), best, changes, 20), tmp_path)
        assert moved.space is not None
        assert moved.training.epochs == (60 if "epochs" in changes else None)
        if space is linear and "dropout" in changes and "depth" not in changes:
            assert "dropout" not in moved.space, "a linear model has nothing to drop"
    assert len(RULES) == 16, "a new rule's changes belong into this test"


def test_penalties_that_were_off_are_tried_at_strengths_that_matter() -> None:
    moved = next_study(study_of(SPACE), SPACE, {"l2": MORE, "weight_decay": MORE}, 9)
    assert moved.space is not None
    assert ends(moved.space["l2"])[1] == 3e-3
    off = next_study(
        study_of(SPACE | {"weight_decay": 0.0}), SPACE | {"weight_decay": 0.0}, {"weight_decay": MORE}, 9
    )
    assert off.space is not None and ends(off.space["weight_decay"])[1] == 1e-2


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ({"algorithm": "random", "trials": 1}, ("random", 10)),
        ({"algorithm": "grid", "trials": 30}, ("tpe", 30)),
    ],
)
def test_a_range_of_its_own_is_searched_by_more_than_one_trial(
    search: dict[str, Any], expected: tuple[str, int]
) -> None:
    """A grid has no steps for a range of numbers: its first trials would all lie in one corner."""
    moved = next_study(study_of(SPACE, search=search), SPACE, {"dropout": MORE, "width": LESS}, 9)
    assert (moved.search.algorithm, moved.search.trials) == expected


def test_the_last_winner_is_tried_first(tmp_path: Path) -> None:
    """What it did not have is at its default, and 0 at the low end of a logarithmic range."""
    best = SPACE | {"activation": "relu"}
    moved = legal(
        next_study(study_of(SPACE), best, {"dropout": MORE, "l2": MORE, "width": LESS}, 9), tmp_path
    )
    assert list(moved.search.first) == [{"dropout": 0.0, "l2": 1e-6, "width": 32}]


def test_the_last_winner_keeps_a_width_a_layer(tmp_path: Path) -> None:
    space = {"depth": {"int": [1, 2]}, "width": {"choice": [8, 16], "per_layer": True}}
    best = {"depth": 2, "width_1": 16, "width_2": 8, "learning_rate": 0.001, "optimizer": "adam"}
    moved = legal(next_study(study_of(space), best, {"learning_rate": MORE}, 9), tmp_path)
    [first] = moved.search.first
    assert first == {"depth": 2, "width_1": 16, "width_2": 8, "learning_rate": 0.001}


def test_a_grid_of_choices_stays_a_grid() -> None:
    study = study_of(SPACE | {"width": {"choice": [8, 16]}}, search={"algorithm": "grid", "trials": 12})
    assert next_study(study, SPACE | {"width": 8}, {"width": MORE}, 9).search.algorithm == "grid"


def test_a_linear_model_that_is_to_grow_gets_layers_of_some_width(tmp_path: Path) -> None:
    study = study_of({"depth": 0, "learning_rate": 0.01})
    moved = legal(
        next_study(study, {"depth": 0, "learning_rate": 0.01}, {"width": MORE, "depth": MORE}, 9), tmp_path
    )
    assert moved.space is not None
    assert moved.space["depth"] == IntRange(int=(0, 2))
    assert ends(moved.space["width"]) == (64.0, 256.0)


def test_lively_activations_join_the_old_one(tmp_path: Path) -> None:
    study = study_of(SPACE | {"activation": {"choice": ["relu", "tanh"]}})
    moved = legal(next_study(study, SPACE | {"activation": "relu"}, {"activation": LESS}, 9), tmp_path)
    assert moved.space is not None
    assert moved.space["activation"] == Choice(choice=("relu", "tanh", "leaky_relu", "gelu"))
    plain = next_study(study_of(SPACE), SPACE | {"activation": "relu"}, {"activation": LESS}, 9)
    assert plain.space is not None
    assert plain.space["activation"] == Choice(choice=("relu", "leaky_relu", "gelu"))


def test_quantiles_join_the_encoding_that_was_used(tmp_path: Path) -> None:
    moved = legal(next_study(study_of(SPACE), SPACE, {"numeric_encoding": MORE}, 9), tmp_path)
    assert moved.space is not None
    assert moved.space["numeric_encoding"] == Choice(choice=("standard", "quantile"))
    assert moved.search.first[0]["numeric_encoding"] == "standard"


def test_widths_by_layer_stay_widths_by_layer(tmp_path: Path) -> None:
    study = study_of(SPACE | {"width": {"choice": [8, 16], "per_layer": True}})
    moved = legal(next_study(study, SPACE, {"width": MORE}, 9), tmp_path)
    assert moved.space is not None
    assert moved.space["width"] == Choice(choice=(8, 16, 64), per_layer=True)


def test_weight_decay_is_for_the_optimizer_that_has_it() -> None:
    space = SPACE | {"optimizer": "adam"}
    moved = next_study(study_of(space), space, {"weight_decay": MORE}, 9)
    assert moved.space is not None and "weight_decay" not in moved.space


def state_of(folder: Path, home: Path, content: dict[str, Any]) -> StudyState:
    """A study of `home` that has ended in `folder`."""
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text(dump_study(make_study(content)))
    space = {"depth": {"fixed": 1}, "width": {"choice": [8, 16]}, "learning_rate": {"fixed": 0.02}}
    started = replace(STARTED, name=content["name"], base=str(home), num_epochs=40, space=space)
    best = completed(0, 0.3, 0.4, depth=1, width=16, learning_rate=0.02)
    second = completed(1, 0.5, 0.6, depth=1, width=8, learning_rate=0.02)
    return made_state(folder, [best, second], started=started)


EXPLANATION = Explanation(
    diagnoses={0: Diagnosis("bias_bound", "Bias dominates: 0.3.", ("a wider network", "more epochs"))},
    changes={"width": MORE, "epochs": MORE},
)


def test_the_file_names_its_reason_and_finds_its_table_from_where_it_stands(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "other" / "place"
    (home / "tables").mkdir(parents=True)
    elsewhere.mkdir(parents=True)
    rows = "a,b,y\n" + "".join(f"{n},{n % 7},{'no' if n % 3 else 'yes'}\n" for n in range(60))
    (home / "tables" / "t.csv").write_text(rows)
    content = {"name": "flowers-3", "data": {"path": "tables/t.csv", "target": "y"}, "splits": {"folds": 2}}
    state = state_of(tmp_path / "mlruns" / "run", home, content)
    path = elsewhere / "next.yaml"
    text = propose(state, EXPLANATION, path)
    path.write_text(text)
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert comments == [
        "# After flowers-3: Bias dominates: 0.3.",
        "# To try: a wider network.",
        "# To try: more epochs.",
    ]
    study = load_study(path)
    assert study.name == "flowers-4"
    assert study.training.epochs == 120
    assert study.space is not None
    assert study.space["width"] == Choice(choice=(8, 16, 64)), (
        "from the space that the study chose for itself"
    )
    prepared = prepare_study(study)
    assert len(prepared.dataset.target) == 60
    assert prepared.num_trials > 1


def test_where_nothing_is_to_be_changed_there_is_no_next_study(tmp_path: Path) -> None:
    state = state_of(tmp_path / "run", tmp_path, {"name": "s", "data": {"sklearn": "wine"}})
    with pytest.raises(RecordError, match="proposes no change"):
        propose(state, Explanation(diagnoses=EXPLANATION.diagnoses), tmp_path / "next.yaml")
    with pytest.raises(RecordError, match="no trial completed"):
        propose(made_state(tmp_path / "none", started=state.started), EXPLANATION, tmp_path / "next.yaml")

"""A metric of a study's own: called once before the study, recorded with its digest, and used like any other."""

import json
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

import automl
from automl.config.reading import load_study
from automl.errors import AutoMLError
from automl.records.files import OUT_OF_FOLD_FILE
from automl.study.opening import check_digests, digests_of
from automl.study.own_metric import known_metrics
from automl.study.preparation import PreparedStudy, prepare_study
from automl.study.table import prepare_table
from automl.trial import Direction

pytestmark = pytest.mark.usefixtures("without_page")

RANDOM = numpy.random.default_rng(8)
TABLE = pandas.DataFrame(RANDOM.normal(size=(160, 2)), columns=["a", "b"])
TABLE["y"] = numpy.where(TABLE["a"] + RANDOM.normal(0, 0.5, 160) > 0.7, "fraud", "ok")
GAIN = """
from prices import GAIN, COST

def profit(target, prediction, weights):
    assert target.ndim == prediction.ndim == weights.ndim == 1
    called = prediction >= 0.3
    return ((GAIN * target - COST) * called * weights).sum()
"""


def study(
    folder: Path, code: str, objective: str = "my_metrics.py:profit", **sections: Any
) -> automl.StudyConfig:
    (folder / "my_metrics.py").write_text(code)
    (folder / "prices.py").write_text("GAIN, COST = 10.0, 1.0\n")
    content = {
        "name": "own",
        "data": {"frame": True, "target": "y"},
        "splits": {"folds": 2},
        "objective": objective,
        "direction": "max",
        "space": {"depth": {"choice": [0, 1]}, "width": 4, "learning_rate": 0.03},
        "search": {"trials": 2, "algorithm": "grid"},
        "training": {"epochs": 6},
        "bias_variance": {"resamples": 0},
        "tracking": {"to": "none"},
    }
    merged = {key: value for key, value in (content | sections).items() if value is not None}
    (folder / "own.yaml").write_text(json.dumps(merged, indent=1))
    return load_study(folder / "own.yaml")


def known(config: automl.StudyConfig, table: pandas.DataFrame = TABLE) -> Any:
    prepared = prepare_table(config, table)
    return known_metrics(config, prepared.dataset, prepared.objective)


def test_a_study_is_ranked_by_it(tmp_path: Path) -> None:
    config = study(tmp_path, GAIN, space={"depth": 1, "width": 4, "learning_rate": {"choice": [0.03, 0.1]}})
    result = automl.run_study(config, mlruns=tmp_path / "runs", table=TABLE)
    started = result.state.started
    assert (started.metric, started.direction) == ("profit", "max")
    assert {"metric:my_metrics.py", "metric:prices.py"} <= set(started.digests)
    rows = pandas.read_csv(result.folder / OUT_OF_FOLD_FILE)
    wins = 10.0 * (rows["y"] == "fraud") - 1.0
    total = float((wins * (rows["probability_fraud"] >= 0.3)).sum())
    assert sum(result.best.fold_scores("profit")) == pytest.approx(total, abs=1e-6)
    assert result.best.mean("profit") == max(trial.mean("profit") for trial in result.trials)
    assert "profit" in result.test_scores and "log_loss" in result.test_scores
    assert any("baseline on the same folds" in name for name, _ in result.state.verdict.rows)


def test_its_trial_does_not_wait_for_keras(tmp_path: Path) -> None:
    code = "import sys\ndef profit(*_):\n    assert 'keras' not in sys.modules\n    return 1.0"
    assert "profit" in known(study(tmp_path, code))


def prepared(folder: Path, code: str) -> PreparedStudy:
    return prepare_study(study(folder, code), TABLE)


def test_a_metric_that_has_changed_is_another_study(tmp_path: Path) -> None:
    before = digests_of(prepared(tmp_path, GAIN))
    check_digests(prepared(tmp_path, GAIN), before)
    with pytest.raises(AutoMLError, match=r"the metric has changed since the study ran: my_metrics.py\."):
        check_digests(prepared(tmp_path, GAIN.replace("0.3", "0.4")), before)


def test_it_is_given_copies_and_what_its_task_has(tmp_path: Path) -> None:
    code = "def profit(target, prediction, weights):\n    target += 1\n    prediction *= 0\n    return prediction.ndim"
    two, three = numpy.array([0, 1]), TABLE.assign(y=numpy.where(TABLE["b"] > 0.5, "third", TABLE["y"]))
    for table, target, prediction, ndim in (
        (TABLE, two, numpy.ones((2, 2)) / 2, 1),
        (three, two, numpy.ones((2, 3)) / 3, 2),
        (TABLE.assign(y=TABLE["b"]), numpy.zeros(2), numpy.ones(2), 1),
    ):
        metric = known(study(tmp_path, code), table)["profit"]
        before = target.copy(), prediction.copy()
        assert metric.function(target, prediction, numpy.ones(2)) == ndim
        numpy.testing.assert_array_equal(target, before[0])
        numpy.testing.assert_array_equal(prediction, before[1])
        assert metric.direction is Direction.MAXIMIZE


@pytest.mark.parametrize(
    ("code", "objective", "says"),
    [
        (GAIN, "other.py:profit", r"`objective` must name a Python file, got 'other.py'"),
        (GAIN, "my_metrics.py:profits", r"contains no function 'profits'\. Did you mean `profit`"),
        ("1 / 0", "my_metrics.py:profit", r"cannot be imported: "),
        (
            "def profit(target):\n    return 1",
            "my_metrics.py:profit",
            r"raises TypeError: .*called as `function",
        ),
        ("def profit(*_):\n    return 'x'", "my_metrics.py:profit", r"raises ValueError"),
        (
            "def profit(*_):\n    return float('nan')",
            "my_metrics.py:profit",
            r"returns nan, which is not a finite number",
        ),
        (
            "import os\ndef profit(*_):\n    os._exit(3)",
            "my_metrics.py:profit",
            r"the metric .* ended the process",
        ),
        (
            "def f1(*_):\n    return 1.0",
            "my_metrics.py:f1",
            r"a function whose name differs from the built-in metrics",
        ),
    ],
)
def test_what_is_wrong_with_it_is_said_before_the_study(
    tmp_path: Path, code: str, objective: str, says: str
) -> None:
    with pytest.raises(AutoMLError, match=says):
        known(study(tmp_path, code, objective))


@pytest.mark.parametrize("end", ["raise ValueError", "return 'x'", "raise SystemExit"])
def test_it_fails_trials_and_not_the_study_where_it_gives_no_number_later(tmp_path: Path, end: str) -> None:
    code = (
        f"def profit(target, prediction, weights):\n    if len(target) < 10:\n        {end}\n    return 1.0"
    )
    metric = known(study(tmp_path, code))["profit"]
    few, many = (numpy.zeros(size, int) for size in (9, 10))
    assert numpy.isnan(metric.function(few, numpy.ones((9, 2)), numpy.ones(9)))
    assert metric.function(many, numpy.ones((10, 2)), numpy.ones(10)) == 1.0


@pytest.mark.parametrize("engine", ["population", "sequential"])
def test_what_it_raises_is_the_reason_of_the_trial(tmp_path: Path, engine: str) -> None:
    """The reason was `diverged: profit is nan`, which lowers nobody's learning rate."""
    code = (
        "def profit(target, prediction, weights):\n    if len(target) < 40:\n"
        "        raise KeyError('no price for so few')\n    return 1.0"
    )
    config = study(tmp_path, code, training={"epochs": 2, "engine": engine}, splits={"folds": 4})
    with pytest.raises(
        automl.AutoMLError, match=r"the metric 'profit' raises KeyError: 'no price for so few'"
    ):
        automl.run_study(config, mlruns=tmp_path / "runs", table=TABLE)


@pytest.mark.parametrize(
    ("objective", "direction", "says"),
    [
        ("my_metrics.py:profit", None, r"`objective` needs a `direction` as well"),
        ("log_loss", "min", r"`direction` is for your own metric"),
        ("my_metrics.py:profit", "up", r"direction"),
    ],
)
def test_its_direction_is_never_guessed(
    tmp_path: Path, objective: str, direction: str | None, says: str
) -> None:
    with pytest.raises(AutoMLError, match=says):
        study(tmp_path, GAIN, objective, direction=direction)


def test_more_classes_than_places_are_needed_for_top_k(tmp_path: Path) -> None:
    table = TABLE.assign(y=["a", "b", "c", "d"] * 40)
    config = study(tmp_path, GAIN, "top_3_accuracy", direction=None)
    assert prepare_table(config, table).objective.metric == "top_3_accuracy"
    with pytest.raises(AutoMLError, match=r"must name a metric for a multiclass task.* Here: log_loss"):
        prepare_table(study(tmp_path, GAIN, "top_5_accuracy", direction=None), table)

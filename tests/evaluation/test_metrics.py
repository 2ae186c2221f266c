"""Each metric against an example computed by hand, and its direction."""

import math

import numpy
import pytest

from automl.evaluation.metrics import METRICS, make_objective, metrics_for, score
from automl.trial import Direction, Task

CODES = numpy.array([0, 0, 0, 1])
PROBABILITIES = numpy.array([[0.8, 0.2], [0.5, 0.5], [0.4, 0.6], [0.1, 0.9]])
VALUES = numpy.array([1.0, 2.0, 3.0, 6.0])
PREDICTIONS = numpy.array([2.0, 2.0, 1.0, 6.0])  # errors 1, 0, -2, 0; mean of the values 3

EXAMPLES = {
    "log_loss": (CODES, PROBABILITIES, -(math.log(0.8) + math.log(0.5) + math.log(0.4) + math.log(0.9)) / 4),
    "accuracy": (CODES, PROBABILITIES, 3 / 4),  # a tie is for the first class
    "balanced_accuracy": (CODES, PROBABILITIES, (2 / 3 + 1) / 2),
    "rmse": (VALUES, PREDICTIONS, math.sqrt(5 / 4)),
    "mae": (VALUES, PREDICTIONS, 3 / 4),
    "r2": (VALUES, PREDICTIONS, 1 - 5 / (4 + 1 + 0 + 9)),
}
DIRECTIONS = {
    "log_loss": Direction.MINIMIZE,
    "accuracy": Direction.MAXIMIZE,
    "balanced_accuracy": Direction.MAXIMIZE,
    "rmse": Direction.MINIMIZE,
    "mae": Direction.MINIMIZE,
    "r2": Direction.MAXIMIZE,
}


def test_every_metric_of_the_table_has_an_example() -> None:
    assert set(EXAMPLES) == set(DIRECTIONS) == set(METRICS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_score_by_hand(name: str) -> None:
    target, prediction, expected = EXAMPLES[name]
    value = score((name,), target, prediction)[name]
    assert type(value) is float
    assert value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", EXAMPLES)
def test_better_predictions_move_the_score_in_its_direction(name: str) -> None:
    target, prediction, _ = EXAMPLES[name]
    perfect = target if prediction.ndim == 1 else numpy.eye(2)[target]
    better, worse = score((name,), target, perfect)[name], score((name,), target, prediction)[name]
    assert make_objective(name).direction is DIRECTIONS[name]
    assert (better < worse) == (DIRECTIONS[name] is Direction.MINIMIZE)
    assert better == pytest.approx(0.0 if DIRECTIONS[name] is Direction.MINIMIZE else 1.0, abs=1e-12)


def test_the_default_objective_of_a_task_is_the_first_of_its_metrics() -> None:
    assert (
        metrics_for(Task.BINARY)
        == metrics_for(Task.MULTICLASS)
        == ("log_loss", "accuracy", "balanced_accuracy")
    )
    assert metrics_for(Task.REGRESSION) == ("rmse", "mae", "r2")


@pytest.mark.filterwarnings("error")
def test_a_class_that_no_row_has_still_has_its_column() -> None:
    target = numpy.array([0, 2])
    prediction = numpy.array([[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]])
    scores = score(metrics_for(Task.MULTICLASS), target, prediction)
    assert scores == pytest.approx({"log_loss": math.log(2), "accuracy": 1.0, "balanced_accuracy": 1.0})


@pytest.mark.filterwarnings("error")
def test_a_validation_part_of_one_class_can_be_scored() -> None:
    scores = score(metrics_for(Task.BINARY), numpy.array([1, 1]), numpy.array([[0.5, 0.5], [0.5, 0.5]]))
    assert scores["log_loss"] == pytest.approx(math.log(2))
    assert scores["accuracy"] == 0.0


def test_a_confident_mistake_costs_much_but_not_everything() -> None:
    value = score(("log_loss",), numpy.array([0, 1]), numpy.array([[0.0, 1.0], [0.0, 1.0]]))["log_loss"]
    assert 10 < value < 1000


def test_only_the_metrics_asked_for_are_scored_in_that_order() -> None:
    assert list(score(("r2", "rmse"), VALUES, PREDICTIONS)) == ["r2", "rmse"]

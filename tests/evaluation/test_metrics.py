"""Each metric against an example computed by hand and against scikit-learn, and its direction."""

import math
from collections.abc import Callable, Mapping

import numpy
import pytest
import sklearn.metrics

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


def recall_of_the_classes_present(target: numpy.ndarray, prediction: numpy.ndarray) -> float:
    """`balanced_accuracy_score` without its warning for predictions of classes that no row has."""
    codes = prediction.argmax(axis=1)
    return float(sklearn.metrics.recall_score(target, codes, labels=numpy.unique(target), average="macro"))


TWINS: Mapping[str, Callable[[numpy.ndarray, numpy.ndarray], float]] = {
    "log_loss": lambda target, prediction: sklearn.metrics.log_loss(
        target, prediction, labels=numpy.arange(prediction.shape[1])
    ),
    "accuracy": lambda target, prediction: sklearn.metrics.accuracy_score(target, prediction.argmax(axis=1)),
    "balanced_accuracy": recall_of_the_classes_present,
    "rmse": sklearn.metrics.root_mean_squared_error,
    "mae": sklearn.metrics.mean_absolute_error,
    "r2": sklearn.metrics.r2_score,
}


def random_rows(name: str, seed: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Targets and predictions as a network gives them; some classes without a row, some probabilities 0 and 1."""
    generator = numpy.random.default_rng(seed)
    num_rows = int(generator.integers(2, 200))
    if name in metrics_for(Task.REGRESSION):
        target = generator.normal(50.0, 20.0, num_rows)
        return target, target + generator.normal(0.0, 10.0 ** generator.uniform(-3, 3), num_rows)
    num_classes = int(generator.integers(2, 9))
    present = generator.permutation(num_classes)[: generator.integers(1, num_classes + 1)]
    prediction = generator.dirichlet(numpy.full(num_classes, 0.3), num_rows)
    prediction[generator.random(prediction.shape) < 0.1] = 0.0
    prediction[0] = numpy.eye(num_classes)[0]
    prediction[prediction.sum(axis=1) == 0.0] = 1.0
    return generator.choice(present, num_rows), prediction / prediction.sum(axis=1, keepdims=True)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", METRICS)
def test_scores_are_those_of_scikit_learn(name: str) -> None:
    for seed in range(50):
        target, prediction = random_rows(name, seed)
        value = score((name,), target, prediction)[name]
        assert value == pytest.approx(TWINS[name](target, prediction), rel=1e-12, abs=1e-12), seed


@pytest.mark.parametrize("error", [0.0, 1.0])
def test_r2_of_a_target_that_is_constant(error: float) -> None:
    target, prediction = numpy.full(5, 3.25), numpy.full(5, 3.25 + error)
    assert score(("r2",), target, prediction)["r2"] == sklearn.metrics.r2_score(target, prediction)

"""Each metric against an example computed by hand and against scikit-learn, its direction, its undefined cases."""

import math
import warnings
from collections.abc import Callable, Mapping

import numpy
import pytest
import sklearn.metrics

from automl.evaluation.metrics import METRICS, fits, make_objective, metrics_for, score
from automl.trial import Direction, Task

CODES = numpy.array([0, 0, 0, 1])
PROBABILITIES = numpy.array([[0.8, 0.2], [0.5, 0.5], [0.4, 0.6], [0.1, 0.9]])  # a tie is for the first class
RANKED = numpy.array([0, 0, 1, 1]), numpy.array([[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]])
SIX = (
    numpy.array([0, 1, 5, 4]),  # first; second; sixth; fourth of equal ones
    numpy.array([[6, 5, 4, 3, 2, 1], [6, 5, 4, 3, 2, 1], [6, 5, 4, 3, 2, 1], [0, 3, 3, 3, 3, 3]]) / 21,
)
VALUES = numpy.array([1.0, 2.0, 3.0, 6.0])
PREDICTIONS = numpy.array([2.0, 2.0, 1.0, 6.0])  # errors 1, 0, -2, 0; mean of the values 3
EPSILON = 2.0**-52

DOWN, UP = Direction.MINIMIZE, Direction.MAXIMIZE

EXAMPLES = {
    "log_loss": (CODES, PROBABILITIES, -math.log(0.8 * 0.5 * 0.4 * 0.9) / 4, DOWN),
    "accuracy": (CODES, PROBABILITIES, 3 / 4, UP),
    "balanced_accuracy": (CODES, PROBABILITIES, (2 / 3 + 1) / 2, UP),
    "f1_macro": (CODES, PROBABILITIES, (4 / 5 + 2 / 3) / 2, UP),
    "f1_weighted": (CODES, PROBABILITIES, (3 * 4 / 5 + 2 / 3) / 4, UP),
    "precision": (CODES, PROBABILITIES, 1 / 2, UP),
    "recall": (RANKED[0], RANKED[1], 1 / 2, UP),
    "f1": (CODES, PROBABILITIES, 2 / 3, UP),
    "f2": (CODES, PROBABILITIES, 5 * 1 / (4 * 1 + 2), UP),
    "f0.5": (CODES, PROBABILITIES, 1.25 * 1 / (0.25 * 1 + 2), UP),
    "mcc": (CODES, PROBABILITIES, (1 * 2 - 1 * 0) / math.sqrt(2 * 1 * 3 * 2), UP),
    "roc_auc": (*RANKED, 3 / 4, UP),  # 3 of 4 pairs are in order
    "average_precision": (*RANKED, 1 / 2 * 1 + 1 / 2 * 2 / 3, UP),
    "brier": (CODES, PROBABILITIES, (0.2**2 + 0.5**2 + 0.6**2 + 0.1**2) / 4, DOWN),
    "top_2_accuracy": (*SIX, 2 / 4, UP),
    "top_3_accuracy": (*SIX, 2 / 4, UP),
    "top_5_accuracy": (*SIX, 3 / 4, UP),
    "rmse": (VALUES, PREDICTIONS, math.sqrt(5 / 4), DOWN),
    "mae": (VALUES, PREDICTIONS, 3 / 4, DOWN),
    "r2": (VALUES, PREDICTIONS, 1 - 5 / (4 + 1 + 0 + 9), UP),
    "mape": (VALUES, PREDICTIONS, (1 / 1 + 2 / 3) / 4, DOWN),
    "pinball_10": (VALUES, PREDICTIONS, (0.9 * 1 + 0.1 * 2) / 4, DOWN),
    "pinball_90": (VALUES, PREDICTIONS, (0.1 * 1 + 0.9 * 2) / 4, DOWN),
}


def test_every_metric_of_the_table_has_an_example() -> None:
    assert list(EXAMPLES) == list(METRICS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_score_by_hand(name: str) -> None:
    target, prediction, expected, _ = EXAMPLES[name]
    value = score((name,), target, prediction)[name]
    assert type(value) is float
    assert value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", EXAMPLES)
def test_better_predictions_move_the_score_in_its_direction(name: str) -> None:
    target, prediction, _, direction = EXAMPLES[name]
    perfect = target if prediction.ndim == 1 else numpy.eye(prediction.shape[1])[target]
    better, worse = score((name,), target, perfect)[name], score((name,), target, prediction)[name]
    assert make_objective(name).direction is direction
    assert (better < worse) == (direction is DOWN)
    assert better == pytest.approx(0.0 if direction is DOWN else 1.0, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "task", "classes"),
    [("f1.5", Task.BINARY, 2), ("f3", Task.BINARY, 2), ("top_4_accuracy", Task.MULTICLASS, 5)],
)
def test_a_family_has_more_members_than_are_listed(name: str, task: Task, classes: int) -> None:
    assert name in METRICS and name not in tuple(METRICS) and fits(name, task, classes)
    assert make_objective(name).direction is UP
    generator = numpy.random.default_rng(3)
    target, prediction = generator.integers(classes, size=50), generator.dirichlet(numpy.ones(classes), 50)
    expected = {
        "f1.5": of_the_positive(sklearn.metrics.fbeta_score, beta=1.5),
        "f3": of_the_positive(sklearn.metrics.fbeta_score, beta=3.0),
        "top_4_accuracy": of_top(4),
    }[name]
    weights = generator.uniform(0.5, 2.0, 50)
    assert score((name,), target, prediction, weights)[name] == pytest.approx(
        expected(target, prediction, weights)
    )


@pytest.mark.parametrize(
    "name",
    [
        "f0",
        "f1.0",
        "f01",
        "f-1",
        "f1.50",
        "finf",
        "f",
        "top_1_accuracy",
        "top_02_accuracy",
        "top_k_accuracy",
        "F1",
    ],
)
def test_a_name_that_is_none_of_a_family_is_no_metric(name: str) -> None:
    assert name not in METRICS and METRICS.get(name) is None


def test_places_need_more_classes() -> None:
    assert not fits("top_4_accuracy", Task.MULTICLASS, 4) and not fits("top_2_accuracy", Task.BINARY, 2)
    assert not fits("f3", Task.REGRESSION) and not fits("rmse", Task.BINARY)


def test_the_default_objective_of_a_task_is_the_first_of_its_metrics() -> None:
    top = ("top_2_accuracy", "top_3_accuracy", "top_5_accuracy")
    assert metrics_for(Task.BINARY) + top == metrics_for(Task.MULTICLASS)
    assert metrics_for(Task.MULTICLASS) + metrics_for(Task.REGRESSION) == tuple(METRICS)
    assert metrics_for(Task.MULTICLASS, 4) == metrics_for(Task.MULTICLASS)[:-1]
    assert metrics_for(Task.MULTICLASS, 3) == metrics_for(Task.MULTICLASS)[:-2]
    assert metrics_for(Task.BINARY)[0] == "log_loss"
    assert metrics_for(Task.REGRESSION)[0] == "rmse"


def test_a_confident_mistake_costs_much_but_not_everything() -> None:
    value = score(("log_loss",), numpy.array([0, 1]), numpy.array([[0.0, 1.0], [0.0, 1.0]]))["log_loss"]
    assert value == pytest.approx(-math.log(EPSILON) / 2, rel=1e-12)


def test_only_the_metrics_asked_for_are_scored_in_that_order() -> None:
    assert list(score(("r2", "rmse"), VALUES, PREDICTIONS)) == ["r2", "rmse"]


Rows = tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]


def claimed_or_present(target, prediction, weights) -> list[int]:
    counted = weights > 0
    return sorted({*target[counted].tolist(), *prediction.argmax(axis=1)[counted].tolist()})


def recall_of_the_classes_present(target, prediction, weights) -> float:
    """`balanced_accuracy_score` without its warning for predictions of classes that no row has."""
    labels, codes = numpy.unique(target[weights > 0]), prediction.argmax(axis=1)
    return sklearn.metrics.recall_score(target, codes, labels=labels, average="macro", sample_weight=weights)


def f1(average: str) -> Callable[..., float]:
    return lambda target, prediction, weights: sklearn.metrics.f1_score(
        target,
        prediction.argmax(axis=1),
        labels=claimed_or_present(target, prediction, weights),
        average=average,
        sample_weight=weights,
        zero_division=0.0,
    )


def of_the_positive(function: Callable[..., float], **more: float) -> Callable[..., float]:
    def twin(target, prediction, weights) -> float:
        many = prediction.shape[1] > 2
        return function(
            target,
            prediction.argmax(axis=1),
            labels=claimed_or_present(target, prediction, weights) if many else None,
            average="macro" if many else "binary",
            sample_weight=weights,
            zero_division=0.0,
            **more,
        )

    return twin


def of_top(most: int) -> Callable[..., float]:
    """By sorting; the random rows have ties, of which the first class counts."""

    def twin(target, prediction, weights) -> float:
        order = numpy.argsort(-prediction, axis=1, kind="stable")[:, :most]
        return float(numpy.average((order == target[:, None]).any(axis=1), weights=weights))

    return twin


def against_the_rest(function: Callable[..., float], one_class: Mapping[bool, float]) -> Callable[..., float]:
    """A metric of two classes, or its mean over the classes that the rows have; else what is said of one class."""

    def twin(target, prediction, weights) -> float:
        counted = weights > 0  # scikit-learn takes a class without weight for a class
        target, prediction, weights = target[counted], prediction[counted], weights[counted]
        scores = []
        for code in [1] if prediction.shape[1] == 2 else numpy.unique(target):
            positive = target == code
            if positive.all() or not positive.any():
                scores.append(one_class[bool(positive.all())])
            else:
                scores.append(function(positive, prediction[:, code], sample_weight=weights))
        return float(numpy.mean(scores))

    return twin


def of_labels(function: Callable[..., float]) -> Callable[..., float]:
    return lambda target, prediction, weights: function(
        target, prediction.argmax(axis=1), sample_weight=weights
    )


def of_probabilities(function: Callable[..., float]) -> Callable[..., float]:
    return lambda target, prediction, weights: function(
        target, prediction, sample_weight=weights, labels=numpy.arange(prediction.shape[1])
    )


def of_numbers(function: Callable[..., float], **more: float) -> Callable[..., float]:
    return lambda target, prediction, weights: function(target, prediction, sample_weight=weights, **more)


TWINS: Mapping[str, Callable[..., float]] = {
    "log_loss": of_probabilities(sklearn.metrics.log_loss),
    "accuracy": of_labels(sklearn.metrics.accuracy_score),
    "balanced_accuracy": recall_of_the_classes_present,
    "f1_macro": f1("macro"),
    "f1_weighted": f1("weighted"),
    "precision": of_the_positive(sklearn.metrics.precision_score),
    "recall": of_the_positive(sklearn.metrics.recall_score),
    "f1": of_the_positive(sklearn.metrics.f1_score),
    "f2": of_the_positive(sklearn.metrics.fbeta_score, beta=2.0),
    "f0.5": of_the_positive(sklearn.metrics.fbeta_score, beta=0.5),
    "mcc": of_labels(sklearn.metrics.matthews_corrcoef),
    "roc_auc": against_the_rest(sklearn.metrics.roc_auc_score, {True: 0.5, False: 0.5}),
    "average_precision": against_the_rest(sklearn.metrics.average_precision_score, {True: 1.0, False: 0.0}),
    "brier": of_probabilities(sklearn.metrics.brier_score_loss),
    "top_2_accuracy": of_top(2),
    "top_3_accuracy": of_top(3),
    "top_5_accuracy": of_top(5),
    "rmse": of_numbers(sklearn.metrics.root_mean_squared_error),
    "mae": of_numbers(sklearn.metrics.mean_absolute_error),
    "r2": of_numbers(sklearn.metrics.r2_score),
    "mape": of_numbers(sklearn.metrics.mean_absolute_percentage_error),
    "pinball_10": of_numbers(sklearn.metrics.mean_pinball_loss, alpha=0.1),
    "pinball_90": of_numbers(sklearn.metrics.mean_pinball_loss, alpha=0.9),
}


def random_weights(generator: numpy.random.Generator, num_rows: int) -> numpy.ndarray:
    """None counts, some count nothing, or counts as different as can be; never fewer than two rows count."""
    kind = generator.integers(3)
    weights = numpy.ones(num_rows) if kind == 0 else 10.0 ** generator.uniform(-kind, kind, num_rows)
    weights[2:] *= generator.random(num_rows - 2) < generator.choice([0.2, 0.8, 1.0])
    return weights


def random_rows(name: str, seed: int) -> Rows:
    """Rows as a network gives them; some classes without a row, ties, some probabilities 0 and 1, some targets 0."""
    generator = numpy.random.default_rng(seed)
    num_rows = int(generator.integers(3, 200))
    weights = random_weights(generator, num_rows)
    if name in metrics_for(Task.REGRESSION):
        target = generator.normal(50.0, 20.0, num_rows)
        target[generator.random(num_rows) < 0.05] = 0.0
        target[:2] = 1.0, 2.0
        return target, target + generator.normal(0.0, 10.0 ** generator.uniform(-3, 3), num_rows), weights
    num_classes = int(generator.choice([2, 2, 3, 8]))
    present = generator.permutation(num_classes)[: generator.integers(1, num_classes + 1)]
    prediction = generator.dirichlet(numpy.full(num_classes, 0.3), num_rows)
    if generator.random() < 0.5:
        prediction = numpy.round(prediction * 4) / 4
    prediction[generator.random(prediction.shape) < 0.1] = 0.0
    prediction[0] = numpy.eye(num_classes)[0]
    prediction[prediction.sum(axis=1) == 0.0] = 1.0
    return generator.choice(present, num_rows), prediction / prediction.sum(axis=1, keepdims=True), weights


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("name", METRICS)
def test_scores_are_those_of_scikit_learn(name: str, weighted: bool) -> None:
    for seed in range(150):
        target, prediction, weights = random_rows(name, seed)
        weights = weights if weighted else numpy.ones(len(target))
        value = score((name,), target, prediction, weights if weighted else None)[name]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = TWINS[name](target, prediction, weights)
        assert value == pytest.approx(expected, rel=1e-9, abs=1e-9), seed


def test_areas_of_several_classes_are_those_of_scikit_learn_in_one_call() -> None:
    generator = numpy.random.default_rng(1)
    target, weights = numpy.arange(300) % 4, generator.random(300)
    prediction = generator.dirichlet(numpy.ones(4), 300)
    scores = score(("roc_auc", "average_precision"), target, prediction, weights)
    area = sklearn.metrics.roc_auc_score(target, prediction, multi_class="ovr", sample_weight=weights)
    precision = sklearn.metrics.average_precision_score(target, prediction, sample_weight=weights)
    assert scores == pytest.approx({"roc_auc": area, "average_precision": precision}, rel=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_a_weight_is_a_number_of_rows(name: str) -> None:
    """Rows that count twice are there twice, rows that count nothing are not there, and no unit matters."""
    for seed in range(30):
        target, prediction, _ = random_rows(name, seed)
        counts = numpy.random.default_rng(seed).integers(0, 4, len(target))
        counts[:2] = 1, 2
        rows = numpy.repeat(numpy.arange(len(target)), counts)
        repeated = score((name,), target[rows], prediction[rows])[name]
        for unit in (1.0, 0.37, 1e6):
            weighted = score((name,), target, prediction, counts * unit)[name]
            assert weighted == pytest.approx(repeated, rel=1e-9, abs=1e-9), seed


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.rows is not None])
def test_a_metric_by_row_is_a_function_of_the_mean_over_its_rows(name: str) -> None:
    metric = METRICS[name]
    target, prediction, weights = random_rows(name, 3)
    mean = numpy.average(metric.rows(target, prediction), weights=weights)
    if metric.relative:
        centered = target - numpy.average(target, weights=weights)
        mean = 1.0 - mean / numpy.average(centered**2, weights=weights)
    assert float(metric.finish(mean)) == pytest.approx(
        metric.function(target, prediction, weights), rel=1e-12
    )


@pytest.mark.parametrize("name", metrics_for(Task.MULTICLASS, 3))
def test_by_label_says_whether_only_the_most_probable_class_counts(name: str) -> None:
    generator = numpy.random.default_rng(0)
    prediction = generator.dirichlet(numpy.ones(3), 100)
    target = generator.integers(0, 3, 100)
    surer = numpy.eye(3)[prediction.argmax(axis=1)]
    is_equal = score((name,), target, prediction) == score((name,), target, surer)
    assert METRICS[name].by_label == is_equal


ONE_CLASS = {"log_loss": math.log(2), "brier": 0.25, "roc_auc": 0.5, "mcc": 0.0}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (0, {"accuracy": 1.0, "balanced_accuracy": 1.0, "f1_macro": 1.0, "average_precision": 0.0}),
        (1, {"accuracy": 0.0, "balanced_accuracy": 0.0, "f1_macro": 0.0, "average_precision": 1.0}),
    ],
)
def test_rows_of_one_class_can_be_scored(code: int, expected: dict[str, float]) -> None:
    """Every row is called class 0; the other class may have rows that count nothing."""
    generator = numpy.random.default_rng(code)
    for _ in range(100):
        weights = generator.random(30) * (generator.random(30) < 0.5)
        weights[0] = 0.1
        target = numpy.where(weights > 0, code, 1 - code)
        scores = score(metrics_for(Task.BINARY), target, numpy.full((30, 2), 0.5), weights)
        assert scores["mcc"] == 0.0
        assert score(("mcc",), numpy.arange(30) % 2, numpy.full((30, 2), 0.5), weights + 0.1)["mcc"] == 0.0
        assert {name: scores[name] for name in ONE_CLASS} == pytest.approx(ONE_CLASS)
        assert {name: scores[name] for name in expected} == pytest.approx(expected)
        assert scores["f1_weighted"] == pytest.approx(expected["f1_macro"])


@pytest.mark.filterwarnings("error")
def test_a_class_that_no_row_has_still_has_its_column() -> None:
    prediction = numpy.array([[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]])
    scores = score(metrics_for(Task.MULTICLASS), numpy.array([0, 2]), prediction)
    names = [
        "accuracy",
        "balanced_accuracy",
        "f1_macro",
        "f1_weighted",
        "mcc",
        "roc_auc",
        "precision",
        "recall",
    ]
    constants = dict.fromkeys(
        [*names, "f1", "f2", "f0.5", "top_2_accuracy", "top_3_accuracy", "top_5_accuracy"], 1.0
    )
    brier = 0.5**2 + 0.25**2 + 0.25**2
    expected = {"log_loss": math.log(2), "average_precision": 1.0, "brier": brier, **constants}
    assert scores == pytest.approx(expected)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("error", "expected"), [(0.0, 1.0), (1.0, 0.0)])
def test_r2_of_a_target_that_is_constant(error: float, expected: float) -> None:
    """Also where the mean of the target is rounded, and where the rows that differ count nothing."""
    target = numpy.full(7, 0.1)
    assert score(("r2",), target, target + error)["r2"] == expected
    assert score(("r2",), numpy.full(5, 3.25), numpy.full(5, 3.25 + error))["r2"] == expected
    for seed in range(50):
        weights = numpy.random.default_rng(seed).random(8) * numpy.array([1, 1, 1, 1, 1, 1, 1, 0])
        varied = numpy.append(target, 5.0)
        assert score(("r2",), varied, varied + error, weights)["r2"] == expected


def test_the_relative_error_of_a_target_of_zero_is_huge_and_not_infinite() -> None:
    target = numpy.array([0.0, 1.0])
    assert score(("mape",), target, target)["mape"] == 0.0
    assert score(("mape",), target, numpy.array([0.5, 1.0]))["mape"] == pytest.approx(0.5 / EPSILON / 2)

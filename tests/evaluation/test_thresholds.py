"""The threshold of two classes: the best on the rows it is given, and one half where nothing is gained."""

import numpy
import pytest

from automl.evaluation.metrics import METRICS
from automl.evaluation.resampling import ScoredRows, whole
from automl.evaluation.thresholds import EVEN, at_threshold, never_predicted, score_at, tuned_threshold


def two_classes(shift):
    """A rare class whose probabilities are right in order and too low by a factor."""
    generator = numpy.random.default_rng(0)
    target = (generator.random(4000) < 0.05).astype(int)
    second = 1.0 / (1.0 + numpy.exp(-(generator.normal(0.0, 1.0, 4000) + 3.0 * target - shift)))
    return target, numpy.stack([1.0 - second, second], axis=1)


def tuned(metric, target, prediction):
    return tuned_threshold(METRICS[metric], whole(target, numpy.ones(len(target))), prediction[None])


@pytest.mark.parametrize("metric", ["f1_macro", "balanced_accuracy", "mcc", "f1", "f2"])
def test_it_is_as_good_as_the_best_of_many(metric):
    target, prediction = two_classes(4.0)
    weights = numpy.ones(len(target))
    threshold = tuned(metric, target, prediction)
    grid = [
        METRICS[metric].function(target, at_threshold(prediction, candidate), weights)
        for candidate in numpy.linspace(0.005, 0.995, 199)
    ]
    best = METRICS[metric].function(target, at_threshold(prediction, threshold), weights)
    assert best >= max(grid) - 0.01
    assert best > METRICS[metric].function(target, prediction, weights) + 0.02


def test_where_nothing_is_gained_it_is_one_half():
    target = numpy.array([0, 0, 1, 1])
    prediction = numpy.stack([1.0 - target, target.astype(float)], axis=1)
    assert tuned("mcc", target, prediction) == EVEN


def test_it_is_best_for_the_mean_over_folds_and_not_for_all_rows_at_once():
    """In each fold half of the rows are positive; the second fold's probabilities are all lower.

    A threshold of 0.25 is right for every row of the second fold, and calls half of the negative rows of the first
    positive. Between 0.5 and 0.7 it is right for all rows of the first fold and for half of those of the second.
    """
    target = numpy.array([0, 0, 1, 1, 0, 0, 1, 1])
    positive = numpy.array([0.4, 0.5, 0.7, 0.8, 0.1, 0.2, 0.3, 0.6])
    prediction = numpy.stack([1.0 - positive, positive], axis=1)
    folds = numpy.array([[0, 0, 0, 0, 1, 1, 1, 1]])
    rows = ScoredRows(target, numpy.ones(8), folds, numpy.arange(8))
    metric = METRICS["balanced_accuracy"]
    threshold = tuned_threshold(metric, rows, prediction[None])

    def mean_over_folds(candidate):
        moved = at_threshold(prediction, candidate)
        parts = [slice(0, 4), slice(4, 8)]
        return numpy.mean([metric.function(target[part], moved[part], numpy.ones(4)) for part in parts])

    best = max(mean_over_folds(candidate) for candidate in numpy.linspace(0.05, 0.95, 91))
    assert mean_over_folds(threshold) == pytest.approx(best)


def test_metrics_that_a_threshold_cannot_serve_are_not_tuned():
    """Accuracy gains nothing, and precision or recall alone would call one row positive, or all of them."""
    by_label = {name for name, metric in METRICS.items() if metric.by_label}
    assert by_label - {name for name, metric in METRICS.items() if metric.tuned} == {
        "accuracy",
        "precision",
        "recall",
    }


def test_only_metrics_of_labels_feel_it():
    target, prediction = two_classes(4.0)
    weights = numpy.ones(len(target))
    names = ("log_loss", "roc_auc", "f1_macro")
    even, low = (score_at(names, target, prediction, weights, threshold) for threshold in (0.5, 0.1))
    assert (even["log_loss"], even["roc_auc"]) == (low["log_loss"], low["roc_auc"])
    assert even["f1_macro"] != low["f1_macro"]
    assert (
        at_threshold(prediction, 0.1).argmax(axis=1).tolist()
        == (prediction[:, 1] >= 0.1).astype(int).tolist()
    )


def test_classes_that_label_no_row_are_named():
    three = numpy.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]])
    assert never_predicted(three, EVEN, ("a", "b", "c")) == ("b",)
    two = numpy.array([[0.9, 0.1], [0.6, 0.4]])
    assert never_predicted(two, 0.5, ("no", "yes")) == ("yes",)
    assert never_predicted(two, 0.3, ("no", "yes")) == ()
    assert never_predicted(two, 0.05, ("no", "yes")) == ("no",)
    assert never_predicted(numpy.array([[1.0], [2.0]]), EVEN, ()) == ()

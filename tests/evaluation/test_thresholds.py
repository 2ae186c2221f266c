"""The threshold of two classes: the best on the rows it is given, and one half where nothing is gained."""

import numpy
import pytest

from automl.evaluation.metrics import METRICS
from automl.evaluation.thresholds import EVEN, at_threshold, never_predicted, score_at, tuned_threshold


def two_classes(shift):
    """A rare class whose probabilities are right in order and too low by a factor."""
    generator = numpy.random.default_rng(0)
    target = (generator.random(4000) < 0.05).astype(int)
    second = 1.0 / (1.0 + numpy.exp(-(generator.normal(0.0, 1.0, 4000) + 3.0 * target - shift)))
    return target, numpy.stack([1.0 - second, second], axis=1)


@pytest.mark.parametrize("metric", ["f1_macro", "balanced_accuracy", "mcc"])
def test_it_is_as_good_as_the_best_of_many(metric):
    target, prediction = two_classes(4.0)
    weights = numpy.ones(len(target))
    threshold = tuned_threshold(metric, target, prediction, weights)
    grid = [
        METRICS[metric].function(target, at_threshold(prediction, one), weights)
        for one in numpy.linspace(0.005, 0.995, 199)
    ]
    tuned = METRICS[metric].function(target, at_threshold(prediction, threshold), weights)
    assert tuned >= max(grid) - 0.01
    assert tuned > METRICS[metric].function(target, prediction, weights) + 0.02


def test_where_nothing_is_gained_it_is_one_half():
    target = numpy.array([0, 0, 1, 1])
    prediction = numpy.stack([1.0 - target, target.astype(float)], axis=1)
    assert tuned_threshold("accuracy", target, prediction, numpy.ones(4)) == EVEN


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

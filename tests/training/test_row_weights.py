"""What a row counts in the loss: its own weight times that of its class."""

from types import SimpleNamespace

import numpy
import pytest

from automl.data.folds import Fold
from automl.training.views import _row_weights
from automl.trial import Task

TARGET = numpy.array([0, 0, 0, 1, 1, 2])
NONE = numpy.arange(0)


def weights_of(target, weights, class_weights):
    rows = numpy.arange(len(target))
    dataset = SimpleNamespace(target=target, weights=weights, classes=("a", "b", "c"), task=Task.MULTICLASS)
    return _row_weights(dataset, Fold(rows, NONE, NONE), rows, class_weights)


@pytest.mark.parametrize("class_weights", ["balanced", (1.0, 4.0, 2.0)])
def test_a_row_that_weighs_two_counts_as_two_rows_for_its_class(class_weights):
    times = numpy.array([1, 2, 3, 1, 2, 4])
    twice = numpy.repeat(numpy.arange(6), times)
    weights = weights_of(TARGET, times.astype(float), class_weights)
    repeated = weights_of(TARGET[twice], numpy.ones(len(twice)), class_weights)
    for row in range(6):
        assert weights[row] == pytest.approx(repeated[twice == row].sum())


def test_balanced_classes_weigh_the_same():
    weights = weights_of(TARGET, numpy.array([1.0, 5.0, 0.5, 2.0, 2.0, 0.1]), "balanced")
    sums = numpy.bincount(TARGET, weights)
    assert sums == pytest.approx(numpy.full(3, sums.mean()))

"""Curves of probabilities, worked out by hand and against scikit-learn."""

import numpy
import pandas
import pytest
from sklearn import metrics

from automl.evaluation.labels import confusion
from automl.report.probabilities import (
    area,
    average_precision,
    calibration,
    labeled,
    precision_recall_curve,
    roc_curve,
    thinned,
    wilson,
)

POSITIVE = numpy.array([True, False, True, False])
SCORES = numpy.array([0.9, 0.8, 0.7, 0.1])


def test_roc_by_hand() -> None:
    false, true = roc_curve(POSITIVE, SCORES)
    assert false.tolist() == [0.0, 0.0, 0.5, 0.5, 1.0]
    assert true.tolist() == [0.0, 0.5, 0.5, 1.0, 1.0]
    assert area(false, true) == 0.75


def test_precision_and_recall_by_hand() -> None:
    recall, precision = precision_recall_curve(POSITIVE, SCORES)
    assert recall.tolist() == [0.5, 0.5, 1.0, 1.0]
    assert precision.tolist() == pytest.approx([1.0, 1 / 2, 2 / 3, 1 / 2])
    assert average_precision(recall, precision) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_equal_scores_are_one_step() -> None:
    false, true = roc_curve(POSITIVE, numpy.full(4, 0.5))
    assert (false.tolist(), true.tolist()) == ([0.0, 1.0], [0.0, 1.0])
    assert area(false, true) == 0.5


@pytest.mark.parametrize("seed", range(5))
def test_curves_are_those_of_scikit_learn(seed: int) -> None:
    generator = numpy.random.default_rng(seed)
    positive = generator.random(300) < 0.3
    scores = (generator.random(300) + 0.5 * positive).round(1)
    assert area(*roc_curve(positive, scores)) == pytest.approx(metrics.roc_auc_score(positive, scores))
    precision = average_precision(*precision_recall_curve(positive, scores))
    assert precision == pytest.approx(metrics.average_precision_score(positive, scores))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("truth", [True, False])
def test_rows_of_one_class_only(truth: bool) -> None:
    positive = numpy.full(4, truth)
    false, true = roc_curve(positive, SCORES)
    assert numpy.isfinite([false, true]).all()
    assert numpy.isfinite(precision_recall_curve(positive, SCORES)).all()


def test_calibration_by_hand() -> None:
    probabilities = numpy.array([0.1, 0.2, 0.7, 0.9])
    curve = calibration(POSITIVE[[1, 0, 1, 2]], probabilities, num_bins=2)
    assert curve.predicted == pytest.approx([0.15, 0.8])
    assert curve.observed.tolist() == [0.5, 0.5]
    assert curve.counts.tolist() == [2, 2]
    assert curve.error == pytest.approx((0.35 + 0.3) / 2)


def test_a_row_that_weighs_two_counts_as_two_rows() -> None:
    generator = numpy.random.default_rng(0)
    positive, scores = generator.random(40) < 0.4, generator.random(40).round(2)
    times = generator.integers(0, 4, 40)
    twice = numpy.repeat(numpy.arange(40), times)
    weights = times.astype(float)
    assert area(*roc_curve(positive, scores, weights)) == pytest.approx(
        area(*roc_curve(positive[twice], scores[twice]))
    )
    assert average_precision(*precision_recall_curve(positive, scores, weights)) == pytest.approx(
        average_precision(*precision_recall_curve(positive[twice], scores[twice]))
    )
    curve = calibration(positive, scores, num_bins=1, weights=weights)
    assert curve.observed[0] == pytest.approx(positive[twice].mean())
    assert curve.predicted[0] == pytest.approx(scores[twice].mean())


def test_equal_probabilities_share_a_group() -> None:
    curve = calibration(numpy.array([True] * 6 + [False] * 4), numpy.array([0.5] * 8 + [0.9] * 2))
    assert curve.counts.tolist() == [8, 2]
    assert curve.observed.tolist() == [0.75, 0.0]


def test_the_interval_of_a_share_is_that_of_wilson() -> None:
    """8 of 10, as in Brown, Cai, DasGupta (2001): 0.490 to 0.943; never beyond 0 and 1."""
    low, high = wilson(numpy.array([0.8, 0.0, 1.0]), numpy.array([10, 5, 5]))
    assert (low[0], high[0]) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert low[1] == pytest.approx(0.0, abs=1e-12)
    assert high[2] == pytest.approx(1.0)


def test_confusion() -> None:
    counts = confusion(numpy.array([0, 0, 1, 2]), numpy.array([0, 1, 1, 0]), 3)
    assert counts.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]


def test_a_thinned_curve_keeps_its_ends() -> None:
    xs = numpy.arange(10_000.0)
    thin, heights = thinned(xs, -xs, 100)
    assert len(thin) == 100
    assert (thin[0], thin[-1], heights[-1]) == (0.0, 9999.0, -9999.0)


def test_an_out_of_fold_table_is_read() -> None:
    frame = pandas.DataFrame(
        {"row": [0, 1], "class": [1, 0], "probability_0": [0.2, 0.6], "probability_1": [0.8, 0.4]}
    )
    rows = labeled(frame)
    assert rows is not None
    assert (rows.names, rows.codes.tolist()) == (("0", "1"), [1, 0])
    assert (rows.weights.tolist(), rows.weighted) == ([1.0, 1.0], False)
    weighted = labeled(frame.assign(row_weight=[0.5, 1.5]))
    assert weighted is not None
    assert (weighted.names, weighted.weights.tolist(), weighted.weighted) == (("0", "1"), [0.5, 1.5], True)


@pytest.mark.parametrize("label", ["three", None])
def test_a_label_without_a_column_is_no_table(label: str | None) -> None:
    frame = pandas.DataFrame({"row": [0], "y": [label], "probability_one": [0.5], "probability_two": [0.5]})
    assert labeled(frame) is None

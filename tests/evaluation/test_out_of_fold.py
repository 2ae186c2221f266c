"""Which predictions of a trial are kept, and what they give back."""

import dataclasses

import numpy
import pytest
from paper_trials import completed, failed

from automl.evaluation.out_of_fold import OutOfFold

VALIDATION = [numpy.array([4, 0]), numpy.array([2, 6, 3])]


def trial_with(*predictions):
    """A completed trial whose folds predicted these."""
    trial = completed(0, *[1.0] * len(predictions))
    folds = [
        dataclasses.replace(fold, predictions=numpy.asarray(values, numpy.float32))
        for fold, values in zip(trial.folds, predictions, strict=True)
    ]
    return dataclasses.replace(trial, folds=tuple(folds))


def test_numbers_are_kept_in_the_order_of_the_rows():
    out_of_fold = OutOfFold(VALIDATION, num_classes=0, seed=0)
    gathered = out_of_fold.gather(trial_with([40.0, 0.0], [20.0, 60.0, 30.0]))
    assert out_of_fold.rows.tolist() == [0, 2, 3, 4, 6]
    assert out_of_fold.predictions(gathered).tolist() == [[0.0, 20.0, 30.0, 40.0, 60.0]]
    assert gathered.nbytes == out_of_fold.bytes_per_trial == 20


def test_two_classes_need_one_column():
    out_of_fold = OutOfFold([numpy.array([1, 0])], num_classes=2, seed=0)
    gathered = out_of_fold.gather(trial_with([[0.25, 0.75], [0.9, 0.1]]))
    assert gathered.shape == (2,) and gathered.nbytes == out_of_fold.bytes_per_trial
    numpy.testing.assert_allclose(out_of_fold.predictions(gathered), [[[0.9, 0.1], [0.25, 0.75]]], rtol=1e-6)


def test_more_classes_need_a_column_each():
    out_of_fold = OutOfFold([numpy.array([1, 0])], num_classes=3, seed=0)
    predictions = numpy.array([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]], numpy.float32)
    gathered = out_of_fold.gather(trial_with(predictions))
    assert (out_of_fold.predictions(gathered) == predictions[::-1]).all()
    assert gathered.nbytes == out_of_fold.bytes_per_trial


def test_of_repeated_folds_the_first_round_is_kept():
    out_of_fold = OutOfFold(
        [numpy.array([0]), numpy.array([1]), numpy.array([1]), numpy.array([0])], 0, seed=0
    )
    gathered = out_of_fold.gather(trial_with([1.0], [2.0], [30.0], [40.0]))
    assert gathered.tolist() == [1.0, 2.0]


def test_trials_that_did_not_complete_keep_nothing():
    out_of_fold = OutOfFold(VALIDATION, 0, seed=0)
    assert out_of_fold.gather(failed(0)) is None
    assert out_of_fold.gather(completed(1, 1.0, 2.0)) is None


@pytest.mark.parametrize("seed", [0, 1])
def test_of_a_large_table_the_same_sample_of_rows_is_kept_for_every_trial(seed):
    rows = [numpy.arange(0, 60), numpy.arange(60, 100)]
    samples = [OutOfFold(rows, 0, seed, most_rows=10) for _ in range(2)]
    assert (samples[0].rows == samples[1].rows).all() and len(samples[0].rows) == 10
    assert (numpy.diff(samples[0].rows) > 0).all()
    gathered = samples[0].gather(trial_with(rows[0] * 10.0, rows[1] * 10.0))
    assert (gathered == samples[0].rows * 10.0).all()
    assert set(OutOfFold(rows, 0, 7, most_rows=10).rows) != set(samples[0].rows)


def test_every_repeat_of_the_folds_is_kept():
    """Rows 0, 2, 3, 4, 6, divided into two folds twice."""
    again = [numpy.array([0, 6]), numpy.array([4, 3, 2])]
    out_of_fold = OutOfFold([*VALIDATION, *again], num_classes=0, seed=0, repeats=2)
    gathered = out_of_fold.gather(
        trial_with([40.0, 0.0], [20.0, 60.0, 30.0], [1.0, 61.0], [41.0, 31.0, 21.0])
    )
    assert out_of_fold.folds.tolist() == [[0, 1, 1, 0, 1], [2, 3, 3, 3, 2]]
    expected = [[0.0, 20.0, 30.0, 40.0, 60.0], [1.0, 21.0, 31.0, 41.0, 61.0]]
    assert out_of_fold.predictions(gathered).tolist() == expected
    assert gathered.nbytes == out_of_fold.bytes_per_trial == 40


def test_what_an_earlier_version_kept_stands_for_every_repeat():
    again = [numpy.array([0, 6]), numpy.array([4, 3, 2])]
    out_of_fold = OutOfFold([*VALIDATION, *again], num_classes=0, seed=0, repeats=2)
    old = numpy.array([0.0, 20.0, 30.0, 40.0, 60.0], numpy.float32)
    assert out_of_fold.predictions(old).tolist() == [old.tolist(), old.tolist()]

"""Out-of-fold predictions: in the order of the rows, of the first round of repeated folds, within bounds."""

import numpy

from automl.evaluation import out_of_fold
from automl.evaluation.out_of_fold import OutOfFold
from automl.trial import Direction, FoldResult, Objective, Trial, TrialState

OBJECTIVE = Objective("rmse", Direction.MINIMIZE)
VALIDATION = [numpy.array([5, 1]), numpy.array([3, 7]), numpy.array([1, 3]), numpy.array([5, 7])]


def trial(number, score=1.0, state=TrialState.COMPLETE, kept=True):
    folds = tuple(
        FoldResult(fold, (), (), (), 1, {"rmse": score}, {}, 0.0, rows * 10.0 + fold if kept else None)
        for fold, rows in enumerate(VALIDATION)
    )
    return Trial(number, {}, state, folds)


def test_rows_are_sorted_and_those_of_the_first_round():
    kept = OutOfFold(VALIDATION, OBJECTIVE)
    kept.add(trial(4))
    assert kept.rows.tolist() == [1, 3, 5, 7]
    predictions = kept.of(4)
    assert predictions is not None
    assert predictions.tolist() == [10.0, 31.0, 50.0, 71.0]


def test_failed_trials_and_those_without_predictions_are_left_out():
    kept = OutOfFold(VALIDATION, OBJECTIVE)
    kept.add(trial(0, state=TrialState.FAILED))
    kept.add(trial(1, kept=False))
    assert kept.all() == []
    assert kept.of(0) is None


def test_beyond_the_bound_the_worst_goes(monkeypatch):
    monkeypatch.setattr(out_of_fold, "MOST_BYTES", 3 * 4 * 8)
    kept = OutOfFold(VALIDATION, OBJECTIVE)
    for number, score in enumerate([3.0, 1.0, 5.0, 2.0, 4.0]):
        kept.add(trial(number, score))
    assert [number for number in range(5) if kept.of(number) is not None] == [0, 1, 3]

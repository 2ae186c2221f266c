"""The mean over folds that stop at different epochs."""

from automl.evaluation.curves import mean_curve


def test_the_mean_is_over_the_curves_that_reach_the_epoch():
    assert mean_curve([(9.0, 4.0, 2.0, 1.0), (3.0, 2.0)]) == [6.0, 3.0, 2.0, 1.0]
    assert mean_curve([(10.0, 6.0)]) == [10.0, 6.0]
    assert mean_curve([]) == []

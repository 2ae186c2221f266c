"""What is said of the winner."""

from automl.evaluation.resampling import Estimate
from automl.evaluation.verdict import Verdict
from automl.trial import Direction, FoldResult, Objective, Trial, TrialState


def verdict(scores=(1.0, 2.0), direction=Direction.MINIMIZE, **given):
    folds = tuple(FoldResult(i, (), (), (), 1, {"m": score}, {}, 0.0) for i, score in enumerate(scores))
    return Verdict(Objective("m", direction), Trial(0, {}, TrialState.COMPLETE, folds), 9, **given)


def test_every_score_says_what_it_is():
    rows = verdict(
        corrected=Estimate(1.6, 1.2, 2.0), test=Estimate(1.5, 1.0, 2.5), baselines={"linear": (3.0, 4.0)}
    ).rows()
    assert rows == [
        ("cross-validation, 2 folds, mean ± standard error", "1.5 ± 0.5"),
        ("corrected for the choice among 9 trials", "1.6 (95 % interval 1.2 to 2)"),
        ("locked test, after a refit on all training rows", "1.5 (95 % interval 1 to 2.5)"),
        ("baseline on the same folds: linear", "3.5"),
    ]


def test_optimistic_scores_are_called_so():
    assert "optimistic" in verdict(optimistic=True).rows()[0][0]


def test_it_counts_the_folds_that_the_network_wins_in_the_right_direction():
    baselines = {"constant": (0.5, 9.0), "linear": (3.0, 4.0), "gradient boosting": (1.5, 1.5)}
    assert verdict(baselines=baselines).sentences() == [
        "The network is better than linear in every fold.",
        "The network is better than gradient boosting in 1 of 2 folds.",
        "In some fold the network is no better than a constant: there may be nothing to learn.",
    ]
    larger = verdict(direction=Direction.MAXIMIZE, baselines={"linear": (3.0, 1.0)}).sentences()
    assert larger == ["The network is better than linear in 1 of 2 folds."]


def test_a_baseline_of_some_folds_is_called_so_and_compared_on_them():
    told = verdict(baselines={"gradient boosting": (3.0,)})
    assert told.rows()[1] == ("baseline on the first of these folds: gradient boosting", "3")
    assert told.sentences() == ["The network is better than gradient boosting in the first fold."]
    worse = verdict(baselines={"gradient boosting": (0.5,)})
    assert worse.sentences() == ["The network is no better than gradient boosting in the first fold."]
    two = verdict((1.0, 2.0, 3.0), baselines={"gradient boosting": (3.0, 1.0)})
    assert two.rows()[1] == ("baseline on the first 2 of these folds: gradient boosting", "2")


def test_a_threshold_and_earlier_readings_of_the_test_set_are_told():
    said = verdict(threshold=0.2, earlier_reads=("a/1", "b/2")).sentences()
    assert "from a probability of 0.2" in said[0]
    assert "read before, by a/1, b/2" in said[1]


def test_a_class_that_is_never_predicted_is_named_and_of_many_only_some():
    assert verdict(never_predicted=("fraud",)).sentences() == [
        "The network predicts 'fraud' for no row of the validation folds."
    ]
    [said] = verdict(never_predicted=tuple("abcdefg")).sentences()
    assert "'e' and 2 more classes for no row" in said

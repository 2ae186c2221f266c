"""What is said of the winner."""

import dataclasses
import math

from automl.evaluation.resampling import Estimate
from automl.evaluation.verdict import Verdict
from automl.trial import Direction, FoldResult, Objective, Trial, TrialState


def verdict(by_fold=(1.0, 2.0), direction=Direction.MINIMIZE, **fields):
    folds = tuple(FoldResult(i, (), (), (), 1, {"m": score}, {}, 0.0) for i, score in enumerate(by_fold))
    return Verdict(Objective("m", direction), Trial(0, {}, TrialState.COMPLETE, folds), 9, **fields)


NO_INTERVAL = (math.nan, math.nan)


def test_every_score_says_what_it_is():
    rows = verdict(
        corrected=Estimate(1.6, 1.2, 2.0), test=Estimate(1.5, 1.0, 2.5), baselines={"linear": (3.0, 4.0)}
    ).rows()
    # two scores half a unit off their mean: s² = 1/2, and the standard error √(1/2 (1/2 + 1/(2 − 1)))
    assert rows == [
        ("cross-validation, 2 folds, mean ± standard error", "1.5 ± 0.87"),
        ("corrected for the choice among 9 trials", "1.6 (95 % interval 1.2 to 2)"),
        ("locked test, after a refit on all training rows", "1.5 (95 % interval 1 to 2.5)"),
        ("baseline on the same folds: linear", "3.5"),
    ]


def test_optimistic_scores_are_called_so_each_of_them():
    rows = verdict(optimistic=True, corrected=Estimate(1.6, 1.2, 2.0)).rows()
    assert ["optimistic" in name for name, _ in rows] == [True, True]


def test_where_there_is_no_interval_the_reason_is_said():
    rows = verdict(corrected=Estimate(1.6, *NO_INTERVAL), unit="groups", num_units=8).rows()
    assert rows[1][1] == "1.6 (no interval: 8 groups)"
    rows = verdict(test=Estimate(1.0, *NO_INTERVAL)).rows()
    assert rows[1][1] == "1 (no interval)"


def test_scores_at_a_tuned_threshold_are_called_so_each_of_them():
    rows = verdict(
        threshold=0.2,
        tuned=(0.7, 0.05),
        scores={"linear": Estimate(0.6, 0.5, 0.7)},
        corrected=Estimate(0.65, 0.6, 0.7),
        test=Estimate(0.66, 0.5, 0.8),
        baselines={"linear": (0.1, 0.2)},
    ).rows()
    assert rows == [
        ("cross-validation, 2 folds, mean ± standard error, at the tuned threshold", "0.7 ± 0.05"),
        ("corrected for the choice among 9 trials and of the threshold", "0.65 (95 % interval 0.6 to 0.7)"),
        (
            "locked test, after a refit on all training rows, at the tuned threshold",
            "0.66 (95 % interval 0.5 to 0.8)",
        ),
        (
            "baseline on the same folds, corrected for the choice of its threshold: linear",
            "0.6 (95 % interval 0.5 to 0.7)",
        ),
    ]


def test_a_baseline_of_some_folds_is_called_so():
    reached = verdict(baselines={"gradient boosting": (3.0,)})
    assert reached.rows()[1] == ("baseline on the first of these folds: gradient boosting", "3")
    two = verdict((1.0, 2.0, 3.0), baselines={"gradient boosting": (3.0, 1.0)})
    assert two.rows()[1] == ("baseline on the first 2 of these folds: gradient boosting", "2")


def test_what_the_correction_does_not_see_is_said_beside_it():
    estimate = Estimate(1.6, 1.2, 2.0)
    [sentence] = verdict(guided=True, corrected=estimate).sentences()
    assert "about a fifth of the selection bias can remain" in sentence
    for num_trials, share in ((26, "a third"), (60, "two fifths"), (500, "two fifths or more")):
        partly_guided = dataclasses.replace(
            verdict(guided=True, corrected=estimate), num_trials=num_trials - 1, num_pruned=1
        )
        assert f"about {share} of the selection bias" in partly_guided.sentences()[0]
    assert verdict(corrected=estimate).sentences() == []
    [sentence] = verdict(dropped=0.2, corrected=estimate).sentences()
    assert sentence.startswith("20% of the scores in resamples were undefined")


def test_a_threshold_and_earlier_readings_of_the_test_set_are_told():
    sentences = verdict(threshold=0.2, earlier_reads=("a/1", "b/2")).sentences()
    assert "from a probability of 0.2" in sentences[0]
    assert "already read by a/1, b/2" in sentences[1]


def test_a_class_that_is_never_predicted_is_named_and_of_many_only_some():
    assert verdict(never_predicted=("fraud",)).sentences() == [
        "The network never predicts 'fraud' on the validation rows."
    ]
    [sentence] = verdict(never_predicted=tuple("abcdefg")).sentences()
    assert "'e' and 2 more classes on the validation rows" in sentence

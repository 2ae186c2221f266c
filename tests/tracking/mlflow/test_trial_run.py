import math
from dataclasses import replace

import pytest
from hand_made import STARTED, make_failed_trial, make_fold, make_trial

from automl.tracking.mlflow.store import Point
from automl.tracking.mlflow.trial_run import describe_trial, legal_name, show_scalar


def values(points: tuple[Point, ...]) -> dict[str, float]:
    return {point.name: point.value for point in points if point.step == 0}


def curve(points: tuple[Point, ...], name: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in points if point.name == name]


def test_scores_come_first_and_are_right() -> None:
    content = describe_trial(make_trial(7, score=2.0), STARTED, True)
    assert [point.name for point in content.metrics[:6]] == [
        "cv_log_loss_mean",
        "cv_log_loss_se",
        "cv_accuracy_mean",
        "cv_accuracy_se",
        "train_log_loss_mean",
        "gap_log_loss",
    ]
    assert values(content.metrics) == {
        "cv_log_loss_mean": 2.0,
        "cv_log_loss_se": pytest.approx(3.0**0.5),
        "cv_accuracy_mean": 0.5,
        "cv_accuracy_se": 0.0,
        "train_log_loss_mean": 1.75,
        "gap_log_loss": 0.25,
        "train_accuracy_mean": 0.75,
        "gap_accuracy": -0.25,
        "best_epoch_mean": 2.5,
        "fit_seconds": 2.0,
        "capacity": 1234.0,
        "trial_number": 7.0,
    }
    assert content.tags == {"status": "complete"}


def test_curves_are_means_over_the_folds_that_reached_the_epoch() -> None:
    metrics = describe_trial(make_trial(0), STARTED, True).metrics
    assert curve(metrics, "curves/loss") == [(1, 3.0), (2, 2.0), (3, 1.0)]
    assert curve(metrics, "curves/val_loss") == [(1, 4.0), (2, 3.0), (3, 2.0)]
    assert curve(metrics, "fold_0/loss") == [(1, 4.0), (2, 2.0), (3, 1.0)]
    assert curve(metrics, "fold_1/val_loss") == [(1, 3.0), (2, 3.0)]


def test_a_large_study_has_no_fold_curves() -> None:
    names = {point.name for point in describe_trial(make_trial(0), STARTED, False).metrics}
    assert "curves/loss" in names
    assert not any(name.startswith("fold_") for name in names)


def test_params_are_flat_and_log_scaled_ones_have_a_logarithm_beside_them() -> None:
    assert describe_trial(make_trial(0), STARTED, True).params == {
        "width": "64",
        "activation": "relu",
        "learning_rate": "0.001",
        "log10_learning_rate": "-3",
        "batch_norm": "True",
    }


def test_a_failed_trial_has_its_reason_and_no_scores() -> None:
    content = describe_trial(make_failed_trial(3), STARTED, True)
    assert content.tags == {"status": "failed", "reason": "diverged in epoch 3"}
    assert values(content.metrics) == {"fit_seconds": 0.5, "trial_number": 3.0}


def test_the_folds_of_a_failed_trial_are_drawn_but_not_scored() -> None:
    failed = replace(make_failed_trial(3), folds=(make_fold(0, (4.0, 2.0), 1.0),))
    metrics = describe_trial(failed, STARTED, True).metrics
    assert curve(metrics, "curves/loss") == [(1, 4.0), (2, 2.0)]
    assert not any(point.name.startswith("cv_") for point in metrics)


def test_values_that_are_no_numbers_are_dropped_and_said() -> None:
    bad = replace(
        make_fold(0, (4.0, math.nan, math.inf), 1.0), scores={"log_loss": math.inf, "accuracy": 0.5}
    )
    trial = replace(make_trial(0), folds=(bad,))
    content = describe_trial(trial, STARTED, True)
    assert all(math.isfinite(point.value) for point in content.metrics)
    assert curve(content.metrics, "curves/loss") == [(1, 4.0)]
    assert content.tags["non_finite"].startswith(
        "cv_log_loss_mean, gap_log_loss, curves/loss (2 epochs from 2)"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00012345678, "0.0001235"),
        (1e-10, "1e-10"),
        (1024.0, "1024"),
        (123456.0, "123456"),
        (0.5, "0.5"),
        (False, "False"),
    ],
)
def test_scalars_are_short_and_right(value: float, text: str) -> None:
    assert show_scalar(value) == text


@pytest.mark.parametrize(("name", "legal"), [("units_0", "units_0"), ("a@b#c", "a_b_c"), ("/x/", "x")])
def test_names_are_made_legal(name: str, legal: str) -> None:
    assert legal_name(name) == legal

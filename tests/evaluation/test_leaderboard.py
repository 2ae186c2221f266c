"""The table of trials: ranks, numbers and the hyperparameters as they were."""

import dataclasses
import io
import math

import numpy
import pandas
import pytest
from paper_trials import completed, failed

from automl.evaluation.leaderboard import leaderboard
from automl.trial import Direction, Objective

LOSS = Objective("log_loss", Direction.MINIMIZE)
TRIALS = [
    completed(0, 3.0, 5.0, width=64, learning_rate=0.1),
    failed(1, width=1024),
    completed(2, 1.0, 2.0, width=1024, learning_rate=1e-5, activation="relu", normalize=True),
]
NAMES = ["width", "learning_rate", "activation", "normalize"]


def test_the_columns_and_the_numbers_of_the_winner() -> None:
    frame = leaderboard(TRIALS, LOSS, NAMES)
    winner = frame.iloc[0].to_dict()
    assert winner == {
        "rank": 1,
        "trial": 2,
        "state": "complete",
        "log_loss": 1.5,
        "standard_error": pytest.approx(math.sqrt(0.5 * (1 / 2 + 1))),
        "fold_0": 1.0,
        "fold_1": 2.0,
        "epochs": 2.0,
        "seconds": 2.0,
        "capacity": 1234,
        "width": 1024,
        "learning_rate": 1e-5,
        "activation": "relu",
        "normalize": True,
        "reason": "",
    }
    assert list(frame.columns) == list(winner)


def test_trials_are_ranked_and_failed_ones_come_last_without_a_rank() -> None:
    frame = leaderboard(TRIALS, LOSS, NAMES)
    assert frame["trial"].tolist() == [2, 0, 1]
    assert frame["rank"].tolist()[:2] == [1, 2]
    last = frame.iloc[2]
    assert (last["state"], last["reason"]) == ("failed", "diverged in epoch 3")
    assert pandas.isna(last[["rank", "log_loss", "standard_error", "fold_0", "epochs", "capacity"]]).all()


def test_a_larger_score_can_be_better() -> None:
    frame = leaderboard(TRIALS, Objective("log_loss", Direction.MAXIMIZE), NAMES)
    assert frame["trial"].tolist() == [0, 2, 1]


def test_a_hyperparameter_keeps_its_type_beside_trials_that_have_none() -> None:
    """A width of 1024 once became 1.02e+03, because the column of another trial was empty."""
    frame = leaderboard([*TRIALS, completed(3, 9.0)], LOSS, NAMES)
    assert [type(value) for value in frame["width"][:2]] == [int, int]
    assert type(frame["normalize"][0]) is bool
    text = frame.to_csv(index=False)
    assert ",1024,1e-05,relu,True," in text
    assert ",64,0.1,,," in text
    again = pandas.read_csv(io.StringIO(text))
    assert again["log_loss"].tolist()[:2] == [1.5, 4.0]


def test_trials_may_have_different_numbers_of_folds() -> None:
    frame = leaderboard([completed(0, 1.0, 2.0, 3.0), completed(1, 5.0)], LOSS, [])
    assert frame[["fold_0", "fold_1", "fold_2"]].iloc[0].tolist() == [1.0, 2.0, 3.0]
    assert frame["fold_0"].iloc[1] == 5.0
    assert numpy.isnan(frame[["fold_1", "fold_2", "standard_error"]].iloc[1].tolist()).all()


@pytest.mark.parametrize(
    "name", ["rank", "epochs", "seconds", "capacity", "state", "reason", "fold_0", "log_loss"]
)
def test_a_hyperparameter_with_the_name_of_a_column_stands_beside_it(name: str) -> None:
    plain_trials = [completed(0, 1.0, 2.0), failed(1)]
    values = ["low", "high"]
    trials = [
        dataclasses.replace(trial, hyperparameters={name: value})
        for trial, value in zip(plain_trials, values, strict=True)
    ]
    frame, plain = leaderboard(trials, LOSS, [name]), leaderboard(plain_trials, LOSS, [])
    pandas.testing.assert_frame_equal(frame[plain.columns], plain)
    assert frame[f"hyperparameters.{name}"].tolist() == values


def test_only_failed_trials_make_a_table_too() -> None:
    frame = leaderboard([failed(1), failed(0, "no memory")], LOSS, ["width"])
    assert frame["trial"].tolist() == [0, 1]
    assert frame["reason"].tolist() == ["no memory", "diverged in epoch 3"]
    assert frame["rank"].isna().all()


def test_no_trials_make_an_empty_table() -> None:
    assert leaderboard([], LOSS, NAMES).empty

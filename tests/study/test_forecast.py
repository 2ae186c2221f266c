"""What a study will take, from networks whose times are known."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from small_studies import FOLDS, prepared_with

from automl.study.forecast import Seconds, forecast
from automl.study.network_sizes import SizedNetwork
from automl.study.preparation import PreparedStudy
from automl.study.shortened import num_fit_rows
from automl.study.timing import Timing
from automl.study.workload import epochs_in_search, expected_epochs


def stub(small: Timing, large: Timing) -> Any:
    def timed(prepared: PreparedStudy, networks: Sequence[SizedNetwork]) -> list[Timing]:
        del prepared
        ends = (small, large)[-len(networks) :]
        return [replace(end, network=network) for end, network in zip(ends, networks, strict=True)]

    return timed


NOBODY = SizedNetwork({}, 0)
SMALL, LARGE = Timing(NOBODY, 2.0, 0.5, 0.1, 1.0), Timing(NOBODY, 4.0, 1.0, 0.3, 1.0)


def test_a_search_of_one_network_after_another_is_a_product() -> None:
    """4 trials of 3 folds; patience 3 of 10 epochs: 6 epochs each."""
    prepared = prepared_with(training={"epochs": 10, "batch_size": 32, "patience": 3, "engine": "sequential"})
    assert expected_epochs(prepared) == 6
    times = forecast(prepared, stub(SMALL, LARGE)).times
    assert times is not None
    seconds = 4 * (4.0 + FOLDS * (6 * 0.3 + 1.0))  # all have one size: the second timing is theirs
    assert (times.search.low, times.search.likely, times.search.high) == pytest.approx(
        (seconds, seconds, seconds)
    )
    assert times.analyses == Seconds(0.0, 0.0, 0.0)
    rows = len(prepared.splits.training) / num_fit_rows(prepared)
    assert times.refit.likely == pytest.approx(4.0 + 3 * rows * 0.3)


def test_between_the_smallest_and_the_largest_network_an_epoch_grows_with_the_weights() -> None:
    space = {"depth": 1, "width": {"choice": [10, 20, 60]}, "learning_rate": 0.01}
    training = {"epochs": 10, "batch_size": 32, "patience": 3, "engine": "sequential"}
    prepared = prepared_with(space=space, training=training, search={"algorithm": "grid", "trials": 3})
    times = forecast(prepared, stub(SMALL, LARGE)).times
    assert times is not None
    epochs = 0.1 + 0.14 + 0.3  # 20 units are a fifth of the way from 10 to 60
    assert times.search.low == pytest.approx(3 * (2.0 + FOLDS * (6 * 0.1 + 0.5)))
    assert times.search.likely == pytest.approx(3 * (3.0 + FOLDS * 0.75) + FOLDS * 6 * epochs)
    assert times.search.high == pytest.approx(3 * (4.0 + FOLDS * (6 * 0.3 + 1.0)))


def test_a_short_budget_has_room_for_its_share_of_the_trials() -> None:
    training = {"epochs": 10, "batch_size": 32, "patience": 3, "engine": "sequential"}
    a_trial = 4.0 + FOLDS * (6 * 0.3 + 1.0)
    sections = {
        "training": training,
        "search": {"algorithm": "grid", "trials": 4, "minutes": 2.5 * a_trial / 60},
    }
    estimate = forecast(prepared_with(budget={"minutes": None}, **sections), stub(SMALL, LARGE))
    assert estimate.times is not None and estimate.times.trials_in_budget == 2
    assert estimate.budget is None and estimate.search_budget == pytest.approx(2.5 * a_trial, rel=1e-3)
    sections["search"] = {"algorithm": "grid", "trials": 4}
    estimate = forecast(prepared_with(budget={"minutes": None}, **sections), stub(SMALL, LARGE))
    assert estimate.times is not None and estimate.times.trials_in_budget == 4
    assert estimate.search_budget is None


def test_of_a_search_with_a_rung_most_networks_train_a_few_epochs() -> None:
    """60 of 100 epochs expected; rungs at 8 (1 of 3 folds), 16 and 32 epochs (2); of 40 trials 24, 12 and 6 go on."""
    sections = {
        "space": {"learning_rate": {"float": [0.001, 0.01]}},
        "training": {"epochs": 100, "patience": 10},
        "search": {"algorithm": "random", "trials": 40},
    }
    epochs = (40 * 8 + 24 * (32 - 8) + 12 * (64 - 32) + 6 * (180 - 64)) / 3
    assert epochs_in_search(prepared_with(**sections)) == pytest.approx(epochs / 40)
    sections["search"] |= {"pruner": "none"}
    assert epochs_in_search(prepared_with(**sections)) == 60


def test_epochs_are_those_that_patience_lets_a_network_train() -> None:
    def epochs(number: int, patience: int) -> float:
        return expected_epochs(prepared_with(training={"epochs": number, "patience": patience}))

    assert epochs(100, 10) == 60 and epochs(10, 20) == 10 and epochs(20, 15) == 16

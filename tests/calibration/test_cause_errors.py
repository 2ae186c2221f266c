"""How often a cause is named that is not one, over planted studies whose bias and variance are known.

"Variance bound" is wrong where the true bias² is larger than the true variance, "bias bound" where it is smaller, "near
the floor" where one of both is a fifth of the loss, "bias or noise" where variance is, "notable variance" where
variance is below a tenth. Such claims may be wrong in
5 % of the analyzed trials.
"""

import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy
import pytest
from stand_ins import (
    Contender,
    Learner,
    Truth,
    World,
    class_world,
    curved_world,
    draw_table,
    linear_world,
    logistic,
    neighbors,
    planted_state,
    random_network,
    ridge,
    truth,
)

from automl.explanation.causes import (
    bias_bound,
    bias_or_noise,
    near_floor,
    notable_variance,
    untried_capacity,
    variance_bound,
)
from automl.explanation.evidence import Evidence
from automl.explanation.floors import LARGER, Floors

RULES = {
    "variance_bound": variance_bound,
    "bias_bound": bias_bound,
    "untried_capacity": untried_capacity,
    "near_floor": near_floor,
    "bias_or_noise": bias_or_noise,
    "notable_variance": notable_variance,
}
LINES = [Contender(ridge(strength), 3) for strength in (1e-6, 1.0, 10.0, 100.0)]
NETWORKS = [
    Contender(random_network(width, strength), 4 * width)
    for width, strength in (
        (20, 1e-3), (100, 1e-4), (100, 1e-2), (100, 1.0), (300, 1e-5), (300, 1e-2), (300, 0.3), (300, 10.0),
    )
]  # fmt: skip
PLAIN: dict[str, Learner] = {"linear": ridge(1.0), "gradient boosting": neighbors(7)}
"""Neighbors stand in for boosting: a model of another kind that bends."""

STUDIES: Mapping[str, tuple[World, list[Contender], Mapping[str, Learner], float | None]] = {
    "lines on a curve": (curved_world(), LINES, {}, None),
    "lines on a curve, baselines": (curved_world(), LINES, PLAIN, None),
    "networks": (curved_world(), NETWORKS, PLAIN, None),
    "networks, noise known": (curved_world(), NETWORKS, PLAIN, 0.09),
    "many columns": (
        linear_world(60),
        [Contender(ridge(strength), 61) for strength in (1.0, 10.0, 30.0, 100.0, 300.0, 1000.0)],
        {"linear": ridge(1.0)},
        None,
    ),
    "one network": (curved_world(), [NETWORKS[4]], {"linear": ridge(1.0)}, None),
    "classes": (
        class_world(20),
        [
            *(Contender(logistic(strength), 21) for strength in (1e-2, 5.0, 30.0, 200.0)),
            Contender(logistic(3.0, 2), 231),
        ],
        {"linear": logistic(1.0)},
        None,
    ),
}


def is_wrong(name: str, true: Truth) -> bool:
    risk = true.variance + true.rest
    return {
        "variance_bound": true.variance < true.bias,
        "bias_bound": true.bias < true.variance,
        "near_floor": max(true.variance, true.bias) > 0.2 * risk,
        "bias_or_noise": true.variance > 0.2 * risk,
        "notable_variance": true.variance < 0.1 * risk,
    }.get(name, False)


def named(folder: Path, study: str, num_tables: int) -> tuple[list[Counter[str]], int]:
    """What is said of each trial over so many tables, and how much of it is wrong."""
    world, trials, baselines, noise = STUDIES[study]
    truths = [truth(world, trial.learner, 200) for trial in trials]
    generator, counters, wrong = numpy.random.default_rng(11), [Counter[str]() for _ in trials], 0
    largest = max(trial.capacity for trial in trials)
    for number in range(num_tables):
        place = folder / str(number)
        state = planted_state(place, draw_table(world, generator), trials, baselines, number, noise)
        floors = Floors(state)
        for trial, learner_trial, true, counted in zip(state.trials, trials, truths, counters, strict=True):
            larger = largest >= LARGER * learner_trial.capacity
            parts = state.bias_variance[trial.number]
            evidence = Evidence(trial, 100, None, parts, floors.of(trial), larger)
            name = next((name for name, rule in RULES.items() if rule(evidence)), "undecided")
            counted[name] += 1
            wrong += is_wrong(name, true)
        shutil.rmtree(place)
    return counters, wrong


def test_lines_on_a_curve_are_never_called_variance_bound(tmp_path: Path) -> None:
    """All trials have the same bias, so that none stands out; nor is there a baseline."""
    counters, wrong = named(tmp_path, "lines on a curve", 6)
    assert wrong == 0
    for counted in counters:
        assert set(counted) <= {"untried_capacity", "bias_bound"}
    assert counters[0] == {"untried_capacity": 6}
    with_baselines, _ = named(tmp_path, "lines on a curve, baselines", 6)
    assert sum(counted["bias_bound"] for counted in with_baselines) >= 22, "of 24"


@pytest.mark.slow
@pytest.mark.parametrize("study", STUDIES)
def test_few_causes_are_wrong(tmp_path: Path, study: str) -> None:
    """At most 5 % of the analyzed trials; it was none of 750 when this was written."""
    num_tables = 25
    counters, wrong = named(tmp_path, study, num_tables)
    assert wrong <= 0.05 * num_tables * len(counters), [dict(counted) for counted in counters]

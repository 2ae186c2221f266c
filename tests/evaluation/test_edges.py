"""Edges of ranges: said where trials at an edge are better than those in the middle, and hardly ever by chance."""

import numpy
import pytest
from paper_trials import completed, failed

from automl.evaluation.edges import edges
from automl.trial import Direction, Objective

LOSS = Objective("log_loss", Direction.MINIMIZE)
GAIN = Objective("log_loss", Direction.MAXIMIZE)
LINEAR = {"learning_rate": (0.0, 1.0, False)}


def ranked(*values):
    """Trials with these learning rates, the best first."""
    return [completed(i, float(i), learning_rate=value) for i, value in enumerate(values)]


def filled(*best, count=12):
    """The same, followed by others that lie evenly in the middle."""
    return ranked(*best, *numpy.linspace(0.3, 0.7, count).tolist())


@pytest.mark.parametrize(
    ("best", "edge"),
    [
        ((0.95, 0.80, 0.76, 0.99), "high"),
        ((0.90, 0.76, 0.77, 0.50), "high"),
        ((0.89, 0.95, 0.95, 0.95), None),  # the best is not in the outer tenth
        ((0.95, 0.70, 0.10, 0.70), None),  # the best is there alone
        ((0.05, 0.20, 0.15, 0.90), "low"),
        ((0.10, 0.24, 0.23, 0.90), "low"),
        ((0.05, 0.95, 0.95, 0.95), None),  # the others are at the other side
        ((0.50, 0.50, 0.50, 0.50), None),
    ],
)
def test_an_edge_needs_the_best_trial_and_the_best_quarter(best, edge):
    trials = filled(*best)
    assert edges(trials, LOSS, LINEAR) == ({"learning_rate": edge} if edge else {})
    assert edges(trials, GAIN, LINEAR) == {}


def test_the_trials_at_an_edge_must_be_better_than_those_in_the_middle():
    """Three good trials at the edge and nine bad ones there; those in the middle are in between."""
    trials = ranked(0.95, 0.9, 0.85, 0.8, *numpy.linspace(0.3, 0.7, 12).tolist(), *[0.9] * 9)
    assert edges(trials, LOSS, LINEAR) == {}
    assert edges(trials[:-9], LOSS, LINEAR) == {"learning_rate": "high"}


def test_a_logarithmic_range_has_its_tenth_in_orders_of_magnitude():
    """Of 1e-5 to 1, the lowest tenth ends at 10^−4.5 = 3.2e-5, and a quarter at 10^−3.75 = 1.8e-4."""
    near, far = (
        ranked(best, 1.7e-4, 1.6e-4, 1.5e-4, *numpy.geomspace(1e-3, 1e-2, 12).tolist())
        for best in (3.1e-5, 3.3e-5)
    )
    logarithmic = {"learning_rate": (1e-5, 1.0, True)}
    assert edges(near, LOSS, logarithmic, {"learning_rate"}) == {"learning_rate": "low"}
    assert edges(far, LOSS, logarithmic, {"learning_rate"}) == {}


def whole(*layers):
    return [completed(i, float(i), layers=count) for i, count in enumerate(layers)]


def test_whole_numbers_are_at_the_edge_at_the_bound():
    bounds = {"layers": (1, 4, False)}
    at, beside = (whole(best, best, best, best, *[2, 3] * 5, *[1] * 2) for best in (4, 3))
    assert edges(at, LOSS, bounds) == {"layers": "high"}
    assert edges(beside, LOSS, bounds) == {}


def test_of_two_values_none_is_an_edge():
    """Each of them is the best at one end, whatever the scores are."""
    assert edges(whole(*[2] * 10, *[1] * 10), LOSS, {"layers": (1, 2, False)}) == {}
    assert edges(whole(*[3] * 10, *[2] * 10, *[1] * 10), LOSS, {"layers": (1, 3, False)}) == {
        "layers": "high"
    }


def test_what_another_hyperparameter_does_makes_no_edge_of_this_one():
    """As a search that has found good rates goes to wide networks: the width changes nothing beside the rate."""
    generator = numpy.random.default_rng(0)
    trials = []
    for number in range(60):
        rate = float(generator.uniform())
        width = float(numpy.clip(1.0 - rate + 0.3 * generator.normal(), 0.0, 1.0))
        trials.append(completed(number, rate + 0.02 * float(generator.normal()), rate=rate, width=width))
    bounds = {"width": (0.0, 1.0, False)}
    alone = [
        completed(trial.number, trial.mean("log_loss"), width=trial.hyperparameters["width"])
        for trial in trials
    ]
    assert edges(alone, LOSS, bounds) == {"width": "high"}
    assert edges(trials, LOSS, bounds) == {}


def test_what_is_absent_failed_or_fixed_has_no_edge():
    assert edges([], LOSS, LINEAR) == {}
    assert edges([failed(0, learning_rate=1.0)], LOSS, LINEAR) == {}
    assert edges([completed(0, 1.0, width=3)], LOSS, LINEAR) == {}
    assert edges(ranked(1.0), LOSS, {"learning_rate": (1.0, 1.0, False)}) == {}
    # of the best quarter only some have it
    trials = filled(1.0, 0.9, 0.95, 0.85)
    trials.insert(1, completed(99, 0.5, width=3))
    assert edges(trials, LOSS, LINEAR) == {"learning_rate": "high"}


def test_scores_that_depend_on_nothing_hardly_ever_have_an_edge():
    """A hundred studies of 20 trials and four ranges; it was 30 %, and 83 % with a depth of 1 or 2 among them."""
    lines = []
    for seed in range(100):
        generator = numpy.random.default_rng(seed)
        trials = [
            completed(
                number,
                float(generator.normal()),
                depth=int(generator.integers(1, 3)),
                width=int(generator.choice([32, 64, 128, 256])),
                dropout=float(generator.uniform(0.0, 0.5)),
                rate=float(10 ** generator.uniform(-4, -1)),
            )
            for number in range(20)
        ]
        bounds = {
            "depth": (1, 2, False),
            "width": (32, 256, False),
            "dropout": (0.0, 0.5, False),
            "rate": (1e-4, 1e-1, True),
        }
        lines.append(bool(edges(trials, LOSS, bounds, {"rate"})))
    assert numpy.mean(lines) <= 0.05 + 2.0 * (0.05 * 0.95 / 100) ** 0.5

"""Greedy selection: known answers, an independent greedy search, ties, other orders and units of the same."""

import itertools
from fractions import Fraction

import numpy
import pytest

from automl.ensembles.selection import MOST_MEMBERS, blend, most_candidates, ranked, select
from automl.evaluation.fold_scores import fold_scores
from automl.evaluation.metrics import METRICS
from automl.evaluation.resampling import ScoredRows
from automl.trial import Direction, Task


def squared(target):
    return lambda blends: numpy.array([numpy.mean((prediction - target) ** 2) for prediction in blends])


def drawn(num_trials=6, num_rows=40, seed=0):
    generator = numpy.random.default_rng(seed)
    target = generator.normal(size=(1, num_rows))
    return target, [target + generator.normal(size=target.shape) for _ in range(num_trials)]


def test_errors_that_cancel_are_taken_in_equal_parts():
    target = numpy.zeros((1, 4))
    above, below, far = target + 1.0, target - 1.0, target + 3.0
    chosen = select([far, above, below], squared(target), Direction.MINIMIZE)
    assert chosen.counts == ((1, 1), (2, 1))
    assert chosen.weights == {1: 0.5, 2: 0.5}
    assert chosen.scores == (1.0, 0.0)


def test_three_parts_of_one_balance_one_part_of_another():
    target = numpy.zeros((1, 1))
    chosen = select([target + 1.0, target - 3.0], squared(target), Direction.MINIMIZE)
    assert chosen.counts == ((0, 3), (1, 1))
    assert numpy.allclose(blend([target + 1.0, target - 3.0], chosen.weights), 0.0)


def test_a_trial_that_nothing_improves_is_alone():
    target = numpy.arange(5.0)[None]
    chosen = select([target, target + 1.0], squared(target), Direction.MINIMIZE)
    assert chosen.counts == ((0, 1),)
    assert len(chosen.scores) == 1  # the shortest beginning, though more steps keep the score


def test_a_single_candidate_is_the_whole():
    target, predictions = drawn(1)
    assert select(predictions, squared(target), Direction.MINIMIZE).counts == ((0, 1),)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_greedy_search_written_with_fractions(seed):
    generator = numpy.random.default_rng(seed)
    whole = generator.integers(-9, 10, (5, 7))
    target = numpy.zeros((1, 7))

    def loss(taken):
        means = [Fraction(int(whole[list(taken), row].sum()), len(taken)) for row in range(7)]
        return sum(mean**2 for mean in means)

    alone = sorted(range(5), key=lambda place: (loss([place]), place))
    taken, losses = [], []
    for _ in range(12):
        candidates = sorted(alone, key=lambda place: (loss([*taken, place]), place not in taken))
        taken.append(candidates[0])
        losses.append(loss(taken))
    best_places = taken[: losses.index(min(losses)) + 1]
    chosen = select([row[None].astype(float) for row in whole], squared(target), Direction.MINIMIZE, 12)
    assert dict(chosen.counts) == {place: best_places.count(place) for place in set(best_places)}


def test_a_tie_goes_to_a_trial_that_is_in():
    target = numpy.zeros((1, 2))
    first, twin = numpy.array([[1.0, 0.0]]), numpy.array([[1.0, 0.0]])
    third = numpy.array([[0.0, 1.0]])
    chosen = select([first, twin, third], squared(target), Direction.MINIMIZE)
    assert chosen.counts == ((0, 1), (2, 1))


def test_another_order_of_the_trials_changes_the_places_only():
    target, predictions = drawn()
    score = squared(target)
    expected = dict(select(predictions, score, Direction.MINIMIZE).counts)
    for order in itertools.islice(itertools.permutations(range(6)), 0, 720, 97):
        reordered = select([predictions[place] for place in order], score, Direction.MINIMIZE)
        assert {order[place]: count for place, count in reordered.counts} == expected


@pytest.mark.parametrize("unit", [1e-7, 1e6])
def test_other_units_of_the_target_change_nothing(unit):
    target, predictions = drawn()
    expected = select(predictions, squared(target), Direction.MINIMIZE).counts
    scaled = [unit * prediction for prediction in predictions]
    assert select(scaled, squared(unit * target), Direction.MINIMIZE).counts == expected


def test_no_more_than_the_most_members_are_taken():
    generator = numpy.random.default_rng(1)
    target = numpy.zeros((1, 400))
    predictions = [target + generator.normal(size=target.shape) for _ in range(60)]
    assert len(select(predictions, squared(target), Direction.MINIMIZE).counts) == MOST_MEMBERS


@pytest.mark.parametrize("name", METRICS)
def test_no_metric_is_worse_than_that_of_the_best_trial(name):
    metric, generator = METRICS[name], numpy.random.default_rng(3)
    regression = Task.REGRESSION in metric.tasks
    num_classes = 2 if Task.BINARY in metric.tasks else max(3, metric.fewest_classes)
    target = generator.normal(5.0, 1.0, 60) if regression else generator.integers(0, num_classes, 60)
    rows = ScoredRows(target, numpy.ones(60), numpy.arange(60)[None] % 3, numpy.arange(60))

    def prediction():
        if regression:
            return (target + generator.normal(size=60))[None]
        odds = generator.normal(size=(60, num_classes)) + 1.5 * numpy.eye(num_classes)[target]
        return (numpy.exp(odds) / numpy.exp(odds).sum(axis=1, keepdims=True))[None]

    predictions = [prediction() for _ in range(5)]

    def score(blends):
        return fold_scores(metric, rows, blends).means(numpy.ones((1, 60)))[0]

    chosen = select(predictions, score, metric.direction)
    best = score(predictions)[ranked(score(predictions), metric.direction)[0]]
    blend_score = score([blend(predictions, chosen.weights)])[0]
    sign = 1.0 if metric.direction is Direction.MINIMIZE else -1.0
    assert blend_score == pytest.approx(chosen.scores[-1])
    assert sign * blend_score <= sign * best + 1e-6 * abs(best)


def test_undefined_scores_are_never_the_best():
    assert ranked([numpy.nan, 2.0, 1.0], Direction.MINIMIZE) == [2, 1, 0]
    assert ranked([numpy.nan, 2.0, 1.0], Direction.MAXIMIZE) == [1, 2, 0]


def test_few_rows_choose_among_few_trials():
    assert [most_candidates(rows) for rows in (50, 100, 101, 2_500, 10_001, 10**6)] == [4, 4, 8, 15, 100, 100]

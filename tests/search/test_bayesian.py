"""What is special to Bayesian optimization: what its model sees, and that it finds good trials."""

import itertools
import math
import statistics
from collections.abc import Callable

import numpy
import pytest
from search_spaces import ACCURACY, LOSS, assert_distinct, build, quadratic, space_of
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from automl.search.bayesian import num_initial_points
from automl.search.gaussian_process import QuickGaussianProcess
from automl.search.sampler import Proposal
from automl.search.scores import shown_scores
from automl.search.table import make_sampler
from automl.trial import Direction, Hyperparameters


def test_scores_are_shown_as_they_are_until_the_model_begins() -> None:
    told = {0: 3.0, 2: math.nan, 3: 1e300}
    assert shown_scores(told, 5, Direction.MINIMIZE, 3) == [3.0, None, None, 1e300, None]


@pytest.mark.parametrize("direction", Direction)
def test_the_model_sees_ranks_means_and_bad_news(direction: Direction) -> None:
    sign = 1.0 if direction is Direction.MINIMIZE else -1.0
    told = {4: sign * 1e300, 0: sign * 2.0, 1: sign * 1.0, 2: None, 5: sign * math.inf}
    shown = [sign * float(score or 0.0) for score in shown_scores(told, 7, direction, 3)]
    assert shown[1] < shown[0] < shown[4] < shown[2] == shown[5]
    assert shown[3] == shown[6] == 0.0
    assert max(map(abs, shown)) < 3.0
    assert statistics.fmean(shown) == pytest.approx(0.0, abs=0.05)


def cliff(hyperparameters: Hyperparameters) -> float:
    """The same, but networks diverge at learning rates above 0.012."""
    return math.inf if float(hyperparameters["learning_rate"]) > 0.012 else quadratic(hyperparameters)


def search(
    name: str, function: Callable[[Hyperparameters], float], num_trials: int, seed: int, cohort: int = 1
) -> list[float]:
    """The losses of a study that even seeds minimize and odd seeds maximize."""
    objective, sign = (LOSS, 1.0) if seed % 2 == 0 else (ACCURACY, -1.0)
    sampler = make_sampler(name, space_of("continuous"), objective, num_trials, seed)
    losses: list[float] = []
    while len(losses) < num_trials:
        proposals = sampler.ask(min(cohort, num_trials - len(losses)))
        scores = [function(proposal.hyperparameters) for proposal in proposals]
        sampler.tell([(one.number, sign * loss) for one, loss in zip(proposals, scores, strict=True)])
        losses += scores
    return losses


def test_bayesian_beats_random_in_both_directions() -> None:
    random = [min(search("random", quadratic, 12, seed)) for seed in range(12)]
    bayesian = [min(search("bayesian", quadratic, 12, seed)) for seed in range(12)]
    for direction in (0, 1):
        assert statistics.median(bayesian[direction::2]) < 0.5 * statistics.median(random[direction::2])


def test_bayesian_leaves_the_corner_where_trials_fail() -> None:
    studies = [search("bayesian", cliff, 16, seed) for seed in range(8)]
    random = [search("random", cliff, 16, seed) for seed in range(8)]
    assert sum(map(math.isinf, itertools.chain(*studies))) < 40  # of 128; a third of all random trials fail
    assert statistics.median(map(min, studies)) < 0.7 * statistics.median(map(min, random))


def test_bayesian_learns_from_cohorts_and_sees_pending_trials() -> None:
    losses = search("bayesian", quadratic, 16, seed=0, cohort=4)
    assert min(losses[8:]) < min(losses[:4])
    sampler = make_sampler("bayesian", space_of("continuous"), LOSS, 9, 0)
    sampler.tell([(one.number, quadratic(one.hyperparameters)) for one in sampler.ask(4)])
    pending = [float(one.hyperparameters["dropout"]) for one in sampler.ask(3)]
    assert max(pending) - min(pending) > 0.05


def test_cohorts_are_the_random_trials_and_then_a_quarter_of_what_is_known() -> None:
    sampler = make_sampler("bayesian", space_of("continuous"), LOSS, 60, 0)
    sizes: list[int] = []
    for _ in range(6):
        size = sampler.cohort_size()
        assert size is not None
        sizes.append(size)
        sampler.tell([(one.number, quadratic(one.hyperparameters)) for one in sampler.ask(size)])
    assert sizes == [6, 1, 1, 2, 2, 3]


def test_bayesian_does_not_depend_on_the_order_of_telling() -> None:
    first, second = (make_sampler("bayesian", space_of("continuous"), LOSS, 9, 0) for _ in range(2))
    results = [(proposal.number, quadratic(proposal.hyperparameters)) for proposal in first.ask(4)]
    assert second.ask(4)
    first.tell(results)
    second.tell(results[2:])
    second.tell([(0, 99.0), *results[1::-1]])
    assert first.ask(1) == second.ask(1)


def test_bayesian_exhausts_a_finite_space_with_its_model() -> None:
    entries = {"depth": {"int": [1, 3]}, "width": {"choice": [16, 32, 64]}}
    space = build(entries)
    sampler = make_sampler("bayesian", space, LOSS, 9, 0)
    proposals: list[Proposal] = []
    for _ in range(12):
        asked = sampler.ask(1)
        proposals += asked
        sampler.tell([(one.number, float(one.hyperparameters["depth"])) for one in asked])
    assert len(proposals) == 9
    assert_distinct(proposals)


def test_the_quick_gaussian_process_is_that_of_scikit_learn() -> None:
    generator = numpy.random.default_rng(0)
    points = generator.uniform(size=(30, 2))
    scores = numpy.cos(2.0 * points).sum(axis=1)
    scores = (scores - scores.mean()) / scores.std()
    twin = GaussianProcessRegressor(Matern(nu=2.5), alpha=1e-4, random_state=1).fit(points, scores)
    quick = QuickGaussianProcess(GaussianProcessRegressor(Matern(nu=2.5), alpha=1e-4, random_state=1))
    quick.fit(points, scores)
    for point in (*generator.uniform(size=(20, 1, 2)), points[:1]):
        for ours, theirs in zip(
            quick.predict(point, return_std=True), twin.predict(point, return_std=True), strict=True
        ):
            numpy.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    ("num_searched", "num_trials", "initial"), [(5, 20, 6), (5, 1, 3), (2, 100, 6), (5, 1000, 15), (0, 9, 1)]
)
def test_the_model_begins_within_a_small_study(num_searched: int, num_trials: int, initial: int) -> None:
    assert num_initial_points(num_searched, num_trials) == initial

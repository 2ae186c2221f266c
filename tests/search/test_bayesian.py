"""What is special to Bayesian optimization: what its model sees, and that it finds good trials."""

import itertools
import math
import statistics
from collections.abc import Callable

import numpy
import pytest
import scipy.optimize
from numpy.typing import NDArray
from search_spaces import ACCURACY, LOSS, assert_distinct, build, quadratic, space_of
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from automl.search.bayesian import num_initial_points
from automl.search.gaussian_process import GaussianProcess, least_bound
from automl.search.sampler import EndedEarly, Proposal
from automl.search.scores import finite_scores, num_ranked, shown_numbers, shown_scores
from automl.search.table import make_sampler
from automl.trial import Direction, Hyperparameters


@pytest.mark.parametrize("direction", Direction)
def test_the_model_sees_ranks_means_and_bad_news(direction: Direction) -> None:
    sign = 1.0 if direction is Direction.MINIMIZE else -1.0
    results = {4: sign * 1e300, 0: sign * 2.0, 1: sign * 1.0, 2: None, 5: sign * math.inf}
    assert num_ranked(results) == 3
    shown = [sign * score for score in shown_scores(results, 7, direction)]
    assert shown[1] < shown[0] < shown[4] < shown[2] == shown[5]
    assert shown[3] == shown[6] == 0.0
    assert max(map(abs, shown)) < 3.0
    assert statistics.fmean(shown) == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("direction", Direction)
def test_a_trial_that_was_ended_early_ranks_between_the_scored_and_the_failed(direction: Direction) -> None:
    """By its rung, then by its loss there, which never passes for a score."""
    sign = 1.0 if direction is Direction.MINIMIZE else -1.0
    results = {
        0: sign * 5.0,
        1: EndedEarly(1, 0.1),
        2: None,
        3: EndedEarly(2, 9.0),
        4: EndedEarly(1, 0.3),
        5: sign * 7.0,
        6: EndedEarly(1, math.nan),
        7: EndedEarly(1, 0.3),
    }
    scores = finite_scores(results, direction)
    assert sorted(scores, key=lambda number: sign * scores[number]) == [0, 5, 3, 1, 4, 7, 6, 2]
    assert scores[4] == scores[7] and all(map(math.isfinite, scores.values()))
    assert len(set(scores.values())) == 7
    assert num_ranked(results) == 7


def test_losses_of_trials_that_were_ended_early_are_compared_within_their_scale() -> None:
    """Logarithms of a target have smaller losses, which say nothing: the best of either scale are alike."""
    results = {number: EndedEarly(1, loss) for number, loss in enumerate((40.0, 20.0, 30.0))}
    results |= {number: EndedEarly(1, loss, "log") for number, loss in enumerate((0.3, 0.1, 0.2), start=3)}
    scores = finite_scores(results, Direction.MINIMIZE)
    assert scores[1] == scores[4] < scores[2] == scores[5] < scores[0] == scores[3]


def test_no_result_shows_nothing() -> None:
    assert num_ranked({}) == 0
    assert shown_scores({}, 2, Direction.MINIMIZE) == [0.0, 0.0]


@pytest.mark.parametrize("direction", Direction)
def test_of_many_trials_the_model_sees_the_last_and_the_best(direction: Direction) -> None:
    """Of 700, with 250 of the best losses at the even numbers below 500: those and the numbers from 450 on."""
    sign = 1.0 if direction is Direction.MINIMIZE else -1.0
    scores = [sign * (number % 2 + number / 1e6) for number in range(700)]
    assert shown_numbers(scores[:500], direction) == list(range(500))
    best = [*range(0, 450, 2), *range(1, 50, 2)]  # 225 even ones, and the first 25 of the others
    assert shown_numbers(scores, direction) == sorted([*best, *range(450, 700)])


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
        sampler.tell(
            [(proposal.number, sign * loss) for proposal, loss in zip(proposals, scores, strict=True)]
        )
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
    sampler.tell([(proposal.number, quadratic(proposal.hyperparameters)) for proposal in sampler.ask(4)])
    pending = [float(proposal.hyperparameters["dropout"]) for proposal in sampler.ask(3)]
    assert max(pending) - min(pending) > 0.05


def test_cohorts_are_the_random_trials_and_then_a_quarter_of_what_is_known() -> None:
    sampler = make_sampler("bayesian", space_of("continuous"), LOSS, 60, 0)
    sizes: list[int] = []
    for _ in range(6):
        size = sampler.cohort_size()
        assert size is not None
        sizes.append(size)
        sampler.tell(
            [(proposal.number, quadratic(proposal.hyperparameters)) for proposal in sampler.ask(size)]
        )
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
        cohort = sampler.ask(1)
        proposals += cohort
        sampler.tell([(proposal.number, float(proposal.hyperparameters["depth"])) for proposal in cohort])
    assert len(proposals) == 9
    assert_distinct(proposals)


def scores_of_waves(
    num_points: int, noise: float = 0.1
) -> tuple[NDArray[numpy.float64], NDArray[numpy.float64]]:
    generator = numpy.random.default_rng(0)
    points = generator.uniform(size=(num_points, 2))
    scores = numpy.cos(2.0 * points).sum(axis=1) + noise * generator.normal(size=num_points)
    return points, (scores - scores.mean()) / scores.std()


def test_the_gaussian_process_is_that_of_scikit_learn() -> None:
    """With its 21 starts, as KerasTuner's oracle has, it finds no length scale that is more probable."""
    points, scores = scores_of_waves(30)
    ours = GaussianProcess(points, scores, 1e-4)
    fitted = GaussianProcessRegressor(Matern(nu=2.5), alpha=1e-4, n_restarts_optimizer=20, random_state=1)
    fitted.fit(points, scores)
    assert ours.length_scale == pytest.approx(fitted.kernel_.length_scale, rel=1e-3)
    constant = len(points) / 2 * math.log(2 * math.pi)
    best = ours.log_likelihood(ours.length_scale) - constant
    assert best == pytest.approx(fitted.log_marginal_likelihood_value_, abs=1e-5)
    twin = GaussianProcessRegressor(Matern(ours.length_scale, nu=2.5), alpha=1e-4, optimizer=None)
    twin.fit(points, scores)
    for point in (*numpy.random.default_rng(1).uniform(size=(20, 2)), points[0]):
        (mean,), (deviation,) = twin.predict(point[None], return_std=True)
        assert ours.predict(point) == pytest.approx((mean, deviation), rel=1e-6, abs=1e-8)


def test_the_derivatives_of_the_bound_are_its_differences() -> None:
    process = GaussianProcess(*scores_of_waves(30), 1e-4)
    for point in numpy.random.default_rng(2).uniform(size=(20, 2)):
        bound, slopes = process.lower_bound(point, 2.6)
        mean, deviation = process.predict(point)
        assert bound == pytest.approx(mean - 2.6 * deviation, abs=1e-9)
        differences = scipy.optimize.approx_fprime(point, lambda at: process.lower_bound(at, 2.6)[0], 1e-7)
        assert slopes == pytest.approx(differences, rel=1e-3, abs=1e-4)


def test_the_least_bound_is_that_of_a_fine_grid() -> None:
    """Of a smooth process, whose bound has few valleys: a valley that no start lies in is not found."""
    process = GaussianProcess(*scores_of_waves(15, noise=0.0), 1e-4)
    points = least_bound(process, 2.6, numpy.random.default_rng(3).uniform(size=(50, 2)))
    grid = itertools.product(numpy.linspace(0.0, 1.0, 101), repeat=2)
    least = min(process.lower_bound(numpy.array(point), 2.6)[0] for point in grid)
    assert points.min() >= 0.0 and points.max() <= 1.0
    assert least - 0.01 < process.lower_bound(points, 2.6)[0] <= least


@pytest.mark.parametrize(
    ("num_searched", "num_trials", "initial"), [(5, 20, 6), (5, 1, 3), (2, 100, 6), (5, 1000, 15), (0, 9, 1)]
)
def test_the_model_begins_within_a_small_study(num_searched: int, num_trials: int, initial: int) -> None:
    assert num_initial_points(num_searched, num_trials) == initial

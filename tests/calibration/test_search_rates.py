"""How much selection bias a search by the scores on all rows leaves in the corrected score.

Configurations that were proposed by all rows are not independent of the rows that a resample leaves out. All are equal
in truth, and what is by chance is smooth over the space, so that a model can learn it: the worst case.
"""

import math
import sys
from collections.abc import Callable

import numpy
import pytest
from scipy import stats

from automl.evaluation.correction import corrected_score
from automl.evaluation.metrics import METRICS
from automl.evaluation.resampling import ScoredRows
from automl.search.space.parameters import Float
from automl.search.space.space import Space
from automl.search.table import make_sampler
from automl.trial import Direction, Objective

pytestmark = pytest.mark.slow
NUM_ROWS, TRUTH = 200, 20.0

Losses = Callable[[numpy.ndarray], numpy.ndarray]


def smooth_losses(generator: numpy.random.Generator, dimensions: int) -> Losses:
    """By row, of configurations that are points of the unit cube: a random function of the place, of mean 20."""
    weights = generator.normal(size=(64, dimensions)) * 3.0
    phases = generator.uniform(0.0, 2.0 * math.pi, 64)
    amplitudes = generator.normal(size=(64, NUM_ROWS)) / 4.0
    return lambda points: TRUTH + numpy.cos(points @ weights.T + phases) @ amplitudes


def by_a_sampler(name: str, losses: Losses, dimensions: int, num_trials: int, seed: int) -> numpy.ndarray:
    """Configurations that a sampler of the product asks for, in cohorts of its own size."""
    names = [f"x{number}" for number in range(dimensions)]
    space = Space(tuple(Float(axis, 0.0, 1.0) for axis in names))
    sampler = make_sampler(name, space, Objective("mae", Direction.MINIMIZE), num_trials, seed)
    points = numpy.empty((0, dimensions))
    while len(points) < num_trials:
        proposals = sampler.ask(min(sampler.cohort_size() or 10, num_trials - len(points)))
        fresh = numpy.array(
            [[float(proposal.hyperparameters[axis]) for axis in names] for proposal in proposals]
        )
        means = losses(fresh).mean(axis=1).tolist()
        sampler.tell([(proposal.number, mean) for proposal, mean in zip(proposals, means, strict=True)])
        points = numpy.concatenate([points, fresh])
    return points


def by_a_process(losses: Losses, dimensions: int, num_trials: int, seed: int) -> numpy.ndarray:
    """Configurations of the largest expected improvement under a Gaussian process, one after another."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF

    generator = numpy.random.default_rng((seed, 1))
    points = generator.random((10, dimensions))
    while len(points) < num_trials:
        fresh = generator.random((500, dimensions))
        means = losses(points).mean(axis=1)
        model = GaussianProcessRegressor(RBF(0.3), alpha=1e-6, normalize_y=True, optimizer=None)
        mean, deviation = model.fit(points, means).predict(fresh, return_std=True)
        ahead = (means.min() - mean) / numpy.maximum(deviation, 1e-12)
        gain = deviation * (ahead * stats.norm.cdf(ahead) + stats.norm.pdf(ahead))
        points = numpy.concatenate([points, fresh[[gain.argmax()]]])
    return points


@pytest.mark.parametrize(
    ("search", "dimensions", "num_trials", "low", "high"),
    [
        ("random", 2, 50, -0.3, 0.15),
        ("random", 5, 50, -0.3, 0.15),
        ("process", 2, 50, -0.3, 0.2),
        ("process", 5, 50, 0.1, 0.45),
        ("tpe", 2, 50, -0.3, 0.25),
        ("tpe", 5, 25, 0.05, 0.35),
        ("tpe", 5, 100, 0.25, 0.5),
    ],
)
def test_how_much_selection_bias_a_search_leaves(
    search: str, dimensions: int, num_trials: int, low: float, high: float
) -> None:
    """The share that is left, as docs/statistics.md and the verdict have it, within three standard errors."""
    looks, left = [], []
    for seed in range(40):
        losses = smooth_losses(numpy.random.default_rng(seed), dimensions)
        place = (losses, dimensions, num_trials, seed)
        table = losses(by_a_process(*place) if search == "process" else by_a_sampler(search, *place))
        rows = ScoredRows(
            numpy.zeros(NUM_ROWS),
            numpy.ones(NUM_ROWS),
            (numpy.arange(NUM_ROWS) % 5)[None],
            numpy.arange(NUM_ROWS),
        )
        corrected = corrected_score(
            METRICS["mae"], rows, [trial_losses[None] for trial_losses in table], seed
        ).estimate.value
        looks.append(table.mean(axis=1).min() - TRUTH)
        left.append(corrected - TRUTH)
    share = numpy.mean(left) / numpy.mean(looks)
    sys.stdout.write(f"\n{search}, {dimensions} dimensions, {num_trials} trials: left {share:.3f}\n")
    assert low <= share <= high

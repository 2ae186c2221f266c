"""Models that are fitted in closed form, on tables of known truth: stand-ins for networks, thousands in a minute.

Nothing here is what is tested: the functions of the product get the predictions of these models and have to say of one
table what is true over all tables.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy
from made_states import STARTED, decomposed, made_state
from paper_trials import completed

from automl.evaluation.bias_variance import BiasVariance, summarize
from automl.evaluation.decomposition import cross_entropy_parts
from automl.evaluation.pairing import Blocks, BlockSums, make_blocks
from automl.evaluation.predictions import Predictions, Targets
from automl.records.events import Event, VerdictReached
from automl.records.files import answer_file
from automl.records.state import BIAS_VARIANCE, StudyState
from automl.records.sums import baseline_file, write_sums

Array = numpy.ndarray
Generator = numpy.random.Generator

NUM_ROWS, NUM_FOLDS, NUM_RESAMPLES = 200, 5, 16


@dataclass(frozen=True)
class World:
    """What tables are drawn from.

    Attributes:
        draw: Features of so many rows, and what their target is without noise (for classes the probability of the
            second one).
        noise: Variance of what is added; 0 for classes.
        tail: Degrees of freedom of the noise, as of Student's t; infinite for a normal one.
    """

    draw: Callable[[Generator, int], tuple[Array, Array]]
    noise: float
    tail: float = math.inf

    @property
    def classes(self) -> bool:
        """Whether the target is one of two classes."""
        return self.noise == 0.0

    def table(self, generator: Generator, count: int) -> tuple[Array, Array]:
        """Features and target."""
        features, expected = self.draw(generator, count)
        if self.classes:
            return features, (generator.random(count) < expected).astype(int)
        unit = generator.normal(size=count)
        if math.isfinite(self.tail):
            unit = generator.standard_t(self.tail, count) / math.sqrt(self.tail / (self.tail - 2.0))
        return features, expected + math.sqrt(self.noise) * unit


Learner = Callable[[Array, Array, Array, Array, Generator], Array]
"""Predictions for other features, from features, target and counts of rows."""


def linear_world(num_features: int, noise: float = 0.25, tail: float = math.inf) -> World:
    weights = numpy.random.default_rng(1).normal(size=num_features) / math.sqrt(num_features)

    def draw(generator: Generator, count: int) -> tuple[Array, Array]:
        features = generator.normal(size=(count, num_features))
        return features, features @ weights

    return World(draw, noise, tail)


def curved_world(noise: float = 0.09) -> World:
    def draw(generator: Generator, count: int) -> tuple[Array, Array]:
        features = generator.uniform(-1.0, 1.0, (count, 2))
        return features, numpy.sin(3.0 * features[:, 0]) + features[:, 0] * features[:, 1]

    return World(draw, noise)


def class_world(num_features: int, curve: float = 0.0) -> World:
    def draw(generator: Generator, count: int) -> tuple[Array, Array]:
        features = generator.normal(size=(count, num_features))
        line = features[:, 0] - 0.7 * features[:, 1] + curve * features[:, 0] * features[:, 1]
        return features, 1.0 / (1.0 + numpy.exp(-line))

    return World(draw, 0.0)


def ridge(strength: float) -> Learner:
    """Least squares with a penalty; a small one is least squares."""

    def learn(features: Array, target: Array, counts: Array, new_rows: Array, _: Generator) -> Array:
        design, new = _with_one(features), _with_one(new_rows)
        penalty = strength * numpy.eye(design.shape[1])
        penalty[0, 0] = 1e-9
        weighed = (design * counts[:, None]).T
        return new @ numpy.linalg.solve(weighed @ design + penalty, weighed @ target)

    return learn


def neighbors(count: int) -> Learner:
    def learn(features: Array, target: Array, counts: Array, new_rows: Array, _: Generator) -> Array:
        drawn = numpy.repeat(numpy.arange(len(features)), counts)
        distances = ((new_rows[:, None] - features[None]) ** 2).sum(axis=2)[:, drawn]
        nearest = numpy.argpartition(distances, count - 1, axis=1)[:, :count]
        return target[drawn][nearest].mean(axis=1)

    return learn


def random_network(width: int, strength: float) -> Learner:
    """A hidden layer of random ReLUs, another one each time, and output weights by penalized least squares."""

    def learn(features: Array, target: Array, counts: Array, new_rows: Array, generator: Generator) -> Array:
        kernel = generator.normal(size=(features.shape[1] + 1, width))
        drawn = counts > 0
        scaled_features, new = (
            numpy.maximum(_with_one(table) @ kernel, 0.0) / math.sqrt(width)
            for table in (features[drawn], new_rows)
        )
        roots = numpy.sqrt(counts[drawn])
        center = float(numpy.average(target[drawn], weights=counts[drawn]))
        scaled, left = scaled_features * roots[:, None], roots * (target[drawn] - center)
        if width <= len(scaled_features):
            inner = scaled.T @ scaled + strength * numpy.eye(width)
            return center + new @ numpy.linalg.solve(inner, scaled.T @ left)
        outer = scaled @ scaled.T + strength * numpy.eye(len(scaled_features))
        return center + new @ (scaled.T @ numpy.linalg.solve(outer, left))

    return learn


def logistic(strength: float, degree: int = 1) -> Learner:
    """Penalized logistic regression by Newton's method; probabilities of two classes."""

    def learn(features: Array, target: Array, counts: Array, new_rows: Array, _: Generator) -> Array:
        design, new = (_with_one(_powers(table, degree)) for table in (features, new_rows))
        weights = numpy.zeros(design.shape[1])
        for _ in range(12):
            chance = 1.0 / (1.0 + numpy.exp(-numpy.clip(design @ weights, -30.0, 30.0)))
            gradient = design.T @ (counts * (chance - target)) + strength * weights
            inner = (design * (counts * chance * (1.0 - chance))[:, None]).T @ design
            weights -= numpy.linalg.solve(inner + strength * numpy.eye(len(weights)), gradient)
        second = 1.0 / (1.0 + numpy.exp(-numpy.clip(new @ weights, -15.0, 15.0)))
        return numpy.stack([1.0 - second, second], axis=-1)

    return learn


def _with_one(features: Array) -> Array:
    return numpy.c_[numpy.ones(len(features)), features]


def _powers(features: Array, degree: int) -> Array:
    if degree == 1:
        return features
    products = [features[:, [i]] * features[:, i:] for i in range(features.shape[1])]
    return numpy.concatenate([features, *products], axis=1)


@dataclass(frozen=True)
class Truth:
    """What is so over all tables of a size."""

    variance: float
    bias: float
    noise: float

    @property
    def rest(self) -> float:
        """Bias and noise."""
        return self.bias + self.noise


def truth(world: World, learner: Learner, num_tables: int = 600, num_rows: int = NUM_ROWS) -> Truth:
    """From so many tables, on 4,000 other rows."""
    generator = numpy.random.default_rng(99)
    new_rows, expected = world.draw(numpy.random.default_rng(5), 4000)
    predictions = numpy.stack(
        [
            learner(*world.table(generator, num_rows), numpy.ones(num_rows, int), new_rows, generator)
            for _ in range(num_tables)
        ]
    )
    if not world.classes:
        variance = predictions.var(axis=0, ddof=1)
        bias = (predictions.mean(axis=0) - expected) ** 2 - variance / num_tables
        return Truth(float(variance.mean()), float(bias.mean()), world.noise)
    target = numpy.zeros(len(new_rows), int)
    whole = numpy.ones(predictions.shape[:2], bool)
    variance = float(cross_entropy_parts(predictions, target, whole).variance.mean())
    central = numpy.exp(numpy.log(predictions).mean(axis=0))
    central /= central.sum(axis=1, keepdims=True)
    chances = numpy.stack([1.0 - expected, expected], axis=-1)
    cross, noise = (
        -(chances * numpy.log(chances_given)).sum(axis=1).mean() for chances_given in (central, chances)
    )
    return Truth(variance, float(cross - noise), float(noise))


@dataclass(frozen=True)
class Table:
    """A table, its folds, and the counts of its resamples: the same for every model."""

    features: Array
    target: Array
    folds: Sequence[Array]
    counts: Array
    blocks: Blocks
    num_classes: int

    @property
    def targets(self) -> Targets:
        """As the product takes them."""
        return Targets(self.target, numpy.ones(len(self.target)), self.num_classes, self.blocks)


def draw_table(world: World, generator: Generator, num_rows: int = NUM_ROWS) -> Table:
    features, target = world.table(generator, num_rows)
    folds = [numpy.sort(part) for part in numpy.array_split(generator.permutation(num_rows), NUM_FOLDS)]
    counts = generator.multinomial(num_rows, numpy.full(num_rows, 1.0 / num_rows), NUM_RESAMPLES)
    return Table(features, target, folds, counts, make_blocks(folds), 2 if world.classes else 0)


def out_of_fold(table: Table, learner: Learner, generator: Generator) -> list[Predictions]:
    results = []
    for rows in table.folds:
        counts = numpy.ones(len(table.target), int)
        counts[rows] = 0
        predicted = learner(table.features, table.target, counts, table.features[rows], generator)
        results.append(Predictions(rows, predicted[None, None], numpy.ones((1, len(rows)), bool)))
    return results


def analyzed(table: Table, learner: Learner, seed: int, trial: int = 0) -> BiasVariance:
    """What the product says of a model, from one table."""
    generator = numpy.random.default_rng(seed)
    folds = out_of_fold(table, learner, generator)
    predictions = [
        learner(table.features, table.target, counts, table.features, generator) for counts in table.counts
    ]
    replicas = Predictions(numpy.arange(len(table.target)), numpy.stack(predictions)[None], table.counts == 0)
    return summarize(trial, (1,), 1, folds, replicas, table.targets)


@dataclass(frozen=True)
class Contender:
    """A trial of a planted study.

    Attributes:
        learner: What it learns with.
        capacity: Its number of weights.
    """

    learner: Learner
    capacity: int


def planted_state(
    folder: Path,
    table: Table,
    trials: Sequence[Contender],
    baselines: Mapping[str, Learner],
    seed: int,
    noise: float | None = None,
) -> StudyState:
    """The record of a study of such trials on one table: every trial analyzed, the baselines' losses by row kept."""
    generator = numpy.random.default_rng(seed)
    losses: dict[str, tuple[float, ...]] = {}
    for name, learner in baselines.items():
        folds, targets = out_of_fold(table, learner, generator), table.targets
        by_fold = [targets.losses(fold.rows, fold.values[0, 0]) for fold in folds]
        losses[name] = tuple(float(of_fold.mean()) for of_fold in by_fold)
        rows, zeros = numpy.concatenate(table.folds), numpy.zeros(len(table.blocks.folds))
        sums = BlockSums(
            table.blocks.folds,
            table.blocks.sums(rows, numpy.ones(len(rows))),
            table.blocks.sums(rows, numpy.concatenate(by_fold)),
            zeros,
            zeros,
        )
        write_sums(folder, baseline_file(name), sums)
    events: list[Event] = [VerdictReached(baselines=losses, baseline_losses=losses)]
    for number, stand_in in enumerate(trials):
        analysis = analyzed(table, stand_in.learner, 1000 * seed + number, number)
        assert analysis.sums is not None
        write_sums(folder, answer_file(BIAS_VARIANCE, number), analysis.sums)
        events.append(decomposed(folder, analysis))
    started = dataclasses.replace(STARTED, metric="r2", direction="max", noise=noise)
    completed_trials = [
        completed(number, 0.5, 0.5, capacity=trial.capacity) for number, trial in enumerate(trials)
    ]
    return made_state(folder, completed_trials, *events, started=started)

"""Bias + noise by cross-validation less the variance of resamples, against the truth from many data sets.

Networks on resamples of one table agree on what that table has in common, and not on the truth: around their own mean,
variance of the table counts as bias. The estimate that a study reports must not have that error, and the plain one must
be seen to have it, or this test could not fail.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
import pandas
import pytest

from automl.config.reading import make_study
from automl.data.folds import Fold
from automl.evaluation.bias_variance import BiasVariance, summarize
from automl.evaluation.decomposition import squared_parts
from automl.evaluation.predictions import Predictions
from automl.study.analyses.blocks import targets_of
from automl.study.preparation import PreparedStudy, prepare_study
from automl.training.engine import Watch
from automl.training.population.engine import PopulationEngine
from automl.training.traces import Trace
from automl.trial import Member

NUM_TRUE, NUM_TABLES, NUM_ROWS, NUM_OTHERS = 40, 10, 200, 2000
NOISE = 0.09
NUM_FOLDS, NUM_RESAMPLES, EPOCHS = 10, 16, (100, 700)
WATCH = Watch(lambda _: None, lambda: True)


@dataclass(frozen=True)
class Tables:
    """Tables from one distribution, stacked: those for the truth, those to estimate from, and other rows."""

    study: PreparedStudy
    expected: numpy.ndarray
    """What the target would be without noise."""
    parts: list[numpy.ndarray]
    other_rows: numpy.ndarray


def make_tables() -> Tables:
    generator = numpy.random.default_rng(20)
    count = (NUM_TRUE + NUM_TABLES) * NUM_ROWS
    features = generator.uniform(-1.0, 1.0, (count + NUM_OTHERS, 2))
    expected = numpy.sin(3.0 * features[:, 0]) + features[:, 0] * features[:, 1]
    table = pandas.DataFrame(features, columns=["a", "b"])
    table["y"] = expected + NOISE**0.5 * generator.normal(size=len(table))
    content = {
        "name": "s",
        "data": {"frame": True, "target": "y"},
        "splits": {"folds": 2, "test": 0},
        "space": {"depth": 2, "width": 32, "activation": "relu", "learning_rate": 0.01},
        "training": {"epochs": EPOCHS[-1], "batch_size": 32},
    }
    study = prepare_study(make_study(content), table)
    parts = numpy.split(numpy.arange(count), NUM_TRUE + NUM_TABLES)
    return Tables(study, expected, parts, numpy.arange(count, len(table)))


def folds_of(tables: Tables) -> list[Fold]:
    """One fold a table of the truth; then of each other table its folds and the whole of it, for resamples."""
    none = tables.other_rows[:0]
    folds = [Fold(part, none, tables.other_rows) for part in tables.parts[:NUM_TRUE]]
    for number, part in enumerate(tables.parts[NUM_TRUE:]):
        order = numpy.random.default_rng(number).permutation(part)
        held_out = [numpy.sort(rows) for rows in numpy.array_split(order, NUM_FOLDS)]
        folds += [Fold(numpy.setdiff1d(part, rows), none, rows) for rows in held_out]
        folds.append(Fold(part, none, part))
    return folds


def members_of(tables: Tables) -> list[Member]:
    """A single network of each fold, but resamples of the whole of a table. A trial trains on one core."""
    values = tables.study.space.initial()
    members = [Member(fold, fold, values, 0, snapshots=EPOCHS) for fold in range(NUM_TRUE)]
    for table in range(NUM_TABLES):
        trial, first = NUM_TRUE + table, NUM_TRUE + table * (NUM_FOLDS + 1)
        members += [Member(trial, first + fold, values, 0, snapshots=EPOCHS) for fold in range(NUM_FOLDS)]
        members += [
            Member(trial, first + NUM_FOLDS, values, 0, repeat=index, resample=index, snapshots=EPOCHS)
            for index in range(1, NUM_RESAMPLES + 1)
        ]
    return members


def estimate(tables: Tables, traces: Sequence[Trace]) -> tuple[BiasVariance, numpy.ndarray]:
    """What a study says of one table, and what resamples alone say of bias + noise, one an epoch."""
    folds = [
        Predictions(trace.rows, trace.predictions[:, None], ~trace.trained[None])
        for trace in traces
        if not trace.member.resample
    ]
    drawn = [trace for trace in traces if trace.member.resample]
    replicas = Predictions(
        drawn[0].rows,
        numpy.stack([trace.predictions for trace in drawn], axis=1),
        ~numpy.stack([trace.trained for trace in drawn]),
    )
    dataset = tables.study.dataset
    analysis = summarize(0, EPOCHS, EPOCHS[-1], folds, replicas, targets_of(dataset))
    target = dataset.target[replicas.rows]
    alone = [numpy.nanmean(squared_parts(value, target, replicas.unseen).rest) for value in replicas.values]
    return analysis, numpy.array(alone)


@pytest.mark.slow
def test_the_estimate_is_near_the_truth_where_that_of_resamples_alone_is_not() -> None:
    tables = make_tables()
    members = members_of(tables)
    engine = PopulationEngine(tables.study.plan, tuple(folds_of(tables)))
    traces = sorted(engine.trace(members, WATCH), key=lambda trace: members.index(trace.member))
    assert len(traces) == len(members) and not any(trace.failed for trace in traces)
    true = numpy.stack([trace.predictions for trace in traces[:NUM_TRUE]], axis=1).astype(float)
    variance = true.var(axis=1, ddof=1)
    bias = (true.mean(axis=1) - tables.expected[tables.other_rows]) ** 2 - variance / NUM_TRUE
    rest = bias.mean(axis=1) + NOISE
    by_table = numpy.split(numpy.array(traces[NUM_TRUE:], dtype=object), NUM_TABLES)
    estimates = [estimate(tables, of_table.tolist()) for of_table in by_table]
    anchored = numpy.mean([analysis.rest.values for analysis, _ in estimates], axis=0)
    alone = numpy.mean([plain for _, plain in estimates], axis=0)
    measured = numpy.mean([analysis.variance.values for analysis, _ in estimates], axis=0)
    numpy.testing.assert_allclose(anchored, rest, rtol=0.15)
    numpy.testing.assert_allclose(measured, variance.mean(axis=1), rtol=0.25)
    assert alone[-1] > 1.15 * rest[-1]
    assert numpy.abs(anchored - rest)[-1] < 0.5 * numpy.abs(alone - rest)[-1]

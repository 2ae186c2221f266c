"""The summary of a trial from constructed predictions, against sums written out here; which epochs are looked at."""

import itertools
import json
import math

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.evaluation.bias_variance import (
    BiasVariance,
    content_of,
    from_content,
    snapshots,
    summarize,
)
from automl.evaluation.predictions import Predictions, Targets

GENERATOR = numpy.random.default_rng(7)
NUM_ROWS, NUM_RESAMPLES, EPOCHS = 60, 8, (1, 2, 4)
ROWS = 3 * numpy.arange(NUM_ROWS) + 1
"""Row numbers of a larger table, some of whose rows are not looked at."""


@given(st.integers(1, 3000), st.integers(0, 3000))
def test_snapshots_hold_the_epoch_and_end_soon_behind_it(epoch: int, more: int) -> None:
    most = epoch + more
    chosen = snapshots(epoch, most)
    assert epoch in chosen
    assert list(chosen) == sorted(set(chosen))
    assert chosen[0] == 1
    assert chosen[-1] == min(most, math.ceil(1.25 * epoch))
    for first, after in itertools.pairwise(chosen):
        assert after <= 1.65 * first + 1.1, "no large gap"
    assert len(chosen) <= 8 + math.log(chosen[-1]) / math.log(1.5)


def targets(num_classes: int, weights: numpy.ndarray | None = None) -> Targets:
    generator = numpy.random.default_rng(11)
    size = 3 * NUM_ROWS + 5
    values = generator.integers(0, num_classes, size) if num_classes else generator.normal(size=size)
    return Targets(values, numpy.ones(size) if weights is None else weights, num_classes)


def outputs(generator: numpy.random.Generator, *shape: int, classes: int) -> numpy.ndarray:
    if not classes:
        return generator.normal(size=shape).astype(numpy.float32)
    drawn = generator.dirichlet(numpy.full(classes, 2.0), shape)
    return drawn.astype(numpy.float32)


def constructed(num_classes: int, num_seeds: int = 1) -> tuple[list[Predictions], Predictions]:
    generator = numpy.random.default_rng(1 + num_classes)
    unseen = numpy.repeat(generator.random((NUM_RESAMPLES, NUM_ROWS)) < 0.4, num_seeds, axis=0)
    folds = [
        Predictions(
            part, outputs(generator, 3, 1, len(part), classes=num_classes), numpy.ones((1, len(part)), bool)
        )
        for part in numpy.array_split(ROWS, 4)
    ]
    values = outputs(generator, 3, NUM_RESAMPLES * num_seeds, NUM_ROWS, classes=num_classes)
    return folds, Predictions(ROWS, values, unseen, num_seeds)


def summary(num_classes: int, num_seeds: int = 1, weights: numpy.ndarray | None = None) -> BiasVariance:
    return summarize(5, EPOCHS, 2, *constructed(num_classes, num_seeds), targets(num_classes, weights))


@pytest.mark.parametrize("num_seeds", [1, 2])
@pytest.mark.parametrize("num_classes", [0, 2, 3])
def test_the_rest_is_the_risk_less_the_variance(num_classes: int, num_seeds: int) -> None:
    analysis = summary(num_classes, num_seeds)
    for risk, variance, rest in zip(
        analysis.risk.values, analysis.variance.values, analysis.rest.values, strict=True
    ):
        assert rest == risk - variance
    assert (analysis.trial, analysis.epochs, analysis.epoch) == (5, EPOCHS, 2)
    assert analysis.at(analysis.risk) == (analysis.risk.values[1], analysis.risk.errors[1])
    sizes = analysis.num_resamples, analysis.num_seeds, analysis.num_folds, analysis.num_rows
    assert sizes == (NUM_RESAMPLES, num_seeds, 4, NUM_ROWS)
    assert analysis.loss == ("log_loss" if num_classes else "squared_error")


@pytest.mark.parametrize("num_classes", [0, 3])
def test_sources_of_the_variance_are_known_for_several_seeds_only(num_classes: int) -> None:
    assert summary(num_classes).parts == {}
    assert set(summary(num_classes, 2).parts) == {"data", "initialization", "interaction"}


def loss_by_hand(value: float, prediction: numpy.ndarray) -> float:
    return float((value - prediction) ** 2) if prediction.ndim == 0 else -math.log(prediction[int(value)])


def variance_by_hand(column: numpy.ndarray) -> float:
    """Of one row's predictions by those who have not seen it: k over k−1 times the plain one for squared loss."""
    if column.ndim == 1:
        return float(column.astype(float).var(ddof=1))

    def divergence(logs: numpy.ndarray) -> float:
        center = numpy.exp(logs.mean(axis=0))
        return -math.log(center.sum())

    logs = numpy.log(column.astype(float) / column.astype(float).sum(axis=1, keepdims=True))
    count = len(logs)
    left_out = numpy.mean([divergence(numpy.delete(logs, index, axis=0)) for index in range(count)])
    return count * divergence(logs) - (count - 1) * float(left_out)


@pytest.mark.parametrize("num_classes", [0, 3])
def test_risk_variance_and_training_loss_by_hand_with_weights(num_classes: int) -> None:
    weights = numpy.random.default_rng(3).uniform(0.2, 3.0, 3 * NUM_ROWS + 5)
    whole = targets(num_classes, weights)
    folds, replicas = constructed(num_classes)
    analysis = summary(num_classes, weights=weights)
    for snapshot in range(3):
        sums = [
            (weights[row] * loss_by_hand(whole.values[row], fold.values[snapshot, 0, place]), weights[row])
            for fold in folds
            for place, row in enumerate(fold.rows)
        ]
        losses, counts = numpy.array(sums).T
        assert analysis.risk.values[snapshot] == pytest.approx(losses.sum() / counts.sum(), rel=1e-6)
        known, variance = 0.0, 0.0
        for place, row in enumerate(replicas.rows):
            unseen = replicas.values[snapshot, replicas.unseen[:, place], place]
            if len(unseen) >= 2:
                known += weights[row]
                variance += weights[row] * variance_by_hand(unseen)
        assert analysis.variance.values[snapshot] == pytest.approx(variance / known, rel=1e-5)
        weighted_losses = [
            (
                weights[row] * loss_by_hand(whole.values[row], replicas.values[snapshot, index, place]),
                weights[row],
            )
            for index in range(NUM_RESAMPLES)
            for place, row in enumerate(replicas.rows)
            if not replicas.unseen[index, place]
        ]
        losses, counts = numpy.array(weighted_losses).T
        assert analysis.training[snapshot] == pytest.approx(losses.sum() / counts.sum(), rel=1e-6)


def test_rows_without_weight_count_for_nothing() -> None:
    weights = numpy.ones(3 * NUM_ROWS + 5)
    weights[ROWS[::2]] = 0.0
    folds, replicas = constructed(0)
    weighted = numpy.arange(NUM_ROWS) % 2 == 1
    fewer = [
        Predictions(fold.rows[selected], fold.values[:, :, selected], fold.unseen[:, selected])
        for fold in folds
        for selected in [numpy.isin(fold.rows, ROWS[weighted])]
    ]
    weighted_replicas = Predictions(
        ROWS[weighted], replicas.values[:, :, weighted], replicas.unseen[:, weighted]
    )
    direct = summarize(0, EPOCHS, 2, folds, replicas, targets(0, weights))
    of_weighted_rows = summarize(0, EPOCHS, 2, fewer, weighted_replicas, targets(0))
    assert direct.risk.values == pytest.approx(of_weighted_rows.risk.values)
    assert direct.variance.values == pytest.approx(of_weighted_rows.variance.values)
    assert direct.training == pytest.approx(of_weighted_rows.training)
    assert direct.constant == pytest.approx(of_weighted_rows.constant)


def test_the_constant_by_hand() -> None:
    classes = Targets(numpy.array([0, 0, 1, 2]), numpy.array([1.0, 1.0, 1.0, 3.0]), 3)
    shares = (2 / 6, 1 / 6, 3 / 6)
    assert classes.constant(numpy.arange(4)) == pytest.approx(
        -sum(share * math.log(share) for share in shares)
    )
    assert classes.constant(numpy.array([0, 1])) == 0.0, "a class alone is no surprise"
    assert classes.constant(numpy.array([0, 2])) == pytest.approx(math.log(2))
    numbers = Targets(numpy.array([1.0, 5.0, 100.0]), numpy.array([1.0, 3.0, 1.0]), 0)
    assert numbers.constant(numpy.array([0, 1])) == pytest.approx((1 * 9 + 3 * 1) / 4)
    assert numbers.constant(numpy.arange(3)) > 100.0


def exact(losses: list[float], num_folds: int, weights: list[float] | None = None) -> BiasVariance:
    """Squared errors of the folds are these losses."""
    values = numpy.zeros(len(losses))
    with_values = Targets(values, numpy.ones(len(losses)) if weights is None else numpy.array(weights), 0)
    parts = numpy.array_split(numpy.arange(len(losses)), num_folds)
    folds = [
        Predictions(part, numpy.sqrt(numpy.array(losses)[part])[None, None], numpy.ones((1, len(part)), bool))
        for part in parts
    ]
    unseen = numpy.ones((4, len(losses)), bool)
    equal = numpy.broadcast_to(numpy.arange(len(losses), dtype=float), (1, 4, len(losses)))
    return summarize(0, (1,), 1, folds, Predictions(numpy.arange(len(losses)), equal, unseen), with_values)


def test_standard_error_of_the_risk_by_hand() -> None:
    """Of blocks that sum what a mean is off, √(Σ² k / (k − 1)): rows, or folds where that is more."""
    analysis = exact([1.0, 3.0, 5.0, 7.0], 1)
    assert analysis.at(analysis.risk) == pytest.approx((4.0, math.sqrt(20.0 / 16 * 4 / 3)))
    assert analysis.measured(analysis.risk).degrees == 3
    # folds of means 2 and 6: √8 / √2 is more than the rows say
    analysis = exact([1.0, 3.0, 5.0, 7.0], 2)
    assert analysis.at(analysis.risk) == pytest.approx((4.0, 2.0))
    # the rows are 5/3 of the 4, with 3 degrees of freedom, what the folds spread beyond has 1
    degrees = 16 / ((5 / 3) ** 2 / 3 + (7 / 3) ** 2 / 1)
    assert analysis.measured(analysis.risk).degrees == pytest.approx(degrees)
    # folds of means 4 and 4 say nothing; then the rows do
    analysis = exact([1.0, 7.0, 3.0, 5.0], 2)
    assert analysis.at(analysis.risk) == pytest.approx((4.0, math.sqrt(5.0 / 3)))
    # with weights the mean is 32/6; folds of weights 1 and 5 are off by −13/18 and 13/18
    analysis = exact([1.0, 3.0, 5.0, 7.0], 2, [1.0, 0.0, 2.0, 3.0])
    assert analysis.at(analysis.risk)[1] == pytest.approx(2 * 13 / 18)
    analysis = exact([1.0, 3.0, 5.0, 7.0], 1, [1.0, 0.0, 2.0, 3.0])
    mean = (1 + 10 + 21) / 6
    squares = (1 * (1 - mean)) ** 2 + (2 * (5 - mean)) ** 2 + (3 * (7 - mean)) ** 2
    assert analysis.at(analysis.risk) == pytest.approx((mean, math.sqrt(squares / 36 * 3 / 2)))
    assert analysis.measured(analysis.risk).degrees == 2, "a row without weight is none"
    assert analysis.at(analysis.variance) == (0.0, 0.0), "networks that agree have no variance"
    assert analysis.at(analysis.rest) == analysis.at(analysis.risk)


@pytest.mark.parametrize("num_classes", [0, 3])
def test_the_errors_hold_the_choice_of_resamples_and_that_of_the_table(num_classes: int) -> None:
    """Written out by row: the jackknife over resamples, and how far each row moves the means."""
    folds, replicas = constructed(num_classes)
    analysis, whole = summary(num_classes), targets(num_classes)
    values, place = replicas.values[1], {row: number for number, row in enumerate(ROWS)}
    losses = numpy.empty(NUM_ROWS)
    for fold in folds:
        for number, row in enumerate(fold.rows):
            losses[place[row]] = loss_by_hand(whole.values[row], fold.values[1, 0, number])

    def mean_variance(unseen: numpy.ndarray) -> tuple[float, numpy.ndarray]:
        by_row = numpy.array(
            [
                variance_by_hand(values[unseen[:, row], row]) if unseen[:, row].sum() > 1 else numpy.nan
                for row in range(NUM_ROWS)
            ]
        )
        return float(numpy.nanmean(by_row)), by_row

    variance, by_row = mean_variance(replicas.unseen)
    left_out = []
    for index in range(NUM_RESAMPLES):
        unseen = replicas.unseen.copy()
        unseen[index] = False
        left_out.append(mean_variance(unseen)[0])
    assert analysis.left_out == pytest.approx(left_out, rel=1e-5)
    jackknife = 7 / 8 * sum((estimate - numpy.mean(left_out)) ** 2 for estimate in left_out)
    known = numpy.isfinite(by_row)
    of_risk = (losses - losses.mean()) / NUM_ROWS
    of_variance = numpy.where(known, by_row - variance, 0.0) / known.sum()

    def of_table(moved: numpy.ndarray) -> float:
        by_rows = (moved**2).sum() * NUM_ROWS / (NUM_ROWS - 1)
        sums = [moved[[place[row] for row in fold.rows]].sum() for fold in folds]
        return float(max(by_rows, sum(total**2 for total in sums) * 4 / 3))

    assert analysis.risk.errors[1] ** 2 == pytest.approx(of_table(of_risk), rel=1e-4)
    learned = of_variance + variance / losses.mean() * of_risk
    assert analysis.variance.errors[1] ** 2 == pytest.approx(jackknife + of_table(learned), rel=1e-4)
    assert analysis.rest.errors[1] ** 2 == pytest.approx(
        jackknife + of_table(of_risk - of_variance), rel=1e-4
    )


def test_a_decomposition_is_read_as_it_was_written_and_so_is_one_of_an_earlier_version() -> None:
    analysis = summary(3, 2)
    content = json.loads(json.dumps(content_of(analysis)))
    assert "sums" not in content
    assert from_content(content) == analysis
    for name in ("left_out", "resamples"):
        del content[name]
    for name in ("risk", "variance", "rest"):
        del content[name]["degrees"]
    earlier = from_content(content)
    assert earlier.risk.values == analysis.risk.values
    assert earlier.risk.halves == pytest.approx([1.959964 * error for error in analysis.risk.errors])


def crossed(by_seed: numpy.ndarray, by_data: numpy.ndarray) -> BiasVariance:
    """Networks of four resamples × four seeds that say the sum of what their seed and their resample say."""
    values = (by_data[:, None, None] + by_seed[None, :, None]) * numpy.ones((4, 4, NUM_ROWS))
    replicas = Predictions(
        ROWS, values.reshape(1, 16, NUM_ROWS), numpy.ones((16, NUM_ROWS), bool), num_seeds=4
    )
    folds = [
        Predictions(part, numpy.zeros((1, 1, len(part))), numpy.ones((1, len(part)), bool))
        for part in numpy.array_split(ROWS, 4)
    ]
    return summarize(0, (1,), 1, folds, replicas, targets(0))


def test_of_several_seeds_every_resample_takes_another_one_in_turn() -> None:
    """Each turn has every seed and every resample once, so that their variances are those of the four values."""
    seeds, data = numpy.array([0.0, 1.0, 4.0, -3.0]), numpy.array([2.0, -1.0, 0.5, 6.0])
    alone = crossed(seeds, numpy.zeros(4))
    assert alone.variance.values == pytest.approx([seeds.var(ddof=1)])
    assert alone.parts == pytest.approx(
        {"data": 0.0, "initialization": seeds.var(ddof=1), "interaction": 0.0}, abs=1e-9
    )
    assert crossed(numpy.zeros(4), data).variance.values == pytest.approx([data.var(ddof=1)])
    # over all turns the products of what two resamples and their seeds say cancel
    decomposed = crossed(seeds, data)
    assert decomposed.variance.values == pytest.approx([seeds.var(ddof=1) + data.var(ddof=1)])
    assert sum(decomposed.parts.values()) == pytest.approx(seeds.var(ddof=1) + data.var(ddof=1))


def test_the_error_rate_is_split_for_classes_only() -> None:
    assert summary(0).error_rate == {}
    _folds, replicas = constructed(3)
    whole = targets(3)
    analysis = summary(3).error_rate
    wrong = replicas.values[1].argmax(axis=-1) != whole.values[replicas.rows]
    rows = replicas.unseen.sum(axis=0) >= 2
    shares = [wrong[replicas.unseen[:, row], row].mean() for row in numpy.flatnonzero(rows)]
    assert analysis["bias2"] + analysis["variance"] == pytest.approx(numpy.mean(shares))
    weights = numpy.random.default_rng(3).uniform(0.2, 3.0, 3 * NUM_ROWS + 5)
    weighted = summary(3, weights=weights).error_rate
    expected = numpy.average(shares, weights=weights[replicas.rows][rows])
    assert weighted["bias2"] + weighted["variance"] == pytest.approx(expected)

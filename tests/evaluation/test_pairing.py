"""Contrasts of models on the same rows, against sums written out by row; blocks of rows; degrees of freedom."""

import math

import numpy
import pytest
from scipy import stats

from automl.evaluation.pairing import (
    Blocks,
    BlockSums,
    Loss,
    Measured,
    Term,
    block_sums_from,
    clustered_error,
    combine,
    contrast,
    half_width,
    make_blocks,
)

NUM_ROWS, NUM_FOLDS = 60, 4
GENERATOR = numpy.random.default_rng(3)
FOLDS = [numpy.sort(part) for part in numpy.array_split(GENERATOR.permutation(NUM_ROWS), NUM_FOLDS)]
OF_ROW = numpy.empty(NUM_ROWS, int)
for number, fold_rows in enumerate(FOLDS):
    OF_ROW[fold_rows] = number


def model(losses: numpy.ndarray, variances: numpy.ndarray | None = None, **changes: object) -> Loss:
    blocks = make_blocks(FOLDS)
    rows, counts = numpy.arange(len(losses)), numpy.ones(len(losses))
    measured = numpy.zeros(NUM_ROWS) if variances is None else counts
    sums = BlockSums(
        blocks.folds,
        blocks.sums(rows, counts),
        blocks.sums(rows, losses),
        blocks.sums(rows, measured),
        blocks.sums(rows, measured if variances is None else variances),
    )
    variance = 0.0 if variances is None else float(variances.mean())
    return Loss(Measured(float(losses.mean()), 9.0, 2), Measured(variance, 9.0, 2), sums, **changes)  # type: ignore[arg-type]


def test_what_two_models_have_in_common_is_not_in_the_error_of_their_difference() -> None:
    common = 10.0 * GENERATOR.normal(size=NUM_ROWS)
    first, second = GENERATOR.normal(size=(2, NUM_ROWS))
    measured = contrast([Term(model(common + first), 1.0, 0.0), Term(model(common + second), -1.0, 0.0)])
    difference = first - second
    assert measured.value == pytest.approx(difference.mean())
    by_rows = difference.std(ddof=1) / math.sqrt(NUM_ROWS)
    by_folds = numpy.std([difference[rows].mean() for rows in FOLDS], ddof=1) / math.sqrt(NUM_FOLDS)
    assert measured.error == pytest.approx(max(by_rows, by_folds), rel=1e-6)
    beyond = max(0.0, by_folds**2 - by_rows**2)
    total = by_rows**2 + beyond
    expected = total**2 / (by_rows**4 / (NUM_ROWS - 1) + beyond**2 / (NUM_FOLDS - 1))
    assert measured.degrees == pytest.approx(expected, rel=1e-6)
    alone = contrast([Term(model(common + first), 1.0, 0.0)]).error
    assert measured.error < 0.3 * alone


def test_resamples_that_hold_the_same_rows_are_paired_and_others_are_not() -> None:
    flat = numpy.ones(NUM_ROWS)
    left = (0.1, 0.2, 0.4, 0.3)
    first = model(flat, flat, left_out=left, resamples=(1, 2, 3, 4))
    shifted = model(flat, flat, left_out=tuple(value + 1.0 for value in left), resamples=(1, 2, 3, 4))
    second = model(flat, flat, left_out=left, resamples=(1, 2, 3, 5))
    assert contrast([Term(first, 0.0, 1.0), Term(shifted, 0.0, -1.0)]).error == pytest.approx(0.0, abs=1e-12)
    jackknife = math.sqrt(3 * numpy.var(left))
    alone = contrast([Term(first, 0.0, 2.0)])
    assert (alone.error, alone.degrees) == (pytest.approx(2 * jackknife), pytest.approx(3))
    assert contrast([Term(first, 0.0, 1.0), Term(second, 0.0, -1.0)]).error == pytest.approx(
        math.sqrt(2) * jackknife
    )


def test_rows_that_a_model_did_not_predict_are_left_out_for_all() -> None:
    losses = GENERATOR.normal(size=NUM_ROWS)
    whole, part = model(losses), model(losses + 1.0)
    assert part.sums is not None
    missing = part.sums.folds == 2
    sums = BlockSums(
        part.sums.folds,
        numpy.where(missing, 0.0, part.sums.weights),
        numpy.where(missing, 0.0, part.sums.losses),
        part.sums.variance_weights,
        part.sums.variances,
    )
    measured = contrast([Term(whole, 1.0, 0.0), Term(Loss(part.risk, sums=sums), -1.0, 0.0)])
    assert measured.value == pytest.approx(-1.0)
    assert measured.error == pytest.approx(0.0, abs=1e-9)


def test_without_rows_errors_add_up_as_those_of_independent_models() -> None:
    first = Loss(Measured(3.0, 0.3, 4), Measured(1.0, 0.2, 7))
    two = Loss(Measured(2.0, 0.4, 4))
    measured = contrast([Term(first, -1.0, 2.0), Term(two, 1.0, 0.0)])
    assert measured.value == pytest.approx(1.0)
    assert measured.error == pytest.approx(math.sqrt(0.3**2 + 0.4**2 + 0.4**2))
    expected = measured.error**4 / (0.3**4 / 4 + 0.4**4 / 7 + 0.4**4 / 4)
    assert measured.degrees == pytest.approx(expected)


def test_satterthwaite_of_equal_parts_adds_their_degrees() -> None:
    assert combine([(1.0, 5.0), (1.0, 5.0)]) == (pytest.approx(math.sqrt(2)), pytest.approx(10))
    assert combine([(3.0, 7.0), (0.0, 2.0)]) == (pytest.approx(3.0), pytest.approx(7.0))
    assert math.isnan(combine([(1.0, 5.0), (math.nan, 5.0)])[0])


def test_few_degrees_of_freedom_make_a_wide_interval() -> None:
    assert half_width(1.0, math.inf) == pytest.approx(1.959964)
    assert half_width(1.0, 3.0) == pytest.approx(stats.t.ppf(0.975, 3))
    assert Measured(0.0, 2.0, 3.0).half(0.9) == pytest.approx(2 * stats.t.ppf(0.95, 3))


def test_a_group_is_one_block_and_its_rows_err_together() -> None:
    """Rows repeated four times over are worth as much as the rows that were repeated."""
    base = GENERATOR.normal(size=30)
    groups = numpy.repeat(numpy.arange(30), 4)
    folds = [numpy.flatnonzero(groups % 3 == fold) for fold in range(3)]
    blocks = make_blocks(folds, groups)
    assert len(blocks.folds) == 30
    for group in range(30):
        assert len(set(blocks.block[groups[blocks.rows] == group])) == 1
    influence = blocks.sums(numpy.arange(120), (base[groups] - base.mean()) / 120)
    single = make_blocks([rows // 4 for rows in (fold[::4] for fold in folds)])
    expected = clustered_error(single.sums(numpy.arange(30), (base - base.mean()) / 30), single.folds)
    assert clustered_error(influence, blocks.folds) == pytest.approx(expected)


def test_neighbors_in_time_are_one_block() -> None:
    times = GENERATOR.permutation(100)
    folds = [numpy.flatnonzero(times < 50), numpy.flatnonzero(times >= 50)]
    blocks = make_blocks(folds, times=times)
    assert len(blocks.folds) == 20
    blocks_by_row = dict(zip(blocks.rows.tolist(), blocks.block.tolist(), strict=True))
    in_time = [blocks_by_row[row] for row in numpy.argsort(times)]
    assert in_time == sorted(in_time), "no block is torn apart"


def test_of_a_large_table_rows_are_bundled_within_their_folds_and_the_error_stays() -> None:
    folds = numpy.array_split(GENERATOR.permutation(20_000), 5)
    values = GENERATOR.normal(size=20_000)
    blocks = make_blocks(folds)
    assert len(blocks.folds) == 2000
    for number, rows in enumerate(folds):
        assert set(blocks.folds[blocks.block[numpy.isin(blocks.rows, rows)]]) == {number}
    error = clustered_error(
        blocks.sums(numpy.arange(20_000), (values - values.mean()) / 20_000), blocks.folds
    )
    by_rows = 1.0 / math.sqrt(20_000)
    by_folds = numpy.std([values[rows].mean() for rows in folds], ddof=1) / math.sqrt(5)
    assert error[0] == pytest.approx(max(by_rows, by_folds), rel=0.1)


def test_rows_of_no_block_count_for_nothing() -> None:
    blocks = Blocks(numpy.array([2, 5]), numpy.array([0, 1]), numpy.array([0, 0]))
    assert blocks.sums(numpy.array([1, 2, 5, 9]), numpy.array([8.0, 1.0, 2.0, 8.0])).tolist() == [1.0, 2.0]


def test_sums_are_read_as_they_were_written() -> None:
    sums = model(GENERATOR.normal(size=NUM_ROWS), GENERATOR.random(NUM_ROWS)).sums
    assert sums is not None
    read = block_sums_from(sums.array())
    numpy.testing.assert_array_equal(read.folds, sums.folds)
    numpy.testing.assert_allclose(read.losses, sums.losses, rtol=1e-6)
    numpy.testing.assert_allclose(read.variances, sums.variances, rtol=1e-6)

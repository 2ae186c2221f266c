"""What a resample draws: rows, whole groups, and blocks of time that are as long as the losses depend on each other."""

import numpy
import pytest

from automl.evaluation import resampling
from automl.evaluation.resampling import BLOCKS, GROUPS, ScoredRows, block_length, time_blocks, whole


def rows_of(units, folds, unit=GROUPS):
    units, folds = numpy.asarray(units), numpy.asarray(folds)
    return ScoredRows(numpy.zeros(len(units)), numpy.ones(len(units)), folds[None], units, unit)


def counts_of(rows, num_resamples=50, seed=0):
    return numpy.concatenate(list(rows.resamples(num_resamples, seed)))


def test_rows_are_drawn_within_folds_as_many_as_there_are():
    folds = numpy.repeat([0, 1, 2], [10, 20, 30])
    counts = counts_of(rows_of(numpy.arange(60), folds, resampling.ROWS))
    for fold, size in enumerate((10, 20, 30)):
        assert (counts[:, folds == fold].sum(axis=1) == size).all()
    # of many rows 1/e are left out
    assert (counts == 0).mean() == pytest.approx(1 / numpy.e, abs=0.03)


def test_a_group_is_drawn_as_a_whole():
    units = numpy.repeat(numpy.arange(20), 3)
    counts = counts_of(rows_of(units, numpy.repeat([0, 1], 30)))
    for group in range(20):
        selected = counts[:, units == group]
        assert (selected == selected[:, :1]).all()
    assert (counts[:, ::3].sum(axis=1) == 20).all()


def test_few_groups_a_fold_are_drawn_from_all_folds():
    """With two groups a fold, half of the resamples of a fold would leave no group out."""
    counts = counts_of(rows_of(numpy.arange(10), numpy.repeat(numpy.arange(5), 2)))
    assert (counts.sum(axis=1) == 10).all()
    assert len(numpy.unique(counts[:, :2].sum(axis=1))) > 1


def test_there_is_no_interval_below_ten_groups():
    assert not rows_of(numpy.arange(9), numpy.zeros(9, int)).has_interval
    assert rows_of(numpy.arange(10), numpy.zeros(10, int)).has_interval
    assert whole(numpy.zeros(3), numpy.ones(3)).has_interval


def test_resamples_in_parts_are_the_same_resamples(monkeypatch):
    rows = rows_of(numpy.arange(60), numpy.repeat([0, 1], 30), resampling.ROWS)
    at_once = counts_of(rows)
    monkeypatch.setattr(resampling, "_CELLS_AT_ONCE", 300)
    assert (counts_of(rows) == at_once).all()


def autoregressive(rho, num, seed):
    generator = numpy.random.default_rng(seed)
    series = numpy.zeros(num)
    for time in range(1, num):
        series[time] = rho * series[time - 1] + generator.normal()
    return series


@pytest.mark.parametrize(("rho", "low", "high"), [(0.0, 1, 4), (0.5, 6, 16), (0.9, 20, 80)])
def test_a_block_is_as_long_as_neighbors_depend_on_each_other(rho, low, high):
    """For an autoregression the best length is known: (2 g²/(4/3 f²))^⅓ n^⅓, where g = 2ρ/(1 − ρ)² and
    f = (1 + ρ)/(1 − ρ): 0, 13.9 and 51.2 of 1,000 rows.
    """
    lengths = [block_length(autoregressive(rho, 1000, seed)) for seed in range(40)]
    assert low <= numpy.median(lengths) <= high


def test_a_constant_series_and_a_short_one_have_blocks_of_one():
    assert block_length(numpy.ones(100)) == block_length(numpy.arange(3.0)) == 1


def test_blocks_hold_neighbors_in_time_and_end_with_their_fold():
    generator = numpy.random.default_rng(0)
    times = generator.permutation(200)
    folds = (times >= 90).astype(int)
    losses = autoregressive(0.9, 200, 1)[times]
    codes = time_blocks(numpy.argsort(times), folds, losses)
    sizes = numpy.bincount(codes)
    assert sizes.min() > 1 and len(sizes) >= 10
    for code in range(len(sizes)):
        selected = numpy.sort(times[codes == code])
        assert (numpy.diff(selected) == 1).all()
        assert len(numpy.unique(folds[codes == code])) == 1


def test_of_blocks_there_are_ten_at_least():
    order = numpy.arange(60)
    codes = time_blocks(order, numpy.zeros(60, int), numpy.cumsum(numpy.ones(60)))
    assert ScoredRows(order, order, numpy.zeros((1, 60)), codes, BLOCKS).num_units >= 10

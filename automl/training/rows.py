"""Which rows a member trains on, and in which order: the same for both engines."""

from dataclasses import replace
from functools import lru_cache

import numpy

from automl.data.folds import Fold
from automl.trial import Member


def member_fold(member: Member, fold: Fold) -> Fold:
    """The fold with the fit rows that this member uses: a share of them, a bootstrap resample, or all.

    A bootstrap resample holds as many rows as it is drawn from, some of them several times (Efron 1979); of grouped
    rows, as many groups. Shares of one fold are nested: a smaller one is part of a larger one. Of grouped rows a share
    holds whole groups, and by time the latest rows: what a table gains when it grows are groups that it has not, and a
    longer past of the same future.
    """
    if member.share >= 1.0 and not member.resample:
        return fold
    fit, generator = fold.fit, numpy.random.default_rng(member.rows_seed)
    if member.share < 1.0:
        fit = _part(fold, member.share, generator)
    if member.resample:
        fit = _drawn(fit, fold.groups if member.share >= 1.0 else None, generator)
    return replace(fold, fit=numpy.sort(fit), groups=None, ordered=False)


def _part(fold: Fold, share: float, generator: numpy.random.Generator) -> numpy.ndarray:
    """About a share of the fit rows: at random, or whole groups, as many as come nearest to it."""
    wanted = max(1, round(share * len(fold.fit)))
    if fold.groups is None:
        return generator.permutation(fold.fit)[:wanted]
    codes, indices, counts = numpy.unique(fold.groups, return_inverse=True, return_counts=True)
    order = numpy.arange(len(codes))[::-1] if fold.ordered else generator.permutation(len(codes))
    last = int(numpy.abs(numpy.cumsum(counts[order]) - wanted).argmin())
    return fold.fit[numpy.isin(indices, order[: last + 1])]


def _drawn(
    rows: numpy.ndarray, groups: numpy.ndarray | None, generator: numpy.random.Generator
) -> numpy.ndarray:
    """A bootstrap resample of rows, or of their groups."""
    if groups is None:
        return generator.choice(rows, len(rows))
    codes, indices = numpy.unique(groups, return_inverse=True)
    times = numpy.bincount(generator.choice(len(codes), len(codes)), minlength=len(codes))
    return numpy.repeat(rows, times[indices])


@lru_cache(maxsize=256)
def row_order(seed: int, num_rows: int, epoch: int) -> numpy.ndarray:
    """The order of the rows in one epoch (from 0): a function of its arguments and of nothing else.

    Returns:
        Int32 array of shape (row,): a permutation. It is shared: do not write to it.
    """
    order = numpy.random.default_rng((seed, epoch)).permutation(num_rows).astype(numpy.int32)
    order.setflags(write=False)
    return order

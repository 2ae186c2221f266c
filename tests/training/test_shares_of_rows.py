"""Which rows a share of a fold holds: rows at random, whole groups, or the latest times."""

import itertools

import numpy
import pytest
from populations import study

from automl.config.reading import make_study
from automl.data.folds import Fold
from automl.study.preparation import prepare_study
from automl.training.rows import member_fold
from automl.trial import Member

NONE = numpy.array([], int)
SHARES = (0.25, 0.35, 0.5, 0.7)


def part(fold, share, resample=0):
    return member_fold(Member(0, 0, {}, 7, share=share, resample=resample), fold).fit


def test_a_share_of_plain_rows_is_drawn_at_random_and_nested():
    fold = Fold(numpy.arange(100, 200), NONE, NONE)
    parts = [part(fold, share) for share in SHARES]
    assert [len(rows) for rows in parts] == [25, 35, 50, 70]
    for smaller, larger in itertools.pairwise(parts):
        assert set(smaller) < set(larger)
    assert part(fold, 1.0) is fold.fit
    assert 140 < parts[2].mean() < 160


def test_a_share_of_grouped_rows_holds_whole_groups():
    groups = numpy.repeat(numpy.arange(40), numpy.arange(40) % 7 + 1)
    order = numpy.random.default_rng(0).permutation(len(groups))
    fold = Fold(numpy.arange(len(groups)), NONE, NONE, groups[order])
    parts = [part(fold, share) for share in SHARES]
    for share, rows in zip(SHARES, parts, strict=True):
        inside = numpy.isin(fold.groups, fold.groups[rows])
        assert inside.sum() == len(rows), "a group is in it as a whole or not at all"
        assert len(rows) == pytest.approx(share * len(groups), abs=4)
    for smaller, larger in itertools.pairwise(parts):
        assert set(smaller) < set(larger)
    assert len(part(fold, 0.001)) >= 1


def test_a_share_by_time_holds_the_latest_whole_times():
    times = numpy.repeat(numpy.arange(30), 4)
    order = numpy.random.default_rng(0).permutation(len(times))
    fold = Fold(numpy.arange(120), NONE, NONE, times[order], ordered=True)
    for share, first in ((0.25, 22), (0.5, 15), (0.7, 9)):  # of 30 times 7 or 8, 15 and 21 are nearest
        assert set(fold.groups[part(fold, share)]) - set(range(first, 30)) <= {first - 1}
        assert min(set(range(30)) - set(fold.groups[part(fold, share)])) == 0
        assert fold.groups[part(fold, share)].min() >= first - 1


def test_a_resample_draws_as_before():
    fold = Fold(numpy.arange(50), NONE, NONE)
    seed = Member(0, 0, {}, 7, resample=3).rows_seed
    expected = numpy.sort(numpy.random.default_rng(seed).choice(fold.fit, 50))
    numpy.testing.assert_array_equal(part(fold, 1.0, resample=3), expected)


def table(kind):
    import pandas

    generator = numpy.random.default_rng(1)
    frame = pandas.DataFrame({"x": generator.normal(size=240), "y": generator.normal(size=240)})
    frame["by"] = numpy.arange(240) // 6 if kind == "group" else numpy.arange(240) // 3
    return frame.sample(frac=1.0, random_state=0).reset_index(drop=True)


@pytest.mark.parametrize("kind", ["group", "time"])
def test_the_folds_of_a_study_know_what_stays_together(kind):
    frame = table(kind)
    content = {
        "name": "s",
        "data": {"frame": True, "target": "y", "features": ["x"]},
        "splits": {"kind": kind, "by": "by", "folds": 3},
        "space": {"depth": 0, "learning_rate": 0.1},
    }
    prepared = prepare_study(make_study(content), frame)
    for fold in prepared.splits.folds:
        groups = frame["by"].to_numpy()[fold.fit]
        assert fold.ordered is (kind == "time")
        assert len(numpy.unique(fold.groups)) == len(numpy.unique(groups))
        pairs = set(zip(fold.groups.tolist(), groups.tolist(), strict=True))
        assert len(pairs) == len(numpy.unique(groups)), "a code a group"
        if fold.ordered:
            assert numpy.array_equal(
                numpy.argsort(fold.groups, kind="stable"), numpy.argsort(groups, kind="stable")
            )
            later = groups[numpy.isin(fold.fit, part(fold, 0.5))]
            assert later.min() > groups[~numpy.isin(fold.fit, part(fold, 0.5))].max()
    plain = study()
    assert all(fold.groups is None for fold in plain.splits.folds)

"""Splits that go by a column: groups stay whole, time runs forward, named folds are what their names say."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy
import pandas
import pytest
from draws import draws
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import TimeSeriesSplit
from small_tables import where
from split_checks import check_partition, lists

from automl.config.sections import DataConfig, SplitsConfig
from automl.data.dataset import Dataset, make_dataset
from automl.data.splits import Splits, make_splits
from automl.errors import DataError

SEEDS = st.integers(0, 2**40)
GROUPS = st.lists(st.integers(0, 14), min_size=60, max_size=150)
TIMES = st.lists(st.integers(0, 60), min_size=40, max_size=150)


def read(by: Sequence[Any], config: SplitsConfig, labels: Sequence[Any] | None = None) -> Dataset:
    """A table with the column that its splits go by; a regression where there are no labels."""
    x = numpy.random.default_rng(0).normal(size=len(by))
    table = pandas.DataFrame({"x": x, "by": by, "y": x**2 if labels is None else labels})
    return make_dataset(table, "y", DataConfig(path="t.csv", target="y"), where, config)


def split(by: Sequence[Any], labels: Sequence[Any] | None = None, seed: int = 0, **keys: Any) -> Splits:
    config = SplitsConfig.model_validate({"by": "by", **keys})
    return make_splits(read(by, config, labels), config, seed, where)


@pytest.mark.parametrize("order", ["day_first", "month_first"])
def test_days_whose_order_the_study_file_says_run_forward(order: str) -> None:
    """Days 1 to 12 of months 1 to 12: nothing in the column tells which of them is which."""
    texts = [f"{first}/{second}/2023" for first in range(1, 13) for second in range(1, 13)]
    config = SplitsConfig(kind="time", by="by", folds=3)
    table = pandas.DataFrame({"x": numpy.arange(144) / 7, "by": texts, "y": numpy.arange(144) ** 0.5})

    def make(**data: Any) -> Dataset:
        return make_dataset(table, "y", DataConfig(path="t.csv", target="y", **data), where, config)

    with pytest.raises(DataError, match=r"or `data\.date_order`"):
        make_splits(make(), config, 0, where)
    splits = make_splits(make(date_order=order), config, 0, where)
    form = "%d/%m/%Y" if order == "day_first" else "%m/%d/%Y"
    days = pandas.to_datetime(pandas.Series(texts), format=form)
    assert days[splits.training].max() < days[splits.test].min()


def parts_of(splits: Splits) -> list[list[numpy.ndarray]]:
    """What must have no group, or no time, in common: test against training rows, and the parts of each fold."""
    folds = [[fold.fit, fold.stopping, fold.validation] for fold in splits.folds]
    return [[splits.training, splits.test], *folds]


def two_classes(rows: int, seed: int) -> list[str]:
    labels = numpy.random.default_rng(seed).choice(["a", "b"], rows, p=[0.8, 0.2])
    labels[:2] = "a", "b"
    return labels.tolist()


@draws(60)
@given(groups=GROUPS, seed=SEEDS, folds=st.integers(3, 5), classes=st.booleans())
def test_groups_stay_whole(groups: list[int], seed: int, folds: int, classes: bool) -> None:
    groups[:15] = range(15)
    labels = two_classes(len(groups), seed) if classes else None
    splits = split(groups, labels, seed, kind="group", folds=folds, repeats=2)
    assert len(splits.folds) == 2 * folds
    for start in (0, folds):
        repeat = replace(splits, folds=splits.folds[start : start + folds])
        check_partition(repeat, len(groups), SplitsConfig(folds=folds))
    for parts in parts_of(splits):
        owners = [set(numpy.array(groups)[part].tolist()) for part in parts]
        assert all(not (first & second) for first, second in itertools.combinations(owners, 2))
    assert lists(splits) == lists(split(groups, labels, seed, kind="group", folds=folds, repeats=2))


def test_groups_come_near_to_the_shares_asked_for() -> None:
    """500 groups of 1 to 5 rows, every row of a group of one class."""
    generator = numpy.random.default_rng(1)
    groups = numpy.repeat(numpy.arange(500), generator.integers(1, 6, 500))
    labels = numpy.where(groups % 5 == 0, "rare", "usual")
    rare = labels == "rare"
    splits = split(groups, labels.tolist(), kind="group", test=0.3, stopping=0.1)
    assert len(splits.test) / len(groups) == pytest.approx(0.3, abs=0.01)
    sizes = [len(fold.validation) for fold in splits.folds]
    assert max(sizes) - min(sizes) <= 5
    for part in (splits.test, *(fold.validation for fold in splits.folds)):
        assert rare[part].mean() == pytest.approx(rare.mean(), abs=0.02)
    for fold in splits.folds:
        share = len(fold.stopping) / (len(fold.fit) + len(fold.stopping))
        assert share == pytest.approx(0.1, abs=0.01)
    assert splits.notes == ()


def test_groups_of_numbers_do_not_look_at_the_target() -> None:
    groups, config = numpy.arange(100) // 4, SplitsConfig(kind="group", by="by")
    dataset = read(groups, config)
    reversed_target = replace(dataset, target=dataset.target[::-1])
    assert lists(make_splits(dataset, config, 0, where)) == lists(
        make_splits(reversed_target, config, 0, where)
    )


def test_another_seed_draws_other_groups() -> None:
    groups = numpy.arange(100) // 4
    first, second = (split(groups, kind="group", seed=seed) for seed in (0, 1))
    assert first.test.tolist() != second.test.tolist()
    assert first.folds[0].validation.tolist() != second.folds[0].validation.tolist()


def test_a_column_and_no_kind_is_for_groups() -> None:
    splits = split(["a ", "a", " a", "b", "c", "d"] * 5, folds=3)
    assert splits.kind == "group" and splits.automatic
    assert splits.reason == "group: the study file names the column 'by' but no kind"
    for parts in parts_of(splits):
        assert sum(bool(set(part.tolist()) & {0, 1, 2}) for part in parts) == 1  # spaces make no group


def test_a_large_group_is_said_to_distort_the_shares() -> None:
    splits = split([0] * 60 + [1] * 20 + [2] * 20, kind="group", test=0.1, folds=2, stop_on="validation")
    assert sorted(map(len, (splits.training, splits.test))) == [20, 80]
    assert splits.notes == ("20 % of the rows are test rows instead of 10 %",)


def test_beside_a_huge_group_some_others_are_left_to_learn_from() -> None:
    splits = split([0] * 80 + list(range(1, 21)), kind="group")
    assert len(splits.test) == 9  # of 21 groups, twice 20 %
    assert len(splits.folds) == 5


def test_few_groups_make_few_folds() -> None:
    splits = split(numpy.arange(40) % 4, kind="group", test=0.0)
    assert len(splits.folds) == 4
    assert splits.notes == ("4 folds instead of 5: the training rows have 4 groups",)


def test_folds_of_distinct_times_are_those_of_scikit_learn() -> None:
    times = numpy.random.default_rng(0).permutation(100)
    splits = split(times, kind="time", test=0.2, folds=4, stopping=0.1)
    order = numpy.argsort(times)
    assert sorted(splits.test.tolist()) == sorted(order[80:].tolist())
    for fold, (training, validation) in zip(splits.folds, TimeSeriesSplit(4).split(order[:80]), strict=True):
        assert sorted(fold.validation.tolist()) == sorted(order[validation].tolist())
        num_stopping = -(-len(training) // 10)
        assert sorted(fold.stopping.tolist()) == sorted(order[training[-num_stopping:]].tolist())
        assert sorted(fold.fit.tolist()) == sorted(order[training[:-num_stopping]].tolist())


@draws(60)
@given(times=TIMES, folds=st.integers(2, 6), test=st.sampled_from([0.0, 0.2, 0.5]))
def test_time_runs_forward_and_rows_of_one_time_stay_together(
    times: list[int], folds: int, test: float
) -> None:
    times[:20] = range(20)
    splits = split(times, two_classes(len(times), 0), kind="time", folds=folds, test=test)
    values = numpy.array(times)
    assert sorted([*splits.training, *splits.test]) == list(range(len(times)))
    for parts in parts_of(splits):
        bounds = [(values[part].min(), values[part].max()) for part in parts if len(part)]
        assert len(bounds) == len(parts) - (test == 0.0 and parts[1] is splits.test)
        assert all(early[1] < late[0] for early, late in itertools.pairwise(bounds))
    assert sum(note.startswith(f"{len(splits.folds)} folds instead") for note in splits.notes) == (
        len(splits.folds) < folds
    )
    trained_rows = [numpy.sort([*fold.fit, *fold.stopping]) for fold in splits.folds]
    for number, fold in enumerate(splits.folds[:-1]):
        assert trained_rows[number + 1].tolist() == sorted([*trained_rows[number], *fold.validation])
    assert sorted([*trained_rows[-1], *splits.folds[-1].validation]) == splits.training.tolist()


def test_no_label_and_no_seed_moves_a_row_in_time() -> None:
    times = numpy.random.default_rng(0).permutation(60)
    first = split(times, two_classes(60, 1), kind="time", seed=1)
    assert lists(first) == lists(split(times, two_classes(60, 2), kind="time", seed=2))
    assert lists(first) == lists(split(times, kind="time"))


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%m/%d/%Y", "%d.%m.%Y", None])
def test_dates_are_in_the_order_of_time(form: str | None) -> None:
    days = numpy.random.default_rng(0).permutation(400)
    dates = pandas.Series(pandas.Timestamp("2019-11-20") + pandas.to_timedelta(days, "D"))
    by = dates if form is None else dates.dt.strftime(form)
    assert lists(split(by, kind="time")) == lists(split(days, kind="time"))


def test_the_fewest_times() -> None:
    """A time to fit, one to stop on, and one a fold; without a time to stop on, one less."""
    splits = split([0, 1, 2, 3] * 5, kind="time", folds=2, test=0.0)
    times = [[set((fold_part % 4).tolist()) for fold_part in parts] for parts in parts_of(splits)[1:]]
    assert times == [[{0}, {1}, {2}], [{0, 1}, {2}, {3}]]
    shared = split([0, 1, 2] * 5, kind="time", folds=2, test=0.0, stop_on="validation")
    assert [len(fold.fit) for fold in shared.folds] == [5, 10]
    with pytest.raises(DataError, match="3 times in 'by'"):
        split([0, 1, 2] * 5, kind="time", folds=2, test=0.0)


def test_folds_are_those_that_the_column_names() -> None:
    by = ["10", "2", " test", "3", "2", "test", "10", "3"] * 3
    splits = split(by, kind="column", folds=9, test=0.9, stopping=0.3)
    assert {by[row].strip() for row in splits.test} == {"test"} and len(splits.test) == 6
    assert [{by[row] for row in fold.validation} for fold in splits.folds] == [{"2"}, {"3"}, {"10"}]
    check_partition(splits, 24, SplitsConfig(folds=3))
    assert splits.notes == ()


def test_named_folds_of_classes_stop_on_rows_of_each_class() -> None:
    splits = split([0.0, 1.0] * 50, ["a"] * 50 + ["b"] * 50, kind="column", stopping=0.2)
    assert len(splits.test) == 0
    for fold in splits.folds:
        assert numpy.bincount(fold.stopping // 50).tolist() == [5, 5]
    assert split(["x", "test"] * 5 + ["y"] * 9, kind="column").folds[1].validation.tolist() == list(
        range(10, 19)
    )


def test_a_class_that_only_one_fold_has_is_mentioned() -> None:
    splits = split(["x", "y"] * 10, ["a", "b", "a", "c"] * 5, kind="column")
    note = "the class 'a' has no training row in 1 of 2 folds; 2 other classes lack rows too"
    assert splits.notes == (note,)


@pytest.mark.parametrize(
    ("by", "keys", "key", "says"),
    [
        ([1] * 20, {"kind": "group"}, "folds", ["1 groups by 'by'", "got 5", "Use more groups."]),
        (
            [1, 2, 3, 4] * 5,
            {"kind": "group", "test": 0.0, "rare_classes": "refuse"},
            "folds",
            ["4 groups", "Use fewer folds, or use more groups."],
        ),
        (
            [1, 2] * 10,
            {"kind": "group", "test": 0.0, "folds": 2},
            "stopping",
            ["10 rows are of one group", "`stop_on: validation`"],
        ),
        (["a", "b"] * 10, {"kind": "time"}, "by", ["numbers or dates", "got 'by'", "2/29/2024"]),
        ([True, False] * 10, {"kind": "time"}, "by", ["numbers or dates"]),
        ([1] * 20, {"kind": "time"}, "folds", ["the table has 1 times in 'by'", "got 5"]),
        (
            ["a", "test"] * 10,
            {"kind": "column"},
            "by",
            ["other than `test`", "it has 1", "Name another column"],
        ),
        (range(2000), {"kind": "column"}, "by", ["2 to 1000 values", "it has 2000"]),
    ],
)
def test_splits_that_cannot_be_made_are_explained(
    by: Sequence[Any], keys: dict[str, Any], key: str, says: list[str]
) -> None:
    with pytest.raises(DataError) as caught:
        split(by, **keys)
    message = str(caught.value)
    assert message.startswith(f"study.yaml:splits.{key}: `splits.{key}` must ")
    assert [part for part in says if part not in message] == []


def test_what_stays_together_is_known_of_all_rows() -> None:
    """Groups by their codes, times in their order, dates as people write them too: 2 January is before 1 March."""
    groups = split(["a", "b", " a", "c"] * 12, kind="group", folds=2, test=0.0, stop_on="validation").together
    assert groups is not None
    assert (groups[:4] == groups[2])[[0, 2]].all() and len(set(groups[:4])) == 3
    days = pandas.date_range("2024-01-01", periods=60)
    dated = split(days.strftime("%d/%m/%Y").tolist(), kind="time", folds=3).together
    assert dated is not None and dated.tolist() == list(range(60))
    assert split(["1", "2"] * 20, kind="column").together is None

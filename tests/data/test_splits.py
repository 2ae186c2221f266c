"""Splits: every row in its place exactly once, classes in their shares, the same for the same seed."""

from typing import Any

import numpy
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from small_tables import classes, numbers, where
from split_checks import REFUSE, check_partition, lists, split

from automl.config.sections import SplitsConfig
from automl.data.dataset import Dataset
from automl.data.splits import make_splits
from automl.errors import DataError
from automl.trial import Task, derive_seed

CONFIGS = st.builds(
    SplitsConfig,
    test=st.sampled_from([0.0, 0.1, 0.2, 0.5]),
    folds=st.integers(2, 5),
    stopping=st.sampled_from([0.1, 0.15, 0.4]),
)
SEEDS = st.integers(0, 2**40)
COUNTS = st.lists(st.integers(12, 60), min_size=2, max_size=4)


@settings(max_examples=40, deadline=None)
@given(counts=COUNTS, config=CONFIGS, seed=SEEDS)
@example([12, 12, 12], SplitsConfig(test=0.0, folds=2, stopping=0.1), 0)  # fewer stopping rows than classes
def test_folds_of_classes_part_the_rows_and_keep_the_shares(
    counts: list[int], config: SplitsConfig, seed: int
) -> None:
    dataset = classes(*counts)
    splits = make_splits(dataset, config, seed, where)
    check_partition(splits, sum(counts), config)
    total = numpy.array(counts)
    training = numpy.bincount(dataset.target[splits.training], minlength=len(counts))
    assert numpy.abs(training - total * len(splits.training) / sum(counts)).max() < 1.0
    for fold in splits.folds:
        validation = numpy.bincount(dataset.target[fold.validation], minlength=len(counts))
        assert numpy.abs(validation - training / config.folds).max() < 1.0
        remaining = training - validation
        stopping = numpy.bincount(dataset.target[fold.stopping], minlength=len(counts))
        assert numpy.abs(stopping - remaining * len(fold.stopping) / remaining.sum()).max() < 1.0


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(30, 200), config=CONFIGS, seed=SEEDS)
def test_folds_of_numbers_part_the_rows_evenly(rows: int, config: SplitsConfig, seed: int) -> None:
    splits = make_splits(numbers(rows), config, seed, where)
    check_partition(splits, rows, config)
    sizes = [len(fold.validation) for fold in splits.folds]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("share", [0.1, 0.2, 0.25, 0.5])
def test_the_shares_are_those_asked_for(share: float) -> None:
    splits = split(classes(100, 100), test=share, folds=5, stopping=share)
    assert len(splits.test) == 200 * share
    for fold in splits.folds:
        num_remaining = len(fold.fit) + len(fold.stopping)
        assert abs(len(fold.stopping) - num_remaining * share) < 1


def test_test_0_locks_no_rows_away() -> None:
    splits = split(classes(10, 10), test=0.0, folds=2)
    assert splits.test.tolist() == []
    assert splits.training.tolist() == list(range(20))


@pytest.mark.parametrize("dataset", [classes(40, 60), numbers(100)], ids=["classes", "numbers"])
def test_rows_are_those_of_scikit_learn_and_stay_what_they_were(dataset: Dataset) -> None:
    """Written out once more: a study that is run again must find its rows where they were."""
    splits, labels = split(dataset, seed=7), dataset.target if dataset.classes else None
    rows = numpy.arange(100)
    training, test = train_test_split(
        rows, test_size=0.2, random_state=derive_seed(7, "test"), stratify=labels
    )
    assert splits.test.tolist() == sorted(test)
    training = numpy.sort(training)
    splitter = (StratifiedKFold if dataset.classes else KFold)(
        5, shuffle=True, random_state=derive_seed(7, "folds")
    )
    for number, (remaining, validation) in enumerate(splitter.split(training, dataset.target[training])):
        assert splits.folds[number].validation.tolist() == training[validation].tolist()
        remaining = training[remaining]
        fit, stopping = train_test_split(
            remaining,
            test_size=0.15,
            random_state=derive_seed(7, "stopping", number),
            stratify=None if labels is None else labels[remaining],
        )
        assert splits.folds[number].fit.tolist() == sorted(fit)
        assert splits.folds[number].stopping.tolist() == sorted(stopping)


@pytest.mark.parametrize("dataset", [classes(40, 60), numbers(100)], ids=["classes", "numbers"])
def test_the_same_seed_splits_alike_and_another_otherwise(dataset: Dataset) -> None:
    first, again, another = split(dataset, seed=3), split(dataset, seed=3), split(dataset, seed=4)
    assert lists(first) == lists(again)
    assert not numpy.array_equal(first.test, another.test)
    assert not numpy.array_equal(first.folds[0].validation, another.folds[0].validation)
    assert not numpy.array_equal(first.folds[0].stopping, another.folds[0].stopping)


def test_the_test_rows_do_not_depend_on_the_folds() -> None:
    dataset = classes(40, 60)
    assert numpy.array_equal(split(dataset, folds=5).test, split(dataset, folds=3, stopping=0.3).test)


@pytest.mark.parametrize("dataset", [classes(40, 60), numbers(100)], ids=["classes", "numbers"])
def test_folds_and_stopping_rows_follow_the_seed_on_their_own(dataset: Dataset) -> None:
    """Not only because other test rows leave other training rows."""
    first, second = (split(dataset, seed, test=0.0) for seed in (3, 4))
    assert not numpy.array_equal(first.folds[0].validation, second.folds[0].validation)
    places = [
        numpy.searchsorted(numpy.sort([*fold.fit, *fold.stopping]), fold.stopping).tolist()
        for splits in (first, second)
        for fold in splits.folds
    ]
    assert len({tuple(place) for place in places}) == len(places)


def test_rows_are_drawn_at_random_and_not_in_the_order_of_the_file() -> None:
    parts = [split(numbers(100)).test]
    parts += [fold.validation for fold in split(numbers(100), test=0.0).folds]
    parts += [fold.stopping for fold in split(numbers(100), test=0.0).folds]
    for part in parts:
        assert part[-1] - part[0] > 2 * len(part), "a block of the file"


def test_splitting_leaves_the_global_random_state_alone() -> None:
    numpy.random.seed(1)  # noqa: NPY002  it is the global one that is meant
    expected = numpy.random.rand()  # noqa: NPY002
    numpy.random.seed(1)  # noqa: NPY002
    split(classes(20, 20))
    assert numpy.random.rand() == expected  # noqa: NPY002


def test_12_rows_are_enough_for_few_folds() -> None:
    splits = split(classes(6, 6), folds=3)
    check_partition(splits, 12, SplitsConfig(folds=3))
    assert len(splits.test) == 3


def test_the_smallest_table_of_all() -> None:
    splits = split(numbers(4), test=0.0, folds=2)
    assert [tuple(map(len, (f.fit, f.stopping, f.validation))) for f in splits.folds] == [(1, 1, 2)] * 2


def test_a_class_too_small_to_stop_on_stops_no_study() -> None:
    """Two folds leave one row of the rare class, which cannot be on both sides."""
    splits = split(classes(30, 2), test=0.0, folds=2)
    check_partition(splits, 32, SplitsConfig(test=0.0, folds=2))
    assert all(1 in classes(30, 2).target[fold.validation] for fold in splits.folds)


@pytest.mark.parametrize(
    ("dataset", "config", "key", "says"),
    [
        (classes(6, 6), REFUSE, "folds", ["without the test rows, 9 rows", "got 5", "Use fewer folds"]),
        (
            classes(30, 4),
            REFUSE,
            "folds",
            ["class 'class 1' of 'y' has 4 rows", "got 5", "merge that class"],
        ),
        (
            classes(30, 5),
            {"test": 0.2} | REFUSE,
            "folds",
            ["class 'class 1' of 'y' keeps, without the test rows, 4 rows", "got 5"],
        ),
        (
            classes(30, 1),
            {"test": 0.0},
            "folds",
            ["class 'class 1' of 'y' has 1 row,", "got 5", "Remove or merge that class"],
        ),
        (numbers(20), {"kind": "stratified"}, "kind", ["a numeric target", "kind: plain"]),
        (numbers(3), {"folds": 2, "test": 0.0}, "folds", ["the table has 3 rows", "got 2", "more rows"]),
        (
            classes(50, 2),
            {"folds": 2, "test": 0.01},
            "test",
            [
                "rows of every class",
                "of 52 rows of 2 classes 1 would be",
                "got 0.01. Write 0.04 or more",
                "write 0",
            ],
        ),
        (
            classes(4, 3, 3),
            {},
            "test",
            ["of 10 rows of 3 classes 2 would be test rows and 8 not", "got 0.2. Write 0.3 or more"],
        ),
        (
            numbers(12),
            {"folds": 2, "test": 0.99},
            "test",
            ["on both sides (of 12 rows 12 would be", "Write 0.91 or less", "write 0"],
        ),
        (
            numbers(4),
            {"folds": 2, "test": 0.0, "stopping": 0.9},
            "stopping",
            ["to fit and to stop on", "got 0.9"],
        ),
    ],
)
def test_splits_that_cannot_be_made_are_explained(
    dataset: Dataset, config: dict[str, Any], key: str, says: list[str]
) -> None:
    with pytest.raises(DataError) as caught:
        split(dataset, **config)
    message = str(caught.value)
    assert message.startswith(f"study.yaml:splits.{key}: `splits.{key}` must ")
    assert [part for part in says if part not in message] == []


def test_the_tables_of_these_tests_are_what_they_are_taken_for() -> None:
    assert numpy.bincount(classes(3, 5, 2).target).tolist() == [3, 5, 2]
    assert numbers(5).task is Task.REGRESSION

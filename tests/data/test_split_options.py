"""What the splits section of a study file can ask for, and what is said of it."""

import hashlib
import struct
from dataclasses import replace
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tables import classes, make, numbers, where
from split_checks import check_partition, lists, split

from automl.config.sections import DataConfig, SplitsConfig
from automl.data.dataset import Dataset
from automl.data.folds import Fold
from automl.data.random_splits import Request
from automl.data.splits import KINDS, Splits, check_weights, make_splits
from automl.errors import DataError
from automl.trial import derive_seed


@pytest.mark.parametrize(
    ("dataset", "kind", "reason"),
    [
        (classes(40, 60, 30), "stratified", "stratified: the target has 3 classes"),
        (numbers(100), "plain", "plain: the target is a number"),
    ],
)
def test_the_kind_is_chosen_and_the_reason_said(dataset: Dataset, kind: str, reason: str) -> None:
    chosen, configured = split(dataset), split(dataset, kind=kind)
    assert (chosen.kind, chosen.reason, chosen.notes, chosen.automatic) == (kind, reason, (), True)
    assert (configured.kind, configured.reason, configured.automatic) == (
        kind,
        f"{kind}: set in the study file",
        False,
    )
    assert lists(chosen) == lists(configured)


def test_plain_splits_know_nothing_of_the_target() -> None:
    """Labels of test rows, and of validation rows, move no row; nor does anything else of the target."""
    dataset = classes(40, 60)
    splits = split(dataset, kind="plain")
    check_partition(splits, 100, SplitsConfig())
    assert lists(splits) == lists(split(numbers(100)))
    for rows in (splits.test, *(fold.validation for fold in splits.folds), numpy.arange(100)):
        target = dataset.target.copy()
        target[rows] = 1 - target[rows]
        assert lists(split(replace(dataset, target=target), kind="plain")) == lists(splits)


@pytest.mark.parametrize("dataset", [classes(40, 60), numbers(100)], ids=["classes", "numbers"])
def test_stopping_rows_depend_on_no_target_outside_their_fold(dataset: Dataset) -> None:
    """The labels of test rows and of validation rows never come into the choice of stopping rows."""
    config = SplitsConfig()
    fold = split(dataset).folds[0]
    training = numpy.sort([*fold.fit, *fold.stopping])
    hidden = numpy.setdiff1d(numpy.arange(100), training)
    target = dataset.target.copy()
    target[hidden] = target[hidden][::-1]
    kind = KINDS[split(dataset).kind](Request(replace(dataset, target=target), config, where))
    assert kind.stop(training, derive_seed(0, "stopping", 0))[1].tolist() == fold.stopping.tolist()


@pytest.mark.parametrize("dataset", [classes(40, 60), numbers(100)], ids=["classes", "numbers"])
def test_repeats_draw_the_folds_anew_and_the_test_rows_once(dataset: Dataset) -> None:
    once, thrice = split(dataset), split(dataset, repeats=3)
    assert lists(replace(thrice, folds=thrice.folds[:5])) == lists(once)
    assert len(thrice.folds) == 15
    for start in (0, 5, 10):
        check_partition(replace(thrice, folds=thrice.folds[start : start + 5]), 100, SplitsConfig())
    for part in ("validation", "stopping", "fit"):
        assert len({tuple(getattr(fold, part).tolist()) for fold in thrice.folds}) == 15
    assert lists(split(dataset, repeats=3)) == lists(thrice)


@pytest.mark.parametrize("dataset", [classes(40, 60), numbers(100)], ids=["classes", "numbers"])
def test_stopping_on_the_validation_rows_leaves_all_others_to_fit(dataset: Dataset) -> None:
    inner, shared = split(dataset), split(dataset, stop_on="validation")
    assert numpy.array_equal(inner.test, shared.test)
    for inner_fold, shared_fold in zip(inner.folds, shared.folds, strict=True):
        assert numpy.array_equal(inner_fold.validation, shared_fold.validation)
        assert numpy.array_equal(shared_fold.stopping, shared_fold.validation)
        assert shared_fold.fit.tolist() == sorted([*inner_fold.fit.tolist(), *inner_fold.stopping.tolist()])


@settings(max_examples=60, deadline=None)
@given(counts=st.lists(st.integers(2, 15), min_size=2, max_size=4), seed=st.integers(0, 2**40))
def test_a_rare_class_makes_folds_fewer(counts: list[int], seed: int) -> None:
    """As many folds as the rarest class has rows, each with one of them."""
    dataset = classes(*counts)
    config = SplitsConfig(test=0.0, folds=8)
    splits = make_splits(dataset, config, seed, where)
    expected = min(8, *counts, sum(counts) // 2)
    check_partition(splits, sum(counts), SplitsConfig(test=0.0, folds=expected))
    fewer = [note for note in splits.notes if note.startswith(f"{expected} folds instead of 8: ")]
    assert len(fewer) == (expected < 8)
    for fold in splits.folds:
        assert len(numpy.unique(dataset.target[fold.validation])) == len(counts)


def test_notes_say_which_class_is_rare() -> None:
    dataset = classes(30, 4)
    assert split(dataset, test=0.0).notes == (
        "4 folds instead of 5: the class 'class 1' has 4 training rows",
    )
    splits = split(classes(30, 2), test=0.0, stopping=0.9)
    unseen = sum(1 not in classes(30, 2).target[fold.fit] for fold in splits.folds)
    assert unseen > 0, "an example without what it is for"
    note = f"the class 'class 1' has no training row in {unseen} of 2 folds"
    assert splits.notes == ("2 folds instead of 5: the class 'class 1' has 2 training rows", note)


@pytest.mark.parametrize(
    ("dataset", "folds"), [(classes(6, 6), 4), (classes(4, 4, 4), 3), (classes(9, 3), 2), (numbers(12), 4)]
)
def test_12_rows_are_enough(dataset: Dataset, folds: int) -> None:
    splits = split(dataset)
    check_partition(splits, 12, SplitsConfig(folds=folds))
    assert len(splits.test) == 3
    assert splits.notes[0].startswith(f"{folds} folds instead of 5: ")


def test_the_digest_is_of_the_target_and_the_test_rows() -> None:
    dataset = replace(numbers(100), target_digest="abc")
    splits = split(dataset)
    expected = hashlib.sha256(b"abc" + struct.pack("<20q", *sorted(splits.test.tolist()))).hexdigest()
    assert splits.test_digest(dataset) == expected
    assert replace(splits, test=splits.test[::-1]).test_digest(dataset) == expected
    assert split(numbers(100), folds=3).test_digest(dataset) == expected
    digests = (
        splits.test_digest(replace(dataset, target_digest="abd")),
        split(dataset, 1).test_digest(dataset),
    )
    assert len({expected, *digests}) == 3
    assert splits.earlier_test_digest(replace(dataset, digest="abc")) == expected


def test_a_test_set_is_known_again_whatever_columns_a_study_uses() -> None:
    """Also where blanks, gaps of the target, or rare classes leave rows out."""
    labels = ["a", "b "] * 30 + ["rare", None]
    table = {"x": [row / 2 for row in range(62)], "z": [f"v{row % 5}" for row in range(62)], "y": labels}

    def digest(table: dict[str, Any] = table, **config: Any) -> str:
        dataset = make(table, **config)
        splits = split(dataset, kind="plain")
        return splits.test_digest(dataset)

    expected = digest()
    assert (
        digest(features=["x"]) == digest(features=["z"]) == digest(columns={"x": "categorical"}) == expected
    )
    assert (
        digest({**table, "x": table["z"], "z": table["x"]})
        == digest({**table, "y": [*labels[:-1], " "]})
        == expected
    )
    assert digest({**table, "y": ["b", *labels[1:]]}) != expected
    assert digest({**table, "y": [None, *labels[:-1]]}) != expected


@pytest.mark.parametrize(
    ("weighing", "part"),
    [
        ([0, 1, 2, 3, 4, 5, 6], ""),
        ([1, 3, 5, 6], ""),
        ([3, 4, 5, 6], "the fit rows of fold 0"),
        ([0, 1, 2, 5, 6], "the stopping rows of fold 0"),
        ([0, 1, 2, 3, 4, 6], "the validation rows of fold 0"),
        ([1, 5, 3], "the test rows"),
    ],
)
def test_every_part_must_have_weight(weighing: list[int], part: str) -> None:
    """There is no mean over rows that all weigh 0: a trial's score would be no number."""
    weights = [float(row in weighing) for row in range(7)]
    dataset = make({"x": [row / 2 for row in range(7)], "w": weights, "y": [0, 1] * 3 + [0]}, weights="w")
    first, second, third = numpy.array([0, 1, 2]), numpy.array([3, 4]), numpy.array([5])
    folds = (Fold(first, second, third), Fold(first, third, third))
    splits = Splits(numpy.arange(6), numpy.array([6]), folds, "plain", "")
    config = DataConfig(path="t.csv", target="y", weights="w")
    if not part:
        check_weights(splits, dataset, config, where)
        return
    with pytest.raises(
        DataError, match=f"^study.yaml:data.weights: the column 'w' must weigh one of {part} more"
    ):
        check_weights(splits, dataset, config, where)

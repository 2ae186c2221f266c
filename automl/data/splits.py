"""Which rows train, stop, validate and test: decided once a study, the same for every trial."""

import math
from contextlib import suppress
from dataclasses import dataclass

import numpy
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from automl.config import SplitsConfig
from automl.data.dataset import Dataset, Where
from automl.errors import DataError, explain
from automl.trial import Task, derive_seed


@dataclass(frozen=True, slots=True)
class Fold:
    """Row numbers of one fold, disjoint.

    Attributes:
        fit: Rows that move the weights, and whose statistics scale the inputs.
        stopping: Rows that choose the epoch. They score nothing.
        validation: Rows that score. They choose nothing.
    """

    fit: numpy.ndarray
    stopping: numpy.ndarray
    validation: numpy.ndarray


@dataclass(frozen=True, slots=True)
class Splits:
    """The splits of a study.

    Attributes:
        training: Rows of the search; the folds divide them.
        test: Rows locked away until the search is over; empty when none are kept.
        folds: The folds of the search.
    """

    training: numpy.ndarray
    test: numpy.ndarray
    folds: tuple[Fold, ...]


def make_splits(dataset: Dataset, config: SplitsConfig, seed: int, where: Where) -> Splits:
    """Split by class where there are classes (stratified), else at random.

    Args:
        dataset: The table.
        config: The study file's splits section.
        seed: The study's seed.
        where: Gives `file:line` of a key of the study file.

    Raises:
        DataError: There are too few rows, or too few of one class, for these splits.
    """
    rows = numpy.arange(len(dataset.target))
    _check_counts(dataset, rows, config, where, "has")
    if config.test > 0:
        try:
            training, test = _split(rows, dataset, config.test, derive_seed(seed, "test"))
        except ValueError as error:
            must = f"leave rows of every class on both sides ({error})"
            cure = "Change it, or write 0 to lock no rows away."
            at = where("splits", "test")
            raise DataError(explain("splits.test", must, config.test, cure, where=at)) from None
    else:
        training, test = rows, rows[:0]
    _check_counts(dataset, training, config, where, "keeps, without the test rows,")
    kind = KFold if dataset.task is Task.REGRESSION else StratifiedKFold
    splitter = kind(config.folds, shuffle=True, random_state=derive_seed(seed, "folds"))
    folds = []
    for number, (rest, validation) in enumerate(splitter.split(training, dataset.target[training])):
        seed_of_fold = derive_seed(seed, "stopping", number)
        try:
            fit, stopping = _split_evenly(training[rest], dataset, config.stopping, seed_of_fold)
        except ValueError as error:
            must, cure = f"leave rows to fit and to stop on ({error})", "Change it, or use more rows."
            at = where("splits", "stopping")
            raise DataError(explain("splits.stopping", must, config.stopping, cure, where=at)) from None
        folds.append(Fold(fit, stopping, training[validation]))
    return Splits(training, test, tuple(folds))


def _split(
    rows: numpy.ndarray, dataset: Dataset, share: float, seed: int
) -> tuple[numpy.ndarray, numpy.ndarray]:
    labels = None if dataset.task is Task.REGRESSION else dataset.target[rows]
    kept, taken = train_test_split(rows, test_size=share, random_state=seed, stratify=labels)
    return numpy.sort(kept), numpy.sort(taken)


def _split_evenly(
    rows: numpy.ndarray, dataset: Dataset, share: float, seed: int
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Like `_split`, also where classes are too small for it: each gives its share, rounded up or down.

    Where scikit-learn refuses: systematic sampling, rows at equal distances in random order, class by class.
    """
    with suppress(ValueError):
        return _split(rows, dataset, share, seed)
    generator = numpy.random.default_rng(seed)
    order = generator.permutation(len(rows))
    if dataset.task is not Task.REGRESSION:
        order = order[numpy.argsort(dataset.target[rows[order]], kind="stable")]
    num_taken = math.ceil(len(rows) * share)
    if num_taken == len(rows):
        raise ValueError(f"all of {len(rows)} rows would be taken")
    places = (numpy.arange(num_taken) + generator.random()) * (len(rows) / num_taken)
    taken = numpy.zeros(len(rows), bool)
    taken[order[places.astype(int)]] = True
    return rows[~taken], rows[taken]


def _check_counts(
    dataset: Dataset, rows: numpy.ndarray, config: SplitsConfig, where: Where, verb: str
) -> None:
    """Refuse a table that cannot give every fold a row to validate and two rows to learn and stop on."""
    at = where("splits", "folds")
    if len(rows) < max(2 * config.folds, 4):
        must = f"leave rows for every fold; the table {verb} {len(rows)} rows"
        raise DataError(
            explain("splits.folds", must, config.folds, "Use fewer folds, or more rows.", where=at)
        )
    if dataset.task is Task.REGRESSION:
        return
    counts = numpy.bincount(dataset.target[rows], minlength=len(dataset.classes))
    rarest = int(numpy.argmin(counts))
    if counts[rarest] < config.folds:
        must = (
            f"not exceed the rows of any class; class {dataset.classes[rarest]!r} of {dataset.target_name!r} "
            f"{verb} {counts[rarest]} rows"
        )
        cure = "Use fewer folds, or remove or merge that class."
        raise DataError(explain("splits.folds", must, config.folds, cure, where=at))

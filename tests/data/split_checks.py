"""What tests of splits share."""

import itertools
from typing import Any

from small_tables import where

from automl.config.sections import SplitsConfig
from automl.data.dataset import Dataset
from automl.data.splits import Splits, make_splits

REFUSE = {"folds": 5, "rare_classes": "refuse"}


def split(dataset: Dataset, seed: int = 0, **config: Any) -> Splits:
    return make_splits(dataset, SplitsConfig.model_validate(config), seed, where)


def lists(splits: Splits) -> list[list[int]]:
    parts = [splits.training, splits.test]
    for fold in splits.folds:
        parts += [fold.fit, fold.stopping, fold.validation]
    return [part.tolist() for part in parts]


def check_partition(splits: Splits, rows: int, config: SplitsConfig) -> None:
    """Test and training rows part the table; validation rows part the training rows; each fold uses all of them."""
    training = set(splits.training.tolist())
    assert sorted([*splits.training.tolist(), *splits.test.tolist()]) == list(range(rows))
    assert len(splits.folds) == config.folds
    validated = [row for fold in splits.folds for row in fold.validation.tolist()]
    assert sorted(validated) == sorted(training)
    for fold in splits.folds:
        parts = [part.tolist() for part in (fold.fit, fold.stopping, fold.validation)]
        assert all(parts), "a part without rows"
        assert sorted(itertools.chain(*parts)) == sorted(training)

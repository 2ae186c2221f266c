"""Which rows of a study err together: its groups, its stretches of time, its folds."""

from automl.data.dataset import Dataset
from automl.data.folds import Fold
from automl.evaluation.pairing import Blocks, make_blocks
from automl.evaluation.predictions import Targets
from automl.study.preparation import PreparedStudy


def first_round(prepared: PreparedStudy) -> tuple[Fold, ...]:
    """The folds; of repeated ones, those of the first round."""
    return prepared.splits.folds[: len(prepared.splits.folds) // prepared.config.splits.repeats]


def blocks_of(prepared: PreparedStudy) -> Blocks:
    """The blocks of a study's rows: the same for every trial and every baseline."""
    validation, together = [fold.validation for fold in first_round(prepared)], prepared.splits.together
    in_time = prepared.splits.kind == "time"
    return make_blocks(validation, None if in_time else together, together if in_time else None)


def targets_of(dataset: Dataset, blocks: Blocks | None = None) -> Targets:
    """What a table asks for, as the decomposition takes it."""
    return Targets(dataset.target, dataset.weights, len(dataset.classes), blocks)

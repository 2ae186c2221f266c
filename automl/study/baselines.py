"""Plain models beside the networks: their scores for the verdict, their losses by row for the floor of bias."""

import math

import numpy

from automl.evaluation.pairing import Blocks, BlockSums
from automl.records.sums import baseline_file, write_sums
from automl.study.analyses.blocks import blocks_of, first_round, targets_of
from automl.study.preparation import PreparedStudy
from automl.study.session import Session
from automl.training.baselines.baselines import BASELINES, BaselineResult, first_fold_seconds, run_baseline


def train_baselines(session: Session) -> dict[str, BaselineResult]:
    """Plain models on the study's folds, as far as the time allows. Their losses by block of rows are kept in files."""
    prepared, results = session.prepared, dict[str, BaselineResult]()
    blocks = blocks_of(prepared)
    for number, name in enumerate(BASELINES if prepared.config.baselines else ()):
        session.interrupts.check()
        seconds = session.budget.for_verdict() / (len(BASELINES) - number)
        if seconds > 0.0 and _is_in_time(session, name):
            folds = prepared.splits.folds
            results[name] = run_baseline(
                name, prepared.dataset, prepared.layout, folds, prepared.metric, seconds
            )
            write_sums(session.run.folder, baseline_file(name), loss_sums(prepared, results[name], blocks))
    return results


def _is_in_time(session: Session, name: str) -> bool:
    """Whether a baseline can be fitted on a fold, which cannot be broken off, before the budget ends."""
    prepared, left = session.prepared, session.budget.before_ending()
    if math.isinf(left):
        return True
    needed = first_fold_seconds(
        name, prepared.dataset, prepared.layout, prepared.splits.folds, prepared.metric
    )
    return needed <= session.budget.before_ending()


def loss_sums(prepared: PreparedStudy, result: BaselineResult, blocks: Blocks) -> BlockSums:
    """A baseline's losses by block of rows, of the first round of folds."""
    targets = targets_of(prepared.dataset)
    weights, losses = numpy.zeros(len(blocks.folds)), numpy.zeros(len(blocks.folds))
    for fold, prediction in zip(first_round(prepared), result.predictions, strict=False):
        rows = fold.validation
        row_weights = targets.weights[rows].astype(float)
        weights += blocks.sums(rows, row_weights)
        losses += blocks.sums(rows, row_weights * targets.losses(rows, prediction))
    nothing = numpy.zeros(len(blocks.folds))
    return BlockSums(blocks.folds, weights, losses, nothing, nothing)

"""The learning curve of the winner: its loss when it learns from shares of the training rows."""

import math
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import final

import numpy

from automl.evaluation.bias_variance import LOG_LOSS, SQUARED_ERROR
from automl.evaluation.learning_curve import FEWEST_ANCHORS
from automl.records.state import LEARNING_CURVE
from automl.study.analyses.analysis import Analysis, Answer, Plan, Subject
from automl.study.preparation import PreparedStudy
from automl.training.engine import Watch
from automl.training.members import plan_members
from automl.training.rows import member_fold
from automl.trial import FoldResult, Hyperparameters, Member, Trial, TrialState

SHARES = (0.25, 0.35, 0.5, 0.7, 1.0)
"""Of a fold's fit rows, for a learning curve; a factor of √2 apart, as in LCDB (Mohr et al. 2022)."""

_COST, _COST_ALONE = 12.0, 6.0
"""What the networks of a learning curve cost, in trainings of a trial on its folds, in a population and one after
another (measured, DECISIONS.md): as many steps for every share, the more evaluations the smaller it is, and in a
population the slowest network's epochs for all that begin with it."""

_ROOM = 2.0
"""Times as many epochs as in the search, so that networks end by themselves; not where a schedule spans the epochs."""

_LAST = 0.95
"""A network whose loss still fell in the epochs beyond this share of them has not ended by itself."""

_STILL_FALLS = 1e-3
"""By more than this share of the loss."""

_NEW_SEED = 1
"""The repeat of every network: other initial weights, dropout and order of the rows than those that were selected."""


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A number of rows to learn from.

    Attributes:
        rows: Fit rows of each fold.
        members: A network a fold.
    """

    rows: tuple[int, ...]
    members: tuple[Member, ...]

    @property
    def mean_rows(self) -> int:
        """Mean over the folds."""
        return round(float(numpy.mean(self.rows)))


def cost_of(prepared: PreparedStudy) -> float:
    """What a learning curve costs, in trainings of a trial on its folds."""
    return _COST_ALONE if prepared.make_engine().cohort_size == 1 else _COST


@final
class LearningCurveAnalysis(Analysis):
    """The winner trained on shares of the fit rows until it stops by itself, and again on all of them.

    All of its points are new networks: the winner's own scores are the best of many and would bend the curve down.
    """

    @property
    def name(self) -> str:
        """See `Analysis.name`."""
        return LEARNING_CURVE

    def plan(self, subject: Subject) -> Plan | None:
        """See `Analysis.plan`."""
        seconds = cost_of(subject.prepared) * subject.best.seconds
        if subject.best.number in subject.answered or seconds > subject.seconds:
            return None
        anchors = _anchors(subject.prepared, subject.best.hyperparameters)
        if len(anchors) < FEWEST_ANCHORS:
            return None
        num_networks = sum(len(anchor.members) for anchor in anchors)
        return Plan("learning curve of the best trial", num_networks, anchors)

    def answers(self, subject: Subject, plan: Plan, watch: Watch) -> Iterator[Answer]:
        """See `Analysis.answers`.

        The answer holds `rows` to learn from (means over the folds), ascending, and `losses`, a list of folds for each;
        `loss` names the loss; `thinned` what was left out, rows, groups or the earliest rows; `epochs` that were kept,
        like `losses`, and `unfinished`, the number of networks whose loss still fell when their epochs ran out. There
        is none where a network diverged or was cut short.
        """
        anchors: list[_Anchor] = plan.design
        with closing(subject.engine.train([anchor.members for anchor in anchors], watch)) as trained:
            ended = {-1 - trial.number: trial for trial in trained}
        trials = [ended[number] for number in sorted(ended)]
        if len(trials) == len(anchors) and all(map(_is_whole, trials)):
            yield Answer(subject.best.number, _content(subject.prepared, anchors, trials))


def _anchors(prepared: PreparedStudy, values: Hyperparameters) -> list[_Anchor]:
    """The shares as members, without those that would not differ in their rows: of few groups, some do not."""
    anchors: list[_Anchor] = []
    folds, seed = prepared.splits.folds, prepared.config.search.seed
    for share in SHARES:
        members, rows = [], []
        for member in plan_members(-1 - len(anchors), values, len(folds), seed):
            member = replace(member, share=share, repeat=_NEW_SEED)
            num_rows, most = len(member_fold(member, folds[member.fold]).fit), len(folds[member.fold].fit)
            members.append(_lasting(prepared, member, num_rows, most))
            rows.append(num_rows)
        anchor = _Anchor(tuple(rows), tuple(members))
        if anchors and anchor.mean_rows <= anchors[-1].mean_rows:
            anchors.pop()
            anchor = replace(
                anchor, members=tuple(replace(member, trial=-1 - len(anchors)) for member in members)
            )
        anchors.append(anchor)
    return anchors


def _lasting(prepared: PreparedStudy, member: Member, num_rows: int, most: int) -> Member:
    """The member with at least as many steps as one that learns from most rows, and as many steps of patience."""
    size = prepared.plan.batch_size_of(member)
    longer = max(most / num_rows, math.ceil(most / size) / math.ceil(num_rows / size))
    room = _ROOM if member.hyperparameters.get("schedule", "constant") == "constant" else 1.0
    return replace(
        member,
        epochs=math.ceil(room * longer * prepared.plan.epochs_of(member)),
        patience=math.ceil(longer * prepared.plan.patience_of(member)),
    )


def _is_whole(trial: Trial) -> bool:
    return trial.state is TrialState.COMPLETE and not trial.cut


def still_falls(fold: FoldResult, num_epochs: int) -> bool:
    """Whether a network would have gone on getting better: its best epoch is among its last, and by a real step."""
    last = max(1, math.floor(_LAST * num_epochs))
    if fold.best_epoch <= last:
        return False
    least, before = min(fold.stopping_loss), min(fold.stopping_loss[:last])
    return before - least > _STILL_FALLS * abs(before)


def _content(prepared: PreparedStudy, anchors: list[_Anchor], trials: list[Trial]) -> Mapping[str, object]:
    metric, power, loss = _loss_of(prepared)
    pairs = [
        (fold, member)
        for anchor, trial in zip(anchors, trials, strict=True)
        for fold, member in zip(trial.folds, anchor.members, strict=True)
    ]
    first = prepared.splits.folds[0]
    thinned = "rows" if first.groups is None else "earliest rows" if first.ordered else "groups"
    return {
        "loss": loss,
        "rows": [anchor.mean_rows for anchor in anchors],
        "losses": [[score**power for score in trial.fold_scores(metric)] for trial in trials],
        "thinned": thinned,
        "epochs": [[fold.best_epoch for fold in trial.folds] for trial in trials],
        "unfinished": sum(still_falls(fold, member.epochs) for fold, member in pairs),
    }


def _loss_of(prepared: PreparedStudy) -> tuple[str, int, str]:
    """The metric that the curve is of, its power, and the loss that this is."""
    if prepared.dataset.classes:
        return "log_loss", 1, LOG_LOSS
    if prepared.metric.level is not None:
        return prepared.objective.metric, 1, f"{prepared.objective.metric} loss"
    return "rmse", 2, SQUARED_ERROR

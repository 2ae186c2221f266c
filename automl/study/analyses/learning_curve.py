"""The learning curve of the winner: its loss when it learns from shares of the training rows."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import final

import numpy

from automl.evaluation.bias_variance import LOG_LOSS, SQUARED_ERROR
from automl.records.state import LEARNING_CURVE
from automl.study.analyses.analysis import Analysis, Answer, Plan, Subject
from automl.training.engine import Watch
from automl.training.trials import plan_members
from automl.trial import Trial, TrialState

SHARES = (0.25, 0.35, 0.5, 0.7)
"""Of a fold's fit rows, for a learning curve; a factor of √2 apart, as in LCDB (Mohr et al. 2022)."""


@final
class LearningCurveAnalysis(Analysis):
    """The winner trained on shares of the fit rows, with early stopping as in the search."""

    @property
    def name(self) -> str:
        """See `Analysis.name`."""
        return LEARNING_CURVE

    def plan(self, subject: Subject) -> Plan | None:
        """See `Analysis.plan`."""
        seconds = sum(SHARES) * subject.best.seconds
        if subject.best.number in subject.answered or seconds > subject.seconds:
            return None
        num_networks = len(SHARES) * len(subject.prepared.splits.folds)
        return Plan("learning curve of the best trial", num_networks)

    def answers(self, subject: Subject, plan: Plan, watch: Watch) -> Iterator[Answer]:
        """See `Analysis.answers`.

        The answer holds `rows` to learn from (means over the folds), ascending, and `losses`, a list of folds for each;
        `loss` names the loss, log_loss or squared_error. There is none where a network diverged or was cut short.
        """
        del plan
        prepared, best = subject.prepared, subject.best
        cohort = []
        for number, share in enumerate(SHARES):
            members = plan_members(
                -1 - number, best.hyperparameters, len(prepared.splits.folds), prepared.config.search.seed
            )
            cohort.append([replace(member, share=share) for member in members])
        with closing(subject.engine.train(cohort, watch)) as trained:
            by_share = {SHARES[-1 - trial.number]: trial for trial in trained} | {1.0: best}
        if len(by_share) > len(SHARES) and all(map(_is_whole, by_share.values())):
            yield Answer(best.number, _content(subject, by_share))


def _is_whole(trial: Trial) -> bool:
    return trial.state is TrialState.COMPLETE and not trial.cut


def _content(subject: Subject, by_share: dict[float, Trial]) -> dict[str, object]:
    metric, power = ("log_loss", 1) if subject.prepared.dataset.classes else ("rmse", 2)
    num_rows = float(numpy.mean([len(fold.fit) for fold in subject.prepared.splits.folds]))
    return {
        "loss": LOG_LOSS if power == 1 else SQUARED_ERROR,
        "rows": [round(share * num_rows) for share in sorted(by_share)],
        "losses": [
            [score**power for score in by_share[share].fold_scores(metric)] for share in sorted(by_share)
        ],
    }

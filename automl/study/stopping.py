"""Whether a search ends before its trials are used up."""

import re
from dataclasses import dataclass, field
from typing import final

from automl.errors import StudyFailedError
from automl.study.session import Session
from automl.trial import Direction, Trial, TrialState

_FAILURES_IN_A_ROW = 10
"""So many trials that all fail for one reason, and none that completes, end a study: the others would fail too."""


@final
@dataclass(slots=True)
class Stopping:
    """What a search knows of its trials: whether it ends before they are used up.

    Attributes:
        session: The run.
        without_improvement: Trials in a row, as they ended, that were no better than the best before them; those that a
            pruner ended do not count.
        reached: Whether a trial has reached the objective at which to stop.
        best: The best mean score so far.
    """

    session: Session
    without_improvement: int = 0
    reached: bool = False
    best: float | None = None
    reasons: list[str] = field(default_factory=list)

    def take(self, trial: Trial) -> None:
        """Take in the next trial that has ended.

        Raises:
            StudyFailedError: Every trial so far has failed, all for one reason.
        """
        objective, stop_at = self.session.prepared.objective, self.session.prepared.config.budget.stop_at
        sign = 1.0 if objective.direction is Direction.MINIMIZE else -1.0
        if trial.state is TrialState.PRUNED:  # of a cohort, these end before those that may be better
            return
        if trial.state is not TrialState.COMPLETE:
            self.reasons.append(re.sub(r"\d+", "N", trial.reason))
            self._check_reasons(trial)
            self.without_improvement += 1
            return
        score = trial.mean(objective.metric)
        better = self.best is None or sign * score < sign * self.best
        self.without_improvement = 0 if better else self.without_improvement + 1
        self.best = score if better else self.best
        self.reached |= stop_at is not None and sign * score <= sign * stop_at

    @property
    def is_over(self) -> bool:
        """Whether no further trial is wanted."""
        patience = self.session.prepared.config.budget.stop_after
        return self.reached or (patience is not None and self.without_improvement >= patience)

    def _check_reasons(self, trial: Trial) -> None:
        if self.best is None and len(self.reasons) >= _FAILURES_IN_A_ROW and len(set(self.reasons)) == 1:
            name = self.session.prepared.config.name
            reason = f"the first {len(self.reasons)} trials all failed for the same reason: {trial.reason}"
            raise StudyFailedError(f"{name}: {reason}. Fix the cause, and run the study again.")

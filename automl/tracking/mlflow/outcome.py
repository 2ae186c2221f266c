"""What a run of a study has come to, put together once for its pages in MLflow. Needs no MLflow."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from automl.errors import RecordError
from automl.explanation.study import Explanation
from automl.records.events import StudyStarted
from automl.records.outcomes import VerdictReached
from automl.records.state import StudyState
from automl.tracking.mlflow.store import Point
from automl.tracking.mlflow.trial_run import keep_finite, metrics_of, scores
from automl.trial import Objective, Trial, TrialState

LOGGER = logging.getLogger(__name__)

SHOWN = 5
"""Trials in the table of a study's page."""

_STATUS = {"finished": "FINISHED", "failed": "FAILED", "stopped": "KILLED"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of a study has come to.

    Attributes:
        started: The study.
        objective: Metric and direction that rank the trials.
        status: FINISHED, FAILED or KILLED, in MLflow's words.
        num_trials: Trials that have ended.
        num_failed: Those that failed.
        num_pruned: Those that were ended early.
        top: The best completed trials with all of their scores, the best first.
        explanation: What the study found out.
        verdict: What is known of the best trial beyond its mean score; None where nothing is.
        test: Scores of the best trial on the locked test set, by metric; empty where it was not read for it.
        seconds: Wall time of the last process that worked on it; None where it was killed.
        reason: Why it failed or stopped.
        at: When the last event was recorded, in milliseconds since 1970.
        bias_variance: Trials that were taken apart.
    """

    started: StudyStarted
    objective: Objective
    status: str
    num_trials: int
    num_failed: int
    num_pruned: int = 0
    top: tuple[Trial, ...] = ()
    explanation: Explanation = field(default_factory=Explanation)
    verdict: VerdictReached | None = None
    test: Mapping[str, float] = field(default_factory=dict)
    seconds: float | None = None
    reason: str = ""
    at: int = 0

    @property
    def best(self) -> Trial | None:
        """The best completed trial."""
        return self.top[0] if self.top else None


def outcome_of(state: StudyState, explanation: Explanation) -> Outcome:
    """What a run has come to, as far as it is recorded.

    Args:
        state: All that is recorded; nobody works on the run any more.
        explanation: What the study found out.
    """
    ranked = state.objective.rank(state.completed)
    best = state.best.number if state.best is not None else -1
    tests = [test for test in state.tests if test.trial == best]
    finished = state.finished
    return Outcome(
        started=state.started,
        objective=state.objective,
        status=_STATUS.get(finished.status, "FAILED") if finished is not None else "KILLED",
        num_trials=state.num_trials,
        num_failed=state.num_in(TrialState.FAILED),
        num_pruned=state.num_in(TrialState.PRUNED),
        top=tuple(read_whole(state, trial.number) for trial in ranked[:SHOWN]),
        explanation=explanation,
        verdict=state.verdict if state.verdict.rows and state.verdict.trial in (best, -1) else None,
        test=tests[-1].scores if tests else {},
        seconds=None if finished is None else finished.seconds,
        reason="" if finished is None else finished.reason,
        at=milliseconds(state.time),
    )


def read_whole(state: StudyState, number: int) -> Trial:
    """A trial with its curves and all of its scores; where its files are broken, as its event tells it."""
    try:
        return state.whole(number)
    except RecordError as error:
        LOGGER.warning("%s Only the objective of trial %d is sent to MLflow.", error, number)
        return state.trial(number)


def result_points(outcome: Outcome) -> tuple[Point, ...]:
    """Scores of the best trial, corrected and on the locked test set, and counts."""
    points = [*winner_points(outcome)]
    counts = {"trials": outcome.num_trials, "failed": outcome.num_failed, "pruned": outcome.num_pruned}
    points += [Point(f"num_{name}", float(count)) for name, count in counts.items()]
    if outcome.seconds is not None:
        points.append(Point("seconds", outcome.seconds))
    return keep_finite(points)


def winner_points(outcome: Outcome) -> Iterator[Point]:
    """Scores of the best trial by folds, by the test set, and by the verdict."""
    if outcome.best is not None:
        yield from scores(outcome.best, metrics_of(outcome.best, outcome.started))
    verdict, metric = outcome.verdict, outcome.objective.metric
    with_interval = verdict is not None and verdict.test is not None
    for name, score in outcome.test.items():
        if not (with_interval and name == metric):
            yield Point(f"test_{name}", score)
    if verdict is None:
        return
    for name, estimate in (("corrected", verdict.corrected), ("test", verdict.test)):
        if estimate is not None:
            for end, value in zip(("", "_low", "_high"), estimate, strict=False):
                yield Point(f"{name}_{metric}{end}", value)
    for name, folds in verdict.baselines.items():
        if folds:
            yield Point(f"baseline_{metric}_{name.replace(' ', '_')}", sum(folds) / len(folds))


def milliseconds(seconds: float) -> int:
    """Milliseconds, as MLflow counts."""
    return round(1000.0 * seconds)

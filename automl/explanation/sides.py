"""The two studies of a comparison, and whether they can be compared at all."""

import math
from dataclasses import dataclass

from automl.errors import RecordError
from automl.evaluation.resampling import Estimate
from automl.records.outcomes import TestReadingDone, VerdictReached
from automl.records.state import StudyState
from automl.search.table import SAMPLERS
from automl.trial import Trial, TrialState

_METRIC = "metric:"
"""Begins the names of digests of the files of a metric of the study's own."""


@dataclass(frozen=True)
class Side:
    """One of the two studies.

    Attributes:
        letter: `A` or `B`.
        label: What a person calls it.
        state: All that is recorded of its run.
        standing: How far the run has come, in words; empty where it is finished.
    """

    letter: str
    label: str
    state: StudyState
    standing: str = ""

    @property
    def name(self) -> str:
        """Letter and label."""
        return f"{self.letter} ({self.label})"

    @property
    def winner(self) -> Trial:
        """The best trial, light."""
        assert self.state.best is not None
        return self.state.best

    @property
    def verdict(self) -> VerdictReached | None:
        """What is recorded of this winner; None where the study has not come so far."""
        verdict = self.state.verdict
        return verdict if verdict.trial == self.winner.number else None

    @property
    def corrected(self) -> Estimate | None:
        """The score corrected for choosing; None where it is not recorded."""
        corrected = None if self.verdict is None else self.verdict.corrected
        return None if corrected is None else Estimate(*corrected)

    @property
    def test(self) -> TestReadingDone | None:
        """The reading of the locked test rows for this winner; None where they were not read for it."""
        return next((test for test in reversed(self.state.tests) if test.trial == self.winner.number), None)

    def num_in(self, state: TrialState) -> int:
        """Trials that ended so."""
        return self.state.num_in(state)

    @property
    def seconds(self) -> float:
        """Wall time; NaN where it is not known, as of a run that several processes worked on."""
        finished = self.state.finished
        is_known = finished is not None and finished.seconds > 0.0 and not self.state.continued
        return finished.seconds if is_known and finished is not None else math.nan

    @property
    def is_guided(self) -> bool:
        """Whether the search proposed configurations by the scores of earlier ones."""
        algorithm = SAMPLERS.get(self.state.started.facts.get("algorithm", ""))
        return algorithm is not None and algorithm.is_guided

    def digest(self, name: str) -> str | None:
        """Of `data` or `splits`; None where it is not recorded."""
        started = self.state.started
        return started.digests.get(name) or started.facts.get(f"{name}_digest") or None

    @property
    def metric_files(self) -> dict[str, str]:
        """Digests of the files of a metric of the study's own, by name."""
        digests = self.state.started.digests
        return {name: digest for name, digest in digests.items() if name.startswith(_METRIC)}

    @property
    def size(self) -> str:
        """Rows and columns of its table, in words."""
        facts = self.state.started.facts
        return f"{facts.get('rows', '?')} rows and {facts.get('features', '?')} features in {self.letter}"


def check_comparable(first: Side, second: Side) -> None:
    """Refuse to compare what has no common measure.

    Raises:
        RecordError: A study without a completed trial, two objectives, or two tables.
    """
    for side in (first, second):
        if side.state.best is None:
            reason = "no trial has completed" if side.state.num_trials else "no trial has ended"
            raise RecordError(f"{side.name}: {reason}, so there is nothing to compare. See `automl runs`.")
    objectives = [side.state.objective for side in (first, second)]
    names = f"{first.name} and {second.name}"
    if objectives[0] != objectives[1]:
        given = " and ".join(
            f"{side.state.objective.metric} ({side.state.objective.direction}) in {side.letter}"
            for side in (first, second)
        )
        raise RecordError(
            f"{names} have two objectives, {given}, and their scores cannot be compared. Run one of them again with "
            f"the other's, as in `objective: {objectives[0].metric}`."
        )
    if first.metric_files != second.metric_files:
        raise RecordError(
            f"{names}: the file of the metric {objectives[0].metric} has changed between them. Run one of them again "
            "with --fresh."
        )
    unknown = [side.name for side in (first, second) if side.digest("data") is None]
    if unknown:
        raise RecordError(
            f"{names}: the record does not name the table of {' and '.join(unknown)}. Run it again."
        )
    if first.digest("data") != second.digest("data"):
        raise RecordError(
            f"{names} are of two tables ({first.size}, {second.size}), and their scores cannot be compared. Run one of "
            "them again with the other's table and `data` section."
        )

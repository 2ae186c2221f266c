"""Two studies of one table against each other: which winner is better, and how sure that is.

Where both have the same folds, winners are compared fold by fold. Where both have kept what their trials predicted, the
difference also allows for the choice of both winners: in each resample of the rows each study chooses its best trial
anew, and both are scored on rows that chose neither.
"""

import math
from dataclasses import dataclass
from functools import cached_property

from automl.evaluation.correction import corrected_difference
from automl.evaluation.differences import interval, paired, unpaired, widened
from automl.evaluation.metrics import METRICS
from automl.evaluation.out_of_fold import unpacked
from automl.evaluation.pairing import Measured
from automl.evaluation.resampling import Estimate
from automl.explanation.sides import Side, check_comparable
from automl.records.predictions import StoredPredictions
from automl.records.scored_rows import KeptRows, read_scored_rows
from automl.trial import Direction, TrialState, derive_seed
from automl.wording import OPTIMISTIC, number

_TWO = 2
"""Classes that have a threshold."""


@dataclass(frozen=True)
class TwoStudies:
    """What can be said of B beside A. Differences are B minus A, in units of the metric.

    Attributes:
        first: A.
        second: B.
        same_folds: Whether both scored their trials on the same folds, and learned from the same rows.
        chosen: Difference of the winners' cross-validated scores: both were chosen by them.
        corrected: The same allowing for both choices; None where too little is recorded for it.
        test: Difference on the locked test rows; None where one of them has no such score, or other rows.
    """

    first: Side
    second: Side
    same_folds: bool
    chosen: Estimate
    corrected: Estimate | None
    test: float | None

    @property
    def metric(self) -> str:
        """The objective's metric."""
        return self.first.state.objective.metric

    @property
    def direction(self) -> Direction:
        """The objective's direction."""
        return self.first.state.objective.direction

    @cached_property
    def judged(self) -> Estimate:
        """The difference that the verdict rests on."""
        return self.chosen if self.corrected is None else self.corrected

    @property
    def sign(self) -> int:
        """1 where B is significantly better, −1 where A is, 0 where that is open."""
        return self.judged.better(self.direction)

    @property
    def verdict(self) -> str:
        """The answer in one sentence."""
        numbers = f"{self.metric}: difference {difference_text(self.judged)}, {self._allowing()}"
        optimistic = [side.letter for side in (self.first, self.second) if side.state.started.optimistic]
        if optimistic:
            numbers += f", {OPTIMISTIC} in {' and '.join(optimistic)}"
        if not self.sign:
            return f"{self.first.name} and {self.second.name} are not significantly different ({numbers})."
        better, worse = (self.second, self.first) if self.sign > 0 else (self.first, self.second)
        return f"{better.name} is significantly better than {worse.name} ({numbers})."

    def _allowing(self) -> str:
        counts = self._num_trials
        if counts == [1, 1]:
            return "of one trial each"
        how = "not allowing" if self.corrected is None else "allowing"
        return f"{how} for the choice among {counts[0]:,} and {counts[1]:,} trials"

    @property
    def _num_trials(self) -> list[int]:
        return [side.num_in(TrialState.COMPLETE) for side in (self.first, self.second)]

    @property
    def notes(self) -> list[str]:
        """What a reader must know of the numbers, in sentences."""
        sentences = [f"{side.name}: {side.standing}." for side in (self.first, self.second) if side.standing]
        if not self.same_folds:
            sentences.append(
                "The folds differ, so the winners are not compared fold by fold, and the interval is wide. "
                "Studies with the same `splits` and `search.seed` share their folds."
            )
        if math.isnan(self.judged.low):
            sentences.append(
                "No interval for the difference: there are too few folds, or all differences are equal."
            )
        if self.corrected is None and self._num_trials != [1, 1]:
            sentences.append(
                "Both winners were chosen by these scores, and the larger search has the larger selection bias: "
                "too little is recorded to correct for it."
            )
        if self.first.state.started.optimistic != self.second.state.started.optimistic:
            sentences.append(
                "The scores are not comparable: only one study chose its epochs on the scored rows."
            )
        if self.corrected is not None and any(side.is_guided for side in (self.first, self.second)):
            sentences.append(
                "A search that proposes configurations by earlier scores has a small selection bias that the "
                "correction does not account for."
            )
        return [*sentences, *self._of_test()]

    def _of_test(self) -> list[str]:
        if self.test is not None:
            return [
                "Both have read the same locked test rows: a choice between them by these scores makes "
                "the score of the chosen one optimistic."
            ]
        if self.first.test is None or self.second.test is None:
            return []
        return ["The locked test rows differ, so scores on them are not subtracted."]


def compare_studies(first: Side, second: Side) -> TwoStudies:
    """Compare the winners of two studies.

    Raises:
        RecordError: They cannot be compared: other tables, other objectives, no completed trial; or a file is broken.
    """
    check_comparable(first, second)
    same_folds = first.digest("splits") is not None and first.digest("splits") == second.digest("splits")
    same_folds = same_folds and len(first.winner.folds) == len(second.winner.folds)
    metric = first.state.objective.metric
    chosen = (paired if same_folds else unpaired)(second.winner, first.winner, metric)
    return TwoStudies(
        first,
        second,
        same_folds,
        interval(chosen),
        _corrected(first, second, chosen) if same_folds else None,
        _test_difference(first, second, same_folds),
    )


def difference_text(estimate: Estimate) -> str:
    """A difference with its interval."""
    value = number(estimate.value, 3)
    if math.isnan(estimate.low):
        return f"{value} (no interval)"
    return f"{value}, 95 % interval {number(estimate.low, 3)} to {number(estimate.high, 3)}"


def _test_difference(first: Side, second: Side, same_folds: bool) -> float | None:
    tests, metric = (first.test, second.test), first.state.objective.metric
    if tests[0] is None or tests[1] is None or not all(metric in test.scores for test in tests if test):
        return None
    same_rows = same_folds or tests[0].digest == tests[1].digest
    return tests[1].scores[metric] - tests[0].scores[metric] if same_rows else None


def _corrected(first: Side, second: Side, chosen: Measured) -> Estimate | None:
    """The difference of the recorded corrected scores, with an interval of rows, folds and both choices."""
    scores, metric = (first.corrected, second.corrected), METRICS.get(first.state.objective.metric)
    stored = [read_scored_rows(side.state.folder) for side in (first, second)]
    if scores[0] is None or scores[1] is None or metric is None:
        return None
    if stored[0] is None or stored[1] is None or not stored[0].fits(stored[1]):
        return None
    # Blocks of time are as long as the losses of a winner depend on each other: the longer ones are safe for both.
    rows = min(
        (stored_rows.scored for stored_rows in stored if stored_rows), key=lambda scored: scored.num_units
    )
    predictions = [_predictions(side, stored[0]) for side in (first, second)]
    if any(
        side.winner.number not in stored_predictions.numbers
        for side, stored_predictions in zip((first, second), predictions, strict=True)
    ):
        return None
    corrected = corrected_difference(
        metric,
        rows,
        predictions[1],
        predictions[0],
        derive_seed("two studies"),
        metric.tuned and stored[0].num_classes == _TWO,
    )
    value = scores[1].value - scores[0].value
    return interval(widened(value, corrected, rows.num_units, chosen))


def _predictions(side: Side, rows: KeptRows) -> StoredPredictions:
    """Out-of-fold predictions of the completed trials of a study."""
    return StoredPredictions(
        side.state.folder,
        (trial.number for trial in side.state.completed),
        lambda values: unpacked(values, rows.num_classes, len(rows.scored.folds)),
    )

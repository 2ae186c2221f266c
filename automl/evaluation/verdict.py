"""What is known of a study's winner when the study is over, in numbers and in sentences."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from automl.evaluation.ensemble_verdict import EnsembleVerdict
from automl.evaluation.resampling import ROWS, Estimate
from automl.evaluation.thresholds import EVEN
from automl.means import weighted_mean
from automl.trial import Objective, Trial
from automl.wording import OPTIMISTIC, number, score

_MOST_NAMED = 5
_FEW_DROPPED = 0.05

_BIAS_LEFT = ((25, "a fifth"), (50, "a third"), (100, "two fifths"))
"""Of the selection bias, after up to so many trials of a guided search: measured with `tpe` on equal trials whose
errors by chance are smooth in five dimensions (docs/statistics.md)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Scores of the winner by the objective's metric, each with what it can be trusted for.

    Attributes:
        objective: Metric and direction.
        trial: The winner.
        num_trials: Completed trials that it was chosen from.
        num_pruned: Trials that were ended early, by their losses on other rows.
        optimistic: Whether the epochs were chosen on the rows that scored them.
        guided: Whether the search proposed configurations by the scores of earlier ones.
        unit: What was drawn as a whole for the intervals: rows, groups or blocks of time.
        num_units: How many of them the rows are.
        corrected: What is to be expected of the best of so many trials; None when it could not be computed.
        differences: By how much that is above the score of each plain model, by name.
        scores: Scores of the plain models that were fitted on every fold, with intervals, by name.
        between: By how much the score of a plain model is above that of another, by both names, of each pair once.
        dropped: Share of the scores in resamples that were undefined, as those of a fold without a positive row are.
        test: On the locked test set, after the refit; None when no rows are locked away.
        baselines: Scores of plain models on the same folds, or the first of them, by name.
        baseline_losses: Their log losses or mean squared errors, whatever the objective is.
        settings: Of a plain model that has several, the one that each fold's stopping rows have chosen, by name.
        threshold: Probability of the positive of two classes from which it is the label.
        positive: That class.
        tuned: Mean score and standard error at the tuned threshold; None where none was tuned.
        never_predicted: Classes that no row was labeled with out of fold.
        earlier_reads: Studies that have read the same test set before.
        test_read_for: The trial that the test rows were read for, where that is another one.
        ensemble: What is known of the ensemble; None where none was made.
        no_ensemble: Why none was made, where one was asked for; a sentence.
    """

    objective: Objective
    trial: Trial
    num_trials: int
    optimistic: bool = False
    guided: bool = False
    unit: str = ROWS
    num_units: int = 0
    corrected: Estimate | None = None
    differences: Mapping[str, Estimate] = field(default_factory=dict)
    scores: Mapping[str, Estimate] = field(default_factory=dict)
    between: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    dropped: float = 0.0
    test: Estimate | None = None
    baselines: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    baseline_losses: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    settings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    threshold: float = EVEN
    positive: str = ""
    num_pruned: int = 0
    tuned: tuple[float, float] | None = None
    never_predicted: tuple[str, ...] = ()
    earlier_reads: tuple[str, ...] = ()
    test_read_for: int | None = None
    ensemble: EnsembleVerdict | None = None
    no_ensemble: str = ""

    @property
    def cross_validated(self) -> str:
        """The mean over the folds ± its standard error, as text."""
        if self.tuned is None:
            return score(self.trial, self.objective.metric)
        mean, error = self.tuned
        return number(mean) if math.isnan(error) else f"{number(mean)} ± {number(error, 2)}"

    def rows(self) -> list[tuple[str, str]]:
        """Every score with its name, in the order in which a person should read them."""
        mark = f", {OPTIMISTIC}" if self.optimistic else ""
        at_best = "" if self.tuned is None else ", at the tuned threshold"
        folds = f"cross-validation, {len(self.trial.folds)} folds, mean ± standard error"
        rows = [(folds + at_best + mark, self.cross_validated)]
        if self.corrected is not None:
            rows.append((f"{self._corrected_name()}{mark}", self._interval(self.corrected)))
        if self.test is not None:
            name = f"locked test, after a refit on all training rows{at_best}"
            rows.append((name, self._interval(self.test)))
        rows += [] if self.ensemble is None else self.ensemble.rows(self._interval)
        for name, scores in self.baselines.items():
            some = len(scores) < len(self.trial.folds)
            first = f"the first {len(scores)}" if len(scores) > 1 else "the first"
            which = f"{first} of these folds" if some else "the same folds"
            estimate = self.scores.get(name)
            tuned = ", corrected for the choice of its threshold" if self.tuned and estimate else ""
            said = number(self._mean_of(scores)) if estimate is None else self._interval(estimate)
            rows.append((f"baseline on {which}{tuned}: {name}", said))
        return rows

    def sentences(self) -> list[str]:
        """What else must be known of the scores; how the models compare is said by `explanation.verdict`."""
        said = []
        if self.guided and self.num_trials > 1 and self.corrected is not None:
            said.append(
                "The search proposed its configurations by the scores on these rows, which the correction "
                f"does not account for: about {self._bias_left()} of the selection bias can remain."
            )
        if self.dropped > _FEW_DROPPED:
            said.append(
                f"{self.dropped:.0%} of the scores in resamples were undefined, because rows of a class were "
                "missing, and were left out: the corrected score and its interval are rough."
            )
        if self.threshold != EVEN:
            said.append(
                f"The label is the positive class, {self.positive!r}, from a probability of {self.threshold:.3g}, "
                f"tuned on out-of-fold rows; trials are ranked at {EVEN:g}."
            )
        if self.never_predicted:
            shown = ", ".join(map(repr, self.never_predicted[:_MOST_NAMED]))
            more = len(self.never_predicted) - _MOST_NAMED
            what = f"{shown} and {more} more classes" if more > 0 else shown
            said.append(f"The network never predicts {what} on the validation rows.")
        if self.earlier_reads:
            said.append(
                f"This test set was already read by {', '.join(self.earlier_reads[-3:])}: a choice between studies by "
                "their test scores makes those scores optimistic."
            )
        if self.test_read_for is not None:
            said.append(
                f"The locked test rows were read for trial {self.test_read_for}, the winner at that time. Trial "
                f"{self.trial.number} was chosen later and has no score on them."
            )
        if self.no_ensemble:
            said.append(self.no_ensemble)
        return said + ([] if self.ensemble is None else self.ensemble.sentences())

    def _bias_left(self) -> str:
        """Of the selection bias, by the number of trials."""
        count = self.num_trials + self.num_pruned
        return next((share for most, share in _BIAS_LEFT if count <= most), f"{_BIAS_LEFT[-1][1]} or more")

    def _corrected_name(self) -> str:
        if self.num_trials == 1:
            which = "the only trial trained to its end" if self.num_pruned else "the only trial"
            return (
                f"corrected for the choice of the threshold{self._early()}"
                if self.tuned
                else f"{which}, nothing to correct{self._early()}"
            )
        both = " and of the threshold" if self.tuned else ""
        return f"corrected for the choice among {self.num_trials} trials{both}{self._early()}"

    def _early(self) -> str:
        """What is said of trials whose choice needs no correction: other rows than the scored ones made it."""
        if not self.num_pruned:
            return ""
        return f" (of {self.num_trials + self.num_pruned}; {self.num_pruned} ended early on other rows)"

    def _mean_of(self, scores: tuple[float, ...]) -> float:
        """As the ranking takes the mean."""
        counts = self.trial.fold_counts(self.objective.metric)[: len(scores)]
        return weighted_mean(scores, counts)

    def _interval(self, estimate: Estimate) -> str:
        if not math.isnan(estimate.low):
            return (
                f"{number(estimate.value)} (95 % interval {number(estimate.low)} to {number(estimate.high)})"
            )
        why = f": {self.num_units} {self.unit}" if self.unit != ROWS else ""
        return f"{number(estimate.value)} (no interval{why})"

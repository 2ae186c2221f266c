"""What is known of a study's winner when the study is over, in numbers and in sentences."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from automl.evaluation.resampling import Estimate
from automl.evaluation.thresholds import EVEN
from automl.trial import Direction, Objective, Trial
from automl.wording import number, score

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """Scores of the winner by the objective's metric, each with what it can be trusted for.

    Attributes:
        objective: Metric and direction.
        trial: The winner.
        num_trials: Completed trials that it was chosen from.
        optimistic: Whether the epochs were chosen on the rows that scored them.
        corrected: What is to be expected of the best of so many trials; None when it could not be computed.
        test: On the locked test set, after the refit; None when no rows are locked away.
        baselines: Scores of plain models on the same folds, or the first of them, by name.
        baseline_losses: Their log losses or mean squared errors, whatever the objective is.
        threshold: Probability of the positive of two classes from which it is the label.
        positive: That class.
        never_predicted: Classes that no row was labeled with out of fold.
        earlier_reads: Studies that have read the same test set before.
        test_read_for: The trial that the test rows were read for, where that is another one.
    """

    objective: Objective
    trial: Trial
    num_trials: int
    optimistic: bool = False
    corrected: Estimate | None = None
    test: Estimate | None = None
    baselines: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    baseline_losses: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    threshold: float = EVEN
    positive: str = ""
    never_predicted: tuple[str, ...] = ()
    earlier_reads: tuple[str, ...] = ()
    test_read_for: int | None = None

    @property
    def cross_validated(self) -> str:
        """The mean over the folds ± its standard error, as text."""
        return score(self.trial, self.objective.metric)

    def rows(self) -> list[tuple[str, str]]:
        """Every score with its name, in the order in which a person should read them."""
        folds = f"cross-validation, {len(self.trial.folds)} folds, mean ± standard error"
        rows = [
            (
                folds + (", optimistic: the scored rows chose the epochs" if self.optimistic else ""),
                self.cross_validated,
            )
        ]
        if self.corrected is not None:
            rows.append(
                (f"corrected for the choice among {self.num_trials} trials", _interval(self.corrected))
            )
        if self.test is not None:
            rows.append(("locked test, after a refit on all training rows", _interval(self.test)))
        for name, scores in self.baselines.items():
            some = len(scores) < len(self.trial.folds)
            first = f"the first {len(scores)}" if len(scores) > 1 else "the first"
            which = f"{first} of these folds" if some else "the same folds"
            rows.append((f"baseline on {which}: {name}", number(sum(scores) / len(scores))))
        return rows

    def sentences(self) -> list[str]:
        """What follows from the scores."""
        said = [self._against(name) for name in self.baselines if name != "constant"]
        if "constant" in self.baselines and self._wins("constant") < len(self.baselines["constant"]):
            said.append(
                "In some fold the network is no better than a constant: there may be nothing to learn."
            )
        if self.threshold != EVEN:
            said.append(
                f"The label is the positive class, {self.positive!r}, from a probability of {self.threshold:.3g}, "
                "tuned on out-of-fold rows."
            )
        if self.never_predicted:
            shown = ", ".join(map(repr, self.never_predicted[:_MOST_NAMED]))
            more = len(self.never_predicted) - _MOST_NAMED
            what = f"{shown} and {more} more classes" if more > 0 else shown
            said.append(f"The network predicts {what} for no row of the validation folds.")
        if self.earlier_reads:
            said.append(
                f"This test set was read before, by {', '.join(self.earlier_reads[-3:])}: a choice between studies by "
                "their test scores makes those scores optimistic."
            )
        if self.test_read_for is not None:
            said.append(
                f"The locked test rows were read for trial {self.test_read_for}, the winner at that time. Trial "
                f"{self.trial.number} was chosen later and has no score on them."
            )
        return said

    def _wins(self, name: str) -> int:
        own = self.trial.fold_scores(self.objective.metric)
        sign = 1.0 if self.objective.direction is Direction.MINIMIZE else -1.0
        return sum(sign * mine < sign * its for mine, its in zip(own, self.baselines[name], strict=False))

    def _against(self, name: str) -> str:
        wins, folds = self._wins(name), len(self.baselines[name])
        if wins == folds == len(self.trial.folds):
            return f"The network is better than {name} in every fold."
        if folds == 1:
            return f"The network is {'better' if wins else 'no better'} than {name} in the first fold."
        return f"The network is better than {name} in {wins} of {folds} folds."


def _interval(estimate: Estimate) -> str:
    return f"{number(estimate.value)} (95 % interval {number(estimate.low)} to {number(estimate.high)})"

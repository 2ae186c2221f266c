"""What is known of a trial, and what is said of it."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from automl.evaluation.bias_variance import BiasVariance
from automl.explanation.floors import Standing
from automl.explanation.weighing import Proposal, Tried
from automl.trial import Trial

Finding = tuple[str, tuple[Proposal, ...]]
"""What a rule says: its sentence, and what it would advise, the most promising first."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What limits a trial.

    Attributes:
        name: A name in `RULES`, `undecided`, or `not_analyzed`.
        sentence: It in words, with the numbers that it rests on.
        advice: What to do, the most promising first.
        changes: The same for a program: `more` or `less`, by hyperparameter or by key of the training section.
        tried: What the study's trials show about changes that were considered, in sentences.
    """

    name: str
    sentence: str
    advice: tuple[str, ...] = ()
    changes: Mapping[str, str] = field(default_factory=dict)
    tried: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a trial.

    Attributes:
        trial: The trial.
        num_epochs: Epochs that it may take at most.
        constant: Log loss of a constant prediction; None for numbers, whose R² says the same, but for a quantile.
        bias_variance: What its loss is made of; None when it was not looked into.
        standing: Its bias and variance beside the floors of the study; None when it was not looked into.
        larger: Whether the study tried a larger network; None when that is not known.
        tried: What the study's trials have tried; None when that is not known.
        quantile: Name of the metric that `constant` is of, where that is the loss of a quantile; else empty.
        baselines: Losses of plain models on the same folds over that of a constant, by name.
    """

    trial: Trial
    num_epochs: int
    constant: float | None = None
    bias_variance: BiasVariance | None = None
    standing: Standing | None = None
    larger: bool | None = None
    quantile: str = ""
    tried: Tried | None = None
    baselines: Mapping[str, float] = field(default_factory=dict)

    @property
    def validation(self) -> float:
        """Loss on validation rows over that of a constant: 1 has learned nothing, 0 is perfect; NaN when unknown."""
        return self._relative([fold.scores for fold in self.trial.folds])

    @property
    def training(self) -> float:
        """The same on fit rows."""
        return self._relative([fold.training_scores for fold in self.trial.folds])

    @property
    def skill(self) -> float:
        """How far labels of validation rows are from chance, 0, to right, 1; NaN of numbers, or when unknown.

        By balanced accuracy; chance is the reciprocal of the number of classes that the constant's log loss amounts to.
        """
        accuracies = [
            scores["balanced_accuracy"]
            for scores in (fold.scores for fold in self.trial.folds)
            if "balanced_accuracy" in scores
        ]
        if not accuracies or not self.constant:
            return math.nan
        chance = math.exp(-self.constant)
        return (sum(accuracies) / len(accuracies) - chance) / (1.0 - chance)

    def _relative(self, scores: Sequence[Mapping[str, float]]) -> float:
        """R² says of numbers what the log loss over that of a constant says of classes."""
        metric = self.quantile or ("r2" if self.constant is None else "log_loss")
        values = [by_metric[metric] for by_metric in scores if metric in by_metric]
        if not values:  # a journal of an earlier version
            return math.nan
        mean = sum(values) / len(values)
        return 1.0 - mean if self.constant is None else mean / self.constant

    @property
    def falls_to(self) -> float:
        """The least loss on fit rows over that of the kept epoch: below 1 where they were learned better later."""
        shares = [
            min(fold.training_loss) / fold.training_loss[fold.best_epoch - 1]
            for fold in self.trial.folds
            if len(fold.training_loss) >= fold.best_epoch and fold.training_loss[fold.best_epoch - 1] > 0.0
        ]
        return statistics.median(shares) if shares else 1.0

    @property
    def peak(self) -> float:
        """The largest loss on fit rows after any epoch over that of a constant: of scaled numbers it is 1 at most."""
        peaks = [max(fold.training_loss) for fold in self.trial.folds]
        return statistics.median(peaks) / ((not self.quantile and self.constant) or 1.0)

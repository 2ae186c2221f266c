"""What is known of the ensemble that a study has made, beside what is known of its winner."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from automl.evaluation.resampling import Estimate
from automl.evaluation.thresholds import EVEN
from automl.wording import counted, number

AUTO, NONE, FOLDS, SEEDS, GREEDY = "auto", "none", "folds", "seeds", "greedy"
"""Kinds of ensembles, as the study file names them; `AUTO` stands for one of the others."""

_MOST_NAMED = 10
ROUNDING = 1e-5
"""Largest relative difference between a trial's score as it was recorded and that of its networks, trained again."""


def named(weights: Mapping[int, float]) -> dict[str, float]:
    """Weights by number of the trial as they are recorded."""
    return {str(trial): weight for trial, weight in weights.items()}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a model costs who asks it.

    Attributes:
        milliseconds: For a single row, the median of several calls.
        megabytes: Of its folder.
    """

    milliseconds: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class EnsembleVerdict:
    """Scores of an ensemble by the objective's metric.

    Attributes:
        kind: `FOLDS`, `SEEDS` or `GREEDY`.
        weights: How much each trial counts, by its number.
        num_networks: Networks that are averaged.
        num_candidates: Trials that were chosen from.
        score: Mean over the folds of its out-of-fold predictions.
        corrected: What is to be expected of it, the choice and the weights made anew in every resample.
        test: On the locked test set; None when that was not read for it.
        threshold: Probability of the positive of two classes from which it is the label.
        differs: Largest relative difference between a trial's recorded score and that of its networks, trained again.
        note: What was asked and not done, and what was done instead; a sentence or empty.
        cost: Of the ensemble; None where it was not measured.
        single: Of the single network.
        tuned: Whether the threshold was tuned.
        temperature: Of its probabilities; below 1 they are more certain than the mean of its networks.
        read_before: Whether the test rows had been read before it was made, so that it has no score on them.
    """

    kind: str
    weights: Mapping[int, float]
    num_networks: int
    num_candidates: int
    score: float
    corrected: Estimate | None = None
    test: Estimate | None = None
    threshold: float = EVEN
    differs: float = 0.0
    note: str = ""
    cost: Cost | None = None
    single: Cost | None = None
    tuned: bool = False
    temperature: float = 1.0
    read_before: bool = False

    @property
    def name(self) -> str:
        """The ensemble in a few words."""
        return f"ensemble of {self.num_networks} networks of {counted(len(self.weights), 'trial')}"

    def rows(self, interval: Callable[[Estimate], str]) -> list[tuple[str, str]]:
        """Every score with its name.

        Args:
            interval: Writes a score with its interval.
        """
        at_best = ", at the tuned threshold" if self.tuned else ""
        rows = []
        if len(self.weights) > 1:
            rows.append((f"{self.name}: cross-validation{at_best}", number(self.score)))
        if self.corrected is not None:
            name = f"corrected for the choice among {self.num_candidates} trials"
            rows.append((f"{self.name}: {name}", interval(self.corrected)))
        if self.test is not None:
            rows.append((f"{self.name}: locked test{at_best}", interval(self.test)))
        if self.cost is not None and self.single is not None:
            times = " and ".join(f"{number(cost.milliseconds, 2)} ms" for cost in (self.cost, self.single))
            sizes = " and ".join(f"{number(cost.megabytes, 2)} MB" for cost in (self.cost, self.single))
            rows += [
                ("time for one row: ensemble and single network", times),
                ("size: ensemble and single network", sizes),
            ]
        return rows

    def sentences(self) -> list[str]:
        """Who is in it, and what must be known of it."""
        heaviest = sorted(self.weights, key=lambda trial: (-self.weights[trial], trial))
        named = ", ".join(f"{trial} ({self.weights[trial]:.0%})" for trial in heaviest[:_MOST_NAMED])
        trials = f"trials {named}" if len(heaviest) > 1 else f"trial {heaviest[0]}"
        if self.kind == FOLDS:
            which = f"those of all folds of {trials}"
        elif len(heaviest) > 1:
            which = f"with the hyperparameters of {trials}, each trained on all training rows"
        else:
            which = f"each with the hyperparameters of {trials}, trained on all training rows"
        sentences = [
            f"The exported model is an ensemble: it averages the predictions of {self.num_networks} networks, {which}."
        ]
        if self.kind == SEEDS:
            sentences.append(
                "They differ in their initial weights and the order of their rows. The cross-validated score is that "
                "of one such network; the loss of the average is not larger than the mean of their losses."
            )
        if self.temperature != 1.0:
            certain = "more" if self.temperature < 1.0 else "less"
            sentences.append(
                f"Its probabilities are {certain} certain than that average, by a temperature of "
                f"{number(self.temperature, 3)}, which lowers the log loss of rows that did not choose it."
            )
        if self.note:
            sentences.append(self.note)
        if self.read_before:
            sentences.append(
                "The locked test rows were read before this ensemble was made, so it has no score on them."
            )
        if self.differs > ROUNDING:
            sentences.append(
                "The networks of the ensemble were trained again, and their scores differ from the recorded ones by up "
                f"to {number(100.0 * self.differs, 2)} %. The scores of the ensemble are those of its networks."
            )
        return sentences

"""The verdict of a study: which model to take, in one sentence, and the scores that it follows from.

The rule: two models are significantly different where the 95 % interval of the difference of their out-of-fold scores
leaves out 0. Its resamples choose the best trial anew each time, so that it allows for the choice among the trials.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from automl.evaluation.resampling import Estimate
from automl.explanation.describing import describe_network, is_custom
from automl.means import weighted_mean
from automl.records.outcomes import VerdictReached
from automl.records.state import StudyState
from automl.trial import Direction

NETWORK, LINEAR, BOOSTING, CONSTANT = "network", "linear", "gradient boosting", "constant"

NAMES: Mapping[str, str] = {
    NETWORK: "the network",
    LINEAR: "the linear model",
    BOOSTING: "gradient boosting",
    CONSTANT: "a constant",
}
"""The models in words."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A model of the comparison.

    Attributes:
        name: `network`, `linear`, `gradient boosting` or `constant`.
        score: By the objective's metric, over the folds; of the network corrected for the choice among the trials.
        low: Lower end of its 95 % interval; NaN where there is none.
        high: Upper end; NaN where there is none.
        num_folds: Folds that it was fitted on.
        difference: The network's score minus this one, with its interval; None of the network, and where the two were
            not compared: on fewer folds, or without an interval.
        detail: What the model is, in words.
    """

    name: str
    score: float
    low: float = math.nan
    high: float = math.nan
    num_folds: int = 0
    difference: Estimate | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StudyVerdict:
    """What to take, and why. Its text is the one sentence.

    Attributes:
        sentence: The answer.
        take: Name of the contender to take; empty where several are not significantly different, or where too little
            is known.
        contenders: Network, linear model, gradient boosting and constant, as far as they were fitted, in this order.
        metric: What the scores are.
        direction: Whether smaller or larger ones are better.
        winner: The best network in words, as in "1 layer of 256 tanh units, dropout 0.3"; empty where there is none.
        trial: Its number; None where no trial completed.
        comparisons: How the network compares with each other model, in sentences.
        notes: What else must be known of the scores, in sentences.
        rows: Names of scores and their values, as text, in reading order.
    """

    sentence: str = ""
    take: str = ""
    contenders: tuple[Contender, ...] = ()
    metric: str = ""
    direction: Direction = Direction.MINIMIZE
    winner: str = ""
    trial: int | None = None
    comparisons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.sentence

    @property
    def sentences(self) -> tuple[str, ...]:
        """Comparisons and notes."""
        return (*self.comparisons, *self.notes)

    def contender(self, name: str) -> Contender | None:
        """A model of the comparison by name; None where it was not fitted."""
        return next((contender for contender in self.contenders if contender.name == name), None)


@dataclass(frozen=True)
class Numbers:
    """The recorded numbers that a verdict follows from.

    Attributes:
        contenders: By name, in order.
        between: Differences of plain models, by both names.
        direction: Whether smaller or larger scores are better.
    """

    contenders: Mapping[str, Contender]
    between: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    direction: Direction = Direction.MINIMIZE

    def difference(self, name: str, other: str) -> Estimate | None:
        """The score of one minus that of the other; None where they were not compared."""
        if name == NETWORK:
            contender = self.contenders.get(other)
            return None if contender is None else contender.difference
        if other == NETWORK:
            return _negative(self.difference(other, name))
        if other in self.between.get(name, {}):
            return self.between[name][other]
        return _negative(self.between.get(other, {}).get(name))

    def sign(self, name: str, other: str) -> int | None:
        """1 where one is significantly better, −1 where the other is, 0 where that is open; None where not known.

        Equal scores without an interval are open: two models that make no error are alike in every resample.
        """
        difference = self.difference(name, other)
        if difference is None:
            return None
        if math.isnan(difference.low):
            return 0 if difference.value == 0.0 else None
        return difference.better(self.direction)

    @property
    def compared(self) -> list[str]:
        """Linear model and gradient boosting, where their difference to the network has an interval."""
        return [name for name in (LINEAR, BOOSTING) if self.sign(NETWORK, name) is not None]

    @property
    def models(self) -> list[str]:
        """What can be taken: the network, and what is compared with it."""
        return [NETWORK, *self.compared]

    def learned(self, name: str) -> bool | None:
        """Whether a model is significantly better than a constant; None where that is not known."""
        sign = self.sign(name, CONSTANT)
        return None if sign is None else sign == 1

    def ahead(self) -> list[str]:
        """The plain models that are significantly better than the network, or than one of these; first what to take."""
        better = [name for name in self.compared if self.sign(NETWORK, name) == -1]
        if not better:
            return []
        better += [
            name
            for name in self.compared
            if name not in better and any(self.sign(name, other) == 1 for other in better)
        ]
        useful = [name for name in better if self.learned(name) is not False] or better
        beaten = [name for name in useful if any(self.sign(other, name) == 1 for other in useful)]
        return [*(name for name in useful if name not in beaten), *beaten]

    def level(self) -> list[str]:
        """The plain models that are not significantly different from the network and no worse than a constant."""
        tied = [name for name in self.compared if self.sign(NETWORK, name) == 0]
        if not self.learned(NETWORK):
            return tied
        return [name for name in tied if self.learned(name) is not False]


def numbers_of(state: StudyState) -> Numbers:
    """The models of a study with their scores, as far as they are recorded for its best trial."""
    reached, best = recorded_verdict(state), state.best
    if best is None:
        return Numbers({}, direction=state.objective.direction)
    metric, custom = state.objective.metric, is_custom(state.started.digests)
    score = Estimate(*(reached.corrected or (best.mean(metric), math.nan, math.nan)))
    detail = describe_network(best.hyperparameters, custom)
    contenders = {
        NETWORK: Contender(NETWORK, score.value, score.low, score.high, len(best.folds), detail=detail)
    }
    counts = best.fold_counts(metric)
    for name in (LINEAR, BOOSTING, CONSTANT):
        folds = reached.baselines.get(name)
        if folds:
            mean = (weighted_mean(folds, counts[: len(folds)]), math.nan, math.nan)
            score, difference = Estimate(*reached.scores.get(name, mean)), reached.differences.get(name)
            contenders[name] = Contender(
                name,
                score.value,
                score.low,
                score.high,
                len(folds),
                None if difference is None else Estimate(*difference),
                _settings(reached.settings.get(name, ())),
            )
    between = {
        name: {other: Estimate(*bounds) for other, bounds in others.items()}
        for name, others in reached.between.items()
    }
    return Numbers(contenders, between, state.objective.direction)


def recorded_verdict(state: StudyState) -> VerdictReached:
    """What was recorded of the best trial; nothing where the record is about another one."""
    best, reached = state.best, state.verdict
    is_recorded = best is not None and reached.trial in (best.number, -1)
    return reached if is_recorded else VerdictReached()


def decide(numbers: Numbers) -> str:
    """Name of the model to take: one that is significantly better than the others, or that alone learned anything.

    `constant` where no model is significantly better than one; empty where models are not significantly different, or
    too little is known.
    """
    learned = [numbers.learned(name) for name in numbers.models]
    if learned and all(has_learned is False for has_learned in learned):
        return CONSTANT
    ahead = numbers.ahead()
    if ahead:
        return ahead[0]
    was_measured = bool(numbers.compared) or numbers.learned(NETWORK) is not None
    return NETWORK if was_measured and not numbers.level() and numbers.learned(NETWORK) is not False else ""


def names_of(names: list[str]) -> str:
    """Models in words, as a list."""
    words = [NAMES[name] for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def partly_fitted(numbers: Numbers) -> Iterator[Contender]:
    """Plain models that were fitted on some folds only."""
    for name in (LINEAR, BOOSTING):
        contender = numbers.contenders.get(name)
        if contender is not None and contender.num_folds < numbers.contenders[NETWORK].num_folds:
            yield contender


def _settings(chosen: tuple[str, ...]) -> str:
    """How often each setting was chosen.

    >>> _settings(("slow", "default", "slow"))
    'settings by fold: slow (2), default (1)'
    """
    counts = Counter(chosen).most_common()
    return f"settings by fold: {', '.join(f'{name} ({count})' for name, count in counts)}" if counts else ""


def _negative(difference: Estimate | None) -> Estimate | None:
    if difference is None:
        return None
    return Estimate(-difference.value, -difference.high, -difference.low)

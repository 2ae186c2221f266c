"""The verdict in words: one sentence to act on, and how the network compares with each plain model."""

import math
from collections.abc import Iterator

from automl.evaluation.resampling import FEWEST_UNITS, ROWS, Estimate
from automl.explanation.verdict import (
    BOOSTING,
    CONSTANT,
    LINEAR,
    NAMES,
    NETWORK,
    Contender,
    Numbers,
    StudyVerdict,
    decide,
    names_of,
    numbers_of,
    partly_fitted,
    recorded_verdict,
)
from automl.records.state import StudyState
from automl.wording import OPTIMISTIC, number


def verdict_of(state: StudyState) -> StudyVerdict:
    """What to take, by what is recorded of the best trial."""
    numbers, best = numbers_of(state), state.best
    words = _Words(state, numbers)
    if best is None:
        sentence = "No trial completed: there is no network to take."
        return StudyVerdict(sentence, metric=state.objective.metric, direction=state.objective.direction)
    take = decide(numbers)
    reached = recorded_verdict(state)
    return StudyVerdict(
        sentence=words.sentence(take),
        take=take,
        contenders=tuple(numbers.contenders.values()),
        metric=state.objective.metric,
        direction=state.objective.direction,
        winner=numbers.contenders[NETWORK].detail,
        trial=best.number,
        comparisons=tuple(words.comparisons(take)),
        notes=reached.sentences,
        rows=reached.rows,
    )


class _Words:
    """Says what the numbers mean.

    Args:
        state: The study.
        numbers: Its models.
    """

    def __init__(self, state: StudyState, numbers: Numbers) -> None:
        self._state, self._numbers, self._metric = state, numbers, state.objective.metric
        reached = recorded_verdict(state)
        self._allowing = (
            f", allowing for the choice among {reached.num_trials:,} trials" if reached.num_trials > 1 else ""
        )
        self._allowing += f", {OPTIMISTIC}" if state.started.optimistic else ""
        self._num_units, self._unit = reached.num_units, reached.unit

    def sentence(self, take: str) -> str:
        """The answer."""
        numbers = self._numbers
        if take == NETWORK:
            return self._network()
        if take == CONSTANT:
            return (
                f"No model here is significantly better than a constant on these rows ({self._scores(numbers.models)}, "
                f"a constant {self._score(CONSTANT)}{self._allowing})."
            )
        if take:
            return self._plain(take)
        level = numbers.level()
        if level:
            return self._tied(level)
        return self._unknown()

    def _network(self) -> str:
        """It is better than every other model that learned anything."""
        beaten = [name for name in self._numbers.compared if self._numbers.learned(name) is not False]
        if not beaten:
            beaten = [CONSTANT]
        others = " and ".join(f"{NAMES[name]} ({self._score(name)})" for name in beaten)
        sentence = (
            f"Take the network ({self._numbers.contenders[NETWORK].detail}): its {self._metric} of "
            f"{self._score(NETWORK)} is significantly better than that of {others}{self._allowing}"
        )
        alone = [name for name in self._numbers.compared if name not in beaten]
        if alone:
            sentence += f"; {names_of(alone)} {_is(alone)} not significantly better than a constant"
        elif beaten == [CONSTANT]:
            sentence += "; it was compared with no other model"
        return f"{sentence}."

    def _plain(self, take: str) -> str:
        """A plain model is better than the network."""
        difference = self._numbers.difference(NETWORK, take)
        assert difference is not None
        cure = (
            f"`automl export {self._state.started.name} --baseline linear` writes it"
            if take == LINEAR
            else "automl does not export it; scikit-learn's HistGradientBoosting fits it"
        )
        return (
            f"Take {NAMES[take]}: its {self._metric} of {self._score(take)} is significantly better than the "
            f"network's {self._score(NETWORK)} ({self._difference(difference)}); {cure}."
        )

    def _tied(self, level: list[str]) -> str:
        """The interval of a difference holds 0."""
        numbers = self._numbers
        parts = [
            f"{NAMES[name]} ({self._score(name)}; difference {_bounds(difference)})"
            for name in level
            if (difference := numbers.difference(NETWORK, name)) is not None
        ]
        sentence = (
            f"The network ({self._metric} {self._score(NETWORK)}) is not significantly different on these rows from "
            f"{' and '.join(parts)}{self._allowing}"
        )
        learned = [name for name in level if numbers.learned(name)]
        if numbers.learned(NETWORK) is False and learned:
            return f"{sentence}; of them only {names_of(learned)} {_is(learned)} significantly better than a constant."
        return f"{sentence}; the linear model is the simplest." if LINEAR in level else f"{sentence}."

    def _unknown(self) -> str:
        """Too little is recorded, or the numbers do not decide."""
        numbers = self._numbers
        if set(numbers.contenders) == {NETWORK}:
            if self._state.finished is None or self._state.finished.status != "finished":
                return "No verdict: the other models are fitted when the search is over."
            return "No verdict: no other model was fitted, so whether a network is needed is not known."
        if numbers.learned(NETWORK) is False:
            return (
                f"No verdict: the network is not significantly better than a constant on these rows ({self._metric}: "
                f"{self._score(NETWORK)} and {self._score(CONSTANT)}), and no other model was compared with one."
            )
        whole = [name for name in (LINEAR, BOOSTING, CONSTANT) if self._is_whole(name)]
        if not whole:
            return "No verdict: no other model was fitted on every fold."
        others = ", ".join(f"{NAMES[name]} {self._score(name)}" for name in whole)
        return (
            f"No verdict: the difference between the models has no interval ({self._why()}). "
            f"{self._metric}: the network {self._score(NETWORK)}, {others}."
        )

    def _is_whole(self, name: str) -> bool:
        contenders = self._numbers.contenders
        return name in contenders and contenders[name].num_folds == contenders[NETWORK].num_folds

    def comparisons(self, take: str) -> Iterator[str]:
        """How the network compares with each plain model, and each plain model with a constant."""
        numbers = self._numbers
        for contender in partly_fitted(numbers):
            folds, num_folds = contender.num_folds, numbers.contenders[NETWORK].num_folds
            some = f"the first {folds} of {num_folds} folds" if folds > 1 else "the first fold"
            sentence = f"{_capital(contender.name)} was fitted on {some} only, so it is not compared with the network."
            yield sentence
        for name in numbers.compared:
            yield self._against(name)
            yield from self._beside_a_constant(name, take)
        if numbers.learned(NETWORK) is False and take != CONSTANT:
            yield f"The network is not significantly better than a constant ({self._of(NETWORK, CONSTANT)})."

    def _against(self, name: str) -> str:
        sign = self._numbers.sign(NETWORK, name)
        if not sign:
            return (
                f"The network and {NAMES[name]} are not significantly different ({self._of(NETWORK, name)})."
            )
        how = "better" if sign > 0 else "worse"
        return f"The network is significantly {how} than {NAMES[name]} ({self._of(NETWORK, name)})."

    def _beside_a_constant(self, name: str, take: str) -> Iterator[str]:
        """A plain model that has learned nothing is no rival."""
        sign = self._numbers.sign(name, CONSTANT)
        if sign == -1:
            yield f"{_capital(NAMES[name])} is significantly worse than a constant ({self._of(name, CONSTANT)})."
        elif sign == 0 and take != CONSTANT:
            yield f"{_capital(NAMES[name])} is not significantly better than a constant ({self._of(name, CONSTANT)})."

    def _of(self, name: str, other: str) -> str:
        difference = self._numbers.difference(name, other)
        assert difference is not None
        allowing = self._allowing if NETWORK in (name, other) else ""
        return f"{self._metric}: difference {_bounds(difference)}{allowing}"

    def _difference(self, difference: Estimate) -> str:
        return f"difference {_bounds(difference)}{self._allowing}"

    def _scores(self, names: list[str]) -> str:
        scores = ", ".join(f"{NAMES[name]} {self._score(name)}" for name in names)
        return f"{self._metric}: {scores}"

    def _score(self, name: str) -> str:
        return number(self._numbers.contenders[name].score)

    def _why(self) -> str:
        if self._unit and self._unit != ROWS and self._num_units < FEWEST_UNITS:
            return f"{self._num_units} {self._unit}; an interval needs {FEWEST_UNITS}"
        if any(isinstance(contender.difference, Estimate) for contender in self._numbers.contenders.values()):
            return "the resamples of the rows do not differ"
        return "too little is recorded"


def contender_text(contender: Contender) -> str:
    """A score with its interval."""
    if math.isnan(contender.low):
        return number(contender.score)
    return f"{number(contender.score)} (95 % interval {number(contender.low)} to {number(contender.high)})"


def _bounds(difference: Estimate) -> str:
    if math.isnan(difference.low):
        return number(difference.value, 3)
    value, low, high = (number(bound, 3) for bound in (difference.value, difference.low, difference.high))
    return f"{value}, 95 % interval {low} to {high}"


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _capital(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]

"""Which trials an ensemble averages, and how much each counts: greedy selection over out-of-fold predictions.

Source: Caruana, Niculescu-Mizil, Crew, Ksikes, "Ensemble selection from libraries of models" (2004): with replacement,
from the best, the best prefix kept.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy

from automl.trial import Direction

Array = numpy.ndarray

Score = Callable[[Sequence[Array]], Array]
"""Predictions of several models, each for the same rows, to a score of each."""

STEPS = 40
"""Trials that are taken, with repetition; as AutoGluon and pytabkit take."""

MOST_MEMBERS = 10
"""Different trials at most: each is as many networks as there are folds, to train, to keep and to ask."""

_LIMITS = ((100, 4), (500, 8), (2_500, 15), (10_000, 40), (math.inf, 100))
"""Rows, and how many of the best trials may be chosen from up to so many: of few rows the choice among many is made by
chance. The numbers are those by which AutoGluon stops a portfolio, in models without improvement."""

_DIGITS = 6
"""Of a score relative to that of the best trial: what differs by less is equal."""

_CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Selection:
    """Trials and how often each was taken.

    Attributes:
        counts: By place of the trial among the candidates, in ascending order of places.
        scores: Of the ensemble after each step that is kept.
    """

    counts: tuple[tuple[int, int], ...]
    scores: tuple[float, ...]

    @property
    def weights(self) -> dict[int, float]:
        """By place of the trial; they sum to 1."""
        total = sum(count for _, count in self.counts)
        return {place: count / total for place, count in self.counts}


def most_candidates(num_rows: int) -> int:
    """How many of the best trials may be chosen from, by the rows that they have predicted."""
    return next(most for rows, most in _LIMITS if num_rows <= rows)


def ranked(scores: Sequence[float] | Array, direction: Direction) -> list[int]:
    """Places of scores, the best first; of equal ones the earlier first, undefined ones last."""
    return numpy.argsort(_losses(scores, direction), kind="stable").tolist()


def select(predictions: Sequence[Array], score: Score, direction: Direction, steps: int = STEPS) -> Selection:
    """Take, step by step, the trial with which the mean of all that are taken scores best.

    A tie goes to a trial that is in already, then to the one that is better alone, then to the earlier one. What is
    kept is the shortest beginning with the best score.

    Args:
        predictions: Out-of-fold predictions of each candidate.
        score: What is made best.
        direction: Whether that is small or large.
        steps: Trials that are taken.
    """
    alone = _scored(predictions, None, 0, range(len(predictions)), score)
    order = ranked(alone, direction)
    scale = abs(alone[order[0]]) or 1.0
    taken: list[int] = []
    scores: list[float] = []
    total: Array | None = None
    for step in range(steps):
        allowed = order if len(set(taken)) < MOST_MEMBERS else [place for place in order if place in taken]
        values = alone[allowed] if total is None else _scored(predictions, total, step, allowed, score)
        rounded = numpy.round(_losses(values, direction) / scale, _DIGITS)
        equal = [place for place, loss in zip(allowed, rounded, strict=True) if loss == rounded.min()]
        best = next((place for place in equal if place in taken), equal[0])
        taken.append(best)
        scores.append(float(values[allowed.index(best)]))
        total = predictions[best].astype(float) if total is None else total + predictions[best]
        if len(predictions) == 1:
            break
    losses = numpy.round(_losses(scores, direction) / scale, _DIGITS)
    kept = taken[: int(losses.argmin()) + 1]
    counts = tuple((place, kept.count(place)) for place in sorted(set(kept)))
    return Selection(counts, tuple(scores[: len(kept)]))


def blend(predictions: Sequence[Array] | Mapping[int, Array], weights: Mapping[int, float]) -> Array:
    """The weighted mean of predictions, by place."""
    places = list(weights)
    total = weights[places[0]] * numpy.asarray(predictions[places[0]], float)
    for place in places[1:]:
        total += weights[place] * predictions[place]
    return total


def _losses(scores: Sequence[float] | Array, direction: Direction) -> Array:
    """Scores, the smaller the better; undefined ones are infinite."""
    sign = 1.0 if direction is Direction.MINIMIZE else -1.0
    return numpy.nan_to_num(sign * numpy.asarray(scores, float), nan=numpy.inf, posinf=numpy.inf)


def _scored(
    predictions: Sequence[Array], total: Array | None, count: int, places: Sequence[int], score: Score
) -> Array:
    """Scores of the means of what is taken and each of some trials, some at a time."""

    def means() -> Iterator[Array]:
        for place in places:
            prediction = numpy.asarray(predictions[place], float)
            yield prediction if total is None else (total + prediction) / (count + 1)

    at_once = max(1, _CELLS_AT_ONCE // max(1, predictions[0].size))
    waiting = means()
    scores: list[Array] = []
    while some := list(islice(waiting, at_once)):
        scores.append(score(some))
    return numpy.concatenate(scores)

"""A temperature for the probabilities of an ensemble, whose mean is often less certain than its networks are right.

Source: Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks" (2017); that the mean is what needs it:
Rahaman, Thiery, "Uncertainty quantification and deep ensembles" (2021).
"""

from dataclasses import dataclass

import numpy
from scipy.optimize import minimize_scalar

from automl.ensembles.selection import Array
from automl.evaluation.resampling import ScoredRows

SMALLEST_PROBABILITY = 1e-7
"""Of a class, before its logarithm is taken."""

_MOST = 3.0
"""Temperatures are between 1 / _MOST and _MOST: far from 1 they would follow a few rows."""

_ERRORS = 2.0
"""Standard errors by which other rows must gain from a temperature."""


@dataclass(frozen=True, slots=True)
class Tempered:
    """Out-of-fold predictions at the temperature that they ask for.

    Attributes:
        temperature: Below 1 the most probable class becomes more probable; 1 where other rows do not gain by one.
        predictions: Each fold's at the temperature of the other folds' rows, so that no row is scored by its own.
    """

    temperature: float
    predictions: Array


def at_temperature(probabilities: Array, temperature: float) -> Array:
    """Probabilities to the power of 1 / temperature, normalized again; classes are the last axis."""
    if temperature == 1.0:
        return probabilities
    return _softmax(_logs(probabilities) / temperature)


def best_temperature(probabilities: Array, target: Array, weights: Array) -> float:
    """The temperature of the smallest log loss.

    Args:
        probabilities: Of shape (row, class).
        target: Codes of classes, (row,).
        weights: Of shape (row,).
    """
    if not weights.sum() > 0.0:
        return 1.0
    logs, rows = _logs(probabilities), numpy.arange(len(target))

    def loss(logarithm: float) -> float:
        scaled = _softmax(logs / numpy.exp(logarithm))[rows, target]
        return float(numpy.average(-_logs(scaled), weights=weights))

    most = float(numpy.log(_MOST))
    return float(numpy.exp(minimize_scalar(loss, bounds=(-most, most), method="bounded").x))


def tempered(rows: ScoredRows, probabilities: Array) -> Tempered:
    """The temperature of out-of-fold predictions, if the rows of each fold gain by that of the other folds.

    Args:
        rows: The rows, with the folds that scored them.
        probabilities: Of shape (repeat, row, class).
    """
    target, crossed = rows.target.astype(int), probabilities.copy()
    for repeat, places in rows.parts:
        others = numpy.ones(len(target), bool)
        others[places] = False
        known = best_temperature(probabilities[repeat][others], target[others], rows.weights[others])
        crossed[repeat, places] = at_temperature(probabilities[repeat, places], known)
    pairs = zip(probabilities, crossed, strict=True)
    gains = numpy.mean([_losses(before, target) - _losses(after, target) for before, after in pairs], axis=0)
    if not _is_significant(numpy.bincount(rows.units, weights=gains * rows.weights)):
        return Tempered(1.0, probabilities)
    repeats = len(probabilities)
    pooled = probabilities.reshape(-1, probabilities.shape[-1])
    return Tempered(
        best_temperature(pooled, numpy.tile(target, repeats), numpy.tile(rows.weights, repeats)), crossed
    )


def _logs(probabilities: Array) -> Array:
    return numpy.asarray(numpy.log(numpy.clip(probabilities, SMALLEST_PROBABILITY, None)))


def _softmax(logits: Array) -> Array:
    """Over the last axis."""
    powers = numpy.exp(logits - logits.max(axis=-1, keepdims=True))
    return numpy.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _losses(probabilities: Array, target: Array) -> Array:
    """The log loss of each row, (row,)."""
    return -_logs(probabilities[numpy.arange(len(target)), target])


def _is_significant(gains: Array) -> bool:
    """Whether sums by unit are on the whole above 0."""
    if len(gains) < 2:
        return False
    error = numpy.sqrt(len(gains)) * gains.std(ddof=1)
    return bool(gains.sum() > _ERRORS * error)

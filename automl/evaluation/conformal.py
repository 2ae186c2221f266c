"""Prediction intervals and sets of classes with a stated coverage, from out-of-fold predictions.

Cross-conformal prediction (Vovk 2015; Barber, Candès, Ramdas, Tibshirani 2021): what a network is off on rows that it
has not seen says how far a new row may be off. Here the residuals are those of the networks of the folds, and the
interval stands about the prediction of the exported model, which has learned from more rows; coverage is therefore
about the stated level, not guaranteed, and no level is claimed that the number of rows cannot tell.
"""

import math

import numpy

STEPS = 200
"""Levels that margins are kept for: 1 / STEPS, 2 / STEPS, …; another level is rounded up to the next one."""


def nonconformity(target: numpy.ndarray, predictions: numpy.ndarray) -> numpy.ndarray:
    """How badly predictions fit the truth: the absolute error, or 1 minus the probability of the true class.

    Args:
        target: Values, or codes of classes, of shape (row,).
        predictions: Of shape (row,), or probabilities of shape (row, class).
    """
    if predictions.ndim == 1:
        return numpy.abs(target - predictions)
    return numpy.asarray(1.0 - predictions[numpy.arange(len(target)), target.astype(int)])


def margins_of(target: numpy.ndarray, predictions: numpy.ndarray) -> tuple[float, ...]:
    """The nonconformity that a new row does not exceed at each level.

    The level L of n rows has the one of rank ⌈(n + 1) L⌉; several repeats of the folds are pooled.

    Args:
        target: Of shape (row,).
        predictions: Of shape (repeat, row), or (repeat, row, class).

    Returns:
        One for each level that n rows can tell, in ascending order of the levels.
    """
    scores = numpy.sort(numpy.concatenate([nonconformity(target, repeat) for repeat in predictions]))
    num_rows, margins = len(target), []
    for step in range(1, STEPS):
        rank = -(-(num_rows + 1) * step // STEPS)
        if rank > num_rows:
            break
        margins.append(float(scores[math.ceil(rank * len(scores) / num_rows) - 1]))
    return tuple(margins)

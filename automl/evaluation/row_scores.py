"""What a prediction is worth on each row, of shape (row,): a score by row is a function of their mean."""

import numpy


def log_loss(target: numpy.ndarray, prediction: numpy.ndarray) -> numpy.ndarray:
    """As scikit-learn's, which keeps probabilities 2⁻⁵² away from 0 and 1."""
    likelihood = prediction[numpy.arange(len(target)), target] / prediction.sum(axis=1)
    epsilon = numpy.finfo(numpy.float64).eps
    return -numpy.log(numpy.clip(likelihood, epsilon, 1.0 - epsilon))


def brier(target: numpy.ndarray, prediction: numpy.ndarray) -> numpy.ndarray:
    """Squared distance to the label, summed over the classes; of two classes half of it, as it is usually given."""
    distance = prediction.copy()
    distance[numpy.arange(len(target)), target] -= 1.0
    return numpy.square(distance).sum(axis=1) / (2.0 if prediction.shape[1] == 2 else 1.0)


def accuracy(target: numpy.ndarray, prediction: numpy.ndarray) -> numpy.ndarray:
    """Whether the most probable class is the true one."""
    return prediction.argmax(axis=1) == target


def top(most: int, target: numpy.ndarray, prediction: numpy.ndarray) -> numpy.ndarray:
    """Whether the true class is among the most probable ones; of equal ones the first counts, as for accuracy."""
    of_true = prediction[numpy.arange(len(target)), target][:, None]
    before = numpy.arange(prediction.shape[1]) < target[:, None]
    return ((prediction > of_true) | ((prediction == of_true) & before)).sum(axis=1) < most


def squared_error(target: numpy.ndarray, prediction: numpy.ndarray) -> numpy.ndarray:
    """Of values in the target's units, squared."""
    return numpy.square(target - prediction)


def absolute_error(target: numpy.ndarray, prediction: numpy.ndarray) -> numpy.ndarray:
    """Of values in the target's units."""
    return numpy.abs(target - prediction)


def relative_error(target: numpy.ndarray, prediction: numpy.ndarray) -> numpy.ndarray:
    """|error / target|, as a fraction; a target of 0 is taken for 2⁻⁵², as scikit-learn does."""
    return numpy.abs(target - prediction) / numpy.maximum(numpy.abs(target), numpy.finfo(numpy.float64).eps)


def pinball(level: float, target: numpy.ndarray, prediction: numpy.ndarray) -> numpy.ndarray:
    """Loss of a quantile: what lies above costs `level`, what lies below `1 - level` (Koenker, Bassett 1978)."""
    error = target - prediction
    return numpy.maximum(level * error, (level - 1.0) * error)

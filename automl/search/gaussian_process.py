"""A Gaussian process over the unit cube, and where its lower confidence bound is least.

The process is that of KerasTuner's Bayesian oracle: a Matérn kernel of ν = 2.5 with one length scale. scikit-learn
searches the length scale from 21 random starts, and the oracle then looks for the least bound with tens of thousands of
predictions of one point each, for it has no derivatives; a proposal takes seconds. There is one length scale only, so a
search along one line finds it, and the derivatives of the bound are a formula.
"""

import math
from typing import final

import numpy
import scipy.linalg
import scipy.optimize
import scipy.spatial.distance
from numpy.typing import NDArray

Floats = NDArray[numpy.float64]

_LENGTH_SCALES = numpy.geomspace(0.01, 100.0, 25)


@final
class GaussianProcess:
    """Fitted to scores, which should have a mean near 0 and a deviation near 1, as the process has before.

    Args:
        points: Of the unit cube, `(point, dimension)`.
        scores: `(point,)`.
        noise: Variance of the noise of the scores.
        length_scale: In units of the cube; the most probable one when it is None.
    """

    def __init__(self, points: Floats, scores: Floats, noise: float, length_scale: float | None = None):
        self._scores = scores
        self._noise = noise
        self._distances = scipy.spatial.distance.cdist(points, points)
        self.length_scale = length_scale or self._most_probable()
        self._points = points / self.length_scale
        factor = self._factor(self.length_scale)
        self._precision = scipy.linalg.cho_solve((factor, True), numpy.eye(len(points)))
        self._weights = scipy.linalg.cho_solve((factor, True), scores)

    def log_likelihood(self, length_scale: float) -> float:
        """Of the scores, given a length scale; without the constant."""
        factor = self._factor(length_scale)
        whitened = scipy.linalg.solve_triangular(factor, self._scores, lower=True)
        return -float(whitened @ whitened) / 2.0 - float(numpy.log(numpy.diag(factor)).sum())

    def predict(self, point: Floats) -> tuple[float, float]:
        """Mean and standard deviation at one point, `(dimension,)`."""
        covariances, _ = self._covariances(point)
        variance = 1.0 - float(covariances @ self._precision @ covariances)
        return float(covariances @ self._weights), math.sqrt(max(variance, 0.0))

    def lower_bound(self, point: Floats, beta: float) -> tuple[float, Floats]:
        """Mean less `beta` standard deviations at one point, `(dimension,)`, and the derivatives."""
        covariances, slopes = self._covariances(point)
        explained = self._precision @ covariances
        deviation = math.sqrt(max(1.0 - float(covariances @ explained), 1e-12))
        gradient = (self._weights + beta / deviation * explained) @ slopes
        return float(covariances @ self._weights) - beta * deviation, gradient

    def _covariances(self, point: Floats) -> tuple[Floats, Floats]:
        """With the points, `(point,)`, and their derivatives, `(point, dimension)`."""
        offsets = point / self.length_scale - self._points
        distances = numpy.sqrt(5.0 * numpy.einsum("pd,pd->p", offsets, offsets))
        decays = numpy.exp(-distances)
        slopes = (-5.0 / 3.0 / self.length_scale * (1.0 + distances) * decays)[:, None] * offsets
        return (1.0 + distances + distances**2 / 3.0) * decays, slopes

    def _factor(self, length_scale: float) -> Floats:
        distances = math.sqrt(5.0) / length_scale * self._distances
        covariances = (1.0 + distances + distances**2 / 3.0) * numpy.exp(-distances)
        covariances[numpy.diag_indices_from(covariances)] += self._noise
        return numpy.asarray(scipy.linalg.cholesky(covariances, lower=True))

    def _most_probable(self) -> float:
        """The best of a list of length scales, refined between its neighbors."""
        likelihoods = [self.log_likelihood(length_scale) for length_scale in _LENGTH_SCALES]
        best = int(numpy.argmax(likelihoods))
        ends = numpy.log(_LENGTH_SCALES[[max(best - 1, 0), min(best + 1, len(_LENGTH_SCALES) - 1)]])
        minimum = scipy.optimize.minimize_scalar(
            lambda logarithm: -self.log_likelihood(math.exp(logarithm)), bounds=ends, method="bounded"
        )
        return math.exp(minimum.x)


def least_bound(process: GaussianProcess, beta: float, starts: Floats) -> Floats:
    """The point of the unit cube with the least lower bound that is found from some starts, `(start, dimension)`."""
    bounds = [(0.0, 1.0)] * starts.shape[1]
    minima = [
        scipy.optimize.minimize(process.lower_bound, start, (beta,), "L-BFGS-B", jac=True, bounds=bounds)
        for start in starts
    ]
    return numpy.asarray(min(minima, key=lambda minimum: float(minimum.fun)).x)

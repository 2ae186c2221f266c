"""Kernels drawn with NumPy against the ones that Keras draws: other numbers of the same distribution."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy
import pytest

from automl.networks.initializers import INITIALIZERS, initial_kernel

NUM_INPUTS, NUM_OUTPUTS = 400, 250
TWINS: Mapping[str, Callable[[int], Any]] = {
    "glorot_uniform": keras.initializers.GlorotUniform,
    "glorot_normal": keras.initializers.GlorotNormal,
    "he_uniform": keras.initializers.HeUniform,
    "he_normal": keras.initializers.HeNormal,
    "lecun_uniform": keras.initializers.LecunUniform,
    "lecun_normal": keras.initializers.LecunNormal,
}


def test_every_initializer_has_a_twin() -> None:
    assert set(TWINS) == set(INITIALIZERS)


@pytest.mark.parametrize("name", TWINS)
def test_kernels_are_distributed_as_those_of_keras(name: str) -> None:
    ours = initial_kernel(name, NUM_INPUTS, NUM_OUTPUTS, seed=1)
    reference = keras.ops.convert_to_numpy(TWINS[name](1)((NUM_INPUTS, NUM_OUTPUTS)))
    assert (ours.shape, ours.dtype) == (reference.shape, reference.dtype)
    deviation = reference.std()
    assert ours.std() == pytest.approx(deviation, rel=0.01)
    assert numpy.abs(ours).max() == pytest.approx(numpy.abs(reference).max(), rel=1e-3)
    shares = numpy.linspace(0.05, 0.95, 19)
    numpy.testing.assert_allclose(
        numpy.quantile(ours, shares), numpy.quantile(reference, shares), atol=0.03 * deviation
    )


@pytest.mark.parametrize("name", TWINS)
def test_a_kernel_depends_on_its_seed_alone(name: str) -> None:
    first, again, different = (initial_kernel(name, 5, 7, seed) for seed in (1, 1, 2))
    numpy.testing.assert_array_equal(first, again)
    assert not numpy.isclose(first, different).any()

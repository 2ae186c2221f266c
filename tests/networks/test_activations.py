"""Each activation against its formula, and each one trainable."""

import math
from collections.abc import Callable

import keras
import numpy
import pytest
import tensorflow

from automl.networks.activations import ACTIVATIONS, REFUSED, activation

POINTS = numpy.array([-30.0, -4.0, -1.0, -0.3, 0.0, 0.2, 1.0, 2.5, 6.0, 30.0])
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772

FORMULAS: dict[str, Callable[[float], float]] = {
    "linear": lambda x: x,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "tanh": lambda x: (math.exp(2 * x) - 1) / (math.exp(2 * x) + 1),
    "relu": lambda x: x if x > 0 else 0.0,
    "leaky_relu": lambda x: x if x > 0 else 0.2 * x,
    "elu": lambda x: x if x > 0 else math.exp(x) - 1,
    "selu": lambda x: SELU_SCALE * (x if x > 0 else SELU_ALPHA * (math.exp(x) - 1)),
    "gelu": lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2,
    "silu": lambda x: x / (1 + math.exp(-x)),
    "swish": lambda x: x / (1 + math.exp(-x)),
    "softplus": lambda x: math.log1p(math.exp(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "mish": lambda x: x * math.tanh(math.log1p(math.exp(x))),
}


def test_every_activation_of_the_table_has_its_formula_here() -> None:
    assert set(FORMULAS) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", FORMULAS)
def test_the_values_follow_the_formula(name: str) -> None:
    values = keras.ops.convert_to_numpy(activation(name)(keras.ops.convert_to_tensor(POINTS, "float32")))
    expected = [FORMULAS[name](point) for point in POINTS]
    numpy.testing.assert_allclose(values, expected, rtol=2e-6, atol=2e-7)


@pytest.mark.parametrize("name", FORMULAS)
def test_the_gradient_is_the_slope_of_the_formula_and_somewhere_not_zero(name: str) -> None:
    points = numpy.array([-2.0, -0.7, 0.4, 1.5])
    inputs = tensorflow.constant(points, "float32")
    with tensorflow.GradientTape() as tape:
        tape.watch(inputs)
        outputs = activation(name)(inputs)
    slopes = tape.gradient(outputs, inputs).numpy()
    formula = FORMULAS[name]
    expected = [(formula(point + 1e-5) - formula(point - 1e-5)) / 2e-5 for point in points]
    numpy.testing.assert_allclose(slopes, expected, rtol=1e-4, atol=1e-5)
    assert numpy.abs(slopes[points > 0]).min() > 0.01


@pytest.mark.parametrize("slope", [0.0, 0.01, 0.5, 1.0])
def test_the_slope_of_a_leaky_relu_is_the_one_given(slope: float) -> None:
    outputs = activation("leaky_relu", slope)(tensorflow.constant([-3.0, 0.0, 2.0]))
    numpy.testing.assert_allclose(outputs, [-3.0 * slope, 0.0, 2.0], rtol=1e-6)


def test_a_slope_is_for_leaky_relu_only() -> None:
    assert activation("relu", 0.5)(tensorflow.constant([-2.0])).numpy() == [0.0]


def test_a_step_is_refused_with_the_reason() -> None:
    assert {"step", "sign"} <= set(REFUSED)
    assert not set(REFUSED) & set(ACTIVATIONS)
    assert all("gradient is zero" in reason and "`tanh`" in reason for reason in REFUSED.values())


def test_an_unknown_name_is_not_taken_for_another() -> None:
    with pytest.raises(KeyError):
        activation("rleu")

"""The linear baseline as a Keras network without hidden layers, so that it can be exported as a trial can."""

import keras
import numpy

from automl.data.columns import TableArrays
from automl.data.preprocessing import Layout
from automl.data.targets import NO_SCALING, TargetScaling
from automl.networks.families.inputs import OUTPUTS
from automl.training.baselines.baselines import Maker
from automl.training.baselines.fitted import FittedBaseline
from automl.training.network import Network, Scalings
from automl.trial import Task

_NEVER = -1e4
"""Output, before the softmax, of a class that the model does not know: its probability is 0."""


def linear_network(
    dataset: TableArrays, layout: Layout, rows: numpy.ndarray, level: float | None = None
) -> tuple[Network, FittedBaseline]:
    """Fit the linear baseline to rows; the same model as a network, and as scikit-learn has it.

    Args:
        dataset: The table.
        layout: The places of the inputs.
        rows: To learn from.
        level: Of the quantile that is predicted; None for means and classes.
    """
    fitted = Maker("linear", dataset, layout, level).fit(rows, 0)
    assert fitted.preprocessing is not None
    kernel, bias, target = _weights(fitted, dataset, rows)
    inputs = keras.Input((kernel.shape[0],), name="features")
    output = keras.layers.Dense(kernel.shape[1], activation=OUTPUTS[dataset.task], name="output")
    model = keras.Model(inputs, output(inputs), name="linear")
    output.set_weights([kernel, bias])
    return Network(model, Scalings(fitted.preprocessing, target), dataset.task), fitted


def _weights(
    fitted: FittedBaseline, dataset: TableArrays, rows: numpy.ndarray
) -> tuple[numpy.ndarray, numpy.ndarray, TargetScaling]:
    """Kernel (input, output), bias (output,), and what makes values of the target of the outputs of a regression."""
    model = fitted.model
    if dataset.task is Task.REGRESSION:
        # Outputs about 0 and 1 keep seven digits of a prediction, whatever the size of the target's values.
        mean, scale = float(dataset.target[rows].mean()), float(dataset.target[rows].std()) or 1.0
        kernel = numpy.reshape(model.coef_, (-1, 1)) / scale
        bias = (numpy.reshape(model.intercept_, 1) - mean) / scale
        return kernel, bias, TargetScaling(mean, scale, False, -numpy.inf, numpy.inf)
    kernel, bias = numpy.asarray(model.coef_).T, numpy.asarray(model.intercept_)
    if dataset.task is Task.BINARY:
        return kernel, bias, NO_SCALING
    if (
        kernel.shape[1] == 1
    ):  # two of several classes: the softmax of 0 and of what is the logit of the second
        kernel = numpy.concatenate([numpy.zeros_like(kernel), kernel], axis=1)
        bias = numpy.concatenate([[0.0], bias])
    whole = numpy.zeros((kernel.shape[0], dataset.num_outputs)), numpy.full(dataset.num_outputs, _NEVER)
    whole[0][:, model.classes_], whole[1][model.classes_] = kernel, bias
    return *whole, NO_SCALING

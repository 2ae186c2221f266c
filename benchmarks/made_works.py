"""Works whose arrays are made in place: no table is read, and neither pandas nor TensorFlow is needed.

Digits are scikit-learn's where it can be imported, else made arrays of their shape; adult is made in its shape. The
configurations are those of `works/A.json` and `works/D.json`.
"""

import json
import random
from dataclasses import dataclass
from pathlib import Path

import numpy

HERE = Path(__file__).parent
DIGITS_SHAPE, ADULT_SHAPE = (1797, 64), (48_842, 108)
_FIXED = {"batch_normalization": False, "initializer": "glorot_uniform", "l2": 0.0, "optimizer": "adam"}
_FIXED |= {"schedule": "constant", "clip_norm": 0.0, "label_smoothing": 0.0}


@dataclass(frozen=True)
class MadeWork:
    name: str
    source: str  # where the arrays are from
    features: numpy.ndarray  # (row, feature), float64, not scaled
    target: numpy.ndarray  # class codes
    num_classes: int
    folds: list  # (training rows, validation rows)
    epochs: int
    trials: list  # hyperparameters by name

    @property
    def num_fits(self):
        return len(self.trials) * len(self.folds)

    @property
    def num_steps(self):
        """Of all networks together."""
        steps = sum(-(-len(fit) // trial["batch_size"]) for trial in self.trials for fit, _ in self.folds)
        return steps * self.epochs


def work(name, num_trials=None, num_rows=None):
    """Work A or D, on made arrays where the table is not at hand."""
    content = json.loads((HERE / "works" / f"{name}.json").read_text())
    features, target, source = digits() if name.startswith("A") else adult()
    features, target = features[:num_rows], target[:num_rows]
    folds, classes = folds_of(len(target), content["folds"]), int(target.max()) + 1
    trials = content["trials"][:num_trials]
    return MadeWork(name, source, features, target, classes, folds, content["epochs"], trials)


def configurations(count, epochs, num_folds, batch_size):
    """Digits under so many configurations of one structure: 64-64-64-10, dropout and learning rate drawn."""
    generator = random.Random("configurations")  # noqa: S311
    trials = [
        {"depth": 2, "width": 64, "activation": "relu"}
        | {"dropout": 0.5 * generator.random(), "learning_rate": 3e-4 * 10 ** generator.random()}
        | _FIXED
        | {"batch_size": batch_size}
        for _ in range(count)
    ]
    features, target, source = digits()
    folds = folds_of(len(target), num_folds)
    return MadeWork("configurations", source, features, target, 10, folds, epochs, trials)


def digits():
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        features, target = _draw_table(DIGITS_SHAPE, numpy.full(10, 0.1))
        return features, target, "made, of the shape of digits"
    features, target = load_digits(return_X_y=True)
    return features, target.astype(numpy.int64), "digits of scikit-learn"


def adult():
    features, target = _draw_table(ADULT_SHAPE, numpy.array([0.76, 0.24]))
    return features, target, "made, of the shape of adult"


def folds_of(num_rows, count):
    """Random folds, the same at every call."""
    part = numpy.random.default_rng(1).permutation(num_rows) % count
    rows = numpy.arange(num_rows)
    return [(rows[part != fold], rows[part == fold]) for fold in range(count)]


def _draw_table(shape, shares):
    """Normal inputs, and classes that a network can learn in part."""
    generator = numpy.random.default_rng(0)
    features = generator.normal(size=shape)
    hidden = numpy.tanh(features @ generator.normal(0.0, shape[1] ** -0.5, (shape[1], 16)))
    scores = hidden @ generator.normal(size=(16, len(shares))) + numpy.log(shares)
    return features, (scores + generator.gumbel(size=scores.shape)).argmax(axis=1).astype(numpy.int64)


def scaled(work, rows, validation):
    """Inputs of both sets of rows, standardized by the first, as float32."""
    mean, deviation = work.features[rows].mean(axis=0), work.features[rows].std(axis=0)
    deviation[deviation == 0] = 1.0
    return [((work.features[part] - mean) / deviation).astype(numpy.float32) for part in (rows, validation)]

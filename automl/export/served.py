"""What the graph of an exported model needs beside its network, as plain values that another process can be given."""

import re
from dataclasses import dataclass

from automl.data.schema import Schema
from automl.training.network import Scalings
from automl.trial import Hyperparameters, Scalar, Task


@dataclass(frozen=True, slots=True)
class ServedPart:
    """One network of a model, without its weights.

    Attributes:
        scalings: What it was trained under.
        hyperparameters: What its Keras model can be built from again.
        weight: How much its predictions count in the mean; those of all parts sum to 1.
    """

    scalings: Scalings
    hyperparameters: Hyperparameters
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Served:
    """How raw columns become inputs, and outputs become answers.

    Attributes:
        parts: Its networks: one, or those of an ensemble.
        schema: What the columns are.
        task: What is predicted.
        classes: Labels in the order of their codes; empty for a regression.
        threshold: Probability of the second of two classes from which it is the label.
        temperature: Of the mean of the probabilities of several networks.
    """

    parts: tuple[ServedPart, ...]
    schema: Schema
    task: Task
    classes: tuple[Scalar, ...]
    threshold: float
    temperature: float = 1.0


def argument_names(columns: tuple[str, ...]) -> dict[str, str]:
    """Column names as arguments of a signature, which are identifiers, each once.

    >>> argument_names(("sepal length (cm)", "sepal_length__cm_", "2nd"))
    {'sepal length (cm)': 'sepal_length__cm_', 'sepal_length__cm_': 'sepal_length__cm__2', '2nd': 'column_2nd'}
    """
    taken: dict[str, str] = {}
    for column in columns:
        name = re.sub(r"[^0-9A-Za-z_]", "_", column)
        name = name if re.match(r"[A-Za-z]", name) else f"column_{name}"
        unique, number = name, 2
        while unique in taken.values():
            unique, number = f"{name}_{number}", number + 1
        taken[column] = unique
    return taken

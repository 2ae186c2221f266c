"""What a network of the user's own is given: the table's numbers as they are, or the standard encoding."""

import numpy

from automl.config.study import StudyConfig
from automl.data.dataset import Dataset
from automl.data.features.encodings import RAW
from automl.errors import NetworkError, explain

STANDARD = "standard"


def input_encoding(config: StudyConfig, dataset: Dataset) -> str:
    """The encoding of numbers where the hyperparameters name none: raw where it was asked for, or can be.

    Raises:
        NetworkError: It was asked for, and a column has gaps or holds no numbers, or an encoding is searched.
    """
    if config.network.builder is None or config.network.inputs == STANDARD:
        return STANDARD
    cannot = _not_raw(dataset)
    if "numeric_encoding" in (config.space or {}):
        cannot = "`space` names a `numeric_encoding`"
    if not cannot:
        return RAW
    if config.network.inputs is None:
        return STANDARD
    where, must = config.where("network", "inputs"), f"be standard here: {cannot}"
    cure = "Change it, or remove that setting; `data.features` lists the columns to learn from."
    raise NetworkError(explain("network.inputs", must, RAW, cure, where=where))


def inputs_note(config: StudyConfig, encoding: str, num_inputs: int) -> str:
    """What a person should know of the inputs of a network of their own."""
    if encoding == RAW:
        return f"the inputs of the network are the {num_inputs} numbers of a row, unchanged, in column order"
    reason = (
        "set in the study file"
        if config.network.inputs
        else "because not all columns are numbers without gaps"
    )
    return f"the inputs of the network are the standard encoding of the table, {num_inputs} inputs, {reason}"


def population_note(config: StudyConfig, obstacle: str) -> str:
    """How networks of a user's builder are trained.

    Args:
        config: The study file.
        obstacle: What prevents a population from training the first one; empty for nothing.
    """
    if obstacle:
        return f"the networks train one after another, because a population cannot train the first one: {obstacle}"
    if config.training.engine == "sequential":
        return "the networks train one after another, as the study file says"
    return "the networks train as a population: each Keras layer of the first one has a stacked twin"


def _not_raw(dataset: Dataset) -> str:
    """The first column that cannot be given as it is, and why; empty where all can."""
    gaps = numpy.isnan(dataset.columns.numbers).any(axis=0)
    with_gaps = {name for name, has in zip(dataset.columns.names, gaps, strict=True) if has}
    numbers = set(dataset.columns.names)
    for column in dataset.schema.learned:
        if column.name not in numbers:
            return f"the column {column.name!r} is {column.kind}"
        if column.name in with_gaps:
            return f"the column {column.name!r} has gaps"
    return ""

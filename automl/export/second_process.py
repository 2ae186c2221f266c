"""A SavedModel written by a second process, in which Keras runs on TensorFlow, from the weights of networks here.

What it is to write is a file of plain values, `Order`, beside the weights. It is used where Keras runs on JAX.
"""

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy
import pandas

from automl.errors import ExportError
from automl.export.served import Served
from automl.networks.builder import FamilyBuilder

_PACKAGES = Path(__file__).parents[2]
ORDER, WEIGHTS, NETWORK, ANSWERS = "order.pickle", "weights-{}.npz", "network-{}.keras", "answers.pickle"
"""Files that the two processes exchange; of weights and network only the one that is needed, for each network."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the second process writes, and what it asks the written model.

    Attributes:
        served: What the graph needs beside the networks.
        builder: Builds them, whose weights are beside the order; None where Keras's own files of them are.
        table: Rows that the model is asked about.
    """

    served: Served
    builder: FamilyBuilder | None
    table: pandas.DataFrame


def write_elsewhere(order: Order, models: Sequence[keras.Model], folder: Path) -> pandas.DataFrame:
    """Have a SavedModel written into a folder; what the written model answers for the rows of the order.

    Raises:
        ExportError: The second process has not written it.
    """
    with tempfile.TemporaryDirectory(prefix="automl-export-") as scratch:
        exchange = Path(scratch)
        (exchange / ORDER).write_bytes(pickle.dumps(order))
        for number, model in enumerate(models):
            if order.builder is None:
                model.save(exchange / NETWORK.format(number))
            else:
                numpy.savez(exchange / WEIGHTS.format(number), *model.get_weights())
        command = [sys.executable, "-P", "-m", "automl.export.second_process", scratch, str(folder)]
        done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            why = (done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"])[-1]
            cure = "Unset `KERAS_BACKEND`, so that the study runs on TensorFlow."
            raise ExportError(f"TensorFlow cannot write the SavedModel of this network: {why}. {cure}")
        answers: pandas.DataFrame = pickle.loads((exchange / ANSWERS).read_bytes())  # noqa: S301 made here
    return answers


def _environment() -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(_PACKAGES), os.environ.get("PYTHONPATH"))))
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    return {**os.environ, **quiet, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": path}


def main(exchange: Path, folder: Path) -> None:
    """The second process."""
    from automl.export.graph import write_graph
    from automl.serving.scoring import Scorer

    order: Order = pickle.loads((exchange / ORDER).read_bytes())  # noqa: S301 made by the first process
    models = [_model(order, exchange, number) for number in range(len(order.served.parts))]
    write_graph(order.served, models, folder)
    (exchange / ANSWERS).write_bytes(pickle.dumps(Scorer(folder).predict(order.table)))


def _model(order: Order, exchange: Path, number: int) -> keras.Model:
    """One of the networks with its weights."""
    if order.builder is None:
        return keras.saving.load_model(exchange / NETWORK.format(number))
    model = order.builder.build(order.served.parts[number].hyperparameters, 0)
    with numpy.load(exchange / WEIGHTS.format(number)) as weights:
        model.set_weights([weights[name] for name in weights.files])
    return model


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

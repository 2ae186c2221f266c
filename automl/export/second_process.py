"""A SavedModel written by a second process, in which Keras runs on TensorFlow, from the weights of a network here.

What it is to write is a file of plain values, `Order`, beside the weights. It is used where Keras runs on JAX.
"""

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy
import pandas

from automl.errors import ExportError
from automl.export.served import Served
from automl.networks.builder import FamilyBuilder

_PACKAGES = Path(__file__).parents[2]
ORDER, WEIGHTS, NETWORK, ANSWERS = "order.pickle", "weights.npz", "network.keras", "answers.pickle"
"""Files that the two processes exchange; of weights and network only the one that is needed."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the second process writes, and what it asks the written model.

    Attributes:
        served: What the graph needs beside the network.
        builder: Builds the network, whose weights are beside the order; None where Keras's own file of it is.
        hyperparameters: Of the network, for the builder.
        table: Rows that the model is asked about.
    """

    served: Served
    builder: FamilyBuilder | None
    hyperparameters: Mapping[str, Any]
    table: pandas.DataFrame


def write_elsewhere(order: Order, model: keras.Model, folder: Path) -> pandas.DataFrame:
    """Have a SavedModel written into a folder; what the written model answers for the rows of the order.

    Raises:
        ExportError: The second process has not written it.
    """
    with tempfile.TemporaryDirectory(prefix="automl-export-") as scratch:
        exchange = Path(scratch)
        (exchange / ORDER).write_bytes(pickle.dumps(order))
        if order.builder is None:
            model.save(exchange / NETWORK)
        else:
            numpy.savez(exchange / WEIGHTS, *model.get_weights())
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
    if order.builder is None:
        model = keras.saving.load_model(exchange / NETWORK)
    else:
        model = order.builder.build(order.hyperparameters, 0)
        with numpy.load(exchange / WEIGHTS) as weights:
            model.set_weights([weights[name] for name in weights.files])
    write_graph(order.served, model, folder)
    (exchange / ANSWERS).write_bytes(pickle.dumps(Scorer(folder).predict(order.table)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

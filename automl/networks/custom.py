"""A user's own builder in KerasTuner's convention: `build(hp) -> keras.Model`.

Its hyperparameters are found before the search by building with every conditional scope open in turn.
"""

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import keras
import numpy

from automl.errors import NetworkError, SearchSpaceError, one_of
from automl.hyperparameters import TRAINING_HYPERPARAMETERS
from automl.networks.builder import NetworkBuilder
from automl.space import Space
from automl.trial import Hyperparameters, Task

Build = Callable[[Space], keras.Model]


@final
@dataclass(frozen=True, slots=True)
class CustomBuilder(NetworkBuilder):
    """Networks from a user's function.

    Attributes:
        function: The user's `build`.
        space: Everything that it may ask for.
    """

    function: Build
    space: Space

    def build(self, hyperparameters: Hyperparameters, seed: int) -> keras.Model:
        """The user's model for these values.

        A user's layers name no seeds, so here, and only here, Keras's global seed is set.
        """
        keras.utils.set_random_seed(seed)
        values = self.space.copy()
        values.values = dict(hyperparameters)
        return self.function(values)


def load_function(reference: str, folder: Path, where: str) -> Build:
    """The function behind `file.py:function`.

    Raises:
        NetworkError: No such file or function, or the file itself raises.
    """
    file_name, _, name = reference.rpartition(":")
    path = folder / file_name
    if not path.is_file():
        cure = "Paths start from the folder of the study file."
        raise NetworkError(f"{where}: `network.builder` must name a Python file, got {file_name!r}. {cure}")
    spec = importlib.util.spec_from_file_location(f"automl_user_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses and pickle look for the file's own classes
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise NetworkError(f"{where}: {path} cannot be imported: {_short(error)}.") from error
    function = getattr(module, name, None)
    if not callable(function):
        functions = [key for key, value in vars(module).items() if callable(value) and key[0] != "_"]
        raise NetworkError(f"{where}: {path} holds no function {name!r}. {one_of(functions, name)}")
    return function  # type: ignore[no-any-return]


def discover_space(function: Build, given: Space, where: str) -> Space:
    """The space of a builder, in the order and the scopes in which it asks, with the study file's ranges.

    Raises:
        NetworkError: The builder raises.
        SearchSpaceError: The study file names what neither the builder nor the training asks for.
    """
    asked = _open_every_scope(function, Space(), where).space
    known = sorted({*(hp.name for hp in asked), *TRAINING_HYPERPARAMETERS})
    idle = [hp.name for hp in given.space if hp.name not in known]
    if idle:
        what = f"`{idle[0]}` is not a hyperparameter that the builder asks for"
        raise SearchSpaceError(f"{where}: {what}. {one_of(known, idle[0])}")
    found = _open_every_scope(function, given, where).space
    own = {hp.name: hp for hp in given.space}
    used = {hp.name for hp in found}
    space = Space()
    space.merge([_in_scope_of(hp, own.get(hp.name, hp)) for hp in asked if hp.name in used])
    space.merge([hp for hp in found if hp.name not in {other.name for other in asked}])
    return space


def _in_scope_of(hp: Any, own: Any) -> Any:
    """The study file's own range for a hyperparameter, used where the builder uses it."""
    return type(own).from_config({**own.get_config(), "conditions": hp.get_config()["conditions"]})


def _open_every_scope(function: Build, given: Space, where: str) -> Space:
    """Build until every conditional scope that shows up has been open once, or has been tried."""
    space = given.copy()
    waiting: list[list[Any]] = [[]]  # scopes, each as its conditions from the outermost in
    done: list[list[Any]] = []
    while waiting:
        trying = space.copy()
        for condition in waiting[0]:
            trying.values[condition.name] = condition.values[0]
        for hp in trying.space:
            if trying.is_active(hp):
                trying.values.setdefault(hp.name, hp.default)
        try:
            function(trying)
        except Exception as error:
            raise NetworkError(f"{where}: the network builder raises: {_short(error)}.") from error
        space.merge(trying.space, overwrite=False)
        done += [waiting[0], *trying.active_scopes]
        waiting = [scope for scope in [*waiting[1:], *trying.inactive_scopes] if scope not in done]
    return space


def check_network(builder: NetworkBuilder, space: Space, dataset_shape: tuple[int, int], task: Task) -> None:
    """Build the first configuration of a space and feed it a few rows.

    Args:
        builder: The builder.
        space: Its space.
        dataset_shape: Number of features and of outputs.
        task: What the outputs must be: probabilities, or numbers.

    Raises:
        NetworkError: The builder raises, takes other rows, or gives what the task cannot use.
    """
    num_features, num_outputs = dataset_shape
    first = space.copy()
    first.ensure_active_values()
    model = builder.build(first.values, seed=1)
    if not isinstance(model, keras.Model):
        raise NetworkError(f"the network builder must return a keras.Model, got {type(model).__name__}.")
    rows = numpy.random.default_rng(1).normal(0.0, 3.0, (64, num_features)).astype("float32")
    try:
        outputs = numpy.asarray(model(rows))
    except Exception as error:
        raise NetworkError(
            f"the network must take rows of shape ({num_features},), the table's features; it raises: "
            f"{_short(error)}. Begin the model with `keras.Input(({num_features},))`, and a Reshape layer "
            "where it wants images or sequences."
        ) from error
    if outputs.shape != (len(rows), num_outputs):
        raise NetworkError(
            f"the network must give {num_outputs} outputs a row, got shape {outputs.shape[1:]}. "
            f"End it with `keras.layers.Dense({num_outputs})`."
        )
    _check_probabilities(outputs, task)


def _check_probabilities(outputs: numpy.ndarray, task: Task) -> None:
    if task is Task.REGRESSION:
        return
    sums = outputs.sum(axis=1) if task is Task.MULTICLASS else numpy.ones(len(outputs))
    if outputs.min() < 0 or outputs.max() > 1 or abs(sums - 1).max() > 1e-3:
        name = "softmax" if task is Task.MULTICLASS else "sigmoid"
        raise NetworkError(f"the network must give probabilities. End it with the activation `{name}`.")


def _short(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else 'no message'}".rstrip(".")

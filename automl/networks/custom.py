"""A user's own builder in KerasTuner's convention: `build(hp) -> keras.Model`.

Its hyperparameters are found before the search by building with every conditional scope open in turn.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import keras
import numpy

from automl.errors import NetworkError, SearchSpaceError, one_of
from automl.hyperparameters import TRAINING_HYPERPARAMETERS
from automl.networks.builder import NetworkBuilder
from automl.networks.compiled_model import recipe_of
from automl.networks.loading import BuilderFailure, LocalModules, call_builder, short
from automl.networks.output import held_output
from automl.networks.probe import BuilderProbe
from automl.networks.recipe import Recipe
from automl.networks.sources import BuilderFile
from automl.networks.translation import Translation, translate
from automl.networks.twins import Obstacle
from automl.networks.user_code import load_user_function
from automl.search.space.space import Space
from automl.trial import Hyperparameters, Task

Build = Callable[[Any], keras.Model]
"""From a `keras_tuner.HyperParameters` with values. KerasTuner is loaded where one is made, for such builders only."""


@final
@dataclass(frozen=True, slots=True)
class UserFunction:
    """A user's `build` from a file; with a probe, it builds nothing that hung or ended the probe's process.

    Attributes:
        function: The function.
        file: Where it is.
        modules: What it can import beside its file.
        probe: What tries each configuration first.
    """

    function: Build
    file: BuilderFile
    modules: LocalModules
    probe: BuilderProbe | None = None

    def __call__(self, space: Any) -> keras.Model:
        """What the function returns.

        Raises:
            BuilderFailure: It would hang or end this process.
        """
        if self.probe is not None and (tried := self.probe.attempt(space)).fatal:
            raise BuilderFailure(f"the network builder {tried.reason}")
        with self.modules.importable():
            return self.function(space)


@final
@dataclass(frozen=True, slots=True)
class CustomBuilder(NetworkBuilder):
    """Networks from a user's function.

    Attributes:
        function: The user's `build`: what `load_function` gives, or any function.
        space: Everything that it may ask for.
        task: What the outputs mean; None where populations are not asked for.
        stacks: Whether the first network can be a member of a population; see `obstacle_of`.
    """

    function: Build
    space: Space
    task: Task | None = None
    stacks: bool = False

    @property
    def probe(self) -> BuilderProbe | None:
        """What tries each configuration in a process of its own; to be closed when the study has ended."""
        return self.function.probe if isinstance(self.function, UserFunction) else None

    def build(self, hyperparameters: Hyperparameters, seed: int) -> keras.Model:
        """The user's model for these values.

        Where its layers have twins, its initializers draw from named streams, as in a population. A user's other
        layers name no seeds, so here, and only here, Keras's global seed is set.

        Raises:
            BuilderFailure: There is no model for these values.
            Exception: Whatever else the function raises.
        """
        keras.utils.set_random_seed(seed)
        model = self._model(hyperparameters)
        with suppress(Obstacle):
            translation = translate(model)
            _assign(translation, translation.network.initial(seed))
        return model

    def recipe(self, hyperparameters: Hyperparameters) -> Recipe | None:
        """See `NetworkBuilder.recipe`. Raises what `build` raises."""
        try:
            return self.translated(hyperparameters)
        except Obstacle:
            return None

    def translated(self, hyperparameters: Hyperparameters) -> Recipe:
        """The user's model for these values as a population trains it.

        Raises:
            Obstacle: Only Keras can train it.
        """
        if self.task is None:
            raise Obstacle("the builder is not asked for populations")
        return recipe_of(self._model(hyperparameters), hyperparameters, self.task)

    def restored(self, hyperparameters: Hyperparameters, arrays: Sequence[numpy.ndarray]) -> keras.Model:
        """See `NetworkBuilder.restored`."""
        model = self._model(hyperparameters)
        _assign(translate(model), arrays)
        return model

    def _model(self, hyperparameters: Hyperparameters) -> keras.Model:
        from automl.search.space.keras_tuner import to_keras_tuner

        values = to_keras_tuner(self.space, hyperparameters)
        model = call_builder(self.function, values, _path_of(self.function))
        if not isinstance(model, keras.Model):
            given = type(model).__name__
            raise BuilderFailure(f"the network builder must return a keras.Model, got {given}")
        return model


def _assign(translation: Translation, arrays: Sequence[numpy.ndarray]) -> None:
    for variable, array in zip(translation.variables, arrays, strict=True):
        variable.assign(array)


def load_function(
    reference: str, folder: Path, where: str, probe: BuilderProbe | None = None
) -> UserFunction:
    """The function behind `file.py:function`.

    Args:
        reference: The study file's `network.builder`.
        folder: The folder of the study file.
        where: File and line of the reference.
        probe: What imports the file first, in a process of its own, and later tries each configuration.

    Raises:
        NetworkError: No such file or function, or the file itself raises, hangs or ends the process.
    """
    function, file, modules = load_user_function(reference, folder, where, probe)
    return UserFunction(function, file, modules, probe)


def discover_space(function: Build, given: Space, where: str) -> Space:
    """The space of a builder, in the order and the scopes in which it asks, with the study file's ranges.

    Raises:
        NetworkError: The builder raises.
        SearchSpaceError: The study file names what neither the builder nor the training asks for.
    """
    from automl.search.space.keras_tuner import from_keras_tuner, to_keras_tuner

    parameters = from_keras_tuner(_open_every_scope(function, to_keras_tuner(Space()), where)).parameters
    names = {parameter.name for parameter in parameters}
    known_names = sorted({*names, *TRAINING_HYPERPARAMETERS})
    idle = [parameter.name for parameter in given.parameters if parameter.name not in known_names]
    if idle:
        reason = f"`{idle[0]}` is not a hyperparameter of the builder"
        raise SearchSpaceError(f"{where}: {reason}. {one_of(known_names, idle[0])}")
    opened = _open_every_scope(function, to_keras_tuner(given), where)
    used = {hp.name for hp in opened.space}
    by_name = {parameter.name: parameter for parameter in given.parameters}
    in_scope = [
        replace(by_name.get(parameter.name, parameter), conditions=parameter.conditions)
        for parameter in parameters
        if parameter.name in used
    ]
    later = [parameter for parameter in from_keras_tuner(opened).parameters if parameter.name not in names]
    return Space((*in_scope, *later))


def _open_every_scope(function: Build, given: Any, where: str) -> Any:
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
        _build_once(function, trying, where)
        space.merge(trying.space, overwrite=False)
        done += [waiting[0], *trying.active_scopes]
        waiting = [scope for scope in [*waiting[1:], *trying.inactive_scopes] if scope not in done]
    return space


def _build_once(function: Build, space: Any, where: str) -> None:
    path = _path_of(function)
    try:
        call_builder(function, space, path)
    except BuilderFailure as failure:
        raise NetworkError(f"{where}: {failure}.") from failure
    except Exception as error:
        raise NetworkError(f"{where}: the network builder raises: {short(error, path)}.") from error


def _path_of(function: Build) -> Path | None:
    return function.file.path if isinstance(function, UserFunction) else None


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
    if isinstance(builder, CustomBuilder) and builder.probe is not None:
        builder.probe.feed(num_features)
    rows = numpy.random.default_rng(1).normal(0.0, 3.0, (64, num_features)).astype("float32")
    outputs = _feed(_first_network(builder, space.initial()), rows)
    if outputs.shape != (len(rows), num_outputs):
        raise NetworkError(
            f"the network must return {num_outputs} outputs per row, got shape {outputs.shape[1:]}. "
            f"End it with `keras.layers.Dense({num_outputs})`."
        )
    _check_probabilities(outputs, task)


def obstacle_of(builder: CustomBuilder, values: Hyperparameters) -> str:
    """What prevents a population from training the network for these values, as a clause; empty for nothing."""
    try:
        builder.translated(values)
    except Obstacle as obstacle:
        return str(obstacle)
    return ""


def _first_network(builder: NetworkBuilder, values: Hyperparameters) -> keras.Model:
    try:
        return builder.build(values, seed=1)
    except BuilderFailure as failure:
        raise NetworkError(f"{failure}.") from failure
    except Exception as error:
        raise NetworkError(f"the network builder raises: {short(error)}.") from error


def _feed(model: keras.Model, rows: numpy.ndarray) -> numpy.ndarray:
    try:
        with held_output():
            return numpy.asarray(model(rows))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        width = rows.shape[1]
        raise NetworkError(
            f"the network must take rows of shape ({width},), the table's features; it raises: "
            f"{short(error)}. Begin the model with `keras.Input(({width},))`, and a Reshape layer "
            "if the network expects images or sequences."
        ) from error


def _check_probabilities(outputs: numpy.ndarray, task: Task) -> None:
    if task is Task.REGRESSION:
        return
    sums = outputs.sum(axis=1) if task is Task.MULTICLASS else numpy.ones(len(outputs))
    if outputs.min() < 0 or outputs.max() > 1 or abs(sums - 1).max() > 1e-3:
        name = "softmax" if task is Task.MULTICLASS else "sigmoid"
        raise NetworkError(f"the network must return probabilities. End it with the activation `{name}`.")

"""Everything that can be known of a study before it trains: what `automl check` checks and `automl run` starts from."""

import importlib.metadata
import platform
from collections.abc import Mapping
from dataclasses import dataclass

import tensorflow

from automl import space as spaces
from automl.config import StudyConfig
from automl.data.dataset import Dataset
from automl.data.readers import read_dataset
from automl.data.splits import Splits, make_splits
from automl.errors import NetworkError, SearchSpaceError, StudyFileError, explain, one_of
from automl.evaluation.metrics import METRICS, make_objective, metrics_for
from automl.networks.activations import ACTIVATIONS, REFUSED
from automl.networks.builder import NetworkBuilder, PerceptronBuilder
from automl.networks.custom import CustomBuilder, check_network, discover_space, load_function
from automl.networks.initializers import INITIALIZERS
from automl.search.table import SAMPLERS
from automl.training.engine import Engine
from automl.training.engines import make_engine
from automl.training.optimizers import OPTIMIZERS
from automl.training.schedules import SCHEDULES
from automl.training.sequential import TrainingPlan
from automl.trial import Objective, Task

TABLES: Mapping[str, Mapping[str, object]] = {
    "activation": ACTIVATIONS,
    "optimizer": OPTIMIZERS,
    "initializer": INITIALIZERS,
    "schedule": SCHEDULES,
}
"""Hyperparameters whose values are names, and the tables that own those names."""

PACKAGES = ("tensorflow", "keras", "keras-tuner", "mlflow", "numpy", "pandas", "scikit-learn", "automl")


@dataclass(frozen=True, slots=True)
class PreparedStudy:
    """A study that is known to be able to begin.

    Attributes:
        config: The study file.
        dataset: The table.
        splits: Its rows.
        space: What is searched.
        builder: Values to networks.
        objective: What ranks the trials.
        metrics: What every trial is scored by, the objective's metric first.
    """

    config: StudyConfig
    dataset: Dataset
    splits: Splits
    space: spaces.Space
    builder: NetworkBuilder
    objective: Objective
    metrics: tuple[str, ...]

    @property
    def plan(self) -> TrainingPlan:
        """What all members share."""
        return TrainingPlan(self.dataset, self.builder, self.config.training, self.metrics)

    def make_engine(self) -> Engine:
        """What trains the members."""
        return make_engine(self.plan, self.splits.folds)

    @property
    def num_trials(self) -> int:
        """Trials at most: as asked for, or as many as the space holds."""
        asked = self.config.search.trials
        return min(asked, spaces.count_configurations(self.space, asked) or asked)


def prepare_study(config: StudyConfig) -> PreparedStudy:
    """Read the table, resolve every name, build the first network.

    Raises:
        AutoMLError: Whatever is wrong, by its own class; see `errors.py`.
    """
    _check_sampler(config)
    dataset = read_dataset(config.data, config.folder, config.where)
    objective, metrics = _objective(config, dataset)
    _check_training(config, dataset)
    splits = make_splits(dataset, config.splits, config.search.seed, config.where)
    space, builder = _networks(config, dataset)
    return PreparedStudy(config, dataset, splits, space, builder, objective, metrics)


def facts_of(prepared: PreparedStudy) -> dict[str, str]:
    """Environment, data and seeds as text by name: what a reader needs to run the study again."""
    dataset, splits = prepared.dataset, prepared.splits
    versions = {f"version_{name}": importlib.metadata.version(name) for name in PACKAGES}
    return {
        "task": dataset.task.value,
        "target": dataset.target_name,
        "rows": str(len(dataset.target)),
        "features": str(len(dataset.feature_names)),
        "classes": ", ".join(map(str, dataset.classes[:30])),
        "training_rows": str(len(splits.training)),
        "test_rows": str(len(splits.test)),
        "folds": str(len(splits.folds)),
        "data_digest": dataset.digest,
        "seed": str(prepared.config.search.seed),
        "algorithm": prepared.config.search.algorithm,
        "device": device_name(),
        "python": platform.python_version(),
        "platform": platform.platform(),
    } | versions


def device_name() -> str:
    """The device that TensorFlow trains on."""
    gpus = tensorflow.config.list_physical_devices("GPU")
    if not gpus:
        return "CPU"
    details = tensorflow.config.experimental.get_device_details(gpus[0])
    return f"GPU ({details.get('device_name', gpus[0].name)})"


def _check_sampler(config: StudyConfig) -> None:
    name = config.search.algorithm
    if name not in SAMPLERS:
        raise StudyFileError(
            explain(
                "search.algorithm",
                "name a sampler",
                name,
                one_of(SAMPLERS, name),
                where=config.where("search", "algorithm"),
            )
        )


def _check_training(config: StudyConfig, dataset: Dataset) -> None:
    """Refuse what would be without effect, or without a program."""
    training = config.training
    if training.engine == "population" and config.network.builder is not None:
        must, cure = "be 'sequential' or 'auto' for a network of your own", "Change it, or remove it."
        where = config.where("training", "engine")
        raise StudyFileError(explain("training.engine", must, training.engine, cure, where=where))
    if dataset.task is not Task.REGRESSION:
        return
    cure = "Remove it."
    if training.class_weights != "none":
        where = config.where("training", "class_weights")
        must = "be 'none' for a regression, which has no classes"
        raise StudyFileError(
            explain("training.class_weights", must, training.class_weights, cure, where=where)
        )
    if "label_smoothing" in (config.space or {}) and config.network.builder is None:
        where = config.where("space", "label_smoothing")
        what = "`label_smoothing` is for classes, and this study is a regression"
        raise SearchSpaceError(f"{where}: {what}. {cure}")


def _objective(config: StudyConfig, dataset: Dataset) -> tuple[Objective, tuple[str, ...]]:
    known = metrics_for(dataset.task)
    name = config.objective or known[0]
    if name not in known:
        must = f"name a metric for a {dataset.task} task"
        cure = f"For {dataset.task}: {', '.join(known)}." if name in METRICS else one_of(known, name)
        raise StudyFileError(explain("objective", must, name, cure, where=config.where("objective")))
    return make_objective(name), (name, *(other for other in known if other != name))


def _networks(config: StudyConfig, dataset: Dataset) -> tuple[spaces.Space, NetworkBuilder]:
    reference = config.network.builder
    builder: NetworkBuilder
    if reference is None:
        space = spaces.build_space(config)
        _check_names(config, space)
        builder = PerceptronBuilder(len(dataset.feature_names), dataset.num_outputs, dataset.task)
        return space, builder
    where = config.where("network", "builder")
    function = load_function(reference, config.folder, where)
    given = spaces.build_free_space(config)
    _check_names(config, given)
    space = discover_space(function, given, where)
    builder = CustomBuilder(function, space)
    try:
        check_network(builder, space, (len(dataset.feature_names), dataset.num_outputs), dataset.task)
    except NetworkError as error:
        raise NetworkError(f"{where}: {error}") from error
    return space, builder


def _check_names(config: StudyConfig, space: spaces.Space) -> None:
    for hp in space.space:
        if hp.name not in TABLES or hp.name not in (config.space or {}):
            continue
        table = TABLES[hp.name]
        for name in spaces.possible_values(hp) or []:
            if str(name) in table:
                continue
            where = config.where("space", hp.name)
            if hp.name == "activation" and name in REFUSED:
                raise SearchSpaceError(f"{where}: `activation` must not be {name!r}: {REFUSED[str(name)]}.")
            must = f"name an {hp.name}" if hp.name[0] in "aeio" else f"name a {hp.name}"
            raise SearchSpaceError(explain(hp.name, must, name, one_of(table, name), where=where))

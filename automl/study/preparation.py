"""Everything that can be known of a study before it trains: what `automl check` checks and `automl run` starts from."""

import importlib.metadata
import platform
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy
import pandas
import tensorflow

from automl import space as spaces
from automl.config.ranges import Range
from automl.config.study import StudyConfig
from automl.data.audit import audit
from automl.data.dataset import Dataset
from automl.data.encodings import ENCODINGS
from automl.data.preprocessing import Layout, make_layout
from automl.data.readers import read_dataset
from automl.data.splits import Fold, Splits, check_weights, make_splits
from automl.data.targets import TARGET_TRANSFORMS, has_long_tail
from automl.errors import NetworkError, SearchSpaceError, StudyFileError, explain, one_of
from automl.evaluation.metrics import METRICS, make_objective, metrics_for, reported_metrics
from automl.networks.activations import ACTIVATIONS, REFUSED
from automl.networks.builder import NetworkBuilder, PerceptronBuilder
from automl.networks.custom import CustomBuilder, check_network, discover_space, load_function
from automl.networks.initializers import INITIALIZERS
from automl.search.first import check_first
from automl.search.table import SAMPLERS
from automl.training.engine import Engine
from automl.training.engines import make_engine
from automl.training.optimizers import OPTIMIZERS
from automl.training.schedules import SCHEDULES
from automl.training.sequential import TrainingPlan
from automl.trial import Objective, Task

TABLES: Mapping[str, Collection[str]] = {
    "activation": ACTIVATIONS,
    "optimizer": OPTIMIZERS,
    "initializer": INITIALIZERS,
    "schedule": SCHEDULES,
    "numeric_encoding": ENCODINGS,
    "target_transform": TARGET_TRANSFORMS,
}
"""Hyperparameters whose values are names, and the tables that own those names."""

_BATCH_SIZES = ((2_800, 32), (4_500, 64), (6_400, 128), (32_000, 256), (108_000, 512))
_LARGEST_BATCH = 1024
_EPOCHS = ((20_000, 100), (60_000, 50))
_FEWEST_EPOCHS = 30

PACKAGES = ("tensorflow", "keras", "keras-tuner", "mlflow", "numpy", "pandas", "scikit-learn", "automl")


@dataclass(frozen=True, slots=True)
class PreparedStudy:
    """A study that is known to be able to begin.

    Attributes:
        config: The study file.
        dataset: The table.
        layout: The places of a network's inputs.
        splits: Its rows.
        space: What is searched.
        builder: Values to networks.
        objective: What ranks the trials.
        metrics: What every trial is scored by, the objective's metric first.
        notes: What a person should know of the table and its splits before the study runs, in sentences.
    """

    config: StudyConfig
    dataset: Dataset
    layout: Layout
    splits: Splits
    space: spaces.Space
    builder: NetworkBuilder
    objective: Objective
    metrics: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def plan(self) -> TrainingPlan:
        """What all members share."""
        return TrainingPlan(self.dataset, self.layout, self.builder, self.config.training, self.metrics)

    def make_engine(self, folds: tuple[Fold, ...] | None = None) -> Engine:
        """What trains the members, on the study's folds or on others."""
        return make_engine(self.plan, self.splits.folds if folds is None else folds)

    @property
    def optimistic(self) -> bool:
        """Whether epochs are chosen on the rows that score them."""
        return self.config.splits.stop_on == "validation"

    @property
    def num_trials(self) -> int:
        """Trials at most: as asked for, or as many as the space holds."""
        asked = self.config.search.trials
        return min(asked, spaces.count_configurations(self.space, asked) or asked)


def prepare_study(config: StudyConfig, table: pandas.DataFrame | None = None) -> PreparedStudy:
    """Read the table, resolve every name, build the first network.

    Args:
        config: The study file.
        table: The table, where the study asks Python for it (`data.frame`).

    Raises:
        AutoMLError: Whatever is wrong, by its own class; see `errors.py`.
    """
    _check_sampler(config)
    dataset = read_dataset(config, config.folder, config.where, table)
    objective, metrics = _objective(config, dataset)
    _check_training(config, dataset)
    _check_logarithm(config, dataset)
    splits = make_splits(dataset, config.splits, config.search.seed, config.where)
    check_weights(splits, dataset, config.data, config.where)
    layout = make_layout(dataset.columns, splits.training)
    config = _sized(config, len(splits.folds[0].fit))
    space, builder = _networks(config, dataset, layout, splits.training)
    check_first(space, config.search.first, config.search.algorithm, config.where)
    notes = (splits.reason, *splits.notes, *dataset.schema.notes, *audit(dataset, splits))
    return PreparedStudy(config, dataset, layout, splits, space, builder, objective, metrics, notes)


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


def _check_logarithm(config: StudyConfig, dataset: Dataset) -> None:
    """Refuse the logarithm of a target that has none."""
    entry = (config.space or {}).get("target_transform")
    asked = "log" in (getattr(entry, "value", None), *getattr(entry, "values", ()))
    if not asked or (dataset.task is Task.REGRESSION and dataset.target.min() > 0.0):
        return
    where = config.where("space", "target_transform")
    least = "classes" if dataset.task is not Task.REGRESSION else f"a value of {dataset.target.min():.4g}"
    what = (
        f"`target_transform: log` needs a target of numbers above 0, and {dataset.target_name!r} has {least}"
    )
    raise SearchSpaceError(f"{where}: {what}. Remove it.")


def _objective(config: StudyConfig, dataset: Dataset) -> tuple[Objective, tuple[str, ...]]:
    known = metrics_for(dataset.task)
    name = config.objective or known[0]
    if name not in known:
        must = f"name a metric for a {dataset.task} task"
        cure = f"For {dataset.task}: {', '.join(known)}." if name in METRICS else one_of(known, name)
        raise StudyFileError(explain("objective", must, name, cure, where=config.where("objective")))
    return make_objective(name), (name, *(other for other in reported_metrics(dataset.task) if other != name))


def _networks(
    config: StudyConfig, dataset: Dataset, layout: Layout, rows: numpy.ndarray
) -> tuple[spaces.Space, NetworkBuilder]:
    reference = config.network.builder
    builder: NetworkBuilder
    if reference is None:
        space = spaces.build_space(config, default_space(dataset, rows))
        _check_names(config, space)
        widths = {name: layout.num_inputs(name) for name in ENCODINGS}
        builder = PerceptronBuilder(widths, dataset.num_outputs, dataset.task, layout.embedded)
        return space, builder
    where = config.where("network", "builder")
    function = load_function(reference, config.folder, where)
    given = spaces.build_free_space(config)
    _check_names(config, given)
    space = discover_space(function, given, where)
    builder = CustomBuilder(function, space)
    try:
        check_network(builder, space, (_only_width(config, space, layout), dataset.num_outputs), dataset.task)
    except NetworkError as error:
        raise NetworkError(f"{where}: {error}") from error
    return space, builder


def _only_width(config: StudyConfig, space: spaces.Space, layout: Layout) -> int:
    """Inputs of a user's own network, which has one number of them."""
    own = next((hp for hp in space.space if hp.name == "numeric_encoding"), None)
    encodings = [str(name) for name in spaces.possible_values(own) or []] if own else ["standard"]
    widths = {layout.num_inputs(name): name for name in encodings}
    if len(widths) > 1:
        must = "keep the number of inputs for a network of your own"
        cure = f"Choose among encodings of one width; widths here: {sorted(widths)}."
        where = config.where("space", "numeric_encoding")
        raise SearchSpaceError(explain("numeric_encoding", must, encodings, cure, where=where))
    return next(iter(widths))


def _sized(config: StudyConfig, num_rows: int) -> StudyConfig:
    """The study with a batch size and a number of epochs that suit its fit rows, where the file leaves them open.

    The batch sizes are those of Gorishniy et al. for perceptrons on tables ("TabM", 2024).
    """
    suited = {
        "batch_size": next((size for rows, size in _BATCH_SIZES if num_rows < rows), _LARGEST_BATCH),
        "epochs": next((epochs for rows, epochs in _EPOCHS if num_rows < rows), _FEWEST_EPOCHS),
    }
    left_open = {name: value for name, value in suited.items() if getattr(config.training, name) is None}
    return config.model_copy(update={"training": config.training.model_copy(update=left_open)})


def default_space(dataset: Dataset, rows: numpy.ndarray) -> Mapping[str, Range]:
    """What is searched of itself, as the rows that may train suggest."""
    long_tail = dataset.task is Task.REGRESSION and has_long_tail(dataset.target[rows])
    return spaces.default_entries(len(dataset.target), dataset.columns.numbers.shape[1] > 0, long_tail)


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

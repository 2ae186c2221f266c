"""What can be known of a study from its file and its table, before TensorFlow is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy
import pandas

from automl.config.notes import notes_of
from automl.config.ranges import Range
from automl.config.reading import with_training
from automl.config.study import StudyConfig
from automl.data.audit import audit
from automl.data.dataset import Dataset
from automl.data.features.cells import level_text
from automl.data.preprocessing import Layout, make_layout
from automl.data.reading import read_dataset
from automl.data.splits import Splits, check_weights, few_rows_note, make_splits
from automl.data.targets import has_long_tail
from automl.errors import SearchSpaceError, StudyFileError, explain, one_of
from automl.evaluation.metrics import METRICS, QUANTILES, fits, make_objective, metrics_for, reported_metrics
from automl.search.first import check_first
from automl.search.pruners.table import PRUNERS
from automl.search.space.building import build_free_space, build_space, default_entries
from automl.search.space.parameters import Float, Int
from automl.search.space.space import Space
from automl.search.table import SAMPLERS
from automl.trial import Direction, Objective, Task

_BATCH_SIZES = ((2_800, 32), (4_500, 64), (6_400, 128), (32_000, 256), (108_000, 512))
_OF_A_QUANTILE = (
    "the loss of a quantile is not decomposed into bias and variance, which are defined for a mean"
)
_LARGEST_BATCH = 1024
_EPOCHS = ((20_000, 100), (60_000, 50))
_FEWEST_EPOCHS = 30

_SOME_ROWS = 1000
"""Of a table that has not been read."""


@dataclass(frozen=True, slots=True)
class PreparedTable:
    """A study as far as its table decides it.

    Attributes:
        config: The study file, with a batch size and a number of epochs.
        dataset: The table.
        layout: The places of a network's inputs.
        splits: Its rows.
        space: What is searched; with a builder, what the study file says of its hyperparameters.
        objective: What ranks the trials.
        metrics: What every trial is scored by, the objective's metric first.
        notes: What a person should know of the table and its splits, in sentences.
    """

    config: StudyConfig
    dataset: Dataset
    layout: Layout
    splits: Splits
    space: Space
    objective: Objective
    metrics: tuple[str, ...]
    notes: tuple[str, ...]


def prepare_table(config: StudyConfig, table: pandas.DataFrame | None = None) -> PreparedTable:
    """Read the table, split its rows, look for leaks.

    Args:
        config: The study file.
        table: The table, where the study asks Python for it (`data.frame`).

    Raises:
        AutoMLError: Whatever is wrong, by its own class; see `errors.py`.
    """
    _check_search(config)
    dataset = read_dataset(config, config.folder, config.where, table)
    objective, metrics = _objective(config, dataset)
    _check_training(config, dataset, objective)
    _check_logarithm(config, dataset)
    splits = make_splits(dataset, config.splits, config.search.seed, config.where)
    check_weights(splits, dataset, config.data, config.where)
    layout = make_layout(dataset.columns, splits.training)
    config = _sized(config, len(splits.folds[0].fit))
    few_rows = few_rows_note(dataset, splits)
    of_rows = (splits.reason, *splits.notes, *([few_rows] if few_rows else []))
    notes = (
        *notes_of(config),
        *dataset.notes,
        *of_rows,
        *dataset.schema.notes,
        *audit(dataset, splits),
        *([_OF_A_QUANTILE] if objective.metric in QUANTILES else []),
    )
    space = _space(config, dataset, splits.training)
    config = _with_longest(config, space)
    return PreparedTable(config, dataset, layout, splits, space, objective, metrics, notes)


def check_before_table(config: StudyConfig) -> None:
    """What can be known of a study without its table: names of samplers, pruners and metrics, and its space.

    Raises:
        AutoMLError: One of these is wrong.
    """
    _check_search(config)
    name = config.objective
    if name is not None and not config.own_metric and name not in METRICS:
        must, cure = "name a metric", one_of(METRICS, name)
        raise StudyFileError(explain("objective", must, name, cure, where=config.where("objective")))
    if config.network.builder is None:
        build_space(config, default_entries(_SOME_ROWS, True, False))


def default_space(dataset: Dataset, rows: numpy.ndarray) -> Mapping[str, Range]:
    """The default search space, by the rows that may train."""
    long_tail = dataset.task is Task.REGRESSION and has_long_tail(dataset.target[rows])
    return default_entries(len(dataset.target), dataset.columns.numbers.shape[1] > 0, long_tail)


def _space(config: StudyConfig, dataset: Dataset, rows: numpy.ndarray) -> Space:
    if config.network.builder is not None:
        return build_free_space(config)
    space = build_space(config, default_space(dataset, rows))
    check_first(space, config.search.first, config.search.algorithm, config.where)
    return space


def _with_longest(config: StudyConfig, space: Space) -> StudyConfig:
    """The study whose networks may train for the most epochs that its space has; where it has none, as it is."""
    searched = [parameter for parameter in space.parameters if parameter.name == "epochs"]
    if not searched:
        return config
    ends = [
        parameter.high if isinstance(parameter, Int | Float) else max(map(float, parameter.possible() or []))
        for parameter in searched
    ]
    return with_training(config, config.training.model_copy(update={"epochs": int(max(ends))}))


def _check_search(config: StudyConfig) -> None:
    """Refuse names of samplers and pruners that there are not, and a pruner that is asked for and has nothing to do."""
    search = config.search
    for key, name, names, must in (
        ("algorithm", search.algorithm, SAMPLERS, "name a sampler"),
        ("pruner", search.pruner, PRUNERS, "name a pruner"),
    ):
        if name not in names:
            where, cure = config.where("search", key), one_of(names, name)
            raise StudyFileError(explain(f"search.{key}", must, name, cure, where=where))
    epochs = config.training.epochs
    is_pruned = search.pruner != "none" and "pruner" in search.model_fields_set
    if is_pruned and epochs is not None and epochs < 2:
        must, cure = (
            "be none if a network trains for a single epoch",
            "Write `pruner: none`, or more `epochs`.",
        )
        where = config.where("search", "pruner")
        raise StudyFileError(explain("search.pruner", must, search.pruner, cure, where=where))


def _check_training(config: StudyConfig, dataset: Dataset, objective: Objective) -> None:
    """Refuse what would be without effect, or without a program."""
    training = config.training
    if dataset.task is not Task.REGRESSION:
        _check_class_weights(config, dataset)
        return
    _check_loss(config, objective)
    cure = "Remove it."
    if training.class_weights != "none":
        where = config.where("training", "class_weights")
        must = "be 'none' for a regression, which has no classes"
        raise StudyFileError(
            explain("training.class_weights", must, training.class_weights, cure, where=where)
        )
    if "label_smoothing" in (config.space or {}) and config.network.builder is None:
        where = config.where("space", "label_smoothing")
        reason = "`label_smoothing` is for classification, but this study is a regression"
        raise SearchSpaceError(f"{where}: {reason}. {cure}")


def _check_loss(config: StudyConfig, objective: Objective) -> None:
    """Refuse to rank networks of a mean by the loss of a quantile: the most wrong of them would win."""
    loss, metric = config.training.loss, objective.metric
    if metric in QUANTILES and loss not in ("auto", metric):
        where, must = (
            config.where("training", "loss"),
            f"be {metric!r} or 'auto' for the objective {metric!r}",
        )
        raise StudyFileError(explain("training.loss", must, loss, "Change it, or remove it.", where=where))


def _check_class_weights(config: StudyConfig, dataset: Dataset) -> None:
    """Refuse a weight of a class that the target does not have."""
    given, labels = config.training.class_weights, [level_text(label) for label in dataset.classes]
    for label in given if not isinstance(given, str) else ():
        if label not in labels:
            where = config.where("training", "class_weights", label)
            must, cure = "name classes of the target", one_of(labels, label)
            raise StudyFileError(explain("training.class_weights", must, label, cure, where=where))


def _check_logarithm(config: StudyConfig, dataset: Dataset) -> None:
    """Refuse the logarithm of a target that has none."""
    entry = (config.space or {}).get("target_transform")
    is_wanted = "log" in (getattr(entry, "value", None), *getattr(entry, "values", ()))
    if not is_wanted or (dataset.task is Task.REGRESSION and dataset.target.min() > 0.0):
        return
    where = config.where("space", "target_transform")
    least = "classes" if dataset.task is not Task.REGRESSION else f"a value of {dataset.target.min():.4g}"
    reason = (
        f"`target_transform: log` needs a target of numbers above 0, but {dataset.target_name!r} has {least}"
    )
    raise SearchSpaceError(f"{where}: {reason}. Remove it.")


def _objective(config: StudyConfig, dataset: Dataset) -> tuple[Objective, tuple[str, ...]]:
    metrics = metrics_for(dataset.task, len(dataset.classes))
    name = config.objective or metrics[0]
    if config.own_metric:
        return _own_objective(config, dataset)
    if not fits(name, dataset.task, len(dataset.classes)):
        must = f"name a metric for a {dataset.task} task"
        cure = f"Here: {', '.join(metrics)}." if name in METRICS else one_of(metrics, name)
        raise StudyFileError(explain("objective", must, name, cure, where=config.where("objective")))
    return make_objective(name), (name, *(other for other in reported_metrics(dataset.task) if other != name))


def _own_objective(config: StudyConfig, dataset: Dataset) -> tuple[Objective, tuple[str, ...]]:
    """The metric that the study file has in a file of its own, by the name of its function."""
    name = config.own_metric.rpartition(":")[2]
    if name in METRICS:
        where, must = (
            config.where("objective"),
            "name a function whose name differs from the built-in metrics",
        )
        raise StudyFileError(explain("objective", must, config.objective, "Rename it.", where=where))
    objective = Objective(name, Direction(config.direction or "max"))
    return objective, (name, *reported_metrics(dataset.task))


def _sized(config: StudyConfig, num_rows: int) -> StudyConfig:
    """The study with a batch size and a number of epochs that suit its fit rows, where the file leaves them open.

    The batch sizes are those of Gorishniy et al. for perceptrons on tables ("TabM", 2024).
    """
    suited = {
        "batch_size": next((size for rows, size in _BATCH_SIZES if num_rows < rows), _LARGEST_BATCH),
        "epochs": next((epochs for rows, epochs in _EPOCHS if num_rows < rows), _FEWEST_EPOCHS),
    }
    left_open = {name: value for name, value in suited.items() if getattr(config.training, name) is None}
    return with_training(config, config.training.model_copy(update=left_open))

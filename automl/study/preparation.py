"""Everything that can be known of a study before it trains: what `automl check` checks and `automl run` starts from."""

import importlib.metadata
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy
import pandas

from automl.config.sections import TrainingConfig
from automl.config.study import StudyConfig
from automl.data.dataset import Dataset
from automl.data.folds import Fold
from automl.data.preprocessing import Layout
from automl.data.splits import Splits
from automl.evaluation.ensemble_verdict import AUTO, GREEDY, NONE
from automl.evaluation.metrics import METRICS, Metric, MetricTable
from automl.evaluation.out_of_fold import OutOfFold
from automl.networks.builder import NetworkBuilder
from automl.search.first import check_first
from automl.search.portfolio import first_in
from automl.search.pruners.pruner import Pruner
from automl.search.pruners.table import PRUNERS
from automl.search.space.space import Space
from automl.study.inputs import STANDARD, input_encoding, inputs_note
from automl.study.networks import make_networks, only_width
from automl.study.own_metric import known_metrics
from automl.study.table import PreparedTable, default_space, prepare_table
from automl.training.backend import backend_name, device_name, fix_arithmetic, precision_name
from automl.training.engine import Engine
from automl.training.engines import make_engine
from automl.training.plan import TrainingPlan, TrainingSettings
from automl.trial import Objective, Rung, Scalar, Task

PACKAGES = (
    "tensorflow",
    "keras",
    "keras-tuner",
    "mlflow",
    "numpy",
    "optuna",
    "pandas",
    "scikit-learn",
    "automl",
)


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
        metric_table: Metrics by name, one of the study's own among them.
        encoding: Of numbers, where the hyperparameters name none.
    """

    config: StudyConfig
    dataset: Dataset
    layout: Layout
    splits: Splits
    space: Space
    builder: NetworkBuilder
    objective: Objective
    metrics: tuple[str, ...]
    notes: tuple[str, ...] = ()
    metric_table: MetricTable = field(default_factory=lambda: METRICS)
    encoding: str = STANDARD

    @property
    def metric(self) -> Metric:
        """The objective's."""
        return self.metric_table[self.objective.metric]

    @property
    def plan(self) -> TrainingPlan:
        """What all members share."""
        return TrainingPlan(
            self.dataset,
            self.layout,
            self.builder,
            settings_of(self.config.training),
            self.metrics,
            self.metric_table,
            self.encoding,
        )

    def make_engine(self, folds: tuple[Fold, ...] | None = None) -> Engine:
        """What trains the members, on the study's folds or on others."""
        return make_engine(self.plan, self.splits.folds if folds is None else folds)

    @property
    def first(self) -> tuple[Mapping[str, Scalar], ...]:
        """Configurations to try before any other: those of the study file, or for the default space the portfolio."""
        search = self.config.search
        if "first" in search.model_fields_set or search.algorithm == "grid" or not self._has_default_space:
            return search.first
        return first_in(self.space)[: self.num_trials]

    @property
    def _has_default_space(self) -> bool:
        """Whether it is left out, or written out as `automl init` does."""
        space = self.config.space
        if self.config.network.builder is not None:
            return False
        return space is None or dict(space) == dict(default_space(self.dataset, self.splits.training))

    @property
    def ensemble(self) -> str:
        """What the exported model averages, as `ensemble` of the study file says; never `AUTO`."""
        setting = self.config.ensemble
        if setting != AUTO:
            return setting
        return GREEDY if self._has_default_space and self.config.network.family is None else NONE

    @property
    def pruner(self) -> Pruner:
        """What ends weak trials early."""
        return PRUNERS[self.config.search.pruner]()

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """Where trials are compared while they train; nowhere where the rows for that would say too little."""
        num_folds = len(self.splits.folds) // self.config.splits.repeats
        rungs = self.pruner.rungs(self.plan.epochs, num_folds)
        stopping = [
            fold.stopping for fold in self.splits.folds[: max((r.num_folds for r in rungs), default=0)]
        ]
        enough = bool(stopping) and num_telling(self.dataset, numpy.concatenate(stopping)) >= FEWEST_TELLING
        return rungs if enough else ()

    @property
    def out_of_fold(self) -> OutOfFold:
        """Which out-of-fold predictions are kept of a trial, and how."""
        validation, config = [fold.validation for fold in self.splits.folds], self.config
        return OutOfFold(validation, len(self.dataset.classes), config.search.seed, config.splits.repeats)

    @property
    def optimistic(self) -> bool:
        """Whether epochs are chosen on the rows that score them."""
        return self.config.splits.stop_on == "validation"

    @property
    def num_trials(self) -> int:
        """Trials at most: as asked for, or as many as the space holds."""
        wanted = self.config.search.trials
        return min(wanted, self.space.size(wanted) or wanted)


FEWEST_TELLING = 15
"""Stopping rows that tell networks apart: losses on fewer rank them by chance (`benchmarks/pruning_replay.py`)."""


def num_telling(dataset: Dataset, rows: numpy.ndarray) -> int:
    """Rows that are not of their most frequent class; all of them in a regression."""
    if dataset.task is Task.REGRESSION:
        return len(rows)
    counts = numpy.bincount(dataset.target[rows].astype(int))
    return int(len(rows) - counts.max())


def prepare_study(
    config: StudyConfig, table: pandas.DataFrame | None = None, prepared: PreparedTable | None = None
) -> PreparedStudy:
    """Read the table, resolve every name, build the first network.

    Args:
        config: The study file.
        table: The table, where the study asks Python for it (`data.frame`).
        prepared: The same, where the table has been read already.

    Raises:
        AutoMLError: Whatever is wrong, by its own class; see `errors.py`.
    """
    fix_arithmetic()
    base = prepared or prepare_table(config, table)
    config, dataset, splits, layout = base.config, base.dataset, base.splits, base.layout
    encoding = input_encoding(config, dataset)
    space, builder, network_notes = make_networks(base)
    metrics = known_metrics(config, dataset, base.objective)
    notes = base.notes
    if config.network.builder is not None:
        check_first(space, config.search.first, config.search.algorithm, config.where)
        notes += (inputs_note(config, encoding, only_width(config, space, layout)), *network_notes)
    return PreparedStudy(
        config=config,
        dataset=dataset,
        layout=layout,
        splits=splits,
        space=space,
        builder=builder,
        objective=base.objective,
        metrics=base.metrics,
        notes=notes,
        metric_table=metrics,
        encoding=encoding,
    )


def facts_of(prepared: PreparedStudy) -> dict[str, str]:
    """Environment, data and seeds as text by name: what a reader needs to run the study again."""
    dataset, splits = prepared.dataset, prepared.splits
    backend = backend_name()
    packages = (*PACKAGES, *(["jax"] if backend == "jax" else []))
    versions = {f"version_{name}": importlib.metadata.version(name) for name in packages}
    return {
        "task": dataset.task.value,
        "target": dataset.target_name,
        "rows": str(len(dataset.target)),
        "features": str(len(dataset.feature_names)),
        "classes": ", ".join(map(str, dataset.classes[:30])),
        "positive_class": "" if dataset.positive is None else str(dataset.positive),
        "training_rows": str(len(splits.training)),
        "test_rows": str(len(splits.test)),
        "folds": str(len(splits.folds)),
        "data_digest": dataset.digest,
        "seed": str(prepared.config.search.seed),
        "algorithm": prepared.config.search.algorithm,
        "device": device_name(),
        "precision": precision_name(),
        "backend": backend,
        "python": platform.python_version(),
        "platform": platform.platform(),
    } | versions


def settings_of(training: TrainingConfig) -> TrainingSettings:
    """The study file's training section as plain values."""
    return TrainingSettings(
        **{field.name: getattr(training, field.name) for field in fields(TrainingSettings)}
    )

"""What all members of a study share, and what is said of a member that cannot go on."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy

from automl.data.columns import TableArrays
from automl.data.folds import Fold
from automl.data.preprocessing import Layout
from automl.evaluation.metrics import METRICS, QUANTILES, MetricTable
from automl.hyperparameters import HYPERPARAMETERS
from automl.networks.builder import NetworkBuilder
from automl.training.rows import member_fold
from automl.training.views import Treatment, View, ViewRows, make_view, view_rows, weights_by_code
from automl.trial import Member, Task

CROSS_ENTROPY = {Task.BINARY: "binary_crossentropy", Task.MULTICLASS: "categorical_crossentropy"}
_USUAL_LOSS = "mse"

MOST_EPOCHS = 100
"""Of a network, where the study file and the size of the table say nothing else."""

OnEpoch = Callable[[int, int], None]
"""Called with the fold and the epoch (from 1) after each epoch."""


class TrialFailure(Exception):
    """A member that cannot go on; its message is the trial's reason. Leaves `training/` only from a refit."""


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How one network is trained, where its hyperparameters do not say.

    Attributes:
        epochs: Epochs at most; `MOST_EPOCHS` when None.
        batch_size: Rows a step; the default of the hyperparameter when None.
        patience: Epochs without a better stopping loss before a network stops; None for never.
        loss: Name of the loss of a regression; "auto" for the usual one.
        class_weights: "none", "balanced", or weights by label.
        engine: Name of the engine, or "auto".
    """

    epochs: int | None = None
    batch_size: int | None = None
    patience: int | None = 10
    loss: str = "auto"
    class_weights: str | Mapping[str, float] = "none"
    engine: str = "auto"


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What all members of a study share.

    Attributes:
        dataset: The table.
        layout: The places of the inputs.
        builder: Values to a model.
        training: The study file's training section, as plain values.
        metrics: Names of the metrics to score, the objective's first.
        metric_table: Metrics by name.
        encoding: Of numbers, where the hyperparameters name none.
    """

    dataset: TableArrays
    layout: Layout
    builder: NetworkBuilder
    training: TrainingSettings
    metrics: tuple[str, ...]
    metric_table: MetricTable = field(default_factory=lambda: METRICS)
    encoding: str = "standard"

    @property
    def loss(self) -> str:
        """Name of the loss that our own networks are trained by."""
        return loss_name(self.training, self.dataset.task, self.metrics[0] if self.metrics else "")

    @property
    def batch_size(self) -> int:
        """Rows a step, where the hyperparameters name none."""
        return self.training.batch_size or int(HYPERPARAMETERS["batch_size"].default)

    @property
    def epochs(self) -> int:
        """Epochs of a network at most."""
        return self.training.epochs or MOST_EPOCHS

    @property
    def patience(self) -> int:
        """Epochs without a better stopping loss before a network stops; as many as it has where it never does."""
        return self.training.patience or self.epochs

    def epochs_of(self, member: Member) -> int:
        """Epochs of a member at most."""
        return member.epochs or int(member.hyperparameters.get("epochs") or self.epochs)

    def patience_of(self, member: Member) -> int:
        """Epochs without a better stopping loss before a member stops; as many as it has where it never does."""
        given = member.patience or int(member.hyperparameters.get("patience") or self.training.patience or 0)
        return given or self.epochs_of(member)

    def num_inputs(self, member: Member) -> int:
        """Inputs of a member's view."""
        return self.layout.num_inputs(self._encoding_of(member))

    def _encoding_of(self, member: Member) -> str:
        return str(member.hyperparameters.get("numeric_encoding", self.encoding))

    def rows(self, member: Member, fold: Fold) -> ViewRows:
        """Which rows a member sees of a fold."""
        return view_rows(member_fold(member, fold))

    def view(self, member: Member, fold: Fold, rows: ViewRows | None = None) -> View:
        """What a member sees of a fold; `rows` are `self.rows(member, fold)` where they are known."""
        treatment = Treatment(
            self.layout,
            self._encoding_of(member),
            str(member.hyperparameters.get("target_transform", "none")),
            weights_by_code(self.training.class_weights, self.dataset.classes),
        )
        return make_view(self.dataset, rows or self.rows(member, fold), treatment)

    def batch_size_of(self, member: Member) -> int:
        """Rows a step of a member."""
        return int(member.hyperparameters.get("batch_size") or self.batch_size)


def loss_name(training: TrainingSettings, task: Task, objective: str = "") -> str:
    """Name of the loss that our own networks are trained by: Keras's, or that of a quantile in `QUANTILES`.

    Where the study file leaves it open, an objective that is the loss of a quantile is its own loss: the best mean is
    no quantile, and among means the ones that are most wrong would come nearest to it.
    """
    if task is not Task.REGRESSION:
        return CROSS_ENTROPY[task]
    if training.loss != "auto":
        return training.loss
    return objective if objective in QUANTILES else _USUAL_LOSS


def diverged(member: Member, epoch: int) -> TrialFailure:
    """What to raise when a loss is infinite or NaN."""
    where = f"fold {member.fold}, epoch {epoch}"
    return TrialFailure(f"diverged: the loss is not finite ({where}); lower `learning_rate`")


def check_scores(
    member: Member,
    scores: Mapping[str, float],
    metric_table: MetricTable,
    scored: tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray],
) -> None:
    """Refuse scores that are infinite or NaN.

    Args:
        member: Whose they are.
        scores: By metric.
        metric_table: All metrics.
        scored: Target, predictions and weights of the rows that were scored.

    Raises:
        TrialFailure: One of them is; with what a metric of the study's own raises.
    """
    wrong = [name for name, value in scores.items() if not math.isfinite(value)]
    if wrong:
        explain = metric_table[wrong[0]].fault
        if explain is not None and (fault := explain(*scored)):
            raise TrialFailure(f"the metric {wrong[0]!r} raises {fault} (fold {member.fold})")
        raise TrialFailure(f"diverged: {wrong[0]} is {scores[wrong[0]]} (fold {member.fold})")


def num_steps(plan: TrainingPlan, member: Member, view: View) -> int:
    """Steps of one epoch."""
    return math.ceil(len(view.fit) / plan.batch_size_of(member))

"""Trials whose numbers can be checked on paper."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from automl.evaluation.bias_variance import BiasVariance, Curve
from automl.records.events import StudyStarted
from automl.records.outcomes import VerdictReached
from automl.trial import FoldResult, Trial, TrialState

STUDY_TEXT = """# Does a deep network beat a wide one?
name: digits
data: {sklearn: digits}
"""

STARTED = StudyStarted(
    name="digits",
    identifier="20260101-120000-ab12",
    text=STUDY_TEXT,
    metric="log_loss",
    direction="min",
    metrics=("log_loss", "accuracy"),
    num_trials=20,
    num_folds=2,
    num_epochs=3,
    log_scaled=("learning_rate",),
    searched=("width", "learning_rate"),
    facts={"python": "3.11.9", "data_digest": "abc123"},
)

VERDICT = VerdictReached(
    trial=1,
    rows=(("cross-validation, 2 folds, mean ± standard error", "2 ± 1"),),
    sentences=("The network is better than linear in every fold.",),
    baselines={"linear": (3.0, 4.0), "gradient boosting": (2.5,)},
    corrected=(2.25, 2.0, 2.5),
    test=(2.125, 1.875, 2.375),
    num_trials=2,
)

Point = tuple[int, int, float]
"""Step, time and value."""


def make_fold(number: int, losses: tuple[float, ...], score: float) -> FoldResult:
    return FoldResult(
        fold=number,
        training_loss=losses,
        stopping_loss=losses,
        validation_loss=tuple(loss + 1.0 for loss in losses),
        best_epoch=len(losses),
        scores={"log_loss": score, "accuracy": 0.5},
        training_scores={"log_loss": score - 0.25, "accuracy": 0.75},
        seconds=1.0,
    )


def make_trial(number: int, score: float = 2.0) -> Trial:
    """Two folds with scores `score ± 1`: standard error 1, gap 0.25, mean loss 3, 2, 1."""
    return Trial(
        number=number,
        hyperparameters={"width": 64, "activation": "relu", "learning_rate": 0.001, "batch_norm": True},
        state=TrialState.COMPLETE,
        folds=(make_fold(0, (4.0, 2.0, 1.0), score - 1.0), make_fold(1, (2.0, 2.0), score + 1.0)),
        capacity=1234,
        seconds=2.0,
    )


def make_failed_trial(number: int) -> Trial:
    return Trial(number, {"width": 32}, TrialState.FAILED, seconds=0.5, reason="diverged in epoch 3")


def make_bias_variance(number: int) -> BiasVariance:
    """Of a trial judged by epoch 2 of 3."""
    curve = {"risk": (1.0, 0.75, 0.8), "variance": (0.2, 0.25, 0.3), "rest": (0.8, 0.5, 0.5)}
    return BiasVariance(
        trial=number,
        loss="log_loss",
        epochs=(1, 2, 3),
        epoch=2,
        **{name: Curve(values, (0.01, 0.02, 0.03)) for name, values in curve.items()},
        training=(0.9, 0.6, 0.5),
        parts={"data": 0.2, "initialization": 0.0, "interaction": 0.05},
        error_rate={"bias2": 0.1, "variance": 0.05},
        constant=1.1,
        num_resamples=16,
        num_seeds=2,
        num_folds=5,
        num_rows=100,
    )


def write_nothing(trial: Trial, folder: Path, drawn: bool) -> None:
    """A trial without files."""


def children(client: Any, role: str = "trial", experiment: str = "digits") -> dict[str, Any]:
    """Runs of a role, by name."""
    identifier = client.get_experiment_by_name(experiment).experiment_id
    runs = client.search_runs([identifier], filter_string=f"tags.role = '{role}'", max_results=1000)
    names = [run.info.run_name for run in runs]
    assert len(set(names)) == len(names), f"a run stands there twice: {names}"
    return {run.info.run_name: run for run in runs}


def points_of(client: Any, run: Any) -> dict[str, list[Point]]:
    """Every point of every metric of a run."""
    return {
        name: [
            (point.step, point.timestamp, point.value)
            for point in client.get_metric_history(run.info.run_id, name)
        ]
        for name in run.data.metrics
    }


def files_of(client: Any, run_id: str, folder: Path) -> dict[str, bytes]:
    """The files of a run with their bytes, by path."""
    if not client.list_artifacts(run_id):
        return {}
    at = Path(client.download_artifacts(run_id, "", str(folder)))
    return {
        path.relative_to(at).as_posix(): path.read_bytes() for path in sorted(at.rglob("*")) if path.is_file()
    }


def snapshot(client: Any, make_folder: Callable[[], Path], experiment: str = "digits") -> dict[str, Any]:
    """All that a store holds of an experiment, deleted runs included."""
    from mlflow.entities import ViewType

    stored = client.get_experiment_by_name(experiment)
    runs = client.search_runs([stored.experiment_id], run_view_type=ViewType.ALL, max_results=1000)
    held: dict[str, Any] = {"tags": dict(stored.tags)}
    for run in runs:
        held[run.info.run_id] = {
            "info": (
                run.info.run_name,
                run.info.status,
                run.info.start_time,
                run.info.end_time,
                run.info.lifecycle_stage,
            ),
            "tags": dict(run.data.tags),
            "params": dict(run.data.params),
            "points": points_of(client, run),
            "files": files_of(client, run.info.run_id, make_folder()),
        }
    models = client.search_logged_models([stored.experiment_id])
    held["models"] = sorted((model.model_id, str(model.status)) for model in models)
    versions = client.search_model_versions("")
    held["versions"] = sorted((version.name, int(version.version), version.run_id) for version in versions)
    return held


class Breakable:
    """An MLflow client whose calls of some names fail while `broken` holds them."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.broken: set[str] = set()
        self.after: set[str] = set()
        self.names: list[str] = []

    @property
    def calls(self) -> int:
        """How often anything was asked of the client."""
        return len(self.names)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)

        def call(*args: Any, **options: Any) -> Any:
            self.names.append(name)
            if name in self.broken or "all" in self.broken:
                if name in self.after:
                    method(*args, **options)  # done, but the answer is lost
                raise ConnectionError("the server went away")
            return method(*args, **options)

        return call

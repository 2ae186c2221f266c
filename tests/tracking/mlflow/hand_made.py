"""Trials whose numbers can be checked on paper."""

from typing import Any

from automl.tracking.tracker import StudyStatus, StudySummary
from automl.trial import Direction, FoldResult, Objective, Trial, TrialState

STUDY_TEXT = """# Does a deep network beat a wide one?
name: digits
data: {sklearn: digits}
"""


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


def children(client: Any, role: str = "trial", experiment: str = "digits") -> dict[str, Any]:
    """Runs of a role, by name."""
    identifier = client.get_experiment_by_name(experiment).experiment_id
    found = client.search_runs([identifier], filter_string=f"tags.role = '{role}'", max_results=1000)
    names = [run.info.run_name for run in found]
    assert len(set(names)) == len(names), f"a run stands there twice: {names}"
    return {run.info.run_name: run for run in found}


def summarize(*trials: Trial, status: StudyStatus = StudyStatus.FINISHED, **others: Any) -> StudySummary:
    best = Objective("log_loss", Direction.MINIMIZE).best(list(trials))
    return StudySummary(status, trials, best, seconds=12.0, **others)


class Breakable:
    """An MLflow client whose calls of some names fail while `broken` holds them."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.broken: set[str] = set()
        self.after: set[str] = set()
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)

        def call(*args: Any, **options: Any) -> Any:
            self.calls += 1
            if name in self.broken or "all" in self.broken:
                if name in self.after:
                    method(*args, **options)  # done, but the answer is lost
                raise ConnectionError("the server went away")
            return method(*args, **options)

        return call

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hand_made import STUDY_TEXT, Breakable, children, make_failed_trial, make_trial, summarize

from automl.errors import TrackingError
from automl.tracking.mlflow.store import open_store
from automl.tracking.mlflow.tracker import MlflowTracker
from automl.tracking.tracker import ExportedModel, StudyRecord, StudyStatus, StudySummary
from automl.trial import Progress, Trial

MakeTracker = Callable[..., MlflowTracker]


def text_of(client: Any, run_id: str, path: str, tmp_path: Path) -> str:
    return Path(client.download_artifacts(run_id, path, str(tmp_path))).read_text(encoding="utf-8")


def test_a_study_from_start_to_end(
    make_tracker: MakeTracker, record: StudyRecord, client: Any, tmp_path: Path
) -> None:
    def render(trial: Trial, folder: Path, drawn: bool) -> None:
        if not trial.folds:
            raise ValueError("nothing to draw")
        (folder / "figures").mkdir()
        (folder / "figures" / "training_curves.png").write_bytes(b"PNG")
        (folder / "history.csv").write_text("epoch,loss\n")

    tracker = make_tracker(render)
    tracker.start_study(record)
    tracker.start_cohort({0: {"width": 64}, 1: {"width": 64}, 2: {"width": 32}})
    tracker.log_progress(Progress(done=0, total=6, running=6))
    trials = make_trial(0, 3.0), make_trial(1, 2.0), make_failed_trial(2)
    for trial in (trials[1], trials[2], trials[0]):  # in the order in which they end
        tracker.log_trial(trial)
    tracker.start_phase("refit")
    (tmp_path / "leaderboard.csv").write_text("trial,score\n")
    files = {"leaderboard.csv": tmp_path / "leaderboard.csv", "figures/a.csv": tmp_path / "leaderboard.csv"}
    tracker.finish_study(summarize(*trials, test_scores={"log_loss": 2.125}, files=files))

    runs = children(client)
    assert sorted(runs) == ["trial-0000", "trial-0001", "trial-0002"]
    second = runs["trial-0001"]
    assert second.info.status == "FINISHED"
    assert second.info.end_time - second.info.start_time == 2000
    assert second.data.metrics["cv_log_loss_mean"] == 2.0
    assert second.data.metrics["cv_log_loss_se"] == 1.0
    assert second.data.params["log10_learning_rate"] == "-3"
    assert second.data.tags["best"] == "true"
    assert "The best of 3 trials" in second.data.tags["mlflow.note.content"]
    curve = client.get_metric_history(second.info.run_id, "curves/val_loss")
    assert [(point.step, point.value) for point in curve] == [(1, 4.0), (2, 3.0), (3, 2.0)]
    listed = [file.path for file in client.list_artifacts(second.info.run_id)]
    assert listed == ["figures", "history.csv"]

    assert "best" not in runs["trial-0000"].data.tags
    failed = runs["trial-0002"]
    assert failed.info.status == "FAILED"
    assert failed.data.tags["reason"] == "diverged in epoch 3"
    assert failed.data.params == {"width": "32"}

    (parent,) = children(client, "study").values()
    assert parent.info.run_name.startswith("study digits 20")
    assert parent.info.status == "FINISHED"
    assert {run.data.tags["mlflow.parentRunId"] for run in runs.values()} == {parent.info.run_id}
    assert parent.data.metrics["cv_log_loss_mean"] == 2.0
    assert parent.data.metrics["test_log_loss"] == 2.125
    assert (parent.data.metrics["num_trials"], parent.data.metrics["num_failed"]) == (3.0, 1.0)
    assert parent.data.params["data_digest"] == "abc123"
    assert text_of(client, parent.info.run_id, "study.yaml", tmp_path) == STUDY_TEXT
    assert "python: 3.11.9" in text_of(client, parent.info.run_id, "environment.txt", tmp_path)
    assert text_of(client, parent.info.run_id, "figures/a.csv", tmp_path) == "trial,score\n"
    assert "trial-0001" in parent.data.tags["mlflow.note.content"]
    experiment = client.get_experiment_by_name("digits")
    assert experiment.tags["mlflow.experiment.primaryMetric.name"] == "cv_log_loss_mean"
    assert experiment.tags["mlflow.experiment.primaryMetric.greaterIsBetter"] == "false"
    assert "Latest study" in experiment.tags["mlflow.note.content"]


@pytest.mark.parametrize(("num_trials", "undrawn"), [(50, []), (51, [*range(3, 12)])])
def test_in_a_long_study_only_the_three_best_so_far_are_drawn(
    make_tracker: MakeTracker, record: StudyRecord, num_trials: int, undrawn: list[int]
) -> None:
    asked: dict[int, bool] = {}
    tracker = make_tracker(lambda trial, folder, drawn: asked.update({trial.number: drawn}))
    tracker.start_study(replace(record, num_trials=num_trials))
    scores = [*range(12), 0.5]
    for number, score in enumerate(scores):
        tracker.log_trial(make_trial(number, float(score)))
    assert list(asked) == [*range(13)]
    assert [number for number, drawn in asked.items() if not drawn] == undrawn


def test_a_trial_costs_one_batch_of_metrics(
    make_tracker: MakeTracker, record: StudyRecord, breakable: Breakable
) -> None:
    tracker = make_tracker()
    tracker.start_study(record)
    before = breakable.calls
    tracker.log_trial(make_trial(0))
    assert breakable.calls - before == 3  # create, log, end


def test_the_best_model_has_a_run_of_its_own(
    make_tracker: MakeTracker, record: StudyRecord, client: Any, classifier: ExportedModel
) -> None:
    tracker = make_tracker(register_as="digits-classifier")
    tracker.start_study(record)
    tracker.log_trial(make_trial(0))
    tracker.finish_study(summarize(make_trial(0), model=classifier, test_scores={"log_loss": 2.5}))

    (run,) = children(client, "best").values()
    assert (run.info.run_name, run.info.status) == ("best model", "FINISHED")
    assert run.info.end_time - run.info.start_time < 60_000
    assert run.data.params["width"] == "64"
    version = client.get_model_version_by_alias("digits-classifier", "champion")
    assert (int(version.version), version.run_id) == (1, run.info.run_id)
    model = client.get_logged_model(version.source.removeprefix("models:/"))
    assert (str(model.status), model.source_run_id) == ("READY", run.info.run_id)
    assert {metric.key: metric.value for metric in model.metrics}["test_log_loss"] == 2.5
    (parent,) = children(client, "study").values()
    assert parent.info.status == "FINISHED"
    assert 'load_model("models:/digits-classifier/1")' in parent.data.tags["mlflow.note.content"]
    assert os.environ.get("MLFLOW_TRACKING_URI") is None, "the URI of the process was left changed"

    again = make_tracker(register_as="digits-classifier")
    again.start_study(replace(record, identifier="20260101-130000-cd34"))
    again.finish_study(summarize(make_trial(0), model=classifier))
    assert client.get_model_version_by_alias("digits-classifier", "champion").run_id != run.info.run_id


def test_a_study_without_trials(make_tracker: MakeTracker, record: StudyRecord, client: Any) -> None:
    tracker = make_tracker()
    tracker.start_study(record)
    tracker.finish_study(StudySummary(StudyStatus.FAILED, ()))
    (parent,) = children(client, "study").values()
    assert parent.info.status == "FAILED"
    assert parent.data.metrics == {"num_trials": 0.0, "num_failed": 0.0, "seconds": 0.0}
    assert "no winner" in parent.data.tags["mlflow.note.content"]


def test_a_killed_study_leaves_no_run_open(
    make_tracker: MakeTracker, record: StudyRecord, client: Any, breakable: Breakable
) -> None:
    tracker = make_tracker()
    tracker.start_study(record)
    tracker.log_trial(make_trial(0))
    breakable.broken = {"log_batch"}
    tracker.log_trial(make_trial(1))  # made, and cut short
    assert children(client)["trial-0001"].info.status == "RUNNING"
    tracker.finish_study(summarize(make_trial(0), make_trial(1), status=StudyStatus.KILLED))
    assert {name: run.info.status for name, run in children(client).items()} == {
        "trial-0000": "FINISHED",
        "trial-0001": "KILLED",
    }
    (parent,) = children(client, "study").values()
    assert parent.info.status == "KILLED"


def test_runs_of_dead_processes_are_ended_and_no_others(
    make_tracker: MakeTracker, record: StudyRecord, address: Any, client: Any
) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    store = open_store(address, record.name)
    host = socket.gethostname()
    processes = {
        "dead": {"host": host, "pid": str(dead.pid)},
        "alive": {"host": host, "pid": str(os.getpid())},
        "elsewhere": {"host": "another", "pid": str(dead.pid)},
        "foreign": {"host": host, "pid": "?"},
    }
    for name, tags in processes.items():
        store.create_run(name, {"role": "old", **tags}, 0)
    tracker = make_tracker()
    tracker.start_study(record)
    states = {name: run.info.status for name, run in children(client, "old").items()}
    assert states == {"dead": "KILLED", "alive": "RUNNING", "elsewhere": "RUNNING", "foreign": "RUNNING"}


def test_two_studies_share_an_experiment(make_tracker: MakeTracker, record: StudyRecord, client: Any) -> None:
    first, second = make_tracker(), make_tracker()
    first.start_study(record)
    second.start_study(replace(record, identifier="other"))
    first.log_trial(make_trial(0))
    second.log_trial(make_trial(1))
    studies = {name: run.data.tags["study_id"] for name, run in children(client).items()}
    assert studies == {"trial-0000": record.identifier, "trial-0001": "other"}


def test_a_start_cut_short_leaves_no_run_open(
    make_tracker: MakeTracker, record: StudyRecord, client: Any, breakable: Breakable
) -> None:
    breakable.broken = {"log_artifacts"}
    with pytest.raises(TrackingError, match="the server went away"):
        make_tracker().start_study(record)
    (parent,) = children(client, "study").values()
    assert parent.info.status == "FAILED"

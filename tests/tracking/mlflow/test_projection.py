"""A recorded study in MLflow: one run for each trial, however often it is sent, and nothing that changes when it is."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas
import pytest
from hand_made import (
    STARTED,
    STUDY_TEXT,
    VERDICT,
    Breakable,
    children,
    files_of,
    make_bias_variance,
    make_trial,
    points_of,
    snapshot,
    write_nothing,
)
from made_states import decomposed
from recorded_digits import export, record_a_study, render
from recorded_study import RecordedStudy

from automl.records.events import PhaseBegun, StudyContinued
from automl.records.store import Records
from automl.tracking.mlflow.address import StoreAddress
from automl.tracking.mlflow.opening import open_store
from automl.tracking.mlflow.projection import Projection
from automl.tracking.model import ExportedModel
from automl.trial import Trial

Project = Callable[..., Projection]


def test_a_study_from_start_to_end(
    study: RecordedStudy, project: Project, client: Any, make_folder: Callable[[], Path]
) -> None:
    record_a_study(study)
    assert project(study, render).complete()

    runs = children(client)
    assert sorted(runs) == ["trial-0000", "trial-0001", "trial-0002"]
    second = runs["trial-0001"]
    assert second.info.status == "FINISHED"
    assert second.info.end_time - second.info.start_time == 2000
    assert second.data.metrics["cv_log_loss_mean"] == 2.0
    assert second.data.metrics["cv_log_loss_se"] == pytest.approx(3.0**0.5)
    assert second.data.params["log10_learning_rate"] == "-3"
    assert second.data.tags["best"] == "true"
    assert "The best of 3 trials" in second.data.tags["mlflow.note.content"]
    assert (second.data.metrics["variance"], second.data.metrics["bias_plus_noise"]) == (0.25, 0.5)
    curve = client.get_metric_history(second.info.run_id, "curves/val_loss")
    assert [(point.step, point.value) for point in curve] == [(1, 4.0), (2, 3.0), (3, 2.0)]
    assert list(files_of(client, second.info.run_id, make_folder())) == [
        "figures/training_curves.png",
        "history.csv",
    ]

    assert "best" not in runs["trial-0000"].data.tags
    assert "diagnosis" in runs["trial-0000"].data.tags
    failed = runs["trial-0002"]
    assert failed.info.status == "FAILED"
    assert failed.data.tags["reason"] == "diverged in epoch 3"
    assert failed.data.params == {"width": "32"}

    (parent,) = children(client, "study").values()
    assert parent.info.run_name.startswith("study digits 202")
    assert parent.info.status == "FINISHED"
    assert {run.data.tags["mlflow.parentRunId"] for run in runs.values()} == {parent.info.run_id}
    assert parent.data.metrics["cv_log_loss_mean"] == 2.0
    assert parent.data.metrics["test_log_loss"] == 2.125
    assert parent.data.metrics["test_accuracy"] == 0.625
    assert (parent.data.metrics["num_trials"], parent.data.metrics["num_failed"]) == (3.0, 1.0)
    assert parent.data.params["data_digest"] == "abc123"
    [data] = parent.inputs.dataset_inputs
    assert (data.dataset.digest, data.tags[0].value) == ("abc123", "training")
    assert "trial-0001" in parent.data.tags["mlflow.note.content"]
    files = files_of(client, parent.info.run_id, make_folder())
    assert files["study.yaml"].decode() == STUDY_TEXT
    assert "python: 3.11.9" in files["environment.txt"].decode()
    assert {"leaderboard.csv", "report.html", "figures/a.png"} <= set(files)
    experiment = client.get_experiment_by_name("digits")
    assert experiment.tags["mlflow.experiment.primaryMetric.name"] == "cv_log_loss_mean"
    assert experiment.tags["mlflow.experiment.primaryMetric.greaterIsBetter"] == "false"
    assert "Latest study" in experiment.tags["mlflow.note.content"]


def test_sending_a_study_again_changes_nothing(
    study: RecordedStudy,
    project: Project,
    client: Any,
    classifier: ExportedModel,
    make_folder: Callable[[], Path],
) -> None:
    record_a_study(study, classifier)
    with_name = STUDY_TEXT.replace("sklearn: digits}", "sklearn: digits}\ntracking: {register_as: reader}")
    (study.run.folder / "study.yaml").write_text(with_name)
    first = project(study, render)
    assert first.complete()
    before = snapshot(client, make_folder)
    assert len(before["versions"]) == len(before["models"]) == 1
    assert first.complete(), "in the same process"
    again = project(study, render)
    assert again.complete(), "in another process"
    assert (again.num_there, again.num_done) == (3, 3)
    assert snapshot(client, make_folder) == before


@pytest.mark.parametrize("step", ["create_run", "log_batch", "log_artifacts", "set_terminated"])
@pytest.mark.parametrize("done", [False, True], ids=["lost", "done but the answer lost"])
def test_a_trial_cut_short_is_completed_by_the_same_process(
    step: str, done: bool, study: RecordedStudy, project: Project, client: Any, breakable: Breakable
) -> None:
    projection = project(study, render)
    assert projection.catch_up()
    study.end_trial(make_trial(0))
    breakable.broken, breakable.after = {step}, {step} if done else set()
    with pytest.raises(ConnectionError):
        projection.catch_up()
    breakable.broken = set()
    assert projection.catch_up()
    run = children(client)["trial-0000"]
    assert run.info.status == "FINISHED"
    assert run.data.params["width"] == "64"
    points = client.get_metric_history(run.info.run_id, "curves/loss")
    assert [(point.step, point.value) for point in points] == [(1, 3.0), (2, 2.0), (3, 1.0)]
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["figures", "history.csv"]


def test_what_a_store_never_takes_holds_up_no_other(
    study: RecordedStudy, project: Project, client: Any, breakable: Breakable
) -> None:
    projection = project(study)
    assert projection.catch_up()
    log, number = breakable.client.log_batch, 0

    def poisoned(run_id: str, **content: Any) -> None:
        if any(metric.key == "trial_number" and metric.value == number for metric in content["metrics"]):
            raise ValueError("this one never")
        log(run_id, **content)

    breakable.client.log_batch = poisoned
    study.end_trials([make_trial(0), make_trial(1), make_trial(2)])
    study.record(decomposed(study.run.folder, make_bias_variance(0)))
    with pytest.raises(ValueError, match="this one never"):
        projection.catch_up(failures=2)
    assert {name: run.info.status for name, run in children(client).items()} == {
        "trial-0000": "RUNNING",
        "trial-0001": "FINISHED",
        "trial-0002": "FINISHED",
    }
    assert projection.num_done == 2
    study.finish()
    with pytest.raises(ValueError, match="this one never"):
        projection.complete(failures=2)
    assert children(client)["trial-0000"].info.status == "KILLED"
    (parent,) = children(client, "study").values()
    assert parent.info.status == "FINISHED"
    assert "sent_events" not in parent.data.tags
    number = -1
    assert project(study).complete()
    run = children(client)["trial-0000"]
    assert (run.info.status, run.data.metrics["variance"]) == ("FINISHED", 0.25)


def test_surplus_runs_are_deleted_and_half_written_ones_completed(
    study: RecordedStudy, project: Project, address: StoreAddress, client: Any
) -> None:
    study.end_trial(make_trial(0))
    projection = project(study)
    assert projection.catch_up()
    (parent,) = children(client, "study").values()
    store = open_store(address, "digits")
    tags = {"role": "trial", "study_id": study.run.identifier, "mlflow.parentRunId": parent.info.run_id}
    store.create_run("late answer", {**tags, "trial": "0"}, 0)
    half = store.create_run("half", {**tags, "trial": "1"}, 0)
    store.create_run("twin of the study", {"role": "study", "study_id": study.run.identifier}, 2**41)
    study.end_trial(make_trial(1))
    study.finish()
    assert project(study).complete()
    runs = children(client)
    assert {name: run.info.status for name, run in runs.items()} == {
        "trial-0000": "FINISHED",
        "half": "FINISHED",
    }
    assert runs["half"].info.run_id == half
    assert runs["half"].data.metrics["cv_log_loss_mean"] == 2.0
    assert [run.info.run_id for run in children(client, "study").values()] == [parent.info.run_id]


def test_an_answer_that_comes_too_late_leaves_no_run_open(
    study: RecordedStudy, project: Project, address: StoreAddress, client: Any
) -> None:
    """The request was given up and sent again; then the store did it after all."""
    study.end_trial(make_trial(0))
    projection = project(study)
    assert projection.catch_up()
    tags = {"role": "trial", "study_id": study.run.identifier, "trial": "0"}
    open_store(address, "digits").create_run("late", tags, 0)
    study.finish()
    assert projection.complete()
    assert list(children(client)) == ["trial-0000"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [("finished", "FINISHED"), ("failed", "FAILED"), ("stopped", "KILLED"), (None, "KILLED")],
)
def test_a_study_ends_in_mlflow_as_it_ended(
    status: str | None, expected: str, study: RecordedStudy, project: Project, client: Any
) -> None:
    study.end_trial(make_trial(0))
    if status is None:
        study.let_go()
    else:
        study.finish(status, "the disk is full" if status == "failed" else "")
    assert project(study).complete()
    (parent,) = children(client, "study").values()
    assert parent.info.status == expected
    assert parent.data.metrics["cv_log_loss_mean"] == 2.0
    assert parent.data.tags.get("reason") == ("the disk is full" if status == "failed" else None)
    assert ("seconds" in parent.data.metrics) == (status is not None)
    note = parent.data.tags["mlflow.note.content"]
    ending = {"finished": "Finished", "failed": "Failed", "stopped": "Stopped", None: "Killed"}[status]
    assert f"{ending} after 1 trial" in note


def test_a_study_without_trials(study: RecordedStudy, project: Project, client: Any) -> None:
    study.finish("failed", "every trial fails")
    assert project(study).complete()
    (parent,) = children(client, "study").values()
    assert parent.info.status == "FAILED"
    assert parent.data.metrics == {
        "num_trials": 0.0,
        "num_failed": 0.0,
        "num_pruned": 0.0,
        "seconds": 12.0,
    }
    assert "no winner" in parent.data.tags["mlflow.note.content"]


def test_a_study_that_goes_on_with_more_trials(
    study: RecordedStudy, project: Project, client: Any, classifier: ExportedModel
) -> None:
    study.end_trials([make_trial(0, 3.0), make_trial(1, 2.0)])
    study.record(VERDICT)
    export(study, 1, classifier)
    study.finish("stopped", "interrupted")
    assert project(study).complete()
    first = children(client, "best")["best model"]
    (parent,) = children(client, "study").values()
    assert parent.data.tags["reason"] == "interrupted"

    study.take_over()
    study.record(StudyContinued(STUDY_TEXT + "# more\n", 40), PhaseBegun("search"))
    following = project(study)
    following.begin()
    (parent,) = children(client, "study").values()
    assert parent.info.status == "RUNNING"
    assert "in at most 40 trials" in parent.data.tags["mlflow.note.content"]
    study.end_trial(make_trial(2, 1.5))
    export(study, 2, classifier)
    study.finish()
    assert following.complete()

    (parent,) = children(client, "study").values()
    assert parent.info.status == "FINISHED"
    assert parent.data.metrics["cv_log_loss_mean"] == 1.5
    assert "reason" not in parent.data.tags
    marked = [name for name, run in children(client).items() if "best" in run.data.tags]
    assert marked == ["trial-0002"]
    best = children(client, "best")["best model"]
    assert (best.data.tags["trial"], best.data.metrics["cv_log_loss_mean"]) == ("2", 1.5)
    assert children(client, "earlier best")["best model"].info.run_id == first.info.run_id
    assert best.data.tags["model"] in parent.data.tags["mlflow.note.content"]


def test_the_best_model_has_a_run_of_its_own(
    study: RecordedStudy, records: Records, project: Project, client: Any, classifier: ExportedModel
) -> None:
    text = "name: digits\ndata: {sklearn: digits}\ntracking: {register_as: digits-classifier}\n"
    newer = RecordedStudy(records, replace(STARTED, identifier="20260101-130000-cd34", text=text))
    record_a_study(newer, classifier)
    assert project(newer).complete()

    (run,) = children(client, "best").values()
    assert (run.info.run_name, run.info.status) == ("best model", "FINISHED")
    assert run.data.params["width"] == "64"
    version = client.get_model_version_by_alias("digits-classifier", "champion")
    assert (int(version.version), version.run_id) == (1, run.info.run_id)
    model = client.get_logged_model(run.data.tags["model"])
    assert version.source == model.artifact_location
    assert (str(model.status), model.source_run_id) == ("READY", run.info.run_id)
    metrics = {metric.key: metric.value for metric in model.metrics}
    assert (metrics["test_log_loss"], metrics["corrected_log_loss_low"]) == (2.125, 2.0)
    assert metrics["baseline_log_loss_linear"] == 3.5
    (parent,) = children(client, "study").values()
    assert parent.info.status == "FINISHED"
    assert 'load_model("models:/digits-classifier/1")' in parent.data.tags["mlflow.note.content"]
    assert os.environ.get("MLFLOW_TRACKING_URI") is None, "the URI of the process was changed"

    (study.run.folder / "study.yaml").write_text(text)
    record_a_study(study, classifier)
    assert project(study).complete()
    champion = client.get_model_version_by_alias("digits-classifier", "champion")
    assert champion.run_id == run.info.run_id, "another study with the same test score is no champion"
    challenger = client.get_model_version_by_alias("digits-classifier", "challenger")
    why = "log_loss 2.125 on the locked test rows, 2.125 for version 1"
    assert (int(challenger.version), challenger.tags["alias_reason"]) == (2, why)
    assert len(client.search_model_versions("name = 'digits-classifier'")) == 2


def test_a_registered_model_is_loaded_by_its_name(
    study: RecordedStudy,
    project: Project,
    address: StoreAddress,
    classifier: ExportedModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import mlflow

    text = "name: digits\ndata: {sklearn: digits}\ntracking: {register_as: reader}\n"
    (study.run.folder / "study.yaml").write_text(text)
    record_a_study(study, classifier)
    assert project(study).complete()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address.uri)
    rows = pandas.DataFrame({"size (cm)": [3.0, -1.0], "age": [0.0, 2.0]})
    for name in ("models:/reader/1", "models:/reader@champion"):
        assert mlflow.pyfunc.load_model(name).predict(rows)["prediction"].tolist() == ["cat", "dog"]


def test_a_model_that_cannot_be_logged_costs_only_itself(
    study: RecordedStudy,
    project: Project,
    client: Any,
    classifier: ExportedModel,
    breakable: Breakable,
    caplog: Any,
) -> None:
    record_a_study(study, classifier)
    breakable.broken = {"log_model_artifacts"}
    assert not project(study).complete()
    assert "The best model could not be sent to MLflow: the server went away." in caplog.text
    assert children(client, "best")["best model"].info.status == "FAILED"
    (parent,) = children(client, "study").values()
    assert parent.info.status == "FINISHED"
    assert "trial-0001" in parent.data.tags["mlflow.note.content"]
    assert "sent_events" not in parent.data.tags
    breakable.broken = set()
    assert project(study).complete()
    assert children(client, "best")["best model"].info.status == "FINISHED"
    experiment = client.get_experiment_by_name("digits").experiment_id
    assert [str(model.status) for model in client.search_logged_models([experiment])] == ["READY"]


def test_a_store_that_is_away_is_asked_for_nothing_more(
    study: RecordedStudy, project: Project, breakable: Breakable, caplog: Any
) -> None:
    record_a_study(study)
    projection = project(study)
    assert projection.catch_up()
    breakable.broken = {"all"}
    calls = breakable.calls
    assert not projection.complete()
    assert breakable.calls == calls
    assert "MLflow does not respond: the study's result and everything after it was not sent." in caplog.text


def test_an_older_run_leaves_the_page_of_the_experiment_to_the_newer(
    study: RecordedStudy, records: Records, project: Project, client: Any
) -> None:
    record_a_study(study)
    newer = RecordedStudy(records, replace(STARTED, identifier="newer"))
    newer.end_trial(make_trial(0))
    newer.finish()
    assert project(newer).complete()
    tags = dict(client.get_experiment_by_name("digits").tags)
    assert "newer" in tags["mlflow.note.content"]
    assert project(study).complete()
    assert client.get_experiment_by_name("digits").tags == tags


@pytest.mark.parametrize(("num_trials", "undrawn"), [(50, []), (51, [*range(3, 12)])])
def test_in_a_long_study_only_the_three_best_so_far_are_drawn(
    records: Records, project: Project, num_trials: int, undrawn: list[int]
) -> None:
    drawn_by_trial: dict[int, bool] = {}
    study = RecordedStudy(records, replace(STARTED, num_trials=num_trials))
    projection = project(study, lambda trial, folder, drawn: drawn_by_trial.update({trial.number: drawn}))
    scores = [*range(12), 0.5]
    study.end_trials([make_trial(number, float(score)) for number, score in enumerate(scores)])
    assert projection.catch_up()
    assert list(drawn_by_trial) == [*range(13)]
    assert [number for number, drawn in drawn_by_trial.items() if not drawn] == undrawn


def test_a_trial_costs_three_calls_and_taking_over_one_search(
    study: RecordedStudy, project: Project, breakable: Breakable
) -> None:
    projection = project(study)
    assert projection.catch_up()
    study.end_trial(make_trial(0))
    breakable.names.clear()
    assert projection.catch_up()
    assert breakable.names == ["create_run", "log_batch", "set_terminated"]
    study.end_trials([make_trial(number) for number in range(1, 6)])
    assert projection.catch_up()
    taking_over = project(study)
    breakable.names.clear()
    assert taking_over.catch_up()
    assert breakable.names.count("search_runs") == 2, "one for the study, one for all trials"
    assert not {"create_run", "log_batch", "set_terminated"} & set(breakable.names)


def test_files_that_cannot_be_rendered_cost_only_themselves(
    study: RecordedStudy, project: Project, client: Any, caplog: Any
) -> None:
    def broken(trial: Trial, folder: Path, drawn: bool) -> None:
        raise RuntimeError("no fonts")

    study.end_trials([make_trial(0), make_trial(1)])
    assert project(study, broken).catch_up()
    assert {run.info.status for run in children(client).values()} == {"FINISHED"}
    assert caplog.text.count("no fonts") == 1


def test_a_trial_whose_files_are_lost_is_there_with_what_its_event_says(
    study: RecordedStudy, project: Project, client: Any, caplog: Any
) -> None:
    study.end_trial(make_trial(0, 3.0))
    for path in (study.run.folder / "trials").iterdir():
        path.unlink()
    study.finish()
    assert project(study).complete()
    run = children(client)["trial-0000"]
    assert (run.info.status, run.data.metrics["cv_log_loss_mean"]) == ("FINISHED", 3.0)
    assert "cv_accuracy_mean" not in run.data.metrics
    assert "Only the objective of trial 0 is sent to MLflow" in caplog.text


def test_a_trial_that_the_time_limit_cut_short_says_so(
    study: RecordedStudy, project: Project, client: Any
) -> None:
    study.end_trial(make_trial(0), cut=True)
    study.end_trial(make_trial(1))
    assert project(study).catch_up()
    runs = children(client)
    assert runs["trial-0000"].data.tags["cut"] == "the time limit ended its training"
    assert "cut" not in runs["trial-0001"].data.tags


def test_an_analysis_that_is_made_again_is_shown_as_the_last_one_says(
    study: RecordedStudy, project: Project, client: Any
) -> None:
    study.end_trial(make_trial(1))
    study.record(decomposed(study.run.folder, make_bias_variance(1)))
    assert project(study).catch_up()
    repeated = make_bias_variance(1)
    curve = replace(repeated.variance, values=(0.1, 0.125, 0.2))
    study.record(decomposed(study.run.folder, replace(repeated, variance=curve)))
    assert project(study).catch_up()
    run = children(client)["trial-0001"]
    assert run.data.metrics["variance"] == 0.125
    before = points_of(client, run)
    assert project(study).catch_up()
    assert points_of(client, children(client)["trial-0001"]) == before


def test_runs_of_an_earlier_version_are_taken_for_what_they_are(
    study: RecordedStudy, project: Project, address: StoreAddress, client: Any
) -> None:
    """It left no tag that says how far it had come, and wrote the same points at other times."""
    study.end_trial(make_trial(1))
    study.record(decomposed(study.run.folder, make_bias_variance(1)))
    study.finish()
    assert project(study).complete()
    run, (parent,) = children(client)["trial-0001"], children(client, "study").values()
    client.delete_tag(run.info.run_id, "analyzed")
    client.delete_tag(parent.info.run_id, "sent_events")
    before = points_of(client, run), points_of(client, parent)
    study.records._clock.now += 1000.0
    assert project(study).complete()
    run, (parent,) = children(client)["trial-0001"], children(client, "study").values()
    assert (points_of(client, run), points_of(client, parent)) == before


def test_two_studies_share_an_experiment(
    study: RecordedStudy, records: Records, project: Project, client: Any
) -> None:
    second = RecordedStudy(records, replace(STARTED, identifier="other"))
    study.end_trial(make_trial(0))
    second.end_trial(make_trial(1))
    assert project(study).catch_up() and project(second).catch_up()
    studies = {name: run.data.tags["study_id"] for name, run in children(client).items()}
    assert studies == {"trial-0000": study.run.identifier, "trial-0001": "other"}


def test_a_start_cut_short_leaves_no_run_open(
    study: RecordedStudy, project: Project, client: Any, breakable: Breakable
) -> None:
    breakable.broken = {"log_artifacts"}
    with pytest.raises(ConnectionError):
        project(study).begin()
    (parent,) = children(client, "study").values()
    assert parent.info.status == "FAILED"


def test_an_interrupt_passes_and_loses_nothing(
    study: RecordedStudy, project: Project, client: Any, breakable: Breakable
) -> None:
    projection = project(study)
    study.end_trial(make_trial(0))
    log = breakable.client.log_batch

    def interrupted(run_id: str, **content: Any) -> None:
        if any(metric.key == "trial_number" for metric in content["metrics"]):
            raise KeyboardInterrupt
        log(run_id, **content)

    breakable.client.log_batch = interrupted
    with pytest.raises(KeyboardInterrupt):
        projection.catch_up()
    breakable.client.log_batch = log
    assert projection.catch_up()
    assert children(client)["trial-0000"].info.status == "FINISHED"


def test_sending_stops_when_it_is_asked_to_and_continues_later(
    study: RecordedStudy, project: Project, client: Any
) -> None:
    study.end_trials([make_trial(number) for number in range(4)])
    projection, answers = project(study, write_nothing), iter([False, False, True])
    assert not projection.catch_up(until=lambda: next(answers))
    assert projection.num_done == len(children(client)) == 2
    assert projection.catch_up()
    assert len(children(client)) == 4

"""A study from its file to its SavedModel, on a table that comes with scikit-learn."""

import contextlib
import itertools
import json
import os
import signal
import sys
import textwrap
import threading
import time
import types
from pathlib import Path

import forked
import mlflow
import numpy
import pytest
import tensorflow
import yaml
from recording import Recorder

import automl
from automl.config.reading import make_study
from automl.errors import DataError, ExportError, SearchSpaceError, StudyFailedError, TrackingError
from automl.evaluation.metrics import METRICS
from automl.progress import Progress
from automl.records.finding import read_run
from automl.records.standing import ended
from automl.study.preparation import prepare_study
from automl.trial import TrialState

SMALL = {
    "name": "small",
    "data": {"sklearn": "wine"},
    "splits": {"folds": 2},
    "space": {"depth": {"int": [0, 1]}, "width": 8, "learning_rate": {"choice": [0.03, 0.01]}},
    "search": {"algorithm": "grid", "trials": 3, "seed": 0},
    "training": {"epochs": 4, "batch_size": 32, "patience": 2},
    "baselines": False,
    "bias_variance": {"resamples": 0},
    "tracking": {"to": "none"},
}


def write(folder, **changes):
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump({**SMALL, **changes}))
    return path


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ran")
    order = []
    recorder, second = (
        Recorder(
            start=lambda _, name=name: order.append(f"{name} starts"),
            flush=lambda _, name=name: order.append(f"{name} ends"),
        )
        for name in ("first", "second")
    )
    recorder.order = order
    result = automl.run_study(
        write(folder, tracking={"to": "mlflow"}), mlruns=folder / "mlruns", trackers=[recorder, second]
    )
    return folder, result, recorder


@pytest.fixture(autouse=True)
def no_page(ran, monkeypatch):
    """Only the study that ran for all tests writes a page and figures."""
    monkeypatch.setattr("automl.study.run.write_study_files", lambda *_: {})


@pytest.fixture
def store(ran):
    """MLflow's client on the store of the study that ran."""
    return mlflow.MlflowClient(f"sqlite:///{ran[0]}/mlruns/mlflow.db")


def test_configurations_that_the_file_names_are_tried_first(tmp_path):
    first = [{"depth": 1, "learning_rate": 0.01}, {"depth": 0}]
    search = {"algorithm": "random", "trials": 2, "first": first}
    training = {"epochs": 1, "batch_size": 32}
    result = automl.run_study(write(tmp_path, search=search, training=training), mlruns=tmp_path / "mlruns")
    first_values, second_values = (trial.hyperparameters for trial in result.trials)
    assert (first_values["depth"], first_values["learning_rate"], second_values["depth"]) == (1, 0.01, 0)


def test_a_first_configuration_outside_the_space_is_refused_with_its_line(tmp_path):
    path = write(tmp_path, search={"first": [{"learning_rate": 0.5}]})
    with pytest.raises(
        SearchSpaceError, match=r"small.yaml:\d+: `search.first` must give `learning_rate` a value"
    ):
        prepare_study(automl.load_study(path))


def test_every_trial_has_its_folds_and_the_best_has_the_best_mean(ran):
    _, result, _ = ran
    assert [trial.number for trial in result.trials] == [0, 1, 2]
    means = [numpy.mean(trial.fold_scores("log_loss")) for trial in result.trials]
    assert all(len(trial.folds) == 2 for trial in result.trials)
    assert result.best.number == int(numpy.argmin(means))
    assert {"log_loss", "accuracy", "balanced_accuracy"} <= set(result.test_scores) <= set(METRICS)
    assert result.test_scores["accuracy"] > 0.8


def test_the_terminal_comes_first_and_goes_last(ran):
    _, _, recorder = ran
    assert recorder.order == ["first starts", "second starts", "second ends", "first ends"]


def test_trackers_are_told_in_order(ran):
    _, _, recorder = ran
    stages = ["phase", "phase", "phase"]  # refit, verdict, export
    assert recorder.names == ["start", "phase", "cohort", *["trial"] * 3, *stages, "finish", "flush"]
    assert recorder.values_of("phase") == ["search", "refit of the best trial", "verdict", "export"]
    assert recorder.values_of("cohort") == [[0, 1, 2]]
    assert sorted(recorder.values_of("trial")) == [0, 1, 2]
    progress = [progressed for progressed in recorder.values_of("progress") if progressed.total == 6]
    done = [progressed.done for progressed in progress]
    assert done == sorted(done)
    assert (progress[-1].done, progress[-1].running) == (6, 0)


def test_the_record_gives_the_same_trials_back(ran):
    _, result, _ = ran
    state = read_run(result.folder)
    assert state.trials == result.trials
    assert state.finished.status == "finished"
    assert len(state.tests) == len(state.intended) == 1 and state.tests[0].scores == result.test_scores


def test_the_same_study_gives_the_same_scores_in_another_process(ran, tmp_path):
    _, result, _ = ran
    code = f"""
        import automl, json
        result = automl.run_study({str(write(tmp_path))!r}, mlruns={str(tmp_path / "again")!r})
        print(json.dumps([[t.fold_scores("log_loss") for t in result.trials], result.test_scores]))
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    again = forked.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    scores, tests = json.loads(again.stdout.splitlines()[-1])
    assert scores == [list(trial.fold_scores("log_loss")) for trial in result.trials]
    assert tests == result.test_scores


def test_mlflow_holds_the_study_its_trials_and_its_model(ran, store):
    _, result, _ = ran
    experiment = store.get_experiment_by_name("small")
    runs = store.search_runs([experiment.experiment_id])
    by_role = {role: [r for r in runs if r.data.tags["role"] == role] for role in ("study", "trial", "best")}
    assert {role: len(runs) for role, runs in by_role.items()} == {"study": 1, "trial": 3, "best": 1}
    for run in by_role["trial"]:
        trial = result.trials[int(run.info.run_name.rsplit("-", 1)[1])]
        assert run.data.metrics["cv_log_loss_mean"] == pytest.approx(trial.mean("log_loss"))
        assert run.data.params["learning_rate"] == str(trial.hyperparameters["learning_rate"])
        names = {item.path for item in store.list_artifacts(run.info.run_id)}
        assert {"history.csv", "figures", "trial.json"} <= names
    parent = by_role["study"][0]
    assert parent.data.metrics["test_accuracy"] == pytest.approx(result.test_scores["accuracy"])
    files = {item.path for item in store.list_artifacts(parent.info.run_id)}
    assert {"study.yaml", "leaderboard.csv", "environment.txt", "figures"} <= files
    assert "trial-" in parent.data.tags["mlflow.note.content"]


def test_the_saved_model_answers_as_the_network_does(ran):
    """The exported model against the Keras path, from the arguments of its signature."""
    _, result, _ = ran
    dataset = prepare_study(make_study(SMALL)).dataset
    card = json.loads((result.model / "model.json").read_text())
    columns = dict(zip(card["features"], dataset.columns.numbers[:20].T, strict=True))
    answers = tensorflow.saved_model.load(str(result.model)).signatures["serving_default"](
        **{card["inputs"][name]: tensorflow.constant(values) for name, values in columns.items()}
    )
    probabilities = answers["probabilities"].numpy()
    network = _refit_of(result)
    numpy.testing.assert_allclose(probabilities, network.predict(dataset.columns.take(slice(20))), atol=1e-6)
    labels = [label.decode() for label in answers["label"].numpy()]
    assert labels == [dataset.classes[code] for code in numpy.argmax(probabilities, axis=1)]


def _refit_of(result):
    from automl.training.members import refit_epochs
    from automl.training.plain.sequential import refit
    from automl.trial import Member

    prepared = prepare_study(make_study(SMALL))
    member = Member(result.best.number, -1, result.best.hyperparameters, 0)
    return refit(prepared.plan, member, prepared.splits.training, refit_epochs(result.best))


def test_the_test_scores_are_those_of_the_exported_model(ran):
    """Locked-test accuracy, counted by hand from the SavedModel's own answers."""
    from automl.serving.scoring import Scorer

    _, result, _ = ran
    prepared = prepare_study(make_study(SMALL))
    test = prepared.splits.test
    predicted = Scorer(result.model).predict(prepared.dataset.frame(test))["prediction"]
    truth = [prepared.dataset.classes[code] for code in prepared.dataset.target[test]]
    assert numpy.mean(predicted.to_numpy() == truth) == pytest.approx(result.test_scores["accuracy"])


def test_export_gives_the_best_or_any_other_trial(ran, tmp_path):
    _, result, _ = ran
    assert automl.export_trial(result.folder, None, tmp_path / "best").number == result.best.number
    best = (result.model / "model.json").read_text()
    assert (tmp_path / "best" / "model.json").read_text() == best
    number = next(trial.number for trial in result.trials if trial.number != result.best.number)
    automl.export_trial(result.folder, number, tmp_path / "other")
    card = json.loads((tmp_path / "other" / "model.json").read_text())
    assert card["trial"] == number
    assert not any("test" in name for name in card["scores"])
    assert len(read_run(result.folder).tests) == 1


def test_export_leaves_a_folder_with_other_things_alone(ran, tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    for number in (None, 0, 1):
        with pytest.raises(ExportError, match="which is not part of a model"):
            automl.export_trial(ran[1].folder, number, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_export_refuses_a_table_that_has_changed(tmp_path):
    (tmp_path / "table.csv").write_text("a,b,y\n" + "".join(f"{i},{i * i % 7},{i % 2}\n" for i in range(40)))
    data = {"path": "table.csv", "target": "y"}
    result = automl.run_study(
        write(tmp_path, data=data, search={"trials": 2, "algorithm": "random"}), mlruns=tmp_path / "mlruns"
    )
    number = next(trial.number for trial in result.trials if trial.number != result.best.number)
    with (tmp_path / "table.csv").open("a") as file:
        file.write("1,1,1\n")
    with pytest.raises(DataError, match="changed"):
        automl.export_trial(result.folder, number, tmp_path / "model")


def test_an_interrupt_keeps_finished_trials_and_marks_the_runs_killed(ran, store):
    folder = ran[0]

    def interrupt(event):
        if event == ("cohort", [1]):
            raise KeyboardInterrupt

    recorder = Recorder(cohort=interrupt)
    one_by_one = {**SMALL["search"], "cohort": 1}
    with pytest.raises(KeyboardInterrupt):
        automl.run_study(
            write(folder, name="cut", search=one_by_one, tracking={"to": "mlflow"}),
            mlruns=folder / "mlruns",
            trackers=[recorder],
        )
    experiment = store.get_experiment_by_name("cut")
    runs = {run.data.tags["role"]: run for run in store.search_runs([experiment.experiment_id])}
    assert runs["study"].info.status == "KILLED"
    assert runs["trial"].info.status == "FINISHED"
    state = read_run(next((folder / "mlruns" / "studies" / "cut").iterdir()))
    assert [trial.number for trial in state.trials] == recorder.values_of("trial") == [0]
    assert state.finished.status == "stopped" and not state.tests
    assert ended(state, "stopped") == "stopped after 1 of 3 trials; no model was exported"


def test_an_interrupt_within_a_cohort_keeps_the_trials_that_have_ended(ran):
    folder = ran[0]

    def interrupt(event):
        if recorder.values_of("trial"):
            raise KeyboardInterrupt

    recorder = Recorder(progress=interrupt)
    threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        automl.run_study(write(folder, name="split"), mlruns=folder / "mlruns", trackers=[recorder])
    assert recorder.names == ["start", "phase", "cohort", "trial", "finish", "flush"]
    state = read_run(next((folder / "mlruns" / "studies" / "split").iterdir()))
    assert [trial.number for trial in state.trials] == recorder.values_of("trial")
    assert threading.active_count() == threads


def test_an_interrupt_that_a_library_swallows_is_not_lost(ran):
    folder = ran[0]

    def swallow(event):
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)
            raise AssertionError("no interrupt came")

    handler = signal.getsignal(signal.SIGINT)
    recorder = Recorder(progress=swallow)
    with pytest.raises(KeyboardInterrupt):
        automl.run_study(write(folder, name="deaf"), mlruns=folder / "mlruns", trackers=[recorder])
    assert recorder.values_of("trial") == []
    assert recorder.values_of("finish")[0].status == "stopped"
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_study_without_a_completed_trial_fails_and_says_why(ran):
    folder = ran[0]
    space = {"depth": 1, "width": 4, "activation": "relu", "optimizer": "sgd"}
    space["learning_rate"] = {"choice": [1e30, 1e31]}
    data = {"sklearn": "diabetes"}
    with pytest.raises(StudyFailedError, match="diverged"):
        automl.run_study(write(folder, name="lost", data=data, space=space), mlruns=folder / "mlruns")
    state = read_run(next((folder / "mlruns" / "studies" / "lost").iterdir()))
    assert {trial.state for trial in state.trials} == {TrialState.FAILED}
    assert state.finished.status == "failed" and "diverged" in state.finished.reason


def test_a_dead_server_stops_the_study_before_it_begins_and_leaves_nothing(tmp_path):
    path = write(tmp_path, tracking={"uri": "http://127.0.0.1:9"})
    with pytest.raises(TrackingError, match=r"127\.0\.0\.1:9"):
        automl.run_study(path, mlruns=tmp_path / "mlruns")
    assert [item.name for item in tmp_path.iterdir()] == ["small.yaml"]


@pytest.mark.parametrize("engine", [pytest.param("sequential", marks=pytest.mark.slow), "population"])
def test_a_time_limit_ends_the_search(ran, monkeypatch, engine):
    """By a clock that goes on by a tenth of a second whenever it is read."""
    folder = ran[0]
    ticks = itertools.count()
    monkeypatch.setattr("automl.study.budget.time", types.SimpleNamespace(monotonic=lambda: next(ticks) / 10))
    path = write(
        folder,
        name=f"brief-{engine}",
        space={"depth": 0, "learning_rate": {"float": [0.001, 0.1]}},
        search={"algorithm": "random", "trials": 50, "minutes": 5 / 60},
        training={**SMALL["training"], "engine": engine},
    )
    result = automl.run_study(path, mlruns=folder / "mlruns")
    assert 1 < len(result.trials) < 50
    complete = [trial for trial in result.trials if trial.state is TrialState.COMPLETE]
    assert {len(trial.folds) for trial in complete} == {2}
    reasons = {trial.reason for trial in result.trials if trial not in complete}
    assert reasons <= {"the budget ended before all of its folds were trained"}
    assert result.state.finished.status == "finished"


def test_a_small_space_ends_the_study_early(ran):
    folder = ran[0]
    space = {"depth": 0, "learning_rate": {"choice": [0.03, 0.01]}}
    for algorithm in ("random", "bayesian"):
        search = {"algorithm": algorithm, "trials": 9}
        path = write(
            folder,
            name=f"two-{algorithm}",
            space=space,
            search=search,
            training={"epochs": 1, "batch_size": 64},
        )
        result = automl.run_study(path, mlruns=folder / "mlruns")
        assert sorted(trial.hyperparameters["learning_rate"] for trial in result.trials) == [0.01, 0.03]


BUILDER = """
import keras

def build(hp):
    layers = [keras.Input((64,)), keras.layers.Reshape((8, 8, 1))]
    layers.append(keras.layers.Conv2D(hp.Choice("filters", [4, 8]), 3, activation="relu"))
    layers += [keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
    return keras.Sequential(layers)
"""
ALWAYS_0 = ("pixel_0_0", "pixel_4_0", "pixel_4_7")
"""Left out as constants unless they are called numeric; then the picture is no longer 8 by 8."""


def test_a_users_convolutional_network_is_studied_and_exported(ran, built_here):
    folder = ran[0]
    (folder / "mine.py").write_text(BUILDER)
    content = {
        "name": "convolution",
        "data": {"sklearn": "digits", "columns": dict.fromkeys(ALWAYS_0, "numeric")},
        "network": {"builder": "mine.py:build"},
        "space": {"learning_rate": 0.01},
        "search": {"algorithm": "grid", "trials": 5},
        "training": {"epochs": 3},
    }
    path, recorder = write(folder, **content), Recorder()
    result = automl.run_study(path, mlruns=folder / "mlruns", trackers=[recorder])
    assert recorder.values_of("cohort") == [[0], [1]] and recorder.values_of("trial") == [0, 1]
    assert Progress(done=1, total=2, running=1, epoch=1, num_epochs=3) in recorder.values_of("progress")
    capacities = {trial.hyperparameters["filters"]: trial.capacity for trial in result.trials}
    assert capacities == {f: 10 * f + 36 * f * 10 + 10 for f in (4, 8)}
    assert result.test_scores["accuracy"] > 0.85
    first = [trial.fold_scores("log_loss") for trial in result.trials]
    write(folder, **content | {"search": {"algorithm": "grid", "trials": 1}})
    again = automl.run_study(path, mlruns=folder / "mlruns", resume=False)
    assert again.folder != result.folder
    assert [trial.fold_scores("log_loss") for trial in again.trials] == first[:1]


def test_no_test_rows_no_test_score(ran):
    folder = ran[0]
    result = automl.run_study(
        write(folder, name="untested", splits={"test": 0, "folds": 2}, search={"trials": 1}),
        mlruns=folder / "mlruns",
    )
    assert result.test_scores == {}
    assert not read_run(result.folder).tests
    assert Path(result.model, "saved_model.pb").is_file()


def test_a_search_that_is_shorter_than_its_first_program_takes_to_compile_has_a_result(ran):
    folder = ran[0]
    path = write(
        folder,
        name="too-short",
        space={"depth": 1, "width": {"choice": [8, 16]}},
        search={"algorithm": "random", "trials": 2, "minutes": 1e-3},
    )
    result = automl.run_study(path, mlruns=folder / "mlruns")
    assert [len(fold.stopping_loss) for fold in result.best.folds] == [1, 1]
    assert result.model.exists()

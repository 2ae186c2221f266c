"""The commands as a person types them: what they print, what they leave, how they exit."""

import contextlib
import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import forked
import pytest
import yaml
from click.testing import CliRunner
from paper_trials import completed
from recorded_study import RecordedStudy, make_records

from automl.cli import cli
from automl.errors import RecordError
from automl.records.events import StudyStarted
from automl.records.finding import open_records

SMALL = {
    "data": {"sklearn": "iris"},
    "splits": {"folds": 2},
    "space": {"depth": 0, "learning_rate": {"choice": [0.1, 0.03]}},
    "search": {"algorithm": "grid", "trials": 2},
    "training": {"epochs": 25},
    "bias_variance": {"resamples": 4},
}


def automl(*arguments, cwd=None, **environment):
    """The real program in a process of its own."""
    env = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"} | environment
    command = [sys.executable, "-m", "automl", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env, timeout=300)


def invoke(*arguments):
    return CliRunner().invoke(cli, list(map(str, arguments)), prog_name="automl")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder in which `flowers` has been run by the program itself."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "flowers.yaml").write_text(yaml.safe_dump(SMALL))
    ran = automl("run", "flowers.yaml", cwd=folder)
    assert ran.returncode == 0, ran.stderr
    (folder / "said.txt").write_text(ran.stdout + "\n--stderr--\n" + ran.stderr)
    return folder


def test_run_says_the_leaderboard_the_model_and_three_next_commands(home):
    out, _, err = (home / "said.txt").read_text().partition("\n--stderr--\n")
    assert err == ""  # TensorFlow, MLflow and alembic are silent
    assert "[2/2] trial 1" in out
    assert "± SE" in out and "locked test (30 rows, read once)" in out
    model = home / re.search(r"SavedModel: (\S+)", out)[1]
    assert (model / "saved_model.pb").is_file()
    commands = out.split("next:\n")[1].split("\n")
    assert [line.split()[1] for line in commands if line] == ["explain", "ui", "predict"]
    assert "\x1b[" not in out  # no terminal, no escape codes


def test_quiet_prints_the_result_only(home, monkeypatch):
    monkeypatch.chdir(home)
    ran = invoke("run", "flowers.yaml", "--quiet")
    assert ran.exit_code == 0
    verdict, _, output_after = ran.stdout.partition("flowers: log_loss, ")
    assert verdict.startswith(("Take ", "The network (", "No ")) and output_after
    assert "trial 1:" not in ran.stdout


def test_show_as_csv_is_the_leaderboard(home):
    shown = invoke("show", "flowers", "--format", "csv", "--mlruns", home / "mlruns")
    rows = list(csv.DictReader(io.StringIO(shown.output)))
    assert [row["rank"] for row in rows] == ["1", "2"]
    for row in rows:
        folds = [float(row["fold_0"]), float(row["fold_1"])]
        assert float(row["log_loss"]) == pytest.approx(sum(folds) / 2)
        assert float(row["standard_error"]) == pytest.approx(3**0.5 * abs(folds[0] - folds[1]) / 2)
        assert row["capacity"] == "15"
    assert float(rows[0]["log_loss"]) <= float(rows[1]["log_loss"])


def test_show_as_json_and_top(home):
    shown = invoke("show", home / "flowers.yaml", "--format", "json", "--top", 1, "--mlruns", home / "mlruns")
    content = json.loads(shown.output)
    assert content["study"] == "flowers" and content["direction"] == "min"
    assert len(content["trials"]) == 1 and content["trials"][0]["rank"] == 1
    assert content["tests"][0]["rows"] == 30


def test_show_without_a_name_is_the_last_study(home):
    shown = invoke("show", "--mlruns", home / "mlruns")
    assert shown.exit_code == 0
    assert "flowers" in shown.output and "locked test" in shown.output


def test_export_then_predict(home, tmp_path):
    exported = invoke(
        "export", "flowers", "--trial", 1, "--to", tmp_path / "model", "--mlruns", home / "mlruns"
    )
    assert exported.exit_code == 0, exported.output
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "petal width (cm),id,sepal length (cm),sepal width (cm),petal length (cm)\n"
        "0.2,a,5.1,3.5,1.4\n2.3,b,6.9,3.1,5.4\n"
    )
    predicted = invoke("predict", tmp_path / "model", rows)
    assert "ignoring columns that the model does not use: id" in predicted.stderr
    table = list(csv.DictReader(io.StringIO(predicted.stdout)))
    assert [row["prediction"] for row in table] == ["setosa", "virginica"]
    names = ["probability_setosa", "probability_versicolor", "probability_virginica"]
    for row in table:
        assert sum(float(row[name]) for name in names) == pytest.approx(1, abs=1e-5)
    to_file = invoke("predict", tmp_path / "model", rows, "--to", tmp_path / "out.csv")
    assert to_file.exit_code == 0
    assert (tmp_path / "out.csv").read_text() == predicted.stdout


@pytest.mark.parametrize(
    "text, words",
    [
        ("sepal length (cm),sepal width (cm),petal length (cm)\n1,2,3\n", "petal width (cm)"),
        (
            "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)\n" + "1,2,3,x\n" * 10,
            "numbers",
        ),
        ("", "empty"),
    ],
)
def test_predict_names_what_is_wrong_with_the_rows(home, tmp_path, text, words):
    model = next((home / "mlruns" / "studies" / "flowers").glob("*/model"))
    (tmp_path / "rows.csv").write_text(text)
    predicted = invoke("predict", model, tmp_path / "rows.csv")
    assert predicted.exit_code == 2
    assert "rows.csv" in predicted.output and words in predicted.output


def test_a_row_with_a_gap_is_predicted_and_a_strange_column_is_named(home, tmp_path):
    model = next((home / "mlruns" / "studies" / "flowers").glob("*/model"))
    header = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm),color\n"
    (tmp_path / "rows.csv").write_text(header + "5.0,3.5,1.4,,red\n5.1,3.5,1.4,0.2,blue\n")
    predicted = invoke("predict", model, tmp_path / "rows.csv")
    assert predicted.exit_code == 0
    assert "ignoring columns that the model does not use: color" in predicted.stderr
    assert [row["prediction"] for row in csv.DictReader(io.StringIO(predicted.stdout))] == ["setosa"] * 2


def test_unknown_study_trial_and_model(home, tmp_path):
    mlruns = ["--mlruns", str(home / "mlruns")]
    for arguments, words in [
        (["show", "flower", *mlruns], "Known: flowers"),
        (["export", "flowers", "--trial", "7", "--to", str(tmp_path / "m"), *mlruns], "Trials 0 to 1"),
        (["show", "--mlruns", str(tmp_path)], "automl run"),
        (["predict", str(tmp_path), "rows.csv"], "automl export"),
        (["ui", "nothing", *mlruns], "Known: flowers"),
    ]:
        result = invoke(*arguments)
        assert result.exit_code == 2, arguments
        assert result.output.startswith("error: ") and words in result.output
    assert not (tmp_path / "m").exists()


BAD = {
    "missing file": (None, "no such study file"),
    "not YAML": ("data: [", "not YAML"),
    "unknown key": ("data: {sklearn: digits}\nsplts: {}\n", "`splits`"),
    "wrong type": ("data: {sklearn: digits}\nsearch: {trials: many}\n", "whole number"),
    "empty space": ("data: {sklearn: digits}\nspace: {}\n", "`space` is empty"),
    "impossible range": ("data: {sklearn: digits}\nspace: {depth: {int: [3, 1]}}\n", "low <= high"),
    "unknown hyperparameter": ("data: {sklearn: digits}\nspace: {dept: 1}\n", "Did you mean `depth`"),
    "unknown activation": ("data: {sklearn: digits}\nspace: {activation: rleu}\n", "Did you mean `relu`"),
    "binary step": ("data: {sklearn: digits}\nspace: {activation: step}\n", "gradient is zero"),
    "unknown optimizer": ("data: {sklearn: digits}\nspace: {optimizer: adm}\n", "Did you mean `adam`"),
    "unknown metric": ("data: {sklearn: digits}\nobjective: acuracy\n", "Did you mean `accuracy`"),
    "metric of another task": ("data: {sklearn: digits}\nobjective: rmse\n", "log_loss, accuracy"),
    "unknown sampler": ("data: {sklearn: digits}\nsearch: {algorithm: bayes}\n", "Did you mean `bayesian`"),
    "unknown table": ("data: {sklearn: digit}\n", "Did you mean `digits`"),
    "missing data": ("data: {path: none.csv, target: y}\n", "none.csv"),
    "wrong target": ("data: {path: table.csv, target: yy}\n", "Did you mean `y`"),
    "one class": ("data: {path: table.csv, target: one}\n", "two different values"),
    "more folds than rows": (
        "data: {path: table.csv, target: y}\nsplits: {folds: 9, rare_classes: refuse}\n",
        "fewer folds",
    ),
    "missing builder": ("data: {sklearn: digits}\nnetwork: {builder: 'no.py:build'}\n", "no.py"),
}


@pytest.mark.parametrize("name", BAD)
def test_check_and_run_refuse_bad_input_and_leave_nothing(tmp_path, name):
    text, words = BAD[name]
    (tmp_path / "table.csv").write_text("x,y,one\n" + "".join(f"{i},{i % 2},1\n" for i in range(16)))
    study = tmp_path / "study.yaml"
    if text is not None:
        study.write_text(text)
    before = sorted(tmp_path.iterdir())
    for command in (["check"], ["run", "--mlruns", str(tmp_path / "mlruns")]):
        result = invoke(*command, study)
        assert result.exit_code == 2, result.output
        assert words in result.output and "Traceback" not in result.output
        assert result.output.startswith(f"error: {study}"), result.output
        assert result.output.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "flowers.yaml").write_text(yaml.safe_dump(SMALL))
    (tmp_path / "mlruns").write_text("a file in the way")
    result = invoke("run", tmp_path / "flowers.yaml", "--mlruns", tmp_path / "mlruns")
    assert result.exit_code == 2
    assert str(tmp_path / "mlruns") in result.output and "--mlruns" in result.output


def test_a_server_that_does_not_answer_is_named(tmp_path, monkeypatch):
    (tmp_path / "flowers.yaml").write_text(yaml.safe_dump(SMALL))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    ran = invoke("run", "flowers.yaml")
    assert ran.exit_code == 2
    assert "127.0.0.1:9" in ran.stderr and "Traceback" not in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["flowers.yaml"]


def num_recorded(mlruns):
    with contextlib.suppress(RecordError):  # its tables are being made
        return sum(run.num_trials for run in open_records(mlruns).runs())
    return 0


@pytest.mark.parametrize("polite", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_an_interrupt_ends_cleanly_with_130(tmp_path, polite):
    long = SMALL | {"training": {"epochs": 3}, "search": {"algorithm": "random", "trials": 500}}
    long["space"] = {"depth": 0, "learning_rate": {"float": [0.001, 0.1]}}
    long["tracking"] = {"to": "none" if polite is signal.SIGINT else "mlflow"}  # the other one is slow
    (tmp_path / "long.yaml").write_text(yaml.safe_dump(long))
    process = forked.Popen(
        [sys.executable, "-m", "automl", "run", "long.yaml"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 600
    while not (tmp_path / "mlruns" / "records.db").is_file() or not num_recorded(tmp_path / "mlruns"):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.1)
    process.send_signal(polite)
    out, err = process.communicate(timeout=600)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "finished trials are kept" in out
    for command in ("automl run long.yaml ", "automl show long", "automl export long --to model"):
        assert f"  {command}" in out
    (run,) = open_records(tmp_path / "mlruns").runs()
    assert run.num_trials >= 1 and run.state == "stopped"
    assert invoke("show", "long", "--mlruns", tmp_path / "mlruns").exit_code == 0


def test_init_check_run_of_a_table(tmp_path):
    rows = "".join(f"{i % 7},{i % 5},{'yes' if i % 7 > 3 else 'no'}\n" for i in range(60))
    (tmp_path / "my table.csv").write_text("a,b,bought\n" + rows)
    study = tmp_path / "study.yaml"
    initialized = invoke("init", tmp_path / "my table.csv", "--target", "bought", "--to", study)
    assert initialized.exit_code == 0, initialized.output
    assert invoke("check", study, "--no-forecast").exit_code == 0
    assert "60 rows, 2 features, binary" in study.read_text()
    again = invoke("init", "--to", study)
    assert again.exit_code == 2 and "--force" in again.output
    assert invoke("init", "--to", study, "--force").exit_code == 0
    checked = invoke("check", study, "--no-forecast")
    assert checked.exit_code == 0 and "1797 rows" in checked.output


def test_init_asks_for_the_target_and_names_the_columns(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    initialized = invoke("init", tmp_path / "t.csv", "--to", tmp_path / "s.yaml")
    assert initialized.exit_code == 2 and "--target" in initialized.output and "a, b" in initialized.output
    assert not (tmp_path / "s.yaml").exists()


def test_help_needs_no_tensorflow():
    code = (
        "import sys, automl.cli\ntry: automl.cli.cli(['--help'])\n"
        "except SystemExit: pass\nprint(sorted(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    heavy = {"tensorflow", "keras", "keras_tuner", "mlflow", "pandas", "sklearn", "pydantic", "numpy"}
    loaded = set(re.findall(r"'([\w.]+)'", out.splitlines()[-1]))
    assert "automl.cli" in loaded and not heavy & loaded


def test_a_leaderboard_needs_neither_tensorflow_nor_pandas(tmp_path):
    study = RecordedStudy(
        make_records(tmp_path), StudyStarted("wine", "20260101-000000-aaaa", "log_loss", "min")
    )
    study.end_trial(completed(0, 0.5))
    study.finish()
    code = (
        f"import sys, automl.cli\ntry: automl.cli.cli(['show', '--mlruns', {str(tmp_path)!r}])\n"
        "except SystemExit as end: assert not end.code\nprint(sorted(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = set(re.findall(r"'([\w.]+)'", out.splitlines()[-1]))
    assert "log_loss" in out and "automl.records.state" in loaded
    assert not {"tensorflow", "keras", "mlflow", "pandas", "sklearn", "pydantic", "scipy"} & loaded


def test_every_command_has_help_and_is_in_the_page_of_commands():
    page = Path(__file__).parent.parent.joinpath("docs", "commands.md").read_text()
    for name, command in cli.commands.items():
        assert command.help, name
        assert f"automl {name}" in page, name


def test_version_schema_and_completion():
    assert invoke("--version").output == "automl, version 0.1.0\n"
    assert json.loads(invoke("schema").output)["required"] == ["data"]
    assert "_AUTOML_COMPLETE" in invoke("completion", "bash").output

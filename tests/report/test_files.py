"""The files of a trial and of a study, as another program reads them."""

import dataclasses
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pandas
import pytest
from made_states import STARTED, made_state
from paper_trials import completed, failed, fold

from automl.explanation.study import explain_study
from automl.records.files import STUDY_FILE
from automl.report.files import write_study_files, write_trial_files
from automl.trial import Trial, TrialState

SVG = "<svg "


def paths(folder: Path) -> list[str]:
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if name != STUDY_FILE and not name.startswith("trials/"))


def write(trials: list[Trial], searched: list[str], folder: Path) -> Mapping[str, Path]:
    """The files of a study of these trials; the folder holds its study file, if it is there at all."""
    if folder.is_dir():
        (folder / STUDY_FILE).write_text("data: {sklearn: digits}\n")
    state = made_state(folder, trials, started=dataclasses.replace(STARTED, searched=tuple(searched)))
    return write_study_files(state, explain_study(state))


def test_the_files_of_a_trial(tmp_path: Path) -> None:
    folds = (fold(0, 1.0, (4.0, 2.0, 0.1), best_epoch=2), fold(1, 1.0, (1 / 3,), best_epoch=1))
    values = {"width": 64, "learning_rate": 1e-05, "activation": "relu", "normalize": True}
    write_trial_files(Trial(3, values, TrialState.COMPLETE, folds, 1234), tmp_path, drawn=True)
    assert paths(tmp_path) == ["figures/training_curves.svg", "history.csv", "trial.json"]
    assert (tmp_path / "figures/training_curves.svg").read_text().startswith(SVG)
    history = pandas.read_csv(tmp_path / "history.csv")
    assert history.to_dict("list") == {
        "fold": [0, 0, 0, 1],
        "epoch": [1, 2, 3, 1],
        "training_loss": [4.0, 2.0, 0.1, 1 / 3],
        "stopping_loss": [5.0, 3.0, 1.1, 1 / 3 + 1],
        "validation_loss": [6.0, 4.0, 2.1, 1 / 3 + 2],
        "kept": [False, True, False, True],
    }
    assert json.loads((tmp_path / "trial.json").read_text()) == {
        "trial": 3,
        "state": "complete",
        "reason": "",
        "capacity": 1234,
        "hyperparameters": values,
    }


def test_a_failed_trial_says_why(tmp_path: Path) -> None:
    write_trial_files(failed(5, "diverged: ∞", width=8), tmp_path, drawn=True)
    assert paths(tmp_path) == ["trial.json"]
    content = json.loads((tmp_path / "trial.json").read_text(encoding="utf-8"))
    assert content["reason"] == "diverged: ∞"
    assert (content["state"], content["capacity"], content["hyperparameters"]) == (
        "failed",
        None,
        {"width": 8},
    )


def test_a_failed_trial_keeps_the_curves_of_the_folds_before(tmp_path: Path) -> None:
    trial = Trial(0, {}, TrialState.FAILED, (fold(0, 1.0),), 10, reason="diverged in fold 1")
    write_trial_files(trial, tmp_path, drawn=True)
    assert paths(tmp_path) == ["figures/training_curves.svg", "history.csv", "trial.json"]
    assert len(pandas.read_csv(tmp_path / "history.csv")) == 2


def test_a_trial_that_is_not_drawn_has_its_numbers(tmp_path: Path) -> None:
    write_trial_files(completed(0, 1.0), tmp_path, drawn=False)
    assert paths(tmp_path) == ["history.csv", "trial.json"]


def test_writing_again_replaces_the_files(tmp_path: Path) -> None:
    write_trial_files(completed(0, 1.0), tmp_path, drawn=True)
    write_trial_files(completed(1, 1.0), tmp_path, drawn=True)
    assert json.loads((tmp_path / "trial.json").read_text())["trial"] == 1


def test_the_files_of_a_study(tmp_path: Path) -> None:
    trials = [completed(0, 3.0, 5.0, width=64), failed(1, width=8), completed(2, 1.0, 2.0, width=32)]
    files = write(trials, ["width"], tmp_path)
    assert {name: path.relative_to(tmp_path).as_posix() for name, path in files.items()} == {
        name: name for name in paths(tmp_path)
    }
    assert set(files) == {"leaderboard.csv", "figures/validation_loss_of_the_best.svg", "report.html"}
    assert files["figures/validation_loss_of_the_best.svg"].read_text().startswith(SVG)
    table = pandas.read_csv(files["leaderboard.csv"])
    assert table["trial"].tolist() == [2, 0, 1]
    assert table["log_loss"].tolist()[:2] == [1.5, 4.0]
    assert table["width"].tolist() == [32, 64, 8]
    assert table["reason"].tolist()[2] == "diverged in epoch 3"


def test_figures_of_sizes_are_there_where_sizes_differ_and_none_is_of_a_single_dot(tmp_path: Path) -> None:
    sizes = [completed(0, 3.0, 3.5, capacity=10), completed(1, 2.0, 2.5, capacity=20)]
    assert "figures/validation_curve_capacity.svg" in write(sizes, ["width"], tmp_path / "sizes")
    alone = write([completed(0, 1.0)], ["width"], tmp_path / "alone")
    assert not [name for name in alone if name.startswith("figures/")]


def test_a_trial_of_single_epochs_has_no_figure(tmp_path: Path) -> None:
    trial = Trial(0, {}, TrialState.COMPLETE, (fold(0, 1.0, (4.0,), best_epoch=1),), 10)
    write_trial_files(trial, tmp_path, drawn=True)
    assert paths(tmp_path) == ["history.csv", "trial.json"]


def test_the_picture_of_a_trial_says_what_its_dots_are(tmp_path: Path) -> None:
    write_trial_files(completed(0, 1.0), tmp_path, drawn=True)
    words = "".join(ElementTree.parse(tmp_path / "figures/training_curves.svg").getroot().itertext())
    assert "Dots are the epochs whose weights were kept" in words
    assert "Loss of trial 0 over epochs" in words


def test_a_study_of_failed_trials_has_a_table_and_no_figure(tmp_path: Path) -> None:
    files = write([failed(0)], ["width"], tmp_path)
    assert sorted(files) == paths(tmp_path) == ["leaderboard.csv", "report.html"]


def test_a_study_without_trials_has_no_files(tmp_path: Path) -> None:
    assert write([], [], tmp_path) == {}
    assert paths(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_an_error_of_the_system(tmp_path: Path) -> None:
    """The caller decides whether a study goes on without its files."""
    state = made_state(tmp_path / "gone", [completed(0, 1.0)])
    explanation = explain_study(state)
    shutil.rmtree(tmp_path / "gone")
    with pytest.raises(OSError, match="gone"):
        write_study_files(state, explanation)


def test_the_report_in_the_folder_says_how_far_the_run_has_come(tmp_path: Path) -> None:
    state = made_state(tmp_path, [completed(0, 1.0, 2.0)])
    write_study_files(state, explain_study(state, "stopped after 1 of 3 trials; no model was exported"))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Stopped after 1 of 3 trials; no model was exported." in page.partition("<h1>")[0]
    assert "The only trial that has ended, of 3 planned," in page

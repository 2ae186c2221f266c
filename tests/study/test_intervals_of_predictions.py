"""Prediction intervals and sets of classes of exported models, at every interface that gives them."""

import numpy
import pandas
import pytest
from click.testing import CliRunner

import automl
from automl.cli import cli
from automl.errors import DataError
from automl.serving.scoring import Scorer
from automl.study.exporting import export_trial

pytestmark = pytest.mark.usefixtures("without_page")

COMMON = {
    "splits": {"folds": 3, "test": 0.3},
    "space": {"depth": 1, "width": 8, "learning_rate": {"choice": [0.01, 0.02]}},
    "search": {"algorithm": "grid", "trials": 2, "pruner": "none"},
    "training": {"epochs": 25, "batch_size": 32},
    "baselines": False,
    "bias_variance": {"resamples": 0},
    "tracking": {"to": "none"},
}


def run(folder, name):
    content = {"name": name, "data": {"sklearn": name}} | COMMON
    return automl.run_study(automl.make_study(content), mlruns=folder)


@pytest.fixture(scope="module")
def regression(tmp_path_factory: pytest.TempPathFactory) -> automl.StudyResult:
    return run(tmp_path_factory.mktemp("runs"), "diabetes")


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> automl.StudyResult:
    return run(tmp_path_factory.mktemp("runs"), "wine")


def table(name):
    from sklearn.datasets import load_diabetes, load_wine

    return {"diabetes": load_diabetes, "wine": load_wine}[name](as_frame=True).frame


def test_an_interval_lies_evenly_about_the_prediction_and_grows_with_its_level(regression) -> None:
    rows = table("diabetes").drop(columns="target")
    narrow, wide = regression.predict(rows, interval=0.5), regression.predict(rows, interval=0.9)
    assert list(wide.columns) == ["prediction", "low", "high"]
    numpy.testing.assert_allclose(wide["prediction"], regression.predict(rows)["prediction"])
    numpy.testing.assert_allclose(wide["high"] - wide["prediction"], wide["prediction"] - wide["low"])
    assert (narrow["high"] - narrow["low"]).max() < (wide["high"] - wide["low"]).min()


def test_the_margin_is_the_error_out_of_fold_that_a_tenth_of_the_rows_exceeds(regression) -> None:
    out_of_fold = pandas.read_csv(regression.folder / "out_of_fold.csv.gz")
    errors = numpy.sort(numpy.abs(out_of_fold["target"] - out_of_fold["prediction"]))
    rank = int(numpy.ceil((len(errors) + 1) * 0.9))
    predicted = regression.predict(table("diabetes").drop(columns="target").head(3), interval=0.9)
    numpy.testing.assert_allclose(predicted["high"] - predicted["prediction"], errors[rank - 1], rtol=1e-4)


def test_about_nine_of_ten_rows_out_of_fold_have_their_class_in_their_set(classes) -> None:
    rows = table("wine").drop(columns="target")
    predicted = classes.predict(rows, interval=0.95)
    columns = [name for name in predicted.columns if name.startswith("in_set_")]
    assert columns == [f"in_set_class_{code}" for code in range(3)]
    probabilities = predicted[[f"probability_class_{code}" for code in range(3)]].to_numpy()
    sets = predicted[columns].to_numpy()
    assert sets.dtype == bool
    order = numpy.sort(numpy.where(sets, probabilities, numpy.nan), axis=1)
    smallest_in, largest_out = numpy.nanmin(order), numpy.where(sets, 0.0, probabilities).max()
    assert smallest_in >= largest_out - 1e-6, "one margin parts what is in a set from what is not"


def test_the_command_line_gives_the_same_interval(regression, tmp_path) -> None:
    rows = table("diabetes").drop(columns="target").head(5)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    done = CliRunner().invoke(
        cli,
        [
            *("predict", str(regression.model), str(tmp_path / "rows.csv")),
            *("--interval", "0.8", "--to", str(tmp_path / "said.csv")),
        ],
    )
    assert done.exit_code == 0, done.output
    printed = pandas.read_csv(tmp_path / "said.csv")
    expected = regression.predict(rows, interval=0.8)
    for name in ("prediction", "low", "high"):
        numpy.testing.assert_allclose(printed[name], expected[name], rtol=1e-5)


def test_another_trial_has_intervals_of_its_predictions(regression, tmp_path) -> None:
    number = 1 - regression.best.number
    export_trial(regression.folder, number, tmp_path / "other")
    rows = table("diabetes").drop(columns="target").head(5)
    predicted = Scorer(tmp_path / "other").predict(rows, 0.9)
    best = Scorer(regression.model).predict(rows, 0.9)
    assert (predicted["high"] - predicted["low"]).iloc[0] != pytest.approx(
        (best["high"] - best["low"]).iloc[0], rel=1e-6
    )


@pytest.mark.parametrize(
    ("level", "message"), [(90, "between 0 and 1"), (0.0, "between 0 and 1"), (0.999, "at most 0.995")]
)
def test_a_level_that_cannot_be_is_refused(regression, level, message) -> None:
    with pytest.raises(DataError, match=message):
        regression.predict(table("diabetes").drop(columns="target").head(2), interval=level)

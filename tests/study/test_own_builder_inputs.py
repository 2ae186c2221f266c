"""What a builder of the user's own is given: the numbers of the table as they are, or the standard encoding."""

import json
import re
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import sklearn.datasets

import automl
from automl.config.reading import load_study
from automl.errors import AutoMLError
from automl.networks import probe
from automl.serving.scoring import Scorer
from automl.study.opening import check_digests, digests_of
from automl.study.preparation import PreparedStudy, prepare_study
from automl.trial import Member

pytestmark = pytest.mark.usefixtures("without_page")

PAGE = Path(__file__).parents[2] / "docs" / "search_space.md"
ANY_WIDTH = """
import keras

def build(hp):
    return keras.Sequential([keras.layers.Dense(hp.Int("units", 2, 4)), keras.layers.Dense(1)])
"""
NUMBERS = pandas.DataFrame(
    {
        "a": numpy.arange(60) % 7,
        "zero": 0,
        "b": numpy.linspace(-5.0, 900.0, 60) ** 2,
        "y": numpy.arange(60) / 7,
    }
)


def study(folder: Path, code: str, **sections: Any) -> automl.StudyConfig:
    (folder / "net.py").write_text(code)
    network = {"builder": "net.py:build"} | sections.pop("network", {})
    content = {
        "name": "own",
        "data": {"frame": True, "target": "y"},
        "splits": {"folds": 2},
        "search": {"trials": 1, "algorithm": "random"},
        "training": {"epochs": 2},
        "bias_variance": {"resamples": 0},
        "baselines": False,
        "tracking": {"to": "none"},
        "network": network,
    }
    (folder / "own.yaml").write_text(json.dumps(content | sections, indent=1))
    return load_study(folder / "own.yaml")


def no_process(*_: object) -> None:
    raise OSError("no process for a network of this file")


def prepared(folder: Path, table: pandas.DataFrame, **sections: Any) -> PreparedStudy:
    """Built in this process, as where none can be started: a process of its own loads Keras for seconds."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(probe, "Child", no_process)
        return prepare_study(study(folder, ANY_WIDTH, **sections), table)


def inputs_of(study: PreparedStudy) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The inputs of a fold, and the numbers of the rows that they are made of."""
    view = study.plan.view(Member(0, 0, {"units": 2}, 0), study.splits.folds[0])
    return view.inputs, view.rows


def test_the_builder_of_the_page_on_search_spaces_reads_digits_as_images(
    tmp_path: Path, built_here: None
) -> None:
    [code] = [
        block for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S) if "def build" in block
    ]
    config = study(tmp_path, code, data={"sklearn": "digits"}, space={"blocks": 1, "filters": 8})
    result = automl.run_study(config, mlruns=tmp_path / "runs")
    assert result.best.capacity == 9 * 8 + 8 + 4 * 4 * 8 * 10 + 10
    table = sklearn.datasets.load_digits(as_frame=True).frame.drop(columns="target").head(40)
    predicted = Scorer(result.model).predict(table)
    assert predicted.filter(like="probability_").sum(axis=1).to_numpy() == pytest.approx(1.0, abs=1e-5)
    assert result.best.mean("accuracy") > 0.3  # of ten classes, after two epochs
    assert any("are the 64 numbers of a row, unchanged" in note for note in result.state.started.notes)


def test_numbers_without_gaps_are_given_as_they_are_and_constant_ones_too(tmp_path: Path) -> None:
    study = prepared(tmp_path, NUMBERS)
    inputs, rows = inputs_of(study)
    numpy.testing.assert_array_equal(inputs, NUMBERS[["a", "zero", "b"]].to_numpy("float32")[rows])
    assert study.dataset.feature_names == ("a", "zero", "b")


@pytest.mark.parametrize(
    ("column", "why"),
    [
        ({"c": ["u", "v", "w"] * 20}, "the column 'c' is categorical"),
        ({"b": [None, *range(59)]}, "the column 'b' has gaps"),
        ({"c": [f"2024-01-{day:02d}" for day in range(1, 31)] * 2}, "the column 'c' is date"),
    ],
)
def test_other_columns_are_given_in_the_standard_encoding_and_raw_refuses_them(
    tmp_path: Path, column: dict[str, Any], why: str
) -> None:
    table = NUMBERS.assign(**column)
    study = prepared(tmp_path, table)
    inputs, _ = inputs_of(study)
    assert inputs[:, 0].std() == pytest.approx(1.0, abs=0.2) and (inputs[:, 1] == 0.0).all()
    assert any("because not all columns are numbers without gaps" in note for note in study.notes)
    with pytest.raises(
        AutoMLError, match=rf"own.yaml:\d+: `network.inputs` must be standard here: {why}, got 'raw'"
    ):
        prepared(tmp_path, table, network={"inputs": "raw"})


def test_the_standard_encoding_can_be_asked_for(tmp_path: Path) -> None:
    study = prepared(tmp_path, NUMBERS, network={"inputs": "standard"})
    assert inputs_of(study)[0].max() < 5.0
    searched = prepared(tmp_path, NUMBERS, space={"numeric_encoding": "quantile"})
    assert searched.encoding == "standard"
    with pytest.raises(AutoMLError, match="`space` names a `numeric_encoding`"):
        prepared(tmp_path, NUMBERS, network={"inputs": "raw"}, space={"numeric_encoding": "quantile"})


def test_perceptrons_leave_constant_columns_out(tmp_path: Path) -> None:
    config = automl.make_study({"name": "p", "data": {"frame": True, "target": "y"}})
    study = prepare_study(config, NUMBERS)
    assert study.dataset.feature_names == ("a", "b") and study.encoding == "standard"


def test_a_run_under_another_encoding_does_not_go_on(tmp_path: Path) -> None:
    study = prepared(tmp_path, NUMBERS)
    before = {name: digest for name, digest in digests_of(study).items() if name != "inputs"}
    with pytest.raises(
        AutoMLError, match="the inputs of the network were standard when the study ran, and are raw"
    ):
        check_digests(study, before)
    check_digests(study, digests_of(study))

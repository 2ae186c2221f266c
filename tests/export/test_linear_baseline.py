"""The linear baseline as a SavedModel: raw rows in, the numbers of scikit-learn out."""

import json
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from click.testing import CliRunner
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression, QuantileRegressor, Ridge
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import automl
from automl.cli import cli
from automl.config.reading import make_study
from automl.export.saved_model import ModelCard, save_model
from automl.serving.scoring import Scorer
from automl.study.preparation import prepare_study
from automl.training.baselines.linear_network import linear_network

pytestmark = pytest.mark.usefixtures("without_page")


def table(target: str, num_rows: int = 400) -> pandas.DataFrame:
    generator = numpy.random.default_rng(5)
    frame = pandas.DataFrame(generator.normal(2.0e3, 3.0, (num_rows, 2)), columns=["size (m)", "größe"])
    frame["town"] = generator.choice(["Ulm", "Köln", "Bonn"], num_rows)
    signal = frame["size (m)"] - 2.0e3 + 4.0 * (frame["town"] == "Ulm") + generator.normal(size=num_rows)
    frame["y"] = {
        "number": 1.0e6 + 3.0e4 * signal,
        "two": numpy.where(signal > 3.0, "yes", "no"),
        "three": numpy.select([signal > 3.0, signal > 0.0], ["high", "middle"], "low"),
    }[target]
    return frame


def study_of(objective: str, **sections: Any) -> dict[str, Any]:
    return {"name": "m", "data": {"frame": True, "target": "y"}, "objective": objective} | sections


@pytest.mark.parametrize(
    ("target", "objective", "model"),
    [
        ("number", "rmse", Ridge()),
        ("number", "pinball_90", QuantileRegressor(quantile=0.9, alpha=1e-3)),
        ("two", "log_loss", LogisticRegression(max_iter=300)),
        ("three", "log_loss", LogisticRegression(max_iter=300)),
    ],
)
def test_it_answers_as_scikit_learn(tmp_path: Path, target: str, objective: str, model: Any) -> None:
    """Against scikit-learn's own way from raw rows, and to 1e-5 against the very model that was fitted."""
    frame = table(target)
    prepared = prepare_study(make_study(study_of(objective)), frame)
    rows, dataset = prepared.splits.training, prepared.dataset
    network, fitted = linear_network(dataset, prepared.layout, rows, prepared.metric.level)
    card = ModelCard("m", None, 0, len(rows), {}, baseline="linear")
    save_model(network, dataset, card, tmp_path / "model")
    answer = Scorer(tmp_path / "model").predict(frame.drop(columns="y"))
    numbers, text = ["size (m)", "größe"], ["town"]
    inputs = ColumnTransformer([("n", StandardScaler(), numbers), ("t", OneHotEncoder(), text)])
    plain = make_pipeline(inputs, model).fit(frame.iloc[rows][[*numbers, *text]], frame["y"].iloc[rows])
    expected = fitted.predict(dataset.columns)
    if target == "number":
        numpy.testing.assert_allclose(answer["prediction"], expected, rtol=1e-5)
        numpy.testing.assert_allclose(answer["prediction"], plain.predict(frame), rtol=1e-3)
        return
    columns = [f"probability_{name}" for name in dataset.classes]
    numpy.testing.assert_allclose(answer[columns], expected, atol=1e-5)
    order = [list(plain.classes_).index(name) for name in dataset.classes]
    numpy.testing.assert_allclose(answer[columns], plain.predict_proba(frame)[:, order], atol=5e-3)
    assert (answer["prediction"] == plain.predict(frame)).mean() > 0.99


def test_a_class_that_is_not_among_the_rows_has_no_probability(tmp_path: Path) -> None:
    frame = table("three")
    prepared = prepare_study(make_study(study_of("log_loss")), frame)
    dataset = prepared.dataset
    rows = numpy.flatnonzero(dataset.target != 1)
    network, fitted = linear_network(dataset, prepared.layout, rows)
    numpy.testing.assert_allclose(
        network.predict(dataset.columns), fitted.predict(dataset.columns), atol=1e-5
    )
    assert (network.predict(dataset.columns)[:, 1] == 0.0).all()


def test_the_command_writes_it_with_its_threshold_and_its_score(tmp_path: Path) -> None:
    frame = table("two", 200)
    frame["y"] = numpy.where(frame["size (m)"] > 2003.0, "yes", "no")
    frame.to_csv(tmp_path / "table.csv", index=False)
    content = study_of(
        "f1",
        data={"path": str(tmp_path / "table.csv"), "target": "y"},
        splits={"folds": 3},
        space={"depth": 1, "width": 2},
        search={"trials": 1, "algorithm": "random"},
        training={"epochs": 1},
        bias_variance={"resamples": 0},
        tracking={"to": "none"},
    )
    result = automl.run_study(make_study(content), mlruns=tmp_path / "mlruns")
    linear = result.verdict.contender("linear")
    assert linear is not None and linear.low < linear.score < linear.high
    folder = str(result.folder)
    wrong = CliRunner().invoke(cli, ["export", folder, "--to", "x", "--baseline", "linear", "--trial", "0"])
    assert "--trial, --smallest and --baseline exclude each other" in wrong.output
    to = tmp_path / "linear"
    command = [
        "export",
        folder,
        "--to",
        str(to),
        "--baseline",
        "linear",
        "--mlruns",
        str(tmp_path / "mlruns"),
    ]
    outcome = CliRunner().invoke(cli, command, catch_exceptions=False)
    assert outcome.output == f"the linear model is in {to}. Next: automl predict {to} rows.csv\n"
    contract = json.loads((to / "model.json").read_text())
    assert (contract["trial"], contract["baseline"], contract["hyperparameters"]) == (None, "linear", {})
    assert list(contract["scores"]) == ["f1: cross-validation"]
    assert (to / "model_card.md").read_text().startswith("# m: linear baseline\n")
    predicted = Scorer(to).predict(frame.drop(columns="y"))
    at = numpy.where(predicted["probability_yes"] >= contract["threshold"], "yes", "no")
    assert (predicted["prediction"] == at).all()
    assert f1_score(frame["y"], at, pos_label="yes") > 0.8

"""Studies that export an ensemble: its model, its scores, what is said, and what is done where there can be none."""

import json
from dataclasses import replace

import numpy
import pandas
import pytest
from sklearn.metrics import f1_score, log_loss
from small_studies import prepared_with

import automl
from automl.ensembles.correction import FEWEST_RESAMPLES
from automl.ensembles.selection import blend
from automl.ensembles.sharing import MOST_NETWORKS
from automl.ensembles.temperature import Tempered, at_temperature
from automl.evaluation.conformal import margins_of
from automl.evaluation.out_of_fold import unpacked
from automl.export.saved_model import ModelCard, save_model
from automl.records.files import read_predictions
from automl.records.finding import read_run
from automl.serving.scoring import Scorer
from automl.study import ensemble_judging
from automl.study.ensemble_networks import averaged_of, fold_networks
from automl.study.exporting import export_trial
from automl.study.preparation import prepare_study
from automl.tracking.mlflow.registry import locked_score_of
from automl.training.engine import Watch

pytestmark = pytest.mark.usefixtures("without_page")

STUDY = {
    "name": "several",
    "data": {"frame": True, "target": "y", "weights": "count"},
    "objective": "f1_macro",
    "ensemble": "greedy",
    "splits": {"folds": 3},
    "space": {"depth": 1, "width": 6, "learning_rate": {"choice": [0.01, 0.02, 0.03]}},
    "search": {"algorithm": "grid", "trials": 3, "minutes": None, "pruner": "none"},
    "training": {"epochs": 6, "batch_size": 32},
    "baselines": False,
    "bias_variance": {"resamples": 0},
    "tracking": {"to": "none"},
    "budget": {"minutes": None},
}
ALWAYS = Watch(lambda progress: None, lambda: True)


def frame() -> pandas.DataFrame:
    generator = numpy.random.default_rng(1)
    table = pandas.DataFrame(generator.normal(size=(300, 2)), columns=["a", "b"])
    table["c"] = generator.choice(["x", "y"], 300)
    table.loc[::7, "a"] = numpy.nan
    odds = 1.6 * table["b"] - 1.6
    table["y"] = numpy.where(generator.random(300) < 1.0 / (1.0 + numpy.exp(-odds)), "rare", "common")
    table["count"] = generator.integers(1, 4, 300)
    return table


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> automl.StudyResult:
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patched:  # each resample chooses anew, forty times among three
        patched.setattr("automl.ensembles.correction.MOST_RESAMPLES", FEWEST_RESAMPLES)
        return automl.run_study(automl.make_study(STUDY), mlruns=folder, table=frame())


def test_the_recorded_weights_are_a_choice_among_the_trials(ended) -> None:
    weights = ended.state.verdict.ensemble
    assert sum(weights.values()) == pytest.approx(1.0)
    assert {int(trial) for trial in weights} <= {trial.number for trial in ended.trials}
    assert ended.state.exported.ensemble
    assert ended.state.exported.trial == ended.best.number


def test_the_cross_validated_score_is_that_of_the_blend_of_what_was_recorded(ended) -> None:
    verdict = ended.state.verdict
    weights = {int(trial): weight for trial, weight in verdict.ensemble.items()}
    predictions = {trial: unpacked(read_predictions(ended.folder, trial), 2, 1) for trial in weights}
    rare = blend(predictions, weights)[0, :, 1] >= verdict.ensemble_threshold
    prepared = prepare_study(automl.make_study(STUDY), frame())
    rows = numpy.sort(numpy.concatenate([fold.validation for fold in prepared.splits.folds]))
    scores, counts = [], []
    for fold in prepared.splits.folds:
        places = numpy.searchsorted(rows, fold.validation)
        target, weights_of_rows = (
            prepared.dataset.target[fold.validation],
            prepared.dataset.weights[fold.validation],
        )
        scores.append(f1_score(target, rare[places], average="macro", sample_weight=weights_of_rows))
        counts.append(weights_of_rows.mean())
    assert verdict.ensemble_score == pytest.approx(numpy.average(scores, weights=counts), abs=1e-6)


def test_the_exported_model_has_the_test_score_that_was_recorded(ended) -> None:
    table, [test] = frame(), ended.state.tests
    prepared = prepare_study(automl.make_study(STUDY), table)
    rows = table.iloc[prepared.splits.test]
    labels = Scorer(ended.model).predict(rows)["prediction"]
    expected = f1_score(rows["y"], labels, average="macro", sample_weight=rows["count"])
    assert test.ensemble_scores["f1_macro"] == pytest.approx(expected, abs=1e-6)
    assert ended.state.verdict.ensemble_test[0] == pytest.approx(expected, abs=1e-6)
    assert locked_score_of(ended.state, ended.best.number).value == pytest.approx(expected, abs=1e-6)


def test_members_score_latency_and_size_are_told(ended) -> None:
    figures = dict(ended.state.verdict.rows)
    [name] = [name for name in figures if "locked test" in name and name.startswith("ensemble of")]
    assert f"{MOST_NETWORKS} networks" in name
    assert figures["time for one row: ensemble and single network"].count(" ms") == 2
    assert figures["size: ensemble and single network"].count(" MB") == 2
    sentences = " ".join(ended.state.verdict.sentences)
    assert all(
        f"{trial} (" in sentences or f"trial {trial}" in sentences for trial in ended.state.verdict.ensemble
    )
    assert "trained again" not in sentences  # the scores are the recorded ones
    assert "ensemble" in (ended.model / "model_card.md").read_text()


def test_export_gives_the_ensemble_and_by_number_one_network(ended, tmp_path) -> None:
    rows = frame().head(20)
    export_trial(ended.folder, None, tmp_path / "whole", frame())
    export_trial(ended.folder, ended.best.number, tmp_path / "one", frame())
    whole, single, concluded = (
        Scorer(folder).predict(rows)["probability_rare"]
        for folder in (tmp_path / "whole", tmp_path / "one", ended.model)
    )
    assert whole.tolist() == concluded.tolist()
    assert numpy.abs(single - concluded).max() > 1e-3


def test_the_record_tells_all_of_it_again(ended) -> None:
    again = read_run(ended.folder)
    assert again.verdict == ended.state.verdict
    assert again.tests == ended.state.tests
    assert again.exported == ended.state.exported


def test_networks_of_several_encodings_and_a_logarithm_are_one_saved_model(tmp_path) -> None:
    """`save_model` compares what it has written with the mean that Python takes."""
    prepared = prepared_with(
        data={"sklearn": "diabetes"}, space={"depth": 1, "width": 4}, training={"epochs": 2, "batch_size": 64}
    )
    values = {
        0: {"numeric_encoding": "standard", "target_transform": "log"},
        1: {"numeric_encoding": "quantile", "target_transform": "none"},
    }
    trials = {number: prepared.space.initial() | changes for number, changes in values.items()}
    networks = fold_networks(prepared.make_engine(), prepared, trials, ALWAYS)
    averaged = averaged_of(networks, {0: 0.25, 1: 0.75}, trials)
    card = ModelCard("s", None, 2, 10, {}, baseline="several")
    save_model(averaged, prepared.dataset, card, tmp_path / "model", prepared.builder)
    rows = numpy.arange(9)
    columns = prepared.dataset.columns.take(rows)
    expected = sum(
        weight * network.predict(columns) / 3
        for trial, weight in ((0, 0.25), (1, 0.75))
        for network in networks[trial]
    )
    predicted = Scorer(tmp_path / "model").predict(prepared.dataset.frame(rows))["prediction"]
    numpy.testing.assert_allclose(predicted, expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["breast_cancer", "wine"])
def test_the_saved_model_has_the_temperature(tmp_path, name) -> None:
    prepared = prepared_with(
        data={"sklearn": name},
        space={"depth": 1, "width": 4},
        training={"epochs": 2, "batch_size": 64},
        splits={"folds": 2},
    )
    trials = {0: prepared.space.initial()}
    networks = fold_networks(prepared.make_engine(), prepared, trials, ALWAYS)
    plain = averaged_of(networks, {0: 1.0}, trials)
    averaged = replace(plain, temperature=0.6)
    card = ModelCard("s", None, 2, 10, {}, baseline="several")
    save_model(averaged, prepared.dataset, card, tmp_path / "model", prepared.builder)
    rows = numpy.arange(20)
    columns = prepared.dataset.columns.take(rows)
    powers = plain.predict(columns) ** (1.0 / 0.6)
    expected = powers / powers.sum(axis=1, keepdims=True)
    predicted = Scorer(tmp_path / "model").predict(prepared.dataset.frame(rows))
    numpy.testing.assert_allclose(predicted.drop(columns="prediction"), expected, atol=1e-5)
    assert numpy.abs(expected - plain.predict(columns)).max() > 1e-3


def test_an_ensemble_for_the_log_loss_has_its_temperature_everywhere(tmp_path, monkeypatch) -> None:
    """In the score, the locked test, the exported model and what is said; a stand-in has found it."""

    def constant_temperature(rows, probabilities) -> Tempered:
        return Tempered(0.5, at_temperature(probabilities, 0.5))

    monkeypatch.setattr(ensemble_judging, "tempered", constant_temperature)
    study = automl.make_study(STUDY | {"objective": "log_loss"})
    ended = automl.run_study(study, mlruns=tmp_path, table=frame())
    verdict = ended.state.verdict
    assert len(verdict.ensemble) > 1 and verdict.ensemble_temperature == 0.5
    assert "more certain than that average, by a temperature of 0.5" in " ".join(verdict.sentences)
    prepared = prepare_study(study, frame())
    rows = frame().iloc[prepared.splits.test]
    probabilities = Scorer(ended.model).predict(rows)["probability_rare"]
    expected = log_loss(rows["y"] == "rare", probabilities, sample_weight=rows["count"])
    assert verdict.ensemble_test[0] == pytest.approx(expected, abs=1e-5)
    weights = {int(trial): weight for trial, weight in verdict.ensemble.items()}
    predictions = {trial: unpacked(read_predictions(ended.folder, trial), 2, 1) for trial in weights}
    margins = margins_of(
        prepared.dataset.target[prepared.out_of_fold.rows], at_temperature(blend(predictions, weights), 0.5)
    )
    assert json.loads((ended.model / "model.json").read_text())["margins"]["values"] == pytest.approx(margins)

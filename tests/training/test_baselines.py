"""Baselines on the study's folds, against scikit-learn by hand."""

import dataclasses

import numpy
import pytest
from populations import study
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, root_mean_squared_error
from sklearn.preprocessing import StandardScaler

from automl.evaluation.metrics import METRICS
from automl.training import baselines
from automl.training.baselines import BASELINES, run_baseline


def run(name, prepared, metric):
    return run_baseline(name, prepared.dataset, prepared.layout, prepared.splits.folds, METRICS[metric])


@pytest.mark.parametrize(
    ("name", "model"), [("constant", DummyClassifier()), ("linear", LogisticRegression(max_iter=300))]
)
def test_classes(name, model):
    prepared = study(data="wine")
    features, target = prepared.dataset.columns.numbers, prepared.dataset.target
    expected = []
    for fold in prepared.splits.folds:
        rows = numpy.union1d(fold.fit, fold.stopping)
        scaler = StandardScaler().fit(features[rows])
        model.fit(scaler.transform(features[rows]), target[rows])
        probabilities = model.predict_proba(scaler.transform(features[fold.validation]))
        expected.append(log_loss(target[fold.validation], probabilities))
    found = run(name, prepared, "log_loss")
    assert found.scores == pytest.approx(expected, rel=1e-3)
    assert found.losses == pytest.approx(found.scores), "the objective is the loss itself"
    other = run(name, prepared, "accuracy")
    assert other.losses == found.losses, "whatever the objective is"
    for fold, prediction in zip(prepared.splits.folds, other.predictions, strict=True):
        assert prediction.shape == (len(fold.validation), 3)


def test_gradient_boosting_of_numbers():
    prepared = study(data="diabetes")
    features, target = prepared.dataset.columns.numbers, prepared.dataset.target
    expected = []
    for number, fold in enumerate(prepared.splits.folds):
        rows = numpy.union1d(fold.fit, fold.stopping)
        model = HistGradientBoostingRegressor(random_state=number).fit(features[rows], target[rows])
        expected.append(
            root_mean_squared_error(target[fold.validation], model.predict(features[fold.validation]))
        )
    found = run("gradient boosting", prepared, "rmse")
    assert found.scores == pytest.approx(expected, rel=1e-6)
    assert found.losses == pytest.approx([score**2 for score in expected], rel=1e-6)


def test_a_slow_baseline_is_fitted_on_the_first_folds_only(monkeypatch):
    prepared = study(data="wine")
    whole = run("constant", prepared, "accuracy")
    monkeypatch.setattr(baselines, "MOST_SECONDS", -1.0)
    first = run("constant", prepared, "accuracy")
    assert (first.scores, first.losses) == (whole.scores[:1], whole.losses[:1])
    assert len(first.predictions) == 1


def test_the_labels_of_validation_rows_change_no_model():
    """Scored against constant labels, predictions are the same: nothing was learned from what they score."""
    prepared = study(data="diabetes")
    fold = prepared.splits.folds[0]
    for name in BASELINES:
        first = run(name, prepared, "mae").scores[0]
        target = prepared.dataset.target.copy()
        target[fold.validation] += 1000.0
        other = dataclasses.replace(prepared, dataset=dataclasses.replace(prepared.dataset, target=target))
        # every error of a prediction that has not moved grows by the same thousand
        found = run_baseline(name, other.dataset, other.layout, other.splits.folds[:1], METRICS["mae"])
        [errors] = found.scores
        assert 1000.0 - first <= errors <= 1000.0 + first

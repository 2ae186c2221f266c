"""Baselines on the study's folds, against scikit-learn by hand."""

import dataclasses
import itertools

import numpy
import pandas
import pytest
from populations import study
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, root_mean_squared_error
from sklearn.preprocessing import StandardScaler

from automl.config.reading import make_study
from automl.evaluation.metrics import METRICS
from automl.study.preparation import prepare_study
from automl.training.baselines import baselines
from automl.training.baselines.baselines import BASELINES, run_baseline
from automl.training.baselines.boosting import SETTINGS
from automl.training.baselines.fitted import fit_baseline


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
    baseline = run(name, prepared, "log_loss")
    assert baseline.scores == pytest.approx(expected, rel=1e-3)
    assert baseline.losses == pytest.approx(baseline.scores), "the objective is the loss itself"
    by_accuracy = run(name, prepared, "accuracy")
    assert by_accuracy.losses == baseline.losses, "whatever the objective is"
    for fold, prediction in zip(prepared.splits.folds, by_accuracy.predictions, strict=True):
        assert prediction.shape == (len(fold.validation), 3)


def test_gradient_boosting_of_numbers_has_its_default_setting_first(monkeypatch):
    monkeypatch.setattr(baselines, "_MOST_TO_TUNE", 0)
    prepared = study(data="diabetes")
    features, target = prepared.dataset.columns.numbers, prepared.dataset.target
    expected = []
    for number, fold in enumerate(prepared.splits.folds):
        rows = numpy.union1d(fold.fit, fold.stopping)
        model = HistGradientBoostingRegressor(random_state=number).fit(features[rows], target[rows])
        expected.append(
            root_mean_squared_error(target[fold.validation], model.predict(features[fold.validation]))
        )
    baseline = run("gradient boosting", prepared, "rmse")
    assert baseline.scores == pytest.approx(expected, rel=1e-6)
    assert baseline.losses == pytest.approx([score**2 for score in expected], rel=1e-6)
    assert baseline.settings == ("default",) * len(prepared.splits.folds)


def test_the_setting_of_a_fold_is_the_one_of_the_least_loss_on_its_stopping_rows():
    """By hand: trees are added to the fit rows alone, and the losses are those of staged predictions."""
    prepared = study(data="diabetes")
    features, target = prepared.dataset.columns.numbers, prepared.dataset.target
    baseline = run("gradient boosting", prepared, "rmse")
    for number, fold in enumerate(prepared.splits.folds):
        losses = {}
        for name, values in SETTINGS.items():
            model = HistGradientBoostingRegressor(random_state=number, early_stopping=False, **values)
            model.fit(features[fold.fit], target[fold.fit])
            staged = model.staged_predict(features[fold.stopping])
            losses[name] = [
                numpy.mean((target[fold.stopping] - staged_values) ** 2) for staged_values in staged
            ]
        best = min(losses, key=lambda name: min(losses[name]))
        assert baseline.settings[number] == best
        rows = numpy.union1d(fold.fit, fold.stopping)
        values = SETTINGS[best] | {"max_iter": int(numpy.argmin(losses[best])) + 1, "early_stopping": False}
        model = HistGradientBoostingRegressor(random_state=number, **values).fit(features[rows], target[rows])
        expected = model.predict(features[fold.validation])
        numpy.testing.assert_allclose(baseline.predictions[number], expected, rtol=1e-6)


def noise(num_rows=300):
    """A table of which nothing can be learned."""
    generator = numpy.random.default_rng(3)
    frame = pandas.DataFrame(generator.normal(size=(num_rows, 6)), columns=list("abcdef"))
    frame["y"] = generator.integers(0, 2, num_rows).astype(str)
    return frame


def test_a_default_that_is_worse_than_a_constant_gives_way(monkeypatch):
    prepared = prepare_study(make_study({"name": "n", "data": {"frame": True, "target": "y"}}), noise())
    constant, chosen = (
        numpy.mean(run(name, prepared, "log_loss").scores) for name in ("constant", "gradient boosting")
    )
    monkeypatch.setattr(baselines, "_MOST_TO_TUNE", 0)
    default = numpy.mean(run("gradient boosting", prepared, "log_loss").scores)
    assert default > constant + 0.2
    assert chosen < constant + 0.05


def test_where_validation_rows_stop_the_networks_they_choose_no_setting():
    """Of equal labels everywhere else, those of the validation rows change no prediction."""
    content = {"name": "n", "data": {"frame": True, "target": "y"}, "splits": {"stop_on": "validation"}}
    prepared = prepare_study(make_study(content), noise())
    folds = prepared.splits.folds[:1]
    assert numpy.array_equal(folds[0].stopping, folds[0].validation)
    predictions = []
    for flipped in (False, True):
        target = prepared.dataset.target.copy()
        if flipped:
            target[folds[0].validation] = 1 - target[folds[0].validation]
        dataset = dataclasses.replace(prepared.dataset, target=target)
        baseline = run_baseline("gradient boosting", dataset, prepared.layout, folds, METRICS["log_loss"])
        predictions.append(baseline.predictions[0])
    numpy.testing.assert_array_equal(*predictions)


def test_settings_that_would_take_too_long_are_not_tried(monkeypatch):
    """A clock that moves a second with each fit: the default takes all folds, and the choice stops in time."""
    prepared = study(data="wine")
    clock = [0.0]
    fit = baselines.fit_baseline

    def timed(model, *arguments):
        """With three trees, for the clock is all that counts."""
        clock[0] += 1.0
        return fit(model.set_params(max_iter=3), *arguments)

    monkeypatch.setattr(baselines, "fit_baseline", timed)
    monkeypatch.setattr(baselines.time, "monotonic", lambda: clock[0])
    folds = len(prepared.splits.folds)
    for cost, seconds, expected in ((15.0, 14.0, 0.0), (15.0, 16.0, 5.0 * folds), (1.0, 6.0, 5.0)):
        monkeypatch.setattr(baselines, "COST", cost)
        clock[0] = 0.0
        baseline = run_baseline(
            "gradient boosting",
            prepared.dataset,
            prepared.layout,
            prepared.splits.folds,
            METRICS["log_loss"],
            folds + seconds,
        )
        assert len(baseline.scores) == folds
        assert clock[0] - folds == expected  # five fits of a fold: four that choose, one of the chosen


@pytest.mark.parametrize(("most", "fits_a_fold"), [(200_000, 6), (100, 1)])
def test_without_a_limit_of_time_no_clock_decides(monkeypatch, most, fits_a_fold):
    """An hour passes at every look at the clock; the size of the table says whether settings are chosen."""
    prepared, fit, fitted = study(data="wine"), baselines.fit_baseline, list[object]()

    def counted(model, *arguments):
        fitted.append(model)
        return fit(model.set_params(max_iter=3), *arguments)

    hours = itertools.count(0.0, 3600.0)
    monkeypatch.setattr(baselines, "fit_baseline", counted)
    monkeypatch.setattr(baselines.time, "monotonic", lambda: next(hours))
    monkeypatch.setattr(baselines, "_MOST_TO_TUNE", most)
    result = run("gradient boosting", prepared, "log_loss")
    assert len(result.scores) == len(prepared.splits.folds)
    assert len(fitted) == fits_a_fold * len(
        result.scores
    )  # the default; four that choose, and the chosen one


def test_a_slow_baseline_is_fitted_on_the_first_folds_only():
    prepared = study(data="wine")
    whole = run("constant", prepared, "accuracy")
    first = run_baseline(
        "constant",
        prepared.dataset,
        prepared.layout,
        prepared.splits.folds,
        METRICS["accuracy"],
        seconds=-1.0,
    )
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
        changed = dataclasses.replace(prepared, dataset=dataclasses.replace(prepared.dataset, target=target))
        # every error of a prediction that has not moved grows by the same thousand
        baseline = run_baseline(
            name, changed.dataset, changed.layout, changed.splits.folds[:1], METRICS["mae"]
        )
        [errors] = baseline.scores
        assert 1000.0 - first <= errors <= 1000.0 + first


@pytest.mark.parametrize(
    "kind", ["boosting of even rows", "of rows that count twice", "of a quantile", "linear"]
)
def test_boosted_trees_are_given_weights_where_these_say_something(kind):
    """Each with a stand-in that keeps what it is fitted with."""
    prepared = study(data="diabetes")
    dataset, rows = prepared.dataset, prepared.splits.folds[0].fit
    if kind == "of rows that count twice":
        dataset = dataclasses.replace(
            dataset, weights=numpy.where(numpy.arange(len(dataset.weights)) < 50, 2.0, 1.0)
        )
    passed = {}

    class Model:
        def get_params(self):
            return {"loss": "quantile" if kind == "of a quantile" else "squared_error"}

        def fit(self, features, target, **options):
            passed.update(options)

    stopping = prepared.splits.folds[0].stopping
    fit_baseline(Model(), kind != "linear", dataset, prepared.layout, rows, stopping)
    names = {"X_val", "y_val"}
    assert set(passed) == (
        names if kind == "boosting of even rows" else {*names, "sample_weight", "sample_weight_val"}
    )
    if "sample_weight" in passed:
        numpy.testing.assert_array_equal(passed["sample_weight"], dataset.weights[rows])

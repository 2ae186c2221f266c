"""Objectives that are the loss of a quantile: networks, baselines and constants learn that quantile, not the mean."""

from typing import Any

import numpy
import pandas
import pytest
import threadpoolctl
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import QuantileRegressor
from sklearn.metrics import mean_pinball_loss
from sklearn.preprocessing import StandardScaler

from automl.config.reading import make_study
from automl.errors import StudyFileError
from automl.evaluation.metrics import METRICS, quantile_loss
from automl.explanation.diagnosis import diagnose
from automl.explanation.evidence import Evidence
from automl.study.analyses.bias_variance import design_analysis
from automl.study.opening import _constant
from automl.study.preparation import PreparedStudy, prepare_study
from automl.training.baselines import baselines
from automl.training.baselines.baselines import run_baseline
from automl.training.engine import Watch
from automl.training.members import plan_members
from automl.trial import Trial

WATCH = Watch(lambda _: None, lambda: True)
LEVELS = {"pinball_10": 0.1, "pinball_90": 0.9}
NORMAL = 1.2815515655446004
"""The 90 % point of the standard normal distribution."""


def table(log: bool, num_rows: int) -> pandas.DataFrame:
    """Prices around 5,000 + 100 x with a normal spread of 100 (1 + x / 2); of their logarithm where that is asked."""
    generator = numpy.random.default_rng(0)
    x = generator.uniform(0.0, 2.0, num_rows)
    y = x + (1.0 + x / 2.0) * generator.normal(size=len(x))
    return pandas.DataFrame({"x": x, "y": numpy.exp(0.4 * y) if log else 5000.0 + 100.0 * y})


def prepared_with(
    objective: str, log: bool = False, engine: str = "population", num_rows: int = 3000, **training: Any
) -> PreparedStudy:
    content = {
        "name": "s",
        "data": {"frame": True, "target": "y"},
        "splits": {"folds": 2, "test": 0},
        "objective": objective,
        "space": {"depth": 0, "learning_rate": 0.02, "target_transform": "log" if log else "none"},
        "training": {"epochs": 40, "batch_size": 64, "engine": engine} | training,
    }
    return prepare_study(make_study(content), table(log, num_rows))


def trained(prepared: PreparedStudy) -> Trial:
    [trial] = list(
        prepared.make_engine().train([plan_members(0, dict(prepared.space.initial()), 2, 0)], WATCH)
    )
    return trial


def covered(prepared: PreparedStudy, trial: Trial) -> float:
    """Share of the validation rows of all folds that lie below what was predicted for them."""
    target = prepared.dataset.target
    below = [
        target[fold.validation] <= result.predictions
        for fold, result in zip(prepared.splits.folds, trial.folds, strict=True)
    ]
    return float(numpy.concatenate(below).mean())


@pytest.mark.parametrize("objective", LEVELS)
@pytest.mark.parametrize("engine", ["population", "sequential"])
def test_a_network_learns_the_quantile_of_the_raw_target(objective: str, engine: str) -> None:
    """Three errors of 3,000 rows that are counted and 1,275 that are learned from are 3 %; a mean covered a half."""
    prepared = prepared_with(objective, engine=engine)
    trial = trained(prepared)
    assert covered(prepared, trial) == pytest.approx(LEVELS[objective], abs=0.03)
    sign = 1.0 if objective == "pinball_90" else -1.0
    for fold, result in zip(prepared.splits.folds, trial.folds, strict=True):
        x = prepared.dataset.columns.numbers[fold.validation, 0]
        truth = 5000.0 + 100.0 * (x + sign * NORMAL * (1.0 + x / 2.0))
        # the mean is 192 away; the error of a quantile of 1,275 rows is 10 at the ends of x, and training stops early
        assert numpy.abs(result.predictions - truth).mean() < 50.0


def test_both_engines_learn_the_same_quantile() -> None:
    population, sequential = (
        trained(prepared_with("pinball_90", engine=name)) for name in ("population", "sequential")
    )
    for actual, expected in zip(population.folds, sequential.folds, strict=True):
        assert actual.best_epoch == expected.best_epoch
        assert actual.training_loss == pytest.approx(expected.training_loss, rel=1e-4)
        assert actual.scores["pinball_90"] == pytest.approx(expected.scores["pinball_90"], rel=1e-4)


def test_a_quantile_survives_the_logarithm_of_the_target() -> None:
    prepared = prepared_with("pinball_90", log=True)
    assert covered(prepared, trained(prepared)) == pytest.approx(0.9, abs=0.03)


def test_the_loss_of_a_quantile_can_be_asked_for_under_another_objective() -> None:
    prepared = prepared_with("mae", loss="pinball_10")
    assert prepared.plan.loss == "pinball_10"
    assert covered(prepared, trained(prepared)) == pytest.approx(0.1, abs=0.03)
    assert prepared_with("rmse").plan.loss == "mse"


def test_networks_of_a_mean_are_not_ranked_by_the_loss_of_a_quantile() -> None:
    with pytest.raises(
        StudyFileError, match=r"`training.loss` must be 'pinball_90' or 'auto' for the objective"
    ):
        prepared_with("pinball_90", loss="mse")


@pytest.mark.parametrize("objective", LEVELS)
def test_baselines_are_fitted_by_the_same_loss(objective: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared, level = prepared_with(objective, num_rows=300), LEVELS[objective]
    monkeypatch.setattr(baselines, "_MOST_TO_TUNE", 0)  # default settings
    features, target = prepared.dataset.columns.numbers, prepared.dataset.target
    expected: dict[str, list[float]] = {"constant": [], "linear": [], "gradient boosting": []}
    for number, fold in enumerate(prepared.splits.folds):
        rows = numpy.union1d(fold.fit, fold.stopping)
        scaler = StandardScaler().fit(features[rows])
        linear = QuantileRegressor(quantile=level, alpha=1e-3).fit(
            scaler.transform(features[rows]), target[rows]
        )
        boosted = HistGradientBoostingRegressor(loss="quantile", quantile=level, random_state=number)
        with threadpoolctl.threadpool_limits(1):
            # without weights, scikit-learn takes the quantile of a leaf between two rows
            boosted.fit(features[rows], target[rows], sample_weight=numpy.ones(len(rows)))
        predictions = {
            "constant": numpy.full(
                len(fold.validation), numpy.quantile(target[rows], level, method="inverted_cdf")
            ),
            "linear": linear.predict(scaler.transform(features[fold.validation])),
            "gradient boosting": boosted.predict(features[fold.validation]),
        }
        for name, prediction in predictions.items():
            expected[name].append(mean_pinball_loss(target[fold.validation], prediction, alpha=level))
    for name, scores in expected.items():
        baseline = run_baseline(
            name, prepared.dataset, prepared.layout, prepared.splits.folds, METRICS[objective]
        )
        assert baseline.scores == pytest.approx(scores, rel=1e-3), name


def test_a_linear_quantile_of_many_rows_is_that_of_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = numpy.arange(1500)
    assert len(baselines._fewer(rows, 1, 0)) == 1500
    monkeypatch.setattr(baselines, "_MOST_CELLS", 1200)
    assert len(numpy.unique(baselines._fewer(rows, 1, 0))) == 1200
    numpy.testing.assert_array_equal(baselines._fewer(rows, 1, 0), baselines._fewer(rows, 1, 0))


def test_the_constant_of_a_quantile_is_the_least_loss_of_any_constant() -> None:
    generator = numpy.random.default_rng(1)
    values, weights = generator.gamma(2.0, size=300), generator.integers(0, 4, 300).astype(float)
    for level in LEVELS.values():
        tried = [
            numpy.average(
                numpy.maximum(level * (values - value), (level - 1.0) * (values - value)), weights=weights
            )
            for value in values
        ]
        assert quantile_loss(level, values, weights) == pytest.approx(min(tried), rel=1e-12)
        repeated = numpy.repeat(values, weights.astype(int))
        assert quantile_loss(level, repeated, numpy.ones(len(repeated))) == pytest.approx(
            min(tried), rel=1e-12
        )


def test_a_network_of_a_quantile_is_judged_by_its_own_loss() -> None:
    """Its R² is below 0, for it predicts no mean; by the loss of the quantile it is better than a constant."""
    prepared = prepared_with("pinball_90")
    trial = trained(prepared)
    constant = _constant(prepared)
    evidence = Evidence(trial, 40, constant, quantile="pinball_90")
    score = numpy.mean(trial.fold_scores("pinball_90"))
    assert evidence.validation == pytest.approx(score / constant)
    assert trial.mean("r2") < 0.0
    astray = {"diverged", "no_signal"}
    assert diagnose(Evidence(trial, 40)).name in astray
    assert diagnose(evidence).name not in astray


def test_a_quantile_is_not_taken_apart_into_bias_and_variance() -> None:
    prepared = prepared_with("pinball_90")
    assert design_analysis(prepared, [trained(prepared)]).trials == ()
    assert any("bias and variance" in note for note in prepared.notes)

"""`NeuralClassifier` and `NeuralRegressor`: one fit of each, and scikit-learn's checks that need none."""

import copy
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import estimator_checks_generator

import automl

TINY: dict[str, Any] = {
    "splits": {"folds": 2},
    "space": {"depth": 1, "width": 8, "learning_rate": 0.05},
    "search": {"algorithm": "random", "pruner": "none"},
    "training": {"epochs": 20, "batch_size": 32},
    "baselines": False,
    "bias_variance": {"resamples": 0},
}
RANDOM = numpy.random.default_rng(5)
ROWS = pandas.DataFrame(
    {
        "target": RANDOM.normal(size=80),
        "kind": RANDOM.choice(["up", "down"], 80),
        "when": pandas.date_range("2024-01-01", periods=80, freq="11h"),
    }
)
ROWS.loc[::9, "target"] = numpy.nan
LABELS = numpy.where(ROWS["kind"] == "up", "Yes", "yes")  # labels that a study alone might take for one
WITHOUT_FIT = (
    "check_estimator_cloneable",
    "check_estimator_tags_renamed",
    "check_valid_tag_types",
    "check_estimator_repr",
    "check_no_attributes_set_in_init",
    "check_estimators_unfitted",
    "check_do_not_raise_errors_in_init_or_set_param",
    "check_mixin_order",
    "check_all_zero_sample_weights_error",
    "check_complex_data",
    "check_estimators_empty_data_messages",
    "check_estimator_sparse_tag",
    "check_estimator_sparse_array",
    "check_estimator_sparse_matrix",
    "check_classifiers_one_label",
    "check_classifiers_regression_target",
    "check_supervised_y_no_nan",
    "check_requires_y_none",
    "check_fit2d_1sample",
    "check_fit1d",
    "check_get_params_invariance",
    "check_set_params",
    "check_parameters_default_constructible",
)
"""Names of scikit-learn's checks that end before a network trains."""


def checks_without_fit() -> list[Any]:
    return [
        pytest.param(estimator, check, id=f"{type(estimator).__name__}-{name}")
        for kind in (automl.NeuralClassifier, automl.NeuralRegressor)
        for estimator, check in estimator_checks_generator(kind(trials=1, random_state=0, config=TINY))
        if (name := getattr(check, "func", check).__name__) in WITHOUT_FIT
    ]


@pytest.mark.parametrize(("estimator", "check"), checks_without_fit())
def test_scikit_learns_checks_that_need_no_network(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


@pytest.fixture(scope="module")
def classifier() -> Any:
    return automl.NeuralClassifier(trials=1, random_state=0, config=TINY).fit(ROWS, LABELS)


def test_a_classifier_learns_from_raw_columns_and_keeps_labels_as_they_are(classifier: Any) -> None:
    assert classifier.classes_.tolist() == ["Yes", "yes"]
    assert classifier.feature_names_in_.tolist() == ["target", "kind", "when"]
    assert classifier.score(ROWS, LABELS) > 0.9
    assert classifier.verdict_ and len(classifier.leaderboard_) == 1
    assert classifier.folder_ is None


def test_probabilities_are_in_the_order_of_the_classes_and_decide_the_label(classifier: Any) -> None:
    probabilities = classifier.predict_proba(ROWS)
    assert probabilities.shape == (80, 2)
    assert probabilities.sum(axis=1) == pytest.approx(numpy.ones(80))
    assert (classifier.classes_[probabilities.argmax(axis=1)] == classifier.predict(ROWS)).all()


def test_predictions_go_with_their_rows_and_not_with_the_order_of_rows_or_columns(classifier: Any) -> None:
    order = RANDOM.permutation(80)
    expected = classifier.predict_proba(ROWS)[order]
    assert classifier.predict_proba(ROWS.iloc[order]) == pytest.approx(expected, abs=1e-6)
    with pytest.raises(ValueError, match="feature names should match"):
        classifier.predict(ROWS[["kind", "target", "when"]])


def test_a_fitted_estimator_can_be_pickled_and_copied_and_its_clone_is_not_fitted(classifier: Any) -> None:
    expected = classifier.predict_proba(ROWS)
    for copied in (pickle.loads(pickle.dumps(classifier)), copy.deepcopy(classifier)):
        assert (copied.predict_proba(ROWS) == expected).all()
    with pytest.raises(NotFittedError):
        clone(classifier).predict(ROWS)


def test_a_regressor_is_the_same_for_doubled_weights_without_the_rows_of_weight_0(tmp_path: Path) -> None:
    values, target = RANDOM.normal(size=(60, 2)), RANDOM.normal(10.0, 2.0, 60)
    regressors = [automl.NeuralRegressor(trials=1, random_state=0, config=TINY) for _ in range(2)]
    regressors[0].fit(values[20:], target[20:])
    regressors[1].set_params(mlruns=tmp_path, config=TINY | {"tracking": {"to": "none"}}).fit(
        values, target, sample_weight=[0.0] * 20 + [2.0] * 40
    )
    assert regressors[0].predict(values) == pytest.approx(regressors[1].predict(values), rel=1e-6)
    assert regressors[0].n_features_in_ == 2 and not hasattr(regressors[0], "feature_names_in_")
    folder = regressors[1].folder_
    assert folder is not None and folder.is_relative_to(tmp_path) and (folder / "report.html").is_file()


def test_a_class_of_one_row_is_said_and_never_predicted() -> None:
    labels = [*([0] * 30), *([1] * 30), 2]
    values = numpy.array([[label, place] for place, label in enumerate(labels)], dtype=float)
    model = automl.NeuralClassifier(trials=1, random_state=0, config=TINY)
    with pytest.warns(UserWarning, match="Classes of one row are left out and never predicted: 2"):
        model.fit(values, labels)
    probabilities = model.predict_proba(values)
    assert probabilities.shape == (61, 3)
    assert (probabilities[:, 2] == 0.0).all()
    assert set(model.predict(values)) <= {0, 1}


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"trials": 0}, "`search.trials` must be greater than or equal to 1, got 0"),
        ({"trials": 2, "config": {"search": {"trials": 3}}}, "must be the same as `trials=2`, got 3"),
        ({"objective": "acuracy"}, r"`objective` must name a metric.*Did you mean `accuracy`\?"),
        ({"config": {"spaces": {}}}, r"Did you mean `space`\?"),
        ({"config": {"space": {"width": [4]}}}, "`space.width` must be a single value, or exactly one of"),
        ({"config": {"data": {"columns": {"no": "numeric"}}}}, "`data.columns` must name columns, got 'no'"),
    ],
)
def test_wrong_parameters_are_said_as_the_command_line_says_them(
    parameters: dict[str, Any], says: str
) -> None:
    with warnings.catch_warnings(), pytest.raises(ValueError, match=says):
        automl.NeuralClassifier(**parameters).fit(ROWS, LABELS)

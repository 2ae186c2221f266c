"""Studies as scikit-learn estimators: `NeuralClassifier` and `NeuralRegressor`."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, final

import numpy
import pandas
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import assert_all_finite, check_is_fitted, column_or_1d

from automl.python.labels import label_names
from automl.python.rows import FEWEST_ROWS, RowsToFit, checked_rows, rows_to_fit
from automl.python.studying import FitRequest, run_rows


class NeuralEstimator(BaseEstimator):
    """What both estimators share: their parameters, and how a study of the given rows is made.

    A subclass gives `fit` and `predict`.
    """

    def __init__(
        self,
        minutes: float | None = None,
        trials: int | None = None,
        objective: str | None = None,
        random_state: Any = None,
        config: Mapping[str, Any] | None = None,
        mlruns: str | Path | None = None,
    ) -> None:
        self.minutes = minutes
        self.trials = trials
        self.objective = objective
        self.random_state = random_state
        self.config = config
        self.mlruns = mlruns

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def _run(self, given: RowsToFit, target: Any, task: str) -> None:
        """Run a study of the rows and keep its model.

        Raises:
            ValueError: The rows cannot be learned from, or a parameter is wrong.
            AutoMLError: The study fails for another reason.
        """
        request = FitRequest(
            self.minutes, self.trials, self.objective, self.random_state, self.config, self.mlruns
        )
        network = run_rows(type(self).__name__, given, target, task, request)
        self.model_ = network.model
        self.verdict_ = network.verdict
        self.leaderboard_ = network.leaderboard
        self.hyperparameters_ = network.hyperparameters
        self.folder_ = network.folder

    def _predictions(self, X: Any) -> pandas.DataFrame:
        check_is_fitted(self)
        rows = checked_rows(self, X)
        return self.model_.predict(rows)  # type: ignore[no-any-return]


@final
class NeuralClassifier(ClassifierMixin, NeuralEstimator):
    """A search for the best network that predicts classes, as a scikit-learn classifier.

    Each `fit` is a study: networks are searched under cross-validation, and the best is trained again on all rows.
    There is no locked test, because users of scikit-learn hold rows back themselves; `config` can change that,
    as any other key of a study file. Columns may hold numbers, text, dates and gaps.

    Args:
        minutes: Minutes that a `fit` may take; 5 when None.
        trials: Configurations to try at most; 50 when None.
        objective: Metric that chooses the network; log_loss when None.
        random_state: A number gives the same network again (on one machine, as long as the time suffices).
        config: Keys of a study file, `{"space": {"depth": 2}, "splits": {"folds": 3}}`. `baselines` and the analyses of
            bias and variance are left out unless it asks for them.
        mlruns: Folder to record the study in, and in MLflow; when None, nothing is kept but the network.

    Attributes:
        classes_: Labels of shape (class,), sorted.
        n_features_in_: Number of columns of X.
        feature_names_in_: Names of the columns, where all of them are text.
        verdict_: What the study answers, in a sentence.
        leaderboard_: A DataFrame with a row per trial, the best first.
        hyperparameters_: Those of the network, by name.
        folder_: Folder of the run; None where nothing is kept.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Search and train.

        Args:
            X: Of shape (row, feature): a DataFrame, or an array, in which every column of numbers is an amount.
            y: Labels of shape (row,): text, whole numbers or truth values, of two classes or more.
            sample_weight: How much each row counts, of shape (row,), 0 or more; a row of weight 0 is left out.

        Raises:
            ValueError: X, y or a parameter cannot be used; with the message of `automl run`.
            AutoMLError: No trial completed, or the study cannot be recorded.
        """
        given = rows_to_fit(self, X, y, sample_weight)
        target = given.select(column_or_1d(y, warn=True))
        check_classification_targets(target)
        assert_all_finite(target, input_name="y")
        classes, codes = numpy.unique(target, return_inverse=True)
        learned = _learned(classes, codes)
        names, rows = label_names(classes.tolist()), learned[codes]
        task = "binary" if learned.sum() == 2 else "multiclass"
        self._run(given.only(rows), [names[code] for code in codes[rows]], task)
        self.classes_ = classes
        return self

    def predict(self, X: Any) -> numpy.ndarray:
        """The label of each row, of shape (row,).

        Raises:
            NotFittedError: `fit` has not been called.
            ValueError: X has other columns, or text where numbers were.
        """
        predictions = self._predictions(X)
        codes = {str(name): code for code, name in enumerate(label_names(self.classes_.tolist()))}
        return self.classes_[[codes[str(name)] for name in predictions["prediction"]]]  # type: ignore[no-any-return]

    def predict_proba(self, X: Any) -> numpy.ndarray:
        """Probabilities of shape (row, class), in the order of `classes_`; each row sums to 1.

        A class with only one row in `fit` has the probability 0.

        Raises:
            NotFittedError: `fit` has not been called.
            ValueError: X has other columns, or text where numbers were.
        """
        predictions = self._predictions(X)
        names = [f"probability_{name}" for name in label_names(self.classes_.tolist())]
        probabilities = predictions.reindex(columns=names, fill_value=0.0).to_numpy(numpy.float64)
        return probabilities / probabilities.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]


def _learned(classes: numpy.ndarray, codes: numpy.ndarray) -> numpy.ndarray:
    """Which classes can be learned: those of two rows or more, as one trains and another one validates.

    Raises:
        ValueError: Fewer than two can.
    """
    learned: numpy.ndarray = numpy.bincount(codes) >= FEWEST_ROWS
    if learned.sum() < 2:
        got = f"only one class, {classes.tolist()[0]!r}" if len(classes) == 1 else "one row for the others"
        raise ValueError(f"y must have two classes or more of {FEWEST_ROWS} rows or more each, got {got}.")
    if not learned.all():
        lone = ", ".join(map(repr, classes[~learned].tolist()))
        warnings.warn(f"Classes of one row are left out and never predicted: {lone}.", stacklevel=3)
    return learned


@final
class NeuralRegressor(RegressorMixin, NeuralEstimator):
    """A search for the best network that predicts a number, as a scikit-learn regressor.

    Each `fit` is a study: networks are searched under cross-validation, and the best is trained again on all rows.
    There is no locked test, because users of scikit-learn hold rows back themselves; `config` can change that,
    as any other key of a study file. Columns may hold numbers, text, dates and gaps.

    Args:
        minutes: Minutes that a `fit` may take; 5 when None.
        trials: Configurations to try at most; 50 when None.
        objective: Metric that chooses the network; rmse when None.
        random_state: A number gives the same network again (on one machine, as long as the time suffices).
        config: Keys of a study file, `{"training": {"loss": "mae"}}`. `baselines` and the analyses of bias and variance
            are left out unless it asks for them.
        mlruns: Folder to record the study in, and in MLflow; when None, nothing is kept but the network.

    Attributes:
        n_features_in_: Number of columns of X.
        feature_names_in_: Names of the columns, where all of them are text.
        verdict_: What the study answers, in a sentence.
        leaderboard_: A DataFrame with a row per trial, the best first.
        hyperparameters_: Those of the network, by name.
        folder_: Folder of the run; None where nothing is kept.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Search and train.

        Args:
            X: Of shape (row, feature): a DataFrame, or an array, in which every column of numbers is an amount.
            y: Numbers of shape (row,), in any units, without gaps.
            sample_weight: How much each row counts, of shape (row,), 0 or more; a row of weight 0 is left out.

        Raises:
            ValueError: X, y or a parameter cannot be used; with the message of `automl run`.
            AutoMLError: No trial completed, or the study cannot be recorded.
        """
        given = rows_to_fit(self, X, y, sample_weight)
        target = given.select(column_or_1d(y, warn=True))
        assert_all_finite(target, input_name="y")
        self._run(given, target.astype(numpy.float64), "regression")
        return self

    def predict(self, X: Any) -> numpy.ndarray:
        """The prediction for each row in the units of y, float64 of shape (row,).

        Raises:
            NotFittedError: `fit` has not been called.
            ValueError: X has other columns, or text where numbers were.
        """
        return self._predictions(X)["prediction"].to_numpy(numpy.float64)

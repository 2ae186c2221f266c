"""Optuna with Keras, or KerasTuner, for `rivals.py`: METHOD FOLDER TARGET TASK SECONDS.

One network at a time, as their guides write it: a fifth of the rows for early stopping and for the choice. A METHOD is
`optuna`, `optuna_hyperband`, `keras_tuner` or `keras_tuner_hyperband`. Hyperband with KerasTuner gives a network that
goes on the weights that it had, with Optuna it ends trials.
"""

import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import ClassVar

BEGAN = time.monotonic()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy  # noqa: E402
from rival_rows import Rows, read_arguments, read_rows  # noqa: E402
from sklearn.model_selection import train_test_split  # noqa: E402

EPOCHS, PATIENCE = 200, 10
PREDICTING = 4.0
BATCHES = ((2_000, 32), (10_000, 64), (30_000, 128), (10**9, 256))


class OutOfTime(keras.callbacks.Callback):
    """Ends a fit when the time is over; the best weights so far are restored."""

    def __init__(self, ends: float) -> None:
        super().__init__()
        self.ends = ends

    def on_epoch_end(self, epoch, logs=None):
        del epoch, logs
        if time.monotonic() > self.ends:
            self.model.stop_training = True


class Fitting:
    """Builds and fits networks on one split, and keeps the predictions of the best one."""

    def __init__(self, rows: Rows) -> None:
        self.rows, self.best, self.count = rows, numpy.inf, 0
        self.curve: list[tuple[float, float]] = []
        self.ends = rows.ends - PREDICTING
        stratify = None if rows.labels is None else rows.targets
        self.split = train_test_split(
            rows.inputs, rows.targets, test_size=0.2, random_state=0, stratify=stratify
        )
        self.batch = next(size for most, size in BATCHES if len(rows.inputs) <= most)

    def build(self, depth: int, width: int, activation: str, dropout: float, rate: float) -> keras.Model:
        model = keras.Sequential([keras.Input((self.rows.inputs.shape[1],))])
        for _ in range(depth):
            model.add(keras.layers.Dense(width, activation))
            model.add(keras.layers.Dropout(dropout))
        if self.rows.labels is None:
            model.add(keras.layers.Dense(1))
            model.compile(keras.optimizers.Adam(rate), "mse")
        else:
            model.add(keras.layers.Dense(len(self.rows.labels), "softmax"))
            model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
        return model

    def fit(
        self, model: keras.Model, epochs: int = EPOCHS, callbacks: Sequence[keras.callbacks.Callback] = ()
    ) -> float:
        """The loss on the fifth."""
        inputs, validation, targets, expected = self.split
        stop = keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True)
        history = model.fit(
            inputs,
            targets,
            validation_data=(validation, expected),
            epochs=epochs,
            batch_size=self.batch,
            callbacks=[stop, OutOfTime(self.ends), *callbacks],
            verbose=0,
        )
        if stop.best_weights is not None:
            model.set_weights(stop.best_weights)
        loss, self.count = float(min(history.history["val_loss"])), self.count + 1
        if loss < self.best:
            self.best = loss
            self.rows.write(model.predict(self.rows.test, batch_size=4096, verbose=0), "")
        in_units = loss if self.rows.labels else loss**0.5 * self.rows.scale[1]
        self.curve.append((time.monotonic() - BEGAN, in_units))
        return loss

    def end(self) -> None:
        (self.rows.folder / "notes.txt").write_text(f"{self.count} networks")
        (self.rows.folder / "curve.json").write_text(json.dumps(self.curve))


def optuna_search(fitting: Fitting, hyperband: bool) -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)

    class Report(keras.callbacks.Callback):
        def __init__(self, trial: optuna.Trial) -> None:
            super().__init__()
            self.trial, self.pruned = trial, False

        def on_epoch_end(self, epoch, logs=None):
            self.trial.report(logs["val_loss"], epoch)
            if self.trial.should_prune():
                self.pruned = self.model.stop_training = True

    def objective(trial: optuna.Trial) -> float:
        model = fitting.build(
            trial.suggest_int("depth", 1, 4),
            trial.suggest_categorical("width", [64, 128, 256]),
            trial.suggest_categorical("activation", ["relu", "gelu", "tanh"]),
            trial.suggest_float("dropout", 0.0, 0.5),
            trial.suggest_float("rate", 1e-4, 1e-2, log=True),
        )
        report = Report(trial)
        loss = fitting.fit(model, callbacks=[report] if hyperband else [])
        if report.pruned:
            raise optuna.TrialPruned
        return loss

    pruner = optuna.pruners.HyperbandPruner(3, EPOCHS, 3) if hyperband else optuna.pruners.NopPruner()
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0), pruner=pruner)
    study.optimize(objective, timeout=fitting.ends - time.monotonic())


def keras_tuner_search(fitting: Fitting, hyperband: bool) -> None:
    import keras_tuner

    class Timed:
        """A tuner that ends when the time is over."""

        weights: ClassVar[dict[str, list[numpy.ndarray]]] = {}

        def run_trial(self, trial, *arguments, **options):
            del arguments, options
            if time.monotonic() > fitting.ends:
                raise keras_tuner.errors.FatalError("the time is over")
            values = trial.hyperparameters.values
            model = self.hypermodel.build(trial.hyperparameters)
            if "tuner/trial_id" in values:
                model.set_weights(self.weights[values["tuner/trial_id"]])
            epochs = values.get("tuner/epochs", EPOCHS) - values.get("tuner/initial_epoch", 0)
            loss = fitting.fit(model, epochs)
            if hyperband:
                self.weights[trial.trial_id] = model.get_weights()
            return {"val_loss": loss}

    class Bayesian(Timed, keras_tuner.BayesianOptimization):
        pass

    class Hyperband(Timed, keras_tuner.Hyperband):
        pass

    def build(hp):
        return fitting.build(
            hp.Int("depth", 1, 4),
            hp.Choice("width", [64, 128, 256]),
            hp.Choice("activation", ["relu", "gelu", "tanh"]),
            hp.Float("dropout", 0.0, 0.5),
            hp.Float("rate", 1e-4, 1e-2, sampling="log"),
        )

    with tempfile.TemporaryDirectory() as folder:
        common = {
            "objective": keras_tuner.Objective("val_loss", "min"),
            "seed": 1,
            "directory": folder,
        }
        if hyperband:
            tuner = Hyperband(build, max_epochs=EPOCHS, hyperband_iterations=100, **common)
        else:
            tuner = Bayesian(build, max_trials=1000, **common)
        with contextlib.suppress(keras_tuner.errors.FatalError):
            tuner.search(verbose=0)


def main() -> None:
    keras.utils.set_random_seed(0)
    fitting = Fitting(read_rows(read_arguments(), BEGAN))
    library = sys.argv[1].removesuffix("_hyperband")
    search = {"optuna": optuna_search, "keras_tuner": keras_tuner_search}[library]
    search(fitting, library != sys.argv[1])
    fitting.end()


if __name__ == "__main__":
    main()

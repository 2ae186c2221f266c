"""Optuna with Keras, or KerasTuner, for `rivals.py`: optuna | keras_tuner FOLDER TARGET TASK SECONDS.

One network at a time, as their guides write it: a fifth of the rows for early stopping and for the choice.
"""

import contextlib
import os
import sys
import tempfile
import time

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

    def fit(self, model: keras.Model) -> float:
        """The loss on the fifth."""
        inputs, validation, targets, expected = self.split
        stop = keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True)
        history = model.fit(
            inputs,
            targets,
            validation_data=(validation, expected),
            epochs=EPOCHS,
            batch_size=self.batch,
            callbacks=[stop, OutOfTime(self.ends)],
            verbose=0,
        )
        if stop.best_weights is not None:
            model.set_weights(stop.best_weights)
        loss, self.count = float(min(history.history["val_loss"])), self.count + 1
        if loss < self.best:
            self.best = loss
            self.rows.write(model.predict(self.rows.test, batch_size=4096, verbose=0), "")
        return loss

    def end(self) -> None:
        (self.rows.folder / "notes.txt").write_text(f"{self.count} networks")


def optuna_search(fitting: Fitting) -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def objective(trial: optuna.Trial) -> float:
        return fitting.fit(
            fitting.build(
                trial.suggest_int("depth", 1, 4),
                trial.suggest_categorical("width", [64, 128, 256]),
                trial.suggest_categorical("activation", ["relu", "gelu", "tanh"]),
                trial.suggest_float("dropout", 0.0, 0.5),
                trial.suggest_float("rate", 1e-4, 1e-2, log=True),
            )
        )

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(objective, timeout=fitting.ends - time.monotonic())


def keras_tuner_search(fitting: Fitting) -> None:
    import keras_tuner

    class Tuner(keras_tuner.BayesianOptimization):
        def run_trial(self, trial, *arguments, **options):
            del arguments, options
            if time.monotonic() > fitting.ends:
                raise keras_tuner.errors.FatalError("the time is over")
            return {"val_loss": fitting.fit(self.hypermodel.build(trial.hyperparameters))}

    def build(hp):
        return fitting.build(
            hp.Int("depth", 1, 4),
            hp.Choice("width", [64, 128, 256]),
            hp.Choice("activation", ["relu", "gelu", "tanh"]),
            hp.Float("dropout", 0.0, 0.5),
            hp.Float("rate", 1e-4, 1e-2, sampling="log"),
        )

    with tempfile.TemporaryDirectory() as folder:
        objective = keras_tuner.Objective("val_loss", "min")
        tuner = Tuner(build, objective=objective, max_trials=1000, seed=1, directory=folder)
        with contextlib.suppress(keras_tuner.errors.FatalError):
            tuner.search(verbose=0)


def main() -> None:
    keras.utils.set_random_seed(0)
    fitting = Fitting(read_rows(read_arguments(), BEGAN))
    {"optuna": optuna_search, "keras_tuner": keras_tuner_search}[sys.argv[1]](fitting)
    fitting.end()


if __name__ == "__main__":
    main()

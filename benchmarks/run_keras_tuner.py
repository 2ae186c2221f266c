"""A work by KerasTuner: a Tuner with a fit a fold, as its guide writes it, over the frozen configurations.

    python benchmarks/run_keras_tuner.py WORK [TRIALS] [tuned] [PART OF]

`tuned` validates once at the end, runs a whole epoch a call (`steps_per_execution`) and checkpoints nothing; PART of OF
takes every OF-th trial, for one process a core.
"""

import os
import sys
import tempfile
import time

BEGAN = time.perf_counter()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import keras_tuner  # noqa: E402
import numpy  # noqa: E402
import works  # noqa: E402

READY = time.perf_counter()


class Frozen(keras_tuner.oracles.RandomSearchOracle):
    """Random search whose draws are given."""

    def __init__(self, trials, **arguments):
        super().__init__(**arguments)
        self.drawn_trials = trials

    def populate_space(self, trial_id):
        number = int(trial_id)
        if number >= len(self.drawn_trials):
            return {"status": "STOPPED", "values": None}
        return {"status": "RUNNING", "values": dict(self.drawn_trials[number])}


class FoldTuner(keras_tuner.Tuner):
    """Cross-validation inside a trial, by overriding `run_trial` as the guide shows."""

    def run_trial(self, trial, work, tuned):
        values = trial.hyperparameters.values
        losses = []
        for rows, validation in work.folds:
            inputs, validation_inputs = works.scaled(work, rows, validation)
            targets, expected = works.scaled_target(work, rows, validation)
            model = self.hypermodel.build(trial.hyperparameters)
            arguments = {"epochs": work.epochs, "batch_size": values["batch_size"], "verbose": 0}
            if not tuned:
                arguments["validation_data"] = (validation_inputs, expected)
            model.fit(inputs, targets, **arguments)
            losses.append(float(model.evaluate(validation_inputs, expected, verbose=0)))
        SCORES[trial.trial_id] = losses
        return {"val_loss": float(numpy.mean(losses))}


SCORES = {}


def build(work, tuned):
    def function(hp):
        values = {**work.trials[0], **hp.values}  # it builds once before the search, without values
        model = keras.Sequential([keras.Input((work.features.shape[1],))])
        for _ in range(values["depth"]):
            model.add(keras.layers.Dense(values["width"], activation=values["activation"]))
            if values["dropout"]:
                model.add(keras.layers.Dropout(values["dropout"]))
        outputs = {0: (1, "linear", "mse"), 2: (1, "sigmoid", "binary_crossentropy")}
        units, activation, loss = outputs.get(
            work.num_classes, (work.num_classes, "softmax", "sparse_categorical_crossentropy")
        )
        model.add(keras.layers.Dense(units, activation=activation))
        steps = -(-len(work.folds[0][0]) // values["batch_size"]) if tuned else 1
        optimizer = keras.optimizers.Adam(values["learning_rate"])
        model.compile(optimizer, loss, steps_per_execution=steps, jit_compile=False)
        return model

    return function


def main(name, num_trials=None, tuned="", part="0", of="1"):
    work = works.load(name, num_trials and int(num_trials))
    trials = work.trials[int(part) :: int(of)]
    objective = keras_tuner.Objective("val_loss", "min")
    oracle = Frozen(trials, objective=objective, max_trials=len(trials), seed=1)
    with tempfile.TemporaryDirectory() as folder:
        tuner = FoldTuner(oracle, build(work, bool(tuned)), directory=folder)
        tuner.oracle.verbose = 0
        tuner.search(work, bool(tuned))
    scores = {str(int(key) * int(of) + int(part)): {"loss": losses} for key, losses in SCORES.items()}
    label = "KerasTuner, tuned" if tuned else "KerasTuner"
    works.report(label, (BEGAN, READY), scores, len(trials) * len(work.folds))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A trial's fold scores against the same trial written by hand with Keras and scikit-learn only."""

import keras
import numpy
import pytest
import tensorflow
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.metrics import log_loss, root_mean_squared_error
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.preprocessing import StandardScaler

from automl.config.reading import make_study
from automl.study.preparation import prepare_study
from automl.training.members import plan_members
from automl.training.plain.trials import train_trial
from automl.trial import Member, TrialState, derive_seed

SEED, EPOCHS, BATCH, PATIENCE = 5, 12, 32, 3
SPACE = {"depth": 1, "width": 12, "activation": "tanh", "dropout": 0.2, "learning_rate": 0.01}
TABLES = {"breast_cancer": load_breast_cancer, "wine": load_wine, "diabetes": load_diabetes}


def by_hand(name: str, fold: int) -> float:
    """One fold of trial 0, without a line of the package but its names of seeds."""
    features, target = TABLES[name](return_X_y=True)
    if name == "breast_cancer":
        target = 1 - target  # the package sorts the labels by name: benign before malignant
    classes = 0 if name == "diabetes" else len(numpy.unique(target))
    labels = target if classes else None
    kind = StratifiedKFold if classes else KFold
    rows, _ = train_test_split(
        numpy.arange(len(target)), test_size=0.2, stratify=labels, random_state=derive_seed(SEED, "test")
    )
    rows = numpy.sort(rows)
    splitter = kind(3, shuffle=True, random_state=derive_seed(SEED, "folds"))
    remaining, validation = list(splitter.split(rows, target[rows]))[fold]
    fit, stopping = train_test_split(
        rows[remaining],
        test_size=0.15,
        stratify=target[rows[remaining]] if classes else None,
        random_state=derive_seed(SEED, "stopping", fold),
    )
    fit, stopping, validation = numpy.sort(fit), numpy.sort(stopping), rows[validation]
    scaler = StandardScaler().fit(features[fit])

    def inputs(rows: numpy.ndarray) -> numpy.ndarray:
        return scaler.transform(features[rows]).astype("float32")

    mean, deviation = target[fit].mean(), target[fit].std()

    def encoded(rows: numpy.ndarray) -> numpy.ndarray:
        if classes == 0:
            return ((target[rows] - mean) / deviation).astype("float32")[:, None]
        return target[rows].astype("float32")[:, None] if classes == 2 else numpy.eye(classes)[target[rows]]

    seed = derive_seed(SEED, 0, fold, 0, 0, "weights")
    num_features, num_outputs = features.shape[1], classes if classes > 2 else 1
    model = keras.Sequential(
        [
            keras.Input((num_features,)),
            keras.layers.Dense(12, "tanh"),
            keras.layers.Dropout(0.2, seed=derive_seed(seed, "dropout", 1)),
            keras.layers.Dense(num_outputs, {0: "linear", 2: "sigmoid"}.get(classes, "softmax")),
        ]
    )
    kernel = glorot(num_features, 12, derive_seed(seed, "kernel", 1))
    output_kernel = glorot(12, num_outputs, derive_seed(seed, "output"))
    model.set_weights([kernel, numpy.zeros(12), output_kernel, numpy.zeros(num_outputs)])
    loss = {0: "mse", 2: "binary_crossentropy"}.get(classes, "categorical_crossentropy")
    model.compile(keras.optimizers.Adam(0.01), loss)
    order_seed = derive_seed(SEED, fold, 0, 0, "rows")
    stopper = keras.callbacks.EarlyStopping("val_loss", patience=PATIENCE, restore_best_weights=True)
    batches = tensorflow.data.Dataset.from_generator(
        lambda: hand_batches(inputs(fit), encoded(fit), order_seed),
        output_signature=(
            tensorflow.TensorSpec((None, features.shape[1]), "float32"),
            tensorflow.TensorSpec((None, encoded(fit).shape[1]), "float32"),
        ),
    )
    model.fit(
        batches,
        steps_per_epoch=-(-len(fit) // BATCH),
        validation_data=(inputs(stopping), encoded(stopping)),
        epochs=EPOCHS,
        callbacks=[stopper],
        shuffle=False,
        verbose=0,
    )
    outputs = model.predict(inputs(validation), verbose=0).astype("float64")
    if classes == 0:
        low, high = target[fit].min(), target[fit].max()
        room = 0.05 * (high - low)
        predicted = numpy.clip(outputs[:, 0] * deviation + mean, low - room, high + room)
        return root_mean_squared_error(target[validation], predicted)
    outputs = outputs[:, 0] if classes == 2 else outputs / outputs.sum(axis=1, keepdims=True)
    return log_loss(target[validation], outputs)


def glorot(num_inputs: int, num_outputs: int, seed: int) -> numpy.ndarray:
    """Glorot and Bengio 2010, uniform."""
    limit = numpy.sqrt(6 / (num_inputs + num_outputs))
    return numpy.random.default_rng(seed).uniform(-limit, limit, (num_inputs, num_outputs))


def hand_batches(inputs, targets, seed):
    for epoch in range(EPOCHS):
        order = numpy.random.default_rng((seed, epoch)).permutation(len(inputs))
        for start in range(0, len(inputs), BATCH):
            rows = order[start : start + BATCH]
            yield inputs[rows], targets[rows]


def prepared(name: str, **changes):
    content = {
        "name": "twin",
        "data": {"sklearn": name},
        "splits": {"folds": 3},
        "space": SPACE,
        "search": {"seed": SEED},
        "training": {"epochs": EPOCHS, "batch_size": BATCH, "patience": PATIENCE},
    }
    return prepare_study(make_study({**content, **changes}))


def trial_of(study):
    members = plan_members(0, study.space.initial(), len(study.splits.folds), SEED)
    return train_trial(study.plan, members, study.splits.folds, lambda fold, epoch: None)


# A fold of each task; every fold of each, of which Keras compiles a model of its own, in the slow tests.
FOLDS = [
    *(pytest.param(name, [number], id=name) for number, name in enumerate(TABLES)),
    *(pytest.param(name, [0, 1, 2], id=f"{name}, all folds", marks=pytest.mark.slow) for name in TABLES),
]


@pytest.mark.parametrize(("name", "folds"), FOLDS)
def test_fold_scores_equal_a_hand_written_twin(name, folds):
    study = prepared(name)
    trial = trial_of(study)
    assert trial.state is TrialState.COMPLETE
    scores = trial.fold_scores(study.objective.metric)
    assert [scores[fold] for fold in folds] == pytest.approx(
        [by_hand(name, fold) for fold in folds], rel=1e-5
    )


def test_the_same_seed_gives_the_same_trial_whatever_ran_before():
    first = trial_of(prepared("wine"))
    keras.utils.set_random_seed(99)
    keras.layers.Dense(3)
    second = trial_of(prepared("wine"))
    assert [fold.validation_loss for fold in first.folds] == [fold.validation_loss for fold in second.folds]
    assert first.fold_scores("log_loss") == second.fold_scores("log_loss")


def test_streams_of_members_differ():
    members = [
        Member(trial, fold, {}, 1, repeat, resample)
        for trial in range(3)
        for fold in range(3)
        for repeat in range(2)
        for resample in range(2)
    ]
    seeds = {member.seed(stream) for member in members for stream in ("weights", "dropout")}
    orders = {member.order_seed for member in members}
    rows = {member.rows_seed for member in members}
    assert len(seeds) == 2 * 18, (
        "resamples share their seeds: what the rows do is told from what the seed does"
    )
    assert (len(orders), len(rows)) == (6, 6), "trials share the order of the rows"
    assert len(seeds | orders | rows) == 36 + 6 + 6

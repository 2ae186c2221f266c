"""Which weights decay: after a single step, decay has moved exactly these, and by a known factor."""

import dataclasses

import keras
import numpy
from populations import member, study, study_of_levels, train

from automl.training.plain.sequential import models_of, refit

RATE, DECAY, ROWS = 0.02, 0.5, 4096
SPACE = {"optimizer": "adamw", "learning_rate": RATE, "batch_normalization": True, "batch_size": ROWS}


def one_step():
    """A study of embeddings whose networks take a single step."""
    prepared = study_of_levels()
    training = prepared.config.training.model_copy(update={"epochs": 1})
    return dataclasses.replace(prepared, config=prepared.config.model_copy(update={"training": training}))


def with_decay(prepared, decay):
    return member(prepared, **SPACE, weight_decay=decay)


def arrays(model):
    return [keras.ops.convert_to_numpy(weight) for weight in model.trainable_weights]


def check_decay(prepared, undecayed, decayed):
    """Kernels, and nothing else, have moved by `RATE * DECAY` of where they began."""
    model = models_of(prepared.plan).fresh(with_decay(prepared, 0.0), 1)
    names = [weight.path for weight in model.trainable_weights]
    moved = set()
    for name, start, without, with_it in zip(names, arrays(model), undecayed, decayed, strict=True):
        difference = without.reshape(start.shape) - with_it.reshape(start.shape)
        if numpy.abs(difference).max() > 1e-7:
            numpy.testing.assert_allclose(difference, RATE * DECAY * start, atol=1e-6)
            moved.add(name)
    assert moved == {name for name in names if name.endswith("kernel") and "embedding" not in name}
    assert len(moved) == 2


def test_keras_decays_kernels_only():
    prepared = one_step()
    rows = prepared.splits.folds[0].fit
    check_decay(
        prepared,
        *(arrays(refit(prepared.plan, with_decay(prepared, decay), rows, 1).model) for decay in (0.0, DECAY)),
    )


def test_a_population_decays_kernels_only():
    prepared = one_step()
    outcomes = [train(prepared, [with_decay(prepared, decay)], 1, patience=0)[0] for decay in (0.0, DECAY)]
    num_trainable = len(outcomes[0].structure.shapes)
    check_decay(prepared, *(outcome.weights[:num_trainable] for outcome in outcomes))


def test_a_network_of_a_users_own_keeps_its_biases_and_embeddings():
    inputs = keras.Input((3,), dtype="int32")
    values = keras.layers.Flatten()(keras.layers.Embedding(5, 2)(inputs))
    outputs = keras.layers.Dense(1)(keras.layers.LayerNormalization()(keras.layers.Dense(4)(values)))

    class Builder:
        def build(self, *_):
            return keras.Model(inputs, outputs)

    prepared = study()
    plan = dataclasses.replace(prepared.plan, builder=Builder())
    model = models_of(plan).fresh(member(prepared, optimizer="adamw"), 1)
    decays = {weight.path for weight in model.trainable_weights if model.optimizer._use_weight_decay(weight)}
    assert len(decays) == 2
    assert all(path.endswith("kernel") for path in decays)

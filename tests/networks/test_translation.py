"""Users' Keras models as layers: what they answer, and what cannot be translated, by name."""

import keras
import numpy
import pytest

from automl.networks.compiled_model import recipe_of
from automl.networks.translation import translate
from automl.networks.twins import TWINS, Obstacle
from automl.trial import Task

L = keras.layers


def functional(make, features=6, last=None):
    inputs = keras.Input((features,))
    return keras.Model(inputs, (last or L.Dense(3, "softmax"))(make(inputs)))


def residual(inputs):
    hidden = L.Dense(8, "relu")(inputs)
    inner = L.Dense(8)(L.Dense(5, "tanh")(L.LayerNormalization()(hidden)))
    return L.Add()([hidden, inner])


def wide_and_deep(inputs):
    deep = L.BatchNormalization()(L.Dense(7, use_bias=False)(inputs))
    return L.Concatenate()([inputs, L.LeakyReLU(negative_slope=0.1)(deep), L.Dense(2, "selu")(inputs)])


def nested(inputs):
    hidden = L.Dense(4, kernel_initializer="he_normal", bias_initializer="ones")(inputs)
    inner = L.Add()([L.Dense(4)(hidden), hidden])
    return L.Activation("gelu")(L.Add()([L.Dense(4)(inner), hidden]))


def reshaped(inputs):
    return L.Flatten()(L.Dense(4, "elu")(L.Reshape((3, 2))(inputs)))


MODELS = {
    "residual": lambda: functional(residual),
    "wide and deep": lambda: functional(wide_and_deep),
    "reshaped": lambda: functional(reshaped),
    "every activation layer": lambda: functional(
        lambda inputs: L.ELU()(L.ReLU()(L.Identity()(L.ReLU(negative_slope=0.3)(L.Dense(5)(inputs)))))
    ),
    "sequential with an activation last": lambda: keras.Sequential(
        [keras.Input((6,)), L.Dense(4, "mish"), L.Dense(3), L.Softmax()]
    ),
    "linear": lambda: functional(lambda inputs: inputs),
}


def answers(network, arrays, rows):
    """Of the stacked arithmetic for a population of one."""
    count = len(network.weights)
    stacked = [
        keras.ops.convert_to_tensor((array if array.ndim > 1 else array[None])[None]) for array in arrays
    ]
    values = network.values(network)
    tensors = keras.tree.map_structure(
        lambda value: keras.ops.convert_to_tensor(numpy.full((1, 1, 1), value, numpy.float32)), values
    )
    logits, _ = network.logits(stacked[:count], stacked[count:], tensors, rows[None], None)
    return keras.ops.convert_to_numpy(keras.ops.softmax(logits))[0]


@pytest.mark.parametrize("name", MODELS)
def test_the_layers_of_a_model_answer_as_the_model_does(name):
    model = MODELS[name]()
    rows = numpy.random.default_rng(0).normal(size=(9, 6)).astype("float32")
    translation = translate(model)
    arrays = [keras.ops.convert_to_numpy(variable) for variable in translation.variables]
    assert len(arrays) == len([v for v in model.weights if "seed" not in v.path]), "none is left out"
    for array in arrays:  # moments that are not those of a fresh model, and biases that are not zeros
        array += numpy.random.default_rng(1).uniform(0.1, 0.3, array.shape).astype("float32")
    for variable, array in zip(translation.variables, arrays, strict=True):
        variable.assign(array)
    expected = keras.ops.convert_to_numpy(model(rows))
    numpy.testing.assert_allclose(answers(translation.network, arrays, rows), expected, rtol=1e-5, atol=1e-6)
    twin = translation.network.model(arrays)
    numpy.testing.assert_allclose(keras.ops.convert_to_numpy(twin(rows)), expected, rtol=1e-5, atol=1e-6)


def test_initial_weights_follow_from_the_users_initializers_and_a_seed():
    def hidden(inputs):
        return L.Dense(
            400, kernel_initializer="he_normal", bias_initializer=keras.initializers.Constant(0.5)
        )(inputs)

    network = translate(functional(hidden, 200)).network
    kernel, bias, *_ = network.initial(3)
    assert kernel.std() == pytest.approx(numpy.sqrt(2 / 200), rel=0.02)
    assert (bias == 0.5).all()
    assert all(map(numpy.array_equal, network.initial(3), network.initial(3)))
    assert not numpy.isclose(kernel, network.initial(4)[0]).any()


OBSTACLES = {
    "layer 'conv' (Conv1D) has no stacked twin": lambda: functional(
        lambda x: L.Flatten()(L.Conv1D(2, 3, name="conv")(L.Reshape((6, 1))(x)))
    ),
    "layer 'noise' (GaussianNoise) has no stacked twin": lambda: functional(
        lambda x: L.GaussianNoise(0.1, name="noise")(x)
    ),
    "layer 'maximum' (Maximum) has no stacked twin": lambda: functional(
        lambda x: L.Maximum(name="maximum")([L.Dense(3)(x), L.Dense(3)(x)])
    ),
    "used more than once": lambda: functional(lambda x: (lambda dense: dense(dense(x)))(L.Dense(6))),
    "a part of it would occur twice": lambda: functional(
        lambda x: (lambda a: (lambda b: L.Concatenate()([x, a, b]))(L.Dense(2)(a)))(L.Dense(3)(x))
    ),
    "L2 penalties of different strengths": lambda: functional(
        lambda x: L.Dense(3, kernel_regularizer="l2")(x)
    ),
    "penalty other than L2": lambda: functional(lambda x: L.Dense(3, kernel_regularizer="l1")(x)),
    "has a `kernel_constraint`": lambda: functional(lambda x: L.Dense(3, kernel_constraint="non_neg")(x)),
    "has the activation 'hard_tanh', which has no stacked twin": lambda: functional(
        lambda x: L.Dense(3, "hard_tanh")(x)
    ),
    "has a `noise_shape`": lambda: functional(lambda x: L.Dropout(0.5, noise_shape=(None, 1))(x)),
    "is frozen": lambda: functional(lambda x: L.Dense(3, trainable=False)(x)),
    "a largest value or a threshold": lambda: functional(lambda x: L.ReLU(max_value=6)(x)),
    "it does not say what inputs it takes": lambda: keras.Sequential([L.Dense(3, "softmax")]),
    "one input of features and one output": lambda: keras.Model(
        [a := keras.Input((2,)), b := keras.Input((2,))], L.Dense(3, "softmax")(L.Concatenate()([a, b]))
    ),
}


@pytest.mark.parametrize("says", OBSTACLES)
def test_what_has_no_twin_is_named(says):
    with pytest.raises(Obstacle) as caught:
        translate(OBSTACLES[says]())
    assert says in str(caught.value)


def test_a_subclass_of_a_layer_is_another_layer():
    class Doubled(L.Dense):
        def call(self, inputs):
            return 2.0 * super().call(inputs)

    assert L.Dense in TWINS
    with pytest.raises(Obstacle, match="Doubled"):
        translate(functional(lambda x: Doubled(3)(x)))


def compiled(optimizer, loss, outputs=3, activation="softmax"):
    model = keras.Sequential([keras.Input((6,)), L.Dense(4), L.Dense(outputs, activation)])
    model.compile(optimizer, loss)
    return model


def test_a_compiled_model_brings_its_optimizer_and_its_loss():
    optimizer = keras.optimizers.SGD(0.02, momentum=0.8, global_clipnorm=1.0)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    recipe = recipe_of(
        compiled(optimizer, loss), {"learning_rate": 5.0, "batch_size": 16, "units": 4}, Task.MULTICLASS
    )
    assert recipe.loss == "categorical_crossentropy"
    assert dict(recipe.values) == {
        "optimizer": "momentum",
        "learning_rate": pytest.approx(0.02),
        "momentum": pytest.approx(0.8),
        "clip_norm": 1.0,
        "label_smoothing": pytest.approx(0.1),
        "batch_size": 16,
        "l2": 0.0,
    }


@pytest.mark.parametrize(
    ("optimizer", "loss", "says"),
    [
        (lambda: keras.optimizers.Nadam(), "mse", "Nadam"),
        (lambda: keras.optimizers.Adam(beta_1=0.8), "mse", "beta_1=0.8"),
        (lambda: keras.optimizers.SGD(nesterov=True, momentum=0.9), "mse", "nesterov=True"),
        (lambda: keras.optimizers.SGD(clipvalue=1.0), "mse", "clipvalue=1.0"),
        (
            lambda: keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 100)),
            "mse",
            "a custom schedule",
        ),
        (lambda: "adam", "log_cosh", "log_cosh"),
        (lambda: "adam", keras.losses.Huber(delta=2.0), "settings that have no stacked twin"),
        (lambda: "adam", lambda y, p: keras.ops.mean(y - p), "is not one of Keras's"),
    ],
)
def test_what_a_population_cannot_train_by_is_named(optimizer, loss, says):
    model = compiled(optimizer(), loss, 1, "linear")
    loss_named_mse = getattr(loss, "__name__", None) == "<lambda>"
    with pytest.raises(Obstacle) as caught:
        recipe_of(model, {}, Task.REGRESSION)
    assert says in str(caught.value) or (loss_named_mse and "no stacked twin" in str(caught.value))


def test_the_output_must_be_what_the_task_needs():
    with pytest.raises(Obstacle, match="needs 'linear'"):
        recipe_of(compiled("adam", "mse", 1, "sigmoid"), {}, Task.REGRESSION)

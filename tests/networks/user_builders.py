"""Builders as users write them."""

from typing import Any

from automl.search.space.parameters import Fixed
from automl.search.space.space import Space

WHERE = "study.yaml:7"

PLAIN = """
    import keras

    def build(hp):
        return keras.Sequential([
            keras.Input((64,)),
            keras.layers.Dense(hp.Int("units", 4, 32), activation=hp.Choice("activation", ["relu", "tanh"])),
            keras.layers.Dense(10, activation="softmax"),
        ])
"""

SCOPED = """
    import keras

    def build(hp):
        kind = hp.Choice("kind", ["dense", "convolution"])
        images = keras.Input((64,))
        with hp.conditional_scope("kind", ["dense"]):
            units = hp.Int("units", 4, 8)
        with hp.conditional_scope("kind", ["convolution"]):
            filters = hp.Choice("filters", [2, 3])
            pool = hp.Choice("pool", ["mean", "max"])
            with hp.conditional_scope("pool", ["max"]):
                size = hp.Int("size", 2, 4)
        if kind == "dense":
            values = keras.layers.Dense(units)(images)
        else:
            values = keras.layers.Reshape((8, 8, 1))(images)
            values = keras.layers.Conv2D(filters, 3, activation="relu")(values)
            if pool == "max":
                values = keras.layers.MaxPooling2D(size)(values)
            values = keras.layers.GlobalAveragePooling2D()(values)
        model = keras.Model(images, keras.layers.Dense(10, activation="softmax")(values))
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model
"""


def dense(outputs: int = 1, activation: str | None = None, features: int = 64, values: str = "") -> str:
    """A builder of one layer; `values` is code that runs first."""
    layer = f"keras.layers.Dense({outputs}, activation={activation!r})"
    model = f"keras.Sequential([keras.Input(({features},)), {layer}])"
    return f"import keras\ndef build(hp):\n    {values or 'pass'}\n    return {model}\n"


def scopes(space: Space) -> dict[str, list[tuple[str, list[Any]]]]:
    """The conditions of every hyperparameter by its name, in order."""
    scope_by_name = {
        parameter.name: [(condition.parent, list(condition.values)) for condition in parameter.conditions]
        for parameter in space.parameters
    }
    assert len(scope_by_name) == len(space.parameters), "a hyperparameter stands twice"
    return scope_by_name


def fixed(**values: Any) -> Space:
    return Space(tuple(Fixed(name, value) for name, value in values.items()))

"""A user's own builder: loaded, its first network checked, and every mistake explained."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy
import pytest
from user_builders import PLAIN, SCOPED, WHERE, dense, scopes

from automl.errors import AutoMLError, NetworkError
from automl.networks.custom import CustomBuilder, check_network, discover_space
from automl.networks.loading import BuilderFailure
from automl.search.space.space import Space
from automl.trial import Task

Load = Callable[..., Any]


def test_a_plain_builder(load: Load) -> None:
    function = load(PLAIN)
    space = discover_space(function, Space(), WHERE)
    assert scopes(space) == {"units": [], "activation": []}
    builder = CustomBuilder(function, space)
    check_network(builder, space, (64, 10), Task.MULTICLASS)
    model = builder.build({"units": 5, "activation": "tanh"}, seed=1)
    assert [weights.shape for weights in model.trainable_weights] == [(64, 5), (5,), (5, 10), (10,)]
    assert not model.compiled


def test_every_configuration_of_a_scoped_builder_can_be_built_and_is_the_one_asked_for(load: Load) -> None:
    function = load(SCOPED)
    space = discover_space(function, Space(), WHERE)
    builder = CustomBuilder(function, space)
    check_network(builder, space, (64, 10), Task.MULTICLASS)
    capacities = {
        ("dense", 6): 64 * 6 + 6 + 6 * 10 + 10,
        ("convolution", 3): 9 * 3 + 3 + 3 * 10 + 10,
    }
    for values in (
        {"kind": "dense", "units": 6},
        {"kind": "convolution", "filters": 3, "pool": "mean"},
        {"kind": "convolution", "filters": 3, "pool": "max", "size": 2},
    ):
        model = builder.build(values, seed=1)
        size = values.get("units", values.get("filters"))
        assert model.count_params() == capacities[str(values["kind"]), int(size or 0)]
        assert model.compiled, "its author compiled it"
        pools = [layer for layer in model.layers if isinstance(layer, keras.layers.MaxPooling2D)]
        assert [layer.pool_size for layer in pools] == ([(2, 2)] if "size" in values else [])


def test_the_same_seed_gives_the_same_weights_and_another_gives_others(load: Load) -> None:
    builder = CustomBuilder(load(PLAIN), Space())
    values = {"units": 8, "activation": "relu"}
    first, again, different = (builder.build(values, seed).get_weights()[0] for seed in (1, 1, 2))
    assert numpy.array_equal(first, again)
    assert not numpy.isclose(first, different).any()


def test_building_does_not_write_into_the_values_of_the_trial(load: Load) -> None:
    values = {"units": 8}
    CustomBuilder(load(PLAIN), Space()).build(values, seed=1)
    assert values == {"units": 8}


def test_a_file_with_classes_of_its_own_can_be_loaded(load: Load) -> None:
    """Dataclasses look their module up by name."""
    text = """
        from __future__ import annotations
        import dataclasses
        import keras

        @dataclasses.dataclass
        class Sizes:
            units: int = 3

        def build(hp):
            return keras.Sequential([keras.Input((64,)), keras.layers.Dense(Sizes().units)])
    """
    assert load(text)(keras_tuner.HyperParameters()).output_shape == (None, 3)


@pytest.mark.parametrize(
    ("text", "reference", "says"),
    [
        (PLAIN, "nett.py:build", ["must name a Python file, got 'nett.py'", "folder of the study file"]),
        (PLAIN, "net.py:biuld", ["contains no function 'biuld'", "Did you mean `build`?"]),
        ("LIMIT = 3", "net.py:LIMIT", ["contains no function 'LIMIT'"]),
        ("def build(hp:\n    pass\n", "net.py:build", ["net.py cannot be imported: SyntaxError", "line 1"]),
        (
            "import no_such_module_here",
            "net.py:build",
            ["cannot be imported: ModuleNotFoundError", "no_such_module_here"],
        ),
        (
            "LIMIT = 3\n1 / 0",
            "net.py:build",
            ["net.py cannot be imported: ZeroDivisionError: division by zero (net.py, line 2)."],
        ),
        (
            "import sys\nsys.exit(0)\ndef build(hp): pass\n",
            "net.py:build",
            ["net.py cannot be imported: SystemExit: 0 (net.py, line 2)."],
        ),
        (
            "class Stop(BaseException): pass\nraise Stop\n",
            "net.py:build",
            ["net.py cannot be imported: Stop: no message (net.py, line 2)."],
        ),
    ],
    ids=["no file", "no function", "not a function", "syntax", "import", "raises", "exits", "stops"],
)
def test_a_file_that_cannot_be_loaded_is_explained(
    load: Load, text: str, reference: str, says: list[str]
) -> None:
    with pytest.raises(NetworkError) as caught:
        load(text, reference)
    message = str(caught.value)
    assert message.startswith(f"{WHERE}: ")
    assert [part for part in says if part not in message] == []


def test_a_builder_that_raises_is_explained(load: Load) -> None:
    with pytest.raises(NetworkError) as caught:
        discover_space(load("def build(hp):\n    raise ValueError('units\\nmust be even')\n"), Space(), WHERE)
    says = "the network builder raises: ValueError: units (net.py, line 2)."
    assert str(caught.value) == f"{WHERE}: {says}"
    assert isinstance(caught.value.__cause__, ValueError), "the whole story is kept for --debug"


EXITS = "import sys\ndef build(hp):\n    sys.exit(0)\n"


def test_a_builder_that_exits_is_explained(load: Load) -> None:
    with pytest.raises(NetworkError) as caught:
        discover_space(load(EXITS), Space(), WHERE)
    assert str(caught.value) == f"{WHERE}: the network builder raises: SystemExit: 0 (net.py, line 3)."
    with pytest.raises(
        NetworkError, match=r"^the network builder raises: SystemExit: 0 \(net\.py, line 3\)\.$"
    ):
        check_network(CustomBuilder(load(EXITS), Space()), Space(), (64, 1), Task.REGRESSION)


def test_a_builder_that_exits_or_gives_no_network_for_some_values_raises_an_ordinary_exception(
    load: Load,
) -> None:
    """Which its trial records as the reason, where one of automl's own errors would end the study."""
    text = """
        import sys

        def build(hp):
            return sys.exit("no memory") if hp.Boolean("large") else hp
    """
    builder = CustomBuilder(load(text), Space())
    for large, says in (
        (True, "the network builder raises: SystemExit: no memory (net.py, line 5)"),
        (False, "the network builder must return a keras.Model, got HyperParameters"),
    ):
        with pytest.raises(BuilderFailure) as caught:
            builder.build({"large": large}, seed=1)
        assert str(caught.value) == says
    assert not issubclass(BuilderFailure, AutoMLError)


def test_an_interrupt_during_a_build_stays_an_interrupt(load: Load) -> None:
    with pytest.raises(KeyboardInterrupt):
        CustomBuilder(load("def build(hp):\n    raise KeyboardInterrupt\n"), Space()).build({}, seed=1)
    with pytest.raises(KeyboardInterrupt):
        load("raise KeyboardInterrupt\n")


def test_a_network_that_exits_when_it_is_fed_is_explained(load: Load) -> None:
    text = """
        import keras
        import sys

        class Net(keras.Model):
            def call(self, rows):
                sys.exit(4)

        def build(hp):
            return Net()
    """
    with pytest.raises(NetworkError, match="it raises: SystemExit: 4"):
        check_network(CustomBuilder(load(text), Space()), Space(), (64, 1), Task.REGRESSION)


def test_what_a_builder_prints_does_not_reach_the_terminal(
    load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    noisy = 'import keras\nprint("imported")\n\ndef build(hp):\n    print("x" * 10_000_000)\n'
    function = load(noisy + "    return keras.Sequential([keras.Input((64,)), keras.layers.Dense(1)])\n")
    builder = CustomBuilder(function, discover_space(function, Space(), WHERE))
    check_network(builder, builder.space, (64, 1), Task.REGRESSION)
    assert capsys.readouterr() == ("", "")


HELPED = """
    import keras
    from sizes import UNITS

    def build(hp):
        from late_sizes import OUTPUTS
        return keras.Sequential([keras.Input((64,)), keras.layers.Dense(UNITS), keras.layers.Dense(OUTPUTS)])
"""


def test_a_builder_imports_modules_beside_it_as_they_are_now(load: Load, tmp_path: Path) -> None:
    """Also when an edit keeps the length of the file and the second, by which Python knows its bytecode."""
    path, shapes = list(sys.path), []
    for units, outputs in ((3, 4), (5, 6)):
        (tmp_path / "sizes.py").write_text(f"UNITS = {units}\n")
        (tmp_path / "late_sizes.py").write_text(f"OUTPUTS = {outputs}\n")
        function = load(HELPED)
        model = CustomBuilder(function, Space()).build({}, seed=1)
        shapes.append([weights.shape for weights in model.trainable_weights[::2]])
    assert shapes == [[(64, 3), (3, 4)], [(64, 5), (5, 6)]]
    assert sys.path == path
    assert not (tmp_path / "__pycache__").exists()


@pytest.mark.parametrize(
    ("text", "task", "outputs", "says"),
    [
        (
            dense(10, "softmax", features=63),
            Task.MULTICLASS,
            10,
            ["rows of shape (64,)", "keras.Input((64,))", "Reshape"],
        ),
        (
            dense(9, "softmax"),
            Task.MULTICLASS,
            10,
            ["10 outputs per row, got shape (9,)", "keras.layers.Dense(10)"],
        ),
        (dense(2, "softmax"), Task.BINARY, 1, ["1 outputs per row, got shape (2,)", "keras.layers.Dense(1)"]),
        (dense(2), Task.REGRESSION, 1, ["1 outputs per row, got shape (2,)"]),
        (dense(10), Task.MULTICLASS, 10, ["must return probabilities", "`softmax`"]),
        (dense(10, "sigmoid"), Task.MULTICLASS, 10, ["must return probabilities", "`softmax`"]),
        (dense(1), Task.BINARY, 1, ["must return probabilities", "`sigmoid`"]),
        (dense(1, "tanh"), Task.BINARY, 1, ["must return probabilities", "`sigmoid`"]),
        (dense(1, "relu"), Task.BINARY, 1, ["must return probabilities", "`sigmoid`"]),
        ("def build(hp):\n    return 3\n", Task.BINARY, 1, ["must return a keras.Model, got int"]),
    ],
    ids=[
        "width",
        "outputs",
        "softmax of 2",
        "numbers",
        "logits",
        "sigmoids",
        "logit",
        "tanh",
        "relu",
        "no model",
    ],
)
def test_a_network_that_does_not_fit_is_explained(
    load: Load, text: str, task: Task, outputs: int, says: list[str]
) -> None:
    builder = CustomBuilder(load(text), Space())
    with pytest.raises(NetworkError) as caught:
        check_network(builder, Space(), (64, outputs), task)
    assert [part for part in says if part not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("activation", "outputs", "task"),
    [
        ("softmax", 10, Task.MULTICLASS),
        ("sigmoid", 1, Task.BINARY),
        (None, 1, Task.REGRESSION),
        ("tanh", 1, Task.REGRESSION),
    ],
)
def test_a_network_that_fits_passes(load: Load, activation: str | None, outputs: int, task: Task) -> None:
    check_network(CustomBuilder(load(dense(outputs, activation)), Space()), Space(), (64, outputs), task)

"""The door to the array library: JAX trains a population as TensorFlow does."""

import importlib.util
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy
import pytest

from automl.training.backend import is_out_of_memory

SCRIPT = """
    import json
    from populations import member, study, train
    from automl.training.population.health import HealthPrograms

    prepared = study({"depth": 2, "dropout": 0.3}, training={"epochs": 4})
    pairs = [("relu", "adam"), ("gelu", "adamw"), ("tanh", "adam")]
    members = [
        member(prepared, number, number % 2, activation=activation, optimizer=optimizer)
        for number, (activation, optimizer) in enumerate(pairs)
    ]
    outcomes = train(prepared, members)
    view = prepared.plan.view(members[0], prepared.splits.folds[0])
    places = view.places(view.measured[:64])
    rows, programs = (view.inputs[places], view.targets[places]), HealthPrograms()
    healths = [
        (health.gradients, health.dead_units)
        for outcome in outcomes * 2
        for health in [programs.health(outcome.structure, outcome.job, outcome.weights, rows)]
    ]
    assert healths[:3] == healths[3:], "whoever came before changes nothing"
    print("FOUND " + json.dumps([[outcome.losses.tolist() for outcome in outcomes], healths[:3]]))
"""


def trained(backend):
    """Losses by epoch, and health, of three members."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)],
        env=os.environ
        | {
            "KERAS_BACKEND": backend,
            "PYTHONPATH": f"{Path(__file__).parent}:{os.environ.get('PYTHONPATH', '')}",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("FOUND ")]
    return json.loads(line[6:])


ARITHMETIC = """
    import os, sys
    if sys.argv[1] == "one":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from automl.training.backend import fix_arithmetic
    fix_arithmetic()
    import hashlib, numpy
    from keras import ops
    generator = numpy.random.default_rng(0)
    digest = hashlib.sha256()
    for rows, units in ((455, 64), (1024, 512), (4096, 1000)):
        left = generator.normal(size=(rows, 1500)).astype("float32")
        right = generator.normal(size=(1500, units)).astype("float32")
        digest.update(ops.convert_to_numpy(ops.matmul(left, right)).tobytes())
        digest.update(ops.convert_to_numpy(ops.matmul(left.T, left)).tobytes())
    print("DIGEST " + digest.hexdigest())
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs to choose its cores")
def test_sums_are_rounded_alike_on_any_number_of_cores():
    """Needs two cores to fail; on one, there is nothing to tell apart."""
    environment = {name: value for name, value in os.environ.items() if name != "TF_NUM_INTRAOP_THREADS"}
    digests = set()
    for cores in ("one", "all"):
        command = [sys.executable, "-c", textwrap.dedent(ARITHMETIC), cores]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        digests.update(line for line in done.stdout.splitlines() if line.startswith("DIGEST "))
    assert len(digests) == 1


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs the extra [jax]")
def test_jax_trains_as_tensorflow_does():
    """The same dropout masks too: they are integers from a counter. Health is compiled under one of them only."""
    (losses, healths), (other_losses, other_healths) = trained("jax"), trained("tensorflow")
    for mine, its in zip(losses, other_losses, strict=True):
        for one, other in zip(mine, its, strict=True):
            assert one == pytest.approx(other, rel=1e-5)
    for (gradients, dead), (other_gradients, other_dead) in zip(healths, other_healths, strict=True):
        assert gradients == pytest.approx(other_gradients, rel=1e-4) and min(gradients) > 0.0
        assert dead == pytest.approx(other_dead)


SLOPES = """
    import json
    import keras, numpy
    from automl.training.plain.slopes import loss_slopes, output_slopes

    generator = numpy.random.default_rng(0)
    rows = generator.normal(size=(20, 4)).astype("float32")
    found = []
    for activation, units in (("softmax", 3), ("sigmoid", 1), ("linear", 1)):
        inputs = keras.Input((4,))
        hidden = keras.layers.Dense(5, activation="relu")(inputs)
        hidden = keras.layers.BatchNormalization()(hidden)
        model = keras.Model(inputs, keras.layers.Dense(units, activation=activation)(hidden))
        model.set_weights([generator.uniform(0.1, 1.0, array.shape) for array in model.get_weights()])
        loss = lambda targets, outputs: keras.ops.square(targets - outputs)
        targets = numpy.ones((20, units), "float32")
        slopes = [*output_slopes(model, rows), *loss_slopes(model, loss, (rows, targets))]
        found.append([slope.tolist() for slope in slopes])
        assert model.layers[-1].activation is keras.activations.get(activation)
    print("SLOPES " + json.dumps(found))
"""


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs the extra [jax]")
def test_gradients_of_a_keras_model_are_the_same_under_both_backends():
    """Those of outputs are of logits: the outputs of a softmax always sum to one."""
    found = {}
    for backend in ("jax", "tensorflow"):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(SLOPES)],
            env=os.environ | {"KERAS_BACKEND": backend},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("SLOPES ")]
        found[backend] = json.loads(line[7:])
    for ours, theirs in zip(found["jax"], found["tensorflow"], strict=True):
        for one, other in zip(ours, theirs, strict=True):
            numpy.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
            assert numpy.abs(one).max() > 1e-4


TWO_MEMBERS = """
    import numpy
    from automl.networks.builder import FamilyBuilder
    from automl.training.plain.compiled import CompiledModels
    from automl.trial import Member, Task

    values = {"depth": 1, "width": 4, "activation": "relu", "dropout": 0.0, "batch_normalization": False, "l2": 0.0}
    values |= {"initializer": "glorot_uniform", "optimizer": "schedule_free", "learning_rate": 0.01}
    builder = FamilyBuilder({"standard": 3}, 1, Task.REGRESSION)
    models = CompiledModels(builder, "mse")
    rows = numpy.random.default_rng(0).normal(size=(20, 3)).astype("float32")
    for fold in range(2):
        model = models.fresh(Member(0, fold, values, 0), 4)
        weights, variables = model.trainable_variables, model.optimizer.variables
        taken = {weight.value.unsafe_buffer_pointer() for weight in weights}
        assert not taken & {variable.value.unsafe_buffer_pointer() for variable in variables}
        copies = [
            weight.path
            for weight in weights
            for variable in variables
            if weight.shape == variable.shape and numpy.array_equal(weight.numpy(), variable.numpy())
        ]
        assert len(copies) >= 2, "the optimizer begins with the weights"
        model.fit(rows, rows[:, :1], epochs=1, verbose=0)
    print("TRAINED", models._model is model)
"""


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs the extra [jax]")
def test_a_second_network_trains_in_the_model_of_the_first_under_jax():
    """A step gives its arrays away; JAX refuses one that is a weight and what the optimizer began with."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(TWO_MEMBERS)],
        env=os.environ | {"KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "TRAINED True" in done.stdout, done.stderr[-2000:]


PRECISION = """
    import numpy
    from keras import ops
    from automl.training import backend

    backend.on_accelerator = lambda: True
    found = {}
    for wanted in (backend.TENSOR_FLOAT, backend.FULL):
        backend.fix_arithmetic(wanted)
        found[wanted] = backend.precision_name()
        if backend.backend_name() == "jax":
            import jax

            program = str(jax.make_jaxpr(ops.matmul)(numpy.ones((2, 2), "float32"), numpy.ones((2, 2), "float32")))
            assert ("HIGHEST" in program) == (wanted == backend.FULL), program
        else:
            import tensorflow

            enabled = tensorflow.config.experimental.tensor_float_32_execution_enabled()
            assert enabled == (wanted == backend.TENSOR_FLOAT)
    backend.fix_arithmetic()
    print("PRECISION", backend.precision_name(), found == {name: name for name in found})
"""


@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_the_precision_that_is_named_is_the_one_that_the_library_was_told(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip("needs the extra [jax]")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PRECISION)],
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "PRECISION float32 True" in done.stdout, done.stderr[-2000:]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 8 bytes."), True),
        (type("ResourceExhaustedError", (Exception,), {})("OOM when allocating tensor"), True),
        (ValueError("no such kernel"), False),
    ],
)
def test_an_error_of_memory_is_told_from_others(error, expected):
    assert is_out_of_memory(error) is expected

"""The door to the array library: JAX trains a population as TensorFlow does.

TensorFlow is the library of the tests' own process. What is found under JAX comes from one other process for all tests,
for it loads Keras and both libraries for seconds; it calls the functions of `PARTS`.
"""

import importlib.util
import json
import os
import subprocess
import sys
import textwrap
import traceback
from pathlib import Path

import forked
import keras
import numpy
import pytest
from keras import ops
from populations import member, study, train

from automl.networks.builder import FamilyBuilder
from automl.training import backend
from automl.training.backend import is_out_of_memory
from automl.training.plain.compiled import CompiledModels
from automl.training.plain.slopes import loss_slopes, output_slopes
from automl.training.population.health import HealthPrograms
from automl.trial import Member, Task


def population():
    """Losses by epoch, and health, of three members."""
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
    return [outcome.losses.tolist() for outcome in outcomes], healths[:3]


def slopes():
    """Gradients of three Keras models."""
    generator = numpy.random.default_rng(0)
    rows = generator.normal(size=(20, 4)).astype("float32")
    slopes_by_model = []
    for activation, units in (("softmax", 3), ("sigmoid", 1), ("linear", 1)):
        inputs = keras.Input((4,))
        hidden = keras.layers.Dense(5, activation="relu")(inputs)
        hidden = keras.layers.BatchNormalization()(hidden)
        model = keras.Model(inputs, keras.layers.Dense(units, activation=activation)(hidden))
        model.set_weights([generator.uniform(0.1, 1.0, array.shape) for array in model.get_weights()])
        targets = numpy.ones((20, units), "float32")
        loss = loss_slopes(model, lambda truth, outputs: ops.square(truth - outputs), (rows, targets))
        slopes_by_model.append([slope.tolist() for slope in [*output_slopes(model, rows), *loss]])
        assert model.layers[-1].activation is keras.activations.get(activation)
    return slopes_by_model


def second_network():
    """Whether a second network trained in the model of the first."""
    values = {
        "depth": 1,
        "width": 4,
        "activation": "relu",
        "dropout": 0.0,
        "batch_normalization": False,
        "l2": 0.0,
    }
    values |= {"initializer": "glorot_uniform", "optimizer": "schedule_free", "learning_rate": 0.01}
    models = CompiledModels(FamilyBuilder({"standard": 3}, 1, Task.REGRESSION), "mse")
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
    return models._model is model


def precision():
    """What the library says after it was told each precision, as on an accelerator, and at last the usual one."""
    names = {}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(backend, "on_accelerator", lambda: True)
        for wanted in (backend.TENSOR_FLOAT, backend.FULL):
            backend.fix_arithmetic(wanted)
            names[wanted] = backend.precision_name()
            if backend.backend_name() == "jax":
                import jax

                matrix = numpy.ones((2, 2), "float32")
                program = str(jax.make_jaxpr(ops.matmul)(matrix, matrix))
                assert ("HIGHEST" in program) == (wanted == backend.FULL), program
            else:
                import tensorflow

                enabled = tensorflow.config.experimental.tensor_float_32_execution_enabled()
                assert enabled == (wanted == backend.TENSOR_FLOAT)
        backend.fix_arithmetic()
        return names | {"at last": backend.precision_name()}


PARTS = {part.__name__: part for part in (population, slopes, second_network, precision)}
CHILD = "import test_backend; test_backend.write_parts()"


def write_parts():
    """What each part finds, or how it failed."""
    for name, part in PARTS.items():
        try:
            content = {"found": part()}
        except Exception:
            content = {"error": traceback.format_exc()}
        sys.stdout.write("PART " + json.dumps({"name": name} | content) + "\n")


@pytest.fixture(scope="module")
def under_jax():
    """Gives what a part has found under JAX."""
    if importlib.util.find_spec("jax") is None:
        pytest.skip("needs the extra [jax]")
    folder = Path(__file__).parent
    path = os.pathsep.join(
        [str(folder), str(folder.parent), str(folder.parents[1]), os.environ.get("PYTHONPATH", "")]
    )
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        env=os.environ | {"KERAS_BACKEND": "jax", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    parts = [json.loads(line[5:]) for line in done.stdout.splitlines() if line.startswith("PART ")]
    by_name = {part["name"]: part for part in parts}

    def result_of(part):
        known = by_name[part.__name__]
        assert "found" in known, known["error"]
        return known["found"]

    return result_of


ARITHMETIC = """
    import hashlib, os, sys
    import numpy
    from keras import ops
    from automl.training.backend import fix_arithmetic
    os.environ.pop("TF_NUM_INTRAOP_THREADS", None)
    other = os.fork()  # before anything is calculated: the libraries are loaded once
    if not other:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    fix_arithmetic()
    generator = numpy.random.default_rng(0)
    digest = hashlib.sha256()
    for rows, units in ((455, 64), (1024, 512)):
        left = generator.normal(size=(rows, 1500)).astype("float32")
        right = generator.normal(size=(1500, units)).astype("float32")
        digest.update(ops.convert_to_numpy(ops.matmul(left, right)).tobytes())
        digest.update(ops.convert_to_numpy(ops.matmul(left.T, left)).tobytes())
    os.write(1, f"DIGEST {len(os.sched_getaffinity(0))} {digest.hexdigest()}\\n".encode())
    if other:
        sys.exit(os.waitpid(other, 0)[1])
    os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs to choose its cores")
def test_sums_are_rounded_alike_on_any_number_of_cores():
    """Needs two cores to fail; on one, there is nothing to tell apart."""
    command = [sys.executable, "-c", textwrap.dedent(ARITHMETIC)]
    done = forked.run(command, capture_output=True, text=True, check=True, timeout=600)
    digests = [line.split() for line in done.stdout.splitlines() if line.startswith("DIGEST ")]
    assert sorted(int(cores) for _, cores, _ in digests) == [1, len(os.sched_getaffinity(0))]
    assert len({digest for *_, digest in digests}) == 1


def test_jax_trains_as_tensorflow_does(under_jax):
    """The same dropout masks too: they are integers from a counter. Health is compiled under one of them only."""
    (losses, healths), (other_losses, other_healths) = under_jax(population), population()
    for curve, other_curve in zip(losses, other_losses, strict=True):
        for value, other_value in zip(curve, other_curve, strict=True):
            assert value == pytest.approx(other_value, rel=1e-5)
    for (gradients, dead), (other_gradients, other_dead) in zip(healths, other_healths, strict=True):
        assert gradients == pytest.approx(other_gradients, rel=1e-4) and min(gradients) > 0.0
        assert dead == pytest.approx(other_dead)


def test_gradients_of_a_keras_model_are_the_same_under_both_backends(under_jax):
    """Those of outputs are of logits: the outputs of a softmax always sum to one."""
    for ours, tensorflow_slopes in zip(under_jax(slopes), slopes(), strict=True):
        for slope, tensorflow_slope in zip(ours, tensorflow_slopes, strict=True):
            numpy.testing.assert_allclose(slope, tensorflow_slope, rtol=1e-4, atol=1e-6)
            assert numpy.abs(slope).max() > 1e-4


def test_a_second_network_trains_in_the_model_of_the_first_under_jax(under_jax):
    """A step gives its arrays away; JAX refuses one that is a weight and what the optimizer began with."""
    assert under_jax(second_network) is True


PRECISIONS = {backend.TENSOR_FLOAT: backend.TENSOR_FLOAT, backend.FULL: backend.FULL, "at last": backend.FULL}


def test_the_precision_that_is_named_is_the_one_that_tensorflow_was_told():
    assert precision() == PRECISIONS


def test_the_precision_that_is_named_is_the_one_that_jax_was_told(under_jax):
    assert under_jax(precision) == PRECISIONS


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

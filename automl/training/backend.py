"""The door to the array library: the two things that `keras.ops` has no word for, gradients and compilation."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

import keras

Arrays = Any
"""A nest of lists and dictionaries of arrays."""

Function = Callable[..., Any]


ARITHMETIC_THREADS = 8
"""Threads of one operation, on any number of cores. TensorFlow's own choice is one per core."""


FULL, TENSOR_FLOAT = "float32", "TF32"
"""Precisions of matrix products: all 24 bits of a float32, or 11 of them in the tensor cores of a GPU."""


def fix_arithmetic(precision: str = FULL) -> None:
    """Let sums be rounded alike on any number of cores, and matrix products be as exact on a GPU as on a CPU.

    TensorFlow cuts matrix products into pieces, one per thread, and other pieces give other last digits: networks of
    512 units, batches of 512 rows and predictions differ on 1, 2 and 4 cores (measured, DECISIONS.md). Call it before
    anything is calculated; afterwards the pieces stay as they are, and so where `TF_NUM_INTRAOP_THREADS` names another
    number. Both libraries leave it to the device how exact matrix products are, unless they are told.

    Args:
        precision: `FULL` or `TENSOR_FLOAT`; a CPU knows the first only.
    """
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_default_matmul_precision", "highest" if precision == FULL else "tensorfloat32")
        return
    import tensorflow

    tensorflow.config.experimental.enable_tensor_float_32_execution(precision == TENSOR_FLOAT)
    if "TF_NUM_INTRAOP_THREADS" in os.environ:
        return
    with suppress(RuntimeError):  # something has been calculated
        tensorflow.config.threading.set_intra_op_parallelism_threads(ARITHMETIC_THREADS)


def precision_name() -> str:
    """Precision of the matrix products, as the array library has been told: `FULL` or `TENSOR_FLOAT`."""
    if not on_accelerator():
        return FULL
    if keras.backend.backend() == "jax":
        import jax

        return FULL if jax.config.jax_default_matmul_precision in ("highest", "float32") else TENSOR_FLOAT
    import tensorflow

    enabled = tensorflow.config.experimental.tensor_float_32_execution_enabled()
    return TENSOR_FLOAT if enabled else FULL


def backend_name() -> str:
    """The array library under Keras: "tensorflow" or "jax"."""
    return str(keras.backend.backend())


def compiled(function: Function) -> Function:
    """The same function as one XLA program for each set of array shapes."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)  # type: ignore[no-any-return]
    import tensorflow

    # What we compile has no loop or condition of Python's over tensors: AutoGraph would rewrite all of it for nothing.
    return tensorflow.function(function, jit_compile=True, autograph=False)  # type: ignore[no-any-return]


def gradient(function: Callable[[Arrays], tuple[Any, Arrays]], weights: Arrays) -> tuple[Arrays, Arrays]:
    """Gradient of a function's first result with respect to weights, and its second result.

    Args:
        function: Weights to (scalar, anything).
        weights: A list of arrays.
    """
    if keras.backend.backend() == "jax":
        import jax

        return jax.grad(function, has_aux=True)(weights)  # type: ignore[no-any-return]
    import tensorflow

    with tensorflow.GradientTape() as tape:
        tape.watch(weights)
        value, rest = function(weights)
    return tape.gradient(value, weights), rest


def on_accelerator() -> bool:
    """Whether the arithmetic runs on a GPU or a TPU."""
    if keras.backend.backend() == "jax":
        import jax

        return bool(jax.default_backend() != "cpu")
    import tensorflow

    return bool(tensorflow.config.list_physical_devices("GPU"))


def on_host() -> AbstractContextManager[Any]:
    """Calculate on the CPU: single operations on small arrays, which an accelerator would compile one by one."""
    if backend_name() == "jax":
        import jax

        with suppress(RuntimeError):  # `JAX_PLATFORMS` leaves the CPU out
            return jax.default_device(jax.local_devices(backend="cpu")[0])  # type: ignore[no-any-return]
        return nullcontext()
    import tensorflow

    return tensorflow.device("CPU:0")  # type: ignore[no-any-return]


def device_name() -> str:
    """The device that the arithmetic runs on, as people know it."""
    if keras.backend.backend() == "jax":
        import jax

        device = jax.devices()[0]
        return "CPU" if device.platform == "cpu" else f"{device.platform.upper()} ({device.device_kind})"
    import tensorflow

    gpus = tensorflow.config.list_physical_devices("GPU")
    if not gpus:
        return "CPU"
    details = tensorflow.config.experimental.get_device_details(gpus[0])
    return f"GPU ({details.get('device_name', gpus[0].name)})"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that an array did not fit."""
    return isinstance(
        error, MemoryError
    ) or "RESOURCE_EXHAUSTED" in f"{type(error).__name__} {error}".replace(
        "ResourceExhausted", "RESOURCE_EXHAUSTED"
    )

"""The door to the array library: the two things that `keras.ops` has no word for, gradients and compilation."""

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import keras

Arrays = Any
"""A nest of lists and dictionaries of arrays."""

Function = Callable[..., Any]


ARITHMETIC_THREADS = 8
"""Threads of one operation, on any number of cores. TensorFlow's own choice is one per core."""


def fix_arithmetic() -> None:
    """Let sums be rounded alike on any number of cores.

    TensorFlow cuts matrix products into pieces, one per thread, and other pieces give other last digits: networks of
    512 units, batches of 512 rows and predictions differ on 1, 2 and 4 cores (measured, DECISIONS.md). Call it before
    anything is calculated; afterwards it has no effect, nor where `TF_NUM_INTRAOP_THREADS` names another number.
    """
    if keras.backend.backend() != "tensorflow" or "TF_NUM_INTRAOP_THREADS" in os.environ:
        return
    import tensorflow

    with suppress(RuntimeError):  # something has been calculated
        tensorflow.config.threading.set_intra_op_parallelism_threads(ARITHMETIC_THREADS)


def compiled(function: Function) -> Function:
    """The same function as one XLA program for each set of array shapes."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)  # type: ignore[no-any-return]
    import tensorflow

    return tensorflow.function(function, jit_compile=True)  # type: ignore[no-any-return]


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

"""Compiled programs that the tests of a process share; `make test-all` compiles for every engine, as a study does.

XLA takes a second for each program of a population, and many tests train the same structure on arrays of the same
shapes. A program depends on nothing else: all that is compiled into it stands in its `Structure`.
"""

from functools import lru_cache, partial
from typing import Any

from automl.training.backend import Function, compiled
from automl.training.population import programs

MOST = 32
"""Structures whose programs are kept; each takes a few megabytes for every set of shapes."""


@lru_cache(maxsize=MOST)
def _program(function: Function, *arguments: Any) -> Function:
    return compiled(partial(function, *arguments))


def shared(function: Any) -> Function:
    """What `compiled` gives: the same program for the same function and structure."""
    return _program(function.func, *function.args)


def share() -> None:
    """From now on all engines of this process have their programs in common."""
    programs.compiled = shared

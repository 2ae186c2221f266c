"""Configurations that nobody has tried: what a sampler falls back to when its algorithm has none."""

import itertools
from collections.abc import Mapping, Set
from typing import Any

import numpy

from automl.space import Space, configurations, is_active, plain_value
from automl.trial import Hyperparameters, Scalar

Key = tuple[tuple[str, Scalar], ...]

NUM_DRAWS = 200
SHORTLIST = 1000


def key(hyperparameters: Hyperparameters) -> Key:
    """What two equal configurations have in common."""
    return tuple(sorted(hyperparameters.items()))


def complete(space: Space, given: Mapping[str, Any], generator: numpy.random.Generator) -> Hyperparameters:
    """The active values of a space, in its order and in plain types; what is not given is drawn at random.

    Args:
        space: The space.
        given: Values by name; those of hyperparameters that are not active are left out.
        generator: Where the other values come from.

    Raises:
        ValueError: A given value is none of its hyperparameter's.
    """
    values: dict[str, Scalar] = {}
    for hp in space.space:
        if hp.name not in values and is_active(hp, values):
            drawn = hp.prob_to_value(generator.random())
            values[hp.name] = plain_value(hp, given.get(hp.name, drawn))
    return values


def find_untried(space: Space, tried: Set[Key], generator: numpy.random.Generator) -> Hyperparameters | None:
    """A random configuration that has not been tried; None when there is none left.

    Draws first; when nearly all is tried, chooses from a list of what is left. That list is cut, for a space
    can be finite and yet have more configurations than a memory has bytes.
    """
    for _ in range(NUM_DRAWS):
        drawn = complete(space, {}, generator)
        if key(drawn) not in tried:
            return drawn
    every = configurations(space)
    if every is None:
        return None
    left = list(itertools.islice((one for one in every if key(one) not in tried), SHORTLIST))
    return left[int(generator.integers(len(left)))] if left else None

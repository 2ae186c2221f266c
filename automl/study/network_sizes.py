"""The smallest and the largest network of a search space, found without training and without building thousands."""

import itertools
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy

from automl.networks.builder import FamilyBuilder
from automl.search.space.parameters import Float, Int
from automl.search.space.space import Space
from automl.study.preparation import PreparedStudy
from automl.training.plain.sequential import capacity_of
from automl.training.population.jobs import Job
from automl.training.population.knowledge import setting_of as planner_setting
from automl.training.population.planner import Setting, places_in_cache, structure_of
from automl.training.population.structure import Structure
from automl.training.views import measured_room, view_rows
from automl.trial import Hyperparameters, Member, Scalar, derive_seed

_MOST_BUILT = 6
"""Networks of a user's own builder that are built to find the smallest and the largest."""

_BUILDING_SECONDS = 10.0
"""After which no other is built."""


@dataclass(frozen=True, slots=True)
class SizedNetwork:
    """A network of the space.

    Attributes:
        hyperparameters: Its active values.
        capacity: Number of trainable weights.
    """

    hyperparameters: Hyperparameters
    capacity: int


def smallest_and_largest(prepared: PreparedStudy) -> tuple[SizedNetwork, ...]:
    """The networks of a space with the fewest and with the most trainable weights, in this order.

    Of perceptrons exactly these: for given depth, encoding and normalization the number of weights grows with every
    width. Of a user's own builder the ends of all ranges and some random configurations are built, so another network
    may be smaller or larger. What does not change the number of weights is chosen so that the smallest network trains
    fast and the largest slowly. Empty where nothing can be built.
    """
    exact = isinstance(prepared.builder, FamilyBuilder)
    candidates = _corners(prepared) if exact else _some(prepared)
    sized: list[SizedNetwork] = []
    began = time.perf_counter()
    for hyperparameters in candidates:
        if not exact and sized and time.perf_counter() - began > _BUILDING_SECONDS:
            break
        with suppress(Exception):  # whatever a user's builder raises is the matter of its trial
            sized.append(SizedNetwork(hyperparameters, network_capacity(prepared, hyperparameters)))
    if not sized:
        return ()
    return min(sized, key=lambda network: network.capacity), max(sized, key=lambda network: network.capacity)


def setting_of(prepared: PreparedStudy) -> Setting:
    """What the planner needs to know of a study of perceptrons."""
    plan, rows = prepared.plan, [view_rows(fold) for fold in prepared.splits.folds]
    return planner_setting(plan, max(len(fold_rows.rows) for fold_rows in rows), measured_room(rows))


def structure_for(prepared: PreparedStudy, hyperparameters: Hyperparameters) -> Structure | None:
    """The structure of a network's program; None for a user's network that only Keras can train."""
    recipe = prepared.builder.recipe(hyperparameters)
    if recipe is None:
        return None
    return structure_of(Job(Member(0, 0, hyperparameters, 0), recipe, 0, 1, 0), setting_of(prepared))


def places_of(prepared: PreparedStudy, hyperparameters: Hyperparameters) -> int:
    """How many networks like this one the planner lets train at once."""
    structure = structure_for(prepared, hyperparameters)
    return 1 if structure is None else setting_of(prepared).most_places or places_in_cache(structure)


def network_capacity(prepared: PreparedStudy, hyperparameters: Hyperparameters) -> int:
    """Number of trainable weights of a network."""
    recipe = prepared.builder.recipe(hyperparameters)
    return recipe.network.capacity if recipe is not None else capacity_of(prepared.plan, hyperparameters)


def _corners(prepared: PreparedStudy) -> Iterator[Hyperparameters]:
    """Of perceptrons, the ends of all widths for each depth, encoding and normalization."""
    axes: dict[str, list[Scalar]] = {}
    for parameter in prepared.space.parameters:
        if parameter.name in ("depth", "numeric_encoding", "batch_normalization"):
            axes[parameter.name] = parameter.possible() or []
    for end in (0, 1):
        ends = _ends(prepared.space, end)
        for values in itertools.product(*axes.values()):
            given = ends | dict(zip(axes, values, strict=True))
            yield _completed(prepared, given, "corner")


def _some(prepared: PreparedStudy) -> Iterator[Hyperparameters]:
    """Of any network, the ends of all ranges and some random configurations."""
    for end in (0, 1):
        yield _completed(prepared, _ends(prepared.space, end), "corner")
    for number in range(_MOST_BUILT - 2):
        rate = {name: value for name, value in _ends(prepared.space, 0).items() if name == "learning_rate"}
        yield _completed(prepared, rate, number)


def _ends(space: Space, end: int) -> dict[str, Scalar]:
    """The least (0) or the largest (1) value of every number, of the learning rate the least, of batches the other.

    A small learning rate does not diverge, and large batches train faster.
    """
    ends: dict[str, Scalar] = {}
    for name, (low, high) in _ranges(space).items():
        which = {"learning_rate": 0, "batch_size": 1 - end}.get(name, end)
        ends[name] = (low, high)[which]
    return ends


def _ranges(space: Space) -> Mapping[str, tuple[Scalar, Scalar]]:
    ranges: dict[str, tuple[Scalar, Scalar]] = {}
    for parameter in space.parameters:
        values: list[Any] = (
            [parameter.low, parameter.high]
            if isinstance(parameter, Float | Int)
            else parameter.possible() or []
        )
        if all(isinstance(value, int | float) for value in values):
            ranges[parameter.name] = min(values), max(values)
    return ranges


def _completed(prepared: PreparedStudy, given: Mapping[str, Scalar], name: object) -> Hyperparameters:
    seed = derive_seed(prepared.config.search.seed, "forecast", name)
    return prepared.space.complete(given, numpy.random.default_rng(seed))

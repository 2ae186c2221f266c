"""The table of samplers: a new one is one file and one line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

from automl.errors import SearchSpaceError, explain, one_of
from automl.search.bayesian import make_bayesian
from automl.search.grid import make_grid
from automl.search.random import make_random
from automl.search.sampler import Given, Sampler
from automl.search.sobol import make_sobol
from automl.search.space.space import Space
from automl.search.tpe import make_tpe
from automl.trial import Objective


@final
@dataclass(frozen=True, slots=True)
class Algorithm:
    """A way to search.

    Attributes:
        make: Makes its sampler from space, objective, number of trials, seed and first configurations.
        is_guided: Whether its proposals depend on scores.
    """

    make: Callable[[Space, Objective, int, int, Given], Sampler]
    is_guided: bool


SAMPLERS: Mapping[str, Algorithm] = {
    "random": Algorithm(make_random, is_guided=False),
    "grid": Algorithm(make_grid, is_guided=False),
    "sobol": Algorithm(make_sobol, is_guided=False),
    "tpe": Algorithm(make_tpe, is_guided=True),
    "bayesian": Algorithm(make_bayesian, is_guided=True),
}


def make_sampler(
    name: str, space: Space, objective: Objective, num_trials: int, seed: int, first: Given = ()
) -> Sampler:
    """The sampler of a study.

    Args:
        name: Its name in `SAMPLERS`.
        space: The search space.
        objective: Metric and direction of the scores it will be told.
        num_trials: Number of trials that the study may have; more can be asked for.
        seed: The study's seed.
        first: Configurations to propose before any other, as `check_first` lets them pass.

    Raises:
        SearchSpaceError: There is no sampler of that name.
    """
    if name not in SAMPLERS:
        raise SearchSpaceError(explain("algorithm", "name a sampler", name, one_of(SAMPLERS, name)))
    return SAMPLERS[name].make(space, objective, num_trials, seed, first)

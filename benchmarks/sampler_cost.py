"""What a proposal costs, by sampler and number of trials: `python benchmarks/sampler_cost.py [SAMPLER …]`.

A default space of nine searched hyperparameters, a made loss, cohorts of 20: the sampler is told so many trials
and asked for 20 more. Milliseconds of one process with one BLAS thread, the first call apart (it loads libraries).
"""

import sys
import time

import threadpoolctl

from automl.config.reading import make_study
from automl.search.sampler import Sampler
from automl.search.space.building import build_space, default_entries
from automl.search.space.space import Space
from automl.search.table import SAMPLERS, make_sampler
from automl.trial import Direction, Objective

COHORT = 20
SIZES = (20, 100, 300, 1000, 3000)
LOSS = Objective("log_loss", Direction.MINIMIZE)


def default_space() -> Space:
    study = make_study({"name": "cost", "data": {"sklearn": "digits"}})
    return build_space(study, default_entries(10_000, has_numbers=True, skewed_target=True))


def make_informed(name: str, space: Space, num_trials: int) -> Sampler:
    """A sampler that knows so many random trials, whose loss is their distance from the middle of the cube."""
    configurations = [
        proposal.hyperparameters
        for proposal in make_sampler("random", space, LOSS, num_trials, 1).ask(num_trials)
    ]
    losses = [sum((place - 0.5) ** 2 for place in space.to_unit(values)) for values in configurations]
    sampler = make_sampler(name, space, LOSS, num_trials + COHORT, 7)
    sampler.restore(configurations, list(enumerate(losses)))
    return sampler


def main(names: list[str]) -> None:
    space = default_space()
    print(
        f"{'sampler':10s}"
        + "".join(f"{size:>9d}" for size in SIZES)
        + "   ms a proposal after so many trials"
    )
    for name in names:
        make_informed(name, space, SIZES[0]).ask(1)
        costs = []
        for size in SIZES:
            sampler = make_informed(name, space, size)
            began = time.perf_counter()
            sampler.ask(COHORT)
            costs.append(1000 * (time.perf_counter() - began) / COHORT)
        print(f"{name:10s}" + "".join(f"{cost:9.1f}" for cost in costs), flush=True)


if __name__ == "__main__":
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        main(sys.argv[1:] or list(SAMPLERS))

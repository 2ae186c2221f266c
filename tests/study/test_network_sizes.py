"""The smallest and the largest network of a space, and what a study trains, against independent counts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy
import pytest
from small_studies import FOLDS, prepared_with

from automl.config.reading import load_study
from automl.search.table import make_sampler
from automl.study.network_sizes import smallest_and_largest
from automl.study.preparation import prepare_study
from automl.study.workload import Work, Workload, plan_workload
from automl.training.members import plan_members
from automl.training.population import knowledge
from automl.training.population.planner import plan_lanes
from automl.trial import Hyperparameters


@pytest.mark.parametrize(
    "space",
    [
        {
            "depth": {"int": [0, 2]},
            "width": {"choice": [1, 16]},
        },  # a bottleneck of one unit is less than no layer
        {"depth": {"choice": [1, 3]}, "width": {"choice": [4, 9], "per_layer": True}},
        {
            "depth": {"choice": [0, 1]},
            "width": {"int": [3, 5]},
            "numeric_encoding": {"choice": ["piecewise", "standard"]},
            "batch_normalization": {"choice": [True, False]},
        },
    ],
)
def test_the_smallest_and_the_largest_network_are_those_of_all_configurations(space: dict[str, Any]) -> None:
    prepared = prepared_with(space=space)

    def count(values: Hyperparameters) -> int:
        weights = prepared.builder.build(values, seed=1).trainable_weights
        return sum(int(numpy.prod(weight.shape)) for weight in weights)

    counts = [count(values) for values in prepared.space.configurations() or ()]
    smallest, largest = smallest_and_largest(prepared)
    assert (smallest.capacity, largest.capacity) == (min(counts), max(counts))
    assert [count(network.hyperparameters) for network in (smallest, largest)] == [min(counts), max(counts)]


def test_of_a_builder_the_ends_of_all_ranges_are_built_and_what_raises_is_left_out(
    tmp_path: Path, built_here: None
) -> None:
    (tmp_path / "own.py").write_text(
        "import keras\n"
        "def build(hp):\n"
        "    units, depth = hp.Int('units', 1, 50), hp.Int('depth', 1, 3)\n"
        "    if (units, depth) == (50, 3):\n"
        "        raise ValueError('too large')\n"
        "    layers = [keras.layers.Dense(units) for _ in range(depth)]\n"
        "    return keras.Sequential([keras.Input((13,)), *layers, keras.layers.Dense(3, activation='softmax')])\n"
    )
    (tmp_path / "study.yaml").write_text("data: {sklearn: wine}\nnetwork: {builder: own.py:build}\n")
    prepared = prepare_study(load_study(tmp_path / "study.yaml"))
    smallest, largest = smallest_and_largest(prepared)
    assert smallest.hyperparameters == {"units": 1, "depth": 1} and smallest.capacity == 13 + 1 + 3 + 3
    assert largest.hyperparameters != {"units": 50, "depth": 3} and largest.capacity > smallest.capacity
    keras.backend.clear_session()


def test_the_work_is_what_the_engine_plans_for_the_study(monkeypatch: pytest.MonkeyPatch) -> None:
    space = {
        "depth": {"int": [0, 2]},
        "width": {"choice": [8, 64]},
        "optimizer": {"choice": ["adam", "sgd"]},
        "learning_rate": {"float": [0.001, 0.1], "log": True},
    }
    prepared = prepared_with(space=space, search={"algorithm": "bayesian", "trials": 24, "seed": 5})
    planned: list[list[tuple[int, int]]] = []

    def spied(*arguments: Any) -> Any:
        lanes = plan_lanes(*arguments)
        planned.append([(len(lane.jobs), lane.structure.capacity) for lane in lanes])
        return lanes

    monkeypatch.setattr(knowledge, "plan_lanes", spied)
    engine, search = prepared.make_engine(), prepared.config.search
    sampler = make_sampler("bayesian", prepared.space, prepared.objective, 24, search.seed)
    num_asked = 0
    while num_asked < 24:
        cohort = sampler.ask(min(24 - num_asked, sampler.cohort_size() or 24))
        engine.replay(
            [
                plan_members(proposal.number, proposal.hyperparameters, FOLDS, search.seed)
                for proposal in cohort
            ]
        )
        num_asked += len(cohort)
    workload = plan_workload(prepared, smallest_and_largest(prepared))
    assert [[(work.num_networks, work.capacity) for work in cohort] for cohort in workload.cohorts] == planned
    assert len(planned) > 1 and workload.num_planned == workload.num_trials == 24


def test_a_cohort_ends_with_its_last_thread_and_the_next_begins_then() -> None:
    cohorts = [[Work(5, 1), Work(4, 1), Work(3, 1)], [Work(2, 1)]]
    workload = Workload(cohorts, num_workers=2, num_planned=10, num_trials=10, always_compiles=False)
    assert workload.seconds(lambda work: float(work.num_networks)) == max(5, 4 + 3) + 2


def test_a_cohort_in_flight_fills_the_threads_that_an_older_one_leaves() -> None:
    """One thread works for 5 s, the other for 4 and then on the second cohort; the third waits for the first."""
    cohorts = [[Work(5, 1), Work(4, 1)], [Work(2, 1), Work(1, 1)], [Work(3, 1)]]
    workload = Workload(cohorts, 2, 9, 9, always_compiles=False, in_flight=2)
    assert workload.seconds(lambda work: float(work.num_networks)) == max(4 + 2, 5 + 1 + 3)
    assert replace(workload, in_flight=1).seconds(lambda work: float(work.num_networks)) == 5 + 2 + 3


def test_trials_that_are_not_planned_cost_what_the_planned_ones_cost_without_their_programs() -> None:
    def cost(work: Work) -> float:
        return work.num_networks + (0.0 if work.is_compiled else 100.0)

    workload = Workload([[Work(5, 1)], [Work(3, 1, True)]], 1, 2, 8, always_compiles=False)
    assert workload.seconds(cost) == 100 + 4 * (5 + 3)
    assert replace(workload, always_compiles=True).seconds(cost) == 4 * (100 + 5 + 3)


def test_a_limit_has_room_for_whole_cohorts_and_a_share_of_the_one_that_it_cuts() -> None:
    """Cohorts of 2, 2 and 1 trials that take 10, 4 and 2 seconds; then 5 trials more that take as long, 16 seconds."""
    cohorts = [[Work(10, 1), Work(10, 1)], [Work(20, 4)], [Work(10, 2)]]
    seconds = {1: 10.0, 4: 4.0, 2: 2.0}
    workload = Workload(cohorts, num_workers=2, num_planned=5, num_trials=10, always_compiles=True)

    def within(limit: float) -> int:
        return workload.trials_within(limit, lambda work: seconds[int(work.capacity)])

    assert [within(limit) for limit in (4, 5, 10, 12, 14, 16, 24, 32, 99)] == [0, 1, 2, 3, 4, 5, 7, 10, 10]

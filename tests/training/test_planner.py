"""Plans: every member once, in a program that fits it, and the same plan again."""

from dataclasses import replace
from types import SimpleNamespace

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from populations import NETWORK_VALUES, recipe_of

from automl.networks.families.perceptron import layer_widths
from automl.networks.layers.activation import Activation
from automl.networks.layers.dense import Dense
from automl.networks.layers.dropout import Dropout
from automl.training.population.jobs import Job
from automl.training.population.planner import (
    Setting,
    places_in_cache,
    plan_lanes,
    smaller_places,
    spread,
    structure_of,
)
from automl.trial import Member

SETTING = Setting("categorical_crossentropy", 1000, 1000, 64)

VALUES = st.fixed_dictionaries(
    {**NETWORK_VALUES, "optimizer": st.sampled_from(["sgd", "momentum", "adam", "adamw", "rmsprop"])}
)


def jobs_of(configurations, folds=2, num_inputs=20):
    return [
        Job(Member(trial, fold, values, 0), recipe, fold, 30, 5)
        for trial, values in enumerate(configurations)
        for recipe in [recipe_of(values, num_inputs)]
        for fold in range(folds)
    ]


def fits(structure, values):
    """Whether a program with this structure can train such a member."""
    widths, layers = layer_widths(values), structure.network.layers
    alone = structure_of(Job(Member(0, 0, values, 0), recipe_of(values), 0, 1, 1), SETTING)
    dense = [layer for layer in layers if isinstance(layer, Dense)]
    return (
        [type(layer) for layer in layers] == [type(layer) for layer in alone.network.layers]
        and all(width <= layer.units for width, layer in zip(widths, dense, strict=False))
        and all(values["activation"] in layer.names for layer in layers if isinstance(layer, Activation))
        and values["schedule"] in structure.schedules
        and structure.batch_size == values["batch_size"]
        and structure.optimizer == alone.optimizer
        and all(layer.is_active or not values["dropout"] for layer in layers if isinstance(layer, Dropout))
        and (structure.clipped or not values["clip_norm"])
        and all(layer.padded or layer.units == width for width, layer in zip(widths, dense, strict=False))
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=12), st.lists(VALUES, max_size=6))
def test_every_job_is_in_one_lane_that_fits_it(configurations, later):
    known = {}
    for group in (configurations, later):
        jobs = jobs_of(group)
        lanes = plan_lanes(jobs, SETTING, known)
        planned = [job for lane in lanes for job in lane.jobs]
        assert sorted(map(id, planned)) == sorted(map(id, jobs))
        for lane in lanes:
            assert all(fits(lane.structure, job.member.hyperparameters) for job in lane.jobs)
            assert lane.num_places >= 1
            assert lane.num_places in known[lane.structure]


@settings(max_examples=20, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=8))
def test_the_same_jobs_have_the_same_plan(configurations):
    jobs = jobs_of(configurations)
    assert plan_lanes(jobs, SETTING, {}) == plan_lanes(list(jobs), SETTING, {})


@settings(max_examples=30, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=4), st.sampled_from([100, 10_000, 100_000]))
def test_lanes_of_few_jobs_hold_the_same_jobs_in_the_same_programs(configurations, num_rows):
    setting, known = replace(SETTING, num_rows=num_rows), {}
    lanes = plan_lanes(jobs_of(configurations, folds=3), setting, known)
    parts = spread(lanes, setting, known)
    assert [job for lane in parts for job in lane.jobs] == [job for lane in lanes for job in lane.jobs]
    assert sum(lane.seconds for lane in parts) == pytest.approx(sum(lane.seconds for lane in lanes))
    assert {lane.structure for lane in parts} == {lane.structure for lane in lanes}
    assert all(0 < lane.num_places <= len(lane.jobs) for lane in parts)
    assert all(lane.num_places in known[lane.structure] for lane in parts)


@pytest.mark.parametrize(("num_jobs", "sizes"), [(1, [1]), (2, [1, 1]), (5, [2, 2, 1]), (8, [2, 2, 2, 2])])
def test_networks_of_one_trial_keep_all_cores_busy_where_training_takes_long(num_jobs, sizes):
    setting, known = replace(SETTING, num_rows=50_000), {}
    lanes = plan_lanes(jobs_of([BASE | {"width": 256}], folds=num_jobs), setting, known)
    assert len(lanes) == 1
    assert [len(lane.jobs) for lane in spread(lanes, setting, known)] == sizes


def test_networks_that_train_faster_than_a_program_compiles_stay_together():
    lanes = plan_lanes(jobs_of([BASE], folds=8), SETTING, {})
    assert spread(lanes, SETTING, {}) == lanes


def test_on_an_accelerator_lanes_stay_as_they_are():
    setting = replace(SETTING, num_rows=50_000, most_places=1024)
    lanes = plan_lanes(jobs_of([BASE | {"width": 256}], folds=8), setting, {})
    assert spread(lanes, setting, {}) == lanes


BASE = {"depth": 2, "width": 64, "activation": "relu", "dropout": 0.0, "batch_normalization": False} | {
    "optimizer": "adam",
    "schedule": "constant",
    "batch_size": 64,
    "clip_norm": 0.0,
}


def test_members_of_one_structure_fill_their_places():
    lanes = plan_lanes(jobs_of([BASE] * 100, folds=5), SETTING, {})
    assert len({lane.structure for lane in lanes}) == 1
    assert len(lanes) > 1, "more than one core has work"
    turns = sum(-(-len(lane.jobs) // lane.num_places) for lane in lanes)
    places = lanes[0].num_places
    assert turns * places <= 1.1 * 500, "most places are full in every turn"


def test_a_few_small_networks_of_other_widths_share_a_program():
    """To compile one for each would cost more than to fill them up."""
    lanes = plan_lanes(jobs_of([BASE | {"width": width} for width in (24, 28, 31, 32)]), SETTING, {})
    assert {lane.structure.network.widths for lane in lanes} == {(32, 32)}
    assert all(
        layer.padded
        for lane in lanes
        for layer in lane.structure.network.layers[:-1]
        if isinstance(layer, Dense)
    )


def test_many_large_networks_are_not_filled_up_to_larger_ones():
    rows = Setting("mse", 40_000, 18_000, 256)
    lanes = plan_lanes(jobs_of([BASE | {"width": width} for width in (64, 512)] * 20, 5, 100), rows, {})
    assert {lane.structure.network.widths for lane in lanes} == {(64, 64), (512, 512)}


def test_a_compiled_program_is_used_again():
    known = {}
    plan_lanes(jobs_of([BASE | {"activation": name} for name in ("relu", "tanh")] * 2), SETTING, known)
    before = {structure: set(places) for structure, places in known.items()}
    lanes = plan_lanes(jobs_of([BASE | {"activation": "tanh"}] * 3), SETTING, known)
    assert {lane.structure for lane in lanes} <= set(before)
    assert known == before


@pytest.mark.parametrize(("width", "places"), [(16, 32), (64, 8), (512, 8)])
def test_places_follow_the_cache(width, places):
    values = BASE | {"width": width, "depth": 3}
    structure = structure_of(Job(Member(0, 0, values, 0), recipe_of(values), 0, 1, 1), SETTING)
    count = places_in_cache(structure)
    assert count >= places and numpy.log2(count) % 1 == 0


ACCELERATOR = replace(SETTING, most_places=64)


def test_on_an_accelerator_a_structure_has_one_lane_whose_places_are_a_power_of_2():
    """Lanes would follow one another on the one device, and each number of places is compiled for."""
    for count, places in ((1, 2), (7, 16), (12, 32), (100, 64)):
        lanes = plan_lanes(jobs_of([BASE] * count), ACCELERATOR, {})
        assert [lane.num_places for lane in lanes] == [places]
        assert [job.member.trial for job in lanes[0].jobs] == sorted(2 * list(range(count)))
    assert len(plan_lanes(jobs_of([BASE] * 100), SETTING, {})) > 1


def test_on_an_accelerator_places_that_are_compiled_and_suffice_are_taken():
    known = {}
    for count, places in ((10, 32), (4, 32), (31, 64), (4, 32), (100, 64)):
        assert [lane.num_places for lane in plan_lanes(jobs_of([BASE] * count), ACCELERATOR, known)] == [
            places
        ]
    assert list(known.values()) == [{32, 64}]


def test_on_an_accelerator_members_that_are_left_keep_their_places():
    """On a CPU they move into fewer, for which a program is compiled, where epochs are long."""
    large = replace(SETTING, num_rows=1_000_000, num_measured=200_000)
    [job, *_] = jobs_of([BASE])
    population = SimpleNamespace(jobs=[job, job], num_places=32, most_epochs_left=20)
    assert smaller_places(structure_of(job, large), population, large) == 2
    assert smaller_places(structure_of(job, large), population, replace(large, most_places=64)) == 32

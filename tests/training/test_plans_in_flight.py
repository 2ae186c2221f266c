"""A plan follows from which cohorts are planned and settled before it, not from how far those in flight have come."""

import pytest
from populations import study

from automl.training.members import plan_members
from automl.training.population.engine import PopulationEngine
from automl.trial import Rung

FOLDS, SIZE = 2, 8
RUNGS = (Rung(2, 1), Rung(5, 2))
KINDS = (
    {"depth": 1, "width": 24},
    {"depth": 2, "width": 12, "activation": "tanh"},
    {"depth": 2, "width": 30, "numeric_encoding": "quantile"},
)


def cohort_of(prepared, number):
    """Trials of one kind, and one of another kind in every second cohort."""
    cohort = []
    for trial in range(number * SIZE, (number + 1) * SIZE):
        kind = KINDS[1 + number % 2 if trial % SIZE == SIZE - 1 else 0]
        values = prepared.space.initial() | {"numeric_encoding": "standard"} | kind
        cohort.append(plan_members(trial, values, FOLDS, 5))
    return cohort


def passed(number, count):
    """So many trials of a cohort pass both rungs, one more the first only."""
    first = number * SIZE
    return dict.fromkeys(range(first, first + count), 2) | {first + count: 1}


def lanes_of(planned):
    return [(lane.structure, lane.num_places, lane.jobs) for lane in planned._first]


@pytest.fixture
def prepared(monkeypatch):
    monkeypatch.setattr("automl.training.population.costs._COMPILE_SECONDS", 2e-3)
    monkeypatch.setattr("automl.training.population.costs._COMPILE_LAYER_SECONDS", 0.0)
    return study({"numeric_encoding": "standard"}, training={"epochs": 60, "patience": 3})


def third_plan(prepared, in_which_order):
    """The plan of a third cohort that is asked for when the first one is told, and others have gone on to stages."""
    engine = PopulationEngine(prepared.plan, prepared.splits.folds)
    cohorts = [engine.plan(cohort_of(prepared, number), RUNGS) for number in range(2)]
    for number, count in in_which_order:
        cohorts[number].replay(passed(number, count))
    cohorts[0].settle()
    return engine.plan(cohort_of(prepared, 2), RUNGS)


def test_how_far_the_others_have_come_does_not_matter(prepared):
    behind = third_plan(prepared, [(0, 7)])
    ahead = third_plan(prepared, [(1, 1), (0, 7)])
    assert lanes_of(behind) == lanes_of(ahead)
    assert behind._knowledge.programs == ahead._knowledge.programs


def test_what_the_settled_ones_have_compiled_is_known(prepared):
    few, many = third_plan(prepared, [(0, 1)]), third_plan(prepared, [(0, 7)])
    assert few._knowledge.programs != many._knowledge.programs


def test_a_cohort_knows_how_those_in_flight_begin(prepared):
    """Two cohorts of equal trials, the first not settled: the second needs no program that the first has not."""
    engine = PopulationEngine(prepared.plan, prepared.splits.folds)
    first = engine.plan(cohort_of(prepared, 0))
    programs = {structure: set(places) for structure, places in first._knowledge.programs.items()}
    again = [
        plan_members(trial + 100, members[0].hyperparameters, FOLDS, 5)
        for trial, members in enumerate(cohort_of(prepared, 0))
    ]
    assert engine.plan(again)._knowledge.programs == programs


def test_a_cohort_keeps_the_views_that_there_were_when_it_was_planned(prepared):
    """The second cohort brings views of another encoding; the tables of the first have no room for them."""
    engine = PopulationEngine(prepared.plan, prepared.splits.folds)
    plain = [
        plan_members(trial, prepared.space.initial() | {"depth": 1, "numeric_encoding": "standard"}, FOLDS, 5)
        for trial in range(SIZE)
    ]
    first = engine.plan(plain)
    second = engine.plan(cohort_of(prepared, 1))
    shapes = []
    for planned, cohort in ((first, plain), (second, cohort_of(prepared, 1))):
        members = [member for members in cohort for member in members]
        (tables,) = planned._knowledge.views.tables(members).values()
        shapes.append(tables.arrays["inputs"].shape[0])
    assert shapes == [FOLDS, 2 * FOLDS]
    (again,) = second._knowledge.views.tables([plain[0][0]]).values()
    assert again.arrays["inputs"].shape[0] == 2 * FOLDS

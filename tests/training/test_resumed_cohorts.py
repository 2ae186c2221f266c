"""An engine that goes on where another one was killed gives the same bits as one that was not."""

import dataclasses
from collections import defaultdict

import numpy
import pytest
from populations import study

from automl.training.engine import Watch
from automl.training.members import plan_members
from automl.training.population import lanes
from automl.training.population.engine import PopulationEngine
from automl.training.population.places import Population
from automl.trial import Member, TrialState

WATCH = Watch(lambda _: None, lambda: True)
FOLDS = 2
ALIKE = {"depth": 1, "width": 24, "activation": "relu", "dropout": 0.2}
STRUCTURES = (
    {"depth": 2, "width": 12, "activation": "tanh", "numeric_encoding": "piecewise"},
    {"depth": 1, "width": 30, "activation": "gelu"},
    {"depth": 2, "width": 40, "batch_normalization": True, "optimizer": "sgd"},
    {"depth": 1, "width": 24, "numeric_encoding": "quantile", "dropout": 0.2},
    {"depth": 0},
)
"""Other structures, some of which share a program with those of other cohorts, and other views."""


def cohort_of(prepared, numbers, structures):
    """Trials of one structure and, from each fourth number on, others; they stop after different times."""
    cohort = []
    for number in numbers:
        changes = structures[number // 4 % len(structures)] if number % 4 == 3 else ALIKE
        rate = (0.002, 0.02, 0.2)[number % 3]
        values = prepared.space.initial() | changes | {"learning_rate": rate}
        cohort.append(plan_members(number, values, FOLDS, 5))
    return cohort


class Ran:
    """What ran: every epoch of every population, and what came out of it."""

    def __init__(self):
        self.epochs = defaultdict(list)
        self.trials = {}

    def train(self, engine, cohort, recorded=frozenset(), watch=WATCH):
        for trial in engine.train(cohort, watch, recorded):
            assert trial.number not in self.trials, "a trial ends once"
            self.trials[trial.number] = trial


@pytest.fixture
def recorder(monkeypatch):
    """Gives the run that populations are recorded in; set `now` to another one to change that."""

    class Recorder:
        now = Ran()

    run_epoch = Population.run_epoch

    def recorded(self):
        members = tuple(sorted((job.member.trial, job.member.fold) for job in self.jobs))
        shapes = {name: tuple(array.shape) for name, array in self._tables.arrays.items()}
        Recorder.now.epochs[members].append((self._structure, self.num_places, self._num_steps, shapes))
        run_epoch(self)

    monkeypatch.setattr(Population, "run_epoch", recorded)
    # Programs that cost little, so that some groups are joined and others not, lanes are cut, and populations shrink.
    monkeypatch.setattr("automl.training.population.costs._COMPILE_SECONDS", 4e-3)
    monkeypatch.setattr("automl.training.population.costs._COMPILE_LAYER_SECONDS", 0.0)
    return Recorder


def study_of_three_cohorts():
    prepared = study({"numeric_encoding": "standard"}, "wine", training={"epochs": 9, "patience": 2})
    plain = (STRUCTURES[1], STRUCTURES[2])
    cohorts = [
        cohort_of(prepared, range(24), plain),
        cohort_of(prepared, range(24, 48), STRUCTURES),
        cohort_of(prepared, range(48, 60), STRUCTURES[::-1]),
    ]
    return prepared, cohorts


def same_bits(first, second):
    assert dataclasses.replace(first, folds=(), seconds=0) == dataclasses.replace(second, folds=(), seconds=0)
    for actual, expected in zip(first.folds, second.folds, strict=True):
        assert dataclasses.replace(actual, seconds=0) == dataclasses.replace(expected, seconds=0)
        numpy.testing.assert_array_equal(actual.predictions, expected.predictions)
        if actual.health:
            assert actual.health == expected.health


def refitted(engine, prepared, values):
    return engine.refit(Member(1, -1, values, 5), prepared.splits.training, 3).model.get_weights()


RESUMED = [
    pytest.param(2, range(25, 48, 2), marks=pytest.mark.slow, id="every other trial"),
    pytest.param(4, [*range(24, 44), 46], id="all but a few"),
]


@pytest.mark.parametrize(("cores", "recorded"), RESUMED)
def test_replayed_and_recorded_cohorts_change_no_bit_of_the_others(recorder, monkeypatch, cores, recorded):
    prepared, cohorts = study_of_three_cohorts()
    values = cohorts[1][3][0].hyperparameters
    monkeypatch.setattr(lanes, "num_cores", lambda: 1)
    whole = recorder.now = Ran()
    engine = PopulationEngine(prepared.plan, prepared.splits.folds)
    for cohort in cohorts:
        whole.train(engine, cohort)
    weights = refitted(engine, prepared, values)
    assert len(whole.trials) == 60
    assert {trial.state for trial in whole.trials.values()} == {TrialState.COMPLETE}
    structures = {epoch[0] for epochs in whole.epochs.values() for epoch in epochs}
    assert len(structures) > 3 and len({structure.num_features for structure in structures}) == 2

    monkeypatch.setattr(lanes, "num_cores", lambda: cores)
    resumed = recorder.now = Ran()
    engine = PopulationEngine(prepared.plan, prepared.splits.folds)
    engine.replay(cohorts[0])
    assert not resumed.epochs, "a replayed cohort does not train"
    resumed.train(engine, cohorts[1], frozenset(recorded))
    resumed.train(engine, cohorts[2])
    assert set(resumed.trials) == set(range(24, 60)) - set(recorded)
    for number, trial in resumed.trials.items():
        same_bits(trial, whole.trials[number])
    # What the bits follow from, on any machine: the same places of the same programs with arrays of the same
    # shapes, beside the same members, in every epoch that a wanted member trains.
    for members, epochs in resumed.epochs.items():
        if any(trial in resumed.trials for trial, _ in members):
            assert epochs == whole.epochs[members][: len(epochs)]
    for actual, expected in zip(refitted(engine, prepared, values), weights, strict=True):
        numpy.testing.assert_array_equal(actual, expected)

"""Cohorts on the engines: trials as they end, failures as states, limits, interrupts, memory."""

import dataclasses
import threading

import keras
import numpy
import pytest
from populations import study

from automl.networks.custom import CustomBuilder
from automl.training.engine import Watch
from automl.training.engines import ENGINES, make_engine
from automl.training.members import plan_members
from automl.training.plain.engine import SequentialEngine
from automl.training.plan import TrialFailure
from automl.training.population import lanes
from automl.training.population.engine import PopulationEngine
from automl.training.population.places import Population
from automl.trial import Member, TrialState

ALWAYS = Watch(lambda progress: None, lambda: True)


def cohort_of(prepared, changes):
    return [
        plan_members(trial, prepared.space.initial() | values_of_trial, 2, 0)
        for trial, values_of_trial in enumerate(changes)
    ]


def train(engine, cohort, watch=ALWAYS):
    return sorted(engine.train(cohort, watch), key=lambda trial: trial.number)


# Of three classes both engines train a user's networks, in `test_user_networks`.
@pytest.mark.parametrize("data", ["breast_cancer", "diabetes", pytest.param("wine", marks=pytest.mark.slow)])
def test_the_engines_agree(data):
    """The same scores, curves and capacities, whichever engine trains."""
    prepared = study({"depth": 1}, data, training={"epochs": 6, "patience": 3})
    cohort = cohort_of(prepared, [{}, {"width": 5, "activation": "tanh"}, {"width": 5, "l2": 0.01}])
    results = {
        name: train(make(prepared.plan, prepared.splits.folds), cohort) for name, make in ENGINES.items()
    }
    for first, second in zip(*results.values(), strict=True):
        assert (first.number, first.state, first.capacity) == (second.number, second.state, second.capacity)
        for metric in prepared.metrics:
            # The probability of a class is 1 less a float32 of the other: near 0 it has few digits.
            assert first.fold_scores(metric) == pytest.approx(second.fold_scores(metric), rel=1e-3)
        for actual, expected in zip(first.folds, second.folds, strict=True):
            assert actual.best_epoch == expected.best_epoch
            assert actual.validation_loss == pytest.approx(expected.validation_loss, rel=1e-5)
            assert actual.training_scores == pytest.approx(expected.training_scores, rel=1e-3)


def test_a_refit_is_the_same_network_on_every_engine():
    prepared = study({"depth": 2, "batch_normalization": True, "width": 5, "optimizer": "sgd"})
    rows = prepared.splits.training
    refitted = Member(3, -1, prepared.space.initial(), 0)
    networks = [
        make(prepared.plan, prepared.splits.folds).refit(refitted, rows, 4) for make in ENGINES.values()
    ]
    predictions = [network.predict(prepared.dataset.columns) for network in networks]
    numpy.testing.assert_allclose(*predictions, rtol=1e-4, atol=1e-6)


def test_results_do_not_depend_on_the_number_of_threads_nor_on_the_run(monkeypatch):
    prepared = study({"depth": 1, "dropout": 0.3}, training={"epochs": 8, "patience": 2})
    changes = [
        {"learning_rate": 0.002 * (trial + 1), "activation": "tanh" if trial % 2 else "relu"}
        for trial in range(12)
    ]
    results = []
    for cores in (1, 3):
        monkeypatch.setattr(lanes, "num_cores", lambda cores=cores: cores)
        engine = PopulationEngine(prepared.plan, prepared.splits.folds)
        trials = train(engine, cohort_of(prepared, changes))
        results.append([[dataclasses.replace(fold, seconds=0) for fold in trial.folds] for trial in trials])
    assert results[0] == results[1]


@pytest.mark.parametrize("name", ENGINES)
def test_a_diverging_trial_is_a_state_and_the_others_go_on(name):
    prepared = study({"optimizer": "sgd"}, "diabetes")
    cohort = cohort_of(prepared, [{}, {"learning_rate": 1e30}, {}])
    trials = train(ENGINES[name](prepared.plan, prepared.splits.folds), cohort)
    assert [trial.state for trial in trials] == [TrialState.COMPLETE, TrialState.FAILED, TrialState.COMPLETE]
    assert trials[1].reason.startswith("diverged:") and "fold 0" in trials[1].reason
    assert trials[1].folds == () and trials[1].capacity == 10 * 8 + 8 + 8 + 1


def test_a_refit_that_diverges_says_so():
    prepared = study({"optimizer": "sgd", "learning_rate": 1e30}, "diabetes")
    engine = PopulationEngine(prepared.plan, prepared.splits.folds)
    with pytest.raises(TrialFailure, match="diverged"):
        engine.refit(Member(0, -1, prepared.space.initial(), 0), prepared.splits.training, 3)


def test_no_trial_begins_when_time_is_up_and_begun_ones_end(monkeypatch):
    monkeypatch.setattr("automl.training.population.planner._MOST_PLACES", 2)
    monkeypatch.setattr("automl.training.population.planner._LEAST_PLACES", 2)
    monkeypatch.setattr(lanes, "num_cores", lambda: 1)
    prepared = study({"depth": 0, "width": 8} | {"depth": {"choice": [0, 1]}})
    requests = []

    def may_start():
        requests.append(None)
        return len(requests) <= 2

    cohort = cohort_of(prepared, [{"depth": 0}] * 6)
    engine = PopulationEngine(prepared.plan, prepared.splits.folds)
    trials = train(engine, cohort, Watch(lambda progress: None, may_start))
    assert len(trials) == 2
    assert all(trial.state is TrialState.COMPLETE and len(trial.folds) == 2 for trial in trials)


def test_whoever_stops_listening_stops_the_threads():
    prepared = study({"depth": 1}, training={"epochs": 100_000, "patience": 100_000})
    before = threading.active_count()

    def interrupt(progress):
        if progress.running:
            raise KeyboardInterrupt

    engine = PopulationEngine(prepared.plan, prepared.splits.folds)
    with pytest.raises(KeyboardInterrupt):
        train(engine, cohort_of(prepared, [{}] * 4), Watch(interrupt, lambda: True))
    assert threading.active_count() == before


def test_memory_that_does_not_suffice_halves_the_population(monkeypatch, caplog):
    """As TensorFlow says it, at the second epoch; the results are those of an undisturbed run."""
    prepared = study({"depth": 1, "dropout": 0.2})
    cohort = cohort_of(prepared, [{}] * 8)
    engine = PopulationEngine(prepared.plan, prepared.splits.folds)
    expected = train(engine, cohort)
    run_epoch, sizes = Population.run_epoch, []

    def greedy(self):
        sizes.append(self.num_places)
        if self.num_places > 4 and len(sizes) > 1:
            raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8 bytes.")
        run_epoch(self)

    monkeypatch.setattr(Population, "run_epoch", greedy)
    trials = train(engine, cohort)
    assert max(sizes) > 4 and min(sizes) <= 4
    assert "continuing with" in caplog.text
    for first, second in zip(trials, expected, strict=True):
        assert first.state is TrialState.COMPLETE
        assert first.fold_scores("log_loss") == pytest.approx(second.fold_scores("log_loss"), rel=1e-5)


def test_an_error_of_a_program_is_its_trials_state(monkeypatch):
    def broken(self):
        raise ValueError("no such kernel\nand more")

    prepared = study({"depth": 1})
    monkeypatch.setattr(Population, "run_epoch", broken)
    engine = PopulationEngine(prepared.plan, prepared.splits.folds)
    trials = train(engine, cohort_of(prepared, [{}, {}]))
    assert [trial.reason for trial in trials] == ["ValueError: no such kernel"] * 2


def test_progress_counts_networks():
    prepared = study({"depth": 1})
    progresses = []
    engine = PopulationEngine(prepared.plan, prepared.splits.folds)
    train(engine, cohort_of(prepared, [{}] * 3), Watch(progresses.append, lambda: True))
    assert {progress.total for progress in progresses} == {6}
    assert [progress.done for progress in progresses] == sorted(progress.done for progress in progresses)
    assert progresses[-1].done == 6 and max(progress.running for progress in progresses) <= 6


def test_auto_is_populations_for_perceptrons_and_keras_for_a_users_networks():
    prepared = study({"depth": 1})
    folds = prepared.splits.folds
    assert isinstance(make_engine(prepared.plan, folds), PopulationEngine)
    builder = CustomBuilder(
        lambda hp: keras.Sequential([keras.Input((13,)), keras.layers.Dense(3)]), prepared.space
    )
    assert isinstance(
        make_engine(dataclasses.replace(prepared.plan, builder=builder), folds), SequentialEngine
    )
    named = study({"depth": 1}, training={"engine": "sequential"})
    assert isinstance(make_engine(named.plan, folds), SequentialEngine)

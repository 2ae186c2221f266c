"""Time that ends inside a trial: best epochs are kept, folds share what there is, nothing else begins."""

import dataclasses
import math

import keras
import numpy
import pytest
from populations import member, study

from automl.errors import RecordError
from automl.training.deadline import Deadline, end_of_turn
from automl.training.engine import Watch
from automl.training.engines import ENGINES
from automl.training.failures import OUT_OF_TIME
from automl.training.members import plan_members
from automl.training.population import lanes
from automl.training.population.places import Population
from automl.trial import Member, Rung, TrialState

LONG = {"epochs": 100_000, "patience": 100_000}


class Clock:
    """A second for each epoch, or as many as `costs` says for the first ones."""

    def __init__(self, seconds, costs=()):
        self.left, self._costs = seconds, list(costs)

    def tick(self):
        self.left -= self._costs.pop(0) if self._costs else 1

    def watch(self):
        return Watch(lambda _: None, lambda: True, limited=True, seconds_left=lambda: self.left)


@pytest.fixture
def clock_of(monkeypatch):
    """Makes the clock that both engines' epochs move on; one thread trains."""
    monkeypatch.setattr(lanes, "num_cores", lambda: 1)

    run_epoch, on_epoch_end = Population.run_epoch, Deadline.on_epoch_end

    def make(seconds, costs=()):
        clock = Clock(seconds, costs)

        def run(self):
            run_epoch(self)
            clock.tick()

        def end(self, epoch, logs=None):
            clock.tick()
            on_epoch_end(self, epoch, logs)

        monkeypatch.setattr(Population, "run_epoch", run)
        monkeypatch.setattr(Deadline, "on_epoch_end", end)
        return clock

    return make


def engine_of(name, prepared):
    return ENGINES[name](prepared.plan, prepared.splits.folds)


def cohort_of(prepared, count, **values):
    return [plan_members(trial, prepared.space.initial() | values, 2, 0) for trial in range(count)]


def train(engine, cohort, watch):
    return sorted(engine.train(cohort, watch), key=lambda trial: trial.number)


def one_place(monkeypatch):
    monkeypatch.setattr("automl.training.population.planner._MOST_PLACES", 1)
    monkeypatch.setattr("automl.training.population.planner._LEAST_PLACES", 1)


@pytest.mark.parametrize("name", ENGINES)
def test_a_cut_network_keeps_its_best_epoch_so_far(name, clock_of, monkeypatch):
    """The curves are the first epochs of those without a limit; scores and predictions are the best epoch's."""
    one_place(monkeypatch)
    values = {"learning_rate": 0.1}
    whole = study(values, "breast_cancer", training={"epochs": 7, "patience": 50})
    prepared = study(values, "breast_cancer", training=LONG)
    unlimited = Watch(lambda _: None, lambda: True)
    [expected] = train(engine_of(name, whole), cohort_of(whole, 1), unlimited)
    [trial] = train(engine_of(name, prepared), cohort_of(prepared, 1), clock_of(14).watch())
    assert trial.state is TrialState.COMPLETE and trial.cut and not trial.reason
    assert not expected.cut
    for actual, uncut in zip(trial.folds, expected.folds, strict=True):
        assert actual.cut
        assert actual.stopping_loss == uncut.stopping_loss and actual.validation_loss == uncut.validation_loss
        assert actual.best_epoch == uncut.best_epoch == int(numpy.argmin(actual.stopping_loss)) + 1
        assert actual.scores == uncut.scores and actual.training_scores == uncut.training_scores
        numpy.testing.assert_array_equal(actual.predictions, uncut.predictions)
        assert actual.scores["log_loss"] == pytest.approx(
            actual.validation_loss[actual.best_epoch - 1], rel=1e-4
        )
    assert any(fold.best_epoch < 7 for fold in trial.folds), "the last epoch is not the best of every fold"


@pytest.mark.parametrize("name", ENGINES)
def test_folds_of_one_long_trial_share_the_time(name, clock_of, monkeypatch):
    one_place(monkeypatch)
    prepared = study(training=LONG)
    [trial] = train(engine_of(name, prepared), cohort_of(prepared, 1), clock_of(10).watch())
    assert [len(fold.stopping_loss) for fold in trial.folds] == [5, 5]
    [trial] = train(engine_of(name, prepared), cohort_of(prepared, 1), clock_of(10, [7]).watch())
    assert [len(fold.stopping_loss) for fold in trial.folds] == [1, 3], "a slow beginning costs the others"


def test_a_turn_is_an_equal_share_of_what_is_left():
    assert [end_of_turn(12.0, turns) for turns in (4, 3, 2, 1)] == [9.0, 8.0, 6.0, 0.0]
    assert end_of_turn(math.inf, 3) == 0.0 and end_of_turn(-2.0, 3) == 0.0


@pytest.mark.parametrize("name", ENGINES)
def test_a_trial_whose_last_fold_has_not_begun_has_failed_and_later_ones_are_left_out(
    name, clock_of, monkeypatch
):
    one_place(monkeypatch)
    prepared = study({"depth": 0} | {"depth": {"choice": [0, 1]}}, training=LONG)
    [trial] = train(engine_of(name, prepared), cohort_of(prepared, 3, depth=0), clock_of(10, [11]).watch())
    assert trial.state is TrialState.FAILED and trial.reason == OUT_OF_TIME
    assert [(fold.fold, len(fold.stopping_loss), fold.cut) for fold in trial.folds] == [(0, 1, True)]
    assert trial.capacity == 13 * 3 + 3


@pytest.mark.parametrize("name", ENGINES)
def test_nothing_begins_when_the_time_is_over(name):
    prepared = study()
    watch = Watch(lambda _: None, lambda: True, seconds_left=lambda: 0.0)
    assert list(engine_of(name, prepared).train(cohort_of(prepared, 2), watch)) == []
    traced = dataclasses.replace(member(prepared), snapshots=(1,))
    assert list(engine_of(name, prepared).trace([traced], watch)) == []


@pytest.mark.parametrize("name", ENGINES)
def test_networks_that_have_ended_are_not_cut(name, clock_of):
    prepared = study(training={"epochs": 3})
    [trial] = train(engine_of(name, prepared), cohort_of(prepared, 1), clock_of(6.5).watch())
    assert [(len(fold.stopping_loss), fold.cut) for fold in trial.folds] == [(3, False)] * 2


def test_members_of_a_population_that_train_at_once_end_at_once(clock_of):
    prepared = study(training=LONG)
    trials = train(engine_of("population", prepared), cohort_of(prepared, 4), clock_of(3).watch())
    assert len(trials) == 4
    assert {len(fold.stopping_loss) for trial in trials for fold in trial.folds} == {3}
    assert all(trial.cut for trial in trials)


def test_an_epoch_that_is_broken_off_does_not_count():
    """`model.fit` stops after a batch; the weights are those of the best whole epoch."""
    space, unlimited = {"learning_rate": 0.1}, Watch(lambda _: None, lambda: True)
    whole = study(space, training={"epochs": 2, "patience": 50})
    prepared = study(space, training=LONG)
    num_batches = math.ceil(len(prepared.splits.folds[0].fit) / 32)
    assert num_batches > 1
    requests = []

    def seconds_left():
        """Asked twice before the training, after the first epoch, and then after each batch and each epoch."""
        requests.append(None)
        return 1.0 if len(requests) <= 2 + 1 + num_batches + 1 else 0.0

    [expected] = engine_of("sequential", whole).train([cohort_of(whole, 1)[0][:1]], unlimited)
    watch = dataclasses.replace(unlimited, seconds_left=seconds_left)
    [trial] = engine_of("sequential", prepared).train([cohort_of(prepared, 1)[0][:1]], watch)
    [actual], [uncut] = trial.folds, expected.folds
    assert actual.cut and len(actual.stopping_loss) == 2
    assert len(requests) == 2 + 1 + num_batches + 1 + 1, "the third epoch ended after its first batch"
    assert actual.stopping_loss == uncut.stopping_loss and actual.best_epoch == uncut.best_epoch
    numpy.testing.assert_array_equal(actual.predictions, uncut.predictions)


@pytest.mark.parametrize("name", ENGINES)
def test_a_refit_ends_with_the_weights_of_its_last_epoch(name):
    prepared = study({"depth": 1, "schedule": "cosine"})
    rows, progresses = prepared.splits.training, []
    refitted = Member(0, -1, prepared.space.initial(), 0)
    watch = Watch(progresses.append, lambda: True, seconds_left=lambda: 3.0 - len(progresses))
    plenty = engine_of(name, prepared).refit(refitted, rows, 3, Watch(lambda _: None, lambda: True))
    assert plenty.epochs == 3
    short = engine_of(name, prepared).refit(refitted, rows, 50, watch)
    assert short.epochs == 3
    assert [(progress.epoch, progress.num_epochs) for progress in progresses] == [(1, 50), (2, 50), (3, 50)]
    constant = dataclasses.replace(
        refitted, hyperparameters=dict(refitted.hyperparameters) | {"schedule": "constant"}
    )
    progresses.clear()
    short = engine_of(name, prepared).refit(constant, rows, 50, watch)
    whole = engine_of(name, prepared).refit(constant, rows, 3)
    for actual, expected in zip(short.model.get_weights(), whole.model.get_weights(), strict=True):
        numpy.testing.assert_array_equal(actual, expected)
    over = dataclasses.replace(watch, seconds_left=lambda: -1.0)
    assert engine_of(name, prepared).refit(constant, rows, 50, over).epochs == 1


@pytest.mark.parametrize("name", ENGINES)
def test_a_member_without_its_last_snapshot_has_no_trace(name, clock_of, monkeypatch):
    one_place(monkeypatch)
    prepared = study(training={"epochs": 8})
    members = [
        dataclasses.replace(member(prepared, trial, fold), snapshots=(2, 4))
        for trial in range(2)
        for fold in range(2)
    ]
    engine = engine_of(name, prepared)
    traces = list(engine.trace(members, clock_of(10).watch()))
    assert len(traces) == 2, "the third one is cut after its first snapshot, the fourth one has not begun"
    assert all(len(trace.predictions) == 2 and not trace.failed for trace in traces)


@pytest.mark.parametrize("name", ENGINES)
def test_an_error_of_the_study_is_no_state_of_a_trial(name):
    prepared = study(training={"epochs": 20_000, "patience": 20_000})
    for error in (RecordError("no room"), BrokenPipeError("closed"), KeyboardInterrupt()):

        def fail(progress, error=error):
            if progress.running:
                raise error

        watch, engine = Watch(fail, lambda: True), engine_of(name, prepared)
        with pytest.raises(type(error)) as raised:
            list(engine.train(cohort_of(prepared, 1), watch))
        assert raised.value is error
        with pytest.raises(type(error)) as raised:
            engine.refit(Member(0, -1, prepared.space.initial(), 0), prepared.splits.training, 2, watch)
        assert raised.value is error


def test_keras_gives_back_the_best_weights_whoever_ends_a_training():
    """The sequential engine relies on it."""
    inputs = numpy.eye(4, dtype=numpy.float32)
    best_weights = []

    class Ender(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["watched"] = abs(epoch - 1)
            if epoch == 1:
                best_weights.extend(self.model.get_weights())
            self.model.stop_training = epoch == 3

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    stopper = keras.callbacks.EarlyStopping("watched", mode="min", patience=50, restore_best_weights=True)
    model.fit(inputs, numpy.ones((4, 1)), epochs=9, callbacks=[Ender(), stopper], verbose=0)
    assert stopper.stopped_epoch == 0 and stopper.best_epoch == 1
    for actual, expected in zip(model.get_weights(), best_weights, strict=True):
        numpy.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("rungs", [(), (Rung(3, 1), Rung(6, 2))])
def test_the_cheapest_trial_gets_an_epoch_where_none_has_ended_in_time_and_one_is_needed(rungs):
    """Programs can take longer to compile than a short search lasts."""
    prepared, needed = study({"depth": 1} | {"width": {"choice": [64, 4]}}, training=LONG), [True]
    cohort = [
        plan_members(trial, prepared.space.initial() | {"width": width}, 2, 0)
        for trial, width in enumerate((64, 4))
    ]
    over = Watch(
        lambda _: None,
        lambda: False,
        limited=True,
        seconds_left=lambda: -1.0,
        rungs=rungs,
        needs_trial=lambda: needed[0],
    )
    [trial] = train(engine_of("population", prepared), cohort, over)
    assert (trial.number, trial.state, trial.cut) == (1, TrialState.COMPLETE, True)
    assert [len(fold.stopping_loss) for fold in trial.folds] == [1, 1]
    needed[0] = False
    assert train(engine_of("population", prepared), cohort, over) == []

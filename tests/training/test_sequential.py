"""Early stopping on rows that are not scored, losses without dropout and penalties, failures as states."""

import dataclasses
import re

import keras
import numpy
import pytest

from automl.config.reading import make_study
from automl.data.folds import Fold
from automl.errors import NetworkError
from automl.networks.builder import NetworkBuilder
from automl.study.preparation import prepare_study
from automl.training.engine import Watch
from automl.training.members import plan_members, refit_epochs
from automl.training.network import Network
from automl.training.plain import fitting
from automl.training.plain.compiled import evaluation_loss
from automl.training.plain.engine import SequentialEngine
from automl.training.plain.fitting import BatchOrder, Part, batches
from automl.training.plain.optimizers import OPTIMIZERS, make_optimizer
from automl.training.plain.sequential import models_of, refit, train_member
from automl.training.plain.trials import train_trial
from automl.training.plan import TrialFailure
from automl.training.rows import row_order
from automl.trial import FoldResult, Member, Trial, TrialState

ALWAYS = Watch(lambda progress: None, lambda: True)


def study(space=None, training=None, data="wine"):
    return prepare_study(
        make_study(
            {
                "name": "s",
                "data": {"sklearn": data},
                "splits": {"folds": 2},
                "space": {"depth": 1, "width": 8, "learning_rate": 0.02} | (space or {}),
                "training": {"epochs": 8, "batch_size": 32} | (training or {}),
            }
        )
    )


def train(prepared, fold=None):
    member = Member(0, 0, prepared.space.initial(), 0)
    return train_member(
        prepared.plan, member, fold or prepared.splits.folds[0], models_of(prepared.plan), lambda *_: None
    )


def with_target(prepared, target):
    return dataclasses.replace(prepared, dataset=dataclasses.replace(prepared.dataset, target=target))


def test_validation_rows_choose_nothing():
    """Scrambled labels of the validation rows change the scores and neither a weight nor the epoch."""
    prepared = study()
    fold = prepared.splits.folds[0]
    target = prepared.dataset.target.copy()
    target[fold.validation] = (target[fold.validation] + 1) % 3
    result, network = train(prepared)
    changed_result, twin = train(with_target(prepared, target))
    assert changed_result.best_epoch == result.best_epoch
    assert changed_result.stopping_loss == result.stopping_loss
    for actual, expected in zip(network.model.get_weights(), twin.model.get_weights(), strict=True):
        numpy.testing.assert_array_equal(actual, expected)
    assert changed_result.scores["accuracy"] < result.scores["accuracy"]


def test_test_rows_reach_no_trial():
    """Other values and labels in the locked test rows change nothing of a trial."""
    prepared = study()
    test = prepared.splits.test
    assert len(test)
    numbers, target = prepared.dataset.columns.numbers.copy(), prepared.dataset.target.copy()
    numbers[test], target[test] = 1e9, 0
    columns = dataclasses.replace(prepared.dataset.columns, numbers=numbers)
    changed = dataclasses.replace(prepared.dataset, columns=columns, target=target)
    result, _ = train(prepared)
    changed_result, _ = train(dataclasses.replace(prepared, dataset=changed))
    assert dataclasses.replace(changed_result, seconds=0) == dataclasses.replace(result, seconds=0)


def test_scaling_comes_from_the_fit_rows():
    prepared = study()
    fold = prepared.splits.folds[0]
    _, network = train(prepared)
    fit = prepared.dataset.columns.numbers[fold.fit]
    encoding = network.scalings.inputs.numbers.encoding
    numpy.testing.assert_allclose(encoding.mean, fit.mean(axis=0))
    numpy.testing.assert_allclose(encoding.scale, fit.std(axis=0))
    numpy.testing.assert_allclose(network.scalings.inputs.numbers.medians, numpy.median(fit, axis=0))


def test_the_kept_weights_are_those_of_the_best_stopping_epoch():
    prepared = study({"learning_rate": 0.3}, {"epochs": 30, "patience": 4})
    result, _ = train(prepared)
    assert result.best_epoch == int(numpy.argmin(result.stopping_loss)) + 1
    assert len(result.stopping_loss) <= result.best_epoch + 4
    assert result.scores["log_loss"] == pytest.approx(result.validation_loss[result.best_epoch - 1], rel=1e-4)


def test_the_training_loss_has_neither_penalty_nor_dropout():
    prepared = study({"l2": 0.1, "dropout": 0.5, "learning_rate": 1e-9}, {"epochs": 1})
    result, network = train(prepared)
    fold = prepared.splits.folds[0]
    probabilities = network.predict(prepared.dataset.columns.take(fold.fit))
    likelihood = probabilities[numpy.arange(len(fold.fit)), prepared.dataset.target[fold.fit]]
    assert result.training_loss[0] == pytest.approx(-numpy.log(likelihood).mean(), rel=1e-5)
    assert result.training_scores["log_loss"] == pytest.approx(result.training_loss[0], rel=1e-5)


def test_a_diverging_trial_is_a_state_with_its_reason():
    prepared = study({"optimizer": "sgd", "learning_rate": 1e30, "activation": "relu"}, data="diabetes")
    members = plan_members(4, prepared.space.initial(), 2, 0)
    trial = train_trial(prepared.plan, members, prepared.splits.folds, lambda fold, epoch: None)
    assert trial.state is TrialState.FAILED
    assert trial.number == 4
    assert trial.reason.startswith("diverged:") and "learning_rate" in trial.reason
    assert trial.capacity == 10 * 8 + 8 + 8 + 1


class Broken(NetworkBuilder):
    def __init__(self, good_builds, inner):
        self.left, self.inner = good_builds, inner

    def build(self, hyperparameters, seed):
        self.left -= 1
        if self.left < 0:
            raise RuntimeError("no such layer\nand more")
        return self.inner.build(hyperparameters, seed)


def test_a_raising_network_fails_its_trial_and_keeps_the_folds_before():
    prepared = study(training={"epochs": 1})
    plan = dataclasses.replace(prepared.plan, builder=Broken(2, prepared.builder))
    trial = train_trial(
        plan, plan_members(0, prepared.space.initial(), 2, 0), prepared.splits.folds, lambda *_: None
    )
    assert trial.state is TrialState.FAILED
    assert trial.reason == "RuntimeError: no such layer"
    assert [fold.fold for fold in trial.folds] == [0]


class Raising(NetworkBuilder):
    """Raises when it builds for the second time: once for the capacity, then for the first fold."""

    def __init__(self, error, inner):
        self.error, self.inner, self.count = error, inner, 0

    def build(self, hyperparameters, seed):
        self.count += 1
        if self.count == 2:
            raise self.error
        return self.inner.build(hyperparameters, seed)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SystemExit(0), "SystemExit: the network's code called exit with status 0"),
        (
            NetworkError("the network must return 3 outputs per row."),
            "the network must return 3 outputs per row.",
        ),
        (
            MemoryError("no room"),
            "out of memory: the network does not fit into memory; lower `batch_size` or its width",
        ),
        (
            type("ResourceExhaustedError", (Exception,), {})("OOM when allocating tensor"),
            "out of memory: the network does not fit into memory; lower `batch_size` or its width",
        ),
    ],
)
def test_whatever_a_builder_raises_is_a_state_of_its_trial_and_of_no_other(error, reason):
    prepared = study(training={"epochs": 1})
    plan = dataclasses.replace(prepared.plan, builder=Raising(error, prepared.builder))
    cohort = [plan_members(number, prepared.space.initial(), 2, 0) for number in range(2)]
    failed, completed = SequentialEngine(plan, prepared.splits.folds).train(cohort, ALWAYS)
    assert failed.state is TrialState.FAILED and failed.reason.startswith(reason)
    assert completed.state is TrialState.COMPLETE


@pytest.mark.parametrize(
    "error", [SystemExit(3), NetworkError("no such layer"), RuntimeError("no such layer")]
)
def test_whatever_a_builder_raises_fails_its_trace_and_its_refit(error):
    prepared = study(training={"epochs": 1})
    member = Member(0, 0, prepared.space.initial(), 0, snapshots=(1,))

    def engine():
        builder = Raising(error, prepared.builder)
        builder.count = 1
        return SequentialEngine(dataclasses.replace(prepared.plan, builder=builder), prepared.splits.folds)

    [trace] = engine().trace([member], ALWAYS)
    assert trace.failed
    with pytest.raises(TrialFailure, match=re.escape(trace.failed)):
        engine().refit(dataclasses.replace(member, fold=-1), prepared.splits.training, 1)


def test_a_builder_that_is_interrupted_is_no_failure():
    prepared = study(training={"epochs": 1})
    plan = dataclasses.replace(prepared.plan, builder=Raising(KeyboardInterrupt(), prepared.builder))
    engine = SequentialEngine(plan, prepared.splits.folds)
    with pytest.raises(KeyboardInterrupt):
        list(engine.train([plan_members(0, prepared.space.initial(), 2, 0)], ALWAYS))


def test_recorded_trials_are_not_trained_again():
    """They change nothing of the others: a network depends on nothing that was trained before it."""
    prepared = study({"dropout": 0.3}, {"epochs": 2})
    cohort = [plan_members(number, prepared.space.initial(), 2, 0) for number in range(3)]
    whole = list(SequentialEngine(prepared.plan, prepared.splits.folds).train(cohort, ALWAYS))
    progresses, engine = [], SequentialEngine(prepared.plan, prepared.splits.folds)
    engine.replay(cohort)
    watch = dataclasses.replace(ALWAYS, on_progress=progresses.append)
    [trial] = engine.train(cohort, watch, frozenset({0, 2}))
    assert trial.number == 1 and {progress.total for progress in progresses} == {2}
    for actual, expected in zip(trial.folds, whole[1].folds, strict=True):
        assert dataclasses.replace(actual, seconds=0) == dataclasses.replace(expected, seconds=0)
        numpy.testing.assert_array_equal(actual.predictions, expected.predictions)
    members = [Member(number, 0, prepared.space.initial(), 0, snapshots=(1,)) for number in range(3)]
    [trace] = engine.trace(members, ALWAYS, frozenset({0, 1}))
    assert trace.member.trial == 2


def test_orders_of_epochs_that_never_come_are_not_drawn(monkeypatch):
    """A hundred thousand epochs of a large table would fill the memory before the first one."""
    drawn, progresses = [], []
    row_order_of = fitting.row_order
    monkeypatch.setattr(
        fitting, "row_order", lambda *arguments: drawn.append(arguments[2]) or row_order_of(*arguments)
    )
    prepared = study(training={"epochs": 100_000, "patience": 100_000})
    engine = SequentialEngine(prepared.plan, prepared.splits.folds)
    watch = Watch(progresses.append, lambda: True, seconds_left=lambda: 3.0 - len(progresses))
    [trial] = engine.train([plan_members(0, prepared.space.initial(), 1, 0)], watch)
    assert drawn[:3] == [0, 1, 2] and len(trial.folds[0].stopping_loss) <= len(drawn) < 20


def test_an_interrupt_is_no_failure():
    prepared = study(training={"epochs": 2})

    def interrupt(fold, epoch):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_trial(
            prepared.plan, plan_members(0, prepared.space.initial(), 2, 0), prepared.splits.folds, interrupt
        )


def test_every_row_comes_once_an_epoch_and_the_last_batch_holds_the_rest():
    prepared = study()
    model = prepared.builder.build(prepared.space.initial(), 1)
    model.compile(loss="categorical_crossentropy")
    rows = prepared.splits.folds[0].fit[:20]
    view = prepared.plan.view(Member(0, 0, prepared.space.initial(), 0), Fold(rows, rows[:0], rows[:0]))
    part = Part(prepared.dataset, view, rows, model)
    drawn = [batch[0].numpy() for batch in batches(part, BatchOrder(3, 8, 2))]
    assert [len(batch) for batch in drawn] == [8, 8, 4, 8, 8, 4]
    first, second = numpy.concatenate(drawn[:3]), numpy.concatenate(drawn[3:])
    numpy.testing.assert_array_equal(first, part.inputs[row_order(3, len(rows), 0)])
    numpy.testing.assert_array_equal(second, part.inputs[row_order(3, len(rows), 1)])
    assert not numpy.array_equal(first, second)
    for epoch in (first, second):
        numpy.testing.assert_array_equal(
            numpy.sort(epoch.round(4), axis=0), numpy.sort(part.inputs.round(4), axis=0)
        )


@pytest.mark.parametrize("loss", ["mse", "mae", "huber"])
def test_regression_predicts_in_the_units_of_the_target(loss):
    prepared = study({"learning_rate": 0.03}, {"epochs": 40, "loss": loss}, data="diabetes")
    result, network = train(prepared)
    fold = prepared.splits.folds[0]
    prediction = network.predict(prepared.dataset.columns.take(fold.validation))
    truth = prepared.dataset.target[fold.validation]
    assert result.scores["rmse"] == pytest.approx(float(numpy.sqrt(numpy.mean((prediction - truth) ** 2))))
    assert result.scores["rmse"] < truth.std()
    assert truth.min() < prediction.mean() < truth.max()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_lowers_the_loss(name):
    prepared = study({"optimizer": name, "learning_rate": 0.01}, {"epochs": 6})
    result, _ = train(prepared)
    assert result.training_loss[-1] < result.training_loss[0]


def test_optimizers_carry_their_hyperparameters():
    def optimizer(name, **values):
        return make_optimizer({"optimizer": name, **values}, num_steps=10)

    assert float(optimizer("momentum", momentum=0.7).momentum) == pytest.approx(0.7)
    assert float(optimizer("adamw", weight_decay=0.01).weight_decay) == pytest.approx(0.01)
    assert float(optimizer("sgd", learning_rate=0.5).learning_rate) == pytest.approx(0.5)
    assert float(optimizer("sgd").momentum) == 0
    assert optimizer("sgd").global_clipnorm is None
    assert optimizer("sgd", clip_norm=0.3).global_clipnorm == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [("constant", [0.5, 0.5, 0.5]), ("cosine", [0.5, 0.25, 0]), ("linear", [0.5, 0.25, 0])],
)
def test_a_schedule_lasts_as_long_as_the_training(schedule, rates):
    optimizer = make_optimizer({"learning_rate": 0.5, "schedule": schedule}, num_steps=10)
    for step, rate in zip((0, 5, 10), rates, strict=True):
        optimizer.iterations.assign(step)
        assert float(optimizer.learning_rate) == pytest.approx(rate, abs=1e-7)


def test_refit_epochs_is_the_median_of_the_folds():
    folds = tuple(
        FoldResult(i, (), (), (), best_epoch, {}, {}, 0.0) for i, best_epoch in enumerate([3, 40, 5])
    )
    assert refit_epochs(Trial(0, {}, TrialState.COMPLETE, folds)) == 5


def test_refit_learns_from_all_the_rows_it_is_given():
    prepared = study({"learning_rate": 0.05})
    network = refit(prepared.plan, Member(0, -1, prepared.space.initial(), 0), prepared.splits.training, 20)
    rows = prepared.splits.training
    numpy.testing.assert_allclose(
        network.scalings.inputs.numbers.encoding.mean,
        prepared.dataset.columns.numbers[rows].mean(axis=0),
        rtol=1e-12,
    )
    accuracy = (
        network.predict(prepared.dataset.columns.take(rows)).argmax(axis=1) == prepared.dataset.target[rows]
    )
    assert accuracy.mean() > 0.95


def test_a_refit_that_diverges_says_so():
    prepared = study({"optimizer": "sgd", "learning_rate": 1e30, "activation": "relu"}, data="diabetes")
    with pytest.raises(TrialFailure, match="refit"):
        refit(prepared.plan, Member(0, -1, prepared.space.initial(), 0), prepared.splits.training, 5)


def test_binary_probabilities_have_two_columns_that_sum_to_one():
    prepared = study(data="breast_cancer", training={"epochs": 1})
    _, network = train(prepared)
    probabilities = network.predict(prepared.dataset.columns.take(slice(7)))
    assert probabilities.shape == (7, 2)
    numpy.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_a_user_loss_with_integer_targets_is_served():
    prepared = study(training={"epochs": 3})

    class Sparse(NetworkBuilder):
        def build(self, hyperparameters, seed):
            model = prepared.builder.build(hyperparameters, seed)
            model.compile("adam", keras.losses.SparseCategoricalCrossentropy())
            return model

    plan = dataclasses.replace(prepared.plan, builder=Sparse())
    result, _ = train_member(
        plan,
        Member(0, 0, prepared.space.initial(), 0),
        prepared.splits.folds[0],
        models_of(plan),
        lambda *_: None,
    )
    assert result.validation_loss[result.best_epoch - 1] == pytest.approx(result.scores["log_loss"], rel=1e-4)


def test_rows_of_a_large_table_are_predicted_in_pieces(monkeypatch):
    prepared = study(training={"epochs": 1})
    _, network = train(prepared)
    whole = network.predict(prepared.dataset.columns)
    monkeypatch.setattr("automl.training.network.ROWS_A_CALL", 50)
    numpy.testing.assert_allclose(network.predict(prepared.dataset.columns), whole, rtol=1e-6)
    assert isinstance(network, Network) and isinstance(prepared.splits.folds[0], Fold)


def test_a_model_that_is_used_again_is_as_good_as_new():
    """Every variable: weights, moving statistics, dropout's random state, the optimizer's slots."""
    prepared = study({"dropout": 0.3, "batch_normalization": True, "optimizer": "adam"}, {"epochs": 3})
    models = models_of(prepared.plan)
    members = plan_members(0, prepared.space.initial(), 2, 0)
    for member, fold in zip(members, prepared.splits.folds, strict=True):
        train_member(prepared.plan, member, fold, models, lambda *_: None)
    used = models.fresh(members[0], 9)
    again = models.fresh(members[1], 9)
    assert again is used
    new = models_of(prepared.plan).fresh(members[1], 9)
    assert again is not new and len(again.variables) == 8
    for actual, expected in zip(again.variables, new.variables, strict=True):
        numpy.testing.assert_array_equal(
            *map(keras.ops.convert_to_numpy, (actual, expected)), err_msg=actual.path
        )
    for actual, expected in zip(again.optimizer.variables, new.optimizer.variables, strict=True):
        numpy.testing.assert_array_equal(
            *map(keras.ops.convert_to_numpy, (actual, expected)), err_msg=actual.path
        )


def test_a_fold_alone_gives_the_same_as_after_others():
    prepared = study({"dropout": 0.3, "batch_normalization": True}, {"epochs": 4})
    members, folds = plan_members(0, prepared.space.initial(), 2, 0), prepared.splits.folds
    trial = train_trial(prepared.plan, members, folds, lambda *_: None)
    alone, _ = train_member(prepared.plan, members[1], folds[1], models_of(prepared.plan), lambda *_: None)
    assert dataclasses.replace(trial.folds[1], seconds=0) == dataclasses.replace(alone, seconds=0)


def test_a_builder_that_builds_another_structure_gets_a_model_of_its_own():
    prepared = study(training={"epochs": 1})

    class Growing(NetworkBuilder):
        width = 3

        def build(self, hyperparameters, seed):
            self.width += 1
            return prepared.builder.build({**hyperparameters, "width": self.width}, seed)

    models = models_of(dataclasses.replace(prepared.plan, builder=Growing()))
    members = plan_members(0, prepared.space.initial(), 2, 0)
    widths = [models.fresh(member, 1).layers[1].units for member in members]
    assert widths == [4, 5]


def test_label_smoothing_leaves_the_curves_and_the_rest_of_a_users_loss_alone():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "sigmoid")])
    model.compile(loss=keras.losses.BinaryFocalCrossentropy(gamma=5.0, label_smoothing=0.1))
    loss = evaluation_loss(model)
    assert (loss.gamma, loss.label_smoothing) == (5.0, 0.0)

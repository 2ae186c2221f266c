"""Early stopping over arrays against Keras's callback, one member at a time."""

import types

import keras
import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.training.early_stopping import begin, update

CURVES = st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.5]), min_size=12, max_size=12)


def by_keras(curve, patience):
    """Epochs that Keras trains, and its best one, from 1."""
    stopper = keras.callbacks.EarlyStopping("loss", patience=patience)
    model = types.SimpleNamespace(stop_training=False)
    stopper.set_model(model)
    stopper.on_train_begin()
    for epoch, loss in enumerate(curve):
        stopper.on_epoch_end(epoch, {"loss": loss})
        if model.stop_training:
            break
    return epoch + 1, stopper.best_epoch + 1


@settings(max_examples=60, deadline=None)
@given(curves=st.lists(CURVES, min_size=1, max_size=4), patience=st.integers(1, 5))
def test_members_stop_where_keras_stops(curves, patience):
    state, ended = begin(len(curves)), {}
    for losses in zip(*curves, strict=True):
        state = update(state, numpy.array(losses), numpy.ones(len(curves), bool))
        finished = state.finished(numpy.full(len(curves), 12), numpy.full(len(curves), patience))
        for number in numpy.flatnonzero(finished):
            ended.setdefault(number, (int(state.epoch[number]), int(state.best_epoch[number])))
    assert ended == {number: by_keras(curve, patience) for number, curve in enumerate(curves)}


@pytest.mark.parametrize("loss", [numpy.nan, numpy.inf])
def test_a_member_that_diverges_ends_and_the_others_do_not(loss):
    state = update(begin(3), numpy.array([0.5, 0.4, 0.3]), numpy.ones(3, bool))
    state = update(state, numpy.array([0.2, loss, 0.2]), numpy.array([True, False, True]))
    assert state.diverged.tolist() == [False, True, False]
    assert state.finished(numpy.full(3, 9), numpy.full(3, 5)).tolist() == [False, True, False]
    assert state.best_loss.tolist() == [0.2, 0.4, 0.2]


def test_a_step_leaves_the_state_before_it_alone():
    first = update(begin(2), numpy.array([1.0, 2.0]), numpy.ones(2, bool))
    update(first, numpy.array([0.5, 3.0]), numpy.ones(2, bool))
    assert first.best_loss.tolist() == [1.0, 2.0] and first.epoch.tolist() == [1, 1]

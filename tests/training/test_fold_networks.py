"""The networks of folds, trained again: what they predict is what the trial was scored by."""

import numpy
import pytest
from populations import study

from automl.training.engine import Watch
from automl.training.engines import ENGINES
from automl.training.members import REFIT, plan_members
from automl.trial import Member

ALWAYS = Watch(lambda progress: None, lambda: True)


@pytest.mark.parametrize("engine", ENGINES)
def test_networks_predict_what_their_trials_were_scored_by(engine):
    prepared = study({"depth": 1}, "diabetes", training={"epochs": 5, "patience": 3})
    initial = prepared.space.initial()
    cohort = [
        plan_members(trial, initial | changes, 2, 0)
        for trial, changes in enumerate([{}, {"width": 5, "numeric_encoding": "quantile"}])
    ]
    folds = prepared.splits.folds
    trainer = ENGINES[engine](prepared.plan, folds)
    expected = {trial.number: trial.folds for trial in trainer.train(cohort, ALWAYS)}
    wanted = [member for members in cohort for member in members]
    networks = list(ENGINES[engine](prepared.plan, folds).fold_networks(wanted, ALWAYS))
    assert sorted((fold_network.member.trial, fold_network.member.fold) for fold_network in networks) == [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
    ]
    for fold_network in networks:
        rows = folds[fold_network.member.fold].validation
        predicted = fold_network.network.predict(prepared.dataset.columns.take(rows))
        recorded = expected[fold_network.member.trial][fold_network.member.fold].predictions
        numpy.testing.assert_allclose(predicted, recorded, rtol=1e-4)
        assert not fold_network.cut


@pytest.mark.parametrize("engine", ENGINES)
def test_when_the_time_is_over_no_network_is_given_for_whole(engine):
    prepared = study({"depth": 1}, training={"epochs": 5})
    members = plan_members(0, prepared.space.initial(), 2, 0)
    over = Watch(lambda progress: None, lambda: True, seconds_left=lambda: 0.0)
    networks = list(ENGINES[engine](prepared.plan, prepared.splits.folds).fold_networks(members, over))
    assert len(networks) < 2 or any(fold_network.cut for fold_network in networks)


@pytest.mark.parametrize("engine", ENGINES)
def test_refits_are_each_what_a_refit_alone_is(engine):
    """Two encodings, two numbers of epochs, and two that differ in their seeds alone."""
    prepared = study({"depth": 1}, "diabetes", training={"epochs": 5})
    initial = prepared.space.initial()
    members = [
        Member(0, REFIT, initial, 0, epochs=4),
        Member(0, REFIT, initial, 0, repeat=1, epochs=4),
        Member(1, REFIT, initial | {"numeric_encoding": "quantile"}, 0, epochs=2),
    ]
    rows, columns = prepared.splits.training, prepared.dataset.columns
    trainer = ENGINES[engine](prepared.plan, prepared.splits.folds)
    refits = {
        (refit.member.trial, refit.member.repeat): refit for refit in trainer.refits(members, rows, ALWAYS)
    }
    assert not any(fold_network.cut for fold_network in refits.values())
    predicted = {key: fold_network.network.predict(columns) for key, fold_network in refits.items()}
    for member in members:
        alone = trainer.refit(member, rows, member.epochs).predict(columns)
        numpy.testing.assert_allclose(predicted[member.trial, member.repeat], alone, rtol=1e-4)
    assert numpy.abs(predicted[0, 0] - predicted[0, 1]).max() > 1.0

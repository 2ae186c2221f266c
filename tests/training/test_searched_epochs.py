"""Epochs and patience as hyperparameters, no early stopping at all, and what rungs and schedules make of them."""

import math

import pytest
from populations import study

from automl.errors import SearchSpaceError
from automl.training.engine import Watch
from automl.training.members import plan_members
from automl.training.plain.engine import SequentialEngine
from automl.training.population.engine import PopulationEngine
from automl.trial import Rung

FOLDS = 2
ENGINES = {"population": PopulationEngine, "sequential": SequentialEngine}


def trials_of(prepared, engine, values, **watching):
    cohort = [
        plan_members(number, dict(prepared.space.initial()) | changes, FOLDS, 0)
        for number, changes in enumerate(values)
    ]
    watch = Watch(lambda _: None, lambda: True, **watching)
    trials = ENGINES[engine](prepared.plan, prepared.splits.folds).train(cohort, watch)
    return {trial.number: trial for trial in trials}


def lengths(trial):
    return [len(fold.stopping_loss) for fold in trial.folds]


@pytest.mark.parametrize("engine", ENGINES)
def test_each_trial_trains_its_own_epochs_and_waits_its_own_patience(engine):
    prepared = study({"epochs": {"choice": [2, 7]}, "patience": {"choice": [1, 7]}, "learning_rate": 0.2})
    assert prepared.plan.epochs == 7, "the longest training of the space"
    values = [{"epochs": 2, "patience": 7}, {"epochs": 7, "patience": 7}, {"epochs": 7, "patience": 1}]
    trials = trials_of(prepared, engine, values)
    assert lengths(trials[0]) == [2, 2]
    assert lengths(trials[1]) == [7, 7]
    for fold in trials[2].folds:
        assert len(fold.stopping_loss) in (7, fold.best_epoch + 1)


@pytest.mark.parametrize("engine", ENGINES)
def test_without_patience_all_epochs_are_trained_and_the_best_is_kept(engine):
    prepared = study({"learning_rate": 0.3, "width": 32}, training={"epochs": 12, "patience": None})
    (trial,) = trials_of(prepared, engine, [{}]).values()
    assert lengths(trial) == [12, 12]
    for fold in trial.folds:
        losses = list(fold.stopping_loss)
        assert fold.best_epoch == 1 + losses.index(min(losses))
    assert min(fold.best_epoch for fold in trial.folds) < 12


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "optimizer", ["adamw", pytest.param("adamw_ema", marks=pytest.mark.slow), "schedule_free"]
)
def test_a_rung_stands_at_the_same_share_of_each_trials_epochs_and_changes_no_schedule(engine, optimizer):
    """A trial that passes is what it is without rungs: its schedule spans its epochs, its averages go on."""
    space = {"epochs": {"choice": [4, 8]}, "schedule": "cosine", "optimizer": optimizer}
    prepared = study(space, training={"patience": None})
    values = [{"epochs": 4}, {"epochs": 8}]
    values_by_rung = {}

    def judge(number, reports):
        values_by_rung.setdefault(number, {}).update(
            {trial: report.value for trial, report in reports.items()}
        )
        # the sequential engine asks first whether a trial could end here at all
        return {trial: "weak" for trial, report in reports.items() if math.isinf(report.value)}

    whole = trials_of(prepared, engine, values)
    climbed = trials_of(prepared, engine, values, rungs=(Rung(4, 1),), judge=judge)
    for number, at in ((0, 2), (1, 4)):
        for actual, expected in zip(climbed[number].folds, whole[number].folds, strict=True):
            assert list(actual.stopping_loss) == pytest.approx(list(expected.stopping_loss), rel=1e-5)
        assert values_by_rung[0][number] == pytest.approx(
            min(whole[number].folds[0].stopping_loss[:at]), rel=1e-5
        )


@pytest.mark.parametrize("values", [0, "many", {"choice": [5, -1]}])
def test_values_that_mean_nothing_are_refused(values):
    with pytest.raises(SearchSpaceError, match="epochs"):
        study({"epochs": values})

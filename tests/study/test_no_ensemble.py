"""Where no ensemble can be made, or a smaller one: what is said, and what is done instead."""

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy
import pytest
from small_studies import FOLDS, prepared_with

import automl
from automl.data.splits import Splits
from automl.ensembles.sharing import MOST_NETWORKS
from automl.evaluation.out_of_fold import OutOfFold
from automl.study import ensembling
from automl.study.ensemble_choice import Choice
from automl.study.ensembling import Ensemble, refit_with_ensemble
from automl.study.refitting import refit_seconds, refit_trial
from automl.training.engine import FoldNetwork, Watch
from automl.training.members import plan_members, refit_epochs
from automl.training.plan import TrialFailure

pytestmark = pytest.mark.usefixtures("without_page")

ALWAYS = Watch(lambda progress: None, lambda: True)


@pytest.fixture(scope="module")
def trained() -> tuple[Any, Any]:
    """A prepared study and one trial of it."""
    prepared = prepared_with(ensemble="greedy", training={"epochs": 2, "batch_size": 64})
    cohort = [plan_members(0, prepared.space.initial(), FOLDS, prepared.config.search.seed)]
    [trial] = prepared.make_engine().train(cohort, ALWAYS)
    return prepared, trial


def session_of(
    prepared: Any, trial: Any, has_predictions: bool = True, engine: Any = None, left: float = math.inf
) -> Any:
    """What a session knows of one trial."""
    validation = [fold.validation for fold in prepared.splits.folds]
    out_of_fold = OutOfFold(validation, len(prepared.dataset.classes), 0)

    def predictions_of(numbers: Any) -> Any:
        predictions = [out_of_fold.predictions(out_of_fold.gather(trial)) for _ in numbers if has_predictions]
        stored = SimpleNamespace(numbers=[trial.number for _ in predictions])
        return type("Stored", (list,), vars(stored))(predictions)

    return SimpleNamespace(
        prepared=prepared,
        engine=engine or prepared.make_engine(),
        out_of_fold=out_of_fold,
        state=SimpleNamespace(completed=[trial], trial=lambda number: trial, whole=lambda number: trial),
        budget=SimpleNamespace(for_refit=lambda: left, for_ensemble=lambda: left),
        predictions_of=predictions_of,
        watch=lambda seconds: ALWAYS,
    )


def test_of_one_trial_networks_with_other_seeds_are_averaged_and_that_is_said(trained) -> None:
    refit, ensemble = refit_with_ensemble(session_of(*trained), trained[1])
    assert isinstance(ensemble, Ensemble)
    assert ensemble.averaged.weights == {0: 1.0}
    assert len(ensemble.averaged.parts) == MOST_NETWORKS
    assert "fewer than two trials" in " ".join(ensemble.verdict.sentences())
    assert ensemble.verdict.corrected is None
    columns = trained[0].dataset.columns
    expected = numpy.mean([part.network.predict(columns) for part in ensemble.averaged.parts], axis=0)
    numpy.testing.assert_allclose(ensemble.averaged.predict(columns), expected, rtol=1e-12)
    assert refit.network is ensemble.averaged.parts[0].network  # trained once


def test_the_networks_of_one_trial_begin_with_its_refit_and_differ_by_their_seeds(trained) -> None:
    prepared, trial = trained
    refit, ensemble = refit_with_ensemble(session_of(prepared, trial), trial)
    columns = prepared.dataset.columns
    alone = refit_trial(prepared.make_engine(), prepared, trial)
    assert refit.epochs == alone.epochs == refit.network.epochs
    alone = alone.network.predict(columns)
    parts = [part.network.predict(columns) for part in ensemble.averaged.parts]
    numpy.testing.assert_allclose(parts[0], alone, rtol=1e-4, atol=1e-6)
    assert all(numpy.abs(part - alone).max() > 1e-3 for part in parts[1:])


class RefitOnly:
    """An engine that trains nothing but a single refit."""

    cohort_size = 200

    def __init__(self, failure: str = "") -> None:
        self.failure = failure

    def refits(self, members: Any, rows: Any, watch: Any) -> Any:
        if self.failure:
            raise TrialFailure(self.failure)
        return iter(())

    def refit(self, *_: Any) -> Any:
        return "alone"


class RefitFirst(RefitOnly):
    """An engine that has time for the first of several refits."""

    def refits(self, members: Any, rows: Any, watch: Any) -> Any:
        yield FoldNetwork(members[0], "the first of several")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"has_predictions": False}, "predictions of trial 0 are not kept"),
        ({"left": 1e-6}, "there was not enough time to train its networks"),
        ({"engine": RefitOnly()}, "there was not enough time to train its networks"),
        ({"engine": RefitOnly("diverged: the loss is not finite")}, "diverged: the loss is not finite"),
    ],
)
def test_what_prevents_it_is_said_and_the_single_network_is_exported(trained, changes, words) -> None:
    session = session_of(*trained, **{"engine": RefitOnly(), **changes})
    refit, reason = refit_with_ensemble(session, trained[1])
    assert refit.network == "alone"
    assert reason.startswith("No ensemble was made: ")
    assert words in reason
    assert "The exported model is the single network." in reason


def test_the_refit_of_an_ensemble_that_the_time_ended_is_exported_alone(trained) -> None:
    refit, reason = refit_with_ensemble(session_of(*trained, engine=RefitFirst()), trained[1])
    assert refit.network == "the first of several"
    assert "there was not enough time" in reason


class ShortOfTime:
    """An engine that has time for some of the networks."""

    cohort_size = 200

    def __init__(self, engine: Any, num_networks: int) -> None:
        self.engine, self.num_networks = engine, num_networks

    def refits(self, members: Any, rows: Any, watch: Any) -> Any:
        for member in members[: self.num_networks]:
            yield from self.engine.refits([member], rows, watch)
        if members[self.num_networks :]:
            yield FoldNetwork(members[self.num_networks], "half trained", cut=True)


def test_the_networks_that_were_trained_in_time_are_averaged(trained) -> None:
    engine = ShortOfTime(trained[0].make_engine(), 3)
    refit, ensemble = refit_with_ensemble(session_of(*trained, engine=engine), trained[1])
    assert isinstance(ensemble, Ensemble)
    assert len(ensemble.averaged.parts) == ensemble.verdict.num_networks == 3
    assert sum(part.weight for part in ensemble.averaged.parts) == pytest.approx(1.0)
    assert refit.network is ensemble.averaged.parts[0].network


@pytest.mark.parametrize(("cohort_size", "num_networks"), [(200, 6), (1, 3)])
def test_an_ensemble_has_the_networks_that_its_engine_trains_in_time(
    trained, monkeypatch, cohort_size, num_networks
) -> None:
    """On two threads twice as many as one after another."""
    monkeypatch.setattr(ensembling, "num_workers", lambda: 2)
    monkeypatch.setattr(ensembling, "_PROGRAM_SECONDS", 0.0)
    left = 3.2 * refit_seconds(*trained) / 0.8
    session = session_of(*trained, engine=SimpleNamespace(cohort_size=cohort_size), left=left)
    counts = ensembling._affordable(session, trained[1], Choice({0: 1.0}))
    assert counts == {0: num_networks}


def test_the_best_trial_takes_time_though_it_is_not_in_the_ensemble(trained, monkeypatch) -> None:
    monkeypatch.setattr(ensembling, "num_workers", lambda: 1)
    programs = 3 * ensembling._PROGRAM_SECONDS
    session = session_of(*trained, left=(3.5 * refit_seconds(*trained) + programs) / 0.8)
    session.state.trial = session.state.whole = lambda number: replace(trained[1], number=number)
    counts = ensembling._affordable(session, trained[1], Choice({1: 0.6, 2: 0.4}))
    assert counts == {1: 1, 2: 1}


def test_a_refit_is_estimated_by_what_a_row_and_an_epoch_of_its_folds_cost(trained) -> None:
    prepared, trial = trained
    fit = [len(fold.fit) for fold in prepared.splits.folds]
    a_row = 0.25
    known = replace(
        trial,
        folds=tuple(
            replace(result, seconds=a_row * fit[result.fold] * len(result.stopping_loss))
            for result in trial.folds
        ),
    )
    expected = a_row * len(prepared.splits.training) * refit_epochs(trial)
    assert refit_seconds(prepared, known) == pytest.approx(expected)


def test_trials_that_there_is_no_time_for_are_left_out_and_that_is_said() -> None:
    choice = Choice({3: 0.5, 1: 0.3, 2: 0.2}, 7)
    fewer = choice.in_time([3, 1])
    assert fewer.weights == pytest.approx({3: 0.625, 1: 0.375})
    assert "2 of the 3 trials" in fewer.note
    assert choice.in_time([3, 1, 2]) is choice and not choice.note


def test_the_note_counts_all_trials_that_were_chosen(trained, monkeypatch) -> None:
    """Three were chosen; there is time to begin the networks of two, and to end those of one."""
    monkeypatch.setattr(ensembling, "chosen", lambda *_: Choice({0: 0.5, 1: 0.3, 2: 0.2}))
    monkeypatch.setattr(ensembling, "_affordable", lambda *_: {0: 2, 1: 1})
    session = session_of(*trained, engine=ShortOfTime(trained[0].make_engine(), 2))
    session.state.whole = lambda number: replace(trained[1], number=number)
    _, ensemble = refit_with_ensemble(session, trained[1])
    assert isinstance(ensemble, Ensemble)
    assert ensemble.averaged.weights == {0: 1.0}
    assert "Only 1 of the 3 trials that were chosen" in ensemble.verdict.note


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"space": None}, "greedy"),
        ({"space": None, "network": {"family": "perceptron"}}, "none"),
        ({}, "none"),
        ({"ensemble": "seeds"}, "seeds"),
        ({"space": None, "ensemble": "none"}, "none"),
    ],
)
def test_only_the_default_space_has_an_ensemble_that_is_not_asked_for(content, expected) -> None:
    assert prepared_with(**content).ensemble == expected


def test_folds_in_the_order_of_time_are_not_averaged() -> None:
    prepared = SimpleNamespace(
        ensemble="folds",
        splits=Splits(numpy.zeros(0), numpy.zeros(0), (), "time", "time", (), False),
    )
    reason = ensembling._prevented(SimpleNamespace(prepared=prepared), None)
    assert "have not learned from the latest rows" in reason


def test_an_ensemble_asked_of_a_study_that_is_done_has_no_score_on_rows_that_were_read(tmp_path) -> None:
    content = {
        "name": "later",
        "data": {"sklearn": "wine"},
        "splits": {"folds": 3},
        "space": {"depth": 1, "width": 6, "learning_rate": {"choice": [0.01, 0.02]}},
        "search": {"algorithm": "grid", "trials": 2, "pruner": "none"},
        "training": {"epochs": 4, "batch_size": 64},
        "baselines": False,
        "bias_variance": {"resamples": 0},
        "tracking": {"to": "none"},
    }
    first = automl.run_study(automl.make_study(content), mlruns=tmp_path)
    content["ensemble"] = "folds"
    second = automl.run_study(automl.make_study(content), mlruns=tmp_path)
    assert second.folder == first.folder
    assert second.state.verdict.ensemble == {str(first.best.number): 1.0}
    assert second.state.tests == first.state.tests
    assert second.state.verdict.ensemble_test is None
    assert any(
        "read before this ensemble was made" in sentence for sentence in second.state.verdict.sentences
    )
    third = automl.run_study(automl.make_study(content), mlruns=tmp_path)
    assert third.state.seq == second.state.seq

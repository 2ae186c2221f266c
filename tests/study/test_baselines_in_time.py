"""Which plain models a study fits where its budget is nearly used up."""

import math
import types

import pytest
from small_studies import prepared_with

from automl.study import baselines
from automl.training.baselines.baselines import BASELINES, first_fold_seconds, run_baseline


def session_with(prepared, seconds, folder):
    budget = types.SimpleNamespace(for_verdict=lambda: seconds, before_ending=lambda: seconds)
    interrupts = types.SimpleNamespace(check=lambda: None)
    run = types.SimpleNamespace(folder=folder)
    return types.SimpleNamespace(prepared=prepared, budget=budget, interrupts=interrupts, run=run)


@pytest.mark.parametrize(
    ("left", "fitted"),
    [(10.0, {"constant", "linear"}), (100.0, set(BASELINES)), (math.inf, set(BASELINES)), (0.0, set())],
)
def test_a_model_whose_first_fold_would_outlast_the_budget_is_left_out(tmp_path, monkeypatch, left, fitted):
    needed = {"constant": 0.0, "linear": 5.0, "gradient boosting": 50.0}
    monkeypatch.setattr(baselines, "first_fold_seconds", lambda name, *_: needed[name])
    monkeypatch.setattr(baselines, "run_baseline", lambda _, *study: run_baseline("constant", *study))
    assert set(baselines.train_baselines(session_with(prepared_with(), left, tmp_path))) == fitted


def test_a_small_table_is_not_timed():
    prepared = prepared_with()
    folds = prepared.splits.folds
    for name in BASELINES:
        assert first_fold_seconds(name, prepared.dataset, prepared.layout, folds, prepared.metric) == 0.0


def test_a_large_table_is_timed_on_a_part_of_its_rows(monkeypatch):
    """A clock that counts the rows that are fitted: the estimate is that of the whole fold, to a sixteenth."""
    from automl.training.baselines import baselines as plain

    prepared = prepared_with(data={"sklearn": "breast_cancer"})
    rows = [0]
    monkeypatch.setattr(plain, "_FEWEST_TO_TIME", 100)
    nothing = types.SimpleNamespace(predict=lambda columns: None)
    monkeypatch.setattr(
        plain.Maker, "fit", lambda _, rows_taken, seed: rows.append(rows[-1] + len(rows_taken)) or nothing
    )
    monkeypatch.setattr(plain.time, "monotonic", lambda: float(rows[-1]))
    folds = prepared.splits.folds
    seconds = first_fold_seconds("linear", prepared.dataset, prepared.layout, folds, prepared.metric)
    assert seconds == pytest.approx(len(folds[0].fit), abs=16)

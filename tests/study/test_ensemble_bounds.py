"""Bounds on the time of an answer and on the size of an ensemble."""

import pytest

import automl
from automl.config.budget import BudgetConfig
from automl.config.notes import notes_of
from automl.evaluation.ensemble_verdict import Cost
from automl.serving.scoring import Scorer
from automl.study.ensemble_bounds import most_networks

pytestmark = pytest.mark.usefixtures("without_page")

SINGLE, WHOLE = Cost(2.0, 1.0), Cost(9.0, 8.0)
"""Of one network and of eight: each further one costs 1 ms and 1 MB."""

STUDY = {
    "name": "bounded",
    "data": {"sklearn": "wine"},
    "splits": {"folds": 3},
    "space": {"depth": 1, "width": 6},
    "search": {"algorithm": "random", "trials": 1, "pruner": "none"},
    "training": {"epochs": 4, "batch_size": 64},
    "baselines": False,
    "bias_variance": {"resamples": 0},
    "tracking": {"to": "none"},
    "ensemble": "seeds",
}


@pytest.mark.parametrize(
    ("bounds", "expected", "words"),
    [
        ({}, 8, ""),
        ({"latency_ms": 9.0, "model_mb": 8.0}, 8, ""),
        ({"latency_ms": 5.5}, 4, "latency_ms"),
        ({"model_mb": 3.0}, 3, "model_mb"),
        ({"latency_ms": 5.5, "model_mb": 3.0}, 3, "model_mb"),
        ({"latency_ms": 2.5}, 1, "2 ms for one network, 9 ms for 8"),
        ({"latency_ms": 0.5}, 1, "latency_ms"),
    ],
)
def test_as_many_networks_as_the_narrowest_bound_allows(bounds, expected, words):
    most, clause = most_networks(BudgetConfig(**bounds), SINGLE, WHOLE, 8)
    assert most == expected
    assert words in clause and bool(clause) == bool(words)


def test_a_study_exports_a_single_network_where_no_ensemble_keeps_to_the_bound(tmp_path):
    content = STUDY | {"budget": {"minutes": None, "latency_ms": 1e-6}}
    result = automl.run_study(automl.make_study(content), mlruns=tmp_path)
    assert not result.state.exported.ensemble
    assert any("`budget.latency_ms` is 1e-06" in sentence for sentence in result.state.verdict.sentences)


def test_a_study_exports_fewer_networks_where_that_keeps_to_the_bound(tmp_path):
    whole = automl.run_study(
        automl.make_study(STUDY | {"budget": {"minutes": None}}), mlruns=tmp_path / "whole"
    )
    size = sum(file.stat().st_size for file in whole.model.rglob("*") if file.is_file()) / 1e6
    content = STUDY | {"budget": {"minutes": None, "model_mb": 0.9 * size}}
    result = automl.run_study(automl.make_study(content), mlruns=tmp_path / "fewer")
    assert result.state.exported.ensemble
    [sentence] = [
        sentence for sentence in result.state.verdict.sentences if "networks instead of 8" in sentence
    ]
    assert "`budget.model_mb` is" in sentence
    smaller = sum(file.stat().st_size for file in result.model.rglob("*") if file.is_file()) / 1e6
    assert smaller < 0.9 * size
    assert len(Scorer(result.model).predict(automl_rows())) == 5


def automl_rows():
    from sklearn.datasets import load_wine

    return load_wine(as_frame=True).data.head(5)


def test_bounds_without_an_ensemble_are_pointed_out():
    config = automl.make_study(STUDY | {"ensemble": "none", "budget": {"model_mb": 3.0}})
    assert any("have no effect with `ensemble: none`" in note for note in notes_of(config))

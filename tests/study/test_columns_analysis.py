"""Which columns the winner leans on: on rows of every kind, by weight, with errors that know what folds share."""

from typing import Any

import numpy
import pandas
import pytest

from automl.config.reading import make_study
from automl.study.analyses import columns as analysis
from automl.study.analyses.analysis import Subject
from automl.study.analyses.columns import ColumnsAnalysis, sampled_rows
from automl.study.preparation import PreparedStudy, prepare_study
from automl.training.engine import Watch
from automl.trial import FoldResult, Trial, TrialState

WATCH = Watch(lambda _: None, lambda: True)


def prepared_with(**sections: Any) -> PreparedStudy:
    """A table that is sorted by its target, which one of two columns tells."""
    generator = numpy.random.default_rng(0)
    table = pandas.DataFrame({"told": generator.normal(size=600), "noise": generator.normal(size=600)})
    table["y"] = numpy.where(table["told"] + 0.3 * generator.normal(size=600) > 0.5, "yes", "no")
    table = table.sort_values("y", kind="stable").reset_index(drop=True)
    content = {
        "name": "s",
        "data": {"frame": True, "target": "y"},
        "splits": {"folds": 3, "test": 0},
        "objective": "roc_auc",
        "space": {"depth": 0, "learning_rate": 0.05},
        "training": {"epochs": 8, "batch_size": 32},
    }
    return prepare_study(make_study(content | sections), table)


def answer_of(prepared: PreparedStudy) -> dict[str, Any]:
    folds = tuple(FoldResult(fold, (), (), (), 8, {"roc_auc": 0.9}, {}, 0.0) for fold in range(3))
    best = Trial(0, dict(prepared.space.initial()), TrialState.COMPLETE, folds, 3)
    subject = Subject(prepared, prepared.make_engine(), (best,), best, frozenset(), 1e9)
    plan = ColumnsAnalysis().plan(subject)
    assert plan is not None
    [answer] = list(ColumnsAnalysis().answers(subject, plan, WATCH))
    return dict(answer.content)


def test_of_a_table_that_is_sorted_by_its_target_rows_of_all_kinds_are_scored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first sixty rows of a fold are all of one class: AUC 0.5 with and without the column, importance 0."""
    monkeypatch.setattr(analysis, "_MOST_ROWS", 60)
    importance = answer_of(prepared_with())
    assert importance["names"] == ["told", "noise"]
    assert importance["means"][0] > 0.3
    assert abs(importance["means"][1]) < 0.05


def test_the_error_of_a_column_is_the_corrected_one_with_repeats_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drops of 0.1, 0.2 and 0.6 in three folds: a variance of 0.07, times 1 / 3 + 1 / 2, of the first round alone."""
    drops = {0: [0.1, 0.0], 1: [0.2, 0.0], 2: [0.6, 0.0]}
    monkeypatch.setattr(
        analysis, "_drops", lambda subject, network, fold, number, names: numpy.array(drops[number])
    )
    for splits in ({"folds": 3, "test": 0}, {"folds": 3, "test": 0, "repeats": 2}):
        importance = answer_of(prepared_with(splits=splits, training={"epochs": 1, "batch_size": 256}))
        assert importance["means"] == pytest.approx([0.3, 0.0])
        assert importance["errors"] == pytest.approx([(0.07 * (1 / 3 + 1 / 2)) ** 0.5, 0.0])


def test_the_sample_holds_rows_that_count_and_is_the_same_each_time() -> None:
    rows, weights = numpy.arange(5000, 15_000), numpy.ones(20_000)
    weights[5000:12_000] = 0.0
    drawn = sampled_rows(rows, weights, numpy.random.default_rng(3))
    assert len(drawn) == len(numpy.unique(drawn)) == 2000
    assert drawn.min() >= 12_000 and 13_400 < drawn.mean() < 13_600
    numpy.testing.assert_array_equal(drawn, sampled_rows(rows, weights, numpy.random.default_rng(3)))
    few = rows[6900:7100]
    numpy.testing.assert_array_equal(sampled_rows(few, weights, numpy.random.default_rng(3)), few[100:])


def test_cells_come_from_rows_by_their_weight() -> None:
    generator = numpy.random.default_rng(0)
    assert sorted(analysis._donors(numpy.full(50, 2.0), generator)) == list(range(50))
    donors = analysis._donors(numpy.repeat([1.0, 3.0], 500), generator)
    # three of four, with a binomial error of 1.4 %
    assert numpy.mean(donors >= 500) == pytest.approx(0.75, abs=0.045)

"""Nothing learned knows a row that it must not know: other labels there change no bit of it."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

from automl.config.reading import make_study
from automl.records.finding import read_run
from automl.serving.scoring import Scorer
from automl.study.preparation import PreparedStudy, prepare_study
from automl.study.run import run_study
from automl.training.engine import Watch
from automl.training.engines import ENGINES
from automl.training.members import plan_members
from automl.trial import Trial

pytestmark = pytest.mark.usefixtures("without_page")

STREETS = [f"street {number}" for number in range(9)]


def table(num_rows: int = 160) -> pandas.DataFrame:
    generator = numpy.random.default_rng(0)
    frame = pandas.DataFrame(generator.normal(size=(num_rows, 3)), columns=["a", "b", "c"])
    frame["street"] = generator.choice(STREETS, num_rows)
    frame.loc[::7, "a"] = numpy.nan
    frame["y"] = frame["b"] + generator.normal(size=num_rows) + (frame["street"] < "street 4")
    return frame


def study_of(path: Path, **sections: Any) -> Any:
    content = {
        "name": "leaks",
        "data": {"path": str(path), "target": "y"},
        "splits": {"folds": 2, "kind": "plain"},
        "space": {
            "depth": 1,
            "width": {"choice": [4, 8]},
            "numeric_encoding": {"choice": ["standard", "piecewise"]},
            "learning_rate": {"float": [0.001, 0.1], "log": True},
        },
        "search": {"trials": 4, "algorithm": "bayesian", "minutes": None},
        "training": {"epochs": 5},
        "baselines": False,
        "bias_variance": {"resamples": 0},
        "tracking": {"to": "none"},
    }
    return make_study(content | sections)


def prepared_with(tmp_path: Path, frame: pandas.DataFrame, **sections: Any) -> PreparedStudy:
    frame.to_csv(tmp_path / "table.csv", index=False)
    return prepare_study(study_of(tmp_path / "table.csv", **sections))


def test_labels_of_the_test_rows_change_neither_the_search_nor_the_model(tmp_path: Path) -> None:
    frame = table()
    test = prepared_with(tmp_path, frame).splits.test
    results = []
    for name, shift in (("one", 0.0), ("two", 1000.0)):
        changed = frame.copy()
        changed.loc[test, "y"] += shift
        changed.to_csv(tmp_path / f"{name}.csv", index=False)
        results.append(run_study(study_of(tmp_path / f"{name}.csv"), mlruns=tmp_path / name))
    first_result, second_result = results
    for first, second in zip(first_result.trials, second_result.trials, strict=True):
        assert first.hyperparameters == second.hyperparameters
        assert without_seconds(first_result.trial(first.number)) == without_seconds(
            second_result.trial(second.number)
        )
    rows = frame.drop(columns="y")
    predictions = [Scorer(result.model).predict(rows)["prediction"].to_numpy() for result in results]
    assert numpy.array_equal(*predictions)
    assert first_result.state.verdict.corrected == second_result.state.verdict.corrected
    assert second_result.test_scores["mae"] > 500.0 > first_result.test_scores["mae"]
    tests = [read_run(result.folder).tests for result in results]
    assert [len(reads) for reads in tests] == [1, 1]


@pytest.mark.parametrize("engine", ENGINES)
def test_labels_of_validation_rows_change_no_weight_no_epoch_and_no_statistic(
    tmp_path: Path, engine: str
) -> None:
    prepared = prepared_with(tmp_path, table())
    target = prepared.dataset.target.copy()
    target[prepared.splits.folds[0].validation] += 1000.0
    changed = dataclasses.replace(prepared, dataset=dataclasses.replace(prepared.dataset, target=target))
    first, second = (trained(study_prepared, engine).folds[0] for study_prepared in (prepared, changed))
    assert (first.training_loss, first.stopping_loss) == (second.training_loss, second.stopping_loss)
    assert first.best_epoch == second.best_epoch
    assert first.predictions is not None
    assert second.predictions is not None
    assert numpy.array_equal(first.predictions, second.predictions)
    assert first.validation_loss != second.validation_loss


def test_stopping_on_validation_rows_is_what_the_others_are_kept_from(tmp_path: Path) -> None:
    """The same change is seen where the study asks for it: so the test above can fail."""
    prepared = prepared_with(tmp_path, table(), splits={"folds": 2, "kind": "plain", "stop_on": "validation"})
    target = prepared.dataset.target.copy()
    target[prepared.splits.folds[0].validation] += 1000.0
    changed = dataclasses.replace(prepared, dataset=dataclasses.replace(prepared.dataset, target=target))
    first, second = (trained(study_prepared, "population").folds[0] for study_prepared in (prepared, changed))
    assert first.stopping_loss != second.stopping_loss
    assert prepared.optimistic


def test_a_second_study_of_the_same_test_set_says_so(tmp_path: Path) -> None:
    table().to_csv(tmp_path / "table.csv", index=False)
    few = {"trials": 1, "algorithm": "random", "minutes": None}
    study = study_of(tmp_path / "table.csv", search=few, training={"epochs": 1})
    first, second = (run_study(study, mlruns=tmp_path, resume=False) for _ in range(2))
    assert first.state.tests[0].earlier == ()
    assert second.state.tests[0].earlier == (f"leaks/{first.folder.name}",)
    assert any("already read by" in sentence for sentence in second.verdict.sentences)


def trained(prepared: PreparedStudy, engine: str) -> Trial:
    members = plan_members(0, dict(prepared.space.initial()), len(prepared.splits.folds), 0)
    watch = Watch(lambda _: None, lambda: True)
    return next(ENGINES[engine](prepared.plan, prepared.splits.folds).train([members], watch))


def without_seconds(trial: Trial) -> Trial:
    folds = tuple(dataclasses.replace(fold, seconds=0.0) for fold in trial.folds)
    return dataclasses.replace(trial, folds=folds, seconds=0.0)

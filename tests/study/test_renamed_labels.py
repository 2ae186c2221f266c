"""The names of the classes decide nothing but what stands in messages: renamed, a study gives the same numbers."""

from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

import automl
from automl.records.files import OUT_OF_FOLD_FILE
from automl.study.result import StudyResult

pytestmark = pytest.mark.usefixtures("without_page")

RANDOM = numpy.random.default_rng(4)
INPUTS = RANDOM.normal(size=(240, 3))
RARE = INPUTS[:, 0] + RANDOM.normal(0, 0.6, 240) > 1.2


def run(folder: Path, rare: str, objective: str, baselines: bool = True, **data: Any) -> StudyResult:
    table = pandas.DataFrame(INPUTS, columns=list("abc"))
    table["label"] = numpy.where(RARE, rare, "ok")
    study = automl.make_study(
        {
            "name": rare,
            "data": {"frame": True, "target": "label", **data},
            "splits": {"folds": 2},
            "objective": objective,
            "space": {"depth": {"choice": [0, 1]}, "width": 4, "learning_rate": 0.02, "dropout": 0.1},
            "search": {"trials": 2, "algorithm": "grid"},
            "training": {"epochs": 8, "class_weights": "balanced"},
            "baselines": baselines,
            "bias_variance": {"resamples": 0},
            "tracking": {"to": "none"},
        }
    )
    return automl.run_study(study, mlruns=folder / rare, table=table)


@pytest.mark.parametrize("objective", ["average_precision", pytest.param("mcc", marks=pytest.mark.slow)])
def test_a_study_of_renamed_labels_has_equal_scores_curves_and_threshold(
    tmp_path: Path, objective: str
) -> None:
    first, second = run(tmp_path, "fraud", objective), run(tmp_path, "suspect", objective)
    for number in range(2):
        ours, renamed = first.trial(number), second.trial(number)
        for fold, renamed_fold in zip(ours.folds, renamed.folds, strict=True):
            assert fold.scores == pytest.approx(renamed_fold.scores, abs=1e-6)
            for part in ("training_loss", "stopping_loss", "validation_loss"):
                numpy.testing.assert_allclose(getattr(fold, part), getattr(renamed_fold, part), atol=1e-6)
    assert first.test_scores == pytest.approx(second.test_scores, abs=1e-6)
    assert first.state.verdict.threshold == pytest.approx(second.state.verdict.threshold, abs=1e-6)
    assert first.state.verdict.rows == second.state.verdict.rows
    tables = [pandas.read_csv(result.folder / OUT_OF_FOLD_FILE) for result in (first, second)]
    assert list(tables[0]) == ["row", "label", "probability_ok", "probability_fraud"]
    numpy.testing.assert_allclose(tables[0]["probability_fraud"], tables[1]["probability_suspect"], atol=1e-6)
    assert any("positive class is 'fraud'" in note for note in first.state.started.notes)
    assert first.state.started.facts["positive_class"] == "fraud"


def test_the_study_file_can_ask_for_the_other_class(tmp_path: Path) -> None:
    result = run(tmp_path, "fraud", "average_precision", baselines=False, positive="ok")
    assert result.best.mean("average_precision") > 0.85  # a constant has the share of the rows that are ok

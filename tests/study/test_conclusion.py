"""The end of a study of a rare class: threshold, out-of-fold rows, weighted scores, against scikit-learn by hand."""

import numpy
import pandas
import pytest
from sklearn.metrics import f1_score, log_loss

import automl
from automl.evaluation.out_of_fold import unpacked
from automl.evaluation.resampling import Estimate
from automl.explanation.sides import Side
from automl.explanation.two_studies import compare_studies
from automl.records.files import read_predictions
from automl.records.scored_rows import read_scored_rows
from automl.serving.scoring import Scorer
from automl.study.preparation import prepare_study

pytestmark = pytest.mark.usefixtures("without_page")

STUDY = {
    "name": "rare",
    "data": {"frame": True, "target": "y", "weights": "count"},
    "objective": "f1_macro",
    "splits": {"folds": 3},
    "space": {"depth": 1, "width": 8, "learning_rate": {"choice": [0.01, 0.03]}},
    "search": {"trials": 2, "minutes": None},
    "training": {"epochs": 8, "batch_size": 32},
    "baselines": False,
    "bias_variance": {"resamples": 0},
    "tracking": {"to": "none"},
}


def frame() -> pandas.DataFrame:
    generator = numpy.random.default_rng(1)
    table = pandas.DataFrame(generator.normal(size=(600, 3)), columns=["a", "b", "c"])
    odds = 1.6 * table["a"] - 2.6
    table["y"] = numpy.where(generator.random(600) < 1.0 / (1.0 + numpy.exp(-odds)), "rare", "common")
    table["count"] = generator.integers(1, 4, 600)
    return table


@pytest.fixture(scope="module")
def ended(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[automl.StudyResult, pandas.DataFrame, numpy.ndarray]:
    table = frame()
    result = automl.run_study(automl.make_study(STUDY), mlruns=tmp_path_factory.mktemp("runs"), table=table)
    return result, table, prepare_study(automl.make_study(STUDY), table).splits.test


def test_the_threshold_is_in_the_model_and_in_the_test_score(ended) -> None:
    result, table, test = ended
    threshold = result.state.verdict.threshold
    assert threshold < 0.5  # of one rare row in ten, few are more probable than not
    rows = table.iloc[test].reset_index(drop=True)
    predicted = Scorer(result.model).predict(rows)
    labels = numpy.where(predicted["probability_rare"] >= threshold, "rare", "common")
    assert predicted["prediction"].tolist() == labels.tolist()
    expected = f1_score(rows["y"], labels, average="macro", sample_weight=rows["count"])
    assert result.test_scores["f1_macro"] == pytest.approx(expected, abs=1e-6)
    value, low, high = result.state.verdict.test
    assert value == pytest.approx(expected, abs=1e-6)
    assert low < expected < high
    plain = log_loss(
        rows["y"], predicted[["probability_common", "probability_rare"]], sample_weight=rows["count"]
    )
    assert result.test_scores["log_loss"] == pytest.approx(plain, rel=1e-4)


def test_out_of_fold_rows_are_the_training_rows_and_chose_the_threshold(ended) -> None:
    result, table, test = ended
    rows = pandas.read_csv(result.folder / "out_of_fold.csv.gz")
    assert sorted([*rows["row"], *test]) == list(range(len(table)))
    assert rows["y"].tolist() == table["y"].iloc[rows["row"]].tolist()
    weights = table["count"].iloc[rows["row"]]
    scores = [
        f1_score(
            rows["y"],
            numpy.where(rows["probability_rare"] >= threshold, "rare", "common"),
            average="macro",
            sample_weight=weights,
        )
        for threshold in (0.5, result.state.verdict.threshold)
    ]
    assert scores[1] > scores[0]


def test_kept_rows_and_predictions_score_the_winner_as_its_study_did(ended) -> None:
    result, _, _ = ended
    stored = read_scored_rows(result.folder)
    best = result.state.whole(result.state.best.number)
    prediction = unpacked(read_predictions(result.folder, best.number), stored.num_classes, 1)
    rows = stored.scored
    again = [
        f1_score(
            rows.target[rows_of_part],
            prediction[repeat][rows_of_part].argmax(axis=1),
            average="macro",
            sample_weight=rows.weights[rows_of_part],
        )
        for repeat, rows_of_part in rows.parts
    ]
    assert again == pytest.approx(best.fold_scores("f1_macro"), abs=1e-6)


def test_a_study_and_itself_do_not_differ(ended) -> None:
    result, _, _ = ended
    sides = [Side(letter, "rare", result.state) for letter in "AB"]
    comparison = compare_studies(*sides)
    assert comparison.corrected == Estimate(0.0, 0.0, 0.0)
    assert comparison.sign == 0


def test_the_weights_are_no_feature(ended) -> None:
    result, _, _ = ended
    assert "count" not in (result.model / "model.json").read_text().split('"hyperparameters"')[0]


def test_a_study_of_other_columns_says_that_its_test_set_was_read_before(ended) -> None:
    result, table, _ = ended
    search = {"search": {"trials": 1, "minutes": None}, "training": {"epochs": 1}}
    content = (
        STUDY
        | search
        | {"name": "other", "data": STUDY["data"] | {"features": ["b"]}, "objective": "log_loss"}
    )
    mlruns = result.folder.parents[2]
    again = automl.run_study(automl.make_study(content), mlruns=mlruns, table=table)
    [reading] = again.state.tests
    assert [which.partition("/")[0] for which in reading.earlier] == ["rare"]
    moved = automl.make_study(content | {"name": "moved", "splits": {"folds": 3, "test": 0.25}})
    [reading] = automl.run_study(moved, mlruns=mlruns, table=table).state.tests
    assert reading.earlier == ()

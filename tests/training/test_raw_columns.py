"""Text, gaps, dates, weights, encodings and transforms through both engines."""

import dataclasses
from pathlib import Path

import keras
import numpy
import pandas
import pytest
from populations import curves

from automl.config.reading import make_study
from automl.study.preparation import PreparedStudy, prepare_study
from automl.training.engine import Watch
from automl.training.engines import ENGINES
from automl.training.members import plan_members
from automl.training.plain.compiled import mean_loss
from automl.training.plain.sequential import models_of, train_member
from automl.training.population.engine import PopulationEngine
from automl.trial import Member

ROWS = 120
TASKS = ("binary", "multiclass", "regression")


def prepared_study(folder: Path, task: str) -> PreparedStudy:
    generator = numpy.random.default_rng(2)
    size = generator.lognormal(1.0, 1.0, ROWS)
    color = generator.choice(["red", "blue", "green"], ROWS)
    table = pandas.DataFrame(
        {"size": numpy.where(generator.random(ROWS) < 0.1, numpy.nan, size), "color": color}
    )
    table.loc[generator.random(ROWS) < 0.1, "color"] = None
    table["born"] = [f"20{10 + row % 14}-0{1 + row % 9}-1{row % 10}" for row in range(ROWS)]
    table["weight"] = generator.integers(0, 4, ROWS)
    value = size * (1 + (color == "red")) + 0.1
    table["y"] = (
        value if task == "regression" else numpy.digitize(value, [3.0] if task == "binary" else [2.0, 6.0])
    )
    table.to_csv(folder / "table.csv", index=False)
    content = {
        "name": "s",
        "data": {"path": str(folder / "table.csv"), "target": "y", "weights": "weight"},
        "splits": {"folds": 2},
        "space": {"depth": 1, "width": 8, "learning_rate": 0.02, "activation": "tanh"},
        "training": {"epochs": 5, "batch_size": 16, "patience": 3},
    }
    return prepare_study(make_study(content))


def cohort_of(prepared: PreparedStudy) -> list[list[Member]]:
    transforms = ("none", "log") if prepared.objective.metric == "rmse" else ("none",)
    values = [
        dict(prepared.space.initial()) | {"numeric_encoding": encoding, "target_transform": transform}
        for encoding in ("standard", "quantile", "piecewise")
        for transform in transforms
    ]
    return [plan_members(trial, changes, 2, 0) for trial, changes in enumerate(values)]


@pytest.mark.parametrize("task", TASKS)
def test_the_engines_agree_on_every_encoding_and_transform_and_on_weights(tmp_path: Path, task: str) -> None:
    prepared = prepared_study(tmp_path, task)
    assert prepared.dataset.weights.std() > 0.5
    cohort, folds = cohort_of(prepared), prepared.splits.folds
    results = [
        sorted(
            make(prepared.plan, folds).train(cohort, Watch(lambda _: None, lambda: True)),
            key=lambda trial: trial.number,
        )
        for make in ENGINES.values()
    ]
    scores = set()
    for first, second in zip(*results, strict=True):
        assert (first.state, first.capacity) == (second.state, second.capacity)
        for actual, expected in zip(first.folds, second.folds, strict=True):
            numpy.testing.assert_allclose(curves(actual), curves(expected), rtol=1e-4)
            assert actual.best_epoch == expected.best_epoch
            assert actual.scores == pytest.approx(expected.scores, rel=2e-3)
            scores.add(actual.scores[prepared.objective.metric])
    assert len(scores) == 2 * len(cohort), "each encoding and transform gives networks of its own"


def test_networks_of_other_encodings_have_other_numbers_of_inputs(tmp_path: Path) -> None:
    prepared = prepared_study(tmp_path, "binary")
    columns, layout = prepared.dataset.columns, prepared.layout
    assert columns.numbers.shape[1] == 1 + 6, "size, and the parts of a date"
    # size has gaps; red, blue, green and the gap have an input each, and rare levels would share one
    assert layout.num_inputs("standard") == layout.num_inputs("quantile") == 7 + 1 + 4 + 1
    assert layout.num_inputs("piecewise") == 13 + layout.numbers.num_bins.sum() > 50
    engine = PopulationEngine(prepared.plan, prepared.splits.folds)
    for member, width in (
        (cohort_of(prepared)[0][0], 13),
        (cohort_of(prepared)[2][0], 13 + layout.numbers.num_bins.sum()),
    ):
        network = engine.refit(dataclasses.replace(member, fold=-1), prepared.splits.training, 2)
        assert network.model.input_shape == (None, width)
        probabilities = network.predict(columns)
        numpy.testing.assert_allclose(probabilities.sum(axis=1), 1.0)


@pytest.mark.parametrize("encoding", ["standard", "quantile", "piecewise"])
def test_cells_and_weights_of_other_rows_move_no_weight(tmp_path: Path, encoding: str) -> None:
    """Other cells in the validation and the test rows: the network stays the same to the last bit."""
    prepared = prepared_study(tmp_path, "binary")
    fold = prepared.splits.folds[0]
    other_rows = numpy.concatenate([fold.validation, prepared.splits.test])
    columns, weights = prepared.dataset.columns, prepared.dataset.weights.copy()
    numbers, codes = columns.numbers.copy(), columns.codes.copy()
    numbers[other_rows], codes[other_rows], weights[other_rows] = 1e6, 0, 3.0
    changed = dataclasses.replace(columns, numbers=numbers, codes=codes)
    twin = dataclasses.replace(
        prepared, dataset=dataclasses.replace(prepared.dataset, columns=changed, weights=weights)
    )
    values = dict(prepared.space.initial()) | {"numeric_encoding": encoding}
    results = [
        train_member(study.plan, Member(0, 0, values, 0), fold, models_of(study.plan), lambda *_: None)
        for study in (prepared, twin)
    ]
    (first, network), (of_twin, twin_network) = results
    assert (first.best_epoch, first.stopping_loss) == (of_twin.best_epoch, of_twin.stopping_loss)
    assert first.validation_loss != of_twin.validation_loss
    for actual, reference in zip(network.model.get_weights(), twin_network.model.get_weights(), strict=True):
        numpy.testing.assert_array_equal(actual, reference)


def test_rows_count_by_their_weights_in_losses_and_means(tmp_path: Path) -> None:
    prepared = prepared_study(tmp_path, "regression")
    view = prepared.plan.view(Member(0, 0, prepared.space.initial(), 0), prepared.splits.folds[0])
    weights = prepared.dataset.weights
    for part, rows in zip(
        view.parts(), (view.measured, view.fold.stopping, view.fold.validation), strict=True
    ):
        expected = numpy.zeros(view.num_measured)
        expected[view.places(rows)] = weights[rows] / weights[rows].sum()
        numpy.testing.assert_allclose(part, expected, rtol=1e-6)
    numpy.testing.assert_allclose(view.row_weights, weights[view.rows], rtol=1e-6)


def test_the_mean_of_a_loss_is_weighted_by_rows() -> None:
    targets, outputs = numpy.array([[1.0], [2.0], [4.0]]), numpy.array([[1.0], [4.0], [1.0]])
    weights = numpy.array([5.0, 1.0, 2.0])
    expected = (5 * 0 + 1 * 4 + 2 * 9) / 8
    for loss in (keras.losses.MeanSquaredError(), keras.losses.get("mse")):
        assert mean_loss(loss, targets, outputs, weights) == pytest.approx(expected)
        assert mean_loss(loss, targets, outputs, numpy.zeros(3)) == 0.0

    class OwnMean(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return keras.ops.mean(keras.ops.abs(y_true - y_pred))

    assert mean_loss(OwnMean(), targets, outputs, weights) == pytest.approx(5 / 3)

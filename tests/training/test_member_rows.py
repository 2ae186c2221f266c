"""Members' rows on the host and on the device: the same arrays, and the same networks to the last bit."""

import numpy
import pytest
from populations import member, study, train

from automl.networks.builder import FamilyBuilder
from automl.training.population import places
from automl.training.population.member_rows import DeviceRows, HostRows, entering
from automl.training.population.structure import Structure
from automl.trial import Task

VALUES = {
    "depth": 1,
    "width": 4,
    "activation": "relu",
    "dropout": 0.0,
    "batch_normalization": True,
    "l2": 0.0,
    "initializer": "glorot_uniform",
}
STRUCTURE = Structure(
    FamilyBuilder({"standard": 3}, 2, Task.MULTICLASS).network(VALUES).signature(int),
    loss="categorical_crossentropy",
    optimizer="adam",
    batch_size=8,
)
NAMES = ("state", "best", "predictions")


def leaves(nest):
    if isinstance(nest, dict):
        return [array for name in sorted(nest) for array in leaves(nest[name])]
    if isinstance(nest, list):
        return [array for part in nest for array in leaves(part)]
    return [numpy.asarray(nest)]


def beginning(number):
    generator = numpy.random.default_rng(number)
    weights, moments = (
        [generator.normal(size=shape).astype(numpy.float32) for shape in shapes]
        for shapes in (STRUCTURE.shapes, STRUCTURE.moment_shapes)
    )
    return entering(STRUCTURE, weights, moments)


@pytest.mark.parametrize("kind", [HostRows, DeviceRows])
@pytest.mark.parametrize("entered", [[2], [0, 3], [4, 1, 2], [0, 1, 2, 3, 4]])
def test_what_is_put_into_places_is_taken_from_them_and_nothing_else_changes(kind, entered):
    rows = kind(STRUCTURE, 5, 6)
    rows.put(range(5), [beginning(number) for number in range(5)])
    rows.put(entered, [beginning(100 + number) for number in entered])
    for number, nest in enumerate(rows.take(range(5), ["state"])):
        expected = beginning(number + 100 * (number in entered))
        for array, expected_array in zip(leaves(nest), leaves(expected), strict=True):
            numpy.testing.assert_array_equal(array, expected_array)


@pytest.mark.parametrize("kind", [HostRows, DeviceRows])
def test_only_members_that_have_improved_are_kept_and_members_can_move(kind):
    rows = kind(STRUCTURE, 5, 6)
    rows.put(range(5), [beginning(number) for number in range(5)])
    predictions = numpy.random.default_rng(0).normal(size=(5, 6, 2)).astype(numpy.float32)
    rows.keep(numpy.zeros(5, bool), predictions)
    rows.keep(numpy.array([False, True, False, False, True]), predictions)
    for number, nest in enumerate(rows.take(range(5), ["best", "predictions"])):
        is_kept = number in (1, 4)
        state = beginning(number)["state"]
        expected = [*state["weights"], *state["moments"], predictions[number : number + 1]]
        for array, given_array in zip(nest["best"] + [nest["predictions"]], expected, strict=True):
            numpy.testing.assert_array_equal(array, given_array if is_kept else numpy.zeros_like(given_array))
    before = rows.take([4, 1], NAMES)
    after = rows.moved([4, 1], 3).take([0, 1], NAMES)
    for nest, original in zip(after, before, strict=True):
        for array, equal in zip(leaves(nest), leaves(original), strict=True):
            numpy.testing.assert_array_equal(array, equal)


@pytest.mark.parametrize("optimizer", ["adam", "adamw_ema"])
def test_networks_are_the_same_wherever_their_rows_are(optimizer, monkeypatch):
    prepared = study({"depth": 2, "dropout": 0.3}, training={"epochs": 7})
    members = [
        member(prepared, number, number % 2, optimizer=optimizer, learning_rate=10.0 ** -(number % 3))
        for number in range(5)
    ]

    def outcomes(on_device):
        monkeypatch.setattr(places, "on_accelerator", lambda: on_device)
        return train(prepared, members, places=2, patience=2)

    for first, second in zip(outcomes(True), outcomes(False), strict=True):
        assert (first.best_epoch, first.diverged) == (second.best_epoch, second.diverged)
        for array, equal in zip(
            [first.losses, first.predictions, *first.weights],
            [second.losses, second.predictions, *second.weights],
            strict=True,
        ):
            numpy.testing.assert_array_equal(array, equal)

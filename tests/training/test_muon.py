"""Orthogonal steps: against the singular value decomposition, under padding, and for which weights."""

import numpy
import pytest
from keras import ops
from populations import job, joint_structure, member, study, train, widened

from automl.training.population.updates import matrix_scale, orthogonal


@pytest.mark.parametrize("shape", [(5, 9), (9, 5), (7, 7)])
def test_singular_values_come_near_one_and_directions_stay(shape):
    """Five steps of the polynomial leave singular values between 0.68 and 1.14 (Jordan et al. 2024)."""
    matrices = numpy.random.default_rng(0).normal(size=(3, *shape)).astype("float32")
    orthogonalized = ops.convert_to_numpy(orthogonal(matrices))
    for matrix, result in zip(matrices, orthogonalized, strict=True):
        left, values, right = numpy.linalg.svd(matrix, full_matrices=False)
        rotated = left.T @ result @ right.T
        assert (numpy.diag(rotated)[values > 0.1 * values[0]] > 0.65).all() and numpy.diag(
            rotated
        ).max() < 1.25
        numpy.testing.assert_allclose(rotated - numpy.diag(numpy.diag(rotated)), 0.0, atol=1e-4)


def test_each_matrix_has_a_norm_of_its_own():
    matrices = numpy.random.default_rng(1).normal(size=(2, 4, 6)).astype("float32")
    alone = ops.convert_to_numpy(orthogonal(matrices[:1]))
    beside = ops.convert_to_numpy(orthogonal(numpy.concatenate([matrices[:1], 1e10 * matrices[1:]])))
    numpy.testing.assert_allclose(beside[0], alone[0], rtol=1e-5, atol=1e-6)
    numpy.testing.assert_allclose(
        beside[1], ops.convert_to_numpy(orthogonal(matrices[1:]))[0], rtol=1e-4, atol=1e-5
    )


def test_padding_changes_no_step():
    prepared = study({"depth": 2, "optimizer": "muon", "weight_decay": 0.1}, training={"epochs": 3})
    single = member(prepared, width=5)
    narrow = joint_structure(prepared, [single])
    wide = widened(prepared, narrow, single, 13, 24)
    alone, padded = (train(prepared, [single], structure=structure)[0] for structure in (narrow, wide))
    numpy.testing.assert_allclose(padded.losses, alone.losses, 1e-5)
    assert (padded.weights[0][:, 5:] == 0.0).all() and (padded.weights[2][5:] == 0.0).all()


def test_it_is_for_the_kernels_of_hidden_layers_alone():
    prepared = study({"depth": 2, "optimizer": "muon"})
    network = job(prepared, member(prepared)).recipe.network
    assert [weight.is_hidden for weight in network.weights] == [True, False, True, False, False, False]


def test_the_size_of_a_step_follows_from_the_members_own_shape():
    assert matrix_scale((4, 25)) == matrix_scale((25, 4)) == pytest.approx(1.0)

"""Bias and variance against closed forms and identities; beside each, the estimator that must miss it."""

import numpy
import pytest

from automl.evaluation.decomposition import (
    SMALLEST_PROBABILITY,
    cross_entropy_parts,
    kohavi_wolpert,
    left_out_variances,
    squared_parts,
)
from automl.evaluation.pairing import jackknife_error


def ragged(generator, num_replicas, num_rows):
    """Out-of-bag masks of bootstrap samples."""
    counts = generator.multinomial(num_rows, numpy.full(num_rows, 1.0 / num_rows), num_replicas)
    return counts == 0


def softmax(logits):
    powers = numpy.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def binary(logits):
    return softmax(numpy.stack([numpy.zeros_like(logits), logits], axis=-1))


def plug_in_divergence(probabilities):
    """Mean Kullback-Leibler divergence from the central prediction, over the first axis, as its definition says."""
    logs = numpy.log(probabilities)
    center = softmax(logs.mean(axis=0))
    return (center * (numpy.log(center) - logs)).sum(axis=-1).mean(axis=0)


def standard_error(values):
    return numpy.std(values, ddof=1) / numpy.sqrt(len(values))


@pytest.mark.parametrize("penalty", [0.0, 3.0])
def test_three_replicas_of_a_ridge_polynomial_give_its_closed_form(penalty):
    generator = numpy.random.default_rng(0)
    noise, num_replicas, num_repeats = 0.5, 3, 800
    x = numpy.linspace(-1.0, 1.0, 40)
    truth = numpy.sin(3.0 * x)
    design = numpy.vander(x, 4)
    hat = design @ numpy.linalg.solve(design.T @ design + penalty * numpy.eye(4), design.T)
    bias, variance = numpy.mean((hat @ truth - truth) ** 2), noise**2 * numpy.mean((hat**2).sum(axis=1))
    everywhere = numpy.ones((num_replicas, len(x)), bool)
    estimates, plain = [], []
    for _ in range(num_repeats):
        trained = truth + noise * generator.normal(size=(num_replicas, len(x)))
        predictions = trained @ hat.T
        parts = squared_parts(predictions, truth, everywhere)
        estimates.append([parts.rest.mean(), parts.variance.mean()])
        plain.append([((predictions.mean(axis=0) - truth) ** 2).mean(), predictions.var(axis=0).mean()])
    for part, expected in enumerate([bias, variance]):
        values, biased = numpy.array(estimates)[:, part], numpy.array(plain)[:, part]
        assert abs(values.mean() - expected) < 4.0 * standard_error(values)
        assert abs(biased.mean() - expected) > 10.0 * standard_error(biased)


def test_what_is_left_beside_the_variance_holds_the_noise():
    generator = numpy.random.default_rng(1)
    noise, offset, num_rows = 0.7, 0.4, 200_000
    predictions = offset + generator.normal(0.0, 1.2, (4, num_rows))
    parts = squared_parts(
        predictions, generator.normal(0.0, noise, num_rows), numpy.ones((4, num_rows), bool)
    )
    assert parts.rest.mean() == pytest.approx(offset**2 + noise**2, abs=4.0 * standard_error(parts.rest))
    assert parts.variance.mean() == pytest.approx(1.2**2, abs=4.0 * standard_error(parts.variance))


@pytest.mark.parametrize("num_neighbors", [1, 5, 60])
def test_neighbors_and_the_mean_vary_by_the_noise_over_how_many_are_averaged(num_neighbors):
    """With all sixty rows as neighbors the prediction is the constant mean."""
    generator = numpy.random.default_rng(2)
    num_rows, num_replicas, noise = 60, 2000, 1.5
    x = generator.uniform(size=num_rows)
    nearest = numpy.argsort(abs(x[:, None] - x), axis=1)[:, :num_neighbors]
    trained = x**2 + noise * generator.normal(size=(num_replicas, num_rows))
    predictions = trained[:, nearest].mean(axis=2)
    everywhere = numpy.ones(predictions.shape, bool)
    parts = squared_parts(predictions, x**2, everywhere)
    error = jackknife_error(
        left_out_variances(squared_parts, predictions[:200], x**2, everywhere[:200])
    ) * numpy.sqrt(0.1)
    assert abs(parts.variance.mean() - noise**2 / num_neighbors) < 4.0 * error
    assert error < 0.1 * noise**2 / num_neighbors


def test_only_replicas_that_have_not_seen_a_row_count_for_it():
    """Out of bag the mean of a bootstrap sample is drawn from the other rows: its variance is theirs over n."""
    generator = numpy.random.default_rng(3)
    num_rows, num_replicas = 12, 40_000
    target = generator.normal(2.0, 1.0, num_rows)
    counts = generator.multinomial(num_rows, numpy.full(num_rows, 1.0 / num_rows), num_replicas)
    predictions = numpy.repeat((counts @ target / num_rows)[:, None], num_rows, axis=1)
    samples = numpy.array([numpy.delete(target, row) for row in range(num_rows)])
    expected = samples.var(axis=1) / num_rows
    variance = squared_parts(predictions, target, counts == 0).variance
    numpy.testing.assert_allclose(variance, expected, rtol=0.06)
    everywhere = squared_parts(predictions, target, counts >= 0).variance
    assert abs(everywhere / expected - 1.0).max() > 0.2


def test_squared_parts_sum_to_the_loss_of_every_row():
    generator = numpy.random.default_rng(4)
    predictions, target = generator.normal(5.0, 1.0, (7, 400)), generator.normal(5.0, 2.0, 400)
    outside = ragged(generator, 7, 400)
    parts = squared_parts(predictions, target, outside)
    checked = 0
    for row in range(400):
        outputs = predictions[outside[:, row], row]
        if len(outputs) < 2:
            assert numpy.isnan([parts.loss[row], parts.variance[row], parts.rest[row]]).all()
            continue
        checked += 1
        loss = numpy.mean((outputs - target[row]) ** 2)
        assert parts.loss[row] == pytest.approx(loss, abs=1e-12)
        assert parts.rest[row] + parts.variance[row] == pytest.approx(loss, abs=1e-12)
        assert parts.variance[row] == pytest.approx(numpy.var(outputs, ddof=1), abs=1e-12)
    assert 0 < checked < 400


def test_cross_entropy_parts_sum_to_the_loss_and_the_plug_in_is_the_divergence():
    generator = numpy.random.default_rng(5)
    probabilities = softmax(generator.normal(0.0, 1.5, (7, 300, 4)))
    target, outside = generator.integers(0, 4, 300), ragged(generator, 7, 300)
    parts = cross_entropy_parts(probabilities, target, outside)
    checked = 0
    for row in range(300):
        outputs = probabilities[outside[:, row], row]
        if len(outputs) < 2:
            assert numpy.isnan([parts.loss[row], parts.variance[row], parts.rest[row]]).all()
            continue
        checked += 1
        plug_in = plug_in_divergence(outputs)
        left_out = [plug_in_divergence(numpy.delete(outputs, index, axis=0)) for index in range(len(outputs))]
        jackknife = len(outputs) * plug_in - (len(outputs) - 1) * numpy.mean(left_out)
        central_loss = -numpy.log(softmax(numpy.log(outputs).mean(axis=0))[target[row]])
        assert parts.loss[row] == pytest.approx(-numpy.log(outputs[:, target[row]]).mean(), abs=1e-12)
        assert parts.variance[row] == pytest.approx(jackknife, abs=1e-12)
        # Heskes' identity, for the plug-in: what the jackknife moves, it moves from the rest to the variance
        assert parts.rest[row] + jackknife - plug_in == pytest.approx(central_loss, abs=1e-12)
    assert 0 < checked < 300


def test_bias_and_variance_of_labels_sum_to_the_loss_of_every_row():
    generator = numpy.random.default_rng(6)
    labels, target = generator.integers(0, 5, (9, 500)), generator.integers(0, 5, 500)
    outside = ragged(generator, 9, 500)
    bias, variance = kohavi_wolpert(labels, target, 5, outside)
    enough = outside.sum(axis=0) >= 2
    loss = (outside & (labels != target)).sum(axis=0)[enough] / outside.sum(axis=0)[enough]
    numpy.testing.assert_allclose((bias + variance)[enough], loss, atol=1e-12)
    assert numpy.isnan((bias + variance)[~enough]).all()


def test_replicas_that_agree_do_not_vary():
    generator = numpy.random.default_rng(7)
    everywhere = numpy.ones((5, 50), bool)
    prediction = softmax(generator.normal(0.0, 3.0, (50, 3))).astype(numpy.float32)
    prediction[:10] = [1.0, 0.0, 0.0]
    target = generator.integers(0, 3, 50)
    repeated = numpy.repeat(prediction[None], 5, axis=0)
    assert abs(cross_entropy_parts(repeated, target, everywhere).variance).max() < 1e-14
    squared = squared_parts(repeated[..., 0], target, everywhere)
    assert abs(squared.variance).max() < 1e-14
    numpy.testing.assert_allclose(squared.rest, (prediction[:, 0] - target) ** 2, atol=1e-6)
    assert not kohavi_wolpert(repeated.argmax(axis=2), target, 3, everywhere)[1].any()


def test_two_opposite_logits_diverge_by_the_logarithm_of_a_hyperbolic_cosine():
    probabilities = binary(numpy.array([[1.7], [-1.7]]))
    plug_in = numpy.log(numpy.cosh(1.7 / 2.0))
    assert plug_in == pytest.approx(0.324639, abs=1e-6)
    assert plug_in_divergence(probabilities)[0] == pytest.approx(plug_in, abs=1e-12)
    # a single replica does not diverge, so that the jackknife of two is twice the plug-in, as ddof=1 is of ddof=0
    parts = cross_entropy_parts(probabilities, numpy.array([1]), numpy.ones((2, 1), bool))
    assert parts.variance[0] == pytest.approx(2.0 * plug_in, abs=1e-12)
    assert parts.rest[0] == pytest.approx(numpy.log(2.0) - plug_in, abs=1e-12)


def test_a_probability_of_zero_is_clipped():
    probabilities = numpy.array([[[1.0, 0.0]], [[0.0, 1.0]]])
    parts = cross_entropy_parts(probabilities, numpy.array([0]), numpy.ones((2, 1), bool))
    logit = -numpy.log(SMALLEST_PROBABILITY)
    assert parts.loss[0] == pytest.approx(0.5 * logit, abs=1e-6)
    assert parts.variance[0] == pytest.approx(2.0 * numpy.log(numpy.cosh(0.5 * logit)), abs=1e-6)


def test_for_squared_loss_the_jackknife_is_the_degree_of_freedom():
    generator = numpy.random.default_rng(8)
    predictions = generator.normal(size=(6, 30))
    left_out = [numpy.delete(predictions, index, axis=0).var(axis=0) for index in range(6)]
    jackknife = 6.0 * predictions.var(axis=0) - 5.0 * numpy.mean(left_out, axis=0)
    parts = squared_parts(predictions, numpy.zeros(30), numpy.ones((6, 30), bool))
    numpy.testing.assert_allclose(parts.variance, jackknife, atol=1e-12)


@pytest.mark.parametrize("num_replicas", [3, 5, 10])
def test_few_replicas_give_the_divergence_of_many(num_replicas):
    """Logits from N(1, 1.7²): the divergence is E log(1 + exp z) - log(1 + exp E z), by Gauss-Hermite quadrature."""
    nodes, weights = numpy.polynomial.hermite_e.hermegauss(80)
    expected = weights @ numpy.logaddexp(0.0, 1.0 + 1.7 * nodes) / weights.sum() - numpy.logaddexp(0.0, 1.0)
    generator = numpy.random.default_rng(9)
    probabilities = binary(generator.normal(1.0, 1.7, (num_replicas, 200_000)))
    everywhere = numpy.ones((num_replicas, 200_000), bool)
    variance = cross_entropy_parts(probabilities, numpy.zeros(200_000, int), everywhere).variance.mean()
    # the jackknife takes off what falls with 1 / R; what falls with 1 / R² is left
    assert variance == pytest.approx(expected, rel=max(0.01, 0.25 / num_replicas**2))
    assert plug_in_divergence(probabilities).mean() < (1.0 - 0.7 / num_replicas) * expected


def test_label_frequencies_of_five_replicas_give_those_of_many():
    generator = numpy.random.default_rng(11)
    num_rows, frequency = 40_000, numpy.array([0.55, 0.3, 0.15])
    labels, target = generator.choice(3, (5, num_rows), p=frequency), numpy.arange(num_rows) % 3
    bias = 0.5 * ((numpy.eye(3) - frequency) ** 2).sum(axis=1).mean()
    variance = 0.5 * (1.0 - (frequency**2).sum())
    estimates = kohavi_wolpert(labels, target, 3, numpy.ones((5, num_rows), bool))
    for values, expected in zip(estimates, [bias, variance], strict=True):
        assert abs(values.mean() - expected) < 4.0 * standard_error(values)
    shares = numpy.stack([(labels == code).mean(axis=0) for code in range(3)], axis=1)
    assert 0.5 * ((numpy.eye(3)[target] - shares) ** 2).sum(axis=1).mean() > bias + 0.05
    assert 0.5 * (1.0 - (shares**2).sum(axis=1)).mean() < variance - 0.05


@pytest.mark.parametrize("num_rows", [1, 400])
def test_rows_that_err_together_do_not_make_the_variance_surer(num_rows):
    """Normal replicas that are the same in every row: the variance has a standard error of σ² √(2 / (R - 1))."""
    generator = numpy.random.default_rng(12)
    errors = []
    for _ in range(300):
        predictions = numpy.repeat(generator.normal(0.0, 2.0, (20, 1)), num_rows, axis=1)
        everywhere = numpy.ones((20, num_rows), bool)
        errors.append(
            jackknife_error(left_out_variances(squared_parts, predictions, numpy.zeros(num_rows), everywhere))
        )
    expected = 4.0 * numpy.sqrt(2.0 / 19.0)
    # the jackknife of a variance is a little high, and its square root varies
    assert numpy.sqrt(numpy.mean(numpy.square(errors))) == pytest.approx(expected, rel=0.15)


def test_the_error_of_a_divergence_is_its_spread_over_independent_replicas():
    generator = numpy.random.default_rng(13)
    target, everywhere = numpy.zeros(20, int), numpy.ones((12, 20), bool)
    means, errors = [], []
    for _ in range(200):
        probabilities = binary(generator.normal(0.0, 1.5, (12, 1)) + generator.normal(0.0, 0.5, (12, 20)))
        means.append(cross_entropy_parts(probabilities, target, everywhere).variance.mean())
        errors.append(
            jackknife_error(left_out_variances(cross_entropy_parts, probabilities, target, everywhere))
        )
    assert numpy.sqrt(numpy.mean(numpy.square(errors))) == pytest.approx(numpy.std(means, ddof=1), rel=0.2)


def test_two_replicas_have_a_variance_but_no_error():
    predictions = numpy.array([[0.0, 1.0], [2.0, 1.0]])
    everywhere = numpy.ones((2, 2), bool)
    assert squared_parts(predictions, numpy.zeros(2), everywhere).variance.tolist() == [2.0, 0.0]
    assert numpy.isnan(
        jackknife_error(left_out_variances(squared_parts, predictions, numpy.zeros(2), everywhere))
    )


def test_a_replica_that_is_not_finite_counts_only_where_it_is_out_of_bag():
    predictions = numpy.array([[numpy.nan, 1.0], [2.0, 1.0], [4.0, numpy.nan]])
    outside = numpy.array([[False, True], [True, True], [True, True]])
    variance = squared_parts(predictions, numpy.zeros(2), outside).variance
    assert variance[0] == 2.0
    assert numpy.isnan(variance[1])

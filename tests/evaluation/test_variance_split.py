"""Two-way analysis of variance: planted components come back, with ragged masks and with classes.

And what is no variance: the spread of fold predictions.
"""

import numpy
import pytest

from automl.evaluation.decomposition import split_variance, squared_parts


def planted(seed, scales, shape=(8, 4, 20_000)):
    """P = a_d + b_s + c_ds with these standard deviations, by row independent."""
    generator = numpy.random.default_rng(seed)
    num_data, num_seeds, num_rows = shape
    data = scales[0] * generator.normal(size=(num_data, 1, num_rows))
    start = scales[1] * generator.normal(size=(1, num_seeds, num_rows))
    return 3.0 + data + start + scales[2] * generator.normal(size=shape)


def parts(split):
    return numpy.array([split.data, split.initialization, split.interaction])


@pytest.mark.parametrize("scales", [(1.0, 0.5, 0.7), (1.0, 0.0, 0.0), (0.0, 0.8, 0.0), (0.0, 0.0, 1.0)])
def test_planted_variances_come_back(scales):
    predictions = planted(0, scales)
    everywhere = numpy.ones((8, 20_000), bool)
    split = split_variance(predictions, everywhere)
    expected = numpy.square(scales)
    numpy.testing.assert_allclose(parts(split), expected, atol=0.03)
    assert split.total == pytest.approx(expected.sum(), abs=0.04)


@pytest.mark.parametrize("scales", [(1.0, 0.5, 0.7), (0.0, 0.0, 1.0)])
def test_rows_use_the_data_sets_that_do_not_hold_them(scales):
    predictions = planted(1, scales)
    outside = numpy.random.default_rng(2).random((8, 20_000)) < 0.37
    # what has seen the row is far off, and must not count
    spoiled = numpy.where(outside[:, None], predictions, 100.0 + predictions)
    numpy.testing.assert_allclose(parts(split_variance(spoiled, outside)), numpy.square(scales), atol=0.05)
    poor = numpy.where(outside.sum(axis=0) < 2, numpy.nan, predictions)
    assert (
        parts(split_variance(poor, outside)).tolist() == parts(split_variance(predictions, outside)).tolist()
    )


def test_without_the_interaction_taken_off_the_others_are_too_large():
    """Pure interaction: means over four seeds and over eight data sets still vary, by 1/4 and by 1/8."""
    predictions = planted(3, (0.0, 0.0, 1.0))
    split = split_variance(predictions, numpy.ones((8, 20_000), bool))
    assert predictions.mean(axis=1).var(axis=0, ddof=1).mean() == pytest.approx(1.0 / 4.0, abs=0.02)
    assert predictions.mean(axis=0).var(axis=0, ddof=1).mean() == pytest.approx(1.0 / 8.0, abs=0.02)
    assert abs(split.data) < 0.02
    assert abs(split.initialization) < 0.02


def test_negative_components_are_not_clipped():
    """Of data and seeds that do nothing, the mean over many single rows is zero only if the negative half counts."""
    predictions = planted(4, (0.0, 0.0, 1.0), shape=(8, 4, 400))
    everywhere = numpy.ones((8, 1), bool)
    single = [split_variance(predictions[:, :, [row]], everywhere).data for row in range(400)]
    assert min(single) < 0.0
    assert abs(numpy.mean(single)) < 4.0 * numpy.std(single) / 20.0
    assert numpy.mean(numpy.maximum(single, 0.0)) > 0.02


def test_one_effect_alone_is_its_sample_variance():
    generator = numpy.random.default_rng(5)
    effect = generator.normal(size=(5, 1, 30))
    split = split_variance(numpy.repeat(effect, 3, axis=1), numpy.ones((5, 30), bool))
    numpy.testing.assert_allclose(parts(split), [effect.var(axis=0, ddof=1).mean(), 0.0, 0.0], atol=1e-12)
    effect = generator.normal(size=(1, 3, 30))
    split = split_variance(numpy.repeat(effect, 5, axis=0), numpy.ones((5, 30), bool))
    numpy.testing.assert_allclose(parts(split), [0.0, effect.var(axis=1, ddof=1).mean(), 0.0], atol=1e-12)


def test_classes_add_up():
    outside = numpy.random.default_rng(6).random((8, 500)) < 0.5
    by_class = [planted(7 + code, (0.2, 0.1, 0.1), shape=(8, 4, 500)) for code in range(3)]
    together = split_variance(numpy.stack(by_class, axis=-1), outside)
    numpy.testing.assert_allclose(
        parts(together), sum(parts(split_variance(of_class, outside)) for of_class in by_class), atol=1e-12
    )


def test_the_total_is_the_variance_of_one_training():
    """A nested design, where every replica has rows and a seed of its own, sees the sum of the three."""
    predictions = planted(10, (1.0, 0.5, 0.7), shape=(8, 8, 20_000))
    diagonal = predictions[numpy.arange(8), numpy.arange(8)]
    total = split_variance(predictions, numpy.ones((8, 20_000), bool)).total
    assert diagonal.var(axis=0, ddof=1).mean() == pytest.approx(total, rel=0.03)


def test_too_little_to_split():
    with pytest.raises(ValueError, match="two seeds"):
        split_variance(numpy.zeros((4, 1, 5)), numpy.ones((4, 5), bool))
    assert numpy.isnan(split_variance(numpy.zeros((4, 2, 5)), numpy.eye(4, 5, dtype=bool)).total)


def test_the_spread_of_fold_predictions_is_a_quarter_of_the_variance():
    """Four fifths of the rows are nearly the same four fifths: do not replace the bootstrap by the folds at hand."""
    generator = numpy.random.default_rng(14)
    num_rows, noise, num_replicas = 300, 0.5, 60
    folds, bootstrap, exact = [], [], []
    for _ in range(12):
        x = generator.uniform(-1.0, 1.0, num_rows)
        design = numpy.vander(x, 4)
        target = x**3 - x + noise * generator.normal(size=num_rows)
        exact.append(noise**2 * 4.0 / num_rows)  # least squares: the hat matrix has the trace 4
        counts = generator.multinomial(num_rows, numpy.full(num_rows, 1.0 / num_rows), num_replicas)
        predictions = numpy.array([least_squares(design, target, count) for count in counts])
        bootstrap.append(numpy.nanmean(squared_parts(predictions, target, counts == 0).variance))
        repeated = [
            repeated_folds(design, target, generator.permutation(num_rows)) for _ in range(num_replicas)
        ]
        folds.append(numpy.var(repeated, axis=0, ddof=1).mean())
    assert numpy.mean(bootstrap) == pytest.approx(numpy.mean(exact), rel=0.15)
    assert numpy.mean(folds) == pytest.approx(0.25 * numpy.mean(exact), rel=0.25)


def least_squares(design, target, counts):
    weighted = design * counts[:, None]
    return design @ numpy.linalg.solve(weighted.T @ design, weighted.T @ target)


def repeated_folds(design, target, order):
    """Out-of-fold predictions of one five-fold cross-validation."""
    fold = order % 5
    out = numpy.empty(len(target))
    for index in range(5):
        out[fold == index] = least_squares(design, target, (fold != index).astype(float))[fold == index]
    return out

"""What is left of the best of many trials: known truths, identities, and all ways of scoring resamples."""

import numpy
import pytest
from draws import PART

from automl.evaluation import correction
from automl.evaluation.correction import corrected_score
from automl.evaluation.fold_counts import fold_counts
from automl.evaluation.fold_scores import ThresholdScores, fold_scores
from automl.evaluation.intervals import wilson
from automl.evaluation.metrics import METRICS, Metric
from automl.evaluation.resampling import GROUPS, ScoredRows
from automl.evaluation.thresholds import at_threshold
from automl.means import weighted_mean
from automl.trial import Direction, Task

NUMBERS = [name for name, metric in METRICS.items() if Task.REGRESSION in metric.tasks]
CLASSES = [name for name in METRICS if name not in NUMBERS]
TABLES = 12 if PART > 1 else 30
"""Of which the mean must be the truth, within 2.5 of its standard errors."""


def rows_of(target, num_folds=5, repeats=1, weights=None, units=None, unit="rows"):
    """Rows that were divided into folds at random."""
    num = len(target)
    generators = [numpy.random.default_rng(repeat) for repeat in range(repeats)]
    folds = numpy.stack(
        [
            generator.permutation(num) % num_folds + place * num_folds
            for place, generator in enumerate(generators)
        ]
    )
    weights = numpy.ones(num) if weights is None else weights
    return ScoredRows(target, weights, folds, numpy.arange(num) if units is None else units, unit)


def sample(metric, num_rows=120, num_trials=1, repeats=1, seed=0, num_classes=2):
    """A table with predictions that know a little of it, of shape (repeat, row, …) each."""
    generator = numpy.random.default_rng(seed)
    if metric in NUMBERS:
        target = generator.normal(5.0, 1.0, num_rows)
        return target, [
            target * 0.3 + generator.normal(3.5, 1.0, (repeats, num_rows)) for _ in range(num_trials)
        ]
    num_classes = max(num_classes, METRICS[metric].fewest_classes)
    target = (generator.random(num_rows) ** 2 * num_classes).astype(int)
    known = numpy.eye(num_classes)[target]
    return target, [
        0.05 * known + 0.95 * generator.dirichlet(numpy.ones(num_classes), (repeats, num_rows))
        for _ in range(num_trials)
    ]


def ranking_score(metric, rows, prediction):
    """The mean over folds that a trial is ranked by."""
    parts = [
        (rows.target[places], prediction[repeat][places], rows.weights[places])
        for repeat, places in rows.parts
    ]
    scores = [METRICS[metric].function(*part) for part in parts]
    return weighted_mean(scores, [fold_counts((metric,), *part).get(metric, 1.0) for part in parts])


@pytest.mark.parametrize("repeats", [1, 3])
@pytest.mark.parametrize("metric", list(METRICS))
def test_of_a_single_trial_nothing_was_chosen(metric, repeats):
    """Its corrected score is the score it is ranked by, with weights and repeats, whatever the metric."""
    target, [prediction] = sample(metric, repeats=repeats)
    weights = numpy.random.default_rng(1).uniform(0.5, 2.0, len(target))
    rows = rows_of(target, repeats=repeats, weights=weights)
    estimate = corrected_score(METRICS[metric], rows, [prediction], 0).estimate
    assert estimate.value == pytest.approx(ranking_score(metric, rows, prediction), rel=1e-9)
    assert estimate.low < estimate.value < estimate.high


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision"])
def test_folds_without_a_positive_row_change_nothing_for_a_single_trial(metric):
    """Three positive rows in five folds; as built before, the corrected area was lower by 0.09."""
    target = numpy.zeros(60, int)
    target[[5, 20, 40]] = 1
    prediction = numpy.random.default_rng(0).dirichlet([1.0, 1.0], (1, 60))
    rows = rows_of(target)
    corrected = corrected_score(METRICS[metric], rows, [prediction], 0)
    assert corrected.estimate.value == pytest.approx(ranking_score(metric, rows, prediction), abs=1e-12)
    assert corrected.dropped > 0.2


def test_the_f1_of_folds_is_that_of_their_counts_together():
    target, [prediction] = sample("f1")
    rows = rows_of(target)
    pooled = METRICS["f1"].function(target, prediction[0], numpy.ones(len(target)))
    assert ranking_score("f1", rows, prediction) == pytest.approx(pooled, rel=1e-12)


def equal_trials(seed, num_trials=100, num_rows=300):
    """Predictions of trials that are all as good as each other: a constant plus noise of their own."""
    generator = numpy.random.default_rng(seed)
    target = generator.normal(0.0, 1.0, num_rows)
    return target, [generator.normal(0.0, 0.8, (1, num_rows)) for _ in range(num_trials)]


def test_the_best_of_equal_trials_is_corrected_to_the_truth():
    """Every trial has an expected squared error of 1 + 0.8²; the best of a hundred looks better, and is not."""
    truth = 1.0 + 0.8**2
    apparent, corrected = [], []
    for seed in range(20):
        target, predictions = equal_trials(seed)
        rows = rows_of(target)
        apparent.append(min(ranking_score("rmse", rows, prediction) ** 2 for prediction in predictions))
        corrected.append(corrected_score(METRICS["rmse"], rows, predictions, seed).estimate.value ** 2)
    assert numpy.mean(apparent) < 0.88 * truth
    # the mean of 20 studies has a standard error of about 2 %
    assert numpy.mean(corrected) == pytest.approx(truth, rel=0.05)


def grouped_trials(seed, num_trials=50, num_groups=20, size=15):
    """Errors of trials that are alike within groups: shared by all trials, and a trial's own."""
    generator = numpy.random.default_rng(seed)
    groups = numpy.repeat(numpy.arange(num_groups), size)
    shared = numpy.sqrt(0.3) * generator.normal(size=num_groups)[groups]
    per_trial = numpy.sqrt(0.2) * generator.normal(size=(num_trials, num_groups))[:, groups]
    errors = 10.0 + shared + per_trial + numpy.sqrt(0.5) * generator.normal(size=(num_trials, len(groups)))
    return groups, [trial_errors[None] for trial_errors in errors]


def test_the_choice_among_trials_of_grouped_rows_is_corrected_by_group():
    """The mean absolute error of all trials is 10. By rows, three quarters of the optimism would be left."""
    apparent, by_group, by_row = [], [], []
    for seed in range(TABLES):
        groups, predictions = grouped_trials(seed)
        target = numpy.zeros(len(groups))
        folds = (groups % 5)[None]
        values = []
        for units, unit in ((groups, GROUPS), (numpy.arange(len(groups)), "rows")):
            rows = ScoredRows(target, numpy.ones(len(groups)), folds, units, unit)
            values.append(corrected_score(METRICS["mae"], rows, predictions, seed).estimate.value)
        apparent.append(min(ranking_score("mae", rows, prediction) for prediction in predictions))
        by_group.append(values[0])
        by_row.append(values[1])
    optimism = 10.0 - numpy.mean(apparent)
    error = numpy.std(by_group, ddof=1) / numpy.sqrt(TABLES)
    assert abs(numpy.mean(by_group) - 10.0) < 2.5 * error
    assert 10.0 - numpy.mean(by_row) > 0.5 * optimism


def test_a_trial_far_ahead_keeps_its_score():
    target, predictions = equal_trials(1)
    predictions[7] = (target + 0.1)[None]
    estimate = corrected_score(METRICS["rmse"], rows_of(target), predictions, 1).estimate
    assert estimate.value == pytest.approx(0.1, rel=1e-9)


def test_larger_is_better_where_the_metric_says_so():
    target = numpy.random.default_rng(3).integers(0, 2, 200)
    good = numpy.where(target == 1, 0.9, 0.1)
    predictions = [numpy.stack([1.0 - chance, chance], axis=1)[None] for chance in (1.0 - good, good)]
    for metric in ("accuracy", "roc_auc"):
        assert corrected_score(METRICS[metric], rows_of(target), predictions, 0).estimate.value == 1.0


def test_trials_in_parts_and_trials_without_a_chance_change_nothing(monkeypatch):
    target, predictions = equal_trials(2, num_trials=12)
    hopeless = [prediction + 50.0 for prediction in predictions[6:]]
    rows = rows_of(target)
    whole = corrected_score(METRICS["rmse"], rows, predictions[:6], 4).estimate
    assert corrected_score(METRICS["rmse"], rows, [*predictions[:6], *hopeless], 4).estimate == whole
    monkeypatch.setattr(correction, "_CELLS_OF_TRIALS", 700)
    parts = corrected_score(METRICS["rmse"], rows, predictions[:6], 4).estimate
    assert (parts.value, parts.low, parts.high) == pytest.approx(
        (whole.value, whole.low, whole.high), rel=1e-12
    )


def test_a_rival_is_compared_on_the_same_rows():
    """The two differ by the same on every row, however noisy the rows are: the interval of the difference is narrow."""
    generator = numpy.random.default_rng(0)
    target = generator.normal(0.0, 10.0, 400)
    prediction = numpy.zeros((1, 400))
    rival = prediction + numpy.where(target > 0, -0.5, 0.5)
    corrected = corrected_score(METRICS["mae"], rows_of(target), [prediction], 0, {"rival": rival})
    difference = corrected.differences["rival"]
    assert difference.value == pytest.approx(-0.5, abs=1e-9)
    assert difference.high - difference.low < 0.01 * (corrected.estimate.high - corrected.estimate.low)


def test_an_accuracy_of_1_is_not_certain():
    target = numpy.arange(60) % 2
    prediction = numpy.stack([1.0 - target, target], axis=1)[None]
    estimate = corrected_score(METRICS["accuracy"], rows_of(target), [prediction, prediction], 0).estimate
    assert (estimate.value, estimate.low) == (1.0, pytest.approx(float(wilson(1.0, 60)[0])))


def test_trials_that_no_row_tells_apart_have_no_interval():
    target = numpy.zeros(50)
    estimate = corrected_score(METRICS["mae"], rows_of(target), [numpy.ones((1, 50))], 0).estimate
    assert (estimate.value, numpy.isnan(estimate.low)) == (1.0, True)


def test_a_threshold_is_chosen_on_the_rows_drawn():
    """Of probabilities that tell nothing, a threshold seems to gain on the rows it was tuned on, and on no others."""
    generator = numpy.random.default_rng(0)
    plain, tuned = [], []
    for seed in range(TABLES):
        target = (generator.random(100) < 0.3).astype(int)
        positive = generator.random(100)
        prediction = numpy.stack([1.0 - positive, positive], axis=1)[None]
        rows, metric = rows_of(target), METRICS["balanced_accuracy"]
        grid = numpy.linspace(0.02, 0.98, 97)
        scores = ThresholdScores(metric, rows, prediction, grid).means(numpy.ones((1, 100)))
        plain.append(scores.max())
        tuned.append(corrected_score(metric, rows, [prediction], seed, tuned=True).estimate.value)
    assert numpy.mean(plain) > 0.54
    error = numpy.std(tuned, ddof=1) / numpy.sqrt(TABLES)
    assert abs(numpy.mean(tuned) - 0.5) < 2.5 * error


@pytest.mark.parametrize("metric", ["balanced_accuracy", "f1", "f1_macro", "mcc"])
def test_a_threshold_that_every_resample_chooses_needs_no_correction(metric):
    """Of two probabilities the same threshold is the best of all rows and of those drawn: nothing is left to chance."""
    generator = numpy.random.default_rng(0)
    target = (generator.random(150) < 0.2).astype(int)
    positive = numpy.where(generator.random(150) < 0.15, 1 - target, target) * 0.3 + 0.1
    prediction = numpy.stack([1.0 - positive, positive], axis=1)[None]
    rows = rows_of(target)
    estimate = corrected_score(METRICS[metric], rows, [prediction], 0, tuned=True).estimate
    assert estimate.value == pytest.approx(
        ranking_score(metric, rows, at_threshold(prediction, 0.25)), rel=1e-12
    )
    assert estimate.low < estimate.value < estimate.high


def test_a_rival_has_a_threshold_of_its_own_too():
    """The only trial and the rival are one model, whose probabilities are all too low: their difference is 0."""
    generator = numpy.random.default_rng(0)
    target = (generator.random(200) < 0.3).astype(int)
    positive = 0.4 * (0.5 * target + 0.5 * generator.random(200))
    prediction = numpy.stack([1.0 - positive, positive], axis=1)[None]
    result = corrected_score(METRICS["f1"], rows_of(target), [prediction], 0, {"it": prediction}, tuned=True)
    assert result.estimate.value > 0.5
    assert result.differences["it"].value == 0.0


def called(metric: Metric) -> Metric:
    """The same metric, of which nothing is known but its function."""
    return Metric(metric.direction, metric.tasks, metric.function)


@pytest.mark.parametrize("metric", list(METRICS))
@pytest.mark.parametrize("num_classes", [2, 3])
def test_every_way_of_scoring_resamples_agrees_with_the_function(metric, num_classes):
    """A metric is scored under counts as if rows stood there that often; a fold without a say has no score."""
    target, predictions = sample(metric, num_rows=80, num_trials=3, repeats=2, num_classes=num_classes)
    weights = numpy.random.default_rng(2).uniform(0.5, 2.0, len(target))
    rows = rows_of(target, num_folds=4, repeats=2, weights=weights)
    counts = numpy.concatenate([*rows.resamples(5, 0), numpy.ones((1, 80))])
    quick = fold_scores(METRICS[metric], rows, predictions).under(counts)
    slow = fold_scores(called(METRICS[metric]), rows, predictions).under(counts)
    if quick.shape[-1] == 1:  # a ratio of the counts of all folds
        assert METRICS[metric].base is not None
        for number, count in enumerate(counts):
            for variant, prediction in enumerate(predictions):
                stacked = [numpy.concatenate(parts) for parts in (target[None].repeat(2, 0), prediction)]
                expected = METRICS[metric].function(*stacked, numpy.tile(count * weights, 2))
                assert quick[number, variant, 0] == pytest.approx(expected, rel=1e-9)
        return
    defined = ~numpy.isnan(quick)
    numpy.testing.assert_allclose(quick[defined], slow[defined], rtol=1e-7, atol=1e-9)
    assert defined.mean() > 0.9


def test_thresholds_score_as_labels_under_them_do():
    target, [prediction] = sample("mcc", repeats=2)
    rows = rows_of(target, repeats=2)
    thresholds = numpy.array([0.2, 0.5, 0.8])
    counts = numpy.concatenate(list(rows.resamples(4, 0)))
    moved = [at_threshold(prediction.reshape(-1, 2), cut).reshape(prediction.shape) for cut in thresholds]
    expected = fold_scores(METRICS["mcc"], rows, moved).under(counts)
    numpy.testing.assert_allclose(
        ThresholdScores(METRICS["mcc"], rows, prediction, thresholds).under(counts), expected
    )


def test_a_metric_of_ones_own_is_corrected_too():
    def share_within_half(target, prediction, weights):
        return float(((numpy.abs(target - prediction) < 0.5) * weights).sum() / weights.sum())

    metric = Metric(Direction.MAXIMIZE, frozenset({Task.REGRESSION}), share_within_half)
    target, predictions = equal_trials(0, num_trials=2, num_rows=60)
    rows = rows_of(target)
    estimate = corrected_score(metric, rows, predictions[:1], 0).estimate
    parts = [
        share_within_half(target[places], predictions[0][0][places], numpy.ones(len(places)))
        for _, places in rows.parts
    ]
    assert estimate.value == pytest.approx(numpy.mean(parts))

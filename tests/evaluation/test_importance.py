"""Importance of hyperparameters: functions whose variance is known by integration."""

import dataclasses

import numpy
import pytest
from paper_trials import completed, failed
from sklearn import ensemble
from sklearn.ensemble import RandomForestRegressor

from automl.evaluation import importance as module
from automl.evaluation.importance import importance
from automl.trial import Direction, Objective, TrialState

LOSS = Objective("log_loss", Direction.MINIMIZE)
GAIN = Objective("log_loss", Direction.MAXIMIZE)


def drawn(function, num_trials, names="abc", seed=0):
    """Trials at even random points of the unit cube, with the values of a function as scores."""
    generator = numpy.random.default_rng(seed)
    trials = []
    for number in range(num_trials):
        point = {name: float(generator.uniform()) for name in names}
        trials.append(completed(number, float(function(**point)), **point))
    return trials


def test_a_large_effect_a_small_one_and_none():
    """The variance of 2a − 1 squared is 4/45, that of 0.3 b is 0.09/12: shares of 0.922 and 0.078."""
    importances = importance(drawn(lambda a, b, c: (2 * a - 1) ** 2 + 0.3 * b, 200), LOSS)
    assert importances.names[:2] == ("a", "b")
    assert list(importances.main) == list(importances.names)
    assert importances.main["a"] == pytest.approx(0.922, abs=0.04)
    assert importances.main["b"] == pytest.approx(0.078, abs=0.04)
    assert importances.main["c"] < 0.01
    assert all(share < 0.03 for *_, share in importances.interactions)
    assert importances.r2 > 0.9


def test_trials_that_ended_early_count_as_the_worst_of_the_others():
    """A score is 1 above a half of `a`, and 2 below, where most end early: `a` explains all either way."""
    trials = drawn(lambda a, b, c: 1.0 if a > 0.5 else 2.0, 100)
    ended = [
        dataclasses.replace(trial, state=TrialState.PRUNED, folds=trial.folds[:1]) if keep % 5 else trial
        for keep, trial in enumerate(trials)
        if trial.hyperparameters["a"] <= 0.5
    ]
    good = [trial for trial in trials if trial.hyperparameters["a"] > 0.5]
    whole, pruned = importance(trials, LOSS), importance([*good, *ended], LOSS)
    assert pruned.main["a"] == pytest.approx(whole.main["a"], abs=0.02)
    assert pruned.main["a"] > 0.95
    assert importance([trial for trial in ended if trial.state is TrialState.PRUNED], LOSS) is None


def test_a_product_has_the_shares_of_its_integrals():
    """The variance of a b is 7/144, of which the means a / 2 and b / 2 have 3/144 each; 1/144 is left."""
    importances = importance(drawn(lambda a, b, c: a * b, 300), LOSS)
    assert (importances.main["a"], importances.main["b"]) == pytest.approx((3 / 7, 3 / 7), abs=0.04)
    (pair,) = importances.interactions
    assert set(pair[:2]) == {"a", "b"}
    assert pair[2] == pytest.approx(1 / 7, abs=0.04)


def test_what_only_matters_together_is_an_interaction():
    importances = importance(drawn(lambda a, b, c: (a > 0.5) != (b > 0.5), 200), LOSS)
    assert max(importances.main.values()) < 0.06
    assert set(importances.interactions[0][:2]) == {"a", "b"}
    assert importances.interactions[0][2] > 0.8


def test_the_partial_dependence_is_the_function_on_the_scale_of_the_hyperparameter():
    """A score that is linear in log10 of a rate between 1e-5 and 1e-1, and better by 2 with one activation."""
    generator = numpy.random.default_rng(1)
    trials = []
    for number in range(200):
        rate, kind = float(10 ** generator.uniform(-5, -1)), str(generator.choice(["relu", "tanh"]))
        score = numpy.log10(rate) + 2.0 * (kind == "tanh")
        trials.append(completed(number, float(score), learning_rate=rate, activation=kind))
    importances = importance(trials, GAIN, {"learning_rate"})
    rates, means = importances.partial_dependence["learning_rate"]
    assert 1e-5 <= rates[0] < 2e-5 and 0.05 < rates[-1] <= 0.1
    assert numpy.diff(numpy.log10(rates)) == pytest.approx(numpy.diff(numpy.log10(rates))[0])
    # the kinds are equally probable on the grid
    assert means == pytest.approx(numpy.log10(rates) + 1.0, abs=0.25)
    kinds, means = importances.partial_dependence["activation"]
    assert kinds == ("relu", "tanh")
    assert means[1] - means[0] == pytest.approx(2.0, abs=0.1)


def test_values_that_were_tried_often_keep_what_they_are():
    trials = [
        completed(i, float(i % 3), layers=1 + i % 3, bias=i % 2 == 0, rate=[0.1, 0.3][i % 2])
        for i in range(24)
    ]
    values = {name: pair[0] for name, pair in importance(trials, LOSS).partial_dependence.items()}
    assert values == {"layers": (1, 2, 3), "bias": (False, True), "rate": (0.1, 0.3)}
    assert type(values["layers"][0]) is int


def test_the_effects_are_the_means_of_the_forest_over_all_points():
    """The boxes of the leaves against predictions for every point of the product of three grids."""
    generator = numpy.random.default_rng(2)
    points = generator.uniform(size=(60, 3)).astype(numpy.float32)
    forest = RandomForestRegressor(20, random_state=0).fit(
        points, 4 * (points[:, 0] - 0.5) * (points[:, 1] - 0.5) + points[:, 2]
    )
    grids = [numpy.linspace(0, 1, size, dtype=numpy.float32) for size in (4, 5, 6)]
    product = numpy.stack([axis.ravel() for axis in numpy.meshgrid(*grids, indexing="ij")], axis=1)
    predicted = forest.predict(product).reshape(4, 5, 6)
    effects = module._Effects(forest, grids)
    for axis, curve in enumerate(effects.curves):
        other_axes = tuple({0, 1, 2} - {axis})
        assert curve == pytest.approx(predicted.mean(axis=other_axes), abs=1e-12)
        variance = predicted.mean(axis=other_axes).var() / predicted.var()
        assert effects.main()[axis] == pytest.approx(variance, rel=0.05)
    pairs = {pair[:2]: pair[2] for pair in effects.largest_pairs("abc")}
    joint = predicted.mean(axis=2)
    left = joint.var() - joint.mean(axis=0).var() - joint.mean(axis=1).var()
    assert pairs["a", "b"] == pytest.approx(left / predicted.var(), rel=0.05)


def test_what_is_absent_does_not_take_the_effect_of_what_it_depends_on():
    """The momentum exists with one optimizer only, which is better by 1; the momentum itself changes nothing."""
    generator = numpy.random.default_rng(3)
    trials = []
    for number in range(100):
        optimizer = str(generator.choice(["adam", "sgd"]))
        momentum = {"momentum": float(generator.uniform())} if optimizer == "sgd" else {}
        trials.append(completed(number, float(optimizer == "adam"), optimizer=optimizer, **momentum))
    importances = importance(trials, LOSS)
    assert importances.main["optimizer"] > 0.95
    assert importances.main["momentum"] < 0.02


@pytest.mark.parametrize(("objective", "sign"), [(LOSS, 1.0), (GAIN, -1.0)])
def test_configurations_that_diverged_do_not_hide_the_others(objective, sign):
    """Scores follow a; where b is above 0.7 they are a million times as bad."""
    trials = drawn(lambda a, b, c: sign * (a if b < 0.7 else 1e6), 150)
    importances = importance(trials, objective)
    assert importances.main["a"] > 0.02
    assert max(abs(mean) for mean in importances.partial_dependence["b"][1]) < 10.0


def test_of_many_trials_a_sample_has_the_shares_and_all_have_the_ranges():
    """As above, a b has 3/7, 3/7 and 1/7. One trial in ten is in the sample, and four give the ends of the ranges."""
    trials = drawn(lambda a, b, c: a * b, 9_996)
    corners = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]
    trials += [completed(9_996 + i, a * b, a=a, b=b, c=0.5) for i, (a, b) in enumerate(corners)]
    importances = importance(trials, LOSS)
    assert (importances.main["a"], importances.main["b"]) == pytest.approx((3 / 7, 3 / 7), abs=0.03)
    assert importances.interactions[0][2] == pytest.approx(1 / 7, abs=0.03)
    assert importances.r2 > 0.95
    for name in "ab":
        values = importances.partial_dependence[name][0]
        assert (values[0], values[-1]) == (0.0, 1.0)


def test_the_sample_is_even_and_the_same_each_time(monkeypatch):
    fits = []

    class Watched(RandomForestRegressor):
        def fit(self, codes, scores):
            fits.append((codes[:, 0], scores))
            return super().fit(codes, scores)

    monkeypatch.setattr(ensemble, "RandomForestRegressor", Watched)
    monkeypatch.setattr(module, "MOST_TRIALS", 200)
    trials = drawn(lambda a, b, c: a, 2000)
    for few in (trials[:200], trials, trials):
        importance(few, LOSS)
    (first, _), (second, scores), (third, _) = fits
    assert first.tolist() == [numpy.float32(trial.hyperparameters["a"]) for trial in trials[:200]]
    assert second.tolist() == third.tolist()
    assert len(set(second.tolist())) == 200
    assert set(second.tolist()) <= {float(numpy.float32(trial.hyperparameters["a"])) for trial in trials}
    # Evenly from 0 to 1, with a deviation of 0.29 / √200 = 0.02: the best are not more frequent.
    assert scores.mean() == pytest.approx(0.5, abs=0.06)
    assert numpy.mean(scores < 0.1) == pytest.approx(0.1, abs=0.06)


def test_scores_that_are_all_the_same_are_explained_by_nothing():
    importances = importance(drawn(lambda a, b, c: 0.1, 20), LOSS)
    assert set(importances.main.values()) == {0.0}
    assert importances.interactions == ()
    assert importances.r2 == 0.0
    assert set(importances.partial_dependence["a"][1]) == {0.1}


def test_noise_is_not_explained():
    noise = numpy.random.default_rng(4)
    assert importance(drawn(lambda a, b, c: noise.normal(), 100), LOSS).r2 < 0.1


def test_nothing_is_said_of_few_trials_or_of_nothing_searched():
    trials = drawn(lambda a, b, c: a, 10)
    assert importance(trials, LOSS) is not None
    assert importance(trials[:9], LOSS) is None
    assert importance([*trials[:9], failed(9, a=0.5, b=0.5, c=0.5)], LOSS) is None
    assert importance([*trials[:9], completed(9, float("nan"), a=0.5, b=0.5, c=0.5)], LOSS) is None
    assert importance([completed(i, float(i), width=64) for i in range(20)], LOSS) is None
    assert importance([], LOSS) is None


def test_one_hyperparameter_has_it_all():
    trials = [completed(i, float(i % 4), width=2 ** (i % 4), depth=3) for i in range(40)]
    importances = importance(trials, LOSS, {"width"})
    assert importances.names == ("width",)
    assert importances.main["width"] == pytest.approx(1.0, abs=0.05)


def test_the_same_trials_give_the_same_shares():
    trials = drawn(lambda **values: sum(values.values()), 100, names="abcdefgh")
    assert importance(trials, LOSS) == importance(trials, LOSS)


def test_a_model_that_explains_little_is_not_to_be_shown():
    noise = numpy.random.default_rng(4)
    assert importance(drawn(lambda a, b, c: a, 30), LOSS).is_known
    assert not importance(drawn(lambda a, b, c: noise.normal(), 30), LOSS).is_known

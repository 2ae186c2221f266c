"""Every rule on constructed evidence, on both sides of its threshold, and which rule comes before which."""

import dataclasses
import math
from typing import Any

import pytest
from paper_trials import completed, failed

from automl.evaluation.bias_variance import LOG_LOSS, SQUARED_ERROR, BiasVariance, Curve
from automl.evaluation.pairing import Measured
from automl.explanation.diagnosis import RULES, diagnose
from automl.explanation.evidence import Diagnosis, Evidence
from automl.explanation.floors import Excess, Standing
from automl.explanation.weighing import LESS, MORE
from automl.trial import Health, Trial, TrialState

EPOCHS = 100
HEALTHY = Health((0.1, 0.1, 0.1), (0.0, 0.1))


def trial(
    validation: float = 0.4, training: float = 0.3, best_epoch: int = 50, health: Health | None = HEALTHY
) -> Trial:
    """Of two classes whose constant has a loss of 1, so that its losses are shares of it."""
    base = completed(3, validation, validation, depth=2, width=8, dropout=0.1)
    folds = tuple(
        dataclasses.replace(
            fold,
            best_epoch=best_epoch,
            training_scores={"log_loss": training},
            health=health if number == 0 else None,
        )
        for number, fold in enumerate(base.folds)
    )
    return dataclasses.replace(base, folds=folds)


def measured(
    variance: float, rest: float, errors: tuple[float, float] = (0.001, 0.001), **changes: Any
) -> BiasVariance:
    """Taken apart at the second of its three epochs; what stands at the others must not be read."""
    (first, second), risk = errors, variance + rest

    def curve(value: float, error: float) -> Curve:
        return Curve((9.0, value, 9.0), (9.0, error, 9.0))

    analysis = BiasVariance(
        trial=3,
        loss=LOG_LOSS,
        epochs=(1, 50, 60),
        epoch=50,
        risk=curve(risk, first),
        variance=curve(variance, first),
        rest=curve(rest, second),
        training=(1.0, 0.3, 0.2),
        parts={},
        error_rate={},
        constant=1.0,
        num_resamples=8,
        num_seeds=1,
        num_folds=5,
        num_rows=100,
    )
    return dataclasses.replace(analysis, **changes)


def beside(
    variance: float, rest: float, floor: float = 0.2, error: float = 0.001, **changes: Any
) -> Standing:
    """Where a trial of these parts stands beside one floor; a larger network was analyzed, too."""
    above = Measured(rest - floor, error)
    excess = Excess("bias + noise of trial 7", floor, above, Measured(variance - above.value, error))
    standing = Standing(Measured(variance - rest, error), (excess,), 1, baselines=True, larger=True)
    return dataclasses.replace(standing, **changes)


def named(
    diagnosed_trial: Trial, analysis: BiasVariance | None = None, standing: Standing | None = None
) -> str:
    return diagnose(Evidence(diagnosed_trial, EPOCHS, 1.0, analysis, standing)).name


def weighed(variance: float, rest: float, floor: float = 0.2, error: float = 0.001, **changes: Any) -> str:
    """The diagnosis of a sound trial of these parts."""
    return named(trial(), measured(variance, rest), beside(variance, rest, floor, error, **changes))


def test_a_trial_that_failed_says_why() -> None:
    diagnosed = diagnose(Evidence(failed(0, "ValueError: no such layer"), EPOCHS))
    assert (diagnosed.name, diagnosed.changes) == ("failed", {})
    assert "ValueError: no such layer" in diagnosed.sentence


def test_a_trial_that_diverged_wants_smaller_steps() -> None:
    reason = "diverged: the loss is not finite (fold 0, epoch 3); lower `learning_rate`"
    diagnosed = diagnose(Evidence(failed(0, reason), EPOCHS))
    assert diagnosed.name == "diverged"
    assert diagnosed.sentence == "Its training diverged: the loss is not finite (fold 0, epoch 3)."
    assert diagnosed.changes == {"learning_rate": LESS}


@pytest.mark.parametrize(
    ("validation", "training", "expected"),
    [
        (1.51, 0.96, "diverged"),
        (1.49, 0.96, "no_signal"),
        (1.51, 0.94, "no_signal"),
        (1.49, 0.2, "no_signal"),
    ],
)
def test_far_worse_than_a_constant_also_on_fit_rows_went_astray(
    validation: float, training: float, expected: str
) -> None:
    assert named(trial(validation, training)) == expected


@pytest.mark.parametrize(
    ("peaks", "training", "expected"),
    [
        ((11.0, 11.0), 0.96, "diverged"),
        ((9.0, 9.0), 0.96, "dead_units"),
        ((11.0, 11.0), 0.94, "dead_units"),  # it came back
        ((1000.0, 2.0), 0.96, "diverged"),
    ],
)
def test_a_loss_that_rose_and_never_came_back_went_astray_before_its_units_died(
    peaks: tuple[float, float], training: float, expected: str
) -> None:
    original = trial(0.51, training / 2, health=Health((0.1, 0.1, 0.1), (1.0, 1.0)))
    folds = tuple(
        dataclasses.replace(fold, training_loss=(0.5, peak / 2, 0.4))
        for fold, peak in zip(original.folds, peaks, strict=True)
    )
    diagnosed = diagnose(Evidence(dataclasses.replace(original, folds=folds), EPOCHS, 0.5))
    assert diagnosed.name == expected
    if expected == "diverged":
        assert f"rose to {sum(peaks) / 2:.3g} times" in diagnosed.sentence


def test_a_task_that_is_solved_needs_no_more_epochs() -> None:
    """Failed: more epochs were advised at an accuracy of 1, for the loss still fell."""
    diagnosed = diagnose(Evidence(trial(0.0004, 0.0001, 100), EPOCHS, 0.5))
    assert (diagnosed.name, diagnosed.advice, diagnosed.changes) == ("solved", (), {})
    assert named(trial(0.002, 0.0001, 100)) == "stopped_by_budget"


def test_what_has_learned_nothing_and_still_gets_better_wants_more_epochs() -> None:
    assert named(trial(0.99, 0.98, 100)) == "stopped_by_budget"
    assert named(trial(0.99, 0.98, 94)) == "no_signal"
    assert named(trial(0.99, 0.5, 100)) == "no_signal", "it has learned, and to no avail"


@pytest.mark.parametrize(
    ("share", "expected"), [(0.71, "dead_units"), (0.7, "dead_units"), (0.69, "not_analyzed")]
)
@pytest.mark.parametrize("layer", [0, 1])
def test_dead_units(layer: int, share: float, expected: str) -> None:
    shares = [0.0, 0.0]
    shares[layer] = share
    diagnosed = diagnose(Evidence(trial(health=Health((0.1, 0.1, 0.1), tuple(shares))), EPOCHS, 1.0))
    assert diagnosed.name == expected
    if expected == "dead_units":
        assert f"{share:.0%} of the units of hidden layer {layer + 1}" in diagnosed.sentence
        assert diagnosed.changes["activation"] == LESS


@pytest.mark.parametrize(
    ("first", "training", "expected"),
    [
        (0.9e-4, 0.96, "vanishing_gradients"),
        (1.1e-4, 0.96, "no_signal"),
        (0.9e-4, 0.94, "not_analyzed"),
        (7.1, 0.96, "exploding_gradients"),
        (6.9, 0.96, "no_signal"),
        (7.1, 0.94, "not_analyzed"),
    ],
)
def test_gradients_that_shrink_or_grow_matter_where_nothing_is_learned(
    first: float, training: float, expected: str
) -> None:
    """From 0.1 at the last hidden layer; the output layer's does not count."""
    health = Health((first, 50.0, 0.1, 1e-9), (0.0, 0.0, 0.0))
    assert named(trial(0.97 if training > 0.95 else 0.4, training, health=health)) == expected


def test_one_hidden_layer_has_no_ratio_of_gradients() -> None:
    assert named(trial(0.97, 0.97, health=Health((1e-9, 1.0), (0.0,)))) == "no_signal"
    assert named(trial(0.97, 0.97, health=Health((1e-9,), ()))) == "no_signal"
    assert named(trial(0.97, 0.97, health=Health((1e-9, 0.0, 1.0), (0.0, 0.0)))) == "no_signal"
    assert named(trial(0.97, 0.97, health=None)) == "no_signal"


@pytest.mark.parametrize(("validation", "expected"), [(0.96, "no_signal"), (0.94, "not_analyzed")])
def test_no_signal(validation: float, expected: str) -> None:
    assert named(trial(validation, validation)) == expected


def test_what_does_not_carry_over_is_told_from_what_is_not_learned() -> None:
    learned = diagnose(Evidence(trial(0.99, 0.2), EPOCHS, 1.0))
    nothing = diagnose(Evidence(trial(0.99, 0.98), EPOCHS, 1.0))
    assert (learned.name, nothing.name) == ("no_signal", "no_signal")
    assert "does not generalize" in learned.sentence
    assert learned.changes == {"dropout": MORE, "l2": MORE, "width": LESS}
    assert "almost nothing" in nothing.sentence and nothing.changes == {"learning_rate": MORE}


def test_where_a_plain_model_has_learned_the_features_are_not_blamed() -> None:
    """Boosting does not see how far values lie from the others; a network and a linear model do."""
    fails = Evidence(trial(1.1, 0.7), EPOCHS, 1.0)

    def beside_models(evidence: Evidence, **losses: float) -> Diagnosis:
        baselines = {name.replace("_", " "): loss for name, loss in losses.items()}
        return diagnose(dataclasses.replace(evidence, baselines=baselines))

    boosted = beside_models(fails, linear=1.2, gradient_boosting=0.82)
    assert boosted.name == "no_signal"
    assert boosted.sentence.endswith(", and gradient boosting has 82% on validation rows.")
    assert boosted.changes == {"numeric_encoding": MORE, "dropout": MORE, "l2": MORE}
    values = {**fails.trial.hyperparameters, "numeric_encoding": "quantile"}
    encoded = dataclasses.replace(fails, trial=dataclasses.replace(fails.trial, hyperparameters=values))
    assert beside_models(encoded, gradient_boosting=0.82).changes == {"dropout": MORE, "l2": MORE}
    assert beside_models(fails, linear=0.8, gradient_boosting=0.9).changes == {
        "width": LESS,
        "dropout": MORE,
        "l2": MORE,
    }
    nobody = beside_models(fails, linear=1.2, gradient_boosting=0.96)
    assert nobody == diagnose(fails)
    nothing = Evidence(trial(0.99, 0.98), EPOCHS, 1.0)
    assert "check the features and the target" in diagnose(nothing).advice
    assert beside_models(nothing, linear=0.5).advice == ("widen the range of `learning_rate`",)


def test_right_labels_with_a_loss_above_a_constants_are_not_called_no_signal() -> None:
    """Two even classes: a constant has a loss of ln 2 and a balanced accuracy of 0.5."""
    results = {}
    for accuracy in (0.64, 0.66):
        diagnosed = trial(0.70, 0.1)
        folds = tuple(
            dataclasses.replace(fold, scores={"log_loss": 0.70, "balanced_accuracy": accuracy})
            for fold in diagnosed.folds
        )
        results[accuracy] = diagnose(
            Evidence(dataclasses.replace(diagnosed, folds=folds), EPOCHS, math.log(2.0))
        )
    assert [diagnosed.name for diagnosed in results.values()] == ["no_signal", "overconfident"]
    assert "32% of the way from chance to perfect" in results[0.66].sentence
    assert results[0.66].changes == {"learning_rate": LESS, "dropout": MORE, "l2": MORE}


def test_of_numbers_the_share_is_what_r2_leaves() -> None:
    original = trial()
    folds = tuple(
        dataclasses.replace(fold, scores={"r2": 0.04}, training_scores={"r2": 0.03})
        for fold in original.folds
    )
    assert diagnose(Evidence(dataclasses.replace(original, folds=folds), EPOCHS)).name == "no_signal"
    folds = tuple(dataclasses.replace(fold, scores={"r2": 0.06}) for fold in folds)
    assert diagnose(Evidence(dataclasses.replace(original, folds=folds), EPOCHS)).name == "not_analyzed"
    folds = tuple(dataclasses.replace(fold, scores={"r2": -0.6}) for fold in folds)
    assert diagnose(Evidence(dataclasses.replace(original, folds=folds), EPOCHS)).name == "diverged"


@pytest.mark.parametrize(("best_epoch", "expected"), [(95, "stopped_by_budget"), (94, "not_analyzed")])
def test_the_budget_ended_what_was_best_in_its_last_twentieth(best_epoch: int, expected: str) -> None:
    diagnosed = diagnose(Evidence(trial(best_epoch=best_epoch), EPOCHS, 1.0))
    assert diagnosed.name == expected
    if expected != "not_analyzed":
        assert diagnosed.changes["epochs"] == MORE


@pytest.mark.parametrize(
    ("variance", "rest", "expected"),
    [
        (0.12, 0.21, "variance_bound"),  # 36 % of the loss beside an excess of 0.01
        (0.0301, 0.2, "variance_bound"),  # above 10 % of the loss
        (0.0221, 0.2, "near_floor"),  # below it
        (0.1, 0.3, "notable_variance"),  # both are 0.1: neither is larger
        (0.01, 0.3, "bias_bound"),
        (0.001, 0.2235, "bias_bound"),  # an excess just above 10 % of 0.2245
        (0.001, 0.2221, "near_floor"),
        (-0.01, 0.21, "near_floor"),  # below 0 by sampling error
    ],
)
def test_the_larger_of_variance_and_excess_bias_is_named(variance: float, rest: float, expected: str) -> None:
    assert weighed(variance, rest) == expected


@pytest.mark.parametrize(
    ("error", "variance_side", "bias_side"),
    [(0.01, "variance_bound", "bias_bound"), (0.2, "notable_variance", "notable_variance")],
)
def test_what_the_errors_allow_to_be_zero_is_not_named(
    error: float, variance_side: str, bias_side: str
) -> None:
    assert weighed(0.2, 0.25, error=error) == variance_side
    assert weighed(0.05, 0.4, error=error) == bias_side


@pytest.mark.parametrize(
    ("degrees", "error", "expected"),
    [
        (math.inf, 0.051, "variance_bound"),  # 0.1 is 1.96 standard errors
        (math.inf, 0.0511, "notable_variance"),
        (4.0, 0.036, "variance_bound"),  # 2.78 of Student's t with 4 degrees of freedom
        (4.0, 0.0361, "notable_variance"),
    ],
)
def test_few_degrees_of_freedom_ask_for_more(degrees: float, error: float, expected: str) -> None:
    lead = Measured(0.1, error, degrees)
    [excess] = beside(0.2, 0.3).excesses
    assert weighed(0.2, 0.3, excesses=(dataclasses.replace(excess, lead=lead),)) == expected


def test_a_trial_is_never_its_own_floor() -> None:
    """Significantly below all that the study knows, how much of its rest is bias is not known."""
    assert weighed(0.12, 0.88, floor=1.0) == "notable_variance"
    assert weighed(0.12, 0.88, excesses=(), choices=0) == "notable_variance"
    sentence = diagnose(
        Evidence(trial(), EPOCHS, 1.0, measured(0.12, 0.88), beside(0.12, 0.88, 1.0))
    ).sentence
    assert sentence.endswith("12% at least; how much of the bias + noise is bias is not known.")
    vague = dataclasses.replace(measured(0.12, 0.88), variance=Curve((9.0, 0.12, 9.0), (9.0, 0.05, 9.0)))
    unsure = diagnose(Evidence(trial(), EPOCHS, 1.0, vague, beside(0.12, 0.88, 1.0)))
    assert unsure.name == "undecided"
    assert unsure.sentence.startswith(
        "How much of its loss is bias is not known: bias + noise are 0.88 ± 0.001"
    )


@pytest.mark.parametrize(("error", "expected"), [(0.05, "variance_bound"), (0.055, "notable_variance")])
def test_more_variance_than_bias_and_noise_together_needs_no_floor(error: float, expected: str) -> None:
    margin = Measured(0.1, error)
    assert weighed(0.3, 0.2, margin=margin, excesses=(), choices=0, larger=False) == expected


def test_variance_must_be_more_than_the_bias_above_the_lowest_floor() -> None:
    [low] = beside(0.1, 0.25, floor=0.24).excesses
    [lower] = beside(0.1, 0.25, floor=0.16).excesses
    assert weighed(0.1, 0.25, excesses=(low,)) == "variance_bound"
    assert weighed(0.1, 0.25, excesses=(low, lower), choices=2) == "variance_bound"
    unsure = dataclasses.replace(lower, lead=Measured(0.01, 0.02))
    assert weighed(0.1, 0.25, excesses=(low, unsure), choices=2) == "notable_variance"


@pytest.mark.parametrize(("choices", "expected"), [(1, "bias_bound"), (100, "notable_variance")])
def test_a_floor_that_was_chosen_among_many_must_be_clearer(choices: int, expected: str) -> None:
    """2.5 standard errors are many for one floor and few for the best of a hundred."""
    assert weighed(0.05, 0.4, error=0.06, choices=choices) == expected


def test_where_no_larger_network_was_analyzed_variance_is_not_blamed_for_a_simple_one() -> None:
    """Ten linear networks on a curved target: as much bias each, and so no bias above each other."""
    simple = dataclasses.replace(measured(0.12, 0.88), training=(0.8,) * 3)
    standing = beside(0.12, 0.88, floor=0.879, larger=False)
    diagnosed = diagnose(Evidence(trial(), EPOCHS, 1.0, simple, standing, larger=False))
    assert (diagnosed.name, diagnosed.changes) == ("untried_capacity", {"width": MORE, "depth": MORE})
    assert named(trial(), simple, standing) == "notable_variance", (
        "whether a larger one was tried is not known"
    )
    by_heart = dataclasses.replace(simple, training=(0.21,) * 3)
    assert named(trial(), by_heart, standing) == "variance_bound"
    assert named(trial(), simple, dataclasses.replace(standing, larger=True)) == "variance_bound"


def test_near_the_floor_is_what_is_measured_well_enough() -> None:
    """Above 20 % of the loss, neither may be by their intervals."""
    assert weighed(0.01, 0.2, error=0.01) == "near_floor"
    assert weighed(0.01, 0.2, error=0.03) == "bias_or_noise"
    vague = dataclasses.replace(measured(0.01, 0.2), variance=Curve((9.0, 0.01, 9.0), (9.0, 0.02, 9.0)))
    assert named(trial(), vague, beside(0.01, 0.2)) == "undecided"


def test_without_an_analysis_a_trial_is_called_not_analyzed() -> None:
    diagnosed = diagnose(Evidence(trial(), EPOCHS, 1.0))
    assert diagnosed.name == "not_analyzed"
    assert diagnosed.sentence.startswith("Its bias and variance were not measured")


def test_a_simple_network_with_no_larger_one_beside_it_is_not_at_the_floor() -> None:
    """What siblings and weak baselines reach is no floor for larger networks."""
    analysis = dataclasses.replace(measured(0.01, 0.2), training=(0.19,) * len(measured(0.01, 0.2).epochs))
    standing = beside(0.01, 0.2, larger=False)
    simple = Evidence(trial(), EPOCHS, 1.0, analysis, standing, larger=False)
    assert diagnose(simple).name == "untried_capacity"
    assert diagnose(simple).changes == {"width": MORE, "depth": MORE}
    assert diagnose(dataclasses.replace(simple, larger=True)).name == "near_floor"
    [excess] = standing.excesses
    noise = dataclasses.replace(standing, excesses=(dataclasses.replace(excess, final=True),))
    assert diagnose(dataclasses.replace(simple, standing=noise)).name == "near_floor"
    by_heart = dataclasses.replace(analysis, training=(0.09,) * len(analysis.epochs))
    assert diagnose(dataclasses.replace(simple, bias_variance=by_heart)).name == "near_floor"


@pytest.mark.parametrize(("least", "expected"), [(0.6, "untried_capacity"), (0.5, "near_floor")])
def test_a_network_that_learns_its_rows_after_the_kept_epoch_has_capacity(
    least: float, expected: str
) -> None:
    """Its loss on the rows that it trained on is 0.19 of 0.21 at epoch 50; later it falls to this share of that."""
    analysis = dataclasses.replace(measured(0.01, 0.2), training=(0.19,) * 3)
    curve = (2.0,) * 49 + (1.0,) + (least,) * 10
    base = trial()
    folds = tuple(dataclasses.replace(fold, training_loss=curve) for fold in base.folds)
    stopped = dataclasses.replace(base, folds=folds)
    standing = beside(0.01, 0.2, larger=False)
    assert diagnose(Evidence(stopped, EPOCHS, 1.0, analysis, standing, larger=False)).name == expected


def test_variance_of_the_seed_wants_other_cures_than_that_of_the_rows() -> None:
    rows = {"data": 0.08, "initialization": 0.01, "interaction": 0.01}
    seed = {"data": 0.02, "initialization": 0.01, "interaction": 0.05}
    diagnosed = diagnose(Evidence(trial(), EPOCHS, 1.0, measured(0.1, 0.2, parts=rows), beside(0.1, 0.2)))
    of_seed = diagnose(Evidence(trial(), EPOCHS, 1.0, measured(0.1, 0.2, parts=seed), beside(0.1, 0.2)))
    assert diagnosed.name == of_seed.name == "variance_bound"
    assert "from the seed" not in diagnosed.sentence and "more rows" in diagnosed.advice
    assert "from the seed" in of_seed.sentence and "more rows" not in of_seed.advice


def test_sentences_have_the_numbers_of_the_epoch_that_is_kept() -> None:
    analysis = measured(0.01, 0.3, loss=SQUARED_ERROR)
    diagnosed = diagnose(Evidence(trial(), EPOCHS, 1.0, analysis, beside(0.01, 0.3)))
    assert "bias² + noise are 0.3 ± 0.001 of a loss of 0.31" in diagnosed.sentence
    assert "0.1 ± 0.001 more than bias + noise of trial 7 (0.2)" in diagnosed.sentence
    assert "variance is 0.01 ± 0.001" in diagnosed.sentence
    assert {"width": MORE, "depth": MORE, "dropout": LESS}.items() <= diagnosed.changes.items()


def test_the_first_rule_that_fits_is_the_diagnosis() -> None:
    """Evidence for one more problem after another, from the last rule to the first."""
    taken = measured(0.2, 0.21), beside(0.2, 0.21)
    vanished = Health((1e-9, 0.1, 0.1), (0.0, 0.0))
    dead = Health((1e-9, 0.1, 0.1), (0.0, 0.9))
    chain = [
        (trial(), "variance_bound"),
        (trial(best_epoch=100), "stopped_by_budget"),
        (trial(0.97, 0.5, 100), "no_signal"),
        (trial(0.97, 0.97, 100, vanished), "vanishing_gradients"),
        (trial(0.97, 0.97, 100, dead), "dead_units"),
        (trial(1.6, 1.6, 100, dead), "diverged"),
    ]
    assert [named(candidate, *taken) for candidate, _ in chain] == [name for _, name in chain]
    early = dataclasses.replace(trial(1.6, 1.6, 100, dead), state=TrialState.PRUNED, reason="it was weak")
    assert diagnose(Evidence(early, 100, 1.0)).sentence == "It ended early: it was weak."
    assert list(RULES) == [
        "pruned",
        "failed",
        "diverged",
        "dead_units",
        "vanishing_gradients",
        "exploding_gradients",
        "overconfident",
        "no_signal",
        "solved",
        "stopped_by_budget",
        "variance_bound",
        "bias_bound",
        "untried_capacity",
        "near_floor",
        "bias_or_noise",
        "notable_variance",
    ]


@pytest.mark.parametrize(
    ("variance", "error", "expected"),
    [
        (0.02, 0.012, "bias_or_noise"),  # 6.5 % of the loss, at most 12.8 %
        (0.02, 0.03, "undecided"),  # it may be 22 %
        (0.034, 0.001, "notable_variance"),  # 11 %, 10.5 % at least
        (0.032, 0.002, "undecided"),
    ],
)
def test_where_variance_is_small_what_limits_is_bias_or_noise(
    variance: float, error: float, expected: str
) -> None:
    """A bias of 0.05 ± 0.06 above the floor decides nothing."""
    rest = 0.308 - variance
    analysis = dataclasses.replace(
        measured(variance, rest), variance=Curve((9.0, variance, 9.0), (9.0, error, 9.0))
    )
    standing = beside(variance, rest, floor=rest - 0.05, error=0.06)
    diagnosed = diagnose(Evidence(trial(), EPOCHS, 1.0, analysis, standing))
    assert diagnosed.name == expected
    if expected == "bias_or_noise":
        assert diagnosed.changes == {"width": MORE, "depth": MORE}
        assert diagnosed.sentence.startswith("Variance is not what limits it: 0.02 ± 0.01")
        by_heart = dataclasses.replace(analysis, training=(0.01,) * len(analysis.epochs))
        fitted = diagnose(Evidence(trial(), EPOCHS, 1.0, by_heart, standing))
        assert (fitted.name, fitted.changes) == ("bias_or_noise", {})


@pytest.mark.parametrize(("training", "expected"), [(0.2, {"width", "depth"}), (0.01, {"dropout", "l2"})])
def test_where_bias_is_not_known_a_network_that_fits_its_rows_is_not_to_become_larger(
    training: float, expected: set[str]
) -> None:
    """Nothing has as little bias and noise as this trial, whose variance may be none or a third of its loss."""
    analysis = dataclasses.replace(measured(0.05, 0.25), training=(training,) * 3)
    analysis = dataclasses.replace(analysis, variance=Curve((9.0, 0.05, 9.0), (9.0, 0.03, 9.0)))
    standing = dataclasses.replace(beside(0.05, 0.25), excesses=())
    diagnosed = diagnose(Evidence(trial(), EPOCHS, 1.0, analysis, standing))
    assert diagnosed.name == "undecided"
    assert "How much of its loss is bias is not known" in diagnosed.sentence
    assert set(diagnosed.changes) == expected

"""What trials show about a change of one hyperparameter, where the truth is known."""

import numpy
import pytest
from paper_trials import completed, failed

from automl.evaluation.tried_changes import TriedChange, tried_change
from automl.trial import Direction, Objective, Trial

LOSS = Objective("log_loss", Direction.MINIMIZE)
WIDTHS = (16, 32, 64, 128, 256)


def drawn(slope: float, noise: float = 0.01, num_trials: int = 60, seed: int = 0) -> list[Trial]:
    """Trials whose loss changes by `slope` where the width doubles, and depends on dropout and the activation."""
    generator = numpy.random.default_rng(seed)
    trials = []
    for number in range(1, num_trials + 1):
        width = int(generator.choice(WIDTHS))
        dropout, name = float(generator.uniform(0.0, 0.5)), str(generator.choice(["relu", "tanh"]))
        loss = 1.0 + slope * numpy.log2(width / 64) + 0.4 * dropout + 0.2 * (name == "tanh")
        loss += noise * generator.normal()
        trials.append(completed(number, loss, loss, width=width, dropout=dropout, activation=name))
    return trials


def best(width: int = 64, **values: float) -> Trial:
    return completed(0, 0.1, 0.1, width=width, dropout=0.1, activation="relu", **values)


def change(
    trials: list[Trial], name: str = "width", sign: int = 1, objective: Objective = LOSS, **values: int
) -> TriedChange | None:
    return tried_change(best(**values), trials, objective, (name, sign))


@pytest.mark.parametrize("slope", [-0.05, 0.0, 0.05])
def test_the_effect_of_twice_the_width_is_what_was_planted(slope: float) -> None:
    tried = change(drawn(slope))
    assert tried is not None and tried.step == "factor"
    assert tried.value == pytest.approx(slope, abs=4.0 * tried.error)
    assert tried.error < 0.01
    assert (tried.is_better, tried.is_worse) == (slope < 0.0, slope > 0.0)
    smaller = change(drawn(slope), sign=-1)
    assert smaller is not None and smaller.value == pytest.approx(-slope, abs=4.0 * smaller.error)
    tenth = change(drawn(slope), name="dropout")
    assert tenth is not None and tenth.value == pytest.approx(0.04, abs=4.0 * tenth.error)


def test_of_a_score_more_is_better() -> None:
    rising = change(drawn(0.05), objective=Objective("log_loss", Direction.MAXIMIZE))
    assert rising is not None and rising.is_better and not rising.is_worse


def test_the_interval_covers_the_truth() -> None:
    """Of 200 studies in which the width does nothing, one in twenty shows something at 95 %."""
    shown = [change(drawn(0.0, noise=0.05, num_trials=30, seed=seed)) for seed in range(200)]
    known = [change_shown for change_shown in shown if change_shown is not None]
    assert len(known) > 150
    assert sum(change_shown.is_better or change_shown.is_worse for change_shown in known) / len(known) < 0.10


def test_a_gain_is_ruled_out_by_the_end_of_the_interval() -> None:
    sure, unsure = change(drawn(0.0, noise=0.001)), change(drawn(0.0, noise=0.5))
    assert sure is not None and unsure is not None
    assert sure.is_less_than(0.01) and not unsure.is_less_than(0.01)


def test_order_numbers_and_the_trial_itself_change_nothing() -> None:
    trials = drawn(0.05)
    expected = change(trials)
    assert expected is not None
    again = change([best(), *reversed(trials), failed(99, width=256)])
    assert again is not None
    assert (again.value, again.error) == pytest.approx((expected.value, expected.error))


def test_too_few_trials_at_either_value_say_nothing() -> None:
    assert change(drawn(0.05), width=256) is None, "nothing wider was tried"
    assert change(drawn(0.05)[:6]) is None
    assert change([]) is None
    assert change(drawn(0.05), name="l2") is None, "it was not searched"
    alike = [completed(number, 0.5, 0.5, width=64) for number in range(1, 20)]
    assert change(alike) is None


def test_a_hyperparameter_that_always_moves_with_another_is_not_told_from_it() -> None:
    generator = numpy.random.default_rng(1)
    trials = []
    for number in range(1, 40):
        width = int(generator.choice(WIDTHS))
        loss = float(numpy.log2(width) + 0.01 * generator.normal())
        trials.append(completed(number, loss, loss, width=width, dropout=float(numpy.log2(width)) / 10))
    assert change(trials) is None


def test_a_penalty_with_0_among_its_values_has_the_next_value_as_a_step() -> None:
    generator = numpy.random.default_rng(2)
    places = {0.0: 0, 1e-4: 1, 1e-2: 2}
    trials = []
    for number in range(1, 40):
        l2 = float(generator.choice(list(places)))
        loss = 0.5 + 0.03 * places[l2] + 0.01 * generator.normal()
        trials.append(completed(number, loss, loss, l2=l2))
    tried = tried_change(completed(0, 0.4, 0.4, l2=0.0), trials, LOSS, ("l2", 1))
    assert tried is not None and tried.step == "next" and tried.is_worse
    assert tried.value == pytest.approx(0.03, abs=4.0 * tried.error)

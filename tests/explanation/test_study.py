"""What a study has found, in sentences, from records that are made by hand."""

import dataclasses
import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_states import answered, decomposed, made_state
from paper_trials import completed, failed

from automl.errors import RecordError
from automl.evaluation.bias_variance import LOG_LOSS, BiasVariance, Curve
from automl.explanation.study import Explanation, explain_study, explain_trial, smallest_tied
from automl.records.events import CohortAsked, Event, Finished, StudyStarted
from automl.records.outcomes import VerdictReached
from automl.records.state import LEARNING_CURVE, StudyState
from automl.trial import FoldResult, Trial

START = StudyStarted(
    "flowers", "20260101-000000-aaaa", "log_loss", "min", num_trials=2, num_epochs=100, constant=1.0
)

Make = Callable[..., StudyState]


@pytest.fixture
def make_state(tmp_path: Path) -> Make:
    """Makes the state of a study, each in a folder of its own."""
    numbers = itertools.count()

    def make(
        trials: list[Trial], start: dict[str, Any] | None = None, *events: Event, **parts: Any
    ) -> StudyState:
        folder = tmp_path / str(next(numbers))
        analyses = [decomposed(folder, analysis) for analysis in parts.pop("bias_variance", {}).values()]
        if "learning_curve" in parts:
            analyses.append(answered(folder, LEARNING_CURVE, 0, parts.pop("learning_curve")))
        if "verdict" in parts:
            analyses.append(VerdictReached(**parts.pop("verdict")))
        assert not parts
        return made_state(
            folder, trials, *analyses, *events, started=dataclasses.replace(START, **start or {})
        )

    return make


def text_of(explanation: Explanation) -> str:
    return " ".join([*explanation.answer, *explanation.limits, *explanation.remarks])


def apart(number: int, variance: float, rest: float, error: float = 0.001) -> BiasVariance:
    def curve(value: float) -> Curve:
        return Curve((value,), (error,))

    return BiasVariance(
        number, LOG_LOSS, (2,), 2, curve(variance + rest), curve(variance), curve(rest), (0.1,), {}, {}, 1.0,
        8, 1, 5, 100,
    )  # fmt: skip


def test_without_a_completed_trial_there_is_nothing_to_choose(make_state: Make) -> None:
    reason = "diverged: the loss is not finite (fold 0, epoch 1); lower `learning_rate`"
    explanation = explain_study(make_state([failed(0, reason), failed(1, "ValueError: no")]))
    assert explanation.answer == ("No trial completed: there is no network to take.",)
    assert [explanation.diagnoses[number].name for number in (0, 1)] == ["diverged", "failed"]
    assert (explanation.smallest, explanation.tied, explanation.changes) == (None, (), {})
    assert explain_study(make_state([])).answer == explanation.answer


def test_the_headline_has_the_scores_that_there_are(make_state: Make) -> None:
    trials = [completed(0, 0.5, 0.7), completed(1, 0.8, 1.0)]
    plain = explain_study(make_state(trials)).answer[1]
    assert plain == "The best of 2 trials is trial 0: log_loss 0.6 ± 0.17."
    verdict = {
        "corrected": (0.65, 0.5, 0.8),
        "test": (0.7, 0.6, 0.8),
    }
    explanation = explain_study(make_state(trials, {"optimistic": True}, verdict=verdict))
    assert "log_loss 0.6 ± 0.17, optimistic: the scored rows chose the epochs" in explanation.answer[1]
    assert "; 0.65 when corrected for the choice" in explanation.answer[1]
    assert "; 0.7 on the locked test rows (95 % interval 0.6 to 0.8)." in explanation.answer[1]
    assert explanation.answer[0] == explanation.verdict.sentence


def in_a_row(values: list[float], name: str, **hyperparameters: Any) -> list[Trial]:
    """The first is the best; clearly different ones, so that none is tied."""
    return [
        completed(number, 0.1 + 0.1 * number, 0.11 + 0.1 * number, **{name: value}, **hyperparameters)
        for number, value in enumerate(values)
    ]


MIDDLE = [0.5, 0.45, 0.55, 0.4, 0.6, 0.52, 0.48, 0.44]


@pytest.mark.parametrize(
    ("values", "bound", "expected"),
    [
        ([0.01, 0.012, 0.011, 0.013, *MIDDLE], (0.01, 25.0, True), {"x": "low"}),
        ([1.0, 0.9, 0.95, 0.8, *MIDDLE], (0.2, 1.0, False), {"x": "high"}),
        ([0.0, 0.01, 0.02, 0.03, *MIDDLE], (0.0, 1.0, False), {}),  # nothing lies below 0
        ([1.0, 0.95, 0.9, 0.85, *MIDDLE], (0.0, 1.0, False), {"x": "high"}),
        ([0.5, 0.4, *[0.5] * 6], (0.0, 1.0, False), {}),
        ([1.0, 0.1, *[0.5] * 6], (0.0, 1.0, False), {}),  # one alone is there by chance
        ([1.0, 0.95, 0.9, *MIDDLE[:4]], (0.0, 1.0, False), {}),  # seven trials say nothing of edges
        ([1.0, 1.0, 1.0, 1.0, *[0.0] * 8], (0.0, 1.0, False), {}),  # of two values, both are edges
    ],
)
def test_edges(
    make_state: Make, values: list[float], bound: tuple[float, float, bool], expected: dict[str, str]
) -> None:
    explanation = explain_study(make_state(in_a_row(values, "x"), {"bounds": {"x": bound}}))
    assert explanation.edges == expected
    if not expected:
        assert "edge" not in text_of(explanation)
    elif expected["x"] == "high":
        assert "The best trials are at the high edge of `x`: search above 1." in explanation.remarks
        assert explanation.changes["x"] == "more"
    else:
        assert "The best trials are at the low edge of `x`: search below 0.01." in explanation.remarks
        assert explanation.changes["x"] == "less"


def test_an_edge_outweighs_what_the_diagnosis_says_of_the_same_name(make_state: Make) -> None:
    """The trials have been there, the rule only supposes."""
    middle = [0.01, 0.012, 0.009, 0.011, 0.013, 0.014, 0.008, 0.01]
    trials = in_a_row([0.1, 0.09, 0.095, 0.08, *middle], "learning_rate")
    late = dataclasses.replace(
        trials[0], folds=tuple(dataclasses.replace(fold, best_epoch=100) for fold in trials[0].folds)
    )
    start = {"bounds": {"learning_rate": (0.001, 0.1, True)}}
    explanation = explain_study(make_state([late, *trials[1:]], start))
    assert explanation.diagnoses[0].name == "stopped_by_budget"
    assert explanation.changes == {"epochs": "more", "learning_rate": "more"}
    low = in_a_row([0.001, 0.0011, 0.0012, 0.001, *middle], "learning_rate")
    low[0] = dataclasses.replace(low[0], folds=late.folds)
    assert explain_study(make_state(low, start)).changes == {"epochs": "more", "learning_rate": "less"}


def test_ties_are_counted_and_the_smallest_of_them_is_named(make_state: Make) -> None:
    """Differences of the folds around 0 ambiguous; those that are all 1 can."""
    best = completed(4, 0.50, 0.60, 0.40, 0.50, 0.50, capacity=5000)
    near = completed(1, 0.51, 0.58, 0.42, 0.49, 0.51, capacity=700)
    large = completed(2, 0.49, 0.62, 0.40, 0.50, 0.51, capacity=90_000)
    far = completed(3, 1.50, 1.61, 1.40, 1.50, 1.51, capacity=3)
    explanation = explain_study(make_state([near, large, far, best]))
    assert explanation.tied[0] == 4 and set(explanation.tied) == {4, 1, 2}
    assert explanation.smallest == 1
    [ties] = [line for line in explanation.remarks if "significantly worse" in line]
    assert ties == (
        "2 other trials are not significantly worse (allowing for the choice among 4 trials); the smallest within a "
        "standard error is trial 1, with 700 weights instead of 5,000 (`automl export --smallest`)."
    )
    assert explanation.rival is not None and explanation.rival.difference < 0.0
    assert smallest_tied(make_state([near, large, far, best])) == 1
    assert smallest_tied(make_state([failed(0)])) is None


def test_one_tie_that_is_larger_is_not_offered_as_smaller(make_state: Make) -> None:
    best = completed(0, 0.50, 0.60, 0.40, capacity=100)
    larger = completed(1, 0.52, 0.58, 0.41, capacity=200)
    explanation = explain_study(make_state([best, larger]))
    assert explanation.smallest == 0
    assert (
        "1 other trial is not significantly worse (allowing for the choice among 2 trials)."
        in explanation.remarks
    )


def test_no_tie_is_said_too(make_state: Make) -> None:
    trials = [completed(0, 0.1, 0.11, 0.1), completed(1, 0.9, 0.92, 0.91)]
    sentence = "All other trials are significantly worse (allowing for the choice among 2 trials)."
    assert sentence in explain_study(make_state(trials)).remarks
    assert "No other trial completed." in explain_study(make_state(trials[:1])).remarks


def test_few_folds_do_not_say_that_trials_are_equal(make_state: Make) -> None:
    """Between two folds even scores that are nine times as bad are not significantly worse, nor are they equal."""
    many = [completed(number, 0.1 * number + 0.1, 0.1 * number + 0.12) for number in range(9)]
    text = "2 folds cannot tell which of the 8 other trials are worse than the best: a significant difference would be "
    [remark] = [line for line in explain_study(make_state(many)).remarks if "cannot tell" in line]
    assert remark == text + "51 standard errors (allowing for the choice among 9 trials)."
    assert "cannot tell" not in text_of(
        explain_study(make_state([completed(0, 0.5, 0.6), completed(1, 0.51, 0.55)]))
    )


ROWS = [25, 35, 50, 70, 100]


def curve_state(
    make_state: Make, losses: list[list[float]], loss: str = "squared_error", **more: Any
) -> StudyState:
    answer = {"rows": ROWS, "losses": losses, "loss": loss, "unfinished": 0, "thinned": "rows"} | more
    answer = {key: value for key, value in answer.items() if value is not None}
    return make_state([completed(0, 0.5, 0.6), completed(1, 0.8, 0.9)], learning_curve=answer)


def test_a_falling_learning_curve_says_what_twice_the_rows_would_bring(make_state: Make) -> None:
    """L(n) = 0.1 + 2 / n^0.5 falls from L(100) = 0.3 to L(200) = 0.2414: 0.059 of 0.3."""
    wiggle = [0.001, -0.001, 0.0005, -0.0005, 0.0]
    losses = [[0.1 + 2 / rows**0.5 + deviation for deviation in wiggle] for rows in ROWS]
    explanation = explain_study(curve_state(make_state, losses))
    assert explanation.learning_curve is not None
    assert explanation.learning_curve.gain.value == pytest.approx(2 / 10 - 2 / 200**0.5, abs=0.002)
    [sentence] = [line for line in explanation.remarks if "rows would help" in line]
    match = re.fullmatch(
        r"More rows would help: twice as many lower the squared error by about (\S+) \(95 % interval (\S+) to (\S+)\) "
        r"of 0\.3\.",
        sentence,
    )
    assert match is not None
    value, low, high = map(float, match.groups())
    assert 0.0 < low <= value <= high
    assert value == pytest.approx(0.0586, abs=0.002)
    assert "lower the log loss by" in text_of(explain_study(curve_state(make_state, losses, "log_loss")))


FALLING = [
    [0.1 + 2 / rows**0.5 + deviation for deviation in (0.001, -0.001, 0.0005, -0.0005, 0.0)] for rows in ROWS
]


@pytest.mark.parametrize(
    ("thinned", "begin"),
    [
        ("groups", "Rows of more groups would help: twice as many groups lower the squared error by"),
        ("earliest rows", "Rows of a longer past would help: twice as many lower the squared error by"),
    ],
)
def test_the_sentence_says_what_more_there_would_be(make_state: Make, thinned: str, begin: str) -> None:
    assert begin in text_of(explain_study(curve_state(make_state, FALLING, thinned=thinned)))


def test_of_networks_whose_epochs_ran_out_nothing_is_concluded(make_state: Make) -> None:
    text = text_of(explain_study(curve_state(make_state, FALLING, unfinished=3)))
    assert (
        "The learning curve cannot predict the effect of more rows: 3 of its 25 networks were still improving when "
        "their epochs ended; raise `training.epochs`." in text
    )
    assert "would help" not in text


def test_below_five_folds_nothing_is_concluded(make_state: Make) -> None:
    text = text_of(explain_study(curve_state(make_state, [losses[:4] for losses in FALLING])))
    assert (
        "The learning curve cannot predict the effect of more rows: it has 4 networks at each number of rows"
        in text
    )


def test_a_learning_curve_of_an_earlier_version_is_shown_and_named(make_state: Make) -> None:
    explanation = explain_study(curve_state(make_state, FALLING, unfinished=None, thinned=None))
    assert explanation.learning_curve is not None and explanation.learning_curve.rows == tuple(
        map(float, ROWS)
    )
    assert "cannot predict the effect of more rows: it was computed by an earlier version" in text_of(
        explanation
    )
    assert "would help" not in text_of(explanation)


def test_a_flat_or_rising_learning_curve_does_not_promise_anything(make_state: Make) -> None:
    noise = [0.02, -0.02, 0.01, -0.01, 0.0]
    flat = [[0.3 + deviation for deviation in noise] for _ in ROWS]
    rising = [[0.3 + place / 10 + deviation / 10 for deviation in noise] for place, _ in enumerate(ROWS)]
    for losses in (flat, rising):
        explanation = explain_study(curve_state(make_state, losses))
        assert "The learning curve does not show that more rows would help." in explanation.remarks
    assert "rows would help" not in text_of(explain_study(make_state([completed(0, 0.5, 0.6)])))


TRIALS = [completed(0, 0.32, 0.30), completed(1, 0.50, 0.52)]
TAKEN = {0: apart(0, 0.01, 0.3), 1: apart(1, 0.01, 0.5)}


def test_the_floor_is_the_noise_that_is_given_or_the_least_that_was_found(make_state: Make) -> None:
    explanation = explain_study(make_state(TRIALS, bias_variance=TAKEN))
    assert explanation.diagnoses[1].name == "bias_bound"
    assert "0.2 ± 0.002 more than bias + noise of trial 0 (0.3)" in explanation.diagnoses[1].sentence
    assert explanation.diagnoses[0].name == "bias_or_noise", "a trial is not its own floor"
    assert "no other trial or baseline is known to have less of either" in explanation.diagnoses[0].sentence
    with_noise = explain_study(make_state(TRIALS, {"noise": 0.1}, bias_variance=TAKEN))
    assert with_noise.diagnoses[0].name == "bias_bound"
    assert "0.2 ± 0.001 more than the noise set in the study file (0.1)" in with_noise.diagnoses[0].sentence


def test_a_baseline_that_is_better_is_the_floor(make_state: Make) -> None:
    verdict = {"baselines": {"constant": [1.0, 1.0], "linear": [0.6, 0.6], "gradient boosting": [0.1, 0.11]}}
    explanation = explain_study(make_state(TRIALS, bias_variance=TAKEN, verdict=verdict))
    assert explanation.diagnoses[0].name == "bias_bound"
    assert (
        "0.195 ± 0.005 more than the loss of gradient boosting (0.105)" in explanation.diagnoses[0].sentence
    )
    worse = {"baselines": {"gradient boosting": [0.6, 0.61]}}
    diagnosis = explain_study(make_state(TRIALS, bias_variance=TAKEN, verdict=worse)).diagnoses[0]
    assert diagnosis.name == "bias_or_noise"
    assert "no other trial or baseline is known to have less of either" in diagnosis.sentence


def test_a_baseline_is_a_floor_whatever_the_objective_is(make_state: Make) -> None:
    """A linear model of RMSE 0.5 has a loss of 0.25, below the 0.3 of the best trial."""
    scores = {"rmse": 0.55, "r2": 0.7}
    folds = tuple(
        dataclasses.replace(fold, scores=scores, training_scores=scores) for fold in TRIALS[0].folds
    )
    trial = dataclasses.replace(TRIALS[0], folds=folds)
    verdict = {"baselines": {"linear": [0.5, 0.5]}}
    start = {"metric": "rmse", "constant": None}
    squared = explain_study(
        make_state([trial], start, bias_variance={0: apart(0, 0.001, 0.3)}, verdict=verdict)
    )
    assert "more than the loss of linear (0.25)" in squared.diagnoses[0].sentence
    of_earlier_version = explain_study(
        make_state(
            [trial],
            start | {"metric": "r2", "direction": "max"},
            bias_variance={0: apart(0, 0.001, 0.3)},
            verdict=verdict,
        )
    )
    assert "linear" not in of_earlier_version.diagnoses[0].sentence, (
        "a record of an earlier version holds no losses"
    )
    recorded = explain_study(
        make_state(
            [trial],
            start | {"metric": "r2", "direction": "max"},
            bias_variance={0: apart(0, 0.001, 0.3)},
            verdict=verdict | {"baseline_losses": {"linear": [0.2, 0.22, 0.21, 0.21]}},
        )
    )
    assert "more than the loss of linear (0.21)" in recorded.diagnoses[0].sentence


def test_what_limits_the_best_trial_is_what_is_to_be_tried(make_state: Make) -> None:
    explanation = explain_study(make_state(TRIALS, {"noise": 0.1}, bias_variance=TAKEN))
    assert explanation.limits[0].startswith("What limits it (bias bound): Bias dominates:")
    assert explanation.limits[1].startswith("To try next: a wider network; a deeper network; ")
    assert explanation.changes == explanation.diagnoses[0].changes


def test_a_trial_is_explained_beside_the_best(make_state: Make) -> None:
    best = completed(0, 0.30, 0.31, 0.30, capacity=1234)
    second = completed(1, 0.50, 0.52, 0.51, capacity=56)
    crossed = dataclasses.replace(
        apart(1, 0.01, 0.5), parts={"data": 0.02, "initialization": 0.001, "interaction": 0.003}
    )
    state = make_state([best, second], bias_variance={0: apart(0, 0.01, 0.3), 1: crossed})
    lines = explain_trial(state, 1)
    assert lines[0].startswith("Trial 1 is bias bound. Bias dominates:")
    assert lines[1] == "log_loss 0.51 ± 0.0091, 56 weights, epoch 2 kept."
    assert re.match(r"Trial 0, the best, is better than it with probability \d+%, ", lines[2])
    assert lines[3] == "Where the variance comes from: data 0.02, initialization 0.001, interaction 0.003."
    assert lines[4].startswith("The variance comes from resamples, which hold 63 % of the distinct rows: ")
    assert "networks trained on 80% of the rows" in lines[4]
    assert all(line.startswith("To change: ") for line in lines[5:])
    assert "the best, is" not in " ".join(explain_trial(state, 0))
    with pytest.raises(RecordError, match="no trial 7"):
        explain_trial(state, 7)


def test_a_failed_trial_is_explained_without_scores(make_state: Make) -> None:
    lines = explain_trial(make_state([TRIALS[0], failed(1, "ValueError: no such layer")]), 1)
    assert lines[0] == "Trial 1 is failed. It failed: ValueError: no such layer."
    assert len(lines) == 2


def test_a_study_that_is_not_finished_is_not_told_as_one_that_is(make_state: Make) -> None:
    trials = [completed(0, 0.5, 0.7), completed(1, 0.8, 1.0)]
    so_far = "The best of the 2 trials that have ended, of 24 planned, is trial 0: log_loss 0.6 ± 0.17."
    running = explain_study(make_state(trials, {"num_trials": 24}), "still running: 2 of 24 trials so far")
    assert running.answer[1] == so_far
    assert running.standing == "still running: 2 of 24 trials so far"
    stopped = explain_study(make_state(trials, {"num_trials": 24}, Finished("stopped", 3.0)))
    assert stopped.answer[1] == so_far
    assert stopped.standing == "stopped after 2 of 24 trials; no model was exported"
    finished = explain_study(make_state(trials, {"num_trials": 24}, Finished("finished", 3.0)))
    assert (finished.standing, finished.answer[1][:32]) == ("", "The best of 2 trials is trial 0:")


def test_failed_trials_are_counted_by_what_ended_them(make_state: Make) -> None:
    reasons = ["diverged: the loss is not finite (fold 0, epoch 1)"] * 2 + ["ValueError: no such layer"]
    trials = [failed(number, reason) for number, reason in enumerate(reasons)]
    remark = "3 of 4 trials failed: diverged (2), ValueError (1)."
    assert explain_study(make_state([*trials, completed(3, 1.0, 2.0)])).remarks[-1] == remark
    assert explain_study(make_state(trials)).remarks == (
        "3 of 3 trials failed: diverged (2), ValueError (1).",
    )
    assert "failed" not in text_of(explain_study(make_state([completed(0, 1.0, 2.0)])))


def test_the_part_of_the_space_that_the_time_did_not_reach_is_said(make_state: Make) -> None:
    cohort = CohortAsked(1, 1, ({"width": 8}, {"width": 16}))
    trials = [completed(0, 0.5, 0.7, width=4)]
    limited = explain_study(make_state(trials, {"time_limit": 60.0}, cohort, Finished("finished", 60.0)))
    assert limited.remarks[-1].startswith(
        "2 of 3 configurations that were drawn were not tried before the time limit"
    )
    running = explain_study(make_state(trials, {"time_limit": 60.0}, cohort))
    unlimited = explain_study(make_state(trials, {}, cohort, Finished("stopped", 60.0)))
    assert "not tried" not in text_of(running) + text_of(unlimited)


def test_a_search_algorithm_that_failed_is_said_with_its_first_reason(make_state: Make) -> None:
    notes = ("trial 1: The search algorithm failed (LinAlgError: singular). Drawn at random.",)
    cohort = CohortAsked(1, 1, ({"width": 8}, {"width": 16}), notes, (1,))
    trials = [completed(0, 0.5, 0.7, width=4)]
    text = text_of(explain_study(make_state(trials, {}, cohort)))
    assert "The search algorithm failed for 1 of 3 trials, which were drawn at random" in text
    assert text.count("LinAlgError: singular") == 1
    quiet = CohortAsked(1, 1, ({"width": 8},), ("trial 1: Entry 2 of `search.first` equals trial 0.",))
    assert "drawn at random" not in text_of(explain_study(make_state(trials, {}, quiet)))


def test_practically_equal_is_a_share_of_the_way_to_a_perfect_score(make_state: Make) -> None:
    """Of R², where a constant has about 0, one hundredth is 0.01 and no rounding error; of the log loss, of ln 2."""
    ahead = [completed(0, 0.700, 0.703, 0.701), completed(1, 0.698, 0.699, 0.700)]
    r2 = [dataclasses.replace(trial, folds=tuple(_renamed(fold) for fold in trial.folds)) for trial in ahead]
    verdict = {"baselines": {"constant": (-0.01, -0.02, 0.0)}}
    explanation = explain_study(make_state(r2, {"metric": "r2", "direction": "max"}, verdict=verdict))
    assert explanation.rival is not None and explanation.rival.equal > 0.9


def _renamed(fold: FoldResult) -> FoldResult:
    return dataclasses.replace(fold, scores={"r2": fold.scores["log_loss"], "log_loss": 0.1})

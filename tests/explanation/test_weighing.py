"""Advice beside what the study's own trials show: what they have tried in vain is not advised, nor its opposite."""

import dataclasses
import itertools
import re
from collections.abc import Mapping
from pathlib import Path

import numpy
import pytest
from draws import draws
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from made_states import STARTED, decomposed, made_state
from paper_trials import completed

from automl.evaluation.bias_variance import LOG_LOSS, BiasVariance, Curve
from automl.explanation.diagnosis import diagnose
from automl.explanation.evidence import Evidence
from automl.explanation.study import Explanation, explain_study, explain_trial
from automl.explanation.weighing import (
    DEEPER,
    LESS,
    MORE,
    MORE_ROWS,
    NARROWER,
    WIDER,
    Tried,
    penalties,
    weigh,
)
from automl.records.events import Event, Finished
from automl.records.outcomes import VerdictReached
from automl.records.state import StudyState
from automl.trial import Direction, Objective, Trial

LOSS = Objective("log_loss", Direction.MINIMIZE)
WIDTHS = (16, 32, 64, 128, 256)


def searched(
    slopes: Mapping[str, float], at: Mapping[str, float], num_trials: int = 60, seed: int = 0
) -> list[Trial]:
    """The winner, and trials whose loss changes by these slopes for a step away from its values."""
    generator = numpy.random.default_rng(seed)
    trials = [completed(0, 0.30, 0.31, depth=2, width=int(at["width"]), dropout=at["dropout"])]
    for number in range(1, num_trials):
        width, dropout = int(generator.choice(WIDTHS)), float(generator.choice(numpy.arange(0.0, 0.51, 0.05)))
        loss = 0.5 + slopes.get("width", 0.0) * numpy.log2(width / at["width"])
        loss += slopes.get("dropout", 0.0) * (dropout - at["dropout"]) / 0.1 + 0.002 * generator.normal()
        trials.append(completed(number, loss, loss + 0.01, depth=2, width=width, dropout=dropout))
    return trials


AT = {"width": 64.0, "dropout": 0.2}


def test_what_was_tried_in_vain_is_not_advised_and_that_is_said() -> None:
    trials = searched({"width": 0.02, "dropout": 0.0}, AT)
    weighed = weigh(trials[0], (WIDER, DEEPER, *penalties(trials[0], MORE), MORE_ROWS), Tried(trials, LOSS))
    assert weighed.advice == ("a deeper network", "more `l2`", "more rows")
    assert weighed.changes == {"depth": MORE, "l2": MORE}
    wider, dropout = weighed.tried
    match = re.fullmatch(r"twice as wide changed log_loss by \+0\.0\d+ ± 0\.000\d \(\d+ trials\)", wider)
    assert match is not None
    assert re.fullmatch(r"0\.1 more `dropout` changed log_loss by [+−]\S+ ± 0\.000\d \(\d+ trials\)", dropout)


def test_what_has_helped_comes_first() -> None:
    trials = searched({"dropout": -0.03}, AT)
    weighed = weigh(trials[0], (NARROWER, *penalties(trials[0], MORE)), Tried(trials, LOSS))
    assert weighed.advice[0] == "more `dropout`"
    assert "a narrower network" not in weighed.advice


def test_what_the_trials_leave_open_stays_advised() -> None:
    trials = searched({}, AT, num_trials=5)
    proposals = (WIDER, NARROWER, MORE_ROWS)
    assert weigh(trials[0], proposals, Tried(trials, LOSS)).advice == tuple(text for text, _ in proposals)
    assert weigh(trials[0], proposals, None).tried == ()


def test_an_edge_of_the_range_is_not_left_for_the_other_end() -> None:
    trial = completed(0, 0.3, 0.3, depth=2, width=256, dropout=0.2)
    weighed = weigh(trial, (NARROWER, MORE_ROWS), Tried([trial], LOSS, edges={"width": "high"}))
    assert (weighed.advice, weighed.changes) == (("more rows",), {})
    assert weigh(trial, (WIDER,), Tried([trial], LOSS, edges={"width": "high"})).changes == {"width": MORE}


def test_where_everything_was_tried_better_columns_are_what_is_left() -> None:
    trials = searched({"width": 0.02, "dropout": 0.02}, AT)
    trial_with_rate = dataclasses.replace(
        trials[0], folds=tuple(dataclasses.replace(fold, best_epoch=100) for fold in trials[0].folds)
    )
    evidence = Evidence(trial_with_rate, 100, 1.0, tried=Tried(trials, LOSS))
    assert diagnose(evidence).advice == ("raise `training.epochs`", "raise `learning_rate`")
    trial = completed(0, 0.99, 0.99, depth=2, width=64, dropout=0.2)
    failing = dataclasses.replace(
        trial,
        folds=tuple(dataclasses.replace(fold, training_scores={"log_loss": 0.2}) for fold in trial.folds),
    )
    diagnosed = diagnose(Evidence(failing, 100, 1.0, tried=Tried(trials, LOSS)))
    assert (
        diagnosed.name == "no_signal"
        and "width" not in diagnosed.changes
        and "dropout" not in diagnosed.changes
    )


def test_an_analysis_that_a_quantile_does_not_get_is_not_advised() -> None:
    trial = completed(0, 0.5, 0.5, width=8)
    folds = tuple(dataclasses.replace(fold, scores={"pinball_90": 0.5}) for fold in trial.folds)
    quantile = dataclasses.replace(trial, folds=folds)
    diagnosed = diagnose(Evidence(quantile, 100, 1.0, quantile="pinball_90"))
    assert (diagnosed.name, diagnosed.advice) == ("not_analyzed", ())
    assert diagnosed.sentence.startswith("The loss of a quantile has no bias and variance to measure: ")
    assert "bias_variance" in diagnose(Evidence(trial, 100, 1.0)).advice[0]


def parts(number: int, variance: float, rest: float, error: float) -> BiasVariance:
    curves = (Curve((value,), (error,)) for value in (variance + rest, variance, rest))
    return BiasVariance(number, LOG_LOSS, (2,), 2, *curves, (0.1,), {}, {}, 1.0, 8, 1, 5, 100)


ADVICE = {
    "width": ("a wider network", "a narrower network"),
    "depth": ("a deeper network", "lower `depth`"),
    "dropout": ("more `dropout`(?! changed)", "less `dropout`(?! changed)"),
    "learning_rate": ("raise `learning_rate`", "lower `learning_rate`"),
}
MOVES = {
    name: tuple(
        f"{words_of_edge}|edge of `{name}`: look {where}"
        for words_of_edge, where in zip(words, ("above", "below"), strict=True)
    )
    for name, words in ADVICE.items()
}


def check_consistent(explanation: Explanation) -> None:
    """No two sentences recommend opposite changes, and the changes for a program are those of the sentences."""
    advised = [
        line
        for line in (*explanation.answer, *explanation.limits, *explanation.remarks)
        if not line.startswith("Tried already")
    ]
    text = " ".join(advised)
    for name, (more, less) in MOVES.items():
        ups, downs = re.findall(more, text), re.findall(less, text)
        assert not (ups and downs), f"{name}: {ups} and {downs}"
        if explanation.changes.get(name) == MORE:
            assert not downs
        if explanation.changes.get(name) == LESS:
            assert not ups
    if "little left to find" in text:
        assert "edge" not in text
    if "nothing to learn" in text:
        assert "is significantly better than a constant" not in text
    takes = {
        word
        for word in ("Take the network", "Take the linear model", "Take gradient boosting")
        if word in text
    }
    assert len(takes) <= 1
    diagnosis = explanation.diagnoses.get(
        explanation.verdict.trial if explanation.verdict.trial is not None else -1
    )
    if diagnosis is not None:
        assert list(diagnosis.advice) == [
            part
            for line in explanation.limits
            if line.startswith("To try next: ")
            for part in line[13:-1].split("; ")
        ]


@draws(60, [HealthCheck.function_scoped_fixture])
@given(
    width_slope=st.sampled_from([-0.05, -0.01, 0.0, 0.01, 0.05]),
    dropout_slope=st.sampled_from([-0.05, 0.0, 0.05]),
    at_width=st.sampled_from(WIDTHS),
    variance=st.sampled_from([0.001, 0.02, 0.2]),
    rest=st.sampled_from([0.01, 0.1, 0.3]),
    scores=st.tuples(*[st.sampled_from([0.2, 0.3, 0.32, 0.9, 1.4])] * 2),
    seed=st.integers(0, 5),
)
def test_no_two_sentences_of_a_study_recommend_opposite_changes(
    tmp_path_factory: pytest.TempPathFactory,
    width_slope: float,
    dropout_slope: float,
    at_width: int,
    variance: float,
    rest: float,
    scores: tuple[float, float],
    seed: int,
) -> None:
    trials = searched(
        {"width": width_slope, "dropout": dropout_slope}, {"width": at_width, "dropout": 0.2}, 40, seed
    )
    state = whole(tmp_path_factory.mktemp("made"), trials, variance, rest, scores)
    explanation = explain_study(state)
    check_consistent(explanation)
    assert state.best is not None
    lines = explain_trial(state, state.best.number)
    assert [line for line in lines if line.startswith("To change: ")] == [
        f"To change: {advice}." for advice in explanation.diagnoses[state.best.number].advice
    ]


def whole(
    folder: Path, trials: list[Trial], variance: float, rest: float, scores: tuple[float, float]
) -> StudyState:
    """A study with all parts of an explanation: search, verdict, analysis of its best trials."""
    best = LOSS.rank(trials)[:3]
    network = best[0].mean("log_loss")
    linear, boosting = scores
    plain = {"constant": 1.0, "linear": linear, "gradient boosting": boosting}
    differences = {
        name: (network - score, network - score - 0.05, network - score + 0.05)
        for name, score in plain.items()
    }
    names = list(plain)
    between = {
        name: {
            rival: (
                plain[name] - plain[rival],
                plain[name] - plain[rival] - 0.05,
                plain[name] - plain[rival] + 0.05,
            )
            for rival in names[: names.index(name)]
        }
        for name in names
    }
    reached = VerdictReached(
        trial=best[0].number,
        num_trials=len(trials),
        baselines={name: (score, score + 0.001) for name, score in plain.items()},
        corrected=(network, network - 0.03, network + 0.03),
        differences=differences,
        between=between,
    )
    answers: list[Event] = [
        decomposed(folder, parts(trial.number, variance * (1 + place), rest * (1 + place / 5), 0.005))
        for place, trial in enumerate(best)
    ]
    started = dataclasses.replace(
        STARTED,
        searched=("width", "dropout"),
        bounds={"width": (16.0, 256.0, False), "dropout": (0.0, 0.5, False)},
        num_folds=2,
        num_epochs=100,
        constant=1.0,
    )
    return made_state(folder, trials, reached, *answers, Finished("finished", 1.0), started=started)


def test_every_kind_of_study_has_one_verdict(tmp_path: Path) -> None:
    """The four fits of network and baselines, with a search whose best trials lie at either end."""
    for number, (slope, scores) in enumerate(
        itertools.product((-0.05, 0.05), ((0.2, 0.9), (0.9, 0.2), (1.4, 1.4)))
    ):
        at = 256 if slope < 0.0 else 16
        trials = searched({"width": slope}, {"width": at, "dropout": 0.2}, 40)
        explanation = explain_study(whole(tmp_path / str(number), trials, 0.001, 0.01, scores))
        check_consistent(explanation)
        assert explanation.answer[0] == explanation.verdict.sentence

"""The verdict over made studies: which model is to be taken, and that no sentence is refuted by a number beside it."""

import dataclasses
import itertools
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from draws import draws
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from made_states import STARTED, made_state
from paper_trials import completed, failed

from automl.evaluation.resampling import Estimate
from automl.explanation.answer import verdict_of
from automl.explanation.verdict import (
    BOOSTING,
    CONSTANT,
    LINEAR,
    NAMES,
    NETWORK,
    Contender,
    Numbers,
    decide,
    numbers_of,
)
from automl.records.events import Event, Finished
from automl.records.outcomes import VerdictReached
from automl.records.state import StudyState
from automl.trial import Direction

MODELS = (NETWORK, LINEAR, BOOSTING, CONSTANT)
END = Finished("finished", 1.0)
NOT_KNOWN = (math.nan, math.nan)


def reached(values: Mapping[str, float], half: float = 0.05, **changes: Any) -> VerdictReached:
    """Models of these scores, of which any two are significantly different where they are further apart than `half`."""

    def apart(name: str, rival: str) -> tuple[float, float, float]:
        difference = values[name] - values[rival]
        return difference, difference - half, difference + half

    plain = [name for name in MODELS[1:] if name in values]
    fields = {
        "trial": 0,
        "num_trials": 2,
        "baselines": {name: (values[name],) * 2 for name in plain},
        "corrected": (values[NETWORK], values[NETWORK] - half, values[NETWORK] + half),
        "differences": {name: apart(NETWORK, name) for name in plain},
        "scores": {name: (values[name], values[name] - half, values[name] + half) for name in plain},
        "between": {
            name: {rival: apart(name, rival) for rival in plain[:place]} for place, name in enumerate(plain)
        },
    }
    return VerdictReached(**fields | changes)


def study(folder: Path, *events: Event, direction: str = "min", **changes: Any) -> StudyState:
    trials = [completed(0, 0.5, 0.5, depth=1, width=256, activation="tanh", dropout=0.3), failed(1)]
    started = dataclasses.replace(STARTED, direction=direction, num_folds=2, **changes)
    return made_state(folder, trials, *events, END, started=started)


def scored(network: float, linear: float, boosting: float, constant: float = 1.0) -> dict[str, float]:
    return dict(zip(MODELS, (network, linear, boosting, constant), strict=True))


def test_two_models_without_an_error_are_not_significantly_different(tmp_path: Path) -> None:
    """Failed: a linear model as perfect as the network was passed over, because no resample of the rows differed."""
    verdict = reached(
        scored(0.0, 0.0, 0.4),
        differences={
            LINEAR: (0.0, *NOT_KNOWN),
            BOOSTING: (-0.4, -0.45, -0.35),
            CONSTANT: (-1.0, -1.05, -0.95),
        },
    )
    answer = verdict_of(study(tmp_path, verdict))
    assert answer.take == ""
    assert answer.sentence.startswith(
        "The network (log_loss 0) is not significantly different on these rows from the linear"
    )
    assert "nan" not in " ".join((answer.sentence, *answer.comparisons))


@pytest.mark.parametrize(
    ("scores", "take", "begin"),
    [
        (scored(0.4, 0.6, 0.7), NETWORK, "Take the network (1 layer of 256 tanh units, dropout 0.3): its log_loss"),
        (scored(0.6, 0.4, 0.7), LINEAR, "Take the linear model: its log_loss of 0.4 is significantly better than"),
        (scored(0.6, 0.7, 0.4), BOOSTING, "Take gradient boosting: its log_loss of 0.4 is significantly better"),
        (scored(0.6, 0.45, 0.4), LINEAR, "Take the linear model"),  # as good as boosting, and simpler
        (scored(0.6, 0.5, 0.4), BOOSTING, "Take gradient boosting"),
        (scored(1.1, 1.2, 1.3), CONSTANT, "No model here is significantly better than a constant on these rows"),
        (scored(0.99, 1.0, 1.3), CONSTANT, "No model here is significantly better than a constant on these rows"),
        (scored(0.41, 0.4, 0.7), "", "The network (log_loss 0.41) is not significantly different on these rows from"),
        (scored(0.4, 0.41, 0.42), "", "The network (log_loss 0.4) is not significantly different on these rows from"),
        (scored(0.94, 0.96, 1.5), NETWORK, "Take the network"),  # the others have learned nothing
    ],
)  # fmt: skip
@pytest.mark.parametrize("direction", ["min", "max"])
def test_the_model_to_take_is_the_one_that_is_significantly_better(
    tmp_path: Path, scores: dict[str, float], take: str, begin: str, direction: str
) -> None:
    if direction == "max":
        scores, begin = {name: -score for name, score in scores.items()}, re.sub(r"(0\.\d+)", "−\\1", begin)
        begin = begin.replace("dropout −", "dropout ")
    verdict = verdict_of(study(tmp_path, reached(scores), direction=direction))
    assert verdict.take == take
    assert verdict.sentence.startswith(begin)
    assert str(verdict) == verdict.sentence


def test_the_value_holds_what_a_chart_needs(tmp_path: Path) -> None:
    verdict = verdict_of(study(tmp_path, reached(scored(0.4, 0.6, 0.7))))
    drawn = [
        (contender.name, contender.score, round(contender.low, 9), round(contender.high, 9))
        for contender in verdict.contenders
    ]
    assert drawn == [
        (NETWORK, 0.4, 0.35, 0.45),
        (LINEAR, 0.6, 0.55, 0.65),
        (BOOSTING, 0.7, 0.65, 0.75),
        (CONSTANT, 1.0, 0.95, 1.05),
    ]
    assert (verdict.winner, verdict.trial) == ("1 layer of 256 tanh units, dropout 0.3", 0)
    assert (verdict.metric, verdict.direction) == ("log_loss", Direction.MINIMIZE)


def test_where_the_difference_holds_0_the_sentence_has_its_interval(tmp_path: Path) -> None:
    sentence = verdict_of(study(tmp_path, reached(scored(0.6, 0.59, 0.8)))).sentence
    assert sentence == (
        "The network (log_loss 0.6) is not significantly different on these rows from the linear model (0.59; "
        "difference 0.01, 95 % interval −0.04 to 0.06), allowing for the choice among 2 trials; the linear model is "
        "the simplest."
    )


def test_a_linear_model_that_is_taken_can_be_exported(tmp_path: Path) -> None:
    sentence = verdict_of(study(tmp_path, reached(scored(0.61, 0.5, 0.7)))).sentence
    assert sentence.endswith("`automl export wine --baseline linear` writes it.")


def test_boosting_that_is_worse_than_a_constant_is_not_called_beaten(tmp_path: Path) -> None:
    verdict = verdict_of(study(tmp_path, reached(scored(0.4, 0.6, 1.2))))
    assert verdict.sentence == (
        "Take the network (1 layer of 256 tanh units, dropout 0.3): its log_loss of 0.4 is significantly better than "
        "that of the linear model (0.6), allowing for the choice among 2 trials; gradient boosting is not "
        "significantly better than a constant."
    )
    numbers = "log_loss: difference 0.2, 95 % interval 0.15 to 0.25"
    assert f"Gradient boosting is significantly worse than a constant ({numbers})." in verdict.comparisons


def test_what_a_baseline_has_learned_is_not_called_nothing_to_learn(tmp_path: Path) -> None:
    """The network is no better than a constant, and the linear model is: there is something to learn."""
    verdict = verdict_of(study(tmp_path, reached(scored(0.97, 0.5, 0.6))))
    assert verdict.take == LINEAR
    text = " ".join([verdict.sentence, *verdict.comparisons])
    assert "nothing to learn" not in text and "No model" not in text
    assert "The network is not significantly better than a constant (log_loss: difference −0.03" in text
    close = verdict_of(study(tmp_path / "close", reached(scored(0.97, 0.94, 1.3))))
    assert close.take == ""
    assert close.sentence.endswith("; of them only the linear model is significantly better than a constant.")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"baselines": {}, "differences": {}}, "no other model was fitted, so whether a network is needed"),
        (
            {"baselines": {LINEAR: (0.5,)}, "differences": {}, "scores": {}},
            "no other model was fitted on every fold",
        ),
        (
            {"differences": {LINEAR: (-0.2, *NOT_KNOWN)}, "num_units": 7, "unit": "groups"},
            "the difference between the models has no interval (7 groups; an interval needs 10)",
        ),
        (
            {"differences": {LINEAR: (-0.2, *NOT_KNOWN)}, "num_units": 700, "unit": "rows"},
            "has no interval (the resamples of the rows do not differ)",
        ),
        ({"trial": 5}, "no other model was fitted"),  # recorded of a trial that is the best no more
    ],
)
def test_without_an_interval_nothing_is_taken(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    verdict = verdict_of(study(tmp_path, reached(scored(0.4, 0.6, 0.7), **changes)))
    assert verdict.take == ""
    assert verdict.sentence.startswith("No verdict: ") and sentence in verdict.sentence


def test_a_study_that_runs_has_no_verdict_yet(tmp_path: Path) -> None:
    running = made_state(tmp_path, [completed(0, 0.5, 0.5)])
    assert verdict_of(running).sentence == "No verdict: the other models are fitted when the search is over."
    nothing = verdict_of(made_state(tmp_path / "failed", [failed(0)]))
    assert nothing.sentence == "No trial completed: there is no network to take."
    assert nothing.contenders == () and nothing.trial is None


def test_a_baseline_of_some_folds_is_called_so_and_not_compared(tmp_path: Path) -> None:
    some_folds = reached(
        scored(0.4, 0.6, 0.7), baselines={LINEAR: (0.6, 0.6), BOOSTING: (0.7,), CONSTANT: (1.0, 1.0)}
    )
    differences = {name: estimate for name, estimate in some_folds.differences.items() if name != BOOSTING}
    verdict = verdict_of(study(tmp_path, dataclasses.replace(some_folds, differences=differences)))
    assert verdict.take == NETWORK
    partly = "Gradient boosting was fitted on the first fold only, so it is not compared with the network."
    assert verdict.comparisons[0] == partly


def test_a_comparison_of_optimistic_scores_is_called_so(tmp_path: Path) -> None:
    answer = verdict_of(study(tmp_path, reached(scored(0.4, 0.6, 0.7)), optimistic=True))
    assert all(
        "optimistic: the scored rows chose the epochs" in line
        for line in (answer.sentence, *answer.comparisons)
    )


def test_a_record_of_an_earlier_version_has_a_verdict(tmp_path: Path) -> None:
    """It holds no intervals of baselines, and no differences between them."""
    earlier = reached(scored(0.6, 0.5, 0.7), scores={}, between={})
    verdict = verdict_of(study(tmp_path, earlier))
    assert verdict.take == LINEAR
    assert [contender.score for contender in verdict.contenders] == [0.6, 0.5, 0.7, 1.0]
    assert all(math.isnan(contender.low) for contender in verdict.contenders[1:])


BY_NAME = {words: name for name, words in NAMES.items()}


def check_claim(line: str, numbers: Numbers) -> None:
    """The comparison that a sentence makes is one that the numbers make."""
    if claim := re.match(r"The network is significantly (better|worse) than ([a-z ]+) \(", line):
        assert numbers.sign(NETWORK, BY_NAME[claim[2]]) == (1 if claim[1] == "better" else -1), line
    elif claim := re.match(r"The network and ([a-z ]+) are not significantly different \(", line):
        assert numbers.sign(NETWORK, BY_NAME[claim[1]]) == 0, line
    elif claim := re.match(r"([A-Za-z ]+) is significantly worse than a constant \(", line):
        assert numbers.sign(BY_NAME[claim[1].lower()], CONSTANT) == -1, line
    else:
        claim = re.match(r"([A-Za-z ]+) is not significantly better than a constant \(", line)
        assert claim, f"a sentence that this test does not know: {line}"
        assert numbers.sign(BY_NAME[claim[1].lower()], CONSTANT) in (0, -1), line


@draws(300, [HealthCheck.function_scoped_fixture])
@given(
    scores=st.tuples(*[st.integers(0, 12)] * 4),
    half=st.integers(1, 4),
    direction=st.sampled_from(["min", "max"]),
    left_out=st.sets(st.sampled_from(MODELS[1:])),
)
def test_no_sentence_is_refuted_by_a_number_beside_it(
    tmp_path_factory: pytest.TempPathFactory,
    scores: tuple[int, ...],
    half: int,
    direction: str,
    left_out: set[str],
) -> None:
    values = {name: score / 10 for name, score in zip(MODELS, scores, strict=True) if name not in left_out}
    state = study(tmp_path_factory.mktemp("made"), reached(values, half / 10 + 0.001), direction=direction)
    numbers, verdict = numbers_of(state), verdict_of(state)
    for line in verdict.comparisons:
        check_claim(line, numbers)
    assert verdict.sentence.count("Take ") == (verdict.take not in ("", CONSTANT))
    models = [name for name in numbers.models if name != verdict.take]
    if verdict.take in numbers.models:
        assert all(numbers.sign(name, verdict.take) != 1 for name in models), "another one is better"
        assert f"Take {NAMES[verdict.take]}" in verdict.sentence
        if verdict.take == NETWORK:
            rivals = [name for name in models if numbers.learned(name) is not False]
            assert all(numbers.sign(NETWORK, name) == 1 for name in rivals)
        else:
            assert numbers.sign(verdict.take, NETWORK) == 1
    elif verdict.take == CONSTANT:
        assert all(numbers.sign(name, CONSTANT) != 1 for name in numbers.models)
    elif "not significantly different" in verdict.sentence:
        level = [
            name
            for name in models
            if NAMES[name] in verdict.sentence.partition(" from ")[2].partition("),")[0]
        ]
        assert level and all(numbers.sign(NETWORK, name) == 0 for name in level)


def test_one_model_is_taken_for_every_order_of_four() -> None:
    """Clearly different scores: the best of the four, and the network's score decides nothing about the others."""
    for order in itertools.permutations(range(4)):
        scores = dict(zip(MODELS, map(float, order), strict=True))
        differences = {
            (model, rival): Estimate(*(scores[model] - scores[rival] + end for end in (0.0, -0.1, 0.1)))
            for model in MODELS
            for rival in MODELS
        }
        contenders = {
            name: Contender(name, score, difference=None if name == NETWORK else differences[NETWORK, name])
            for name, score in scores.items()
        }
        between = {model: {rival: differences[model, rival] for rival in MODELS[1:]} for model in MODELS[1:]}
        assert decide(Numbers(contenders, between)) == min(MODELS, key=lambda name: scores[name])

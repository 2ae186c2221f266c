"""What is special to TPE: it learns, in conditional spaces too, from ranks, from cohorts and from failures."""

import math
import statistics
from collections.abc import Callable, Sequence

import numpy
import optuna
import pytest
from search_spaces import ACCURACY, LOSS, assert_legal, build, quadratic, space_of

from automl.search import parzen
from automl.search.history import History
from automl.search.sampler import EndedEarly, Proposal, Sampler
from automl.search.scores import best_and_newest
from automl.search.space.parameter import Condition
from automl.search.space.parameters import Choice, Fixed, Float, Int
from automl.search.space.scales import Scale
from automl.search.space.space import Space
from automl.search.table import make_sampler
from automl.trial import Direction, Hyperparameters, derive_seed

DENSE, CONVOLUTION = (Condition("kind", (kind,)) for kind in ("dense", "convolution"))
MIXED = Space(
    (
        Choice("kind", ("linear", "dense", "convolution")),
        Int("depth", 1, 4, conditions=(DENSE,)),
        Choice("width", (16, 32, 64, 128), conditions=(DENSE,)),
        Choice("gated", (False, True), conditions=(DENSE,)),
        Float("gate", 0.0, 1.0, conditions=(DENSE, Condition("gated", (True,)))),
        Int("width", 4, 64, scale=Scale.LOG, conditions=(CONVOLUTION,)),
        Float("keep", 0.5, 0.999, scale=Scale.REVERSE_LOG),
        Float("rate", 1e-5, 1e-1, scale=Scale.LOG),
        Int("batch", 16, 256, 2, Scale.LOG),
        Choice("activation", ("relu", "tanh", "gelu")),
        Fixed("seed", 3),
    )
)


def mixed(values: Hyperparameters) -> float:
    """0 at best: a gated dense network of three layers of 64, a rate of 3e-3, gelu, batches of 64."""
    loss = 0.3 * (math.log10(float(values["rate"])) + 2.5) ** 2 + 0.05 * abs(
        math.log2(float(values["batch"])) - 6.0
    )
    loss += {"relu": 0.1, "tanh": 0.3, "gelu": 0.0}[str(values["activation"])] + 2.0 * (
        float(values["keep"]) - 0.9
    ) ** 2
    if values["kind"] == "linear":
        return loss + 1.0
    if values["kind"] == "convolution":
        return loss + 0.6 + 0.05 * abs(math.log2(float(values["width"])) - 4.0)
    loss += 0.15 * abs(int(values["depth"]) - 3) + 0.1 * abs(math.log2(float(values["width"])) - 6.0)
    return loss + (abs(float(values["gate"]) - 0.3) if values["gated"] else 0.25)


def search(
    name: str,
    space: Space,
    function: Callable[[Hyperparameters], float],
    num_trials: int,
    seed: int,
    cohort: int | None = None,
) -> list[float]:
    """The losses of a study that even seeds minimize and odd seeds maximize."""
    objective, sign = (LOSS, 1.0) if seed % 2 == 0 else (ACCURACY, -1.0)
    sampler = make_sampler(name, space, objective, num_trials, seed)
    losses: list[float] = []
    while len(losses) < num_trials:
        proposals = sampler.ask(min(cohort or sampler.cohort_size() or 10, num_trials - len(losses)))
        scores = [function(proposal.hyperparameters) for proposal in proposals]
        sampler.tell(
            [(proposal.number, sign * loss) for proposal, loss in zip(proposals, scores, strict=True)]
        )
        losses += scores
    return losses


def test_tpe_beats_random_on_a_mixed_conditional_function() -> None:
    """Both minimizing and maximizing; the best of 60 trials, over 16 seeds."""
    random, tpe = (
        [min(search(name, MIXED, mixed, 60, seed)) for seed in range(16)] for name in ("random", "tpe")
    )
    for direction in (0, 1):
        assert statistics.fmean(tpe[direction::2]) < 0.7 * statistics.fmean(random[direction::2])


def test_proposals_of_the_model_are_in_the_space_under_its_conditions() -> None:
    sampler = make_sampler("tpe", MIXED, LOSS, 9, 1)
    for _ in range(8):
        proposals = sampler.ask(5)
        for proposal in proposals:
            assert proposal.note == ""
            values = proposal.hyperparameters
            assert [parameter.name for parameter in MIXED.active(values)] == list(values)
            assert all(parameter.holds(values[parameter.name]) for parameter in MIXED.active(values))
            assert ("depth" in values) == (values["kind"] == "dense")
            assert ("gate" in values) == (values.get("gated") is True)
        sampler.tell([(proposal.number, mixed(proposal.hyperparameters)) for proposal in proposals])


def cliff(hyperparameters: Hyperparameters) -> float:
    """The quadratic, but networks diverge at a dropout below 0.3, a third of the range."""
    return math.inf if float(hyperparameters["dropout"]) < 0.3 else quadratic(hyperparameters)


def test_tpe_leaves_the_corner_where_trials_fail() -> None:
    studies = [search("tpe", space_of("continuous"), cliff, 40, seed) for seed in range(8)]
    failed = sum(sum(map(math.isinf, losses[20:])) for losses in studies)
    assert failed < 30  # of 160, where random ones would be 53


def make_informed(space: Space, num_trials: int, transform: Callable[[int, float], object]) -> Sampler:
    sampler = make_sampler("tpe", space, LOSS, 9, 0)
    proposals = sampler.ask(num_trials)
    sampler.tell(
        [
            (proposal.number, transform(proposal.number, quadratic(proposal.hyperparameters)))
            for proposal in proposals
        ]
    )  # type: ignore[misc]
    return sampler


def test_only_the_order_of_the_scores_counts() -> None:
    space = space_of("continuous")
    raw, transformed = (
        make_informed(space, 12, by)
        for by in (lambda _, loss: loss, lambda _, loss: math.exp(9 * loss) - 1e6)
    )
    assert raw.ask(5) == transformed.ask(5)


def test_the_order_of_telling_does_not_count() -> None:
    space = space_of("continuous")
    first, second = (make_sampler("tpe", space, LOSS, 9, 0) for _ in range(2))
    results = [(proposal.number, quadratic(proposal.hyperparameters)) for proposal in first.ask(12)]
    assert second.ask(12)
    first.tell(results)
    second.tell(results[6:])
    second.ask(0)
    second.tell([(0, 99.0), *results[5::-1]])
    assert first.ask(3) == second.ask(3)


def test_trials_that_ended_early_are_worse_than_the_others_and_better_than_failed_ones() -> None:
    """Told as rungs or told as such scores: the same proposals."""
    space = space_of("continuous")

    def with_rungs(number: int, loss: float) -> object:
        return None if number % 5 == 4 else EndedEarly(1 + number % 2, loss) if number % 5 > 1 else loss

    def with_scores(number: int, loss: float) -> object:
        return 1e9 if number % 5 == 4 else 1e6 - 1e3 * (number % 2) + loss if number % 5 > 1 else loss

    assert make_informed(space, 20, with_rungs).ask(5) == make_informed(space, 20, with_scores).ask(5)


def test_pending_trials_spread_a_cohort() -> None:
    """Against the first proposals of studies that know no pending trial, with the seeds of the cohort's trials."""
    space = space_of("continuous")
    spread, alone = [], []
    for seed in range(6):
        sampler = make_sampler("tpe", space, LOSS, 9, seed)
        proposals = sampler.ask(30)
        sampler.tell([(proposal.number, quadratic(proposal.hyperparameters)) for proposal in proposals])
        spread.append(distance([proposal.hyperparameters for proposal in sampler.ask(20)]))
        rule = parzen.ParzenRule(space, LOSS)
        history = History()
        for proposal in proposals:
            history.add(proposal.hyperparameters)
        history.tell([(proposal.number, quadratic(proposal.hyperparameters)) for proposal in proposals])
        seeds = [numpy.random.default_rng(derive_seed(seed, "sampler", number)) for number in range(30, 50)]
        alone.append(distance([rule(history, generator) for generator in seeds]))
    assert statistics.fmean(spread) > 1.2 * statistics.fmean(alone)


def distance(configurations: Sequence[Hyperparameters]) -> float:
    """The mean distance to the nearest other one, on the unit square."""
    points = numpy.array([space_of("continuous").to_unit(values) for values in configurations])
    apart = numpy.linalg.norm(points[:, None] - points[None], axis=2)
    numpy.fill_diagonal(apart, numpy.inf)
    return float(apart.min(axis=1).mean())


def test_a_range_that_was_narrowed_since_is_no_failure() -> None:
    """Trials outside it stay known, without the value that the space has no more."""
    wide, narrow = build({"dropout": {"float": [0.0, 0.9]}}), build({"dropout": {"float": [0.0, 0.3]}})
    proposals = make_sampler("tpe", wide, LOSS, 9, 0).ask(12)
    sampler = make_sampler("tpe", narrow, LOSS, 9, 0)
    sampler.restore(
        [proposal.hyperparameters for proposal in proposals],
        [(proposal.number, float(proposal.number)) for proposal in proposals],
    )
    for proposal in sampler.ask(5):
        assert proposal.note == ""
        assert_legal(narrow, proposal.hyperparameters)


def test_of_many_trials_it_sees_the_best_and_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parzen, "MOST_SHOWN", 10)
    values_by_call: list[list[float | None]] = []
    create = optuna.trial.create_trial

    def watched(**arguments: object) -> optuna.trial.FrozenTrial:
        values_by_call[-1].append(arguments["params"]["000 dropout"])  # type: ignore[index]
        return create(**arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(optuna.trial, "create_trial", watched)
    space = Space((Float("dropout", 0.0, 1.0),))
    sampler = make_sampler("tpe", space, LOSS, 9, 0)
    proposals: list[Proposal] = sampler.ask(30)
    sampler.tell([(proposal.number, abs(proposal.number - 12.2)) for proposal in proposals[:28]])
    values_by_call.append([])
    sampler.ask(1)
    numbers = [
        next(n for n, proposal in enumerate(proposals) if proposal.hyperparameters["dropout"] == value)
        for value in values_by_call[0]
    ]
    assert numbers == [10, 11, 12, 13, 14, 23, 24, 25, 26, 27, 28, 29]  # and the pending ones


@pytest.mark.parametrize("direction", Direction)
def test_the_best_and_the_newest_are_by_number(direction: Direction) -> None:
    sign = 1.0 if direction is Direction.MINIMIZE else -1.0
    scores = {number: sign * float((number * 7) % 40) for number in range(0, 80, 2)}
    assert best_and_newest(scores, direction, 40) == sorted(scores)
    shown = best_and_newest(scores, direction, 12)
    assert shown[6:] == [68, 70, 72, 74, 76, 78]
    best_first = sorted(range(0, 68, 2), key=lambda number: sign * scores[number])
    assert {scores[number] for number in shown[:6]} == {scores[number] for number in best_first[:6]}


def test_a_failing_library_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    sampler = make_informed(space_of("continuous"), 12, lambda _, loss: loss)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no model today")

    monkeypatch.setattr(optuna.samplers, "TPESampler", fail)
    (proposal,) = sampler.ask(1)
    assert proposal.note == "The search algorithm failed (RuntimeError: no model today). Drawn at random."


def test_optunas_own_logging_stays_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    before = optuna.logging.get_verbosity()
    make_informed(space_of("continuous"), 12, lambda _, loss: loss).ask(2)
    assert optuna.logging.get_verbosity() == before
    assert capfd.readouterr() == ("", "")


def test_the_model_begins_with_the_points_of_a_sobol_sequence() -> None:
    """They fill the space more evenly than random ones, and the first configurations of a study come before them."""
    tpe, sobol = (make_sampler(name, MIXED, LOSS, 60, 3) for name in ("tpe", "sobol"))
    initial = [proposal.hyperparameters for proposal in tpe.ask(20)]
    assert initial == [proposal.hyperparameters for proposal in sobol.ask(20)]

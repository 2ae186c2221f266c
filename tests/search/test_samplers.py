"""Conformance: what every sampler in the table does."""

import json
import math
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import pytest
from search_spaces import (
    ENTRIES,
    LOSS,
    NUM_FINITE,
    assert_distinct,
    assert_legal,
    in_thread,
    quadratic,
    space_of,
    values_of,
)

from automl.errors import SearchSpaceError
from automl.search.guards import GuardedSampler
from automl.search.sampler import EndedEarly, Proposal, Sampler
from automl.search.table import SAMPLERS, make_sampler

NAMES = sorted(SAMPLERS)


def sampler_of(name: str, space: str = "continuous", num_trials: int = 1000, seed: int = 7) -> Sampler:
    """With so many trials to come, the Gaussian process does not begin in a test that is not about it."""
    return make_sampler(name, space_of(space), LOSS, num_trials, seed)


@pytest.mark.parametrize("entries", sorted(ENTRIES))
@pytest.mark.parametrize("name", NAMES)
def test_proposals_are_legal_and_distinct(name: str, entries: str) -> None:
    space = space_of(entries)
    proposals = make_sampler(name, space, LOSS, 1000, 7).ask(60)
    assert proposals
    assert [proposal.number for proposal in proposals] == list(range(len(proposals)))
    assert_distinct(proposals)
    for proposal in proposals:
        assert_legal(space, proposal.hyperparameters)
    json.dumps([dict(proposal.hyperparameters) for proposal in proposals])


@pytest.mark.parametrize("entries", sorted(ENTRIES))
@pytest.mark.parametrize("name", NAMES)
def test_proposals_stay_legal_and_distinct_as_results_come_in(name: str, entries: str) -> None:
    """Behind the guards, whatever the model proposes; it begins after three or four trials. Every fifth fails."""
    space = space_of(entries)
    sampler = make_sampler(name, space, LOSS, 9, 5)
    assert isinstance(sampler, GuardedSampler)
    proposals: list[Proposal] = []
    for size in (4, 3, 5, 1, 4):
        cohort = sampler.ask(size)
        results = [
            (proposal.number, None if proposal.number % 5 == 1 else proposal.number % 7 / 7.0)
            for proposal in cohort
        ]
        sampler.tell([*results, *((proposal.number, EndedEarly(1, 0.5)) for proposal in cohort[3:4])])
        proposals += cohort
    assert_distinct(proposals)
    for proposal in proposals:
        assert_legal(space, proposal.hyperparameters)
        assert "failed" not in proposal.note
    json.dumps([dict(proposal.hyperparameters) for proposal in proposals])


@pytest.mark.parametrize("name", NAMES)
def test_configurations_that_are_asked_for_come_first_and_once(name: str) -> None:
    """What they leave out is drawn; the algorithm goes on behind them, and learns from them."""
    first = [{"depth": 1, "width": 32, "activation": "relu"}, {"depth": 0}, {"depth": 0}]
    whole = space_of("finite")
    sampler = make_sampler(name, whole, LOSS, 1000, 7, first)
    proposals = sampler.ask(NUM_FINITE + 5)
    assert len(proposals) == NUM_FINITE
    assert_distinct(proposals)
    first_values = [proposal.hyperparameters for proposal in proposals[:3]]
    assert first[0].items() <= first_values[0].items() and first_values[1]["depth"] == 0
    sampler.tell([(proposal.number, 1.0) for proposal in proposals])


@pytest.mark.parametrize("name", NAMES)
def test_a_finite_space_is_explored_to_its_end(name: str) -> None:
    sampler = sampler_of(name, "finite")
    proposals = [proposal for _ in range(20) for proposal in sampler.ask(3)]
    configurations = space_of("finite").configurations()
    assert configurations is not None
    assert len(proposals) == NUM_FINITE
    assert set(values_of(proposals)) == {tuple(configuration.items()) for configuration in configurations}
    assert sampler.ask(1) == []
    assert sampler.ask(5) == []


@pytest.mark.parametrize("name", NAMES)
def test_whole_numbers_on_a_log_scale_are_all_reached(name: str) -> None:
    proposals = sampler_of(name, "whole numbers on a log scale").ask(200)
    assert sorted(proposal.hyperparameters["batch_size"] for proposal in proposals) == list(range(16, 129))


@pytest.mark.parametrize("name", NAMES)
def test_one_configuration_and_one_trial(name: str) -> None:
    sampler = sampler_of(name, "one configuration", num_trials=1)
    (proposal,) = sampler.ask(1)
    sampler.tell([(proposal.number, 0.5)])
    assert sampler.ask(1) == []
    assert len(sampler_of(name, num_trials=1).ask(1)) == 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", [0, 7])
def test_the_same_seed_asks_the_same(name: str, seed: int) -> None:
    first, second = sampler_of(name, "conditional", seed=seed), sampler_of(name, "conditional", seed=seed)
    assert first.ask(12) == second.ask(12)
    assert first.ask(3) == [*second.ask(1), *second.ask(2)]


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"grid"}))
def test_studies_with_other_seeds_share_no_trial(name: str) -> None:
    proposals = [proposal for seed in range(8) for proposal in sampler_of(name, seed=seed).ask(20)]
    assert_distinct(proposals)


def history(name: str) -> list[dict[str, object]]:
    """A short study with failures; its third trial on is the Gaussian process's, where there is one."""
    sampler = make_sampler(name, space_of("continuous"), LOSS, 6, 3)
    proposals_so_far: list[Proposal] = []
    for _ in range(3):
        proposals = sampler.ask(2)
        proposals_so_far += proposals
        sampler.tell(
            [(proposal.number, quadratic(proposal.hyperparameters)) for proposal in reversed(proposals)]
        )
    return [dict(proposal.hyperparameters) for proposal in proposals_so_far]


def test_another_process_asks_the_same() -> None:
    expected = {name: history(name) for name in NAMES}
    code = f"import json, test_samplers as t; print(json.dumps({{n: t.history(n) for n in {NAMES!r}}}))"
    environment = {**os.environ, "PYTHONHASHSEED": "4321", "PYTHONPATH": os.path.dirname(__file__)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=600
    )
    assert json.loads(done.stdout.splitlines()[-1]) == expected


@pytest.mark.parametrize("name", NAMES)
def test_failed_trials_never_end_the_search(name: str) -> None:
    sampler = sampler_of(name)
    first = sampler.ask(10)
    failures = [None, math.nan, math.inf, -math.inf]
    sampler.tell([(proposal.number, failures[proposal.number % 4]) for proposal in first])
    second = sampler.ask(10)
    for proposal in second:
        sampler.tell([(proposal.number, None)])
    assert len(sampler.ask(5)) == 5
    assert_distinct([*first, *second])


@pytest.mark.parametrize("name", NAMES)
def test_a_cohort_is_told_in_parts_and_in_any_order(name: str) -> None:
    sampler = sampler_of(name, "conditional")
    cohort = sampler.ask(20)
    sampler.tell([(number, float(number)) for number in (13, 4, 17)])
    more = sampler.ask(2)
    sampler.tell([(number, float(number)) for number in range(21, -1, -1)])
    last = sampler.ask(2)
    assert [proposal.number for proposal in [*cohort, *more, *last]] == list(range(24))
    assert_distinct([*cohort, *more, *last])


@pytest.mark.parametrize("name", sorted(name for name in NAMES if not SAMPLERS[name].is_guided))
def test_a_sampler_that_learns_nothing_takes_cohorts_of_any_size(name: str) -> None:
    sampler = sampler_of(name, "finite")
    assert sampler.cohort_size() is None
    sampler.ask(5)
    assert sampler.cohort_size() is None


@pytest.mark.parametrize("name", NAMES)
def test_only_trials_that_were_asked_for_can_be_told(name: str) -> None:
    sampler = sampler_of(name)
    sampler.ask(2)
    with pytest.raises(ValueError, match="trial 2 was never asked for; 2 were"):
        sampler.tell([(1, 0.5), (2, 0.5)])


@pytest.mark.parametrize("name", NAMES)
def test_any_thread_may_call(name: str) -> None:
    sampler = sampler_of(name)
    sampler.ask(1)
    (proposals,) = in_thread(lambda: sampler.ask(2))
    assert isinstance(proposals, list)
    assert len(proposals) == 2
    (result,) = in_thread(lambda: sampler.tell([(0, 0.5)]))
    assert result is None
    assert len(sampler.ask(1)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_printed_and_nothing_warned(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sampler = sampler_of(name, num_trials=6)
        sampler.ask(3)
        sampler.tell([(0, 0.5), (1, math.nan), (2, 0.4)])
        sampler.ask(1)
    assert not caught
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", NAMES)
def test_no_file_is_written(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, or one that many trials fill, cannot end a search."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    written: list[object] = []

    def watched_open(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if set(mode) & set("wax+"):
            written.append(file)
        return open_before(file, mode, *arguments, **options)

    open_before = open
    monkeypatch.setattr("builtins.open", watched_open)
    sampler = sampler_of(name, num_trials=6)
    for _ in range(2):
        sampler.tell([(proposal.number, 0.5) for proposal in sampler.ask(3)])
    assert not written
    assert not list(tmp_path.iterdir())


def test_an_unknown_sampler_is_an_error() -> None:
    with pytest.raises(SearchSpaceError, match="got 'bayes'"):
        make_sampler("bayes", space_of("finite"), LOSS, 10, 0)

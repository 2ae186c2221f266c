"""A restored sampler is the sampler that was never interrupted."""

import json
import math

import pytest
from search_spaces import ENTRIES, LOSS, NUM_FINITE, assert_distinct, space_of, values_of

from automl.search import untried
from automl.search.sampler import Proposal, Sampler
from automl.search.table import SAMPLERS, make_sampler
from automl.trial import Hyperparameters

NAMES = sorted(SAMPLERS)
FIRST: dict[str, list[dict[str, int | float]]] = {
    "finite": [{"depth": 2}, {"depth": 0}, {"depth": 0}],
    "continuous": [{}, {"dropout": 0.225}],
}


def new_sampler(name: str, entries: str) -> Sampler:
    """Its model, where it has one, begins after three or four trials."""
    return make_sampler(name, space_of(entries), LOSS, 12, 5, FIRST.get(entries, []))


def score(proposal: Proposal) -> float | None:
    """Every fifth trial fails in one way or another; the others depend on all values."""
    failures: dict[int, float | None] = {3: None, 8: math.nan, 13: -math.inf}
    text = json.dumps(dict(proposal.hyperparameters))
    return failures.get(proposal.number, sum(map(ord, text)) % 97 / 97.0)


def recorded(proposals: list[Proposal]) -> list[Hyperparameters]:
    """As a record gives them back."""
    values: list[Hyperparameters] = json.loads(
        json.dumps([dict(proposal.hyperparameters) for proposal in proposals])
    )
    return values


def check_every_cut(name: str, entries: str, sizes: list[int]) -> None:
    """Restores at the start of each cohort of an undisturbed study, and asks for that cohort."""
    undisturbed = new_sampler(name, entries)
    proposals: list[Proposal] = []
    results_so_far: list[tuple[int, float | None]] = []
    for size in sizes:
        restored = new_sampler(name, entries)
        restored.restore(recorded(proposals), results_so_far)
        assert restored.cohort_size() == undisturbed.cohort_size()
        cohort = undisturbed.ask(size)
        assert restored.ask(size) == cohort
        proposals += cohort
        results = [(proposal.number, score(proposal)) for proposal in cohort]
        undisturbed.tell(results[::-1])
        results_so_far += results


@pytest.mark.parametrize("entries", sorted(ENTRIES))
@pytest.mark.parametrize("name", NAMES)
def test_a_study_is_restored_at_the_start_of_any_cohort(name: str, entries: str) -> None:
    check_every_cut(name, entries, [4, 1, 3, 2])


@pytest.mark.parametrize("name", ["random", "grid", "sobol"])  # models fall back to what random does
def test_a_finite_space_is_restored_up_to_its_end(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where draws find nothing any more, and a short list of what remains is chosen from."""
    monkeypatch.setattr(untried, "NUM_DRAWS", 1)
    monkeypatch.setattr(untried, "SHORTLIST", 5)
    check_every_cut(name, "finite", [20, *[3] * 11])


@pytest.mark.parametrize("name", NAMES)
def test_a_cohort_that_was_asked_for_and_not_told_is_pending(name: str) -> None:
    undisturbed, restored = new_sampler(name, "continuous"), new_sampler(name, "continuous")
    proposals = undisturbed.ask(5)
    first_results = [(proposal.number, score(proposal)) for proposal in proposals]
    undisturbed.tell(first_results)
    proposals += undisturbed.ask(3)
    restored.restore(recorded(proposals), first_results)
    assert restored.cohort_size() == undisturbed.cohort_size()
    assert restored.ask(2) == undisturbed.ask(2)
    results = [(proposal.number, score(proposal)) for proposal in proposals[5:]]
    undisturbed.tell(results)
    restored.tell(results)
    assert restored.ask(1) == undisturbed.ask(1)


@pytest.mark.parametrize("name", NAMES)
def test_the_cohorts_of_a_restored_study_do_not_matter(name: str) -> None:
    whole, parts = new_sampler(name, "conditional"), new_sampler(name, "conditional")
    proposals = whole.ask(6)
    parts.restore(recorded(proposals[:1]), [])
    assert [*parts.ask(2), *parts.ask(3)] == proposals[1:]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_restored_is_not_proposed_again(name: str) -> None:
    """Also configurations that this sampler would have proposed in another order, or not yet."""
    earlier = make_sampler("random", space_of("finite"), LOSS, 100, 99).ask(30)
    sampler = new_sampler(name, "finite")
    sampler.restore(recorded(earlier), [(number, 0.5) for number in range(30)])
    proposals = sampler.ask(NUM_FINITE)
    assert [proposal.number for proposal in proposals] == list(range(30, NUM_FINITE))
    assert_distinct([*earlier, *proposals])


def test_a_random_trial_depends_on_the_seed_and_its_number_alone() -> None:
    undisturbed, restored = new_sampler("random", "conditional"), new_sampler("random", "conditional")
    earlier = make_sampler("random", space_of("conditional"), LOSS, 100, 99).ask(7)
    restored.restore(recorded(earlier), [(3, 0.5)])
    assert values_of(restored.ask(5)) == values_of(undisturbed.ask(12)[7:])


@pytest.mark.parametrize("name", NAMES)
def test_only_a_new_sampler_is_restored_and_only_with_trials_that_were_asked_for(name: str) -> None:
    proposals = recorded(new_sampler(name, "finite").ask(2))
    with pytest.raises(ValueError, match="trial 2 was never asked for; 2 were"):
        new_sampler(name, "finite").restore(proposals, [(2, 0.5)])
    sampler = new_sampler(name, "finite")
    sampler.ask(2)
    with pytest.raises(ValueError, match="got one with 2 trials"):
        sampler.restore(proposals, [])

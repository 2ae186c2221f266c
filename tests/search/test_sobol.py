"""What is special to the Sobol sequence: it fills the space evenly, and depends on seed and place alone."""

import numpy
import pytest
from search_spaces import LOSS, NUM_FINITE, build, space_of, values_of

from automl.search.table import make_sampler

EVEN = {
    "learning_rate": {"float": [1e-4, 1e-1], "log": True},
    "dropout": {"float": [0.0, 0.9]},
    "width": {"choice": [8, 16, 32, 64]},
}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("num_trials", [16, 128])
def test_each_of_equal_parts_of_every_axis_has_one_trial(seed: int, num_trials: int) -> None:
    """What makes a sequence Sobol's: of 2ⁿ points each of 2ⁿ equal intervals holds one, on every axis, in pairs too."""
    space = build(EVEN)
    proposals = make_sampler("sobol", space, LOSS, 10, seed).ask(num_trials)
    points = numpy.array([space.to_unit(proposal.hyperparameters) for proposal in proposals])
    widths, dropouts, rates = (
        points[:, space.searched.index(n)] for n in ("width", "dropout", "learning_rate")
    )
    for axis in (rates, dropouts):
        assert sorted((axis * num_trials).astype(int)) == list(range(num_trials))
    assert numpy.bincount((widths * 4).astype(int)).tolist() == [num_trials // 4] * 4
    half = int(numpy.log2(num_trials)) // 2
    cells = (rates * 2**half).astype(int) * 2**half + (dropouts * 2**half).astype(int)
    counts = numpy.bincount(cells, minlength=4**half)
    assert counts.max() <= 2 * num_trials // 4**half and counts.min() >= 1


def test_a_trial_depends_on_the_seed_and_its_place_alone() -> None:
    whole, informed, restored = (
        make_sampler("sobol", space_of("conditional"), LOSS, 10, 3) for _ in range(3)
    )
    first = whole.ask(6)
    informed.tell([(proposal.number, float(proposal.number)) for proposal in informed.ask(6)])
    restored.restore([proposal.hyperparameters for proposal in first], [(0, 0.5)])
    following = whole.ask(300)  # beyond the points that are made at once
    assert informed.ask(300) == restored.ask(300) == following
    with_other_seed = make_sampler("sobol", space_of("conditional"), LOSS, 10, 4).ask(6)
    assert not set(values_of(first)) & set(values_of(with_other_seed))


def test_configurations_that_were_tried_are_skipped_without_a_word() -> None:
    first = [
        dict(proposal.hyperparameters) for proposal in make_sampler("sobol", build(EVEN), LOSS, 10, 0).ask(3)
    ]
    sampler = make_sampler("sobol", build(EVEN), LOSS, 10, 0, first[1:2])
    proposals = sampler.ask(3)
    assert [proposal.hyperparameters for proposal in proposals] == [first[1], first[0], first[2]]
    assert {proposal.note for proposal in proposals} == {""}


def test_what_the_sequence_does_not_reach_is_drawn_and_said() -> None:
    proposals = make_sampler("sobol", space_of("finite"), LOSS, 10, 0).ask(NUM_FINITE)
    assert len(proposals) == NUM_FINITE
    assert {proposal.note for proposal in proposals} <= {
        "",
        "The search algorithm had no proposal. Drawn at random.",
    }
    wide = make_sampler("sobol", space_of("whole numbers on a log scale"), LOSS, 10, 0).ask(113)
    assert len(wide) == 113

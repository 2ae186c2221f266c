"""What is special to the grid: its order, and what it makes of a continuum."""

import pytest
from search_spaces import LOSS, build, space_of

from automl import space as spaces
from automl.search.table import make_sampler


def test_grid_is_in_order_the_last_hyperparameter_fastest() -> None:
    entries = {
        "depth": {"int": [1, 2]},
        "activation": {"choice": ["relu", "leaky_relu"]},
        "negative_slope": {"choice": [0.1, 0.2]},
        "optimizer": {"choice": ["adam", "sgd"]},
    }
    space = build(entries)
    every = spaces.configurations(space)
    assert every is not None
    proposals = make_sampler("grid", space, LOSS, 10, 0).ask(100)
    assert [proposal.hyperparameters for proposal in proposals] == list(every)


def test_grid_cuts_a_continuum_into_ten() -> None:
    proposals = make_sampler("grid", space_of("continuous"), LOSS, 10, 0).ask(1000)
    assert len(proposals) == 100
    dropouts = sorted({float(proposal.hyperparameters["dropout"]) for proposal in proposals})
    assert dropouts == pytest.approx([0.045 + 0.09 * part for part in range(10)])

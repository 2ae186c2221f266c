"""What is special to the grid: its order, and what it makes of a continuum."""

import itertools
from collections.abc import Iterator

import keras_tuner
import pytest
from search_spaces import LOSS, build, space_of

from automl.search.grid import cut_up
from automl.search.space.keras_tuner import to_keras_tuner
from automl.search.space.space import Space
from automl.search.table import make_sampler
from automl.trial import Hyperparameters


def test_grid_is_in_order_the_last_hyperparameter_fastest() -> None:
    entries = {
        "depth": {"int": [1, 2]},
        "activation": {"choice": ["relu", "leaky_relu"]},
        "negative_slope": {"choice": [0.1, 0.2]},
        "optimizer": {"choice": ["adam", "sgd"]},
    }
    space = build(entries)
    configurations = space.configurations()
    assert configurations is not None
    proposals = make_sampler("grid", space, LOSS, 10, 0).ask(100)
    assert [proposal.hyperparameters for proposal in proposals] == list(configurations)


def test_grid_cuts_a_continuum_into_ten() -> None:
    proposals = make_sampler("grid", space_of("continuous"), LOSS, 10, 0).ask(1000)
    assert len(proposals) == 100
    dropouts = sorted({float(proposal.hyperparameters["dropout"]) for proposal in proposals})
    assert dropouts == pytest.approx([0.045 + 0.09 * part for part in range(10)])


def walk_of_keras_tuner(space: Space) -> Iterator[Hyperparameters]:
    objective = keras_tuner.Objective("log_loss", "min")
    oracle = keras_tuner.oracles.GridSearchOracle(objective=objective, hyperparameters=to_keras_tuner(space))
    values = oracle.populate_space("first")["values"]
    while values is not None:
        yield dict(values)
        values = oracle._get_next_combination(values)


@pytest.mark.parametrize("name", ["finite", "conditional", "continuous", "one configuration"])
def test_grid_has_the_order_of_keras_tuner(name: str) -> None:
    """Among others false before true, and conditional values only where they are active."""
    proposals = make_sampler("grid", space_of(name), LOSS, 10, 0).ask(400)
    reference = itertools.islice(walk_of_keras_tuner(cut_up(space_of(name))), 400)
    assert [proposal.hyperparameters for proposal in proposals] == list(reference)
    assert {proposal.note for proposal in proposals} == {""}


def test_ten_whole_numbers_on_a_log_scale_come_before_the_others() -> None:
    """Ten equal parts of the logarithms of 16 to 129, for 128 is in the range up to its end."""
    proposals = make_sampler("grid", space_of("whole numbers on a log scale"), LOSS, 10, 0).ask(200)
    sizes = [proposal.hyperparameters["batch_size"] for proposal in proposals]
    middles = [int(16 * (129 / 16) ** (part / 10 + 0.05)) for part in range(10)]
    assert sizes == [*middles, *(size for size in range(16, 129) if size not in middles)]


def test_grid_skips_what_was_tried_first_and_keeps_its_order() -> None:
    space = build({"depth": {"int": [1, 3]}, "width": {"choice": [16, 32]}})
    first = [{"depth": 2, "width": 32}, {"depth": 2, "width": 32}]
    proposals = make_sampler("grid", space, LOSS, 10, 0, first).ask(10)
    pairs = [(proposal.hyperparameters["depth"], proposal.hyperparameters["width"]) for proposal in proposals]
    assert pairs == [(2, 32), (1, 16), (1, 32), (2, 16), (3, 16), (3, 32)]
    notes = ["", "Entry 2 of `search.first` equals trial 0.", "", "", "", ""]
    assert [proposal.note for proposal in proposals] == notes

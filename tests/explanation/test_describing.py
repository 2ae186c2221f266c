"""A network in words names what holds its weights back, whichever optimizer decays them."""

import pytest

from automl.explanation.describing import describe_network
from automl.training.plain.optimizers import OPTIMIZERS, OWN_HYPERPARAMETERS


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_decay_is_named_for_every_optimizer_that_has_one(optimizer: str) -> None:
    """Failed: only that of `adamw` was, and the default space has another optimizer."""
    words = describe_network({"depth": 0, "optimizer": optimizer, "weight_decay": 0.25})
    assert ("weight decay 0.25" in words) == ("weight_decay" in OWN_HYPERPARAMETERS.get(optimizer, {}))

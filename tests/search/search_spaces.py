"""Search spaces, an objective and checks that the tests of the samplers share."""

import math
import threading
from collections.abc import Callable, Sequence

from automl.config.reading import make_study
from automl.search.sampler import Proposal
from automl.search.space.building import build_space
from automl.search.space.parameters import Float, Int
from automl.search.space.space import Space
from automl.trial import Direction, Hyperparameters, Objective

LOSS = Objective("log_loss", Direction.MINIMIZE)
ACCURACY = Objective("accuracy", Direction.MAXIMIZE)

ENTRIES: dict[str, dict[str, object]] = {
    "finite": {
        "depth": {"int": [0, 2]},
        "width": {"choice": [16, 32]},
        "activation": {"choice": ["relu", "leaky_relu"]},
        "negative_slope": {"choice": [0.1, 0.2]},
        "batch_normalization": {"choice": [True, False]},
        "optimizer": {"choice": ["sgd", "momentum"]},
    },
    "conditional": {
        "depth": {"int": [0, 3]},
        "width": {"choice": [16, 32, 64], "per_layer": True},
        "activation": {"choice": ["relu", "leaky_relu", "tanh"]},
        "negative_slope": {"float": [0.01, 0.3]},
        "batch_normalization": {"choice": [True, False]},
        "dropout": {"float": [0.0, 0.5], "step": 0.1},
        "l2": {"float": [1e-4, 1e-1], "step": 10, "log": True},
        "optimizer": {"choice": ["momentum", "adamw", "adam"]},
        "momentum": {"float": [0.0, 0.99]},
        "batch_size": {"int": [16, 256], "step": 2, "log": True},
    },
    "continuous": {
        "learning_rate": {"float": [1e-4, 1e-1], "log": True},
        "dropout": {"float": [0.0, 0.9]},
    },
    "whole numbers on a log scale": {"batch_size": {"int": [16, 128], "log": True}},
    "one configuration": {"depth": 1},
}
NUM_FINITE = 50  # (1 linear + 2 depths × 2 widths × 3 activations with slopes × 2) × 2 optimizers


def build(entries: dict[str, object]) -> Space:
    return build_space(make_study({"name": "t", "data": {"sklearn": "digits"}, "space": entries}))


def space_of(name: str) -> Space:
    return build(ENTRIES[name])


def values_of(proposals: Sequence[Proposal]) -> list[tuple[tuple[str, object], ...]]:
    return [tuple(proposal.hyperparameters.items()) for proposal in proposals]


def assert_legal(space: Space, hyperparameters: Hyperparameters) -> None:
    active = [parameter for parameter in space.parameters if parameter.is_active(hyperparameters)]
    assert list(hyperparameters) == [parameter.name for parameter in active]
    for parameter in active:
        value = hyperparameters[parameter.name]
        assert type(value) in (bool, int, float, str)
        assert type(value) is type(parameter.initial)
        if isinstance(parameter, Int | Float):
            assert parameter.low <= value <= parameter.high
        possible = parameter.possible()
        assert possible is None or value in possible


def assert_distinct(proposals: Sequence[Proposal]) -> None:
    assert len(set(values_of(proposals))) == len(proposals)


def in_thread(work: Callable[[], object]) -> list[object]:
    """What `work` returned or raised in a thread of its own; empty when it hangs."""
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(work())
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(timeout=20)
    return outcome


def quadratic(hyperparameters: Hyperparameters) -> float:
    """Best at a learning rate of 0.0063 and a dropout of 0.6, where it is 0."""
    exponent = math.log10(float(hyperparameters["learning_rate"]))
    return (exponent + 2.2) ** 2 / 2 + 3.0 * (float(hyperparameters["dropout"]) - 0.6) ** 2

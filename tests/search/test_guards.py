"""The guards around a KerasTuner oracle, each against an oracle that needs it."""

import threading
import time
from collections.abc import Callable

import keras_tuner
import numpy
import pytest
import threadpoolctl
from keras_tuner.engine import hyperparameters as kinds
from search_spaces import ACCURACY, LOSS, NUM_FINITE, assert_distinct, assert_legal, in_thread, space_of

from automl.errors import RecordError
from automl.search.oracle import OracleSampler
from automl.search.sampler import Proposal, Sampler
from automl.trial import Objective


class MisbehavingOracle(keras_tuner.oracles.RandomSearchOracle):
    """Does on purpose what oracles do by accident."""

    def __init__(self, response: Callable[[], dict[str, object]], seen: list[object], **arguments: object):
        super().__init__(**arguments)
        self.response = response
        self.seen = seen

    def populate_space(self, trial_id: str) -> dict[str, object]:
        pools = threadpoolctl.threadpool_info()
        self.seen.append([pool["num_threads"] for pool in pools if pool["user_api"] == "blas"])
        return self.response()


def misbehaving(
    response: Callable[[], dict[str, object]], space: str, objective: Objective = LOSS
) -> tuple[Sampler, list[object]]:
    seen: list[object] = []

    def make_oracle(**arguments: object) -> keras_tuner.Oracle:
        oracle = MisbehavingOracle(response, seen, **arguments)
        seen.append(oracle)
        return oracle

    return OracleSampler(make_oracle, space_of(space), objective, 0), seen


def running(**values: object) -> Callable[[], dict[str, object]]:
    return lambda: {"status": "RUNNING", "values": values}


def slow() -> dict[str, object]:
    time.sleep(0.01)
    return {"status": "STOPPED", "values": None}


def fail() -> dict[str, object]:
    raise numpy.linalg.LinAlgError("not positive definite")


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(lambda: {"status": "STOPPED", "values": None}, id="stops early"),
        pytest.param(lambda: {"status": "IDLE", "values": None}, id="waits"),
        pytest.param(running(depth=1, width=16, activation="relu", optimizer="sgd"), id="repeats itself"),
        pytest.param(running(depth=1, width=17), id="proposes no value of the space"),
        pytest.param(fail, id="fails"),
    ],
)
def test_an_oracle_that_has_nothing_is_helped_out(response: Callable[[], dict[str, object]]) -> None:
    sampler, _ = misbehaving(response, "finite")
    proposals = sampler.ask(NUM_FINITE + 10)
    assert len(proposals) == NUM_FINITE
    assert_distinct(proposals)
    endless, _ = misbehaving(response, "continuous")
    assert_distinct(endless.ask(30))


def test_values_become_plain_and_stay_within_bounds() -> None:
    log_scale = kinds.Int("batch_size", 16, 128, sampling="log")
    assert log_scale.prob_to_value(1.0) == 129  # the Gaussian process proposes such edges
    values = {"learning_rate": numpy.float64(0.1000001), "dropout": numpy.float32(0.5), "optimizer": "adam"}
    sampler, _ = misbehaving(running(**values, momentum=0.9), "continuous")
    (proposal,) = sampler.ask(1)
    assert proposal.hyperparameters["learning_rate"] == 0.1
    assert proposal.hyperparameters["dropout"] == 0.5
    assert_legal(space_of("continuous"), proposal.hyperparameters)  # so without the momentum
    sampler, _ = misbehaving(running(batch_size=numpy.int64(129)), "whole numbers on a log scale")
    (proposal,) = sampler.ask(1)
    assert proposal.hyperparameters["batch_size"] == 128
    assert_legal(space_of("whole numbers on a log scale"), proposal.hyperparameters)


def test_the_oracle_has_a_seed_a_direction_and_one_blas_thread() -> None:
    for objective, direction in ((LOSS, "min"), (ACCURACY, "max")):
        sampler, seen = misbehaving(fail, "continuous", objective)
        sampler.ask(1)
        oracle, threads = seen
        assert isinstance(oracle, MisbehavingOracle)
        assert oracle.seed > 10_000  # KerasTuner's own, for seed 0, is a random one up to there
        assert oracle.objective.direction == direction
        assert set(threads) == {1}


def test_threads_take_turns() -> None:
    sampler, _ = misbehaving(slow, "continuous")
    asked: list[Proposal] = []
    threads = [threading.Thread(target=lambda: asked.extend(sampler.ask(3))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(proposal.number for proposal in asked) == list(range(15))
    assert_distinct(asked)


@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt()])
def test_a_leaked_lock_is_an_error_and_not_a_hang(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampler, seen = misbehaving(running(dropout=0.1, learning_rate=0.01), "continuous")

    def fail_under_the_lock(trial: object) -> None:
        raise error

    monkeypatch.setattr(seen[0], "_save_trial", fail_under_the_lock)
    with pytest.raises((RecordError, KeyboardInterrupt)):
        sampler.ask(1)
    for call in (lambda: sampler.ask(1), lambda: sampler.tell([(0, 0.5)])):
        (outcome,) = in_thread(call)
        assert isinstance(outcome, RecordError)

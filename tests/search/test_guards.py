"""The guards around a rule and around a KerasTuner oracle, each against an oracle that needs it."""

import threading
import time
from collections.abc import Callable

import keras_tuner
import numpy
import pytest
import threadpoolctl
from keras_tuner.engine import hyperparameters as kinds
from search_spaces import ACCURACY, LOSS, NUM_FINITE, assert_distinct, assert_legal, space_of

from automl.search.guards import GuardedSampler
from automl.search.keras_oracle import OracleRule
from automl.search.sampler import Proposal, Sampler
from automl.trial import Objective


class MisbehavingOracle(keras_tuner.oracles.RandomSearchOracle):
    """Does on purpose what oracles do by accident."""

    def __init__(self, response: Callable[[], dict[str, object]], log: list[object], **arguments: object):
        super().__init__(**arguments)
        self.response = response
        self.log = log

    def populate_space(self, trial_id: str) -> dict[str, object]:
        pools = threadpoolctl.threadpool_info()
        self.log.append([pool["num_threads"] for pool in pools if pool["user_api"] == "blas"])
        return self.response()


def misbehaving(
    response: Callable[[], dict[str, object]], space: str, objective: Objective = LOSS
) -> tuple[Sampler, list[object]]:
    log: list[object] = []

    def make_oracle(**arguments: object) -> keras_tuner.Oracle:
        oracle = MisbehavingOracle(response, log, **arguments)
        log.append(oracle)
        return oracle

    built = space_of(space)
    return GuardedSampler(OracleRule(make_oracle, built, objective, 0), built, 0), log


def running(**values: object) -> Callable[[], dict[str, object]]:
    return lambda: {"status": "RUNNING", "values": values}


def slow() -> dict[str, object]:
    time.sleep(0.01)
    return {"status": "STOPPED", "values": None}


def fail() -> dict[str, object]:
    raise numpy.linalg.LinAlgError("not positive definite")


@pytest.mark.parametrize(
    ("response", "note"),
    [
        pytest.param(
            lambda: {"status": "STOPPED", "values": None},
            "The search algorithm had no proposal. Drawn at random.",
            id="stops early",
        ),
        pytest.param(
            lambda: {"status": "IDLE", "values": None},
            "The search algorithm had no proposal. Drawn at random.",
            id="waits",
        ),
        pytest.param(
            running(depth=1, width=17),
            "The search algorithm failed (ValueError: 17 is not one of 16, 32). Drawn at random.",
            id="proposes no value of the space",
        ),
        pytest.param(
            fail,
            "The search algorithm failed (LinAlgError: not positive definite). Drawn at random.",
            id="fails",
        ),
    ],
)
def test_an_oracle_that_has_nothing_is_helped_out(
    response: Callable[[], dict[str, object]], note: str
) -> None:
    sampler, _ = misbehaving(response, "finite")
    proposals = sampler.ask(NUM_FINITE + 10)
    assert len(proposals) == NUM_FINITE
    assert_distinct(proposals)
    assert {proposal.note for proposal in proposals} == {note}
    assert {proposal.failed for proposal in proposals} == {"failed" in note}
    endless, _ = misbehaving(fail, "continuous")
    assert_distinct(endless.ask(30))


def test_an_oracle_that_repeats_itself_is_believed_once() -> None:
    values = {"activation": "relu", "batch_normalization": True, "depth": 1, "optimizer": "sgd", "width": 16}
    sampler, _ = misbehaving(running(**values), "finite")
    proposals = sampler.ask(NUM_FINITE + 10)
    assert len(proposals) == NUM_FINITE
    assert_distinct(proposals)
    assert values.items() <= proposals[0].hyperparameters.items()
    repeats = "The proposal of the search algorithm equals trial 0. Drawn at random."
    assert [proposal.note for proposal in proposals] == ["", *[repeats] * (NUM_FINITE - 1)]


def test_a_long_reason_is_cut_and_on_one_line() -> None:
    def fail_at_length() -> dict[str, object]:
        raise ValueError("no\n" * 1000)

    (proposal,) = misbehaving(fail_at_length, "finite")[0].ask(1)
    assert "\n" not in proposal.note
    assert len(proposal.note) < 300


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
        sampler, log = misbehaving(fail, "continuous", objective)
        sampler.ask(1)
        oracle, threads = log
        assert isinstance(oracle, MisbehavingOracle)
        assert oracle.seed > 10_000  # KerasTuner's own, for seed 0, is a random one up to there
        assert oracle.objective.direction == direction
        assert isinstance(threads, list)
        assert set(threads) == {1}


def test_every_proposal_comes_from_a_new_oracle_with_a_seed_of_its_own() -> None:
    """What an oracle draws, counts or remembers cannot reach the next trial, which a restored study would lack."""
    sampler, log = misbehaving(fail, "continuous")
    sampler.ask(4)
    oracles = [entry for entry in log if isinstance(entry, MisbehavingOracle)]
    assert len({id(oracle) for oracle in oracles}) == 4
    assert len({oracle.seed for oracle in oracles}) == 4
    restored, restored_log = misbehaving(fail, "continuous")
    restored.restore([proposal.hyperparameters for proposal in misbehaving(fail, "continuous")[0].ask(3)], [])
    restored.ask(1)
    (last,) = [entry for entry in restored_log if isinstance(entry, MisbehavingOracle)]
    assert last.seed == oracles[3].seed


def test_the_oracle_sees_the_trials_that_were_asked_for() -> None:
    sampler, log = misbehaving(running(dropout=0.1, learning_rate=0.01), "continuous")
    proposals = sampler.ask(2)
    sampler.tell([(0, 0.5)])
    proposals += sampler.ask(1)
    oracle = log[-2]
    assert isinstance(oracle, MisbehavingOracle)
    trials = list(oracle.trials.values())
    assert [trial.hyperparameters.values for trial in trials] == [
        proposal.hyperparameters for proposal in proposals[:2]
    ]
    assert [trial.status for trial in trials] == ["COMPLETED"] * 2


def test_threads_take_turns() -> None:
    sampler, _ = misbehaving(slow, "continuous")
    proposals: list[Proposal] = []
    threads = [threading.Thread(target=lambda: proposals.extend(sampler.ask(3))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(proposal.number for proposal in proposals) == list(range(15))
    assert_distinct(proposals)


def test_an_interrupt_leaves_the_sampler_usable() -> None:
    """KerasTuner's own lock, which an error leaves locked, is never taken."""
    interrupts = iter([KeyboardInterrupt()])

    def interrupt_once() -> dict[str, object]:
        for interrupt in interrupts:
            raise interrupt
        return running(dropout=0.1, learning_rate=0.01)()

    sampler, _ = misbehaving(interrupt_once, "continuous")
    with pytest.raises(KeyboardInterrupt):
        sampler.ask(1)
    (proposal,) = sampler.ask(1)
    assert (proposal.number, proposal.hyperparameters["dropout"], proposal.note) == (0, 0.1, "")

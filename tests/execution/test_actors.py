"""Cohorts that actors train: what becomes of them when actors are lost, do not come, or cannot train the study."""

import logging
import math
import socket
import sys
from collections.abc import Callable
from contextlib import closing

import pytest
from actor_threads import Threads, acted
from stand_in_engine import StandInEngine, cohort_of

from automl.errors import ClusterError, DataError
from automl.execution import actors, workers
from automl.execution.acting import Equipment
from automl.execution.actors import RemoteActor
from automl.execution.executor import CancelToken, CohortEnded, Order
from automl.execution.ray_driver import Machine, Shares, Wanted, connect, cut, num_places
from automl.execution.workers import WorkersExecutor
from automl.search.pruners.rungs import Rungs
from automl.training.engine import CORES, Watch
from automl.training.population.lanes import num_cores
from automl.trial import Trial

SIZE = 4
LONG = 10**9


def watching(seconds_left: float = math.inf) -> Watch:
    return Watch(lambda _: None, lambda: True, math.isfinite(seconds_left), lambda: seconds_left)


def order(number: int) -> Order:
    return Order(number, cohort_of(number * SIZE, SIZE))


def by(cluster: Threads, looks: dict[int, int], watch: Watch | None = None) -> WorkersExecutor:
    return acted(cluster, looks, watch or watching(), CancelToken())


def trials_until_end(executor: WorkersExecutor, on_trial: Callable[[Trial], object]) -> list[Trial]:
    results = []
    for result in executor.results():
        if isinstance(result, Trial):
            results.append(result)
            on_trial(result)
    return results


def knew(trials: list[Trial]) -> dict[int, str]:
    return {trial.number: trial.reason.strip() for trial in trials}


def test_each_of_two_actors_has_a_cohort() -> None:
    cluster = Threads(2)
    with closing(by(cluster, dict.fromkeys(range(99), 50))) as executor:
        executor.submit(order(0))
        executor.submit(order(1))
        trials_until_end(executor, lambda _: None)
    names = [[type(step).__name__ for step in actor.steps] for actor in cluster.hired]
    assert sorted(names) == [["Planned", "Planned", "Submitted"]] * 2


def test_the_cohort_of_a_lost_actor_is_trained_by_another_but_for_what_it_had_given(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The stand-in's trials say what was planned and settled before them, which is the same in the new process."""
    cluster, looks = Threads(1), {SIZE * 2 + 1: 300}

    def lose(trial: Trial) -> None:
        if trial.number == 2 * SIZE and len(cluster.hired) == 1:
            cluster.hired[0].is_lost = True

    with closing(by(cluster, looks)) as executor, caplog.at_level(logging.WARNING):
        executor.submit(order(0))
        first = trials_until_end(executor, lose)
        executor.settle(0)
        executor.submit(order(1))
        executor.submit(order(2))
        later = trials_until_end(executor, lose)
    assert sorted(trial.number for trial in first + later) == list(range(3 * SIZE)), "each is given once"
    assert knew(later) == {
        number: f"planned {[0, SIZE][: number // SIZE]} settled [0]" for number in range(SIZE, 3 * SIZE)
    }
    assert len(cluster.hired) == 2
    assert "An actor was lost (its process has ended); cohort 2 will be trained again." in caplog.text


def test_a_cohort_that_ended_three_actors_is_left_to_this_process(caplog: pytest.LogCaptureFixture) -> None:
    class Deadly(StandInEngine):
        def plan(self, *arguments):
            raise MemoryError

    def deadly() -> Equipment:
        return Equipment(Deadly({}), Rungs())

    cluster = Threads(1)
    board = actors.ActorBoard(cluster, deadly, False, 1)
    executor = WorkersExecutor(StandInEngine({}), Rungs(), watching(), CancelToken(), board, 0.001)
    with closing(executor), caplog.at_level(logging.WARNING):
        executor.submit(order(0))
        trials = trials_until_end(executor, lambda _: None)
    assert len(trials) == SIZE and len(cluster.hired) == 3
    assert "An actor was lost (MemoryError); cohort 0 will" in caplog.text
    assert caplog.text.endswith("It stays empty.\n"), "there was room"


def test_a_study_that_an_actor_cannot_prepare_ends_with_its_reason() -> None:
    def refuse() -> Equipment:
        raise DataError("table.csv is not on this machine.")

    board = actors.ActorBoard(Threads(1), refuse, False, 1)
    executor = WorkersExecutor(StandInEngine({}), Rungs(), watching(), CancelToken(), board, 0.001)
    with closing(executor), pytest.raises(ClusterError, match=r"cannot train .*: table.csv is not on this"):
        executor.submit(order(0))
        list(executor.results())


def test_where_no_actor_comes_this_process_trains(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Nobody(RemoteActor):
        def ask(self, *_): ...

        def answer(self):
            return None

        def end(self): ...

    monkeypatch.setattr(actors, "_START_SECONDS", 0.05)
    monkeypatch.setattr(Threads, "hire", lambda *_: Nobody())
    with closing(by(Threads(2), {})) as executor, caplog.at_level(logging.WARNING):
        executor.submit(order(0))
        assert len(trials_until_end(executor, lambda _: None)) == SIZE
    assert caplog.text.count("No actor trains: this process does. There is room for none.") == 1


def test_an_actor_that_does_not_end_in_time_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_LATE_SECONDS", 0.0)
    left = [math.inf]
    watch = Watch(lambda _: None, lambda: True, True, lambda: left[0])

    class Deaf(StandInEngine):
        """Does not look at the time."""

        def plan(self, cohort, rungs=()):
            planned = super().plan(cohort, rungs)
            train = planned.train
            planned.train = lambda watch, recorded: train(watching(), recorded)
            return planned

    board = actors.ActorBoard(Threads(1), lambda: Equipment(Deaf({1: LONG}), Rungs()), True, 1)
    executor = WorkersExecutor(StandInEngine({}), Rungs(), watch, CancelToken(), board, 0.001)
    with closing(executor):
        executor.submit(order(0))
        numbers = []
        for result in executor.results():
            numbers.append(result.number)
            if len(numbers) == SIZE - 1:
                left[0] = -1.0
    assert sorted(numbers[:-1]) == [0, 2, 3] and isinstance(result, CohortEnded)


def test_under_a_limit_trials_end_when_the_time_is_over() -> None:
    """Actors are told of the time that is left, whatever their clocks say."""
    left = [1000.0]
    watch = Watch(lambda _: None, lambda: True, True, lambda: left[0])
    with closing(by(Threads(2), {1: 500}, watch)) as executor:
        executor.submit(order(0))
        trials = trials_until_end(
            executor, lambda trial: left.__setitem__(0, 0.0) if trial.number == 3 else None
        )
    assert sorted(trial.number for trial in trials) == [0, 2, 3]


@pytest.mark.parametrize(
    ("machines", "in_flight", "wanted", "shares"),
    [
        ([Machine(8)], 1, Wanted(), Shares(1, 8, 0.0)),
        ([Machine(8)], 3, Wanted(), Shares(3, 2, 0.0)),
        ([Machine(8), Machine(3)], 3, Wanted(), Shares(3, 3, 0.0)),
        ([Machine(2)], 5, Wanted(), Shares(2, 1, 0.0)),
        ([Machine(0), Machine(4, 4)], 3, Wanted(), Shares(3, 1, 1.0)),
        ([Machine(4, 1)], 3, Wanted(gpus=0.5), Shares(2, 2, 0.5)),
        ([Machine(4, 1)], 3, Wanted(gpus=0.0), Shares(3, 1, 0.0)),
        ([Machine(8)], 4, Wanted(actors=2), Shares(2, 4, 0.0)),
        ([Machine(8)], 4, Wanted(cpus=4), Shares(2, 4, 0.0)),
        ([Machine(1)], 2, Wanted(actors=2, cpus=4), Shares(2, 4, 0.0)),
        ([], 2, Wanted(), Shares(1, 1, 0.0)),
    ],
)
def test_a_cluster_is_cut_into_as_large_shares_as_let_all_actors_train(
    machines: list[Machine], in_flight: int, wanted: Wanted, shares: Shares
) -> None:
    assert cut(machines, in_flight, wanted) == shares
    larger = Shares(shares.actors, shares.cpus + 1, shares.gpus)
    assert wanted.cpus or num_places(machines, larger) < shares.actors


def test_without_ray_there_is_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(
        ClusterError, match=r"^`--on ray` needs the package ray. Install it with `pip install 'auto"
    ):
        connect()


def test_ray_client_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ray:
        is_initialized = staticmethod(lambda: False)

    monkeypatch.setenv("RAY_ADDRESS", "ray://head:10001")
    monkeypatch.setitem(sys.modules, "ray", Ray)
    with pytest.raises(ClusterError, match=r"RAY_ADDRESS is an address of Ray Client.*`ray job submit"):
        connect()


def test_a_cluster_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{port}")
    with pytest.raises(
        ClusterError, match=rf"no Ray cluster is reached at '127.0.0.1:{port}': .*\. Start one"
    ):
        connect()


def test_an_actor_trains_on_its_share_of_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CORES, raising=False)
    cores = num_cores()
    for text, expected in (("1", 1), ("0", 1), (str(cores + 5), cores), ("all", cores), ("", cores)):
        monkeypatch.setenv(CORES, text)
        assert num_cores() == expected

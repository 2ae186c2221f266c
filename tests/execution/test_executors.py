"""What every executor keeps to: one entry in `EXECUTORS` has all of these tests.

An entry makes an executor that trains with a stand-in engine, whose cohorts take as long as a test says.
"""

import functools
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest
from actor_threads import Threads, acted
from ray_hosts import Hosts
from shared_cohorts import SharedCohorts
from stand_in_engine import StandInEngine, cohort_of

from automl.execution import helping
from automl.execution.executor import CancelToken, CohortEnded, Executor, Order
from automl.execution.local import LocalExecutor
from automl.progress import Progress
from automl.search.pruners.rungs import Rungs
from automl.training.engine import Watch
from automl.trial import Report, Rung, Trial, TrialState

SIZE = 6
RUNG = Rung(2, 1)

Make = Callable[[Mapping[int, int], Watch, CancelToken], Executor]


def local(folder: Path, looks: Mapping[int, int], watch: Watch, token: CancelToken) -> Executor:
    return LocalExecutor(StandInEngine(looks), Rungs(), watch, token)


def shared(
    folder: Path, looks: Mapping[int, int], watch: Watch, token: CancelToken, num_workers: int
) -> Executor:
    return SharedCohorts(folder, looks, watch, token, num_workers)


def by_actors(
    folder: Path, looks: Mapping[int, int], watch: Watch, token: CancelToken, num_actors: int
) -> Executor:
    return acted(Threads(num_actors), looks, watch, token)


EXECUTORS: Mapping[str, Callable[..., Executor]] = {
    "local": local,
    "workers, alone": functools.partial(shared, num_workers=0),
    "workers, with one more": functools.partial(shared, num_workers=1),
    "workers, with three more": functools.partial(shared, num_workers=3),
    "an actor": functools.partial(by_actors, num_actors=1),
    "three actors": functools.partial(by_actors, num_actors=3),
}
ON_RAY = {"Ray, an actor": 1, "Ray, two actors": 2}
NAMES = [*EXECUTORS, *(pytest.param(name, marks=pytest.mark.slow) for name in ON_RAY)]


def watch_with(*rungs: Rung, on_progress: Callable[[Progress], None] = lambda _: None) -> Watch:
    return Watch(on_progress, lambda: True, rungs=rungs)


@pytest.fixture(scope="module")
def hosts(ray: ModuleType) -> Hosts:
    return Hosts(ray, 2)


@pytest.fixture(params=NAMES)
def make(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    if request.param in ON_RAY:
        cluster: Hosts = request.getfixturevalue("hosts")
        cluster.num_wanted = ON_RAY[request.param]
        return functools.partial(acted, cluster)
    monkeypatch.setattr(helping, "_COMMIT_SECONDS", 0.0)
    monkeypatch.setattr(helping, "_BEAT_SECONDS", 0.005)
    folders = (tmp_path / str(number) for number in range(9))
    return lambda *arguments: EXECUTORS[request.param](next(folders), *arguments)


def order(
    number: int, recorded: frozenset[int] = frozenset(), pool: dict[int, Report] | None = None
) -> Order:
    return Order(number, cohort_of(number * SIZE, SIZE), () if pool is None else (pool,), recorded)


def fly(executor: Executor, num_cohorts: int, in_flight: int, ended_before: int = 0) -> dict[int, Trial]:
    """Trials of cohorts of which so many are in flight, by number; the first ones ended in an earlier process."""
    trials: dict[int, Trial] = {}
    num_told, ended, num_asked = 0, set[int](), 0

    def ask() -> None:
        nonlocal num_asked, num_told
        while True:
            while num_asked < num_cohorts and num_asked - num_told < in_flight:
                if num_asked < ended_before:
                    executor.replay(order(num_asked), {})
                    ended.add(num_asked)
                else:
                    executor.submit(order(num_asked))
                num_asked += 1
            if num_told not in ended:
                return
            executor.settle(num_told)
            num_told += 1

    ask()
    for result in executor.results():
        if isinstance(result, CohortEnded):
            assert {*range(result.number * SIZE, (result.number + 1) * SIZE)} <= set(trials)
            ended.add(result.number)
            ask()
        else:
            assert result.number not in trials, "a trial is given once"
            trials[result.number] = result
    assert ended == set(range(num_cohorts))
    return trials


PACES = {
    "alike": {},
    "the first one is slow": dict.fromkeys(range(SIZE), 40),
    "every second one is slow": {number: 30 for number in range(99) if number // SIZE % 2},
    "one trial of the second one is slow": {SIZE + 2: 90},
}


@pytest.mark.parametrize("in_flight", [1, 2, 3])
@pytest.mark.parametrize("looks", PACES.values(), ids=PACES)
def test_what_a_cohort_knows_does_not_depend_on_how_fast_the_others_are(make, looks, in_flight):
    with closing(make(looks, watch_with(), CancelToken())) as executor:
        trials = fly(executor, 5, in_flight)
    assert set(trials) == set(range(5 * SIZE))
    firsts = [number * SIZE for number in range(5)]
    for number, trial in trials.items():
        cohort = number // SIZE
        settled = firsts[: max(0, cohort - in_flight + 1)]
        assert trial.reason.strip() == f"planned {firsts[:cohort]} settled {settled}"


def test_cohorts_of_an_earlier_process_are_known_as_if_they_had_been_trained(make):
    with closing(make({}, watch_with(), CancelToken())) as executor:
        whole = fly(executor, 5, 2)
    with closing(make({}, watch_with(), CancelToken())) as executor:
        later = fly(executor, 5, 2, ended_before=3)
    assert set(later) == set(range(3 * SIZE, 5 * SIZE))
    assert all(trial == whole[number] for number, trial in later.items())


def test_a_young_cohort_may_end_before_an_old_one(make):
    with closing(make({0: 1000}, watch_with(), CancelToken())) as executor:
        executor.submit(order(0))
        executor.submit(order(1))
        ended = [result.number for result in executor.results() if isinstance(result, CohortEnded)]
    assert ended == [1, 0]


def test_recorded_trials_are_not_given_and_a_cohort_can_be_submitted_again_for_the_others(make):
    limited = [True]

    def may_start() -> bool:
        return not limited[0]

    watch = Watch(lambda _: None, may_start)
    with closing(make({}, watch, CancelToken())) as executor:
        executor.submit(order(0))
        assert list(executor.results()) == [CohortEnded(0)]
        limited[0] = False
        executor.submit(order(0, frozenset({1, 4})))
        results = list(executor.results())
    assert [result.number for result in results[:-1]] == [0, 2, 3, 5] and results[-1] == CohortEnded(0)


@pytest.mark.parametrize(
    ("pool", "survivors"),
    [
        ({}, {0, 1, 2, 3, 4}),
        ({number: Report(-1.0) for number in range(90, 100)}, set()),
        ({number: Report(2.0) for number in range(90, 100)}, {0, 1, 2, 3, 4, 5}),
        ({0: Report(9.0)}, {0, 1, 2, 3, 4}),
    ],
    ids=["none", "better ones", "worse ones", "an earlier report of its own"],
)
def test_a_rung_compares_with_the_pool_that_came_with_the_order(make, pool, survivors):
    """Of the cohort's reports 0, 2 and 4 are 0.0 and the others 1.0; of 6 trials 5 go on, of 16 trials 10."""
    with closing(make({}, watch_with(RUNG), CancelToken())) as executor:
        executor.submit(order(0, pool=pool))
        trials = [result for result in executor.results() if isinstance(result, Trial)]
    assert {trial.number for trial in trials if trial.state is TrialState.COMPLETE} == survivors


def results_until(executor: Executor, count: int, token: CancelToken) -> list[Trial | CohortEnded]:
    results = []
    for result in executor.results():
        results.append(result)
        if len(results) == count:
            token.cancel()
    return results


def test_a_cancelled_executor_gives_nothing_more(make):
    token = CancelToken()
    with closing(make({}, watch_with(), token)) as executor:
        executor.submit(order(0))
        executor.submit(order(1))
        assert len(results_until(executor, 4, token)) == 4
        assert list(executor.results()) == []


def test_it_can_be_cancelled_from_another_thread(make):
    token = CancelToken()
    with closing(make({0: 10**9}, watch_with(), token)) as executor:
        executor.submit(order(0))
        numbers, is_enough = set[int](), threading.Event()
        canceling = threading.Thread(target=lambda: is_enough.wait(60) and token.cancel())
        canceling.start()
        for result in executor.results():
            numbers.add(result.number)
            if len(numbers) == SIZE - 1:
                is_enough.set()
        assert numbers == {1, 2, 3, 4, 5}
        canceling.join()


def test_an_interrupt_from_the_study_comes_out_and_ends_all_cohorts(make):
    def interrupt(progress: Progress) -> None:
        if progress.done >= 2:
            raise KeyboardInterrupt

    token = CancelToken()
    looks = dict.fromkeys(range(2 * SIZE), 3)
    watch = watch_with(on_progress=interrupt)
    with pytest.raises(KeyboardInterrupt), closing(make(looks, watch, token)) as executor:
        executor.submit(order(0))
        executor.submit(order(1))
        list(executor.results())
    assert token.is_cancelled and list(executor.results()) == []


def test_progress_is_that_of_the_oldest_cohort_that_trains(make):
    """Of the first cohort as long as it trains; the stand-in tells as total the number after its last trial."""
    totals: list[int] = []
    watch = watch_with(on_progress=lambda progress: totals.append(progress.total))
    with closing(make(dict.fromkeys(range(2 * SIZE), 5), watch, CancelToken())) as executor:
        executor.submit(order(0))
        executor.submit(order(1))
        list(executor.results())
    assert {SIZE} <= set(totals) <= {SIZE, 2 * SIZE} and totals == sorted(totals)

"""How many workers one record can feed: processes that claim cohorts, sleep for as long as training would take, commit.

    python benchmarks/worker_claims.py [--workers 64] [--cohorts 512] [--seconds 5] [--records URI]

The process that offers the cohorts and reads the results is `WorkersExecutor` with an engine that trains nothing; the
workers do what `automl worker` does with claims, renewals and files of results, and sleep in place of training. Times
are drawn once (exponential, at least a tenth of the mean). Without --records it measures a SQLite file, and PostgreSQL
where its Debian package is installed. Prints the share of the workers' time in which they slept, that is, would have
trained, and the claims per second. The last cohorts, when fewer are left than there are workers, are not counted.
"""

import argparse
import os
import random
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
NUM_TRIALS, NUM_FOLDS, EPOCHS, ROWS = 12, 5, 50, 400


def times(count: int, mean: float) -> list[float]:
    """How long each cohort takes."""
    generator = random.Random(0)  # noqa: S311  no secret
    return [max(mean / 10, generator.expovariate(1.0 / mean)) for _ in range(count)]


def trials_of(number: int):
    """Results of the size that a cohort of small networks has."""
    import numpy

    from automl.trial import FoldResult, Trial, TrialState

    losses, predictions = (0.5,) * EPOCHS, numpy.zeros((ROWS, 3), dtype=numpy.float32)
    scores = {"log_loss": 0.5, "accuracy": 0.9}
    folds = tuple(
        FoldResult(fold, losses, losses, losses, 9, scores, scores, 0.1, predictions)
        for fold in range(NUM_FOLDS)
    )
    first = number * NUM_TRIALS
    return [
        Trial(first + place, {"width": 8}, TrialState.COMPLETE, folds, 99, 1.0) for place in range(NUM_TRIALS)
    ]


def work(folder: str, uri: str | None, mean: float, count: int) -> None:
    """A worker: prints when it began and ended with each cohort."""
    from automl.records.cohort_claims import CohortClaims, Results
    from automl.records.cohort_results import packed
    from automl.records.file_store import FileStore
    from automl.records.finding import open_records
    from automl.records.leases import Heartbeat

    claims, files = CohortClaims(open_records(Path(folder), uri)), FileStore(Path(folder) / "files")
    seconds = times(count, mean)
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        claim = claims.claim()
        if claim is None:
            time.sleep(0.2)
            if sys.stdin in select.select([sys.stdin], [], [], 0)[0]:
                return
            continue
        held = Heartbeat(lambda claim=claim: claims.renew(claim) is not None, 2.0)
        began = time.time()
        time.sleep(seconds[claim.number])
        print(f"{claim.number} {began} {time.time()}", flush=True)
        held.stop()
        file = files.put(packed(f"{claim.identifier}/{claim.token}", trials_of(claim.number)), ".npz")
        assert claims.commit(claim, Results(file, NUM_TRIALS, True))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--cohorts", type=int, default=512)
    parser.add_argument("--seconds", type=float, default=5.0, help="that a cohort takes on average")
    parser.add_argument("--records", help="a database; by default SQLite, then PostgreSQL")
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if arguments.records:
        measure(arguments, arguments.records)
        return
    measure(arguments, None)
    from service_demo import Demo

    demo = Demo(Path(tempfile.mkdtemp(prefix="automl-claims-")))
    try:
        uri = demo.postgres()
        if uri is not None:
            measure(arguments, uri)
    finally:
        demo.end()


def measure(arguments: argparse.Namespace, uri: str | None) -> None:
    """Run all cohorts once, and print what was found."""
    folder = tempfile.mkdtemp(prefix="automl-claims-")
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "execution")]
    executor, order = offering(Path(folder), uri, arguments.workers)
    command = [
        sys.executable,
        __file__,
        "--work",
        folder,
        uri or "",
        str(arguments.seconds),
        str(arguments.cohorts),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(arguments.workers)
    ]
    for worker in workers:
        assert worker.stdout is not None and worker.stdout.readline() == "ready\n"
    in_flight = min(arguments.cohorts, 2 * arguments.workers)
    for number in range(in_flight):
        order(number)
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    began, num_ordered, ended, num_settled = time.time(), in_flight, set(), 0
    from automl.execution.executor import CohortEnded

    for result in executor.results():
        if isinstance(result, CohortEnded):
            ended.add(result.number)
            while num_settled in ended:
                executor.settle(num_settled)
                num_settled += 1
                if num_ordered < arguments.cohorts:
                    order(num_ordered)
                    num_ordered += 1
    seconds = time.time() - began
    lines = [line.split() for worker in workers for line in worker.communicate("end\n")[0].splitlines()]
    executor.close()
    spans = [(float(first), float(last)) for _, first, last in lines]
    assert sorted(int(number) for number, *_ in lines) == list(range(arguments.cohorts)), (
        "each cohort is trained once"
    )
    until = sorted(last for _, last in spans)[-arguments.workers]
    busy = sum(max(0.0, min(last, until) - first) for first, last in spans if first < until)
    claims = sum(first < until for first, _ in spans) / (until - began)
    share = busy / arguments.workers / (until - began)
    database = "PostgreSQL" if uri else "SQLite"
    print(
        f"{database}: {arguments.workers} workers, {arguments.cohorts} cohorts of {arguments.seconds:g} s",
        end=", ",
    )
    print(f"{seconds:.0f} s; busy {100 * share:.1f} %, {claims:.1f} claims per second", end=", ")
    print(f"load {os.getloadavg()[0]:.0f}")


def offering(folder: Path, uri: str | None, num_workers: int):
    """The executor of a run, and what submits a cohort to it."""
    from recorded_study import RecordedStudy
    from stand_in_engine import StandInEngine, cohort_of

    from automl.execution.executor import CancelToken, Order
    from automl.execution.record_board import RecordBoard, Sharing
    from automl.execution.workers import WorkersExecutor
    from automl.records.cohort_offers import CohortOffers
    from automl.records.events import CohortAsked, StudyStarted
    from automl.records.file_store import FileStore
    from automl.records.finding import open_records
    from automl.search.pruners.rungs import Rungs
    from automl.training.engine import Watch

    study = RecordedStudy(
        open_records(folder, uri, create=True), StudyStarted("claims", "r", "log_loss", "min", num_trials=9)
    )
    offers = CohortOffers(study.records, study.lease)
    offers.take = lambda *_: False  # it trains nothing itself
    sharing = Sharing(FileStore(folder / "files"), lambda: num_workers)
    watch = Watch(lambda _: study.records.renew(study.lease), lambda: True)
    board = RecordBoard(offers, sharing)
    executor = WorkersExecutor(StandInEngine({}), Rungs(), watch, CancelToken(), board)

    def order(number: int) -> None:
        first = number * NUM_TRIALS
        study.record(CohortAsked(number, first, ({"width": 8},) * NUM_TRIALS))
        executor.submit(Order(number, cohort_of(first, NUM_TRIALS)))

    return executor, order


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    if sys.argv[1:2] == ["--work"]:
        folder, uri, mean, count = sys.argv[2:]
        work(folder, uri or None, float(mean), int(count))
    else:
        main()

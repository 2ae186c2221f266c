"""What it costs to train a study on workers: the same study by `automl run`, and on 1 and 2 workers of a service.

    python benchmarks/worker_overhead.py [--trials 420] [--workers 1 2] [--sqlite]

A made regression of 8,000 rows and 10 columns, no time limit, no pruner, two cohorts in flight. All record in
PostgreSQL where its Debian package is installed, or with --sqlite in a SQLite file. Printed in seconds, from the
times of the events: until the study has started (for a service from the moment it was sent), until the first trial
has ended (the wait for the first programs), from there to the end of the search, which is what workers may
lengthen, and the rest. The leaderboards must be equal.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from service_demo import ROOT, Demo, answers, free_port, wait

STUDY = {
    "data": {"path": "rows.csv", "target": "y"},
    "splits": {"test": 0.2, "folds": 5},
    "space": {
        "depth": {"int": [1, 2]},
        "width": {"choice": [64, 128]},
        "activation": "relu",
        "dropout": {"float": [0.0, 0.4]},
        "learning_rate": {"float": [5e-4, 5e-3], "log": True},
    },
    "search": {"algorithm": "random", "cohort": 8, "in_flight": 2, "pruner": "none"},
    "training": {"epochs": 40, "patience": 40},
    "bias_variance": {"resamples": 0},
    "ensemble": "none",
    "budget": {"minutes": None},
    "tracking": {"to": "none"},
}


def write_rows(path: Path) -> None:
    """A smooth function of ten columns with noise."""
    import numpy
    import pandas

    generator = numpy.random.default_rng(0)
    columns = generator.normal(size=(8000, 10))
    smooth = numpy.sin(columns @ generator.normal(size=(10, 4))).sum(axis=1)
    table = pandas.DataFrame(columns, columns=[f"x{place}" for place in range(10)])
    table.assign(y=smooth + 0.1 * generator.normal(size=8000)).to_csv(path, index=False)


def spans(records, run, sent: float) -> tuple[dict[str, float], str]:
    """Seconds of the parts of a study, and its leaderboard without times."""
    from automl.evaluation.leaderboard import leaderboard
    from automl.records.events import Finished, PhaseEnded, StudyStarted, TrialEnded
    from automl.records.finding import read_state

    events = list(records.events(run))

    def moment(kind: type, name: str | None = None) -> float:
        return next(
            recorded.time
            for recorded in events
            if isinstance(recorded.event, kind) and name in (None, getattr(recorded.event, "name", None))
        )

    started, first = moment(StudyStarted), moment(TrialEnded)
    searched, finished = moment(PhaseEnded, "search"), moment(Finished)
    state = read_state(records, run)
    board = leaderboard(state.trials, state.objective, state.started.searched).drop(columns="seconds")
    parts = {
        "start": started - sent,
        "first trial": first - started,
        "training": searched - first,
        "rest": finished - searched,
    }
    return parts, board.to_csv()


def alone(demo: Demo, name: str):
    """The study by `automl run`."""
    from automl.records.finding import open_records

    sent = time.time()
    command = [sys.executable, "-m", "automl", "run", f"{name}.yaml"]
    subprocess.run(command, cwd=demo.folder, env=demo.environment, check=True, stdout=subprocess.DEVNULL)
    records = open_records(demo.folder / "mlruns", demo.environment.get("AUTOML_RECORDS"))
    return spans(records, records.runs(name)[0], sent)


def on_workers(demo: Demo, name: str, num_workers: int, url: str):
    """The study on so many workers, which are there before it is sent."""
    from automl.records.finding import open_records
    from automl.records.queue import Queue
    from automl.service.client import Client

    workers = [demo.automl(f"{name}-{place}", "worker") for place in range(num_workers)]
    time.sleep(20.0)
    sent = time.time()
    Client(url).submit(demo.folder / f"{name}.yaml")
    records = open_records(demo.folder / "mlruns", demo.environment.get("AUTOML_RECORDS"))
    queue = Queue(records)
    while str(queue.find(name).state) in ("checking", "queued", "running"):
        time.sleep(0.5)
    answer = spans(records, records.run(queue.find(name).run), sent)
    for worker in workers:
        worker.terminate()
        worker.wait()
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=420)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--sqlite", action="store_true")
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    demo = Demo(Path(tempfile.mkdtemp(prefix="automl-overhead-")))
    write_rows(demo.folder / "rows.csv")
    ways = {"alone": 0, **{f"workers{count}": count for count in arguments.workers}}
    for name in ways:
        search = {**STUDY["search"], "trials": arguments.trials}
        (demo.folder / f"{name}.yaml").write_text(json.dumps({**STUDY, "name": name, "search": search}))
    try:
        records = None if arguments.sqlite else demo.postgres()
        if records is not None:
            demo.environment["AUTOML_RECORDS"] = records
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        demo.automl("server", "serve", "--port", str(port), "--allow", "path")
        wait(lambda: answers(f"{url}/healthz"), "the server")
        boards, training = set(), None
        for name, count in ways.items():
            parts, board = on_workers(demo, name, count, url) if count else alone(demo, name)
            boards.add(board)
            training = training or parts["training"]
            shown = ", ".join(f"{part} {seconds:.1f} s" for part, seconds in parts.items())
            print(f"{name}: {shown}; training {parts['training'] / training - 1:+.1%}", flush=True)
    finally:
        demo.end()
    print("leaderboards are equal" if len(boards) == 1 else "LEADERBOARDS DIFFER")


if __name__ == "__main__":
    main()

"""A service that is killed, cut off and restarted, against the same studies undisturbed.

    python benchmarks/service_faults.py [--kills 30] [--pause 12] [--restarts 2] [--workers 3] [--studies 2] [--seed 0]

PostgreSQL, a server and workers run on this machine. Studies with cohorts in flight are sent, and clients follow the
events of each through a TCP proxy that delays, drops and half-closes connections. Meanwhile processes are killed with
SIGKILL in an order that the seed deals out: the server, a worker, the process that runs a study, one that trains a
cohort for it; and PostgreSQL is restarted. Whoever was killed is started again. A study that needs a person (after two
lost drivers) is continued, as a person would.

What must hold at the end: the events of each study are numbered without gaps, and every client has seen exactly these
numbers in this order; each trial has ended once; no cohort was committed to its end twice; the leaderboard without
times is that of `automl run`. Exits with 1 on any miss.
"""

import argparse
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from service_demo import ROOT, Demo, answers, free_port, wait

NUM_TRIALS, COHORT = 48, 4
STUDY = {
    "data": {"sklearn": "digits"},
    "splits": {"folds": 3},
    "space": {
        "depth": {"int": [1, 2]},
        "width": {"choice": [32, 64]},
        "learning_rate": {"float": [0.001, 0.03], "log": True},
    },
    "search": {"algorithm": "tpe", "trials": NUM_TRIALS, "cohort": COHORT, "in_flight": 3},
    "budget": {"minutes": None},
    "training": {"epochs": 60, "batch_size": 64, "patience": 15},
    "baselines": False,
    "bias_variance": {"resamples": 0},
    "tracking": {"to": "none"},
}
VICTIMS = ("server", "worker", "driver", "trainer")


class Restartable(Demo):
    """Processes that can be killed by their name and started again."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.named: dict[str, tuple[subprocess.Popen, tuple[str, ...], dict]] = {}

    def start(self, name: str, *command: str, **options) -> subprocess.Popen:
        process = super().start(name, *command, **options)
        self.named[name] = (process, command, options)
        return process

    def restart(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End a process and start it again."""
        process, command, options = self.named[name]
        process.send_signal(how)
        process.wait(60)
        place = self.processes.index(process)
        self.processes[place] = self.start(name, *command, **options)
        self.processes.pop()  # they are ended in the order in which they were first started, the last one first


class Proxy:
    """Passes bytes on between clients and a server, and harms connections in an order that a seed deals out.

    Args:
        target: Port of the server.
        seed: Of the faults.
    """

    def __init__(self, target: int, seed: int) -> None:
        self.target, self.faults = target, Counter()
        self._random, self._lock = random.Random(seed), threading.Lock()  # noqa: S311  no secret
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            client, _ = self._listening.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        address = ("127.0.0.1", self.target)
        with client, suppress(OSError), socket.create_connection(address, timeout=5) as server:
            server.settimeout(None)
            with self._lock:
                kind = self._random.choice(("none", "delay", "drop", "half-close"))
                bearable = self._random.randrange(200, 20_000)
            self._pass(client, server, kind, bearable)

    def _pass(self, client: socket.socket, server: socket.socket, kind: str, bearable: int) -> None:
        """Pass bytes on; when so many have come from the server, the fault happens."""
        passed, is_harmed = 0, kind == "none"
        while True:
            for source in select.select([client, server], [], [])[0]:
                content = source.recv(65536)
                if not content:
                    return
                (server if source is client else client).sendall(content)
                passed += len(content) if source is server else 0
            if passed > bearable and not is_harmed:
                is_harmed = True
                self.faults[kind] += 1
                if kind == "delay":
                    time.sleep(3.0)
                elif kind == "drop":
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    return
                else:
                    client.shutdown(socket.SHUT_WR)


def follow(url: str, identifier: str, numbers: list[int], is_over: threading.Event) -> None:
    """Collect the numbers of all events of a study, whatever happens to the connection."""
    from automl.service.client import Client
    from automl.service.connection import ServiceError

    while not is_over.is_set():
        try:
            for event in Client(url).study(identifier).events(since=numbers[-1] if numbers else 0):
                if event.seq is not None:
                    numbers.append(event.seq)
                if event.kind == "end" and event.content.get("state") == "succeeded":
                    return
        except (ServiceError, OSError):
            time.sleep(0.5)
        time.sleep(0.2)


class Run:
    """A run of the benchmark.

    Args:
        given: What was asked for.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments, self.killed, self.num_continued = arguments, Counter(), 0
        folder = arguments.folder or Path(tempfile.mkdtemp(prefix="automl-faults-"))
        folder.mkdir(parents=True, exist_ok=True)
        print(f"everything is in {folder}")
        self.demo = Restartable(folder.absolute())
        self.names = [f"faulty{number}" for number in range(arguments.studies)]
        self.numbers_seen: dict[tuple[str, int], list[int]] = {}
        self.random = random.Random(arguments.seed)  # noqa: S311  no secret

    def study(self, name: str) -> dict:
        """A study file."""
        return {**STUDY, "name": name, "search": {**STUDY["search"], "seed": self.names.index(name)}}

    def begin(self) -> None:
        """Run the studies undisturbed, start all processes, send the studies, follow them."""
        from automl.records.finding import open_records
        from automl.service.client import Client

        demo = self.demo
        for name in self.names:
            (demo.folder / f"{name}.yaml").write_text(json.dumps(self.study(name)))
        alone = [sys.executable, "-m", "automl", "run", "--mlruns", "alone"]
        environment = {**demo.environment, "AUTOML_RECORDS": ""}
        for name in self.names:
            command = [*alone, f"{name}.yaml"]
            subprocess.run(command, cwd=demo.folder, env=environment, check=True, stdout=subprocess.DEVNULL)
        records = demo.postgres()
        if records is not None:
            demo.environment["AUTOML_RECORDS"] = records
        self.database = "PostgreSQL" if records else "SQLite"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        demo.automl("server", "serve", "--port", str(port))
        wait(lambda: answers(f"{self.url}/healthz"), "the server")
        for number in range(self.arguments.workers):
            demo.automl(f"worker-{number}", "worker")
        self.proxy = Proxy(port, self.arguments.seed)
        for name in self.names:
            Client(self.url).submit(demo.folder / f"{name}.yaml")
        for name in self.names:
            for client in range(self.arguments.clients):
                numbers = self.numbers_seen.setdefault((name, client), [])
                follow_arguments = (f"http://127.0.0.1:{self.proxy.port}", name, numbers, self.is_over)
                threading.Thread(target=follow, args=follow_arguments, daemon=True).start()
        self.records = open_records(demo.folder / "mlruns", records)
        self.began = time.monotonic()

    is_over = threading.Event()

    def harm(self) -> None:
        """Kill and restart, until that has been done often enough or all studies have ended."""
        kinds = [
            *(self.random.choice(VICTIMS) for _ in range(self.arguments.kills)),
            *["postgresql"] * self.arguments.restarts,
        ]
        self.random.shuffle(kinds)
        for kind in kinds:
            until = time.monotonic() + self.random.uniform(0.5, 1.5) * self.arguments.pause
            while time.monotonic() < until:
                self.continue_those_that_wait()
                time.sleep(0.5)
            if self.states() == {"succeeded"}:
                return
            if kind == "postgresql":
                if self.database == "PostgreSQL":
                    self.demo.restart("postgresql", signal.SIGINT)
                    self.killed[kind] += 1
                    print(f"{time.monotonic() - self.began:6.1f} s: PostgreSQL is restarted")
                    wait(self.is_there, "PostgreSQL")
            else:
                self.kill(kind)

    def is_there(self) -> bool:
        """Whether the record can be read."""
        from automl.errors import RecordError

        with suppress(RecordError):
            return bool(self.states())
        return False

    def kill(self, kind: str) -> None:
        """Kill one process of a kind; a worker where there is none for a while."""
        find, until = (
            {"driver": self.drivers, "trainer": self.trainers}.get(kind, list),
            time.monotonic() + 30.0,
        )
        while not (pids := find()) and kind in ("driver", "trainer") and time.monotonic() < until:
            time.sleep(0.02)
        if pids:
            with suppress(ProcessLookupError):
                os.kill(self.random.choice(pids), signal.SIGKILL)
        else:
            kind = "server" if kind == "server" else "worker"
            number = self.random.randrange(self.arguments.workers)
            self.demo.restart("server" if kind == "server" else f"worker-{number}")
        self.killed[kind] += 1
        print(f"{time.monotonic() - self.began:6.1f} s: a {kind} is killed")

    def drivers(self) -> list[int]:
        return [int(run.owner.rsplit(":", 2)[1]) for run in self.records.runs() if run.held and run.owner]

    def trainers(self) -> list[int]:
        rows = self.cohorts()
        return [
            int(row.lease_owner.rsplit(":", 2)[1])
            for row in rows
            if row.state == "training" and row.lease_owner
        ]

    def cohorts(self) -> list:
        from sqlalchemy import select as wanted

        from automl.records.tables import COHORTS

        return self.records.read(lambda connection: connection.execute(wanted(COHORTS)).all())

    def states(self) -> set[str]:
        from automl.records.queue import Queue

        return {str(Queue(self.records).find(name).state) for name in self.names}

    def continue_those_that_wait(self) -> None:
        """Continue studies that need a person."""
        from automl.records.queue import Queue

        for name in self.names:
            if str(Queue(self.records).find(name).state) == "needs_recovery":
                Queue(self.records).resume(name)
                self.num_continued += 1

    def finish(self) -> None:
        """Wait until all studies have succeeded and the clients know it."""
        until = time.monotonic() + 600
        while self.states() != {"succeeded"}:
            self.continue_those_that_wait()
            if time.monotonic() > until or self.states() & {"failed", "stopped", "cancelled"}:
                raise SystemExit(f"the studies are {self.states()}")
            time.sleep(0.5)
        self.seconds = time.monotonic() - self.began
        last = {name: self.numbers(name)[-1] for name in self.names}
        while (
            any(numbers[-1:] != [last[name]] for (name, _), numbers in self.numbers_seen.items())
            and time.monotonic() < until
        ):
            time.sleep(0.2)

    def run_of(self, name: str):
        """The run of a study. A driver that is killed before it has noted its run leaves another one behind."""
        from automl.records.queue import Queue

        return self.records.run(Queue(self.records).find(name).run)

    def numbers(self, name: str) -> list[int]:
        run = self.run_of(name)
        return [recorded.seq for recorded in self.records.events(run)]

    def report(self) -> int:
        """Compare, and print what was found; gives the number of misses."""
        misses = [miss for name in self.names for miss in self.misses(name)]
        cohorts = self.cohorts()
        parts = self.parts()
        twice = [
            cohort
            for cohort, count in Counter(part.cohort for part in parts if part.is_last).items()
            if count > 1
        ]
        misses += [f"the cohort {cohort} was committed twice" for cohort in twice]
        print(
            f"\n{self.database}, {len(self.names)} studies of {NUM_TRIALS} trials, {self.arguments.workers} workers,"
        )
        print(f"{self.seconds:.0f} s; load {os.getloadavg()[0]:.1f}")
        print(
            "killed or restarted:",
            ", ".join(f"{kind} {count}" for kind, count in sorted(self.killed.items())),
        )
        print(
            "connections harmed:",
            ", ".join(f"{kind} {count}" for kind, count in sorted(self.proxy.faults.items())),
        )
        print(f"cohorts: {len(cohorts)}, of which {sum(part.is_last for part in parts)} trained elsewhere,")
        attempts, late = sum(row.attempt - 1 for row in cohorts), sum(row.late for row in cohorts)
        print(f"{attempts} further attempts, {late} late commits")
        print(f"studies continued by hand: {self.num_continued}")
        print("\n".join(misses) or "nothing lost, nothing double")
        return bool(misses)

    def parts(self) -> list:
        from sqlalchemy import select as wanted

        from automl.records.tables import COHORT_PARTS

        return self.records.read(lambda connection: connection.execute(wanted(COHORT_PARTS)).all())

    def misses(self, name: str) -> list[str]:
        """What does not hold of a study."""
        from automl.evaluation.leaderboard import leaderboard
        from automl.records.finding import open_records, read_state

        complaints, run, numbers = [], self.run_of(name), self.numbers(name)
        if numbers != list(range(1, len(numbers) + 1)):
            complaints.append(f"{name}: events have the numbers {numbers}")
        for (of, client), numbers_seen in self.numbers_seen.items():
            if of == name and numbers_seen != numbers:
                complaints.append(
                    f"{name}: client {client} has seen {numbers_seen}, and the record has {numbers}"
                )
        events = [recorded.event for recorded in self.records.events(run)]
        ended = sorted(event.number for event in events if type(event).__name__ == "TrialEnded")
        if ended != list(range(NUM_TRIALS)):
            complaints.append(f"{name}: the trials {ended} have ended")
        alone = open_records(self.demo.folder / "alone", f"sqlite:///{self.demo.folder}/alone/records.db")
        boards = []
        for records, examined in ((self.records, run), (alone, alone.runs(name)[0])):
            state = read_state(records, examined)
            board = leaderboard(state.trials, state.objective, state.started.searched)
            boards.append(board.drop(columns="seconds").to_csv())
        if boards[0] != boards[1]:
            complaints.append(f"{name}: the leaderboard is not that of `automl run`")
        return complaints


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    counts = {"kills": 30, "restarts": 2, "workers": 3, "studies": 2, "clients": 3, "seed": 0}
    for name, default in counts.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--pause", type=float, default=12.0, help="seconds between two kills, on average")
    parser.add_argument("--folder", type=Path, help="for all files; a new one by default")
    sys.path.insert(0, str(ROOT))
    run = Run(parser.parse_args())
    try:
        run.begin()
        run.harm()
        run.finish()
        status = run.report()
    finally:
        run.is_over.set()
        run.demo.end()
    sys.exit(status)


if __name__ == "__main__":
    main()

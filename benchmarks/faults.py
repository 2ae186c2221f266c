"""Studies that are killed, starved and cut off, against the same studies undisturbed.

    python benchmarks/faults.py [--kills 30] [--seed 0] [--only kills|faults] [--study NAME] [--fault NAME]
        [--to results/faults.json]

Four studies (a population of 60 networks of one structure, a Bayesian search, one recorded in PostgreSQL, one of a
user's builder) run once undisturbed. Then each runs again under SIGKILLs: the seed deals out the moments, at least two
in each phase, and prints them. After the last kill the study runs to its end. What must be equal: the leaderboard
without times, the bytes of the exported weights, the events without times and repetitions, and MLflow's runs: one for
each trial, none still running. Then other faults, one by one. Prints a table of counts and exits with 1 on any miss.
A phase that a study does not have, a missing PostgreSQL, or a missing permission to mount is said and not counted.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import yaml

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = Path(__file__).parent
BUILDER = """
import keras

def build(hp):
    layers = [keras.Input((13,)), keras.layers.Dense(hp.Int("units", 4, 8), activation="relu")]
    return keras.Sequential([*layers, keras.layers.Dropout(0.2), keras.layers.Dense(3, activation="softmax")])
"""
COMMON = {
    "data": {"sklearn": "wine"},
    "splits": {"folds": 3},
    "budget": {"minutes": None},
    "training": {"epochs": 12, "batch_size": 16, "patience": 4},
    "baselines": False,
    "bias_variance": {"resamples": 4, "trials": "top"},
}
SPACE = {
    "depth": {"int": [1, 2]},
    "width": {"choice": [8, 16]},
    "dropout": {"float": [0.0, 0.4]},
    "learning_rate": {"float": [0.003, 0.03], "log": True},
}
STUDIES = {
    "population": {
        "space": {**SPACE, "depth": 1, "width": 16},
        "search": {"algorithm": "random", "trials": 20, "cohort": 12, "seed": 1},
    },
    "bayesian": {"space": SPACE, "search": {"algorithm": "bayesian", "trials": 14, "seed": 2}},
    "postgres": {"space": SPACE, "search": {"algorithm": "random", "trials": 12, "cohort": 5, "seed": 3}},
    "builder": {
        "network": {"builder": "mine.py:build"},
        "space": {"learning_rate": {"choice": [0.01, 0.03]}},
        "search": {"algorithm": "random", "trials": 5, "seed": 4},
        "training": {"epochs": 6, "batch_size": 16, "patience": 3},
    },
}
POINTS = {
    "cohort asked": 1,
    "any time": 1,
    "training": 4,
    "trial ending": 2,
    "refit": 1,
    "between intention and reading": 1,
    "export": 1,
    "analysis": 1,
    "finish": 1,
    "mlflow": 1,
}
"""Where a process kills itself, in the order in which a study comes by, and how many times the place is passed at most
before it does. `any time` is up to three seconds after the search began."""


@dataclass
class Report:
    """What was checked.

    Attributes:
        rows: `(what, how often, misses)`.
        missed: Misses in words.
    """

    rows: list[tuple[str, int, int]] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def add(self, fault: str, count: int, misses: list[str]) -> None:
        self.rows.append((fault, count, len(misses)))
        self.missed += [f"{fault}: {miss}" for miss in misses]
        print(
            f"{fault:58} {count:4d} {'ok' if not misses else f'{len(misses)} MISSED: {misses[0]}'}",
            flush=True,
        )


def main() -> int:
    arguments = _arguments()
    if arguments.child:
        return child(*arguments.child)
    report = Report()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, Database(Path(folder)) as database:
        base = Path(folder)
        if arguments.only != "faults":
            killed(base, database, arguments, report)
        if arguments.only != "kills":
            check_other_faults(base, database, report, arguments.fault)
    if arguments.to:
        Path(arguments.to).write_text(
            json.dumps({"rows": report.rows, "missed": report.missed}, indent=2) + "\n"
        )
    for miss in report.missed:
        print("MISSED", miss)
    return 1 if report.missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=["kills", "faults"])
    parser.add_argument(
        "--study", choices=list(STUDIES), help="kill this one only; the moments stay the same"
    )
    parser.add_argument("--fault", help="only the fault of this name, a function of this file")
    parser.add_argument("--to")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    return parser.parse_args()


class Database:
    """A PostgreSQL server of its own, from the binaries of the system; `uri` is None where there are none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "postgres"
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        self.bin = programs[-1].parent if programs else None
        self.uri: str | None = None
        self.databases: set[str] = set()

    def _run(self, *command: str) -> None:
        user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        subprocess.run([*user, *command], check=True, capture_output=True)

    def __enter__(self) -> "Database":
        if self.bin is None:
            print("PostgreSQL is not installed: the study `postgres` records in SQLite")
            return self
        self.folder.parent.chmod(0o755)
        self.folder.mkdir()
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
        self.port = 20000 + os.getpid() % 20000
        self._run(str(self.bin / "initdb"), "-D", str(self.folder / "data"), "-A", "trust", "-U", "automl")
        self._control("start")
        self.uri = f"postgresql://automl@127.0.0.1:{self.port}/postgres"
        return self

    def _control(self, action: str) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        log = str(self.folder / "log")
        self._run(
            str(self.bin / "pg_ctl"),
            "-D",
            str(self.folder / "data"),
            "-l",
            log,
            "-w",
            "-m",
            "fast",
            "-o",
            options,
            action,
        )

    def uri_of(self, folder: Path) -> str:
        """A database for the record of one folder."""
        name = re.sub(r"\W", "_", f"{folder.parent.name}_{folder.name}".lower())
        if name not in self.databases:
            server = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "automl"]
            self._run(str(self.bin / "createdb"), *server, name)
            self.databases.add(name)
        return f"postgresql://automl@127.0.0.1:{self.port}/{name}"

    def restart(self) -> None:
        self._control("restart")

    def __exit__(self, *_: object) -> None:
        if self.uri is not None:
            self._control("stop")


def write_study(folder: Path, name: str, database: Database, /, **changes: object) -> Path:
    """The study's file in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"name": name, **COMMON, **STUDIES[name], **changes}
    if name == "postgres" and database.uri is not None:
        content["records"] = {"uri": database.uri_of(folder)}
    if name == "builder":
        (folder / "mine.py").write_text(BUILDER)
    path = folder / f"{content['name']}.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def start(path: Path, *child_arguments: str, **environment: str) -> subprocess.Popen[str]:
    """`automl run` on a study, in its folder; with arguments, in a process that does harm to itself."""
    command = [sys.executable, "-m", "automl", "run", path.name, "-q"]
    if child_arguments:
        command = [sys.executable, str(Path(__file__).resolve()), "--child", path.name, *child_arguments]
    return subprocess.Popen(
        command,
        cwd=path.parent,
        env={**os.environ, **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def run(path: Path, *child_arguments: str, **environment: str) -> tuple[int, str]:
    """The same to its end: exit status and output."""
    process = start(path, *child_arguments, **environment)
    output, _ = process.communicate(timeout=900)
    return process.returncode, output


@dataclass
class Outcome:
    """What a study left behind.

    Attributes:
        board: Its leaderboard as CSV, without times.
        weights: The bytes of each exported weight, by its name.
        events: Its events without times and repetitions, the trials of a cohort by number.
        num_trials: Trials in the record.
        runs: Of MLflow: how many trial runs there are for each trial, and how many runs still run.
        folder: Of the run.
    """

    board: str
    weights: list[tuple[str, bytes]]
    events: list[str]
    num_trials: int
    runs: tuple[dict[str, int], int]
    folder: Path


def outcome(path: Path) -> Outcome:
    """What the newest run of a study left behind."""
    from automl.config.reading import load_study
    from automl.evaluation.leaderboard import leaderboard
    from automl.records.finding import find_run, open_records, read_state

    config = load_study(path)
    records = open_records(path.parent / "mlruns", config.records.uri)
    record = find_run(records, config.name)
    state = read_state(records, record)
    board = leaderboard(state.trials, state.objective, state.started.searched).drop(columns="seconds")
    return Outcome(
        board.to_csv(index=False),
        weights_of(record.folder / "model"),
        happened(list(records.events(record))),
        record.num_trials,
        mlflow_runs(path, record.identifier),
        record.folder,
    )


def weights_of(model: Path) -> list[tuple[str, bytes]]:
    """The bytes of each weight of a SavedModel by name: TensorFlow writes them into its file in a changing order.

    Keras counts a user's unnamed layers, `dense_3`, over the life of a process; the counter is left out.
    """
    import tensorflow

    if not model.is_dir():
        return []
    return sorted(
        (re.sub(r"_\d+/", "/", variable.name), variable.numpy().tobytes())
        for variable in tensorflow.saved_model.load(str(model))._all_variables
    )


def happened(events: list) -> list[str]:
    """Events as lines, without what depends on time; repetitions after a kill once."""
    from automl.records.encoding import kind_of, to_json

    lines: list[str] = []
    trials: list[tuple[int, str]] = []
    for recorded in events:
        kind, content = kind_of(recorded.event), json.loads(to_json(recorded.event))
        if kind in ("study_continued", "phase_begun", "phase_ended") or content.get("status") == "stopped":
            continue
        for name in ("seconds", "facts", "identifier", "base", "time_limit", "earlier", "text"):
            content.pop(name, None)
        if kind == "verdict_reached":
            content["sentences"] = [
                sentence for sentence in content["sentences"] if "read before" not in sentence
            ]
        line = f"{kind} {json.dumps(content, sort_keys=True)}"
        if kind == "trial_ended":
            trials.append((content["number"], line))
            continue
        lines += [line for _, line in sorted(trials)]
        trials = []
        if line not in lines:
            lines.append(line)
    return lines


def mlflow_runs(path: Path, identifier: str) -> tuple[dict[str, int], int]:
    """Trial runs by trial, and the number of runs that still run."""
    from mlflow import MlflowClient

    database = path.parent / "mlruns" / "mlflow.db"
    if not database.is_file():
        return {}, 0
    client = MlflowClient(f"sqlite:///{database}")
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(experiments, f"tags.study_id = '{identifier}'", max_results=5000)
    trials: dict[str, int] = {}
    for run in runs:
        if run.data.tags.get("role") == "trial":
            number = run.data.tags["trial"]
            trials[number] = trials.get(number, 0) + 1
    return trials, sum(run.info.status == "RUNNING" for run in runs)


def differences(expected: Outcome, got: Outcome, mlflow: bool = True) -> list[str]:
    """What is not as it must be, in words."""
    missed = []
    if got.board != expected.board:
        missed.append("another leaderboard")
    if not got.weights or got.weights != expected.weights:
        missed.append("other weights")
    if got.events != expected.events:
        differing = next(
            (pair for pair in zip(expected.events, got.events, strict=False) if pair[0] != pair[1]), ("", "")
        )
        missed.append(
            f"other events ({len(expected.events)} to {len(got.events)}): {differing[0][:150]} | {differing[1][:150]}"
        )
    if got.num_trials != expected.num_trials:
        missed.append(f"{got.num_trials} trials in the record, not {expected.num_trials}")
    if mlflow and got.runs != expected.runs:
        missed.append(f"MLflow has {got.runs}, not {expected.runs}")
    return missed


def killed(base: Path, database: Database, arguments: argparse.Namespace, report: Report) -> None:
    """Every study undisturbed, then under SIGKILLs."""
    generator = random.Random(arguments.seed)  # noqa: S311  nothing secret
    moments = deal(generator, arguments.kills)
    counts = dict.fromkeys(POINTS, 0)
    for name in [arguments.study] if arguments.study else STUDIES:
        began = time.monotonic()
        path = write_study(base / "undisturbed" / name, name, database)
        status, output = run(path)
        seconds = time.monotonic() - began
        if status != 0:
            report.add(f"{name}: undisturbed", 1, [output[-500:]])
            continue
        expected = outcome(path)
        path = write_study(base / "killed" / name, name, database)
        done = []
        for point, passes in moments[name]:
            happened_here = kill_once(path, point, passes, generator)
            counts[point] += happened_here
            done.append(f"{point} ({passes})" if happened_here else f"{point} ({passes}) did not come")
        print(f"{name}: undisturbed {seconds:.0f} s; kills: {', '.join(done)}", flush=True)
        status, output = run(path)
        missed = (
            [f"exit status {status}: {output[-500:]}"] if status else differences(expected, outcome(path))
        )
        report.add(f"{name}: after {len(done)} kills", len(done), missed)
    for point, count in counts.items():
        report.add(f"SIGKILL: {point}", count, [])


def deal(generator: random.Random, count: int) -> dict[str, list[tuple[str, int]]]:
    """Moments for each study: every place at least twice where there are kills enough, earlier places first."""
    order = list(POINTS)
    places = [order[number % len(order)] for number in range(count)]
    moments: dict[str, list[tuple[str, int]]] = {name: [] for name in STUDIES}
    for number, point in enumerate(places):
        name = list(STUDIES)[(number + number // len(order)) % len(STUDIES)]
        moments[name].append((point, generator.randint(1, POINTS[point])))
    for chosen in moments.values():
        chosen.sort(key=lambda moment: order.index(moment[0]))
    return moments


def kill_once(path: Path, point: str, passes: int, generator: random.Random) -> bool:
    """Go on with a study until a SIGKILL; whether the kill came before its end."""
    delay = f"{generator.uniform(0.0, 3.0):.2f}"
    return run(path, point, delay if point == "any time" else str(passes))[0] == -signal.SIGKILL


def check_other_faults(base: Path, database: Database, report: Report, only: str | None) -> None:
    """SIGTERM, two SIGINTs, a full disk, a torn record, an absent server, a restarted database, a clock set back."""
    path = write_study(base / "calm" / "population", "population", database)
    status, output = run(path)
    if status:
        report.add("the undisturbed study", 1, [output[-500:]])
        return
    expected = outcome(path)
    for fault in (
        terminated,
        interrupted_twice,
        disk_full,
        torn,
        server_away,
        database_restarted,
        clock_set_back,
    ):
        if only not in (None, fault.__name__):
            continue
        description = (fault.__doc__ or "").rstrip(".")
        missed = fault(base / fault.__name__, database, expected)
        if missed is None:
            print(f"{description:58}    – not possible here")
        else:
            report.add(description, 1, missed)


def until(process: subprocess.Popen[str], path: Path, num_trials: int, seconds: float = 120.0) -> None:
    """Wait until so many trials are recorded, or the process has ended."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline and recorded(path) < num_trials:
        time.sleep(0.1)


def recorded(path: Path) -> int:
    """Trials in the record of a study."""
    from automl.config.reading import load_study
    from automl.errors import AutoMLError
    from automl.records.finding import find_run, open_records

    try:
        config = load_study(path)
        return find_run(open_records(path.parent / "mlruns", config.records.uri), config.name).num_trials
    except AutoMLError:
        return 0


def stopped(process: subprocess.Popen[str], most_seconds: float, statuses: tuple[int, ...]) -> list[str]:
    """Whether a process that was asked to stop does so, in time and with its next commands."""
    began = time.monotonic()
    try:
        output, _ = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return ["did not stop within 60 s"]
    seconds = time.monotonic() - began
    missed = [] if process.returncode in statuses else [f"exit status {process.returncode}: {output[-300:]}"]
    if seconds > most_seconds:
        missed.append(f"took {seconds:.1f} s to stop")
    return missed


def finished(path: Path, expected: Outcome) -> list[str]:
    """Whether a study that is gone on with ends as the undisturbed one."""
    status, output = run(path)
    return [f"exit status {status}: {output[-500:]}"] if status else differences(expected, outcome(path))


def terminated(folder: Path, database: Database, expected: Outcome) -> list[str] | None:
    """SIGTERM in the search, then gone on with."""
    path = write_study(folder, "population", database)
    process = start(path)
    until(process, path, 3)
    process.send_signal(signal.SIGTERM)
    return stopped(process, 30.0, (130,)) + finished(path, expected)


def interrupted_twice(folder: Path, database: Database, expected: Outcome) -> list[str] | None:
    """SIGINT twice beside a tracking server that hangs: ends within 5 s."""
    path = write_study(folder, "population", database)
    process = start(path, "hanging server", "1")
    until(process, path, 3)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    return stopped(process, 5.0, (130,)) + finished(path, expected)


def disk_full(folder: Path, database: Database, expected: Outcome) -> list[str] | None:
    """The disk is full in the search, then there is room again."""
    path = write_study(folder, "population", database)
    mlruns = folder / "mlruns"
    mlruns.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(mlruns)], capture_output=True
    )
    if mounted.returncode:
        return None
    try:
        process = start(path)
        until(process, path, 2)
        ballast = mlruns / "ballast"
        with ballast.open("wb") as file:
            try:
                while True:
                    file.write(b"\0" * 65536)
                    file.flush()
            except OSError:
                pass
        output, _ = process.communicate(timeout=300)
        missed = [] if process.returncode == 2 else [f"exit status {process.returncode}"]
        if "No space left" not in output and "full" not in output:
            missed.append(f"does not say that the disk is full: {output[-300:]}")
        shown = subprocess.run(
            [sys.executable, "-m", "automl", "show", "population"], cwd=folder, capture_output=True, text=True
        )
        if shown.returncode:
            missed.append(f"what was recorded cannot be read: {shown.stderr[-300:]}")
        ballast.unlink()
        return missed + finished(path, expected)
    finally:
        subprocess.run(["umount", "-l", str(mlruns)], check=False)


def torn(folder: Path, database: Database, expected: Outcome) -> list[str] | None:
    """The last event is torn, and the curves of the last trial: gone on with."""
    import sqlite3

    path = write_study(folder, "population", database)
    run(path, "trial ending", "6")
    with sqlite3.connect(folder / "mlruns" / "records.db") as connection:
        connection.execute(
            "UPDATE events SET payload = substr(payload, 1, 20) WHERE kind = 'trial_ended' AND seq = "
            "(SELECT max(seq) FROM events WHERE kind = 'trial_ended')"
        )
    newest = max(
        (folder / "mlruns" / "studies").glob("*/*/trials/*.curves.npy"), key=lambda file: file.stat().st_mtime
    )
    newest.write_bytes(newest.read_bytes()[:100])
    status, output = run(path)
    missed = [f"exit status {status}: {output[-500:]}"] if status else []
    return missed or [
        miss
        for miss in differences(expected, outcome(path))
        if "events" not in miss and "record," not in miss
    ]


def server_away(folder: Path, database: Database, expected: Outcome) -> list[str] | None:
    """The tracking server is away for a third of the time, then `automl track`."""
    port = 30000 + os.getpid() % 10000
    store = folder / "server"
    store.mkdir(parents=True)

    def serve() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
        command += [
            "--backend-store-uri",
            f"sqlite:///{store}/mlflow.db",
            "--artifacts-destination",
            str(store),
        ]
        server = subprocess.Popen(
            command, cwd=store, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        for _ in range(3000):
            if answers(port):
                break
            time.sleep(0.1)
        return server

    path = write_study(folder, "population", database, tracking={"uri": f"http://127.0.0.1:{port}"})
    server = serve()
    try:
        process = start(path)
        until(process, path, 3)
        os.killpg(server.pid, signal.SIGKILL)
        output, _ = process.communicate(timeout=600)
        missed = [] if process.returncode == 0 else [f"exit status {process.returncode}: {output[-300:]}"]
        server = serve()
        for _ in range(2):  # the second time must change nothing
            sent = subprocess.run(
                [sys.executable, "-m", "automl", "track", "population"],
                cwd=folder,
                capture_output=True,
                text=True,
            )
            if sent.returncode:
                missed.append(f"automl track: {sent.stderr[-300:]}")
        return missed + missing_in(f"http://127.0.0.1:{port}", outcome(path), expected)
    finally:
        os.killpg(server.pid, signal.SIGKILL)


def missing_in(uri: str, got: Outcome, expected: Outcome) -> list[str]:
    """What a server lacks of a study, or has twice."""
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(experiments, f"tags.study_id = '{got.folder.name}'", max_results=5000)
    trials = [run.data.tags["trial"] for run in runs if run.data.tags.get("role") == "trial"]
    missed = differences(expected, got, mlflow=False)
    if sorted(trials, key=int) != [str(number) for number in range(expected.num_trials)]:
        missed.append(f"the server has the trials {sorted(trials, key=int)}")
    running = [run.info.run_name for run in runs if run.info.status == "RUNNING"]
    return missed + [f"{name} still runs" for name in running]


def answers(port: int) -> bool:
    import socket

    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def database_restarted(folder: Path, database: Database, expected: Outcome) -> list[str] | None:
    """PostgreSQL is restarted in the search."""
    del expected
    if database.uri is None:
        return None
    calm = write_study(folder / "calm", "postgres", database, name="calm")
    run(calm)
    path = write_study(folder / "restarted", "postgres", database, name="restarted")
    process = start(path)
    until(process, path, 2)
    database.restart()
    output, _ = process.communicate(timeout=600)
    missed = [] if process.returncode == 0 else [f"exit status {process.returncode}: {output[-300:]}"]
    undisturbed, got = outcome(calm), outcome(path)
    return missed + (["another leaderboard"] if undisturbed.board != got.board else [])


def clock_set_back(folder: Path, database: Database, expected: Outcome) -> list[str] | None:
    """A kill, then gone on with by a clock that is set back by a day."""
    path = write_study(folder, "population", database)
    run(path, "trial ending", "5")
    status, output = run(path, "clock set back", "1")
    missed = [f"exit status {status}: {output[-500:]}"] if status else differences(expected, outcome(path))
    shown = subprocess.run(
        [sys.executable, "-m", "automl", "show"], cwd=folder, capture_output=True, text=True
    )
    return missed + ([] if "population" in shown.stdout else ["`automl show` does not find it"])


def child(file: str, point: str, passes: str) -> int:  # noqa: C901  a line per place
    """`automl run` in a process that kills itself when it passes a place for the n-th time, or does other harm."""
    from automl.cli import main as command
    from automl.study import conclusion, ensembling, judging, run, search, session
    from automl.tracking.mlflow import store
    from automl.training.plan import TrainingPlan
    from automl.training.population.places import Population

    left = 1 if point == "any time" else int(passes)

    def passing(owner: object, name: str, after: bool = False, when: object = None) -> None:
        function = getattr(owner, name)

        def wrapped(*positional: object, **named: object) -> object:
            nonlocal left
            result = function(*positional, **named) if after else None
            if when is None or when(*positional):  # type: ignore[operator]
                left -= 1
                if left <= 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return result if after else function(*positional, **named)

        setattr(owner, name, wrapped)

    match point:
        case "cohort asked":
            passing(search, "_train")
        case "any time":
            begun = run.search

            def begin(session: object) -> None:
                threading.Timer(float(passes), os.kill, (os.getpid(), signal.SIGKILL)).start()
                begun(session)

            run.search = begin
        case "training":
            passing(Population, "run_epoch")
            passing(TrainingPlan, "view")
        case "trial ending":
            passing(session, "write_trial", after=True)
        case "refit":
            passing(ensembling, "refit_trial")
        case "between intention and reading":
            passing(judging, "score_test_set")
        case "export":
            passing(conclusion, "_write_out_of_fold")
        case "analysis":
            passing(conclusion, "write_json", after=True)
        case "mlflow":
            passing(store.Store, "log_files", after=True)
        case "finish":
            passing(run, "_finish", after=False)
        case "hanging server":
            store.Store.log = lambda *_, **__: time.sleep(600)
        case "clock set back":
            real = time.time
            time.time = lambda: real() - 86400.0
    sys.argv = ["automl", "run", file, "-q"]
    command()
    return 0


if __name__ == "__main__":
    sys.exit(main())

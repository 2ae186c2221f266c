"""A study service on this machine: PostgreSQL, MLflow, a server, two workers, a study whose worker is killed.

    python benchmarks/service_demo.py [--folder FOLDER] [--end]

It ends with the page left open until Ctrl-C; with --end it ends when the study has ended. PostgreSQL is taken from its
Debian package (`apt-get install postgresql`); without it the record is a SQLite file, which is said.
"""

import argparse
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parent.parent
STUDY = """name: demo
# Which small network tells three kinds of wine apart best?
data: {path: wine.csv, target: target}
splits: {folds: 3}
search: {trials: 24, cohort: 4}
training: {epochs: 60}
bias_variance: {resamples: 0}
"""


class Demo:
    """The processes of the demonstration.

    Args:
        folder: For all that they write.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.processes = folder, []
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), "MLFLOW_DISABLE_TELEMETRY": "true"}
        self.environment.pop("AUTOML_TOKEN", None)

    def start(self, name: str, *command: str, **options) -> subprocess.Popen:
        """Start a process that writes into a log of its name."""
        log = (self.folder / f"{name}.log").open("ab")
        process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=self.folder, env=self.environment, **options
        )
        self.processes.append(process)
        print(f"{name}: process {process.pid}, {name}.log")
        return process

    def automl(self, name: str, *arguments: str) -> subprocess.Popen:
        """Start a command of automl."""
        return self.start(name, sys.executable, "-m", "automl", *arguments)

    def postgres(self) -> str | None:
        """The address of a PostgreSQL server that is started; None where there is none."""
        programs_found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not programs_found:
            print("PostgreSQL is not installed: the record is a SQLite file")
            return None
        programs, home = programs_found[-1].parent, Path(tempfile.mkdtemp(prefix="demo-pg-"))
        user = None
        if os.geteuid() == 0:  # the server refuses root
            names = {entry.pw_name for entry in pwd.getpwall()}
            user = next(name for name in ("postgres", "nobody") if name in names)
            shutil.chown(home, user)
        options = ["--auth=trust", "--username=automl", "--encoding=UTF8"]
        subprocess.run(
            [programs / "initdb", "-D", home / "data", *options], check=True, user=user, cwd=home,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        port = str(free_port())
        settings = ("-p", port, "-k", str(home), "-c", "listen_addresses=127.0.0.1")
        self.start("postgresql", str(programs / "postgres"), "-D", str(home / "data"), *settings, user=user)
        ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", port]
        wait(lambda: subprocess.run(ready, check=False).returncode == 0, "PostgreSQL")
        return f"postgresql://automl@127.0.0.1:{port}/postgres"

    def mlflow(self) -> str:
        """The address of an MLflow server that is started."""
        port = free_port()
        store = f"sqlite:///{self.folder}/mlflow.db"
        command = ("-m", "mlflow", "server", "--port", str(port), "--backend-store-uri", store)
        self.start(
            "mlflow", sys.executable, *command, "--artifacts-destination", str(self.folder / "artifacts")
        )
        url = f"http://127.0.0.1:{port}"
        wait(lambda: answers(f"{url}/health"), "MLflow", 120)
        return url

    def end(self) -> None:
        """End all processes, the last one first."""
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return opened.getsockname()[1]


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
            return answer.status == 200
    except OSError:
        return False


def wait(holds, server: str, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise SystemExit(f"{server} does not answer within {seconds:g} s; see its log")
        time.sleep(0.2)


def run(demo: Demo) -> None:
    """The demonstration; ends when the study has ended."""
    from sklearn.datasets import load_wine

    from automl.service.client import Client

    load_wine(as_frame=True).frame.to_csv(demo.folder / "wine.csv", index=False)
    (demo.folder / "study.yaml").write_text(STUDY)
    records = demo.postgres()
    if records is not None:
        demo.environment["AUTOML_RECORDS"] = records
    demo.environment["MLFLOW_TRACKING_URI"] = demo.mlflow()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    began = time.monotonic()
    demo.automl("server", "serve", "--port", str(port))
    wait(lambda: answers(f"{url}/healthz"), "the server")
    print(f"the server is ready after {time.monotonic() - began:.1f} s: {url}/#demo")
    workers = {name: demo.automl(name, "worker") for name in ("worker-1", "worker-2")}
    study = Client(url).submit(demo.folder / "study.yaml")
    print(f"{study.identifier} is sent; MLflow is at {demo.environment['MLFLOW_TRACKING_URI']}")
    killed, trials, state = False, -1, ""
    for event in study.events():
        if event.kind == "state":
            shown = event.content
            if shown["trials"] == trials and shown["state"] == state:
                continue
            trials, state = shown["trials"], shown["state"]
            left = "" if shown["seconds_left"] is None else f", {shown['seconds_left']:.0f} s left"
            print(f"  {shown['state']}: {shown['trials']} of {shown['planned']} trials{left}")
        if event.kind == "trial_ended" and not killed and event.content["number"] >= 6:
            killed = True
            busy = next(name for name in workers if "begins" in (demo.folder / f"{name}.log").read_text())
            workers[busy].kill()
            print(f"  {busy} is killed; the other one takes the study over")
    status = study.status()
    print(f"{status['state']}: {status['metric']} {status['best']:.4f}")
    if status["state"] != "succeeded":
        raise SystemExit(f"the study did not succeed: {status['reason']}")
    prediction = study.predict(load_wine(as_frame=True).data.head(1))
    print(f"the model predicts class {prediction['prediction'][0]} for the first row, which is of class 0")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="for all that is written; a new one by default")
    parser.add_argument("--end", action="store_true", help="end when the study has ended")
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="automl-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    print(f"everything is in {folder}")
    sys.path.insert(0, str(ROOT))
    demo = Demo(folder.absolute())
    try:
        run(demo)
        if not arguments.end:
            print("The page stays open. Ctrl-C ends all.")
            signal.pause()
    except KeyboardInterrupt:
        print()
    finally:
        demo.end()


if __name__ == "__main__":
    main()

"""The server of `automl ui`: quiet, waited for, and gone when the command is."""

import os
import signal
import socket
import sys
import threading
from pathlib import Path

import pytest

from automl.errors import TrackingError
from automl.tracking.mlflow.address import StoreAddress, probe
from automl.tracking.mlflow.serving import Server
from automl.tracking.mlflow.ui import UserInterface

ANSWERING = """
import http.server, subprocess, sys, time
print("INFO: a server writes much", flush=True)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(sys.argv[2], "w").write(str(child.pid))
time.sleep(0.5)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_):
        print("noise", file=sys.stderr, flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def plan_of(script: str, *arguments: str) -> UserInterface:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = (sys.executable, "-c", script, str(port), *arguments)
    return UserInterface(address, {"studies": f"{address}/#/"}, command)


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_it_is_started_quietly_and_answers_when_start_returns(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server, file = Server(plan := plan_of(ANSWERING, str(tmp_path / "child"))), tmp_path / "child"
    with server:
        server.start()
        assert not probe(StoreAddress(plan.address, "", None))
        child = int(file.read_text())
        assert is_running(child)
    assert probe(StoreAddress(plan.address, "", None))
    assert not is_running(child), "a server's own processes end with it"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_without_a_word(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    before = signal.getsignal(number)
    server = Server(plan := plan_of(ANSWERING, str(tmp_path / "child")))
    with server:
        server.start()
        timer = threading.Timer(0.3, os.kill, (os.getpid(), number))
        timer.start()
        server.wait()
    assert probe(StoreAddress(plan.address, "", None))
    assert signal.getsignal(number) == before
    assert capfd.readouterr() == ("", "")


def test_one_that_ends_by_itself_is_said_with_its_last_words() -> None:
    server = Server(plan_of("import sys; print('the port is taken'); sys.exit(3)"))
    with pytest.raises(TrackingError, match=r"ended with status 3. It wrote:\nthe port is taken"), server:
        server.start()


def test_an_address_that_answers_already_is_left_alone(tmp_path: Path) -> None:
    plan = plan_of(ANSWERING, str(tmp_path / "child"))
    with Server(plan) as first:
        first.start()
        with pytest.raises(TrackingError, match=r"another server already uses this address.*--port"):
            Server(plan).start()
        assert not probe(StoreAddress(plan.address, "", None))


def test_a_server_elsewhere_is_neither_started_nor_waited_for() -> None:
    server = Server(UserInterface("http://127.0.0.1:9", {"studies": "http://127.0.0.1:9/#/"}))
    with server:
        server.start()
        server.wait()

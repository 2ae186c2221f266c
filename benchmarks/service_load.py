"""How quickly a server lists 1,000 queued studies while 50 clients watch.

python benchmarks/service_load.py [--studies 1000] [--watchers 50] [--records URI]
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy

ROOT = Path(__file__).parent.parent


def send_all(url: str, count: int) -> list[float]:
    """Send studies; gives the seconds that each took."""
    taken = []
    for place in range(count):
        body = f"name: s{place}\ndata: {{sklearn: wine}}\n".encode()
        while True:
            began = time.perf_counter()
            try:
                urllib.request.urlopen(f"{url}/studies", body).close()  # noqa: S310
                break
            except urllib.error.HTTPError as error:
                assert error.code == 429, error.code
                time.sleep(1.0)  # an address may send 600 requests a minute
        taken.append(time.perf_counter() - began)
    return taken


def watching(port: int, count: int) -> list[socket.socket]:
    """Open event streams."""
    streams = []
    for place in range(count):
        streams.append(socket.create_connection(("127.0.0.1", port)))
        streams[-1].sendall(f"GET /studies/s{place}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    time.sleep(2.0)
    return streams


def list_often(url: str, count: int = 300) -> list[float]:
    """List 50 studies; gives the seconds that each time took."""
    from automl.service.client import Client

    taken = []
    for _ in range(count):
        began = time.perf_counter()
        assert len(Client(url).studies()) == 50
        taken.append(time.perf_counter() - began)
    return taken


def started(port: int, records: str | None) -> subprocess.Popen:
    """A server that answers."""
    folder = tempfile.mkdtemp(prefix="automl-load-")
    command = [sys.executable, "-m", "automl", "serve", "--port", str(port), "--mlruns", folder]
    command += ["--records", records] if records else []
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz").close()
            return server
        except OSError:
            time.sleep(0.05)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--watchers", type=int, default=50)
    parser.add_argument("--records", help="SQLite in a new folder by default")
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        port = opened.getsockname()[1]
    url, server = f"http://127.0.0.1:{port}", started(port, arguments.records)
    try:
        sends = send_all(url, arguments.studies)
        streams = watching(port, arguments.watchers)
        for request, times in (("send a study", sends), ("list 50", list_often(url))):
            half, most, all_but_one = (1000 * numpy.quantile(times, q) for q in (0.5, 0.95, 0.99))
            print(f"{request}: median {half:.0f} ms, p95 {most:.0f} ms, p99 {all_but_one:.0f} ms")
        print(f"load {os.getloadavg()[0]:.1f}, {len(streams)} watchers, {arguments.studies} studies")
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()

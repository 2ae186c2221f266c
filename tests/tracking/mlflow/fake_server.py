"""A server that speaks as much of MLflow's protocol as a study needs, and hangs or fails on demand."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from fake_mlflow import FakeMlflow

PREFIX = "/api/2.0/mlflow/"


class FakeServer:
    """A store in memory behind a port.

    Attributes:
        address: Where it listens.
        stores: What it keeps, by the name of the experiment.
        requests: Paths that were asked for, in order.
        held: Whether requests hang, all but those for a sign of life.
        down: Whether every request is refused.
        num_held: Requests that have hung.
    """

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.stores: dict[str, FakeMlflow] = {}
        self.requests: list[str] = []
        self.down = False
        self.num_held = 0
        self._free = threading.Event()
        self._free.set()
        self._lock = threading.Lock()

    @property
    def held(self) -> bool:
        return not self._free.is_set()

    def hold(self) -> None:
        """Let requests hang from now on."""
        self._free.clear()

    def release(self) -> None:
        """Answer those that hang, and all that follow."""
        self._free.set()

    def runs(self, experiment: str = "digits") -> dict[str, Any]:
        """Runs that are not deleted, by name."""
        return self.stores[experiment].contents()["runs"]

    def answer(self, method: str, path: str, content: Any) -> tuple[int, Any]:
        """Status and content of an answer."""
        self.requests.append(path)
        if self.down:
            return 503, {}
        if path == "/health":
            return 200, {}
        self.num_held += self.held
        self._free.wait()
        with self._lock:
            if path.startswith("/api/2.0/mlflow-artifacts/artifacts/"):
                _, run, name = path.removeprefix("/api/2.0/mlflow-artifacts/artifacts/").split("/", 2)
                self._of_run(run).runs[run].files[name.removeprefix("artifacts/")] = content
                return 200, {}
            call = getattr(self, "_" + path.removeprefix(PREFIX).replace("/", "_").replace("-", "_"))
            return call(content)

    def _of_run(self, run: str) -> FakeMlflow:
        return next(store for store in self.stores.values() if run in store.runs)

    def _experiment(self, name: str) -> dict[str, Any]:
        store = self.stores[name]
        tags = [{"key": key, "value": value} for key, value in store.tags.items()]
        location = f"mlflow-artifacts:/{name}"
        return {
            "experiment_id": name,
            "name": name,
            "artifact_location": location,
            "lifecycle_stage": "active",
            "tags": tags,
        }

    def _experiments_get_by_name(self, content: Any) -> tuple[int, Any]:
        if content["experiment_name"] not in self.stores:
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"}
        return 200, {"experiment": self._experiment(content["experiment_name"])}

    def _experiments_create(self, content: Any) -> tuple[int, Any]:
        self.stores[content["name"]] = FakeMlflow()
        return 200, {"experiment_id": content["name"]}

    def _experiments_get(self, content: Any) -> tuple[int, Any]:
        return 200, {"experiment": self._experiment(content["experiment_id"])}

    def _experiments_search(self, content: Any) -> tuple[int, Any]:
        return 200, {"experiments": [self._experiment(name) for name in self.stores]}

    def _experiments_set_experiment_tag(self, content: Any) -> tuple[int, Any]:
        self.stores[content["experiment_id"]].tags[content["key"]] = content["value"]
        return 200, {}

    def _runs_create(self, content: Any) -> tuple[int, Any]:
        store = self.stores[content["experiment_id"]]
        tags = {tag["key"]: tag["value"] for tag in content["tags"]}
        name = content["run_name"]
        run = store.create_run("", int(content["start_time"]), tags, name)
        return 200, {"run": _run(run, content["experiment_id"])}

    def _runs_get(self, content: Any) -> tuple[int, Any]:
        store = self._of_run(content["run_id"])
        return 200, {"run": _run(store.get_run(content["run_id"]), self._name(store))}

    def _runs_search(self, content: Any) -> tuple[int, Any]:
        runs = [
            _run(run, name)
            for name in content["experiment_ids"]
            for run in self.stores[name].search_runs([name], content.get("filter", ""))
        ]
        return 200, {"runs": runs}

    def _runs_log_batch(self, content: Any) -> tuple[int, Any]:
        lists = {
            name: [SimpleNamespace(**{"step": 0, **entry}) for entry in content.get(name, ())]
            for name in ("metrics", "params", "tags")
        }
        for metric in lists["metrics"]:
            metric.step, metric.timestamp = int(metric.step), int(metric.timestamp)
        self._of_run(content["run_id"]).log_batch(content["run_id"], **lists)
        return 200, {}

    def _runs_update(self, content: Any) -> tuple[int, Any]:
        store, run_id = self._of_run(content["run_id"]), content["run_id"]
        store.runs[run_id].status = content["status"]
        if "end_time" in content:
            store.runs[run_id].ended = int(content["end_time"])
        return 200, {"run_info": _run(store.get_run(run_id), self._name(store))["info"]}

    def _runs_log_inputs(self, content: Any) -> tuple[int, Any]:
        store = self._of_run(content["run_id"])
        for logged in content["datasets"]:
            data = logged["dataset"]
            store.runs[content["run_id"]].datasets.add((data["name"], data["digest"]))
        return 200, {}

    def _runs_delete(self, content: Any) -> tuple[int, Any]:
        self._of_run(content["run_id"]).delete_run(content["run_id"])
        return 200, {}

    def _runs_delete_tag(self, content: Any) -> tuple[int, Any]:
        self._of_run(content["run_id"]).delete_tag(content["run_id"], content["key"])
        return 200, {}

    def _name(self, store: FakeMlflow) -> str:
        return next(name for name, known in self.stores.items() if known is store)


def _run(run: Any, experiment: str) -> dict[str, Any]:
    info = {name: value for name, value in vars(run.info).items() if value is not None}
    info |= {"run_uuid": run.info.run_id, "experiment_id": experiment}
    info["artifact_uri"] = f"mlflow-artifacts:/{experiment}/{run.info.run_id}/artifacts"

    def listed(values: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [{"key": key, "value": value} for key, value in values.items()]

    metrics = [
        {"key": key, "value": value, "timestamp": 0, "step": 0} for key, value in run.data.metrics.items()
    ]
    return {
        "info": info,
        "data": {"tags": listed(run.data.tags), "params": listed(run.data.params), "metrics": metrics},
    }


@contextmanager
def serving() -> Iterator[FakeServer]:
    """A server that runs while the block does."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            path = unquote(parts.path)
            if "mlflow-artifacts" in path:
                content: Any = body
            elif body:
                content = json.loads(body)
            else:
                content = {name: values[0] for name, values in parse_qs(parts.query).items()}
            status, answer = server.answer(self.command, path, content)
            text = json.dumps(answer).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            except OSError:  # whoever asked has gone
                pass

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

        def log_message(self, *args: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            pass

    with Quiet(("127.0.0.1", 0), Handler) as http:
        server = FakeServer(http.server_port)
        threading.Thread(target=http.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.release()
            http.shutdown()

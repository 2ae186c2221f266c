import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from automl.tracking.mlflow import address
from automl.tracking.mlflow.address import find_store, probe, refused, silent


@pytest.fixture
def mute_server() -> Iterator[str]:
    """Accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_the_study_file_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://elsewhere:5000")
    address = find_store("http://here:5000", tmp_path)
    assert (address.uri, address.source, address.files) == ("http://here:5000", "tracking.uri", None)


def test_the_environment_comes_before_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/other.db")
    address = find_store(None, tmp_path / "mlruns")
    assert address.source == "MLFLOW_TRACKING_URI"
    assert address.database == tmp_path / "other.db"
    assert address.files == tmp_path / "artifacts"


def test_the_folder_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    address = find_store(None, Path("mlruns"))
    assert address.uri == f"sqlite:///{tmp_path}/mlruns/mlflow.db"
    assert address.database == tmp_path / "mlruns" / "mlflow.db"
    assert address.files == tmp_path / "mlruns" / "artifacts"
    assert not address.is_server


def test_a_database_server_keeps_files_in_the_folder(tmp_path: Path) -> None:
    address = find_store("postgresql+psycopg2://user@host/mlflow", tmp_path)
    assert address.database is None
    assert address.files == tmp_path / "artifacts"


def test_a_closed_port_does_not_answer(closed_port: int, tmp_path: Path) -> None:
    server = find_store(f"http://127.0.0.1:{closed_port}", tmp_path)
    assert probe(server) == "No server responds there."
    message = str(silent(server, probe(server)))
    assert f"127.0.0.1:{closed_port}" in message
    assert "unset it to use the store in mlruns/" in message


def test_a_server_that_never_answers_is_not_waited_for(
    mute_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(address, "PROBE_SECONDS", 0.2)
    assert "does not respond within" in probe(find_store(mute_server, tmp_path))


@pytest.mark.parametrize(("status", "answer"), [(200, ""), (401, ""), (404, ""), (503, "It responds 503")])
def test_any_server_that_is_not_broken_answers(status: int, answer: str, tmp_path: Path) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert probe(find_store(f"http://127.0.0.1:{server.server_port}/", tmp_path)).startswith(answer)


def test_a_database_server_is_knocked_at(closed_port: int, tmp_path: Path) -> None:
    assert "It reports" in probe(find_store(f"postgresql://user@127.0.0.1:{closed_port}/mlflow", tmp_path))


def test_a_locked_or_missing_database_does_not_answer(
    mlruns: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import sqlite3

    monkeypatch.setattr(address, "PROBE_SECONDS", 0.1)
    store = find_store(None, mlruns)
    assert probe(store) == ""
    connection = sqlite3.connect(mlruns / "mlflow.db")
    connection.execute("BEGIN EXCLUSIVE")
    assert "locked" in probe(store)
    connection.close()
    assert "unable to open" in probe(find_store(None, tmp_path / "nowhere"))


def test_a_refusal_names_the_setting_and_a_cure(tmp_path: Path) -> None:
    embedded = str(refused(find_store(None, tmp_path), PermissionError(13, "Permission denied")))
    assert embedded.startswith("`mlruns` must be in a folder that can be written, got ")
    assert str(tmp_path) in embedded
    assert "set MLFLOW_TRACKING_URI" in embedded
    named = str(refused(find_store("ftp://x", tmp_path), ValueError("unsupported scheme\nsecond line")))
    assert "`tracking.uri`" in named
    assert "MLflow reports: unsupported scheme. Correct tracking.uri" in named


SECRET = [
    ("http://me:SECRET@h:5000", "http://me:***@h:5000"),
    ("https://SECRET@h/mlflow", "https://***@h/mlflow"),
    ("https://h/mlflow?access_token=SECRET&page=2", "https://h/mlflow?access_token=***&page=2"),
    ("postgresql://me:SECRET@h/mlflow?sslmode=require", "postgresql://me:***@h/mlflow?sslmode=require"),
    ("mysql+pymysql://h/mlflow?user=me&password=SECRET", "mysql+pymysql://h/mlflow?user=me&password=***"),
    ("http://h:5000", "http://h:5000"),
    ("postgresql://me@h:5432/mlflow", "postgresql://me@h:5432/mlflow"),
]


@pytest.mark.parametrize(("uri", "shown"), SECRET)
def test_no_message_has_the_password_or_the_token_of_a_store(uri: str, shown: str, tmp_path: Path) -> None:
    store = find_store(uri, tmp_path)
    assert store.uri == uri and store.shown == shown
    repeated = ConnectionError(f"(psycopg.Error) no entry for {uri} with SECRET\nmore")
    for text in (
        str(silent(store, "No.")),
        str(refused(store, repeated)),
        str(refused(store, KeyError(uri))),
    ):
        assert f", got '{shown}'. " in text
        assert "SECRET" not in text or "SECRET" not in uri  # what is no secret of this store stays
    assert uri not in repr(store)


def test_a_long_error_is_masked_before_it_is_cut(tmp_path: Path) -> None:
    error = ValueError("x" * 380 + " http://me:SECRETSECRETSECRETSECRET@h:5000/")
    assert address.first_line(error) == "x" * 380 + " http://me:***@h:500"


def test_what_a_server_says_is_masked(tmp_path: Path) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(503, "no SECRET at http://me:SECRET@h")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        uri = f"http://me:SECRET@127.0.0.1:{server.server_port}"
        assert probe(find_store(uri, tmp_path)) == "It responds 503 no *** at http://me:***@h."


def test_an_address_that_cannot_be_read_is_not_repeated(tmp_path: Path) -> None:
    assert "SECRET" not in probe(find_store("http://me:SECRET@[::1", tmp_path))
    assert "SECRET" not in probe(find_store("postgresql://me:SECRET@h:port/d", tmp_path))

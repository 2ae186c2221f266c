"""What somebody on the network can try: each attempt is refused, and the server goes on."""

import gzip
import http.client
import http.server
import io
import json
import logging
import socket
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas
import pytest
from served import WINE, Served, read_to_end

from automl.records.events import PhaseBegun
from automl.service import protocol
from automl.service.client import Client
from automl.service.connection import ServiceError
from automl.service.settings import (
    Limits,
    SettingsError,
    check_host,
    parse_allowed,
    read_token,
)

TOKEN = "0123456789abcdef-secret"
Serve = Callable[..., Served]


def nothing_is_queued(server: Served, **headers: str) -> bool:
    return server.get("/studies", **headers).content["studies"] == []


# What studies may not use


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("data: {path: /etc/passwd, target: x}", "data.path"),
        ("data: {path: ../../etc/passwd, target: x}", "data.path"),
        ("data: {path: table.csv, target: x}", "data.path"),
        ("data: {path: 'C:\\Windows\\win.ini', target: x}", "data.path"),
        ("data: {path: " + "a" * 64 + ".csv/../../../etc/passwd, target: x}", "data.path"),
        ("data: {url: 'http://169.254.169.254/latest', target: x}", "data.url"),
        ("data: {url: 'https://${AUTOML_TOKEN}.example.org/t.csv', target: x}", "data.url"),
        ("data: {sql: 'sqlite:////etc/x', table: t, target: x}", "data.sql"),
        ("data: {sql: 'postgresql://${HOME}@h/d', table: t, target: x}", "data.sql"),
        ("data: {sklearn: wine}\nrecords: {uri: 'sqlite:////tmp/x.db'}", "records.uri"),
        ("data: {sklearn: wine}\nrecords: {uri: '${HOME}'}", "records.uri"),
        ("data: {sklearn: wine}\ntracking: {uri: 'http://elsewhere:5000'}", "tracking.uri"),
        ("data: {sklearn: wine}\ntracking: {to: 'os.path:Class'}", "tracking.to"),
        ("data: {sklearn: wine}\nnetwork: {builder: 'a.py:build'}", "network.builder"),
        ("data: {sklearn: wine}\nobjective: 'a.py:score'\ndirection: max", "objective"),
    ],
)
def test_what_the_operator_has_not_listed_is_refused(server: Served, text: str, key: str) -> None:
    answer = server.post("/studies?name=x", text.encode())
    assert answer.status == 403
    assert f"`{key}` must" in answer.detail
    assert answer.detail.startswith("x.yaml:")
    assert nothing_is_queued(server)


@pytest.mark.parametrize(
    ("entry", "good", "bad"),
    [
        (
            "url=https://files.example.org/*",
            "url: 'https://files.example.org/t.csv'",
            "url: 'https://other.org/t.csv'",
        ),
        ("path=/data/*", "path: /data/t.csv", "path: /data/../etc/passwd"),
        ("path=/data/*", "path: /data/a/t.csv", "path: /database/t.csv"),
        ("url", "url: 'https://any.org/t.csv'", "url: 'https://any.org/${HOME}.csv'"),
    ],
)
def test_what_is_listed_may_be_used_and_nothing_else(serve: Serve, entry: str, good: str, bad: str) -> None:
    server = serve(allowed=parse_allowed([entry]))
    assert server.post("/studies?name=bad", f"data: {{{bad}, target: x}}".encode()).status == 403
    assert server.post("/studies?name=good", f"data: {{{good}, target: x}}".encode()).status == 201


def test_code_comes_only_as_a_file_of_its_own_where_code_is_listed(serve: Serve, server: Served) -> None:
    assert server.post("/tables?name=a.py", b"x = 1").status == 422
    listed = serve(allowed=parse_allowed(["builder"]))
    path = listed.post("/tables?name=a.py", b"def build(hp): ...").content["path"]
    study = f"data: {{sklearn: wine}}\nnetwork: {{builder: '{path}:build'}}"
    assert listed.post("/studies?name=b", study.encode()).status == 201


# Bodies


def test_a_body_that_is_too_large_is_refused_before_it_is_read(serve: Serve) -> None:
    server = serve(limits=Limits(study_bytes=1000, table_bytes=5000))
    assert server.post("/studies", WINE + b"#" * 2000).status == 413
    assert server.post("/tables?name=t.csv", b"a\n" * 5000).status == 413
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.putrequest("POST", "/tables?name=t.csv")
    connection.putheader("Content-Length", str(10**15))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    pieces = iter([b"a\n" * 1000] * 10)
    assert server.ask("POST", "/tables?name=t.csv", pieces).status == 413
    assert list(server.service.files.names()) == []


def test_a_large_table_is_taken_in_pieces(server: Served) -> None:
    row = b"1,2,3,4\n"
    content = b"a,b,c,d\n" + row * 1_000_000
    answer = server.post("/tables?name=t.csv", io.BytesIO(content))
    assert (answer.status, answer.content["size"]) == (201, len(content))


def packed(kind: str, size: int) -> bytes:
    """A table of zeros that is much larger when it is unpacked."""
    if kind == "csv.gz":
        return gzip.compress(b"a\n" + b"0\n" * (size // 2))
    out = io.BytesIO()
    if kind == "csv.zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("t.csv", b"a\n" + b"0\n" * (size // 2))
    elif kind == "xlsx":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", b" " * size)
    else:
        pandas.DataFrame({"a": [0.0] * (size // 8)}).to_parquet(out)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["csv.gz", "csv.zip", "xlsx", "parquet"])
def test_a_packed_table_is_bounded_by_what_is_in_it(serve: Serve, kind: str) -> None:
    server = serve(limits=Limits(unpacked_bytes=1_000_000))
    bomb = packed(kind, 20_000_000)
    assert len(bomb) < 1_000_000
    answer = server.post(f"/tables?name=t.{kind}", bomb)
    assert answer.status == 413
    assert "at most 1,000,000 bytes when it is unpacked" in answer.detail
    assert [path.name for path in server.service.files.folder.iterdir()] == []
    if kind != "xlsx":
        assert server.post(f"/tables?name=t.{kind}", packed(kind, 1000)).status == 201


@pytest.mark.parametrize(
    "name", ["../../t.csv", "/etc/cron.d/t.csv", "t.csv\x00.py", "a/b/c.csv", "..csv", ".csv"]
)
def test_a_table_is_kept_under_no_name_of_a_client(server: Served, name: str, tmp_path: Path) -> None:
    from urllib.parse import quote

    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    answer = server.post(f"/tables?name={quote(name)}", b"a,b\n1,2\n")
    added = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert answer.status in (201, 422)
    assert {path.parent for path in added} <= {server.service.files.folder}
    assert all(len(path.name) == 68 for path in added)


@pytest.mark.parametrize(
    ("name", "body"),
    [("t.csv.gz", b"no gzip"), ("t.parquet", b"PAR1 no"), ("t.xlsx", b"no zip"), ("t.csv", b"")],
)
def test_a_broken_table_is_refused(server: Served, name: str, body: bytes) -> None:
    assert server.post(f"/tables?name={name}", body).status == 422
    assert list(server.service.files.names()) == []


def test_a_table_that_arrives_otherwise_than_it_was_sent_is_refused(server: Served) -> None:
    answer = server.post(f"/tables?name=t.csv&sha256={'0' * 64}", b"a\n1\n")
    assert answer.status == 422
    assert "`sha256` must be the digest of what arrives" in answer.detail


def test_a_packed_body_is_not_unpacked(server: Served) -> None:
    assert server.post("/studies", gzip.compress(WINE), Content_Encoding="gzip").status == 415


def test_a_yaml_bomb_is_refused(server: Served) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    answer = server.post("/studies", "\n".join(lines).encode())
    assert answer.status == 422
    assert "at most 50,000 values" in answer.detail
    assert server.post("/studies", b"a: " + b"[" * 5000).status == 422


def test_rows_to_predict_that_are_none_are_refused(server: Served) -> None:
    server.begun(trials=1).finish()
    assert server.post("/studies/wine/predict", b"{}", Content_Type="application/json").status == 409
    assert server.post("/studies/none/predict", b"{}", Content_Type="application/json").status == 404


# Who asks


def test_other_machines_are_served_only_with_a_token() -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        check_host(host, None)
    for host in ("0.0.0.0", "::", "192.168.1.5", "myhost"):
        with pytest.raises(SettingsError, match=r"`--host` must be 127\.0\.0\.1 if there is no token"):
            check_host(host, None)
        check_host(host, TOKEN)


@pytest.mark.parametrize("text", ["short", "with a blank in it 1234", "ünïcödé-0123456789abc", "\n"])
def test_a_token_that_can_be_guessed_or_not_sent_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    with pytest.raises(SettingsError, match="must have at least 16"):
        read_token(file)
    file.write_text(f"{TOKEN}\n")
    assert read_token(file) == TOKEN


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong-token-0123456789"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": "Bearer "},
        {"Cookie": f"automl_session={TOKEN}"},
        {"Cookie": "automl_session="},
    ],
)
def test_without_the_token_nothing_of_any_study_is_told(serve: Serve, headers: dict[str, str]) -> None:
    server = serve(token=TOKEN)
    for address in (
        "/studies",
        "/studies/wine",
        "/studies/wine/events",
        "/metrics",
        "/openapi.json",
        "/nothing",
    ):
        answer = server.get(address, **headers)
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    assert server.post("/studies", WINE, **headers).status == 401
    assert server.get("/healthz").status == 200
    assert server.get("/").status == 200


def test_the_token_opens_everything_and_gives_the_page_a_cookie(serve: Serve) -> None:
    server = serve(token=TOKEN)
    good = {"Authorization": f"Bearer {TOKEN}"}
    assert nothing_is_queued(server, **good)
    answer = server.ask("POST", "/session", b"", **good)
    cookie = answer.headers["set-cookie"]
    assert answer.status == 204
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    assert server.get("/studies", Cookie=cookie.partition(";")[0]).status == 200
    assert server.ask("POST", "/session", b"", Cookie=cookie.partition(";")[0]).status == 401
    assert server.client.studies() == []


def test_who_guesses_tokens_must_wait(serve: Serve) -> None:
    server = serve(token=TOKEN, limits=Limits(wrong_tokens=5))
    tries = [server.get("/studies", Authorization=f"Bearer guess-{n:020d}").status for n in range(7)]
    assert tries == [401] * 5 + [429] * 2
    late = server.get("/studies", Authorization=f"Bearer {TOKEN}")
    assert (late.status, late.headers["retry-after"]) == (429, "60")


@pytest.mark.parametrize("host", ["evil.example.org", "127.0.0.1.evil.org", "", "evil.org:80", "[::2]"])
def test_a_name_that_is_not_the_servers_is_refused(server: Served, host: str) -> None:
    assert server.get("/studies", Host=host).status == 421


def test_names_of_the_server_are_taken(serve: Serve) -> None:
    server = serve(names=("studies.example.org",))
    for host in ("localhost", f"127.0.0.1:{server.port}", "[::1]:80", "Studies.example.org:443"):
        assert server.get("/studies", Host=host).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.org"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_a_page_of_another_site_changes_nothing(server: Served, headers: dict[str, str]) -> None:
    assert server.post("/studies", WINE, **headers).status == 403
    assert nothing_is_queued(server)


def test_the_page_of_the_server_itself_may_change_things(server: Served) -> None:
    headers = {"Origin": server.url, "Sec_Fetch_Site": "same-origin"}
    assert server.post("/studies", WINE, **headers).status == 201


def test_no_answer_may_be_framed_sniffed_or_read_by_other_sites(server: Served) -> None:
    for address in ("/", "/studies", "/nothing", "/page.js"):
        headers = server.get(address, Origin="https://evil.example.org").headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe-eval" not in headers["content-security-policy"]
        assert "access-control-allow-origin" not in headers


# HTML


def test_html_in_a_study_stays_text(server: Served) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    assert server.post("/studies?name=%3Cscript%3E", b"data: {sklearn: wine}").status == 422
    begun = server.begun(trials=1)
    begun.study.record(PhaseBegun(evil))
    begun.end_trial(1)
    begun.claims.end(begun.lease, begun.claims and "failed", evil)  # type: ignore[arg-type]
    for address in ("/studies/wine/report", "/studies/wine/overview", "/studies/wine"):
        body = server.get(address).body.decode()
        if address.endswith("/wine"):
            assert json.loads(body)["reason"] == evil  # the page sets it as text
        else:
            assert "<script>alert" not in body
            assert "<img src=x" not in body


# Times


def test_a_body_that_drips_is_not_waited_for(serve: Serve) -> None:
    server = serve(limits=Limits(body_seconds=0.3))
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest("POST", "/studies")
    connection.putheader("Content-Length", "1000")
    connection.endheaders()
    connection.send(b"data:")
    answer = connection.getresponse()
    assert answer.status == 408
    assert b"within 0.3 seconds" in answer.read()
    connection.close()


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET /studies HTTP/1.1\r\nHost: 127", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET "],
)
def test_a_connection_on_which_no_request_arrives_is_closed(
    server: Served, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(protocol, "HEADER_SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as idle:
        idle.sendall(sent)
        read_to_end(idle)
    assert server.get("/healthz").status == 200


def test_a_slow_answer_is_no_reason_to_close_a_connection(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEADER_SECONDS", 0.1)
    server.post("/studies?name=wine", b"data: {sklearn: wine}")
    with server.stream("/studies/wine/events", Connection="close") as stream:
        time.sleep(0.5)
        server.service.queue.cancel("wine")
        assert b"event: end" in read_to_end(stream)


def test_many_requests_of_one_address_must_wait(serve: Serve) -> None:
    server = serve(limits=Limits(requests=3))
    statuses = [server.post(f"/studies?name=s{n}", b"data: {sklearn: wine}").status for n in range(5)]
    assert statuses == [201, 201, 201, 429, 429]
    assert server.get("/studies").status == 200


def test_idle_streams_are_limited_and_the_server_goes_on(serve: Serve) -> None:
    server = serve(limits=Limits(streams_each=5))
    server.begun(trials=1)
    streams = [server.stream("/studies/wine/events") for _ in range(5)]
    for stream in streams:
        assert b"200 OK" in stream.recv(100)
    answer = server.get("/studies/wine/events")
    assert answer.status == 503
    assert "too many event streams are open" in answer.detail
    assert server.get("/studies").status == 200
    assert server.get("/studies/wine/trials").content["ended"] == 1
    for stream in streams:
        stream.close()
    wait_until(lambda: server.get("/studies/wine/events?follow=false").status == 200)


def test_a_client_that_never_reads_is_given_up(serve: Serve) -> None:
    server = serve(limits=Limits(streams=1, send_seconds=0.3))
    begun = server.begun()
    for _ in range(60):
        begun.study.record(PhaseBegun("x" * 200_000))
    sleeper = server.stream("/studies/wine/events")
    wait_until(lambda: server.get("/studies/wine/events?follow=false").status == 503)
    wait_until(lambda: server.get("/studies/wine/events?follow=false").status == 200)
    sleeper.close()


def test_a_stream_ends_after_its_time_and_the_client_goes_on(serve: Serve) -> None:
    server = serve(limits=Limits(stream_seconds=0.1))
    begun = server.begun(trials=1)
    with server.stream("/studies/wine/events", Connection="close") as stream:
        assert b"event: end" not in read_to_end(stream)
    events = server.client.study("wine").events()
    assert next(events).seq == 1
    begun.end_trial(1)
    begun.finish()
    assert [event.seq for event in events if event.seq] == list(range(2, begun.study.state.seq + 1))


def test_the_client_takes_its_token_to_no_other_address() -> None:
    requests: list[str] = []

    class Redirecting(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            self.send_response(302)
            self.send_header("Location", "/stolen")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with http.server.HTTPServer(("127.0.0.1", 0), Redirecting) as redirecting:
        threading.Thread(target=redirecting.handle_request, daemon=True).start()
        client = Client(f"http://127.0.0.1:{redirecting.server_port}", TOKEN)
        with pytest.raises(ServiceError, match="the service answers 302"):
            client.study("wine").status()
    assert requests == ["/studies/wine"]


# Logs


def test_no_secret_comes_into_a_log(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="automl")
    server = serve(token=TOKEN)
    good = {"Authorization": f"Bearer {TOKEN}"}
    server.get(f"/studies?token={TOKEN}", **good)
    server.get("/studies", Authorization="Bearer guess-0123456789abcdef")
    server.post("/studies", b"data: {sql: 'postgresql://me:geheim@h/d', table: t, target: x}", **good)
    output = "\n".join(record.getMessage() for record in caplog.records)
    assert "/studies 200" in output
    for secret in (TOKEN, "guess-0123456789abcdef", "geheim"):
        assert secret not in output


def wait_until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)

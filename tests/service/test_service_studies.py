"""Studies over HTTP: sent, listed, cancelled, continued, deleted, each wrong request with its cure."""

import json
from pathlib import Path

import pytest
from served import WINE, Served

from automl.config.reading import read_study
from automl.records.submissions import SubmissionState
from automl.service.admission import study_text

IN_JSON = {"Content_Type": "application/json"}


def test_a_study_is_sent_as_yaml_as_json_and_as_curl_sends_it(server: Served) -> None:
    answer = server.post("/studies", WINE)
    assert (answer.status, answer.headers["location"]) == (201, "/studies/wine")
    assert answer.content["state"] == "checking"
    study = json.dumps({"name": "other", "data": {"sklearn": "iris"}}, indent="\t").encode()
    assert server.post("/studies", study, **IN_JSON).content["id"] == "other"
    curl = {"Content_Type": "application/x-www-form-urlencoded"}
    assert server.post("/studies?name=third", b"data: {sklearn: iris}", **curl).content["id"] == "third"
    assert [study["id"] for study in server.get("/studies").content["studies"]] == ["third", "other", "wine"]


def test_what_is_kept_is_what_was_sent(server: Served) -> None:
    text = b"# a question\r\nname: wine\r\ndata: {sklearn: wine}   # a table\r\n"
    server.post("/studies", text)
    stored = server.service.files.text(server.service.queue.find("wine").file)
    assert stored == text.decode().replace("\r\n", "\n")


def test_the_same_key_gives_the_same_study_and_another_body_is_a_conflict(server: Served) -> None:
    first = server.post("/studies", WINE, Idempotency_Key="k1")
    again = server.post("/studies", WINE, Idempotency_Key="k1")
    assert (first.status, again.status) == (201, 200)
    assert first.content == again.content
    conflict = server.post("/studies", WINE + b"# more\n", Idempotency_Key="k1")
    assert conflict.status == 409
    assert "`Idempotency-Key` must be another one" in conflict.detail
    assert server.post("/studies?priority=1", WINE, Idempotency_Key="k1").status == 409


def test_an_existing_name_is_a_conflict_that_names_the_ways_out(server: Served) -> None:
    begun = server.begun()
    answer = server.post("/studies", WINE)
    assert (answer.status, answer.content["study"], answer.content["state"]) == (409, "wine", "running")
    begun.finish()
    answer = server.post("/studies", WINE)
    assert "POST /studies/wine/resume" in answer.detail
    assert "`fresh=true`" in answer.detail
    assert server.post("/studies?fresh=true", WINE).content["id"] == "wine~2"


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"data: {sklearn: wine}\nspase: {depth: 1}\n", 422, "study.yaml:2: `spase` is not a key"),
        (b"data: [", 422, "study.yaml:1: this is not YAML"),
        (b"\xff\xfe", 422, "study.yaml:1: the byte 0xff is not UTF-8 text"),
        (b"", 422, "study.yaml:1: a study file must hold `key: value` lines"),
        (b"- 1\n", 422, "study.yaml:1: a study file must hold"),
        (b"data: {sklearn: wine}\nspace: {depht: 1}\n", 422, "study.yaml:2: `depht` is not a hyperparameter"),
        (
            b"data: {sklearn: wine}\nsearch: {algorithm: magic}\n",
            422,
            "study.yaml:2: `search.algorithm` must name",
        ),
        (b"data: {sklearn: wine}\nobjective: magic\n", 422, "study.yaml:2: `objective` must name a metric"),
        (b"data: {path: " + b"a" * 64 + b".csv, target: x}", 422, "this service has no table 'aaaa"),
        (b"data: {frame: true, target: x}", 403, "study.yaml:1: `data.frame` is for Python"),
    ],
)
def test_a_wrong_study_is_refused_at_once_with_file_line_and_key(
    server: Served, body: bytes, status: int, detail: str
) -> None:
    answer = server.post("/studies", body)
    assert answer.status == status
    assert detail in answer.detail
    assert server.get("/studies").content["studies"] == []


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"data": {"sklearn": "wine"}, "data": 1}', "`data` occurs twice"),
        (b'{"data": NaN}', "NaN is not JSON"),
        (b'{"data":\n {]}', "study.yaml:2: this is not JSON"),
        (b"[" * 100_000, "study.yaml:1: this is not JSON"),
        (b'{"name": "a\\ud800", "data": {"sklearn": "wine"}}', "study.yaml:2: U+D800 is half of a character"),
        (b'{"a\\udc00": 1}', "study.yaml:2: U+DC00 is half of a character"),
        (b'{"\xc3\x9f\\udbc5\\udde4": {"x": 1}}', "study.yaml:2: `\u00df\U001015e4` is not a key"),
    ],
)
def test_wrong_json_is_refused(server: Served, body: bytes, detail: str) -> None:
    answer = server.post("/studies", body, **IN_JSON)
    assert answer.status == 422
    assert detail in answer.detail


@pytest.mark.parametrize("name", ["a😀b", "\\ud83d\\ude00", "a\u2028b", 'tab\tquote"', "\x7f", "über"])
def test_text_of_json_arrives_as_it_was_sent(name: str) -> None:
    text = study_text(json.dumps({"data": {"path": "t.csv", "target": name}}).encode(), True)
    assert read_study(text, Path("s.yaml")).data.target == name


def test_a_column_that_the_table_does_not_have_is_found_at_once(server: Served) -> None:
    table = server.post("/tables?name=t.csv", b"a,b,price\n1,2,3\n").content["path"]
    answer = server.post("/studies", f"name: t\ndata: {{path: {table}, target: prise}}".encode())
    assert answer.status == 422
    assert (
        "study.yaml:2: `data.target` must name a column of the table, got 'prise'. Did you mean `price`?"
        in (answer.detail)
    )
    good = f"name: t\ndata: {{path: {table}, target: price, features: [a]}}"
    assert server.post("/studies", good.encode()).status == 201


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/studies/none", 404),
        ("POST", "/studies/none/cancel", 404),
        ("POST", "/studies/none/resume", 404),
        ("DELETE", "/studies/none", 404),
        ("GET", "/studies/none/events", 404),
        ("GET", "/studies/none/report", 404),
        ("GET", "/studies/..%2fx", 404),
        ("GET", "/studies/a%00b", 422),
        ("GET", "/nothing", 404),
        ("PUT", "/studies", 405),
        ("GET", "/studies?limit=0", 422),
        ("GET", "/studies?limit=x", 422),
        ("GET", "/studies?state=asleep", 422),
        ("GET", "/studies?before=99999999999999999999", 422),
        ("POST", "/studies?priority=5000", 422),
        ("POST", "/studies?name=-x", 422),
    ],
)
def test_a_wrong_request_gets_a_problem_document(
    server: Served, method: str, address: str, status: int
) -> None:
    answer = server.ask(method, address, b"" if method == "POST" else None)
    assert answer.status == status
    assert answer.detail


@pytest.mark.parametrize(
    ("address", "methods"),
    [("/studies", "GET, POST"), ("/studies/none", "DELETE, GET"), ("/studies/none/cancel", "POST")],
)
def test_a_wrong_method_gets_all_methods_of_its_address(server: Served, address: str, methods: str) -> None:
    answer = server.ask("OPTIONS", address)
    assert (answer.status, answer.headers["allow"]) == (405, methods)


def test_another_kind_of_body_is_refused(server: Served) -> None:
    answer = server.post("/studies", WINE, Content_Type="application/pdf")
    assert answer.status == 415
    assert "`Content-Type` must be application/json or application/yaml" in answer.detail


def test_the_list_leads_from_page_to_page(server: Served) -> None:
    for place in range(5):
        server.post(f"/studies?name=s{place}", b"data: {sklearn: wine}")
    identifiers, address = [], "/studies?limit=2&state=checking"
    while address:
        page = server.get(address).content
        identifiers += [study["id"] for study in page["studies"]]
        address = page["next"]
    assert identifiers == ["s4", "s3", "s2", "s1", "s0"]
    assert [study["ahead"] for study in server.get("/studies").content["studies"]] == [4, 3, 2, 1, 0]


def test_a_study_is_cancelled_continued_and_deleted(server: Served) -> None:
    begun = server.begun(trials=2)
    assert server.post("/studies/wine/cancel").content["cancelled"]
    begun.finish(SubmissionState.CANCELLED)
    assert server.post("/studies/wine/cancel").status == 409
    assert server.post("/studies/wine/resume").content["state"] == "queued"
    assert server.post("/studies/wine/resume").status == 409
    assert server.post("/studies/wine/cancel").content["state"] == "cancelled"
    assert server.get("/studies/wine/trials").content["ended"] == 2
    assert server.ask("DELETE", "/studies/wine").status == 204
    assert server.get("/studies/wine").status == 404
    assert not begun.study.run.folder.exists()


def test_deleting_a_running_study_is_a_conflict(server: Served) -> None:
    begun = server.begun(trials=1)
    answer = server.ask("DELETE", "/studies/wine")
    assert answer.status == 409
    begun.study.let_go()
    assert server.ask("DELETE", "/studies/wine").status == 409
    assert begun.study.run.folder.exists()


def test_a_deleted_and_newly_sent_study_shows_nothing_of_the_old_one(server: Served) -> None:
    server.begun(trials=3).finish()
    assert server.get("/studies/wine/trials").content["ended"] == 3
    server.ask("DELETE", "/studies/wine")
    server.begun(trials=1)
    assert server.get("/studies/wine/trials").content["ended"] == 1

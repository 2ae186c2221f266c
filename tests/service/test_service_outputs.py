"""What a study gives over HTTP: events without loss, trials, leaderboard, report, model, numbers for operators."""

import csv
import io
import json
import zipfile

import pytest
from served import Served, events_in, read_to_end

from automl.records.files import MODEL
from automl.records.outcomes import Exported
from automl.records.submissions import SubmissionState
from automl.service.remote_study import parse_events


def seqs(body: bytes) -> list[int]:
    return [int(event["id"]) for event in events_in(body) if "id" in event]


def test_the_events_are_those_of_the_record_in_order(server: Served) -> None:
    begun = server.begun(trials=3)
    begun.finish()
    events = events_in(server.get("/studies/wine/events").body)
    recorded = list(server.service.records.events(begun.study.run))
    assert [int(event["id"]) for event in events if "id" in event] == [event.seq for event in recorded]
    trials = [json.loads(event["data"]) for event in events if event.get("event") == "trial_ended"]
    assert [trial["number"] for trial in trials] == [0, 1, 2]
    assert trials[0]["scores"] == [0.5, 0.5]
    assert events[-1]["event"] == "end"
    assert json.loads(events[-1]["data"]) == {"state": "succeeded"}


def test_a_client_that_connects_again_misses_nothing_and_is_told_when_nothing_comes(server: Served) -> None:
    begun = server.begun(trials=2)
    first = server.get("/studies/wine/events?follow=false")
    begun.end_trial(2)
    begun.finish()
    second = server.get("/studies/wine/events", Last_Event_ID=str(seqs(first.body)[-1]))
    last = begun.study.state.seq
    assert seqs(first.body) + seqs(second.body) == list(range(1, last + 1))
    assert server.get("/studies/wine/events", Last_Event_ID=str(last)).status == 204
    assert seqs(server.get(f"/studies/wine/events?since={last - 1}").body) == [last]


def test_a_stream_begins_before_the_study_does_and_follows_it_to_its_end(server: Served) -> None:
    server.post("/studies?name=wine", b"data: {sklearn: wine}")
    with server.stream("/studies/wine/events", Connection="close") as opened:
        received = b""
        while b'"state":"checking"' not in received:
            received += opened.recv(65536)
        server.service.queue.cancel("wine")
        remaining = read_to_end(opened)
    assert b'"state":"cancelled"' in remaining
    assert b"event: end" in remaining


def test_a_stream_of_a_study_that_is_deleted_ends(server: Served) -> None:
    server.post("/studies?name=wine", b"data: {sklearn: wine}")
    with server.stream("/studies/wine/events", Connection="close") as opened:
        opened.recv(65536)
        server.ask("DELETE", "/studies/wine")
        assert b'"deleted"' in read_to_end(opened)


@pytest.mark.parametrize("identifier", ["x", "-1", "1; DROP TABLE events", "99999999999"])
def test_a_wrong_last_event_is_refused(server: Served, identifier: str) -> None:
    server.begun()
    assert server.get("/studies/wine/events", Last_Event_ID=identifier).status == 422


def test_the_leaderboard_is_the_same_in_json_and_csv(server: Served) -> None:
    server.begun(trials=3)
    page = server.get("/studies/wine/trials").content
    assert [trial["trial"] for trial in page["trials"]] == [2, 1, 0]
    assert (page["metric"], page["direction"], page["ended"]) == ("log_loss", "min", 3)
    rows = list(csv.DictReader(io.StringIO(server.get("/studies/wine/leaderboard.csv?top=2").body.decode())))
    assert [(row["trial"], row["width"]) for row in rows] == [("2", "24"), ("1", "16")]


def test_the_report_follows_the_study(server: Served) -> None:
    begun = server.begun(trials=1)
    first = server.get("/studies/wine/report")
    assert b'<meta http-equiv="refresh"' in first.body
    assert "sandbox" in first.headers["content-security-policy"]
    begun.end_trial(1)
    assert b"2 trials" in server.get("/studies/wine/report").body
    begun.finish()
    assert b'<meta http-equiv="refresh"' not in server.get("/studies/wine/report").body


def test_a_study_that_has_not_begun_gives_nothing_yet(server: Served) -> None:
    server.post("/studies?name=wine", b"data: {sklearn: wine}")
    for part in ("trials", "report", "leaderboard.csv", "model.zip"):
        answer = server.get(f"/studies/wine/{part}")
        assert answer.status == 409
        assert "has not begun (checking)" in answer.detail
    server.ask("DELETE", "/studies/wine")
    server.begun()
    assert server.get("/studies/wine/report").status == 200
    assert "has no model yet" in server.get("/studies/wine/model.zip").detail


def test_the_model_is_packed_whole_and_always_the_same(server: Served) -> None:
    begun = server.begun(trials=1)
    folder = begun.study.run.folder / MODEL
    (folder / "variables").mkdir(parents=True)
    (folder / "model.json").write_text("{}")
    (folder / "variables" / "data").write_bytes(b"x" * 100_000)
    begun.study.record(Exported(0, 1))
    begun.finish()
    packed = server.get("/studies/wine/model.zip")
    assert packed.status == 200
    assert packed.body == server.get("/studies/wine/model.zip").body
    with zipfile.ZipFile(io.BytesIO(packed.body)) as archive:
        assert archive.namelist() == ["model/model.json", "model/variables/data"]
        assert archive.read("model/variables/data") == b"x" * 100_000
    (folder / "model.json").unlink()
    assert "is not in the folder of the server" in server.get("/studies/wine/model.zip").detail


def test_operators_count_what_waits_and_who_works(server: Served) -> None:
    server.begun("a").finish(SubmissionState.FAILED, "because")
    server.post("/studies?name=b", b"data: {sklearn: wine}")
    lines = dict(
        line.rsplit(" ", 1)
        for line in server.get("/metrics").body.decode().splitlines()
        if not line.startswith("#")
    )
    assert lines['automl_studies{state="failed"}'] == "1"
    assert lines["automl_queue_length"] == "1"
    assert 0.0 <= float(lines["automl_oldest_queued_seconds"]) < 60.0
    assert server.get("/studies/a").content["reason"] == "because"


def test_health_says_when_the_files_have_vanished(server: Served) -> None:
    assert server.get("/healthz").content["status"] == "ok"
    folder = server.service.files.folder
    folder.rmdir()
    folder.write_text("not a folder")
    answer = server.get("/healthz")
    assert answer.status == 503
    assert str(folder) not in answer.detail
    sent = server.post("/studies?name=wine", b"data: {sklearn: wine}")
    assert sent.status == 507
    assert server.get("/studies").content["studies"] == []


def test_every_address_of_the_description_has_its_answers(server: Served) -> None:
    description = server.get("/openapi.json").content
    assert set(description["paths"]) == {
        "/studies",
        "/studies/{identifier}",
        "/studies/{identifier}/cancel",
        "/studies/{identifier}/events",
        "/studies/{identifier}/leaderboard.csv",
        "/studies/{identifier}/model.zip",
        "/studies/{identifier}/predict",
        "/studies/{identifier}/report",
        "/studies/{identifier}/resume",
        "/studies/{identifier}/trials",
        "/healthz",
        "/metrics",
        "/tables",
    }
    names = [
        operation["operationId"] for path in description["paths"].values() for operation in path.values()
    ]
    assert len(names) == len(set(names))
    assert "Problem" in description["components"]["schemas"]
    operations = [operation for path in description["paths"].values() for operation in path.values()]
    parameters = [parameter for operation in operations for parameter in operation.get("parameters", [])]
    assert {"name", "last-event-id"} <= {parameter["name"] for parameter in parameters}
    assert not any("null" in json.dumps(parameter["schema"]) for parameter in parameters), (
        "no address has a null"
    )


def test_a_client_reads_events_that_come_in_pieces() -> None:
    lines = [b": ping\n", b"\n", b"event: trial_ended\n", b'data: {"a":\n', b"data: 1}\n", b"id: 7\n", b"\n"]
    (event,) = parse_events(iter(lines))
    assert (event.kind, event.seq, event.content) == ("trial_ended", 7, {"a": 1})


def test_the_client_follows_lists_and_fetches(
    server: Served, tmp_path_factory: pytest.TempPathFactory
) -> None:
    study = server.client.submit({"name": "mine", "data": {"sklearn": "wine"}}, priority=3)
    assert (study.identifier, study.status()["priority"]) == ("mine", 3)
    study.delete()
    begun = server.begun(trials=2)
    study = server.client.study("wine")
    assert [study["id"] for study in server.client.studies()] == ["wine"]
    events = study.events()
    assert next(events).kind == "study_started"
    begun.end_trial(2)
    begun.finish()
    kinds = [event.kind for event in events]
    assert kinds.count("trial_ended") == 3
    assert kinds[-1] == "end"
    assert study.wait(1.0)["state"] == "succeeded"
    assert study.trials(1)[0]["trial"] == 2
    to = tmp_path_factory.mktemp("fetched") / "report.html"
    assert "<!DOCTYPE html>" in study.fetch("report", to).read_text()


def test_the_client_sends_the_table_that_a_study_file_names(
    server: Served, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("mine")
    (folder / "t.csv").write_text("a,b\n1,2\n")
    (folder / "s.yaml").write_text("data:\n  path: t.csv  # my table\n  target: b\n")
    study = server.client.submit(folder / "s.yaml")
    assert study.identifier == "s"
    text = server.service.files.text(server.service.queue.find("s").file)
    name = server.service.files.names()
    table = next(part for part in name if part.endswith(".csv"))
    assert text == f'data:\n  path: "{table}"  # my table\n  target: b\n'
    assert server.service.files.path(table).read_bytes() == b"a,b\n1,2\n"

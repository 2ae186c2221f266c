"""What `automl prune` deletes: old studies that have ended, and files that no study names."""

import os
import time
from pathlib import Path

from click.testing import CliRunner
from served import Served

from automl.cli import cli
from automl.records.tables import SUBMISSIONS
from automl.service.pruning import prune

OLD = time.time() - 40 * 86_400


def aged(server: Served, *names: str) -> None:
    """Let studies have ended long ago, and all files be as old."""
    with server.service.records._engine.begin() as connection:
        for name in names:
            connection.execute(SUBMISSIONS.update().where(SUBMISSIONS.c.name == name).values(changed=OLD))
    for path in server.service.files.folder.iterdir():
        os.utime(path, (OLD, OLD))


def test_old_studies_go_with_their_files_and_the_others_stay(server: Served) -> None:
    tables = [server.post("/tables?name=t.csv", f"a,b\n1,{n}\n".encode()).content["path"] for n in range(3)]
    for name, table in zip(("old", "new"), tables, strict=False):
        study = f"name: {name}\ndata: {{path: {table}, target: b}}"
        server.post("/studies", study.encode())
        server.post(f"/studies/{name}/cancel")
    ran = server.begun("ran", trials=1)
    aged(server, "old", "ran")
    files, queue = server.service.files, server.service.queue
    (files.folder / ".0123.csv").touch()
    os.utime(files.folder / ".0123.csv", (OLD, OLD))
    listed = prune(queue, files, 30.0, dry_run=True)
    assert (listed.studies, set(listed.files) >= {tables[0], tables[2]}) == (["old"], True)
    assert files.has(tables[0])
    done = prune(queue, files, 30.0)
    assert done.studies == ["old"]
    assert set(done.files) >= {tables[0], tables[2]}
    assert not files.has(tables[0])
    assert files.has(tables[1])
    assert not (files.folder / ".0123.csv").exists()
    assert [study["id"] for study in server.get("/studies").content["studies"]] == ["ran", "new"]
    ran.finish()
    aged(server, "ran")
    prune(queue, files, 30.0)
    assert not ran.study.run.folder.exists()


def test_a_file_that_was_just_sent_is_kept(server: Served) -> None:
    table = server.post("/tables?name=t.csv", b"a,b\n1,2\n").content["path"]
    assert prune(server.service.queue, server.service.files, 0.0).files == []
    assert server.service.files.has(table)


def test_the_command_says_what_it_does(server: Served) -> None:
    server.post("/studies?name=wine", b"data: {sklearn: wine}")
    server.post("/studies/wine/cancel")
    aged(server, "wine")
    mlruns: Path = server.service.settings.mlruns
    arguments = ["prune", "--older-than", "30", "--mlruns", str(mlruns)]
    dry = CliRunner().invoke(cli, [*arguments, "--dry-run"]).output
    assert dry.startswith("wine\n1 studies and ")
    assert CliRunner().invoke(cli, arguments).output.endswith("deleted.\n")
    assert server.get("/studies/wine").status == 404

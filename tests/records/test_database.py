"""Where the record is, and what may be wrong with it: each a message with its cure, and what can be read is read."""

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from postgres import Postgres
from record_samples import STARTED, Open, bits, created, ended, events_of, started
from sqlalchemy import inspect, text

from automl.errors import RecordError
from automl.records import addresses, database, presence
from automl.records.addresses import RecordAddress, find_records
from automl.records.database import SCHEMA, connect
from automl.records.finding import find_run, open_records, read_state
from automl.records.store import Records
from automl.records.tables import METADATA, VERSION_TABLE


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(addresses.VARIABLE, raising=False)


def filled(folder: Path, num_trials: int = 2) -> Path:
    """A folder with a record of one run; its file is returned."""
    records = open_records(folder, create=True)
    _, lease = created(records)
    records.append(lease, *(ended(number, 0.5) for number in range(num_trials)))
    records.release(lease)
    return folder / "records.db"


# Where it is


def test_the_record_is_a_file_in_the_folder_by_default(tmp_path: Path) -> None:
    assert find_records(tmp_path).file == tmp_path / "records.db"


def test_what_is_said_goes_before_the_environment_and_that_before_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOML_RECORDS", "sqlite:////there.db")
    assert find_records(tmp_path).file == Path("/there.db")
    assert find_records(tmp_path, "sqlite:////here.db").file == Path("/here.db")


def test_references_to_the_environment_are_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD_OF_DB", "geheim")
    address = find_records(tmp_path, "postgresql://me:${PASSWORD_OF_DB}@host/d")
    assert address.url.password == "geheim"
    with pytest.raises(RecordError) as caught:
        find_records(tmp_path, "postgresql://me:${NOT_SET}@host/d")
    assert str(caught.value).startswith("`records.uri` must name environment variables that are set, got")
    assert str(caught.value).endswith("Set NOT_SET.")


@pytest.mark.parametrize("name", ["a?b", "a b#c", "100%20", "ünï", "a&b=c@d:e", "sqlite:"])
def test_a_folder_may_be_called_anything(tmp_path: Path, name: str) -> None:
    filled(tmp_path / name)
    assert (tmp_path / name / "records.db").is_file()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert open_records(tmp_path / name).runs()[0].num_trials == 2


def test_a_folder_whose_name_is_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"is not UTF-8\. Choose another folder with --mlruns\.$"):
        find_records(tmp_path / "\udcff")


@pytest.mark.parametrize(
    ("uri", "got"),
    [
        ("mysql://me:geheim@host/d", "mysql"),
        ("https://host/geheim", "https"),
        ("geheim", "text of another form"),
        ("postgresql://me:geheim@host:port/d", "text of another form"),
        ("sqlite://", "sqlite without the name of a file"),
        ("sqlite:///:memory:", "sqlite without the name of a file"),
        ("sqlite://records.db", "sqlite without the name of a file"),
        ("sqlite:///records.db?mode=ro&uri=true", "sqlite with options"),
    ],
)
def test_an_address_of_something_else_is_refused(tmp_path: Path, uri: str, got: str) -> None:
    with pytest.raises(RecordError) as caught:
        open_records(tmp_path, uri, create=True)
    message = str(caught.value)
    assert message.startswith("`--records` must be a SQLite (sqlite:///FILE) or PostgreSQL")
    assert message.endswith(f"got {got!r}. Correct it, or leave it out to record in mlruns/.")
    assert "geheim" not in message


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2"])
def test_postgresql_is_reached_through_psycopg(scheme: str) -> None:
    assert RecordAddress(f"{scheme}://host/d", "--records").url.drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    "uri", ["postgresql://me:geheim@host/d", "postgresql://host/d?password=geheim&sslmode=require"]
)
def test_no_message_shows_a_password(uri: str) -> None:
    shown = RecordAddress(uri, "--records").shown
    assert "geheim" not in shown
    assert "***" in shown
    assert "host" in shown


def test_a_server_that_does_not_answer(tmp_path: Path) -> None:
    with pytest.raises(RecordError) as caught:
        open_records(tmp_path, "postgresql://me:geheim@127.0.0.1:1/d")
    message = str(caught.value)
    assert re.match(r"postgresql\+psycopg://me:\*\*\*@127\.0\.0\.1:1/d cannot be used: .*refused", message)
    assert message.endswith("Start the database, or correct --records.")
    assert "geheim" not in message


def test_a_package_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(RecordError) as caught:
        open_records(tmp_path, "postgresql://host/d")
    assert str(caught.value) == (
        "postgresql+psycopg://host/d needs the package psycopg, which is not installed. "
        "Install it with `pip install automl[postgres]`."
    )


# What it is made of


def test_the_tables_that_are_made_are_those_that_are_used(records: Records) -> None:
    with records._engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "include_name": lambda name, kind, _: name != VERSION_TABLE},
        )
        assert compare_metadata(context, METADATA) == []
        assert connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar() == SCHEMA


def test_the_newest_migration_is_the_schema() -> None:
    folder = Path(database.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_heads() == [SCHEMA]


def test_what_is_recorded_outlasts_a_power_failure_as_far_as_the_database_can_see_to_it(
    records: Records,
) -> None:
    with records._engine.connect() as connection:
        if records.address.file is not None:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 3  # EXTRA
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        else:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_a_database_may_be_shared_with_others_that_use_alembic(uri: str, tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine(find_records(tmp_path, uri).url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('theirs')"))
    records = open_records(tmp_path, uri, create=True)
    created(records)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "theirs"
    engine.dispose()
    records._engine.dispose()


# A file that no run has come into


def test_a_file_without_runs_is_removed_with_its_empty_folder(tmp_path: Path) -> None:
    records = open_records(tmp_path / "mlruns", create=True)
    _, lease = created(records)
    records.remove_if_empty()
    assert (tmp_path / "mlruns/records.db").is_file(), "it holds a run"
    records.remove(lease)
    (tmp_path / "mlruns/other").touch()
    records.remove_if_empty()
    assert [path.name for path in (tmp_path / "mlruns").iterdir()] == ["other"]
    (tmp_path / "mlruns/other").unlink()
    open_records(tmp_path / "mlruns", create=True).remove_if_empty()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_open_elsewhere_is_not_removed(tmp_path: Path) -> None:
    """SQLite may lose what is written to a new file of the same name while others have the old one open."""
    mlruns = tmp_path / "mlruns"
    first, second = (open_records(mlruns, create=True) for _ in range(2))
    first.remove_if_empty()
    assert created(second)[0].title in {run.title for run in open_records(mlruns).runs()}


def test_a_file_that_is_removed_while_another_process_opens_it_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_records(tmp_path / "mlruns", create=True)
    opened = presence._opened

    def removed(path: Path) -> Any:
        lock = opened(path)
        monkeypatch.setattr(presence, "_opened", opened)
        first.remove_if_empty()
        assert not path.parent.exists()
        return lock

    monkeypatch.setattr(presence, "_opened", removed)
    created(open_records(tmp_path / "mlruns", create=True))
    assert len(open_records(tmp_path / "mlruns").runs()) == 1


def test_a_folder_that_is_removed_before_it_is_used_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = presence._opened

    def removed(path: Path) -> Any:
        path.parent.rmdir()
        monkeypatch.setattr(presence, "_opened", opened)
        return opened(path)

    monkeypatch.setattr(presence, "_opened", removed)
    created(open_records(tmp_path / "mlruns", create=True))
    assert len(open_records(tmp_path / "mlruns").runs()) == 1


# What may be wrong with it


@pytest.mark.parametrize("table", ["studies", "events", "cohorts"])
def test_tables_that_are_not_ours_are_left_alone(uri: str, tmp_path: Path, table: str) -> None:
    engine = sqlalchemy.create_engine(find_records(tmp_path, uri).url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE {table} (study_id INTEGER)"))
    with pytest.raises(RecordError) as caught:
        open_records(tmp_path, uri, create=True)
    assert f"has a table `{table}` that automl did not create. Name another database" in str(caught.value)
    assert inspect(engine).get_table_names() == [table]
    engine.dispose()


def test_reading_makes_no_tables_in_a_database(uri: str, tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine(find_records(tmp_path, uri).url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE theirs (x INTEGER)"))
    with pytest.raises(
        RecordError, match=r"there is no study here\. Run one with `automl run study\.yaml`\.$"
    ):
        open_records(tmp_path, uri)
    assert inspect(engine).get_table_names() == ["theirs"]
    engine.dispose()


@pytest.mark.parametrize("folder", ["mlruns", "not/there"])
def test_reading_makes_no_file(tmp_path: Path, folder: str) -> None:
    (tmp_path / "mlruns").mkdir()
    with pytest.raises(RecordError) as caught:
        open_records(tmp_path / folder)
    assert str(caught.value) == (
        f"{tmp_path / folder}: there is no study here. Run one with `automl run study.yaml`."
    )
    with pytest.raises(RecordError, match="there is no study here"):
        connect(find_records(tmp_path / folder), create=False)
    assert [path.name for path in tmp_path.rglob("*")] == ["mlruns"]


def test_a_record_of_a_newer_version_is_refused_and_left_as_it_is(opened: Open, tmp_path: Path) -> None:
    records = opened()
    run, _ = created(records)
    with records._engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(RecordError) as caught:
        opened()
    assert str(caught.value) == (
        f"{records.address.shown} was written by a newer version of automl (9999). "
        "Update automl, or choose another folder with --mlruns."
    )
    assert len(events_of(records, run)) == 1


def test_a_part_that_was_removed_is_said(opened: Open) -> None:
    records = opened()
    run, _ = created(records)
    with records._engine.begin() as connection:
        connection.execute(text("DROP TABLE events"))
    with pytest.raises(
        RecordError, match=r"a part of it was deleted: restore it from a copy, or name another one\.$"
    ):
        list(records.events(run))


@pytest.mark.parametrize(
    "content", [b"garbage", b"SQLite format 3\0" + b"\xff" * 4000, b"\0" * 10_000], ids=len
)
def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "records.db"
    file.write_bytes(content)
    for create in (False, True):
        with pytest.raises(RecordError) as caught:
            open_records(tmp_path, create=create)
        assert str(caught.value).startswith(f"{file} cannot be used: ")
        assert str(caught.value).endswith("move it away; the files of each run stay in studies/.")
    assert file.read_bytes() == content


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_truncated_database_is_named(tmp_path: Path, share: float) -> None:
    file = filled(tmp_path, num_trials=200)
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(RecordError) as caught:
        records = open_records(tmp_path)
        read_state(records, find_run(records, None))
    assert str(caught.value).startswith(f"{file} cannot be used: database disk image is malformed. Restore")


def test_a_full_disk_is_said_and_what_was_recorded_stays_readable(tmp_path: Path) -> None:
    """SQLite says the same of a file that has reached the most pages it may have."""
    filled(tmp_path, num_trials=0)
    records = open_records(tmp_path)
    run = records.runs()[0]
    lease = records.claim(run)

    @sqlalchemy.event.listens_for(records._engine, "connect")
    def full(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # no more than there are

    records._engine.dispose()
    number = 0
    with pytest.raises(RecordError) as caught:
        for number in range(1000):
            records.append(lease, ended(number, *([0.5] * 100)), ended(1000 + number, 0.5))
    assert str(caught.value) == (
        f"{tmp_path / 'records.db'} cannot be used: database or disk is full. "
        "Free the disk; what was recorded stays readable."
    )
    again = [recorded.seq for recorded in open_records(tmp_path).events(run)]
    assert again == list(range(1, 2 * number + 2))
    open_records(tmp_path).append(lease, ended(number, 0.5))
    records.release(lease)


def test_a_database_that_another_process_locks_is_waited_for_and_then_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = filled(tmp_path)
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0.05)
    records = open_records(tmp_path)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        assert len(records.runs()) == 1, "reading goes on"
        with pytest.raises(
            RecordError, match=r"database is locked\. Another process has locked it; try again"
        ):
            records.claim(records.runs()[0])
        connection.execute("ROLLBACK")
    records.claim(records.runs()[0])


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder in which nothing can be written, also by root."""
    if os.geteuid() != 0:
        modes = {path: path.stat().st_mode for path in (folder, *folder.rglob("*"))}
        for path, mode in modes.items():
            path.chmod(mode & 0o555)
        yield
        for path, mode in modes.items():
            path.chmod(mode)
        return
    mount = ["mount", "--bind", folder, folder]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mode bits do not bind root, and this machine does not let it mount")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_read_only_folder_can_be_read_and_says_that_it_cannot_be_written(tmp_path: Path) -> None:
    file = filled(tmp_path)
    with read_only(tmp_path):
        records = open_records(tmp_path)
        run = find_run(records, "wine")
        assert read_state(records, run).num_trials == 2
        with pytest.raises(RecordError) as caught:
            records.claim(run)
        records._engine.dispose()
    assert str(caught.value) == (
        f"{file} cannot be used: attempt to write a readonly database. "
        "Make the file and its folder writable, or choose another folder with --mlruns."
    )


def test_a_record_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    with read_only(tmp_path):
        with pytest.raises(
            RecordError, match=r"cannot be (used|written): .*(unable to open|Read-only|Permission)"
        ):
            open_records(tmp_path, create=True)
        with pytest.raises(RecordError, match=r"mlruns/records\.db cannot be written: .* --mlruns\.$"):
            open_records(tmp_path / "mlruns", create=True)


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_disk_that_is_really_full_loses_nothing(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", small]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let root mount a small disk")
    try:
        records = open_records(small, create=True)
        run, lease = created(records)
        number = 0
        with pytest.raises(RecordError, match=r"Free the disk; what was recorded stays readable\.$"):
            for number in range(10_000):
                records.append(lease, ended(number, *([0.5] * 100)))
        assert [recorded.seq for recorded in records.events(run)] == list(range(1, number + 2))
        assert open_records(small).run(run.number).num_trials == number
        records._engine.dispose()
    finally:
        subprocess.run(["umount", "--lazy", small], check=True)


# PostgreSQL


def test_a_database_that_does_not_exist_is_named(postgres: Postgres, tmp_path: Path) -> None:
    with pytest.raises(
        RecordError, match=r'database "nowhere" does not exist\. Create it with `createdb`\.$'
    ):
        open_records(tmp_path, postgres.uri("nowhere"), create=True)


def test_a_user_without_rights_is_told_so(postgres: Postgres, tmp_path: Path) -> None:
    uri = postgres.new_database()
    postgres.execute("CREATE ROLE guest LOGIN")
    with pytest.raises(RecordError, match=r"permission denied .*grant this user the right to create"):
        open_records(tmp_path, uri.replace("automl@", "guest@"), create=True)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_of_another_encoding_keeps_events(
    postgres: Postgres, tmp_path: Path, encoding: str
) -> None:
    uri = postgres.new_database(f"ENCODING {encoding} TEMPLATE template0")
    records = open_records(tmp_path, uri, create=True)
    event = started(notes=STARTED.notes, base=STARTED.base)
    run, _ = records.create(tmp_path / "studies/wine/a", event, "1.0")
    (again,) = events_of(records, run)
    assert bits(again) == bits(event)
    if encoding == "LATIN1":
        with pytest.raises(
            RecordError, match=r'no equivalent in encoding "LATIN1"\. Use a database whose encoding'
        ):
            created(records, "iris", text="name: iris # ∞")
    records._engine.dispose()

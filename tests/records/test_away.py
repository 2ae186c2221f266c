"""A PostgreSQL server that goes away: what was recorded is there, and an append is neither lost nor written twice."""

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from postgres import Postgres, running_postgres
from record_samples import created, ended

from automl.errors import RecordError
from automl.records import store
from automl.records.finding import open_records
from automl.records.runs import Run
from automl.records.store import Records


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server that these tests may stop."""
    with running_postgres() as running:
        yield running


@pytest.fixture
def records(server: Postgres, tmp_path: Path) -> Iterator[Records]:
    records = open_records(tmp_path, server.new_database(), create=True)
    yield records
    records._engine.dispose()


def numbers(records: Records, run: Run) -> list[tuple[int, int]]:
    return [(event.seq, event.event.number) for event in list(records.events(run))[1:]]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_a_server_that_is_restarted_is_waited_for(
    server: Postgres, records: Records, how: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, lease = created(records)
    records.append(lease, ended(0, 0.5))
    waited = threading.Event()
    sleep = time.sleep
    monkeypatch.setattr(store.time, "sleep", lambda _: (waited.set(), sleep(0.02)))
    server.stop(how)

    def restart() -> None:
        assert waited.wait(60.0)
        server.start()

    restarting = threading.Thread(target=restart)
    restarting.start()
    (recorded,) = records.append(lease, ended(1, 0.25))
    restarting.join()
    assert recorded.seq == 3
    assert numbers(records, run) == [(2, 0), (3, 1)]
    assert records.run(run.number).num_trials == 2


def test_a_server_that_stays_away_is_named_with_the_cure(
    server: Postgres, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, lease = created(records)
    monkeypatch.setattr(store, "PATIENCE_SECONDS", 0.0)
    server.stop()
    with pytest.raises(RecordError, match=r"cannot be used: .*Start the database, or correct --records\.$"):
        records.append(lease, ended(0, 0.5))
    with pytest.raises(RecordError, match="cannot be used"):
        records.run(run.number)
    records.release(lease)  # must not hide what went wrong
    server.start()
    assert numbers(records, run) == []
    assert records.run(run.number).held, "nobody has told the server that it is free"


def lose_an_answer(records: Records, monkeypatch: pytest.MonkeyPatch, commits: bool) -> list[bool]:
    """Let the connection break at the next commit, before or after the server has done it; counts the commits."""
    real = records._engine.dialect.do_commit
    times: list[bool] = []

    def commit(connection: object) -> None:
        times.append(commits)
        if commits or len(times) > 1:
            real(connection)
        if len(times) == 1:
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(records._engine.dialect, "do_commit", commit)
    monkeypatch.setattr(store.time, "sleep", lambda _: None)
    return times


@pytest.mark.parametrize("commits", [True, False], ids=["after the commit", "before the commit"])
def test_an_append_whose_answer_is_lost_is_written_once(
    records: Records, monkeypatch: pytest.MonkeyPatch, commits: bool
) -> None:
    run, lease = created(records)
    tried = lose_an_answer(records, monkeypatch, commits)
    recorded = records.append(lease, ended(0, 0.5), ended(1, 0.25))
    assert len(tried) == 2
    assert [event.seq for event in recorded] == [2, 3]
    assert numbers(records, run) == [(2, 0), (3, 1)]
    assert records.run(run.number).num_trials == 2
    records.append(lease, ended(2, 0.1))
    assert numbers(records, run)[-1] == (4, 2)


def test_a_run_that_was_taken_over_meanwhile_is_refused(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, lease = created(records)
    real = records._engine.dialect.do_commit

    def commit(_: object) -> None:
        monkeypatch.setattr(records._engine.dialect, "do_commit", real)
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    def successor(_: float) -> None:
        records.release(lease)
        records.claim(run)

    monkeypatch.setattr(records._engine.dialect, "do_commit", commit)
    monkeypatch.setattr(store.time, "sleep", successor)
    with pytest.raises(RecordError, match="This process records nothing more"):
        records.append(lease, ended(0, 0.5))
    assert numbers(records, run) == []


def test_an_error_of_another_kind_is_not_tried_again(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, lease = created(records)
    monkeypatch.setattr(store.time, "sleep", lambda _: pytest.fail("it waits"))

    def commit(_: object) -> None:
        raise psycopg.errors.DiskFull('could not extend file "base/1": No space left on device')

    monkeypatch.setattr(records._engine.dialect, "do_commit", commit)
    with pytest.raises(RecordError, match=r"No space left on device\. Free the disk"):
        records.append(lease, ended(0, 0.5))

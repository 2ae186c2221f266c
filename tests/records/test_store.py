"""The record on both databases: events in order and whole, runs as their events say, all or nothing."""

import logging
import math
import struct
from pathlib import Path

import pytest
from record_samples import SAMPLES, Open, bits, created, ended, events_of, folder_of, started
from sqlalchemy import select, update

from automl.errors import RecordError
from automl.records import events as kinds
from automl.records import transactions
from automl.records.cohort_offers import CohortOffers
from automl.records.events import (
    VERSION,
    CohortAsked,
    Event,
    Finished,
    PhaseBegun,
    Recorded,
    StudyContinued,
    TrialEnded,
)
from automl.records.state import state_of
from automl.records.store import Records
from automl.records.tables import COHORTS, EVENTS
from automl.trial import Direction, Objective


def change_row(records: Records, seq: int, **values: object) -> None:
    """Write into an event's row what no version of automl wrote."""
    with records._engine.begin() as connection:
        connection.execute(update(EVENTS).where(EVENTS.c.seq == seq).values(values))


def cohort_states(records: Records) -> list[tuple[int, str, int, bool]]:
    columns = (COHORTS.c.number, COHORTS.c.state, COHORTS.c.attempt, COHORTS.c.lease_owner.is_not(None))
    with records._engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(COHORTS.c.number))]


def test_every_kind_of_event_comes_back_bit_by_bit_in_order(opened: Open) -> None:
    records = opened()
    run, lease = records.create(folder_of(records, "wine", "r"), SAMPLES[0], "1.0")
    for event in SAMPLES[1:]:
        records.append(lease, event)
    again = list(opened().events(run))
    assert [recorded.seq for recorded in again] == list(range(1, len(SAMPLES) + 1))
    assert [bits(recorded.event) for recorded in again] == [bits(event) for event in SAMPLES]


def test_events_that_are_appended_together_stand_together(records: Records) -> None:
    run, lease = created(records)
    first = records.append(lease, PhaseBegun("search"), ended(0, 0.5))
    second = records.append(lease, ended(1, 0.25))
    assert [event.seq for event in (*first, *second)] == [2, 3, 4]
    assert list(records.events(run))[1:] == [*first, *second]


def test_what_append_returns_is_what_is_read_back(records: Records) -> None:
    run, lease = created(records)
    event = StudyContinued("", 5, bounds={"width": (8, 64, False)}, space={"width": {"int": (8, 64)}})
    (recorded,) = records.append(lease, event)
    assert recorded == list(records.events(run))[-1]
    assert recorded.event.bounds == {"width": [8, 64, False]}


def test_no_events_are_nothing_to_append(records: Records) -> None:
    run, lease = created(records)
    assert records.append(lease) == []
    assert len(events_of(records, run)) == 1


def test_events_since_a_number_are_those_after_it(records: Records) -> None:
    run, lease = created(records)
    records.append(lease, *(ended(number, 0.5) for number in range(4)))
    assert [recorded.seq for recorded in records.events(run, since=3)] == [4, 5]
    assert list(records.events(run, since=5)) == []


def test_runs_keep_their_events_apart(records: Records) -> None:
    runs = [created(records, name) for name in ("wine", "iris")]
    for number in range(3):
        for _, lease in runs:
            records.append(lease, ended(number, float(number)))
    for run, _ in runs:
        assert [recorded.seq for recorded in records.events(run)] == [1, 2, 3, 4]
        assert events_of(records, run)[0].name == run.name


def test_an_append_writes_all_or_nothing(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    run, lease = created(records)
    written = transactions.event_row

    def failing(study: int, recorded: Recorded) -> dict[str, object]:
        if recorded.seq == 4:
            raise KeyboardInterrupt
        return written(study, recorded)

    monkeypatch.setattr(transactions, "event_row", failing)
    with pytest.raises(KeyboardInterrupt):
        records.append(lease, ended(0, 0.5), ended(1, 0.5), ended(2, 0.5))
    monkeypatch.undo()
    assert len(events_of(records, run)) == 1
    assert records.run(run.number).num_trials == 0
    assert [event.seq for event in records.append(lease, ended(0, 0.5))] == [2]


def test_an_event_that_could_not_be_read_back_is_not_written(records: Records) -> None:
    run, lease = created(records)
    with pytest.raises(RecordError, match="'lost' is not a valid TrialState"):
        records.append(lease, ended(0, 0.5), TrialEnded(1, "lost"))
    assert len(events_of(records, run)) == 1


def test_a_cohort_that_cannot_be_entered_takes_its_events_with_it(records: Records) -> None:
    run, lease = created(records)
    cohort = CohortAsked(0, 0, ({"width": 8},))
    records.append(lease, cohort)
    with pytest.raises(RecordError, match="cannot be used"):
        records.append(lease, PhaseBegun("search"), cohort)
    assert len(events_of(records, run)) == 2


@pytest.mark.parametrize(
    "broken",
    [
        {"payload": "{"},
        {"payload": '{"number":0}'},
        {"payload": "null"},
        {"kind": "trial_lost"},
        {"payload": '{"number":0,"state":"lost"}'},
    ],
    ids=str,
)
def test_a_broken_row_is_ignored_with_a_warning_and_the_others_are_read(
    records: Records, broken: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    run, lease = created(records)
    records.append(lease, *(ended(number, 0.5) for number in range(3)))
    change_row(records, 3, **broken)
    with caplog.at_level(logging.WARNING):
        again = [recorded.seq for recorded in records.events(run)]
    assert again == [1, 2, 4]
    assert "wine/20260101-000000-aaaa: event 3: " in caplog.text
    assert caplog.text.rstrip().endswith("It is ignored.")
    assert state_of(run.folder, records.events(run)).num_trials == 2


def test_bytes_that_are_no_text_spoil_no_other_row(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A bit that has tipped over in a SQLite file makes text that is not UTF-8."""
    from automl.records.addresses import find_records
    from automl.records.database import connect

    address = find_records(tmp_path)
    records = Records(address, connect(address), tmp_path)
    run, lease = created(records)
    records.append(lease, *(ended(number, 0.5) for number in range(3)))
    with records._engine.begin() as connection:
        for seq, column, value in ((2, "payload", "X'7BFF7D'"), (3, "kind", "X'FF'"), (4, "time", "'noon'")):
            connection.exec_driver_sql(
                f"UPDATE events SET {column} = CAST({value} AS TEXT) WHERE seq = {seq}"
            )
    records.append(lease, ended(7, 0.25))
    assert [recorded.seq for recorded in records.events(run)] == [1, 5]
    assert [f"event {seq}:" in caplog.text for seq in (1, 2, 3, 4, 5)] == [False, True, True, True, False]


def test_a_run_without_its_first_event_is_refused(records: Records) -> None:
    run, _ = created(records)
    change_row(records, 1, payload="{")
    with pytest.raises(RecordError, match=r"event 1: .* is broken.* Restore the record .*--fresh`\.$"):
        list(records.events(run))


def test_an_event_of_a_newer_version_is_refused_and_those_before_it_are_read(records: Records) -> None:
    run, lease = created(records)
    records.append(lease, ended(0, 0.5), ended(1, 0.5))
    change_row(records, 3, version=VERSION + 1, kind="trial_teleported", payload="?")
    events = records.events(run)
    assert [next(events).seq, next(events).seq] == [1, 2]
    with pytest.raises(RecordError, match=r"event 3: .*newer version of automl\. Update automl\.$"):
        next(events)


def test_readings_of_all_runs_are_found_by_their_kind(records: Records) -> None:
    for name in ("wine", "iris"):
        _, lease = created(records, name)
        records.append(
            lease,
            ended(0, 0.5),
            kinds.TestReadingDone(0, name, {}),
            kinds.TestReadingDone(1, name, {}),
            Finished("finished"),
        )
    readings = [
        (which, recorded.seq, recorded.event.digest)
        for which, recorded in records.all_of("test_reading_done")
    ]
    run = "20260101-000000-aaaa"
    assert readings == [
        (f"wine/{run}", 3, "wine"),
        (f"wine/{run}", 4, "wine"),
        (f"iris/{run}", 3, "iris"),
        (f"iris/{run}", 4, "iris"),
    ]


@pytest.mark.parametrize("values", [{"payload": "{"}, {"version": VERSION + 1}], ids=str)
def test_another_studys_broken_or_newer_reading_does_not_hide_the_others(
    records: Records, values: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("wine", "iris"):
        _, lease = created(records, name)
        records.append(lease, kinds.TestReadingDone(0, name, {}))
    with records._engine.begin() as connection:
        first = (EVENTS.c.seq == 2, EVENTS.c.study == 1)
        connection.execute(update(EVENTS).where(*first).values(values))
    assert [which for which, _ in records.all_of("test_reading_done")] == ["iris/20260101-000000-aaaa"]
    assert "wine/20260101-000000-aaaa: event 2" in caplog.text


def test_order_is_that_of_numbers_when_the_clock_is_set_back(opened: Open) -> None:
    times = iter([1000.0 - 10.0 * step for step in range(100)])
    records = opened(clock=lambda: next(times))
    run, lease = created(records)
    for number in range(5):
        records.append(lease, ended(number, 1.0 / (number + 1)))
    again = list(records.events(run))
    assert [recorded.seq for recorded in again] == [1, 2, 3, 4, 5, 6]
    assert [event.event.number for event in again[1:]] == [0, 1, 2, 3, 4]
    assert [recorded.time for recorded in again] == sorted((event.time for event in again), reverse=True)
    later, _ = created(records, run="20250101-000000-0000")
    assert [run.number for run in records.runs()] == [run.number, later.number]


def test_a_run_is_listed_as_its_events_say(opened: Open) -> None:
    records = opened(clock=lambda: 1234.5)
    run, lease = created(records, metric="accuracy", direction="max", num_trials=9)
    records.append(lease, ended(0, 0.5, 0.7), ended(1, 0.9, 0.7), ended(2, 1.0, 1.0, state="failed"))
    records.append(lease, ended(3, 0.1), StudyContinued("", 12))
    (listed,) = records.runs()
    assert listed == records.run(run.number)
    assert (listed.name, listed.identifier, listed.title) == (
        "wine",
        "20260101-000000-aaaa",
        "wine/20260101-000000-aaaa",
    )
    assert listed.folder == folder_of(records, "wine", "20260101-000000-aaaa")
    assert (listed.num_trials, listed.planned, listed.metric, listed.created) == (4, 12, "accuracy", 1234.5)
    assert listed.best == math.fsum((0.9, 0.7)) / 2
    assert (listed.status, listed.held, listed.killed) == ("running", True, False)


@pytest.mark.parametrize("direction", list(Direction))
def test_the_best_score_of_the_list_is_that_of_the_state(records: Records, direction: Direction) -> None:
    run, lease = created(records, direction=direction.value)
    assert records.run(run.number).best is None
    for number, scores in enumerate([(0.3, 0.1), (0.2,), (0.1, 0.3), (0.7, 0.1, 0.2), (0.05, 0.06)]):
        records.append(lease, ended(number, *scores))
        state = state_of(run.folder, records.events(run))
        best = Objective("log_loss", direction).best(list(state.trials))
        assert best is not None
        assert state.best == best
        assert records.run(run.number).best == best.mean("log_loss")


def test_a_score_that_is_not_a_number_is_never_listed_as_the_best(records: Records) -> None:
    run, lease = created(records)
    records.append(lease, ended(0, math.nan), ended(1, math.inf, -math.inf))
    assert records.run(run.number).best is None or math.isnan(records.run(run.number).best)
    records.append(lease, ended(2, 1.7e308, 1.7e308), ended(3, 0.5), ended(4, math.nan), ended(5, 0.75))
    assert records.run(run.number).best == 0.5


@pytest.mark.parametrize("status", ["finished", "failed", "stopped"])
def test_the_end_of_a_run_is_listed_until_it_goes_on(records: Records, status: str) -> None:
    run, lease = created(records)
    records.append(lease, Finished(status, 1.0))
    records.release(lease)
    assert records.run(run.number).status == status
    again = records.claim(run)
    records.append(again, StudyContinued("name: wine", 5))
    assert records.run(run.number).status == "running"
    records.release(again)
    assert records.run(run.number).status == "killed"


def test_two_runs_may_bear_one_identifier_where_their_studies_differ(records: Records) -> None:
    created(records, "wine", "r")
    created(records, "iris", "r")
    with pytest.raises(RecordError, match=r"cannot be used: .*(UNIQUE|unique)"):
        created(records, "wine", "r")
    assert [run.title for run in records.runs()] == ["wine/r", "iris/r"]
    assert [run.title for run in records.runs("iris")] == ["iris/r"]


def test_a_run_that_could_not_begin_is_removed_with_all_that_belongs_to_it(records: Records) -> None:
    run, lease = created(records)
    second, _ = created(records, "iris")
    records.append(lease, CohortAsked(0, 0, ({},)), ended(0, 0.5))
    records.remove(lease)
    assert records.runs() == [second]
    with pytest.raises(RecordError, match=rf"there is no run {run.number}\.$"):
        records.run(run.number)
    with pytest.raises(RecordError, match=rf"the run {run.number} is no longer in the record\.$"):
        records.append(lease, ended(1, 0.5))
    assert (list(records.events(run)), cohort_states(records)) == ([], [])
    assert created(records)[0].number > second.number, "numbers are not used again"


def test_cohorts_are_the_queue(records: Records) -> None:
    _, lease = created(records)
    for number in range(3):
        records.append(lease, CohortAsked(number, number, ({"width": 8},)))
    records.append(lease, ended(0, 0.5))
    CohortOffers(records, lease).end(0)
    CohortOffers(records, lease).retry(2)
    assert cohort_states(records) == [(0, "done", 1, False), (1, "running", 1, True), (2, "running", 2, True)]


def past(*events: Event) -> list[Recorded]:
    return [Recorded(seq, 100.0 + seq, event) for seq, event in enumerate(events, start=1)]


def test_a_run_of_the_past_is_entered_whole_with_its_times_and_only_once(opened: Open) -> None:
    records = opened()
    run = folder_of(records, "wine", "r")
    events = past(
        started("wine", "r"),
        CohortAsked(0, 0, ({},)),
        ended(0, 0.5),
        CohortAsked(1, 1, ({},)),
        Finished("failed"),
    )
    assert records.enter(run, events, "before") is True
    assert opened().enter(run, past(started("wine", "r")), "before") is False
    (listed,) = records.runs()
    assert list(records.events(listed)) == events
    assert (listed.status, listed.num_trials, listed.best, listed.created) == ("failed", 1, 0.5, 101.0)
    assert (listed.owner, listed.held) == (None, False)
    assert [state[:2] for state in cohort_states(records)] == [(0, "done"), (1, "running")]
    records.append(records.claim(listed), ended(1, 0.25))
    assert list(records.events(listed))[-1].seq == 6


def test_a_run_of_the_past_is_entered_whole_or_not_at_all(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "cohort_rows", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        records.enter(folder_of(records, "wine", "r"), past(started("wine", "r")), "before")
    assert records.runs() == []


def test_times_keep_every_bit(opened: Open) -> None:
    at = 1795737109.1234567
    records = opened(clock=lambda: at)
    run, _ = created(records)
    (recorded,) = records.events(run)
    assert struct.pack("d", recorded.time) == struct.pack("d", at)
    assert records.run(run.number).created == at

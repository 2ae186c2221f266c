"""`automl runs` and `automl journal`: what is recorded, for people and for programs."""

import csv
import io
import json
import math
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from automl.cli import listing
from automl.cli.runs import journal, runs
from automl.errors import RecordError
from automl.records.encoding import kind_of
from automl.records.events import (
    CohortAsked,
    Event,
    Finished,
    PhaseBegun,
    StudyContinued,
    StudyStarted,
    TrialEnded,
)
from automl.records.finding import open_records
from automl.records.leases import Lease
from automl.records.runs import Run
from automl.records.store import Records


def call(command: Any, mlruns: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(command, [*arguments, "--mlruns", str(mlruns)])
    if result.exception is not None:
        raise result.exception
    return result


def trial(number: int, *scores: float) -> TrialEnded:
    return TrialEnded(number, "complete" if scores else "failed", scores, tuple(5 for _ in scores))


def begun(records: Records, name: str, run: str, *events: Event, **changes: Any) -> tuple[Run, Lease]:
    fields = {"metric": "log_loss", "direction": "min", "num_trials": 24} | changes
    entered, lease = records.create(
        records.mlruns / "studies" / name / run, StudyStarted(name, run, **fields), "1"
    )
    records.append(lease, *events)
    return entered, lease


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """A finished run, a failed one without trials, one that was killed, and one that runs."""
    times: Iterator[float] = iter(range(1_800_000_000, 1_900_000_000, 60))
    records = open_records(tmp_path, create=True)
    records._clock = lambda: float(next(times))
    end = [trial(number, 0.5, 0.25 + number) for number in range(3)]
    for name, run, events, changes in (
        ("wine", "a", [*end, Finished("finished", 9.5)], {"num_trials": 3}),
        ("wine", "b", [Finished("failed", 1.0, "no data")], {"metric": "accuracy", "direction": "max"}),
        ("xor", "c", [trial(0, 0.9), trial(1, 0.8), trial(2)], {"metric": "accuracy", "direction": "max"}),
    ):
        _, lease = begun(records, name, run, *events, **changes)
        records.release(lease)
    begun(records, "iris", "d", PhaseBegun("search"), trial(0, math.inf))
    return records


def test_runs_are_listed_for_people_the_newest_last(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "moment", lambda seconds: f"at {seconds - 1_800_000_000:.0f}")
    lines = call(runs, records.mlruns).output.splitlines()
    assert [line.split() for line in lines] == [
        ["study", "run", "state", "trials", "best", "since"],
        ["wine", "a", "finished", "3", "of", "3", "log_loss", "0.375", "at", "0"],
        ["wine", "b", "failed", "0", "of", "24", "–", *lines[2].split()[-2:]],
        ["xor", "c", "killed", "3", "of", "24", "accuracy", "0.9", *lines[3].split()[-2:]],
        ["iris", "d", "running", "1", "of", "24", "log_loss", "∞", *lines[4].split()[-2:]],
    ]
    assert len({line.index(word) for line, word in zip(lines, ("run", "a", "b", "c", "d"), strict=True)}) == 1


def test_runs_of_one_study_are_listed(records: Records) -> None:
    listed = json.loads(call(runs, records.mlruns, "wine", "--format", "json").output)
    assert [(run["study"], run["run"]) for run in listed] == [("wine", "a"), ("wine", "b")]


@pytest.mark.parametrize("study", ["xor", "xor.yaml", "c"])
def test_a_study_is_what_other_commands_take(records: Records, study: str) -> None:
    listed = json.loads(call(runs, records.mlruns, study, "--format", "json").output)
    assert [run["study"] for run in listed] == ["xor"]


def test_runs_are_listed_for_programs(records: Records) -> None:
    listed = json.loads(call(runs, records.mlruns, "--format", "json").output)
    since = [run.pop("since") for run in listed]
    assert listed[0] == {
        "study": "wine",
        "run": "a",
        "state": "finished",
        "trials": 3,
        "planned": 3,
        "metric": "log_loss",
        "best": 0.375,
    }
    assert [run["best"] for run in listed] == [0.375, None, 0.9, None]
    assert datetime.fromisoformat(since[0]).timestamp() == 1_800_000_000.0
    rows = list(csv.DictReader(io.StringIO(call(runs, records.mlruns, "--format", "csv").output)))
    assert [row.pop("since") for row in rows] == since
    assert rows == [
        {key: "" if value is None else str(value) for key, value in run.items()} for run in listed
    ]


@pytest.mark.parametrize(
    ("form", "output"),
    [
        ("table", "No run is recorded.\n"),
        ("json", "[]\n"),
        ("csv", "study,run,state,trials,planned,metric,best,since\n"),
    ],
)
def test_an_empty_record_lists_nothing(tmp_path: Path, form: str, output: str) -> None:
    open_records(tmp_path, create=True)
    assert call(runs, tmp_path, "--format", form).output == output


@pytest.mark.parametrize("command", [runs, journal])
@pytest.mark.parametrize("arguments", [[], ["wine"]])
def test_where_there_is_no_record_the_cure_is_to_run_a_study(
    tmp_path: Path, command: Any, arguments: list[str]
) -> None:
    with pytest.raises(
        RecordError, match=r"there is no study here\. Run one with `automl run study\.yaml`\.$"
    ):
        call(command, tmp_path, *arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [runs, journal])
def test_the_record_may_be_elsewhere(records: Records, tmp_path: Path, command: Any) -> None:
    uri = f"sqlite:///{records.address.file}"
    assert call(command, tmp_path / "empty", "--records", uri).output == call(command, tmp_path).output


def test_listing_runs_reads_no_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = open_records(tmp_path, create=True)
    for number in range(20):
        begun(records, f"study{number}", "r", *(trial(done, 0.5) for done in range(20)))
    monkeypatch.setattr(Records, "events", lambda *_: pytest.fail("it reads events"))
    monkeypatch.setattr(Records, "all_of", lambda *_: pytest.fail("it reads events"))
    listed = json.loads(call(runs, tmp_path, "--format", "json").output)
    assert [run["trials"] for run in listed] == [20] * 20


def lines_of(result: Result) -> list[dict[str, Any]]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return [json.loads(line, parse_constant=refuse) for line in result.output.splitlines()]


def test_events_are_printed_as_lines_of_json(records: Records) -> None:
    lines = lines_of(call(journal, records.mlruns, "iris"))
    assert [(line["seq"], line["event"]) for line in lines] == [
        (1, "study_started"),
        (2, "phase_begun"),
        (3, "trial_ended"),
    ]
    assert lines[1] == {"seq": 2, "time": lines[1]["time"], "event": "phase_begun", "name": "search"}
    assert lines[2]["scores"] == ["Infinity"]
    assert lines[2]["number"] == 0
    assert [line["time"] for line in lines] == [event.time for event in records.events(records.runs()[-1])]


def test_no_field_of_an_event_hides_its_place_time_or_kind() -> None:
    from automl.records.events import EVENTS

    for kind in EVENTS.values():
        assert not {"seq", "time", "event"} & set(kind.__dataclass_fields__)


def test_events_since_a_number_are_those_after_it(records: Records) -> None:
    lines = lines_of(call(journal, records.mlruns, "wine", "--since", "1"))
    assert [(line["seq"], line["event"]) for line in lines] == [(2, "finished")]
    lines = lines_of(call(journal, records.mlruns, "a", "--since", "3"))
    assert [line["seq"] for line in lines] == [4, 5]
    assert call(journal, records.mlruns, "a", "--since", "5").output == ""


def test_the_newest_run_is_printed_whether_or_not_it_has_trials(records: Records) -> None:
    assert lines_of(call(journal, records.mlruns, "wine"))[0]["identifier"] == "b"
    assert lines_of(call(journal, records.mlruns))[0]["identifier"] == "d"


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[Callable[[], object]]], None]:
    """What happens while a run is followed: a step each time that the command would sleep."""

    def happens(steps: list[Callable[[], object]]) -> None:
        left = iter(steps)
        monkeypatch.setattr(listing.time, "sleep", lambda _: next(left)())

    return happens


def test_a_run_is_followed_until_it_ends(records: Records, meanwhile: Any) -> None:
    _, lease = begun(records, "live", "e")
    meanwhile(
        [
            lambda: None,
            lambda: records.append(lease, CohortAsked(0, 0, ({}, {})), trial(0, 0.5)),
            lambda: records.append(lease, trial(1, 0.25), Finished("finished")),
        ]
    )
    result = call(journal, records.mlruns, "live", "--follow")
    assert [line["event"] for line in lines_of(result)] == [
        "study_started",
        "cohort_asked",
        "trial_ended",
        "trial_ended",
        "finished",
    ]


def test_an_end_that_was_gone_on_from_is_not_the_end(records: Records, meanwhile: Any) -> None:
    _, lease = begun(records, "live", "e", Finished("stopped"), StudyContinued("", 30))
    meanwhile([lambda: records.append(lease, Finished("finished"))])
    lines = lines_of(call(journal, records.mlruns, "live", "--follow"))
    assert [line["seq"] for line in lines] == [1, 2, 3, 4]


def test_a_run_whose_process_is_killed_is_followed_to_its_last_event(
    records: Records, meanwhile: Any
) -> None:
    _, lease = begun(records, "live", "e")

    def killed() -> None:
        records.append(lease, trial(0, 0.5))
        records.release(lease)

    meanwhile([killed])
    result = CliRunner().invoke(journal, ["live", "--follow", "--mlruns", str(records.mlruns)])
    assert [json.loads(line)["event"] for line in result.stdout.splitlines()] == [
        "study_started",
        "trial_ended",
    ]
    assert result.stderr == "live/e: its process was killed, and no other process continues it.\n"


def test_every_event_is_printed(records: Records) -> None:
    for run in records.runs():
        printed = lines_of(call(journal, records.mlruns, run.identifier))
        assert [line["event"] for line in printed] == [kind_of(event.event) for event in records.events(run)]

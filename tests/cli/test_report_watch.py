"""`automl report --watch`: a page that goes on with its study."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from made_states import made_events
from paper_trials import completed

from automl.cli import watching
from automl.cli.found import FoundStudy
from automl.cli.results import report
from automl.records.events import Event, Finished, StudyStarted
from automl.records.finding import open_records
from automl.records.leases import Lease
from automl.records.standing import standing, status_of
from automl.records.state import state_of
from automl.records.store import Records

STARTED = StudyStarted("wine", "r1", "log_loss", "min", num_trials=3, searched=("width",))
TRIALS = [
    completed(number, 0.5 - number / 10, 0.6 - number / 10, width=8 * (number + 1)) for number in range(3)
]


@pytest.fixture
def running(tmp_path: Path) -> tuple[Records, FoundStudy, Lease, list[Event]]:
    """A study whose first trial has ended, and the events that are to come."""
    records = open_records(tmp_path, create=True)
    folder = tmp_path / "studies" / "wine" / "r1"
    run, lease = records.create(folder, STARTED, "1")
    folder.mkdir(parents=True, exist_ok=True)
    first, *events_of_later_trials = [made_events(folder, STARTED, [trial])[1:] for trial in TRIALS]
    records.append(lease, *first)
    run = records.run(run.number)
    state = state_of(run.folder, records.events(run))
    study = FoundStudy(run, state, 1, standing(run, state), status_of(run, state))
    later: list[Event] = [event for events in events_of_later_trials for event in events]
    return records, study, lease, later


def telling(records: Records, lease: Lease, events: list[Event]) -> Callable[[float], None]:
    """A rest during which one more event happens."""

    def sleep(seconds: float) -> None:
        assert seconds > 0.0
        records.append(lease, events.pop(0))

    return sleep


def test_the_page_follows_the_run_to_its_end_and_reads_only_new_events(
    running: tuple[Records, FoundStudy, Lease, list[Event]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records, study, lease, later = running
    since: list[int] = []
    events = Records.events

    def counted(self: Records, run: object, since_: int = 0, **options: int) -> object:
        since.append(options.get("since", since_))
        return events(self, run, since=since[-1])  # type: ignore[arg-type]

    monkeypatch.setattr(Records, "events", counted)
    pages: list[str] = []
    write = watching.write_page

    def write_and_keep(latest: FoundStudy, to: Path, reload: int = 0) -> None:
        write(latest, to, reload)
        pages.append(to.read_text(encoding="utf-8"))

    monkeypatch.setattr(watching, "write_page", write_and_keep)
    watching.watch(
        records, study, tmp_path / "page.html", telling(records, lease, [*later, Finished("finished", 9.0)])
    )
    assert since == sorted(set(since)) and since[0] == 3
    assert ["still running" in page.lower() for page in pages] == [True] * (len(pages) - 1) + [False]
    assert ['<meta http-equiv="refresh"' in page for page in pages] == [True] * (len(pages) - 1) + [False]
    assert [page.count('data-trial="2"') > 0 for page in (pages[0], pages[-1])] == [False, True]


def test_a_run_that_was_killed_is_no_longer_waited_for(
    running: tuple[Records, FoundStudy, Lease, list[Event]], tmp_path: Path
) -> None:
    records, study, lease, _ = running
    watching.watch(records, study, tmp_path / "page.html", lambda seconds: records.release(lease))
    assert "Killed after 1 of 3 trials" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_control_c_leaves_a_page_that_no_longer_reads_itself_again(
    running: tuple[Records, FoundStudy, Lease, list[Event]], tmp_path: Path
) -> None:
    records, study, *_ = running

    def interrupted(seconds: float) -> None:
        assert '<meta http-equiv="refresh"' in (tmp_path / "page.html").read_text(encoding="utf-8")
        raise KeyboardInterrupt

    watching.watch(records, study, tmp_path / "page.html", interrupted)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert '<meta http-equiv="refresh"' not in page and "Still running: 1 of 3 trials so far" in page
    assert [path.name for path in tmp_path.glob("*.html")] == ["page.html"]


def test_a_finished_run_is_written_once(
    running: tuple[Records, FoundStudy, Lease, list[Event]], tmp_path: Path
) -> None:
    records, _, lease, later = running
    records.append(lease, *later, Finished("finished", 9.0))
    to = tmp_path / "page.html"
    result = CliRunner().invoke(report, ["wine", "--watch", "--to", str(to), "--mlruns", str(tmp_path)])
    assert result.exception is None, result.exception
    assert result.stdout == f"{to}: finished\n"
    assert '<meta http-equiv="refresh"' not in to.read_text(encoding="utf-8")

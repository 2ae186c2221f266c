"""Several processes and one record: real ones, which know nothing of each other."""

import json
import signal
import sys
from pathlib import Path
from typing import Any

import forked
from old_journals import RUN, START_LINE, journal, trial_line
from paper_trials import completed
from record_samples import Open, created, ended, events_of

from automl.records.events import StudyStarted, TrialEnded
from automl.records.finding import open_records
from automl.records.store import Records

START = """
import json, os, signal, sys, time
import alembic.command
from pathlib import Path
from automl.errors import RecordError
from automl.records.addresses import find_records
from automl.records.database import connect
from automl.records.events import StudyStarted, TrialEnded
from automl.records.leases import Lease
from automl.records.store import Records

folder, uri, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
def records():
    address = find_records(folder, uri)
    return Records(address, connect(address), folder)
def say(what):
    Path(f"{folder}/said-{number}").write_text(json.dumps(what))
reading, writing = os.pipe()
children = []
for number in range(count):
    children.append(os.fork())
    if not children[-1]:
        os.close(writing)
        os.read(reading, 1)  # until the parent closes its end, for all of them in the same moment
        exec(sys.argv[4])
        os._exit(0)
os.close(writing)
print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]))
"""


def run_together(folder: Path, uri: str, text: str, count: int, status: int = 0) -> list[Any]:
    """Run a text in processes that begin in the same moment, and return what each says."""
    for path in folder.glob("said-*"):
        path.unlink()
    command = [sys.executable, "-c", START, str(folder), uri, str(count), text]
    done = forked.run(command, capture_output=True, timeout=300)
    assert done.stdout, done.stderr.decode()
    assert json.loads(done.stdout) == [status] * count, done.stderr.decode()
    return [json.loads((folder / f"said-{number}").read_text()) for number in range(count)]


CREATE = """
store = records()
run = f"2026-{number}"
started = StudyStarted(f"study{number}", run, "log_loss", "min")
_, lease = store.create(folder / "studies" / f"study{number}" / run, started, "1.0")
for trial in range(5):
    store.append(lease, TrialEnded(trial, "complete", (0.5,), (1,)))
say(lease.study)
"""


def test_ten_processes_begin_on_one_empty_record_in_the_same_moment(
    uri: str, tmp_path: Path, opened: Open
) -> None:
    numbers = run_together(tmp_path, uri, CREATE, 10)
    records = opened()
    assert sorted(numbers) == list(range(1, 11))
    assert sorted(run.name for run in records.runs()) == [f"study{number}" for number in range(10)]
    for run in records.runs():
        assert [recorded.seq for recorded in records.events(run)] == [1, 2, 3, 4, 5, 6]
        assert (run.num_trials, run.status) == (5, "killed")


LEAVE = """
for attempt in range(6):
    store, run = records(), f"2026-{number}-{attempt}"
    started = StudyStarted(f"study{number}", run, "log_loss", "min")
    _, lease = store.create(folder / "studies" / f"study{number}" / run, started, "1.0")
    if number % 2 or attempt < 5:
        store.release(lease)
        store.remove(lease)
        store.remove_if_empty()
    else:
        store.append(lease, TrialEnded(0, "complete", (0.5,), (1,)))
say(number)
"""


def test_runs_that_could_not_begin_take_no_other_with_them(tmp_path: Path) -> None:
    """They remove the record where it is empty, while others begin on it."""
    mlruns = tmp_path / "mlruns"
    uri = f"sqlite:///{mlruns / 'records.db'}"
    run_together(tmp_path, uri, LEAVE, 8)
    runs = open_records(mlruns, uri).runs()
    assert sorted((run.name, run.num_trials) for run in runs) == [
        (f"study{number}", 1) for number in (0, 2, 4, 6)
    ]


APPEND = """
store = records()
lease = Lease(1, "someone", 1)
mine = []
for trial in range(25):
    written = store.append(lease, *(TrialEnded(100 * number + trial, "failed", reason=str(part)) for part in "ab"))
    mine.append([one.seq for one in written])
say(mine)
"""


def test_two_processes_that_append_at_once_leave_no_gap_and_mix_nothing(uri: str, records: Records) -> None:
    run, _ = created(records)
    answers = run_together(records.mlruns, uri, APPEND, 2)
    again = list(records.events(run))
    assert [recorded.seq for recorded in again] == list(range(1, 102))
    numbers = {recorded.seq: recorded.event.number for recorded in again[1:]}
    for number, pairs in enumerate(answers):
        for trial, (first, second) in enumerate(pairs):
            assert second == first + 1
            assert numbers[first] == numbers[second] == 100 * number + trial
        assert pairs == sorted(pairs)
    assert records.run(run.number).num_trials == 100


CLAIM = """
store = records()
try:
    say(store.claim(store.run(1)).token)
    while len(list(folder.glob("said-*"))) < count:
        time.sleep(0.01)
except RecordError as error:
    say(str(error))
"""


def test_of_several_that_take_a_run_over_at_once_one_succeeds(uri: str, records: Records) -> None:
    _, lease = created(records)
    records.release(lease)
    answers = run_together(records.mlruns, uri, CLAIM, 6)
    assert [answer for answer in answers if isinstance(answer, int)] == [2]
    assert sum("is being run by process" in answer for answer in answers if isinstance(answer, str)) == 5


KILLED = """
store = records()
_, lease = store.create(folder / "studies" / "wine" / "r", StudyStarted("wine", "r", "log_loss", "min"), "1.0")
store.append(lease, TrialEnded(0, "complete", (0.5,), (1,)))
say(os.getpid())
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_has_recorded_is_there_and_its_run_is_taken_over_at_once(
    uri: str, records: Records
) -> None:
    (pid,) = run_together(records.mlruns, uri, KILLED, 1, status=-signal.SIGKILL)
    (run,) = records.runs()
    assert (run.status, run.num_trials) == ("killed", 1)
    assert run.owner is not None
    assert f":{pid}:" in run.owner
    lease = records.claim(run)
    records.append(lease, ended(1, 0.25))
    assert [type(event) for event in events_of(records, run)] == [StudyStarted, TrialEnded, TrialEnded]
    assert records.run(run.number).status == "running"


IMPORT = """
from automl.records.finding import open_records
say([[run.title, run.num_trials] for run in open_records(folder, uri).runs()])
"""


def test_a_journal_that_several_processes_read_at_once_is_entered_once(
    uri: str, tmp_path: Path, opened: Open
) -> None:
    opened()
    lines = [trial_line(completed(number, 0.5)) for number in range(3)]
    journal(tmp_path, START_LINE, *lines)
    assert run_together(tmp_path, uri, IMPORT, 4) == [[[f"wine/{RUN}", 3]]] * 4
    (run,) = opened().runs()
    assert len(list(opened().events(run))) == 7

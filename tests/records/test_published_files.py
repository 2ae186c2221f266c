"""Files of a run that processes on other machines read: put before the events, copied as they change, whole."""

import uuid
from pathlib import Path

import numpy
import pytest
from paper_trials import completed
from record_samples import ended, started
from recorded_study import RecordedStudy, make_records
from sqlalchemy import insert

from automl.errors import RecordError
from automl.records.events import CohortAsked
from automl.records.file_store import FileStore, open_files
from automl.records.files import read_predictions, read_trial, write_json, write_predictions
from automl.records.outcomes import Exported
from automl.records.run_files import (
    NamedFile,
    Publisher,
    copy_files,
    is_needed_to_read,
    named_files,
    names_of_all,
    needless_folders,
    with_folder_here,
)
from automl.records.store import Records
from automl.records.tables import RUN_FILES


class Machines:
    """A machine that runs a study, and another one, which share the record and an address."""

    def __init__(self, folder: Path) -> None:
        self.address = f"memory://{uuid.uuid4().hex}"
        self.study = RecordedStudy(make_records(folder / "first"), started("wine", "r", text="name: wine\n"))
        self.records, self.folder = self.study.records, self.study.run.folder
        opened = self.records.address, self.records._engine
        self.other = Records(*opened, folder / "second", self.records.now)
        self.publisher = Publisher(self.records, self.study.lease, self.folder, self.files(folder / "first"))
        self.other_files = self.files(folder / "second")

    def files(self, mlruns: Path) -> FileStore:
        return open_files(self.address, mlruns)

    def end_trial(self, number: int) -> None:
        write_predictions(self.folder, number, numpy.full(4, number / 10))
        self.study.end_trial(completed(number, 0.5, width=8))
        self.publisher.publish([ended(number, 0.5)])


@pytest.fixture
def machines(tmp_path: Path) -> Machines:
    created = Machines(tmp_path)
    created.publisher.publish_all()
    return created


def copied(folder: Path) -> dict[str, bytes]:
    """The files of a folder, but for those that each machine has for itself."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != ".files")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_a_machine_that_sees_only_the_record_and_the_address_has_the_whole_folder(machines: Machines) -> None:
    for number in range(3):
        machines.end_trial(number)
    write_json(machines.folder / "analyses/columns-000001.json", {"a": 1})
    machines.folder.joinpath("model/variables").mkdir(parents=True)
    machines.folder.joinpath("model/variables/variables.index").write_bytes(b"w")
    machines.publisher.publish([Exported(1, 5)])
    run = with_folder_here(machines.other, machines.other_files, machines.other.run(1))
    assert run.folder == machines.other.mlruns / "studies" / "wine" / "r" and not run.elsewhere
    assert copied(run.folder) == copied(machines.folder) and len(copied(run.folder)) == 12
    assert machines.other.run(1).folder == run.folder
    kept = read_predictions(run.folder, 2)
    assert kept is not None and kept.tolist() == numpy.full(4, 0.2, dtype=numpy.float32).tolist()
    event = machines.study.state._ended[2]
    assert read_trial(run.folder, event, {}) == read_trial(machines.folder, event, {})


def test_only_what_has_changed_is_sent_and_copied(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    add = FileStore.add

    def noted(self: FileStore, source: Path, suffix: str) -> str:
        sent.append(source.name)
        return add(self, source, suffix)

    monkeypatch.setattr(FileStore, "add", noted)
    machines.end_trial(0)
    machines.publisher.publish([CohortAsked(1, 1, ({},))])
    machines.publisher.publish([Exported(0, 5)])
    assert sorted(sent) == ["000000.curves.npy", "000000.json", "000000.predictions.npy"]
    known = max(entry.version for entry in named_files(machines.records, 1))
    (machines.folder / "leaderboard.csv").write_text("trial\n0\n")
    (machines.folder / "study.yaml").write_text("name: wine  # changed\n")
    machines.publisher.publish([Exported(0, 5)])
    changed = named_files(machines.records, 1, known)
    assert sorted(entry.path for entry in changed) == ["leaderboard.csv", "study.yaml"]
    again = Publisher(machines.records, machines.study.lease, machines.folder, machines.publisher._files)
    sent.clear()
    again.publish_all()
    assert sent == [] and named_files(machines.records, 1, changed[0].version) == []


def test_a_file_that_is_no_longer_part_of_the_run_goes_in_the_copy_too(
    machines: Machines, tmp_path: Path
) -> None:
    machines.end_trial(0)
    (machines.folder / "figures").mkdir()
    for name in ("old.svg", "new.svg"):
        (machines.folder / "figures" / name).write_text("<svg/>")
    machines.publisher.publish([Exported(0, 5)])
    copy_files(machines.other_files, named_files(machines.other, 1), tmp_path / "copy", is_needed_to_read)
    without = {name for name in copied(machines.folder) if not name.endswith(".predictions.npy")}
    assert set(copied(tmp_path / "copy")) == without
    (machines.folder / "figures" / "old.svg").unlink()
    machines.publisher.publish([Exported(0, 5)])
    copy_files(machines.other_files, named_files(machines.other, 1), tmp_path / "copy", is_needed_to_read)
    assert set(copied(tmp_path / "copy")) == without - {"figures/old.svg"}


def test_who_goes_on_has_what_the_record_tells_and_not_what_was_left_behind(machines: Machines) -> None:
    machines.end_trial(0)
    whole = copied(machines.folder)
    write_json(machines.folder / "trials/000000.json", {"half": "of another attempt"})
    (machines.folder / "study.yaml").unlink()
    run = with_folder_here(machines.records, machines.publisher._files, machines.records.run(1))
    assert run.folder == machines.folder and copied(run.folder) == whole


def test_a_process_that_has_lost_the_run_names_no_file(machines: Machines) -> None:
    machines.study.let_go()
    machines.study.take_over()
    before = named_files(machines.records, 1)
    (machines.folder / "leaderboard.csv").write_text("late")
    with pytest.raises(RecordError, match="This process records nothing more"):
        machines.publisher.publish([Exported(0, 5)])
    assert named_files(machines.records, 1) == before


@pytest.mark.parametrize("path", ["../../../other/r/study.yaml", "/etc/cron.d/x", ".files", "a/.ssh/id"])
def test_no_path_in_the_record_leads_elsewhere(machines: Machines, path: str) -> None:
    name = machines.other_files.put(b"x", ".run")
    row = {"study": 1, "path": path, "file": name, "version": 9}
    with machines.records._engine.begin() as connection:
        connection.execute(insert(RUN_FILES).values(row))
    with pytest.raises(RecordError, match="Restore the record"):
        with_folder_here(machines.other, machines.other_files, machines.other.run(1))
    assert NamedFile(path, name, 9) in named_files(machines.other, 1)


def test_names_and_folders_of_a_removed_run_are_needed_no_longer(machines: Machines, tmp_path: Path) -> None:
    machines.end_trial(0)
    with_folder_here(machines.other, machines.other_files, machines.other.run(1))
    names = names_of_all(machines.other)
    assert names == set(machines.other_files.names()) and len(names) == 4
    assert names_of_all(machines.other, [1]) == set()
    places = [machines.records.mlruns / "studies", machines.other.mlruns / "studies"]
    unmarked = places[1] / "wine" / "of another record"
    unmarked.mkdir()
    assert needless_folders(machines.other, places) == []
    machines.records.remove(machines.study.lease)
    assert names_of_all(machines.other) == set()
    assert needless_folders(machines.other, places) == [place / "wine" / "r" for place in places]
    (machines.folder / ".files").write_text("another record")
    assert needless_folders(machines.other, places[:1]) == []

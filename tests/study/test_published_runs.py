"""A run whose files go to an address fails where that vanishes, and goes on in another folder with the same bits."""

import shutil
import uuid
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from small_studies import prepared_with
from study_answers import Answer

from automl.records.disk import StorageError
from automl.records.file_store import open_files
from automl.records.finding import open_records, read_state
from automl.records.run_files import named_files, with_folder_here
from automl.study.resuming import check_can_go_on, unfinished
from automl.study.run import Request, run_prepared


@pytest.mark.usefixtures("without_page")
def test_a_run_goes_on_in_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = prepared_with(
        splits={"folds": 2},
        search={"algorithm": "random", "trials": 3, "cohort": 1, "pruner": "none"},
        training={"epochs": 3, "batch_size": 32},
        budget={"minutes": None},
        tracking={"to": "none"},
        baselines=False,
    )
    alone = open_records(tmp_path / "alone", create=True)
    run_prepared(alone, prepared, Request())
    address, uri = f"memory://{uuid.uuid4().hex}", f"sqlite:///{tmp_path}/records.db"
    places = [tmp_path / "first", tmp_path / "second"]
    records = [open_records(place, uri, create=True) for place in places]
    files = [open_files(address, place) for place in places]
    put = MemoryFileSystem.put_file

    def vanished(self: MemoryFileSystem, source: str, *arguments: object, **options: object) -> None:
        if "000002" in source:
            raise ConnectionError("no route to host")
        put(self, source, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(MemoryFileSystem, "put_file", vanished)
        with pytest.raises(StorageError, match="cannot be written: no route to host"):
            run_prepared(records[0], prepared, Request(files=files[0]))
    [run] = records[0].runs()
    failed = read_state(records[0], run)
    assert failed.finished is not None and failed.finished.status == "failed"
    assert "no route to host" in failed.finished.reason and failed.num_trials == 2
    shutil.rmtree(places[0])
    run = with_folder_here(records[1], files[1], records[1].run(run.number))
    candidate = unfinished(records[1], run, prepared.config)
    check_can_go_on(candidate)
    result = run_prepared(records[1], prepared, Request(files=files[1]), candidate)
    assert result.folder.is_relative_to(places[1])
    answer, expected = (Answer.of(record, record.runs()[0]) for record in (records[1], alone))
    answer.events.remove(next(event for event in answer.events if "no route to host" in event))
    assert answer == expected
    recorded = {path.relative_to(run.folder).as_posix() for path in run.folder.rglob("*") if path.is_file()}
    assert recorded - {".files"} == {entry.path for entry in named_files(records[1], run.number)}

"""Two folders of studies that share one server: a run belongs to the folder that has its files."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from postgres import Postgres
from record_samples import ended, started

from automl.cli import cli
from automl.config.reading import load_study
from automl.errors import RecordError
from automl.records.events import CohortAsked
from automl.records.finding import find_run, open_records
from automl.records.runs import Run, here
from automl.records.store import Records
from automl.study.resuming import find_unfinished

TEXT = "name: {name}\ndata: {{sklearn: wine}}\n"


class Shared:
    """A server and two folders that record in it."""

    def __init__(self, server: Postgres, folder: Path) -> None:
        self.uri = server.new_database()
        self.folders = folder / "first", folder / "second"

    def records(self, number: int) -> Records:
        return open_records(self.folders[number], self.uri, create=True)

    def run(self, number: int, name: str, identifier: str) -> Run:
        """Record a run with a trial in one of the folders."""
        records = self.records(number)
        text = TEXT.format(name=name)
        folder = records.mlruns / "studies" / name / identifier
        folder.mkdir(parents=True)
        (folder / "study.yaml").write_text(text)
        run, lease = records.create(folder, started(name, identifier, text=text), "0")
        records.append(lease, CohortAsked(0, 0, ({},)), ended(0, 0.5))
        records.release(lease)
        return run


@pytest.fixture
def shared(postgres: Postgres, tmp_path: Path) -> Shared:
    return Shared(postgres, tmp_path)


def identifiers(runs: list[Run]) -> list[str]:
    return [run.identifier for run in runs]


def test_a_folder_lists_its_own_runs_and_names_where_the_others_are(shared: Shared) -> None:
    shared.run(0, "wine", "a")
    shared.run(1, "wine", "b")
    shared.run(1, "iris", "c")
    assert identifiers(here(shared.records(0).runs())) == ["a"]
    assert identifiers(here(shared.records(1).runs())) == ["b", "c"]
    result = CliRunner().invoke(cli, ["runs", "--mlruns", str(shared.folders[0]), "--records", shared.uri])
    lines = result.output.splitlines()
    assert result.exit_code == 0 and [line.split()[1] for line in lines[:2]] == ["run", "a"]
    second = shared.folders[1]
    assert lines[2:] == [f"2 more in {second} (iris, wine): automl runs --mlruns {second}"]


def test_the_newest_run_is_that_of_the_folder(shared: Shared) -> None:
    shared.run(0, "wine", "a")
    shared.run(1, "wine", "b")
    assert find_run(shared.records(0), "wine").identifier == "a"
    assert find_run(shared.records(0), None).identifier == "a"
    assert find_run(shared.records(1), "wine").identifier == "b"


def test_a_run_of_another_folder_is_found_with_its_files_where_there_is_no_other(shared: Shared) -> None:
    run_made = shared.run(0, "wine", "a")
    run = find_run(shared.records(1), "wine")
    assert run.elsewhere and run.folder == run_made.folder == shared.folders[0] / "studies" / "wine" / "a"


def test_a_study_goes_on_in_the_folder_that_it_began_in(shared: Shared, tmp_path: Path) -> None:
    shared.run(0, "wine", "a")
    (tmp_path / "wine.yaml").write_text(TEXT.format(name="wine"))
    config = load_study(tmp_path / "wine.yaml")
    with pytest.raises(RecordError, match=f"has its files in {shared.folders[0]}. .*--mlruns .*--fresh"):
        find_unfinished(shared.records(1), config)
    shared.run(1, "wine", "b")
    unfinished = find_unfinished(shared.records(1), config)
    assert unfinished is not None and unfinished.run.identifier == "b"


def test_a_folder_that_was_moved_keeps_its_runs(shared: Shared, tmp_path: Path) -> None:
    shared.run(0, "wine", "a")
    shared.folders[0].rename(tmp_path / "moved")
    [run] = open_records(tmp_path / "moved", shared.uri).runs()
    assert not run.elsewhere and run.folder == tmp_path / "moved" / "studies" / "wine" / "a"

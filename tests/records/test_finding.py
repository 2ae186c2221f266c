"""A run is found by what a person calls it, and the newest is the one entered last, whatever the clock says."""

from pathlib import Path
from typing import Any

import pytest
from record_samples import created, ended

from automl.errors import RecordError, StudyFileError
from automl.records.files import make_run_folder
from automl.records.finding import find_run, open_records, open_run, read_run, read_state
from automl.records.runs import Run
from automl.records.store import Records


def add(records: Records, title: str, num_trials: int = 1) -> Run:
    name, run = title.split("/")
    make_run_folder(records.mlruns, name, run, f"name: {name}\n")
    entered, lease = created(records, name, run)
    records.append(lease, *(ended(number, 0.5) for number in range(num_trials)))
    return entered


@pytest.fixture
def mlruns(tmp_path: Path) -> Path:
    """Two runs of wine, between them one of xor; the identifiers say another order than that of entering."""
    records = open_records(tmp_path / "mlruns", create=True)
    for title in ("wine/20260109-000000-aaaa", "xor/20260102-000000-aaaa", "wine/20260103-000000-0000"):
        add(records, title)
    return tmp_path / "mlruns"


@pytest.mark.parametrize(
    ("study", "run"),
    [
        (None, "wine/20260103-000000-0000"),
        ("xor", "xor/20260102-000000-aaaa"),
        ("wine", "wine/20260103-000000-0000"),
        ("wine.yaml", "wine/20260103-000000-0000"),
        ("elsewhere/xor.yml", "xor/20260102-000000-aaaa"),
        ("20260109-000000-aaaa", "wine/20260109-000000-aaaa"),
        ("wine/20260109-000000-aaaa", "wine/20260109-000000-aaaa"),
    ],
)
def test_a_run_is_found_by_name_file_or_identifier_and_the_last_one_by_default(
    mlruns: Path, study: Any, run: str
) -> None:
    assert open_run(mlruns, study)[1].title == run


def test_a_run_without_trials_does_not_hide_the_one_before_it(mlruns: Path) -> None:
    records = open_records(mlruns)
    add(records, "wine/20260110-000000-aaaa", num_trials=0)
    assert find_run(records, "wine").identifier == "20260103-000000-0000"
    assert find_run(records, None).identifier == "20260103-000000-0000"
    assert find_run(records, "wine", with_trials=False).identifier == "20260110-000000-aaaa"
    assert open_run(mlruns, None, with_trials=False)[1].identifier == "20260110-000000-aaaa"


def test_where_no_run_has_trials_the_newest_is_taken(mlruns: Path) -> None:
    records = open_records(mlruns)
    for run in "ab":
        add(records, f"iris/{run}", num_trials=0)
    assert find_run(records, "iris").identifier == "b"


def test_a_study_is_found_by_the_name_in_its_file(mlruns: Path, tmp_path: Path) -> None:
    file = tmp_path / "experiment 3.yaml"
    file.write_text("name: xor\ndata: {sklearn: iris}\n")
    assert open_run(mlruns, str(file))[1].name == "xor"


def test_a_study_file_that_no_longer_parses_is_said_and_its_name_still_finds_it(
    mlruns: Path, tmp_path: Path
) -> None:
    file = tmp_path / "wine.yaml"
    file.write_text("name: [wine\n")
    with pytest.raises(StudyFileError, match=r"wine\.yaml"):
        open_run(mlruns, str(file))
    assert open_run(mlruns, "wine")[1].name == "wine"


def test_a_study_file_names_its_record(mlruns: Path, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    add(open_records(mlruns, uri, create=True), "iris/x")
    file = tmp_path / "iris.yaml"
    file.write_text(f"data: {{sklearn: iris}}\nrecords: {{uri: '{uri}'}}\n")
    assert open_run(mlruns, str(file))[1].title == "iris/x"
    assert open_run(mlruns, "iris", uri)[1].title == "iris/x"


def test_a_run_is_found_by_its_own_folder(
    mlruns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = mlruns / "studies/wine/20260109-000000-aaaa"
    assert open_run(tmp_path / "elsewhere", str(folder))[1].folder == folder
    assert read_run(folder).started.identifier == "20260109-000000-aaaa"
    monkeypatch.chdir(folder)
    assert open_run(tmp_path / "elsewhere", ".")[1].folder == folder
    assert open_run(tmp_path / "elsewhere", "../20260103-000000-0000")[1].identifier == "20260103-000000-0000"


def test_a_folder_that_merely_holds_a_study_file_is_not_a_run(
    mlruns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wine").mkdir()
    (tmp_path / "wine/study.yaml").write_text("name: something\n")
    monkeypatch.chdir(tmp_path)
    assert open_run(mlruns, "wine")[1].title == "wine/20260103-000000-0000"


@pytest.mark.parametrize("study", ["iris", "never", "win", "*", "w*", ".", "..", "/", "iris.yaml", ""])
def test_an_unknown_study_is_refused_with_those_that_are_known(mlruns: Path, study: str) -> None:
    with pytest.raises(RecordError) as caught:
        open_run(mlruns, study)
    message = str(caught.value)
    assert message.startswith(f"{mlruns}: there is no study ")
    assert message.endswith("Known: wine, xor.")


@pytest.mark.parametrize(("study", "missing"), [(None, "no study here"), ("wine", "no study 'wine' here")])
def test_where_no_study_has_run_the_cure_is_to_run_one(tmp_path: Path, study: Any, missing: str) -> None:
    records = open_records(tmp_path / "mlruns", create=True)
    with pytest.raises(RecordError) as caught:
        find_run(records, study)
    assert str(caught.value) == (
        f"{tmp_path / 'mlruns'}: there is {missing}. Run one with `automl run study.yaml`."
    )


@pytest.mark.parametrize("folder", ["/", "/x/y"])
def test_a_folder_that_can_hold_no_run_is_refused(folder: str) -> None:
    with pytest.raises(RecordError, match=r"is not the folder of a run, mlruns/studies/NAME/RUN\.$"):
        read_run(Path(folder))


def test_a_folder_whose_run_is_not_in_the_record_is_refused_with_the_cure(mlruns: Path) -> None:
    folder = make_run_folder(mlruns, "wine", "lost", "name: wine\n")
    with pytest.raises(RecordError) as caught:
        read_run(folder)
    assert str(caught.value) == (
        f"{folder}: this run is not in the record {mlruns / 'records.db'}. Name its record with --records."
    )


def test_what_is_found_can_be_read(mlruns: Path) -> None:
    state = read_state(*open_run(mlruns, "xor"))
    assert (state.started.name, state.num_trials) == ("xor", 1)

"""Files named by their digest, in a folder and at an address: the same answers, whole or not there, errors in words."""

import hashlib
import os
import sys
import uuid
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from automl.errors import RecordError
from automl.records import remote_files
from automl.records.disk import StorageError
from automl.records.file_names import is_name, is_suffix, is_whole, suffix_of
from automl.records.file_store import FileStore, folder_of, open_files

CONTENT = b"a,b\n1,x\n"
NAME = f"{hashlib.sha256(CONTENT).hexdigest()}.csv"
NOWHERE = f"{64 * '0'}.csv"


@pytest.fixture(params=["folder", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    """An empty store of each kind."""
    address = f"memory://{uuid.uuid4().hex}" if request.param == "memory" else tmp_path / "mlruns" / "files"
    return open_files(address, tmp_path / "mlruns")


@pytest.fixture
def remote(tmp_path: Path) -> tuple[FileStore, MemoryFileSystem, str]:
    """A store in memory, its file system, and the folder there."""
    root = f"/{uuid.uuid4().hex}"
    return open_files(f"memory:/{root}", tmp_path / "mlruns"), fsspec.filesystem("memory"), root


def test_content_is_kept_under_its_digest(files: FileStore, tmp_path: Path) -> None:
    assert not files.has(NAME) and list(files.names()) == []
    assert files.put(CONTENT, ".csv") == NAME == files.put(CONTENT, ".csv")
    assert files.has(NAME) and list(files.names()) == [NAME]
    assert [(entry.name, entry.size) for entry in files.entries()] == [(NAME, len(CONTENT))]
    assert files.path(NAME).read_bytes() == CONTENT and files.text(NAME) == CONTENT.decode()
    assert files.path(NAME) == files.folder / NAME
    changed = files.changed(NAME)
    assert changed is not None and abs(changed - (tmp_path / "mlruns").stat().st_mtime) < 60.0
    files.remove(NAME)
    files.remove(NAME)
    assert not files.has(NAME) and files.changed(NAME) is None and not (files.folder / NAME).exists()
    with pytest.raises(RecordError, match=f"the file {NAME} is missing. Restore the folder from a backup"):
        files.path(NAME)


def test_a_file_that_is_written_in_pieces_has_no_name_until_it_is_whole(files: FileStore) -> None:
    with files.begin(".csv") as file:
        file.write(CONTENT[:3])
        file.write(CONTENT[3:])
        assert list(files.names()) == []
        assert file.keep() == NAME
    with files.begin(".csv") as file:
        file.write(b"given up")
    assert list(files.names()) == [NAME]
    assert files.path(NAME).read_bytes() == CONTENT
    assert [path.name for path in files.folder.iterdir()] == [NAME]


def test_a_file_goes_there_and_comes_back_without_a_copy(files: FileStore, tmp_path: Path) -> None:
    (tmp_path / "curves").write_bytes(CONTENT)
    assert files.add(tmp_path / "curves", ".csv") == NAME
    files.fetch(NAME, tmp_path / "other" / "curves")
    assert (tmp_path / "other" / "curves").read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["curves"]
    assert not files.is_remote or not files.folder.exists()
    with pytest.raises(RecordError, match="is missing"):
        files.fetch(NOWHERE, tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("name", ["../secret.csv", "/etc/passwd", "", ".", f"{64 * 'a'}.csv/../x"])
def test_no_name_leads_elsewhere(files: FileStore, name: str) -> None:
    assert not files.has(name)
    with pytest.raises(RecordError, match="is missing"):
        files.path(name)


def test_it_is_seen_whether_files_can_be_written(files: FileStore) -> None:
    files.check()
    assert list(files.names()) == []
    assert not files.is_remote or list(files.copies()) == []


# At an address


def test_a_copy_that_is_missing_or_broken_is_fetched_again(remote, tmp_path: Path) -> None:
    files, system, root = remote
    files.put(CONTENT, ".csv")
    elsewhere = open_files(f"memory:/{root}", tmp_path / "elsewhere")
    assert not elsewhere.folder.exists() and not files.folder.exists(), "who sends content keeps no copy"
    assert elsewhere.path(NAME).read_bytes() == CONTENT
    (elsewhere.folder / NAME).write_bytes(CONTENT[:-1])
    assert elsewhere.path(NAME).read_bytes() == CONTENT
    system.rm_file(f"{root}/{NAME}")
    assert elsewhere.path(NAME).read_bytes() == CONTENT, "a whole copy needs no other"
    assert not elsewhere.has(NAME)


def test_what_is_broken_there_is_an_error_and_leaves_nothing(remote, tmp_path: Path) -> None:
    files, system, root = remote
    system.pipe_file(f"{root}/{NAME}", CONTENT[:-1])
    with pytest.raises(RecordError, match=f"the content of the file {NAME} has another digest. Restore it"):
        files.path(NAME)
    assert list(files.folder.iterdir()) == []
    system.pipe_file(f"{root}/{NAME}", CONTENT)
    assert files.path(NAME).read_bytes() == CONTENT


def test_what_a_study_file_names_is_fetched(remote) -> None:
    files, _, _ = remote
    files.put(CONTENT, ".csv")
    files.fetch_named(f"data: {{path: {NAME}}}  # not {NOWHERE}")
    assert [entry.name for entry in files.copies()] == [NAME]


def test_an_upload_that_fails_leaves_no_file(remote, monkeypatch: pytest.MonkeyPatch) -> None:
    files, system, root = remote

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    files.put(b"another", ".csv")
    monkeypatch.setattr(MemoryFileSystem, "mv", full)
    with pytest.raises(StorageError, match=r"memory://\w+ cannot be written: No space left on device. Check"):
        files.put(CONTENT, ".csv")
    with pytest.raises(StorageError), files.begin(".csv") as file:
        file.write(CONTENT)
        file.keep()
    assert len(system.ls(root)) == 1
    assert list(files.folder.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_is_full_here_is_named(remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, _, _ = remote
    files.put(CONTENT, ".csv")
    monkeypatch.setattr(remote_files.secrets, "token_hex", lambda _: "part")
    (tmp_path / ".copy.part").symlink_to("/dev/full")
    with pytest.raises(StorageError, match=f"{tmp_path} cannot be written: No space left on device"):
        files.fetch(NAME, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_that_does_not_respond_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_files.time, "sleep", lambda _: None)
    address = f"memory://{uuid.uuid4().hex}"
    failures = [ConnectionError("reset by peer"), TimeoutError(), None]
    info = MemoryFileSystem.info

    def away(self: MemoryFileSystem, path: str) -> object:
        if failures and (failure := failures.pop(0)) is not None:
            raise failure
        return info(self, path)

    monkeypatch.setattr(MemoryFileSystem, "info", away)
    assert not remote_files.RemoteFolder(address, patience=60.0).has(NAME)
    assert failures == []
    failures += [ConnectionError("reset by peer")]
    with pytest.raises(StorageError, match=f"{address} cannot be read: reset by peer. Check the address"):
        remote_files.RemoteFolder(address).has(NAME)


# Addresses


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (
            "nowhere://me:geheim@host/a",
            "`--files` must be a folder or an address of fsspec, got 'nowhere://me:***@host/a'. Protocol not known: "
            "nowhere. As in s3://BUCKET/automl",
        ),
        ("sftp://me:geheim@host/a", "sftp://me:***@host/a cannot be used: "),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, message: str
) -> None:
    monkeypatch.setitem(sys.modules, "paramiko", None)
    monkeypatch.delitem(sys.modules, "fsspec.implementations.sftp", raising=False)
    with pytest.raises(RecordError) as caught:
        open_files(address, tmp_path)
    assert str(caught.value).startswith(message)
    assert "geheim" not in str(caught.value)
    if address.startswith("sftp"):
        assert str(caught.value).endswith("Install it with `pip install paramiko`.")


def test_without_fsspec_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(RecordError) as caught:
        open_files("s3://bucket/automl", tmp_path)
    assert str(caught.value).endswith("which is not installed. Install it with `pip install automl[remote]`.")


def test_a_folder_stays_a_folder(tmp_path: Path) -> None:
    assert folder_of("a/b", tmp_path) == Path("a/b")
    assert folder_of("s3://a/b", tmp_path) == tmp_path / "files"
    assert not open_files(tmp_path, tmp_path).is_remote


def test_names_say_what_a_file_holds(tmp_path: Path) -> None:
    assert is_name(NAME) and not is_name(f"../{NAME}") and not is_name(NAME.partition(".")[0])
    assert is_suffix(".csv.gz") and not is_suffix("csv")
    assert suffix_of("my.table.CSV.gz", lambda suffix: suffix == ".csv.gz") == ".csv.gz"
    (tmp_path / "t").write_bytes(CONTENT)
    assert is_whole(tmp_path / "t", NAME) and not is_whole(tmp_path / "t", NOWHERE)
    assert not is_whole(tmp_path / "nothing", NAME)
    os.truncate(tmp_path / "t", 3)
    assert not is_whole(tmp_path / "t", NAME)

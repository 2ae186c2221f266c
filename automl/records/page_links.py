"""Addresses of pages about a run in trackers: kept beside its events, so that a report need not load a tracker."""

from collections.abc import Sequence
from pathlib import Path

from automl.errors import RecordError
from automl.records.files import read_json, write_json

LINKS = "links.json"


def write_links(folder: Path, pages: Sequence[tuple[str, str]]) -> None:
    """Keep pages about a run: what each is, and its address.

    Raises:
        RecordError: The disk is full or the folder cannot be written.
    """
    write_json(folder / LINKS, pages)


def read_links(folder: Path) -> tuple[tuple[str, str], ...]:
    """Pages about a run; none where there are none or they cannot be read."""
    try:
        content = read_json(folder / LINKS)
    except RecordError:
        return ()
    pairs = content if isinstance(content, list) else []
    return tuple((str(pair[0]), str(pair[1])) for pair in pairs if isinstance(pair, list) and len(pair) == 2)

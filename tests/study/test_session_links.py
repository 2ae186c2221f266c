"""Every tracker of a study learns where the others can be looked at, when all have begun."""

from pathlib import Path
from typing import Any

import pytest
from recorded_study import RecordedStudy, make_records
from recording import Recorder

from automl.records.events import StudyStarted
from automl.records.page_links import LINKS, read_links
from automl.study.session import Session


class Linked(Recorder):
    """A tracker with a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page

    def link(self) -> str:
        assert self.names == ["start"], "it has begun"
        return self.page

    def pages(self) -> tuple[tuple[str, str], ...]:
        return ((self.page, f"http://{self.page}"),) if self.page == "two: b" else ()

    def show_links(self, links: Any) -> None:
        self.record("links", list(links))


def test_links_are_shown_once_all_have_begun(tmp_path: Path) -> None:
    study = RecordedStudy(
        make_records(tmp_path), StudyStarted("wine", "20260101-000000-aaaa", "log_loss", "min")
    )
    trackers = Linked("one: http://a"), Linked(""), Linked("two: b")
    nothing: Any = None
    session = Session(nothing, study.records, study.run, study.lease, study.state, trackers, *[nothing] * 4)
    session.open()
    session.close()
    for tracker in trackers:
        assert tracker.names == ["start", "links"]
        assert tracker.values_of("links") == [["one: http://a", "two: b"]]
    assert read_links(study.run.folder) == (("two: b", "http://two: b"),)


@pytest.mark.parametrize("content", ["", "{}", "[1, [2]]", "[[" * 9])
def test_broken_links_are_none(tmp_path: Path, content: str) -> None:
    (tmp_path / LINKS).write_text(content)
    assert read_links(tmp_path) == ()

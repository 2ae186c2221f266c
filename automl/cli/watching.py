"""`automl report --watch`: writes the page again whenever the run has gone on."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import click

from automl.cli.common import write_text
from automl.cli.found import FoundStudy
from automl.records.files import write_whole
from automl.records.runs import RUNNING
from automl.records.standing import standing, status_of
from automl.records.store import Records

SECONDS = 5
"""A page that is being watched reads itself again after so many seconds."""

PAUSE = 2.0
"""Seconds between two looks at the record, beside the time that the page takes."""


def watch(records: Records, study: FoundStudy, to: Path, rest: Callable[[float], None] = time.sleep) -> None:
    """Write the page of a run, again when it has new events, until the run has ended or Ctrl-C.

    Args:
        records: The record that the run is in.
        study: The run, with what is recorded of it so far.
        to: The page.
        rest: Waits for so many seconds.
    """
    if study.status == RUNNING:
        click.echo(f"{to} is written again while the study runs; open it in a browser. Ctrl-C ends this.")
    try:
        for latest in following(records, study, rest):
            study = latest
            write_page(study, to, SECONDS if study.status == RUNNING else 0)
            click.echo(f"{to}: {study.standing or 'finished'}")
    except KeyboardInterrupt:
        write_page(study, to)  # which no longer reads itself again
        click.echo(f"{to} shows the study as of now. The study continues.")


def following(records: Records, study: FoundStudy, rest: Callable[[float], None]) -> Iterator[FoundStudy]:
    """A run as it is, then each time that something new is recorded, until it has ended; only new events are read."""
    yield study
    while study.status == RUNNING:
        rest(PAUSE)
        run = records.run(study.run.number)
        before = study.state.seq
        for recorded in records.events(run, since=before):
            study.state.apply(recorded)
        status = status_of(run, study.state)
        if study.state.seq != before or status != study.status:
            study = replace(study, run=run, standing=standing(run, study.state), status=status)
            yield study


def write_page(study: FoundStudy, to: Path, reload: int = 0) -> None:
    """The report of a run as a file, which is never seen half written.

    Args:
        study: The run.
        to: The file.
        reload: Seconds after which the page reads itself again; never when 0.
    """
    from automl.explanation.study import explain_study
    from automl.report.page import report_page, study_content

    content = study_content(study.state, explain_study(study.state, study.standing))
    page = report_page(content, reload)
    if not reload:
        write_text(page, to)
        return
    write_whole(to, lambda file: file.write(page.encode()))

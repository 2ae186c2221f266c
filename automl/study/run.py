"""Runs a study, or goes on with one: search, conclusion, analyses. What is recorded already is not done again."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas

from automl.config.reading import load_study
from automl.config.study import StudyConfig
from automl.errors import AutoMLError, RecordError
from automl.execution.actors import Cluster
from automl.execution.record_board import Sharing
from automl.explanation.study import explain_study
from automl.export.saved_model import check_backend
from automl.interrupts import Interrupts
from automl.records.file_store import FileStore
from automl.records.files import remove_run_folder
from automl.records.finding import open_records, read_state
from automl.records.run_files import Publisher
from automl.records.standing import ended
from automl.records.store import Records
from automl.report.files import write_study_files, write_trial_files
from automl.secrets import masked
from automl.study.budget import Budget
from automl.study.conclusion import analyze, conclude
from automl.study.opening import begin_run, go_on
from automl.study.preparation import PreparedStudy, prepare_study
from automl.study.result import StudyResult, result_of
from automl.study.resuming import Unfinished, check_can_go_on, existing_records, find_unfinished
from automl.study.search import search
from automl.study.session import Session
from automl.tracking.table import make_trackers
from automl.tracking.tracker import Tracker

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a study that may have run before.

    Attributes:
        resume: Whether to go on with its last run, where there is one.
        more: Trials to add to that run.
        began: When the command began, by `time.monotonic`; now when None.
        sharing: How cohorts are shared with other processes, or the cluster whose actors train them; None where this
            process trains alone.
        files: Where the files of the run are put for other machines; None where they all see its folder.
    """

    resume: bool = True
    more: int | None = None
    began: float | None = None
    sharing: Sharing | Cluster | None = None
    files: FileStore | None = None


def run_study(
    study: StudyConfig | str | Path,
    *,
    mlruns: str | Path = "mlruns",
    trackers: Sequence[Tracker] = (),
    prepared: PreparedStudy | None = None,
    table: pandas.DataFrame | None = None,
    resume: bool | None = None,
) -> StudyResult:
    """Run a study to its end: search, refit of the best trial, locked test, SavedModel, analyses, trackers.

    Args:
        study: A study, or the path of its file.
        mlruns: Folder of the studies' files and, where the study file names no other, of the record and of MLflow.
        trackers: Who follows the study beside those that the study file names.
        prepared: The same study, where it has been prepared already.
        table: The table, where the study asks Python for it (`data.frame`).
        resume: Whether to go on with the study's last run where it was stopped or killed, and to give its result where
            it is done. By default so, but not for a table that Python gives.

    Raises:
        AutoMLError: Something is wrong with the study, found before training, or no trial completed.
        KeyboardInterrupt: The study was interrupted. Its finished trials are recorded.
    """
    config = study if isinstance(study, StudyConfig) else load_study(study)
    request = Request(resume=table is None if resume is None else resume)
    record = existing_records(Path(mlruns), config.records.uri) if request.resume else None
    unfinished = find_unfinished(record, config) if record is not None else None
    if unfinished is not None and unfinished.is_done:
        return result_of(unfinished.run, unfinished.state)
    if unfinished is not None:
        check_can_go_on(unfinished)
    check_backend()
    prepared = prepared or prepare_study(config, table)
    records = open_records(Path(mlruns), config.records.uri, create=True, source="records.uri")
    return run_prepared(records, prepared, request, unfinished, trackers)


def run_prepared(
    records: Records,
    prepared: PreparedStudy,
    request: Request,
    unfinished: Unfinished | None = None,
    trackers: Sequence[Tracker] = (),
) -> StudyResult:
    """Run a study that is known to be able to begin, or go on with it.

    Args:
        records: The record.
        prepared: The study.
        request: What is asked.
        unfinished: The run to go on with; a new one begins when None.
        trackers: Who follows it beside those that the study file names.

    Raises:
        AutoMLError: It cannot be recorded or tracked, or no trial completed.
        KeyboardInterrupt: It was interrupted. Its finished trials are recorded.
    """
    config = prepared.config
    budget = Budget(config.budget.minutes, config.search.minutes, request.began)
    # The terminal first, so that it shows how the others open their stores; it is the last one to finish.
    all_trackers = (*trackers, *make_trackers(config, records.mlruns, write_trial_files))
    with Interrupts() as interrupts:
        with interrupts.held():
            session = _make(records, prepared, unfinished, budget, all_trackers, interrupts)
            session.sharing = request.sharing
            if request.files is not None:
                session.publisher = Publisher(records, session.lease, session.run.folder, request.files)
            _open(session, is_new=unfinished is None)
        interrupts.on_second(lambda: [tracker.abandon() for tracker in all_trackers])
        try:
            _work(session)
        finally:
            _close(session)
    return result_of(session.run, session.state)


def _make(
    records: Records,
    prepared: PreparedStudy,
    unfinished: Unfinished | None,
    budget: Budget,
    trackers: Sequence[Tracker],
    interrupts: Interrupts,
) -> Session:
    if unfinished is None:
        run, lease = begin_run(records, prepared, budget)
        state = read_state(records, run)
    else:
        run, state = unfinished.run, unfinished.state
        lease = go_on(records, prepared, unfinished, budget)
    return Session(
        prepared,
        records,
        run,
        lease,
        state,
        trackers,
        interrupts,
        budget,
        prepared.make_engine(),
        prepared.out_of_fold,
    )


def _open(session: Session, is_new: bool) -> None:
    records = session.records
    try:
        session.open()
    except BaseException:
        session.close()
        if is_new:  # nothing has happened yet
            records.remove(session.lease)
            remove_run_folder(records.mlruns, session.run.folder)
            records.remove_if_empty()
        raise


def _work(session: Session) -> None:
    """All stages; how they ended is recorded in any case."""
    status, reason = "failed", ""
    try:
        search(session)
        conclude(session)
        analyze(session)
        status = "finished"
    except KeyboardInterrupt:
        status, reason = "stopped", "interrupted"
        raise
    except AutoMLError as error:
        reason = masked(str(error))
        raise
    except BaseException as error:
        reason = masked(f"{type(error).__name__}: {error}")
        raise
    finally:
        _finish(session, status, reason)


def _finish(session: Session, status: str, reason: str) -> None:
    """Write the files that people read, record the end, let trackers send what is unsent."""
    if not session.interrupts.is_second:
        try:
            explanation = explain_study(session.state, ended(session.state, status, reason))
            write_study_files(session.state, explanation)
        except Exception as error:  # what is recorded is safe; `automl report` shows the whole error
            LOGGER.warning("The report cannot be written (%s: %s).", type(error).__name__, error)
            LOGGER.debug("report", exc_info=True)
    with suppress(KeyboardInterrupt), session.interrupts.held():
        try:
            session.finish(status, reason)
        except RecordError as error:
            LOGGER.warning("The end of the study cannot be recorded: %s", error)
    left = session.budget.left()
    for tracker in reversed(session.trackers):
        if session.interrupts.is_second:
            tracker.abandon()
            tracker.finish(0.0)
        else:
            with suppress(KeyboardInterrupt):
                tracker.finish(None if left == float("inf") else max(left, _FEWEST_SECONDS))


_FEWEST_SECONDS = 5.0
"""That trackers get to send what is left, when the budget is used up."""


def _close(session: Session) -> None:
    with suppress(RecordError, KeyboardInterrupt), session.interrupts.held():
        session.close()

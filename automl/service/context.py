"""What the addresses of the server share: record, queue, files, live runs, models that are ready to predict."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from automl.records.file_store import FileStore, open_files
from automl.records.queue import Queue
from automl.records.runs import Run
from automl.records.service_processes import ServiceProcesses
from automl.records.store import Records
from automl.records.submissions import Submission, SubmissionState
from automl.service.admission import Admission
from automl.service.copies import Copies
from automl.service.live import LiveRuns, finite, progress_of
from automl.service.models import StudyView
from automl.service.predictors import Predictors
from automl.service.settings import ServerSettings

_PARTS = ("events", "trials", "report", "leaderboard.csv", "model.zip")
_WAITING = (SubmissionState.CHECKING, SubmissionState.QUEUED)


@final
@dataclass(frozen=True, slots=True)
class Service:
    """What the addresses of the server share.

    Attributes:
        settings: Of the server.
        records: The record.
        queue: The studies that were sent.
        processes: The servers and workers.
        files: Study files and tables.
        admission: What may enter the queue.
        live: Runs as far as they are recorded.
        predictors: Models that are ready.
    """

    settings: ServerSettings
    records: Records
    queue: Queue
    processes: ServiceProcesses
    files: FileStore
    admission: Admission
    live: LiveRuns
    predictors: Predictors

    def view(self, submission: Submission) -> StudyView:
        """A submission as clients see it."""
        return self.views([submission])[0]

    def views(self, submissions: Sequence[Submission]) -> list[StudyView]:
        """Submissions as clients see them."""
        waits = any(submission.state in _WAITING for submission in submissions)
        positions = self.queue.positions() if waits else {}
        return [self._view(submission, positions.get(submission.number)) for submission in submissions]

    def _view(self, submission: Submission, ahead: int | None) -> StudyView:
        progress = {}
        if submission.run is not None and submission.state is SubmissionState.RUNNING:
            progress = progress_of(submission, self.records.run(submission.run))
        address = f"/studies/{submission.identifier}"
        parts = ("events",) if submission.run is None else _PARTS
        return StudyView(
            id=submission.identifier,
            name=submission.name,
            state=submission.state,
            priority=submission.priority,
            created=submission.created,
            changed=submission.changed,
            ahead=ahead,
            run=submission.run_identifier,
            trials=submission.num_trials,
            planned=submission.planned,
            metric=submission.metric,
            best=finite(submission.best),
            phase=str(progress.get("phase", "")),
            seconds_left=finite(progress.get("seconds_left")),
            cancelled=submission.cancelled,
            reason=submission.reason,
            links={"self": address} | {part: f"{address}/{part}" for part in parts},
        )

    def run_of(self, submission: Submission) -> Run | None:
        """The run that a study has become, with the folder that is read here; None before it began."""
        return None if submission.run is None else self.live.located(submission.run)


def make_service(settings: ServerSettings, records: Records) -> Service:
    """Put a service together.

    Raises:
        RecordError: The address of the files cannot be used.
    """
    files = open_files(settings.files, settings.mlruns)
    return Service(
        settings=settings,
        records=records,
        queue=Queue(records),
        processes=ServiceProcesses(records),
        files=files,
        admission=Admission(files, settings.allowed),
        live=LiveRuns(records, Copies(records, files)),
        predictors=Predictors(settings.limits),
    )

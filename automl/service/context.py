"""What the addresses of the server share: record, queue, files, live runs, models that are ready to predict."""

from dataclasses import dataclass
from typing import final

from automl.records.queue import Queue
from automl.records.runs import Run
from automl.records.service_processes import ServiceProcesses
from automl.records.store import Records
from automl.records.submissions import Submission, SubmissionState
from automl.service.admission import Admission
from automl.service.files import FileStore
from automl.service.live import LiveRuns, finite, progress_of
from automl.service.models import StudyView
from automl.service.predictors import Predictors
from automl.service.settings import ServerSettings

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
        run = None if submission.run is None else self.records.run(submission.run)
        progress = {} if run is None else progress_of(run, submission)
        address = f"/studies/{submission.identifier}"
        parts = (
            ["events", "trials", "report", "leaderboard.csv", "model.zip"] if run is not None else ["events"]
        )
        return StudyView(
            id=submission.identifier,
            name=submission.name,
            state=submission.state,
            priority=submission.priority,
            created=submission.created,
            changed=submission.changed,
            ahead=self.queue.position(submission) if submission.state in _WAITING else None,
            run=None if run is None else run.identifier,
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
        """The run that a study has become; None before it began."""
        return None if submission.run is None else self.records.run(submission.run)


def make_service(settings: ServerSettings, records: Records) -> Service:
    """Put a service together."""
    files = FileStore(settings.files)
    return Service(
        settings=settings,
        records=records,
        queue=Queue(records),
        processes=ServiceProcesses(records),
        files=files,
        admission=Admission(files, settings.allowed),
        live=LiveRuns(records),
        predictors=Predictors(settings.limits),
    )

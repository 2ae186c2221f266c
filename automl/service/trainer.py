"""Trains cohorts of a study that another worker runs: `python -m automl.service.trainer`, started by a worker.

It prepares the study once, and trains whatever is offered of it, until nothing was for a while, until nobody runs the
study any more, or until its worker asks it to leave.
"""

import json
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import final

from automl.errors import RecordError
from automl.records.cohort_claims import CohortClaim, CohortClaims
from automl.records.finding import open_records
from automl.records.queue import Queue
from automl.records.runs import Run
from automl.records.store import Records
from automl.service.driver import check_code, config_of, table_for_training
from automl.service.job import TRAINS, WAITS, Job, do_job

_IDLE_SECONDS, _POLL_SECONDS, _AWAY_SECONDS = 30.0, 0.2, 2.0


def main() -> None:
    """Do what the first line of standard input says."""
    do_job(train)


def train(job: Job, leaving: threading.Event) -> int:
    """Train cohorts of the run of a submission.

    Returns:
        The exit status.

    Raises:
        AutoMLError: This worker cannot train them.
    """
    records = open_records(Path(job.mlruns), job.records, create=True)
    submission = Queue(records).find(job.identifier)
    files = job.open_files()
    config = config_of(submission, files)
    check_code(config, job.allow_code)
    if submission.run is None:
        raise RecordError(f"the study {job.identifier!r} has no run yet.")
    run = records.run(submission.run)
    prepared_table = table_for_training(config)
    from automl.execution.executor import CancelToken
    from automl.execution.helping import Helper
    from automl.study.opening import check_digests
    from automl.study.orders import RecordedOrders
    from automl.study.preparation import prepare_study

    token = CancelToken()

    def stop(*_: object) -> None:
        token.cancel()
        leaving.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    prepared = prepare_study(config, prepared=prepared_table)
    orders = RecordedOrders(prepared, records, run)
    check_digests(prepared, orders.digests)
    claims, engine = CohortClaims(records), prepared.make_engine()
    helper = Helper(engine, prepared.pruner, prepared.rungs, orders, claims, files)
    Trainer(records, run, claims, lambda claim: helper.train(claim, token)).work(leaving)
    return 0


@final
class Trainer:
    """Claims cohorts of a run.

    Args:
        records: The record.
        run: The run.
        claims: Where they are claimed.
        train_cohort: Trains one; says whether that was done to its end.
    """

    def __init__(
        self,
        records: Records,
        run: Run,
        claims: CohortClaims,
        train_cohort: Callable[[CohortClaim], bool],
    ) -> None:
        self._records, self._run, self._claims, self._train_cohort = records, run, claims, train_cohort

    def work(self, leaving: threading.Event) -> None:
        """Train cohorts until there is no reason to stay.

        Raises:
            RecordError: Results cannot be written.
        """
        until = time.monotonic() + _IDLE_SECONDS
        while not leaving.is_set() and time.monotonic() < until:
            try:
                claim = self._claims.claim(self._run.number)
                if claim is None and not self._records.run(self._run.number).held:
                    return
            except RecordError:  # the database is away
                leaving.wait(_AWAY_SECONDS)
                continue
            if claim is None:
                leaving.wait(_POLL_SECONDS)
                continue
            self._train(claim)
            until = time.monotonic() + _IDLE_SECONDS

    def _train(self, claim: CohortClaim) -> None:
        _tell(TRAINS, cohort=claim.number, attempt=claim.attempt)
        began = time.monotonic()
        is_whole = self._train_cohort(claim)
        seconds = round(time.monotonic() - began, 1)
        _tell(WAITS, cohort=claim.number, whole=is_whole, seconds=seconds, lost=self._claims.num_lost)


def _tell(event: str, **content: float | bool) -> None:
    print(json.dumps({"helper": event, **content}), flush=True)  # noqa: T201  the worker reads it


if __name__ == "__main__":
    main()

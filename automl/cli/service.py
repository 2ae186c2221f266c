"""Commands of a service: `automl serve`, and `automl worker`."""

import logging
import signal
import sys
from pathlib import Path

import click

from automl.cli.common import mlruns_option, records_option

files_option = click.option(
    "--files",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of submitted study files and tables, shared by server and workers; default: files/ in --mlruns.",
)


@click.command()
@click.option(
    "--allow-code", is_flag=True, help="Run builders, metrics and trackers that studies bring: arbitrary code."
)
@click.option("--once", is_flag=True, help="End when nothing waits in the queue.")
@files_option
@mlruns_option
@records_option
def worker(allow_code: bool, once: bool, files: Path | None, mlruns: Path, records: str | None) -> None:
    """Run the studies that are submitted to `automl serve`, until Ctrl-C.

    Any number of workers may share a queue: in a SQLite file those of one machine, in PostgreSQL those of many. A study
    whose worker was killed is continued by the next free one.
    """
    from automl.records.finding import open_records
    from automl.service.files import FOLDER
    from automl.service.worker import Worker, WorkerSettings

    log_to_standard_error()
    mlruns = mlruns.absolute()
    settings = WorkerSettings(mlruns, (files or mlruns / FOLDER).absolute(), records, allow_code, once)
    working = Worker(open_records(mlruns, records, create=True), settings)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: working.stop())
    working.run()


def log_to_standard_error() -> None:
    """Lines with their time, of what the service does."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("automl")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)

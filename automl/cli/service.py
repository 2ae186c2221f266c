"""Commands of a service: `automl serve`, and `automl worker`."""

import functools
import logging
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from automl.cli.common import mlruns_option, records_option

files_option = click.option(
    "--files",
    metavar="FOLDER|URL",
    help="Folder of submitted study files and tables, shared by server and workers; default: files/ in --mlruns. An "
    "address of fsspec, as s3://BUCKET/automl, keeps the files of all runs too, for machines without a shared folder.",
)


@dataclass(frozen=True, slots=True)
class Stores:
    """Where a service keeps what it knows.

    Attributes:
        mlruns: Folder of the studies, absolute.
        files: Folder of submitted study files and tables, absolute, or their address.
        records: Database of the record; None for the usual one.
    """

    mlruns: Path
    files: str
    records: str | None


def stores_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a service's stores, as its argument `stores`."""

    @files_option
    @mlruns_option
    @records_option
    @functools.wraps(command)
    def with_stores(files: str | None, mlruns: Path, records: str | None, **others: Any) -> None:
        from automl.records.file_store import FOLDER, is_address

        mlruns = mlruns.absolute()
        if files is None or not is_address(files):
            files = str((Path(files) if files else mlruns / FOLDER).absolute())
        command(stores=Stores(mlruns, files, records), **others)

    return with_stores


@click.command()
@click.option(
    "--allow-code",
    is_flag=True,
    help="Run builders, metrics and trackers that studies bring: arbitrary code.",
)
@click.option("--once", is_flag=True, help="End when nothing waits in the queue.")
@click.option(
    "--no-share",
    is_flag=True,
    help="Neither train cohorts of studies that other workers run, nor let other workers train those of its study.",
)
@stores_options
def worker(allow_code: bool, once: bool, no_share: bool, stores: Stores) -> None:
    """Run the studies that are submitted to `automl serve`, until Ctrl-C.

    Any number of workers may share a queue: in a SQLite file those of one machine, in PostgreSQL those of many. A study
    whose worker was killed is continued by the next free one. The cohorts of a study with `search.in_flight` above 1
    are trained by all workers that run no study.
    """
    from automl.records.file_store import is_address, open_files
    from automl.records.finding import open_records
    from automl.service.worker import Worker, WorkerSettings

    if is_address(stores.files):  # a study is not the place to find out
        open_files(stores.files, stores.mlruns).check()
    log_to_standard_error()
    settings = WorkerSettings(stores.mlruns, stores.files, stores.records, allow_code, once, not no_share)
    working = Worker(open_records(stores.mlruns, stores.records, create=True), settings)
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


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen at; others need a token."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True)
@click.option(
    "--name", "names", multiple=True, metavar="HOST", help="Another name of this server; may be repeated."
)
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with the token that clients must send; default: the environment variable AUTOML_TOKEN.",
)
@click.option(
    "--allow",
    multiple=True,
    metavar="KIND[=PATTERN]",
    help="What studies may use: path, url, sql, tracking.uri, variable, builder, objective, tracking.to; "
    "`path=/data/*` allows only what matches; may be repeated.",
)
@stores_options
def serve(
    host: str,
    port: int,
    names: tuple[str, ...],
    token_file: Path | None,
    allow: tuple[str, ...],
    stores: Stores,
) -> None:
    """Serve studies by HTTP, until Ctrl-C.

    Clients send studies, follow them and ask their models; `automl worker` runs them. A page is at /, the description
    of all addresses at /openapi.json.
    """
    from automl.service.server import serve as serving
    from automl.service.settings import ServerSettings, parse_allowed, read_token

    log_to_standard_error()
    settings = ServerSettings(
        mlruns=stores.mlruns,
        files=stores.files,
        host=host,
        port=port,
        token=read_token(token_file),
        names=names,
        allowed=parse_allowed(allow),
    )
    serving(settings, stores.records)


@click.command()
@click.option(
    "--older-than",
    "days",
    type=click.FloatRange(min=0.0),
    required=True,
    metavar="DAYS",
    help="Studies that ended at least so many days ago.",
)
@click.option("--dry-run", is_flag=True, help="List what would be deleted.")
@stores_options
def prune(days: float, dry_run: bool, stores: Stores) -> None:
    """Delete old studies of a service with their runs and models, and tables that no study uses.

    Only studies that were sent to the service; runs of `automl run` stay. With an address as --files, also the copies
    on this machine of what was deleted.
    """
    from automl.records.file_store import open_files
    from automl.records.finding import open_records
    from automl.records.queue import Queue
    from automl.service.pruning import prune as pruning

    queue = Queue(open_records(stores.mlruns, stores.records))
    pruned = pruning(queue, open_files(stores.files, stores.mlruns), days, dry_run)
    for identifier in pruned.studies:
        click.echo(identifier)
    for line in pruned.kept_studies:
        click.echo(f"kept: {line}", err=True)
    done = "would be deleted" if dry_run else "deleted"
    click.echo(
        f"{len(pruned.studies)} studies and {len(pruned.files)} files ({pruned.size / 1e6:.1f} MB) {done}."
    )

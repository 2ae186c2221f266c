"""The command that sends a recorded study to MLflow."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import click

from automl.cli.common import mlruns_option, records_option, study_argument
from automl.errors import TrackingError


@click.command()
@study_argument
@click.option(
    "--uri",
    metavar="URI",
    help="An MLflow server or database; default: that of the study file, MLFLOW_TRACKING_URI, then a database "
    "under --mlruns.",
)
@records_option
@mlruns_option
def track(study: str | None, uri: str | None, records: str | None, mlruns: Path) -> None:
    """Send STUDY to MLflow: what is missing there, and nothing twice.

    For a study that was killed, or whose tracking server was away, or that was sent nowhere. STUDY is a name, a study
    file, or the folder of a run; default: the last one run.
    """
    from automl.records.finding import open_run
    from automl.report.console import make_console
    from automl.report.files import write_trial_files
    from automl.tracking.mlflow.address import find_store
    from automl.tracking.mlflow.completing import complete_all, recorded_uri, send_run

    record, run = open_run(mlruns, study, records)
    address = find_store(uri or recorded_uri(run), record.mlruns)
    if uri is not None:
        address = replace(address, source="--uri")
    console = make_console()
    with console.status(f"sending to {address.shown}") if console.is_terminal else nullcontext():
        sent = send_run(record, run, address, write_trial_files)
        others = complete_all(record, address, write_trial_files) if sent.whole else 0
    name = f"{run.name}/{run.identifier}"
    click.echo(f"{name}: {sent.sent} trials sent to {address.shown}, {sent.there} were already there.")
    if sent.running:
        click.echo("The run is still in progress in another process, which sends the rest.")
    if others:
        click.echo(f"Other runs completed there: {others}.")
    if not sent.whole:
        cure = f"Send it again with `automl track {run.name}`."
        raise TrackingError(f"{name}: not everything could be sent to MLflow; see the warnings above. {cure}")

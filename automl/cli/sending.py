"""Sends MLflow what it has missed of the recorded studies, before their pages or their results are shown."""

import click

from automl.config.stores import TrackingConfig
from automl.errors import TrackingError
from automl.records.store import Records
from automl.report.files import write_trial_files
from automl.tracking.mlflow.address import find_store
from automl.tracking.mlflow.completing import complete_all
from automl.tracking.table import MLFLOW


def send_missing(records: Records, tracking: TrackingConfig) -> None:
    """Complete in MLflow the runs that have begun there; a store that does not respond is reported.

    Args:
        records: The record.
        tracking: Where the studies are tracked.
    """
    if tracking.to != MLFLOW:
        return
    try:
        complete_all(records, find_store(tracking.uri, records.mlruns), write_trial_files)
    except TrackingError as error:
        click.echo(f"warning: {error}", err=True)

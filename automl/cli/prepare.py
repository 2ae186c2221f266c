"""Commands before a study runs: init, check, schema."""

import json
import shlex
from pathlib import Path

import click

from automl.cli.common import output_option, waiting, write_text
from automl.cli.file_options import FileOptions, file_options
from automl.config.template import TableFacts, study_template
from automl.errors import RecordError
from automl.quiet import quiet_start


@click.command()
@click.argument("data", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--target", help="Name of the column to predict.")
@file_options("as detected")
@output_option("The study file to write.", Path("study.yaml"))
@click.option("--force", is_flag=True, help="Replace the file when it exists.")
def init(data: Path | None, target: str | None, reading: FileOptions, to: Path, force: bool) -> None:
    """Write a commented study file.

    For DATA, a CSV, TSV, JSON, Parquet, Feather or Excel file, with what was found in it; or for the digits that come
    with scikit-learn. A table that cannot be used as it is gets a file too, which says what to fix.
    """
    from automl.cli.looking import look_at
    from automl.config.budget import BudgetConfig
    from automl.config.reading import name_for
    from automl.config.search import SearchConfig

    if to.exists() and not force:
        raise RecordError(f"{to} exists. Choose another file with --to, or replace it with --force.")
    error = ""
    if data is None:
        facts = _digits()
    else:
        facts, error = look_at(data, target, reading, to)
    name = name_for(to if data is None or to.stem != "study" else data)
    text = study_template(name, shlex.quote(str(to)), facts, SearchConfig().trials, BudgetConfig().minutes)
    write_text(text, to)
    if error:
        click.echo(f"{to} is written, but the table cannot be used as it is: {error}")
    click.echo(f"{to} is written. Next: automl check {shlex.quote(str(to))}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--no-forecast", is_flag=True, help="Do not time networks to forecast the study's time, memory and disk."
)
def check(file: Path, no_forecast: bool) -> None:
    """Check a study FILE, and forecast its time, memory and disk from a few timed epochs."""
    with waiting(f"reading {file}") as say:
        from automl.config.reading import load_study
        from automl.study.table import prepare_table

        prepared_table = prepare_table(load_study(file))  # its errors need not wait for TensorFlow
        say("loading TensorFlow")
        with quiet_start():
            from automl.study.analyses.bias_variance import most_networks
            from automl.study.preparation import prepare_study
            from automl.training.backend import device_name

            device_name()
        prepared = prepare_study(prepared_table.config, prepared=prepared_table)
    dataset, splits = prepared.dataset, prepared.splits
    size = prepared.space.size()
    num_folds = len(splits.folds)
    click.echo(f"{file}: fine")
    click.echo(
        f"  table      {len(dataset.target)} rows, {len(dataset.feature_names)} features, {dataset.task}"
    )
    click.echo(f"  rows       {len(splits.training)} to search on, {len(splits.test)} for the locked test")
    click.echo(f"  objective  {prepared.objective.metric} ({prepared.objective.direction})")
    click.echo(f"  space      {', '.join(prepared.space.searched) or 'one configuration'}")
    click.echo(f"  size       {size or 'a continuum of'} configurations")
    networks = prepared.num_trials * num_folds
    click.echo(f"  work       up to {prepared.num_trials} trials × {num_folds} folds = {networks} networks")
    click.echo(f"  and then   bias and variance of {most_networks(prepared)}")
    for note in prepared.notes:
        click.echo(f"  note       {note}")
    if not no_forecast:
        from automl.cli.forecasting import print_forecast

        print_forecast(prepared)


@click.command()
@click.option("--format", "form", type=click.Choice(["json", "markdown"]), default="json", show_default=True)
@output_option("A file, instead of standard output.")
def schema(form: str, to: Path | None) -> None:
    """Write the JSON Schema of a study file, or all of its keys as a page of text."""
    if form == "json":
        from automl.config.study import study_schema

        write_text(json.dumps(study_schema(), indent=2) + "\n", to)
    else:
        from automl.config.reference import study_reference

        write_text(study_reference(), to)


def _digits() -> TableFacts:
    from automl.cli.looking import default_space
    from automl.evaluation.metrics import metrics_for
    from automl.trial import Task

    source = {"sklearn": "digits   # or `path: table.csv` and `target: column`"}
    return TableFacts(source, metrics_for(Task.MULTICLASS), default_space(1797, True, False))

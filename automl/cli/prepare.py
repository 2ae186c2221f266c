"""Commands before a study runs: init, check, schema."""

import json
import os
from pathlib import Path

import click

from automl.cli.common import write_text
from automl.errors import DataError, RecordError
from automl.quiet import quiet_start


@click.command()
@click.argument("data", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--target", help="Name of the column to predict.")
@click.option(
    "--to",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("study.yaml"),
    show_default=True,
    help="The study file to write.",
)
@click.option("--force", is_flag=True, help="Replace the file when it exists.")
def init(data: Path | None, target: str | None, to: Path, force: bool) -> None:
    """Write a commented study file.

    For DATA, a CSV file, or for the digits that come with scikit-learn.
    """
    from automl.studyfile import name_for
    from automl.template import study_template

    if to.exists() and not force:
        raise RecordError(f"{to} exists. Choose another file with --to, or replace it with --force.")
    source, task = {"sklearn": "digits   # or `path: table.csv` and `target: column`"}, ""
    if data is not None:
        source, task = _look_at(data, target, to)
    name = name_for(to if data is None or to.stem != "study" else data)
    write_text(study_template(name, str(to), source, task), to)
    click.echo(f"{to} is written. Next: automl check {to}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Check a study FILE without training."""
    from automl.studyfile import load_study

    config = load_study(file)
    with quiet_start():
        from automl.preparation import device_name, prepare_study
        from automl.space import count_configurations, searched

        device_name()
    prepared = prepare_study(config)
    dataset, splits = prepared.dataset, prepared.splits
    size = count_configurations(prepared.space)
    num_folds = len(splits.folds)
    click.echo(f"{file}: fine")
    click.echo(
        f"  table      {len(dataset.target)} rows, {len(dataset.feature_names)} features, {dataset.task}"
    )
    click.echo(f"  rows       {len(splits.training)} to search on, {len(splits.test)} locked away")
    click.echo(f"  objective  {prepared.objective.metric} ({prepared.objective.direction})")
    click.echo(f"  space      {', '.join(searched(prepared.space)) or 'one configuration'}")
    click.echo(f"  size       {size or 'a continuum of'} configurations")
    networks = prepared.num_trials * num_folds
    click.echo(f"  work       up to {prepared.num_trials} trials × {num_folds} folds = {networks} networks")


@click.command()
@click.option(
    "--to", type=click.Path(dir_okay=False, path_type=Path), help="A file, instead of standard output."
)
def schema(to: Path | None) -> None:
    """Write the JSON Schema of a study file."""
    from automl.config import study_schema

    write_text(json.dumps(study_schema(), indent=2) + "\n", to)


def _look_at(data: Path, target: str | None, to: Path) -> tuple[dict[str, str], str]:
    """The data section for a CSV file, and its task."""
    from automl.config import DataConfig
    from automl.data.dataset import make_dataset
    from automl.data.readers import read_csv

    table = read_csv(data)
    if target is None:
        columns = ", ".join(map(str, table.columns[:20]))
        raise DataError(f"{data}: name the column to predict with --target. The table has: {columns}.")
    path = os.path.relpath(data, to.parent)
    config = DataConfig(path=path, target=target)
    dataset = make_dataset(table, target, config, lambda *_: str(data))
    comment = f"{len(table)} rows, {len(dataset.feature_names)} features, {dataset.task}"
    return {"path": f"{json.dumps(path)}   # {comment}", "target": json.dumps(target)}, dataset.task

"""Commands before a study runs: init, check, schema."""

import json
import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from automl.cli.common import output_option, write_text
from automl.config.template import TableFacts, study_template
from automl.errors import DataError, RecordError
from automl.quiet import quiet_start


def _known_encoding(_: click.Context, __: click.Parameter, name: str) -> str:
    try:
        "".encode(name)
    except LookupError:
        raise click.BadParameter(f"must name an encoding that Python knows, got {name!r}.") from None
    return name


@click.command()
@click.argument("data", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--target", help="Name of the column to predict.")
@click.option(
    "--encoding",
    default="utf-8",
    show_default=True,
    callback=_known_encoding,
    help="Encoding of a text file.",
)
@output_option("The study file to write.", Path("study.yaml"))
@click.option("--force", is_flag=True, help="Replace the file when it exists.")
def init(data: Path | None, target: str | None, encoding: str, to: Path, force: bool) -> None:
    """Write a commented study file.

    For DATA, a CSV, TSV, JSON lines, Parquet, Feather or Excel file, with what was found in it; or for the digits
    that come with scikit-learn.
    """
    from automl.config.budget import BudgetConfig
    from automl.config.reading import name_for
    from automl.config.sections import SearchConfig

    if to.exists() and not force:
        raise RecordError(f"{to} exists. Choose another file with --to, or replace it with --force.")
    facts = _digits() if data is None else _look_at(data, target, encoding, to)
    name = name_for(to if data is None or to.stem != "study" else data)
    text = study_template(name, shlex.quote(str(to)), facts, SearchConfig().trials, BudgetConfig().minutes)
    write_text(text, to)
    click.echo(f"{to} is written. Next: automl check {shlex.quote(str(to))}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--no-forecast", is_flag=True, help="Do not time networks to forecast the study's time, memory and disk."
)
def check(file: Path, no_forecast: bool) -> None:
    """Check a study FILE, and forecast its time, memory and disk from a few timed epochs."""
    from automl.config.reading import load_study
    from automl.study.table import prepare_table

    table = prepare_table(load_study(file))  # its errors need not wait for TensorFlow
    with quiet_start():
        from automl.space import count_configurations, searched
        from automl.study.analyses.bias_variance import most_networks
        from automl.study.preparation import device_name, prepare_study

        device_name()
    prepared = prepare_study(table.config, prepared=table)
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
    click.echo(f"  and then   bias and variance of {most_networks(prepared)}")
    for note in prepared.notes:
        click.echo(f"  note       {note}")
    if not no_forecast:
        from automl.cli.forecasting import print_forecast

        print_forecast(prepared)


@click.command()
@output_option("A file, instead of standard output.")
def schema(to: Path | None) -> None:
    """Write the JSON Schema of a study file."""
    from automl.config.study import study_schema

    write_text(json.dumps(study_schema(), indent=2) + "\n", to)


def _digits() -> TableFacts:
    from automl.evaluation.metrics import metrics_for
    from automl.trial import Task

    source = {"sklearn": "digits   # or `path: table.csv` and `target: column`"}
    return TableFacts(source, metrics_for(Task.MULTICLASS), _default_space(1797, True, False))


def _look_at(data: Path, target: str | None, encoding: str, to: Path) -> TableFacts:
    """What the study file says of the table in a file."""
    from automl.config.sections import DataConfig
    from automl.data import findings
    from automl.data.dataset import make_dataset
    from automl.data.features.written import usual_mark
    from automl.data.files import TableFile
    from automl.data.formats import read_file, with_separator
    from automl.data.targets import has_long_tail
    from automl.evaluation.metrics import metrics_for
    from automl.trial import Task

    file = with_separator(TableFile(data, encoding=encoding))
    table = read_file(file)
    commas = usual_mark(table) == ","
    if commas:
        table = read_file(replace(file, decimal=","))
    if target is None:
        columns = ", ".join(map(str, table.columns[:20]))
        raise DataError(f"{data}: name the column to predict with --target. The table has: {columns}.")
    path = Path(os.path.relpath(data, to.parent)).as_posix()
    config = DataConfig(path=path, target=target, decimal="," if commas else None)
    dataset = make_dataset(table, target, config, lambda *_: str(data))
    comment = f"{len(table)} rows, {len(dataset.feature_names)} features, {dataset.task}"
    source = {"path": f"{_quoted(path)}   # {comment}", "target": _quoted(target)}
    if file.separator is not None:
        source["separator"] = _quoted(file.separator)
    if commas:
        source["decimal"] = _quoted(",")
    if encoding != "utf-8":
        source["encoding"] = _quoted(encoding)
    long_tail = dataset.task is Task.REGRESSION and has_long_tail(dataset.target)
    has_numbers = dataset.columns.numbers.shape[1] > 0
    return TableFacts(
        source,
        metrics_for(dataset.task),
        _default_space(len(table), has_numbers, long_tail),
        findings.describe_table(table, dataset),
        findings.suggest_objective(dataset),
    )


def _default_space(num_rows: int, has_numbers: bool, long_tail: bool) -> dict[str, dict[str, Any]]:
    """What is searched when the study file does not say, in plain values."""
    with quiet_start():
        from automl.space import default_entries

    entries = default_entries(num_rows, has_numbers, long_tail)
    return {name: entry.model_dump(by_alias=True, exclude_defaults=True) for name, entry in entries.items()}


def _quoted(text: str) -> str:
    """Text in YAML's double quotes, whatever it holds."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in quoted)

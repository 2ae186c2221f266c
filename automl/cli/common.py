"""What commands share: options, arguments, and text that goes to a file or to standard output."""

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from automl.errors import RecordError
from automl.secrets import masked

MLRUNS = Path("mlruns")
"""Folder of the studies where no option names one."""

mlruns_option = click.option(
    "--mlruns",
    type=click.Path(file_okay=False, path_type=Path),
    default=MLRUNS,
    show_default=True,
    help="Folder of the MLflow store and of the studies' own folders.",
)
records_option = click.option(
    "--records",
    metavar="URI",
    help="Database of the record, of SQLite or PostgreSQL; default: AUTOML_RECORDS, then a file in --mlruns.",
)
study_argument = click.argument("study", required=False)


def options_text(mlruns: Path, uri: str | None) -> str:
    """The options that find the same record again, as they end a command; without a password."""
    at = "" if mlruns == MLRUNS else f" --mlruns {shlex.quote(str(mlruns))}"
    return at if uri is None else f"{at} --records {shlex.quote(masked(uri))}"


@contextmanager
def waiting(text: str, *, quiet: bool = False) -> Iterator[Callable[[str], object]]:
    """Show at once that the command works, where there is a terminal; gives a function that changes the text."""
    if quiet or not sys.stdout.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console().status(text) as status:
        yield status.update


def output_option(help_text: str, default: Path | None = None) -> Callable[[Any], Any]:
    """`--to`, the file that a command writes."""
    kind = click.Path(dir_okay=False, path_type=Path)
    return click.option("--to", type=kind, default=default, show_default=default is not None, help=help_text)


def write_text(text: str, to: Path | None, option: str = "--to") -> None:
    """Text to a file that an option names, or to standard output."""
    if to is None:
        click.echo(text, nl=False)
        return
    try:
        to.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RecordError(
            f"{to} cannot be written: {error.strerror}. Choose another file with {option}."
        ) from None

"""What commands share: options, arguments, and text that goes to a file or to standard output."""

from pathlib import Path

import click

from automl.errors import RecordError

mlruns_option = click.option(
    "--mlruns",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("mlruns"),
    show_default=True,
    help="Folder of the MLflow store and of the studies' own folders.",
)
study_argument = click.argument("study", required=False)


def write_text(text: str, to: Path | None) -> None:
    """Text to a file, or to standard output."""
    if to is None:
        click.echo(text, nl=False)
        return
    try:
        to.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RecordError(
            f"{to} cannot be written: {error.strerror}. Choose another file with --to."
        ) from None

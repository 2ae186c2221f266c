"""The options that say how the file of a table is read, given to a command as one value."""

import csv
import functools
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import click


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How a file is read, as far as the options of a command say: None is what the command does by itself.

    Attributes:
        encoding: Of its text.
        separator: Between its cells.
        decimal: What stands before the decimals of its numbers.
        skip: Lines above its names.
        header: Whether it has a line of names.
        names: Of its columns.
        sheet: Of a workbook.
    """

    encoding: str | None = None
    separator: str | None = None
    decimal: str | None = None
    skip: int | None = None
    header: bool | None = None
    names: tuple[str, ...] | None = None
    sheet: str | None = None

    @property
    def given(self) -> dict[str, Any]:
        """What the options say: fields of `TableFile`."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def _known_encoding(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    try:
        "".encode(name or "utf-8")
    except LookupError:
        raise click.BadParameter(f"must name an encoding that Python knows, got {name!r}.") from None
    return name


def file_options(default: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command these options, as its argument `reading`.

    Args:
        default: What the command does where an option is not given, for the help.
    """
    options = (
        click.option(
            "--encoding", callback=_known_encoding, help=f"Encoding of a text file; default: {default}."
        ),
        click.option("--separator", help=f"Separator of the cells of a CSV file; default: {default}."),
        click.option(
            "--decimal", type=click.Choice([".", ","]), help=f"Decimal separator; default: {default}."
        ),
        click.option(
            "--skip", type=click.IntRange(0), help=f"Lines above the line of names; default: {default}."
        ),
        click.option(
            "--header", type=click.Choice(["first_line", "none"]), help="none: the file has no line of names."
        ),
        click.option("--names", help="Names of all columns, with commas between them, as a line of CSV."),
        click.option("--sheet", metavar="NAME", help="Sheet of an Excel file."),
    )

    def with_options(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def with_reading(header: str | None, names: str | None, **others: Any) -> None:
            texts = {name: others.pop(name) for name in ("encoding", "separator", "decimal", "skip", "sheet")}
            has_names = None if header is None else header != "none"
            known = tuple(next(csv.reader([names]))) if names else None
            command(reading=FileOptions(header=has_names, names=known, **texts), **others)

        for option in reversed(options):
            with_reading = option(with_reading)
        return with_reading

    return with_options

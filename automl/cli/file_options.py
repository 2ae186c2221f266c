"""The options that say how the file of a table is read, given to a command as one value."""

import csv
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How a file is read, as far as the options of a command say; the rest is detected.

    Attributes:
        encoding: Of its text.
        separator: Between its cells.
        skip: Lines above its names.
        header: Whether it has a line of names.
        names: Of its columns.
    """

    encoding: str | None = None
    separator: str | None = None
    skip: int = 0
    header: bool = True
    names: tuple[str, ...] = ()


def _known_encoding(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    try:
        "".encode(name or "utf-8")
    except LookupError:
        raise click.BadParameter(f"must name an encoding that Python knows, got {name!r}.") from None
    return name


_OPTIONS = (
    click.option(
        "--encoding", callback=_known_encoding, help="Encoding of a text file; detected by default."
    ),
    click.option("--separator", help="Separator of the cells of a CSV file; detected by default."),
    click.option("--skip", type=click.IntRange(0), default=0, help="Lines above the line of names."),
    click.option(
        "--header",
        type=click.Choice(["first_line", "none"]),
        default="first_line",
        help="none: the file has no line of names.",
    ),
    click.option("--names", help="Names of all columns, with commas between them, as a line of CSV."),
)


def file_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command these options, as its argument `reading`."""

    @functools.wraps(command)
    def with_file_options(
        encoding: str | None, separator: str | None, skip: int, header: str, names: str | None, **others: Any
    ) -> None:
        known = tuple(next(csv.reader([names]))) if names else ()
        command(reading=FileOptions(encoding, separator, skip, header != "none", known), **others)

    for option in reversed(_OPTIONS):
        with_file_options = option(with_file_options)
    return with_file_options

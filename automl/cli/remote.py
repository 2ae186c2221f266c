"""Commands that ask a service: submit, status, watch, fetch, cancel, resume."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

server_option = click.option(
    "--server", metavar="URL", help="Address of the service; default: AUTOML_SERVER, then this machine."
)
token_option = click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with the token of the service; default: the environment variable AUTOML_TOKEN.",
)


def _asking(command: Callable[..., Any]) -> Callable[..., Any]:
    return server_option(token_option(command))


def _client(server: str | None, token_file: Path | None) -> Any:
    from automl.service.client import Client
    from automl.service.settings import read_token

    return Client(server, None if token_file is None else read_token(token_file))


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--wait", is_flag=True, help="Follow the study until it has ended.")
@click.option(
    "--priority", type=click.IntRange(-1000, 1000), default=0, show_default=True, help="Larger begin first."
)
@click.option("--fresh", is_flag=True, help="Begin a new run where a study of this name is there already.")
@_asking
def submit(
    file: Path, wait: bool, priority: int, fresh: bool, server: str | None, token_file: Path | None
) -> None:
    """Send the study in FILE to a service, with the table that it names."""
    client = _client(server, token_file)
    study = client.submit(file, priority=priority, fresh=fresh)
    click.echo(f"{study.identifier} is sent to {client.url}")
    if wait:
        _follow(study)
        return
    at = "" if server is None else f" --server {shlex.quote(server)}"
    click.echo(f"next:\n  automl watch {study.identifier}{at}\n  automl fetch {study.identifier}{at}")


@click.command()
@click.argument("study", required=False)
@_asking
def status(study: str | None, server: str | None, token_file: Path | None) -> None:
    """Show how far STUDY is on a service; all studies when STUDY is left out."""
    client = _client(server, token_file)
    if study is None:
        studies = client.studies()
        for entry in studies:
            click.echo(_line(entry))
        if not studies:
            click.echo("No study has been sent.")
        return
    shown = client.study(study).status()
    click.echo(_line(shown))
    if shown["reason"]:
        click.echo(f"  {shown['reason']}")


@click.command()
@click.argument("study")
@_asking
def watch(study: str, server: str | None, token_file: Path | None) -> None:
    """Follow STUDY on a service until it has ended. Ctrl-C ends this, and the study continues."""
    _follow(_client(server, token_file).study(study))


@click.command()
@click.argument("study")
@click.option(
    "--to", type=click.Path(file_okay=False, path_type=Path), help="Folder; default: the name of the study."
)
@_asking
def fetch(study: str, to: Path | None, server: str | None, token_file: Path | None) -> None:
    """Download the report, the leaderboard and the model of STUDY from a service."""
    import zipfile

    from automl.errors import RecordError

    remote = _client(server, token_file).study(study)
    to = to or Path(study)
    remote.status()  # that there is one, before a folder is made
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(
            f"{to} cannot be written: {error.strerror}. Choose another folder with --to."
        ) from None
    for part, name in (
        ("report", "report.html"),
        ("leaderboard.csv", "leaderboard.csv"),
        ("model.zip", "model.zip"),
    ):
        remote.fetch(part, to / name)
    with zipfile.ZipFile(to / "model.zip") as archive:
        archive.extractall(to)  # extractall leaves the folder by no name
    (to / "model.zip").unlink()
    model = shlex.quote(str(to / "model"))
    click.echo(f"{to}: report.html, leaderboard.csv, model/\nnext:\n  automl predict {model} rows.csv")


@click.command()
@click.argument("study")
@_asking
def cancel(study: str, server: str | None, token_file: Path | None) -> None:
    """End STUDY on a service. Trials that have ended are kept."""
    click.echo(_line(_client(server, token_file).study(study).cancel()))


@click.command()
@click.argument("study")
@click.option("--more", type=click.IntRange(min=0), default=0, help="Add this many trials.")
@_asking
def resume(study: str, more: int, server: str | None, token_file: Path | None) -> None:
    """Continue STUDY on a service, where it has been cancelled, has failed or is to have more trials."""
    click.echo(_line(_client(server, token_file).study(study).resume(more)))


def _line(shown: dict[str, Any]) -> str:
    """A study in one line."""
    from automl.wording import duration, number

    parts = [
        shown["id"],
        "cancelling" if shown["cancelled"] and shown["state"] == "running" else shown["state"],
    ]
    if shown["planned"]:
        parts.append(f"{shown['trials']} of {shown['planned']} trials")
    if shown["best"] is not None:
        parts.append(f"{shown['metric']} {number(shown['best'])}")
    if shown["seconds_left"] is not None:
        parts.append(f"{duration(shown['seconds_left'])} left")
    if shown["ahead"]:
        parts.append(f"{shown['ahead']} before it")
    return "  ".join(parts)


def _follow(study: Any) -> None:
    """Print what happens to a study until it has ended; the exit status is that of `automl run`."""
    last, end = "", ""
    for event in study.events():
        if event.kind == "state":
            line = _line(dict(event.content))
            if line != last:
                click.echo(line)
            last = line
        elif event.kind == "trial_ended" and event.content["state"] == "failed":
            click.echo(f"trial {event.content['number']} failed: {event.content['reason']}")
        elif event.kind == "end":
            end = str(event.content["state"])
    if end and end != "succeeded":
        reason = study.status()["reason"] if end != "deleted" else ""
        click.echo(f"{study.identifier}: {end}{f': {reason}' if reason else ''}", err=True)
        click.get_current_context().exit(1)

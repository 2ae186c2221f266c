"""The command that runs a study, or goes on with it."""

import shlex
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from automl.cli.common import mlruns_option, options_text, records_option, waiting
from automl.errors import RecordError
from automl.interrupts import INTERRUPTED
from automl.quiet import quiet_start


def cluster_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where the cohorts of a study train: a way of running it, and no part of it."""
    at_least_one = click.IntRange(min=1)
    for option in (
        click.option(
            "--gpus", type=click.FloatRange(min=0.0), help="GPUs of an actor; default: 1 if there are."
        ),
        click.option("--cpus", type=at_least_one, help="CPUs of an actor; default: an equal share."),
        click.option(
            "--actors", type=at_least_one, help="Actors on Ray; default: as many as `search.in_flight`."
        ),
        click.option(
            "--on",
            type=click.Choice(["local", "ray"]),
            default="local",
            show_default=True,
            help="Train in this process, or by actors of the Ray cluster that it runs on (docs/ray.md).",
        ),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--more", type=click.IntRange(min=1), help="Add this many trials to the study's last run.")
@click.option("--fresh", is_flag=True, help="Begin a new run; earlier runs stay (`automl runs`).")
@click.option("--quiet", "-q", is_flag=True, help="Print the result only.")
@cluster_options
@records_option
@mlruns_option
def run(
    file: Path,
    more: int | None,
    fresh: bool,
    quiet: bool,
    records: str | None,
    mlruns: Path,
    **where: Any,
) -> None:
    """Run the study in FILE, or continue it where it was stopped or killed.

    A study that is done prints its result; `--more` and `--fresh` go beyond it.
    """
    import time

    began = time.monotonic()
    if more is not None and fresh:
        raise click.UsageError("--more continues a run and --fresh begins a new one; give only one of them.")
    if where["on"] == "local" and any(where[name] is not None for name in ("actors", "cpus", "gpus")):
        raise click.UsageError(
            "--actors, --cpus and --gpus cut a cluster. Add `--on ray`, or leave them out."
        )
    with waiting(f"reading {file}", quiet=quiet):
        from automl.config.reading import load_study
        from automl.study.resuming import check_can_go_on, existing_records, find_unfinished

        config = load_study(file)
        uri = records or config.records.uri
        record = None if fresh else existing_records(mlruns, uri)
        unfinished = None if record is None else find_unfinished(record, config, more)
    if more is not None and unfinished is None:
        raise RecordError(f"{file}: there is no run of {config.name!r} to add trials to. Leave --more out.")
    next_commands = _NextCommands(file, config.name, mlruns, records, where["on"])
    if unfinished is not None and record is not None and unfinished.is_done:
        from automl.cli.sending import send_missing

        with waiting("looking for records missing in MLflow", quiet=quiet):
            send_missing(record, config.tracking)
        _print_result(unfinished.run.folder, uri)
        next_commands.after_the_end()
        return
    if unfinished is not None:
        check_can_go_on(unfinished)
    if unfinished is not None and not quiet:
        click.echo(unfinished.sentence)
    try:
        result = _train(config, (mlruns, uri), unfinished, quiet, began, where)
    except KeyboardInterrupt:
        next_commands.after_an_interrupt()
        click.get_current_context().exit(INTERRUPTED)
    _print_result(result.folder, uri)
    next_commands.after_a_run(result.model)


def _train(
    config: Any,
    at: tuple[Path, str | None],
    unfinished: Any,
    quiet: bool,
    began: float,
    where: dict[str, Any],
) -> Any:
    """Prepare a study, then run it or go on with it; `StudyConfig`, `Unfinished` and `StudyResult` are loaded late."""
    from automl.report.console import make_console

    console = make_console(quiet=quiet)
    with ExitStack() as stack:
        ray = _ray(where, stack, quiet)
        with waiting("loading TensorFlow", quiet=quiet) as say:
            from automl.study.table import prepare_table

            prepared_table = prepare_table(config)
            with quiet_start():
                from automl.records.finding import open_records
                from automl.study.preparation import prepare_study
                from automl.study.run import Request, run_prepared
                from automl.training.backend import device_name

                device_name()
            say("preparing the study")
            prepared = prepare_study(config, prepared=prepared_table)
            cluster = None if ray is None else _cluster(ray, where)
        from automl.tracking.terminal import TerminalTracker

        mlruns, uri = at
        record = open_records(mlruns, uri, create=True, source="records.uri")
        terminal = TerminalTracker(console, began)
        request = Request(began=began, sharing=cluster)
        return run_prepared(record, prepared, request, unfinished, trackers=[terminal])


def _ray(where: dict[str, Any], stack: ExitStack, quiet: bool) -> Any:
    """Ray, connected to its cluster until the end of the command; None where the study trains here."""
    if where["on"] == "local":
        return None
    with waiting("connecting to Ray", quiet=quiet):
        from automl.execution.ray_driver import connect

        ray = connect()
    stack.callback(ray.shutdown)
    return ray


def _cluster(ray: Any, where: dict[str, Any]) -> Any:
    from automl.execution.ray_cluster import RayCluster
    from automl.execution.ray_driver import Wanted

    return RayCluster(ray, Wanted(where["actors"], where["cpus"], where["gpus"]))


class _NextCommands:
    """What to do next, as commands to copy.

    Args:
        file: The study file.
        name: The study.
        mlruns: The folder of the studies.
        records: The database of the record, where the command named one.
        on: Where cohorts train.
    """

    def __init__(self, file: Path, name: str, mlruns: Path, records: str | None, on: str) -> None:
        self._run, self._name = f"automl run {shlex.quote(str(file))}", name
        self._run += "" if on == "local" else f" --on {on}"
        self._at = options_text(mlruns, records)

    def after_a_run(self, model: Path) -> None:
        """The study is done."""
        self._print(
            f"automl explain {self._name}{self._at}",
            f"automl ui {self._name}{self._at}",
            f"automl predict {shlex.quote(str(model))} rows.csv",
        )

    def after_the_end(self) -> None:
        """The study was done before."""
        click.echo("This study is done; nothing was trained.")
        self._print(
            f"{self._run} --more 50{self._at}   # 50 trials more in this run",
            f"{self._run} --fresh{self._at}     # a new run; earlier runs stay",
        )

    def after_an_interrupt(self) -> None:
        """The study was stopped."""
        self._print(
            f"{self._run}{self._at}   # continue where it stopped",
            f"automl show {self._name}{self._at}",
            f"automl export {self._name} --to model{self._at}   # the best trial so far",
        )

    def _print(self, *commands: str) -> None:
        click.echo("next:")
        for command in commands:
            click.echo(f"  {command}")


def _print_result(folder: Path, uri: str | None) -> None:
    """The leaderboard, what the study found, and where everything is."""
    from automl.explanation.study import explain_study
    from automl.records.files import MODEL
    from automl.records.finding import read_run
    from automl.report.console import make_console, print_leaderboard, print_outcome, print_verdict
    from automl.report.files import REPORT

    state = read_run(folder, uri)
    console = make_console()
    print_verdict(console, state)
    print_leaderboard(console, state, top=10)
    print_outcome(console, state)
    explanation = explain_study(state)
    for line in (*explanation.limits, *explanation.remarks):
        console.print(f"• {line}", highlight=False, markup=False)
    click.echo(f"SavedModel: {_shown(folder / MODEL)}")
    click.echo(f"report: {_shown(folder / REPORT)}")


def _shown(path: Path) -> Path:
    """Relative to the working folder, where it lies within it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path

"""The command that runs a study."""

from contextlib import nullcontext
from pathlib import Path

import click

from automl.cli.common import mlruns_option
from automl.quiet import quiet_start


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--quiet", "-q", is_flag=True, help="Print the result only.")
@mlruns_option
def run(file: Path, quiet: bool, mlruns: Path) -> None:
    """Run the study in FILE."""
    from automl.config.reading import load_study
    from automl.report.console import make_console

    config = load_study(file)
    console = make_console(quiet=quiet)
    with console.status("loading TensorFlow") if console.is_terminal else nullcontext():
        with quiet_start():
            from automl.study.preparation import device_name, prepare_study
            from automl.study.run import run_study

            device_name()
        prepared = prepare_study(config)
    from automl.tracking.terminal import TerminalTracker

    result = run_study(config, mlruns=mlruns, trackers=[TerminalTracker(console)], prepared=prepared)
    _print_result(result.folder, mlruns)


def _print_result(folder: Path, mlruns: Path) -> None:
    """The leaderboard, where everything is, and the three next commands."""
    from automl.explanation.study import explain_study
    from automl.records.journal import MODEL, read_journal
    from automl.report.console import make_console, print_leaderboard, print_outcome
    from automl.report.files import REPORT

    log = read_journal(folder)
    console = make_console()
    name = log.start["name"]
    at = "" if mlruns == Path("mlruns") else f" --mlruns {mlruns}"
    print_leaderboard(console, log, top=10)
    print_outcome(console, log)
    found = explain_study(log)
    for line in (*found.limits, *found.remarks):
        console.print(f"• {line}", highlight=False, markup=False)
    click.echo(f"SavedModel: {folder / MODEL}")
    click.echo(f"report: {folder / REPORT}")
    click.echo("next:")
    click.echo(f"  automl explain {name}{at}")
    click.echo(f"  automl ui {name}{at}")
    click.echo(f"  automl predict {folder / MODEL} rows.csv")

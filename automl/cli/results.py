"""Commands after a study has run: show, explain, report, ui, export, predict."""

import sys
import webbrowser
from pathlib import Path

import click

from automl.cli.common import (
    mlruns_option,
    options_text,
    output_option,
    records_option,
    study_argument,
    waiting,
    write_text,
)
from automl.cli.file_options import FileOptions, file_options
from automl.quiet import quiet_start

TOP = 20
"""Trials that `automl show` prints as a table when it is not told how many."""


@click.command()
@study_argument
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    help=f"Number of best trials to show; default: {TOP} in a table, all in CSV and JSON.",
)
@records_option
@mlruns_option
def show(study: str | None, form: str, top: int | None, records: str | None, mlruns: Path) -> None:
    """Show the leaderboard of STUDY.

    STUDY is a name, a study file or a folder; default: the last one run.
    """
    from automl.cli.found import find_study

    found_study = find_study(mlruns, study, records)
    if form == "table":
        from automl.report.console import (
            make_console,
            print_leaderboard,
            print_outcome,
            print_run,
            print_verdict,
        )

        console = make_console()
        print_run(console, found_study.standing, found_study.which)
        print_verdict(console, found_study.state)
        print_leaderboard(console, found_study.state, top or TOP, options_text(mlruns, records))
        print_outcome(console, found_study.state)
        return
    if form == "json":
        from automl.cli.tables import as_json

        click.echo(as_json(found_study, top))
        return
    from automl.report.plain_rows import leaderboard_csv

    _say_beside(found_study.standing, found_study.which)
    click.echo(leaderboard_csv(found_study.state, top), nl=False)


@click.command()
@study_argument
@click.option("--trial", type=click.IntRange(min=0), help="Explain this trial instead of the whole study.")
@click.option(
    "--write-next",
    "to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the study that the explanation proposes into this file.",
)
@records_option
@mlruns_option
def explain(study: str | None, trial: int | None, to: Path | None, records: str | None, mlruns: Path) -> None:
    """Say what limits STUDY, and what to change.

    Bias, variance, gradients, ties, the hyperparameters that matter, and what more rows would bring. STUDY is a name, a
    study file or a folder; default: the last one run.
    """
    from automl.cli.found import find_study
    from automl.report.console import make_console, print_run

    found_study = find_study(mlruns, study, records)
    console = make_console()
    print_run(console, found_study.standing, found_study.which)
    from automl.explanation.study import explain_study, explain_trial
    from automl.report.explained import print_explanation

    if trial is not None:
        for line in explain_trial(found_study.state, trial):
            console.print(line, highlight=False, markup=False)
        return
    explanation = explain_study(found_study.state, found_study.standing)
    print_explanation(console, found_study.state, explanation)
    if to is not None:
        with quiet_start():
            from automl.explanation.next_study import propose

        write_text(propose(found_study.state, explanation, to), to)
        click.echo(f"{to} is written. Next: automl run {to}")


@click.command()
@study_argument
@output_option("The page to write.", Path("report.html"))
@click.option("--watch", is_flag=True, help="Write the page again while the study runs.")
@records_option
@mlruns_option
def report(study: str | None, to: Path, watch: bool, records: str | None, mlruns: Path) -> None:
    """Write STUDY as one HTML page that needs no network.

    The answer first, then leaderboard, curves, bias and variance, what matters, and how to run it again. STUDY is a
    name, a study file or a folder; default: the last one run.
    """
    from automl.cli.found import find_study
    from automl.cli.watching import watch as keep_writing
    from automl.cli.watching import write_page
    from automl.records.finding import open_run

    found_study = find_study(mlruns, study, records, with_trials=not watch)
    _say_beside(found_study.standing, found_study.which)
    if watch:
        keep_writing(open_run(mlruns, study, records)[0], found_study, to)
        return
    write_page(found_study, to)
    click.echo(f"{to} is written.")


@click.command()
@study_argument
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True)
@click.option(
    "--open/--no-open", "browse", default=None, help="Open a browser; by default where there is a terminal."
)
@records_option
@mlruns_option
def ui(study: str | None, port: int, browse: bool | None, records: str | None, mlruns: Path) -> None:
    """Open MLflow's pages on STUDY.

    Starts MLflow's server on the right store, and prints the links when it answers. Ctrl-C ends it.
    """
    with waiting("loading MLflow") as say:
        from automl.cli.sending import send_missing
        from automl.config.stores import TrackingConfig
        from automl.records.finding import open_run
        from automl.tracking.mlflow.completing import recorded_uri
        from automl.tracking.mlflow.serving import Server
        from automl.tracking.mlflow.ui import plan_user_interface

        name = uri = None
        if study is not None or records is not None or (mlruns / "studies").is_dir():
            record, run = open_run(mlruns, study, records)
            name, uri = run.name, recorded_uri(run)
            say("sending missing records to MLflow")
            send_missing(record, TrackingConfig(uri=uri))
        plan = plan_user_interface(uri, mlruns, port=port, study=name)
    with Server(plan) as server:
        with waiting("starting MLflow's server"):
            server.start()
        for label, page in plan.pages.items():
            click.echo(f"{label + ':':9} {page}")
        if sys.stdout.isatty() if browse is None else browse:
            webbrowser.open(next(iter(plan.pages.values())))
        if plan.command:
            click.echo("Ctrl-C ends the server.")
        server.wait()


@click.command()
@study_argument
@click.option(
    "--to", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of the model."
)
@click.option("--trial", type=click.IntRange(min=0), help="The trial; default: the best one.")
@click.option("--smallest", is_flag=True, help="The smallest trial within a standard error of the best.")
@click.option("--baseline", type=click.Choice(["linear"]), help="The linear model instead of a trial.")
@records_option
@mlruns_option
def export(  # noqa: PLR0913, PLR0917  an argument for each option
    study: str | None,
    to: Path,
    trial: int | None,
    smallest: bool,
    baseline: str | None,
    records: str | None,
    mlruns: Path,
) -> None:
    """Write a trial of STUDY, or its linear model, as a SavedModel.

    It is fitted again on all training rows, and the model takes raw rows. STUDY is a name, a study file or a
    folder; default: the last one run.
    """
    from automl.cli.found import find_study

    if sum((smallest, trial is not None, baseline is not None)) > 1:
        raise click.UsageError("--trial, --smallest and --baseline exclude each other; give one of them.")
    found_study = find_study(mlruns, study, records)
    _say_beside(found_study.standing, found_study.which)
    if smallest:
        from automl.explanation.study import smallest_tied

        trial = smallest_tied(found_study.state)
    with quiet_start():
        from automl.study.exporting import export_baseline, export_trial
        from automl.training.backend import device_name

        device_name()
    if baseline is not None:
        export_baseline(found_study.run.folder, baseline, to, uri=records)
        click.echo(f"the {baseline} model is in {to}. Next: automl predict {to} rows.csv")
        return
    exported = export_trial(found_study.run.folder, trial, to, uri=records)
    click.echo(f"trial {exported.number} is in {to}. Next: automl predict {to} rows.csv")


def _say_beside(standing: str, which: str) -> None:
    """How far a run has come, and which one it is, where standard output is for something else."""
    for line in (standing, which):
        if line:
            click.echo(line, err=True)


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--keep", metavar="COLUMN", multiple=True, help="A column of DATA to pass on; may be repeated.")
@file_options("as in the study")
@click.option(
    "--interval",
    type=float,
    metavar="SHARE",
    help="Share of rows whose truth shall be covered, as 0.9: adds low and high, or the classes of a set.",
)
@output_option("A file, instead of standard output.")
def predict(
    model: Path,
    data: Path,
    keep: tuple[str, ...],
    reading: FileOptions,
    interval: float | None,
    to: Path | None,
) -> None:
    """Predict the rows of DATA with MODEL.

    DATA is a file with the columns that the model was trained on, CSV, Parquet or another that a study reads; MODEL
    an exported folder. Writes CSV.
    """
    from automl.study.predicting import as_csv, predict_rows

    predictions, ignored = predict_rows(model, data, reading.given, keep, interval)
    if ignored:
        click.echo(f"{data}: ignoring columns that the model does not use: {', '.join(ignored)}", err=True)
    write_text(as_csv(predictions), to)

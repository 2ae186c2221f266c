"""Commands that show the record itself: the list of runs, and the events of one."""

from pathlib import Path

import click

from automl.cli.common import mlruns_option, records_option, study_argument


@click.command()
@study_argument
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
@mlruns_option
@records_option
def runs(study: str | None, form: str, mlruns: Path, records: str | None) -> None:
    """List the runs of STUDY, the newest last.

    State, trials, best score and since when; of all studies when STUDY is left out. STUDY is a name, a study file or a
    folder. Other commands take the identifier of a run as their STUDY. Where several folders share a database, those of
    other folders are counted only.
    """
    from automl.cli.listing import listing, others
    from automl.records.finding import open_records, open_run
    from automl.records.runs import here

    if study is None:
        listed = open_records(mlruns, records).runs()
    else:
        store, run = open_run(mlruns, study, records)
        listed = store.runs(run.name)
    click.echo(listing(here(listed), form), nl=False)
    for line in others(listed):
        click.echo(line, err=form != "table")


@click.command()
@study_argument
@click.option(
    "--since", type=click.IntRange(min=0), default=0, metavar="SEQ", help="Events after this number only."
)
@click.option("--follow", is_flag=True, help="Follow the events as they happen, until the run ends.")
@mlruns_option
@records_option
def journal(study: str | None, since: int, follow: bool, mlruns: Path, records: str | None) -> None:
    """Print what is recorded of STUDY: its events as JSON lines.

    Of its newest run; STUDY is a name, a study file, or the identifier or folder of a run. Numbers that are not finite
    are text: "NaN", "Infinity", "-Infinity".
    """
    from automl.cli.listing import followed
    from automl.records.encoding import event_line
    from automl.records.finding import open_run

    store, run = open_run(mlruns, study, records, with_trials=False)
    if not follow:
        for recorded in store.events(run, since):
            click.echo(event_line(recorded))
        return
    for recorded in followed(store, run, since):
        click.echo(event_line(recorded))
    if store.run(run.number).killed:
        click.echo(f"{run.title}: its process was killed, and no other process continues it.", err=True)

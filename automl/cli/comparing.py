"""The command that sets two studies against each other."""

from pathlib import Path

import click

from automl.cli.common import mlruns_option, records_option, write_text


@click.command()
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Also write a self-contained HTML page."
)
@click.option("--json", "as_data", is_flag=True, help="Print JSON for other programs.")
@records_option
@mlruns_option
def compare(
    one: str, other: str, html: Path | None, as_data: bool, records: str | None, mlruns: Path
) -> None:
    """Say whether study B found a better network than study A.

    Both must be of the same table and objective. A and B are each a name, a study file, or the identifier or folder of
    a run. Winners are compared fold by fold where the studies share their folds, allowing for the choice of both;
    differences are B minus A.
    """
    from automl.cli.found import find_study
    from automl.explanation.sides import Side
    from automl.explanation.two_studies import compare_studies

    found = [find_study(mlruns, study, records) for study in (one, other)]
    alike = found[0].run.name == found[1].run.name
    sides = [
        Side(
            letter,
            f"{each.run.name}, run {each.run.identifier}" if alike else each.run.name,
            each.state,
            each.standing,
        )
        for letter, each in zip("AB", found, strict=True)
    ]
    result = compare_studies(*sides)
    if html is not None:
        from automl.report.versus_page import comparison_page

        write_text(comparison_page(result), html, "--html")
    if as_data:
        from automl.report.versus import as_json

        click.echo(as_json(result))
        return
    from automl.report.console import make_console
    from automl.report.versus import print_comparison

    print_comparison(make_console(), result)
    if html is not None:
        click.echo(f"\n{html} is written.")

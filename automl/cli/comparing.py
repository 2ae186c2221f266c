"""The command that sets two studies against each other."""

from pathlib import Path

import click

from automl.cli.common import mlruns_option, records_option, write_text


@click.command()
@click.argument("study", metavar="A")
@click.argument("other_study", metavar="B")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Also write a self-contained HTML page."
)
@click.option("--json", "as_data", is_flag=True, help="Print JSON for other programs.")
@records_option
@mlruns_option
def compare(
    study: str, other_study: str, html: Path | None, as_data: bool, records: str | None, mlruns: Path
) -> None:
    """Say whether study B found a better network than study A.

    Both must be of the same table and objective. A and B are each a name, a study file, or the identifier or folder of
    a run. Winners are compared fold by fold where the studies share their folds, allowing for the choice of both;
    differences are B minus A.
    """
    from automl.cli.found import find_study
    from automl.explanation.sides import Side
    from automl.explanation.two_studies import compare_studies

    studies = [find_study(mlruns, name, records) for name in (study, other_study)]
    alike = studies[0].run.name == studies[1].run.name
    sides = [
        Side(
            letter,
            f"{found_study.run.name}, run {found_study.run.identifier}" if alike else found_study.run.name,
            found_study.state,
            found_study.standing,
        )
        for letter, found_study in zip("AB", studies, strict=True)
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

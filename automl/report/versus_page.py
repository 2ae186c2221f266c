"""Two studies side by side as one page that needs nothing else."""

from collections.abc import Sequence

from automl.explanation.two_studies import TwoStudies
from automl.report.blocks import Block, Bullets, Cell, Figure, Section, Table, TableRow, Text
from automl.report.charts.trials import folds
from automl.report.overview import Header
from automl.report.rendering import rendered
from automl.report.versus import DIFFERENCE, Line, titled
from automl.wording import duration, number


def comparison_page(comparison: TwoStudies) -> str:
    """The comparison as HTML: the verdict first."""
    names = [side.label for side in (comparison.first, comparison.second)]
    notes: list[Block] = [Bullets(comparison.notes)] if comparison.notes else []
    answer = Section("Answer", [Text(comparison.verdict, "lead"), *notes])
    scores, *others = (Section(title, [_table(title, lines, names)]) for title, lines in titled(comparison))
    drawn = _folds(comparison)
    title = f"{names[0]} and {names[1]}: two AutoML studies"
    return rendered(
        title, _heading(comparison, names), [answer, scores, *([drawn] if drawn else []), *others]
    )


def _heading(comparison: TwoStudies, names: Sequence[str]) -> Header:
    size = [
        f"{side.letter}: {side.state.num_trials:,} trials"
        + ("" if side.seconds != side.seconds else f" in {duration(side.seconds)}")
        for side in (comparison.first, comparison.second)
    ]
    titles = [f"A: {names[0]}", f"B: {names[1]}"]
    return Header("Two AutoML studies of one table", titles, size=" · ".join(size))


def _table(title: str, lines: Sequence[Line], names: Sequence[str]) -> Block:
    if not lines:
        return Text("No difference.")
    differences = any(line.difference for line in lines)
    rows = []
    for line in lines:
        cells = [line.name, line.first, line.second, *([line.difference] if differences else [])]
        rows.append(TableRow([Cell(cell) for cell in cells], "differs" if line.differs else ""))
    headings = ["", *(f"{letter}: {name}" for letter, name in zip("AB", names, strict=True))]
    return Table([*headings, *([DIFFERENCE] if differences else [])], rows, "versus", title)


def _folds(comparison: TwoStudies) -> Section | None:
    """Scores of both winners on each fold, where these are the same."""
    scores = [side.winner.fold_scores(comparison.metric) for side in (comparison.first, comparison.second)]
    if not comparison.same_folds or len(scores[0]) < 2:
        return None
    rows = [
        {
            "fold": fold,
            "y": value,
            "kind": letter,
            "tip": f"{letter}, fold {fold}: {number(value)}",
        }
        for letter, values in zip("AB", scores, strict=True)
        for fold, value in enumerate(values, start=1)
    ]
    better = "lower" if comparison.direction == "min" else "higher"
    behind = [
        score_a > score_b if better == "lower" else score_a < score_b
        for score_a, score_b in zip(*scores, strict=True)
    ]
    caption = f"B's winner is better in {sum(behind)} of {len(behind)} folds; {better} is better."
    return Section("The winners fold by fold", [Figure(folds(rows, comparison.metric), caption)])

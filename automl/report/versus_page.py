"""Two studies side by side as one page that needs nothing else."""

from collections.abc import Sequence

from automl.explanation.two_studies import TwoStudies
from automl.report.markup import Section, bullets, figure, paragraph, table, text
from automl.report.page import framed
from automl.report.scales import fit_scale
from automl.report.svg import FULL, Plot
from automl.report.versus import DIFFERENCE, Line, titled
from automl.wording import duration, number


def comparison_page(found: TwoStudies) -> str:
    """The comparison as HTML: the verdict first."""
    names = [side.label for side in (found.one, found.other)]
    answer = Section("Answer", paragraph(found.verdict, "lead") + bullets(found.notes))
    scores, *others = (Section(title, _table(lines, names)) for title, lines in titled(found))
    folds = _folds(found)
    title = f"{names[0]} and {names[1]}: two AutoML studies"
    return framed(title, _heading(found, names), [answer, scores, *([folds] if folds else []), *others])


def _heading(found: TwoStudies, names: Sequence[str]) -> str:
    size = [
        f"{side.letter}: {side.state.num_trials:,} trials"
        + ("" if side.seconds != side.seconds else f" in {duration(side.seconds)}")
        for side in (found.one, found.other)
    ]
    return (
        '<header><p class="kicker">Two AutoML studies of one table</p>'
        f"<h1>A: {text(names[0])}<br/>B: {text(names[1])}</h1>{paragraph(' · '.join(size), 'size')}</header>"
    )


def _table(lines: Sequence[Line], names: Sequence[str]) -> str:
    if not lines:
        return paragraph("No difference.")
    differences = any(line.difference for line in lines)
    rows = []
    for line in lines:
        kind = ' class="differs"' if line.differs else ""
        cells = [line.one, line.other, *([line.difference] if differences else [])]
        rows.append(
            f"<tr{kind}><th>{text(line.name)}</th>{''.join(f'<td>{text(cell)}</td>' for cell in cells)}</tr>\n"
        )
    headings = ["", *(f"{letter}: {name}" for letter, name in zip("AB", names, strict=True))]
    return table([*headings, *([DIFFERENCE] if differences else [])], rows, "versus")


def _folds(found: TwoStudies) -> Section | None:
    """Scores of both winners on each fold, where these are the same."""
    scores = [side.winner.fold_scores(found.metric) for side in (found.one, found.other)]
    if not found.same_folds or len(scores[0]) < 2:
        return None
    numbers = [float(fold) for fold in range(1, len(scores[0]) + 1)]
    plot = Plot(
        fit_scale([0.5, len(numbers) + 0.5], room=0.0, whole=True),
        fit_scale([*scores[0], *scores[1]]),
        FULL,
        ("fold", found.metric),
    )
    low, high = ([pick(pair) for pair in zip(*scores, strict=True)] for pick in (min, max))
    plot.whiskers(numbers, low, high, "neutral")
    for letter, own, kind in zip("AB", scores, ("training", "validation"), strict=True):
        tips = [
            f"{letter}, fold {fold:.0f}: {number(value)}" for fold, value in zip(numbers, own, strict=True)
        ]
        plot.dots(numbers, own, kind, tips)
    better = "lower" if found.direction == "min" else "higher"
    behind = [mine > its if better == "lower" else mine < its for mine, its in zip(*scores, strict=True)]
    caption = f"B's winner is better in {sum(behind)} of {len(behind)} folds; {better} is better."
    legend = (("dot training", "A"), ("dot validation", "B"))
    chart = figure("Scores on the validation rows", plot.render("scores by fold"), caption, legend)
    return Section("The winners fold by fold", chart)

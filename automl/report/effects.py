"""The part of a report about which hyperparameters the score depends on, and how."""

import numpy

from automl.evaluation.importance import Importance
from automl.report.axes import FEW_VALUES, log_scaled
from automl.report.blocks import Block, Figure, Heading, Panels, Section, Text
from automl.report.charts.bars import KINDS, bars, effect
from automl.report.charts.look import Along, log_along
from automl.report.content import ReportContent, value_text
from automl.trial import Scalar, TrialState, is_number
from automl.wording import number

_MOST_EFFECTS = 6


def importance(content: ReportContent) -> Section | None:
    """Which hyperparameters the score depends on, and how."""
    importance = content.importance
    if importance is None or not importance.names:
        return None
    if not importance.is_known:
        sentence = (
            f"The importance of hyperparameters cannot be estimated: a random forest of {_trials(content)} "
            f"explains {max(0.0, importance.r2):.0%} of the variance of the score in trials not used to fit it. Either "
            "no hyperparameter matters much within its range, or there are too few trials."
        )
        return Section("Importance", [Text(sentence)])
    effects = _effects(content, importance)
    blocks: list[Block] = [_shares(content, importance)]
    if effects:
        head = Heading(f"Mean {content.metric} at each value, over all values of the others")
        blocks += [head, Panels(effects, "three")]
    return Section("Importance", blocks)


def _shares(content: ReportContent, importance: Importance) -> Figure:
    alone, together = KINDS
    rows = [(name, importance.main[name], alone) for name in importance.names]
    rows += [(f"{name} × {other}", share, together) for name, other, share in importance.interactions]
    chart = bars(
        [
            {"name": name, "value": share, "kind": kind, "tip": f"{name}: {share:.1%}"}
            for name, share, kind in rows
        ],
        "Share of the variance of the score",
        "share",
    )
    caption = (
        f"{importance.names[0]} alone explains {importance.main[importance.names[0]]:.0%} of the variance of the score "
        f"over the space, by a random forest of {_trials(content)}. In trials not used to fit it, it explains "
        f"{importance.r2:.0%}: the shares are reliable to that extent."
    )
    return Figure(chart, caption)


def _trials(content: ReportContent) -> str:
    pruned = content.state.num_in(TrialState.PRUNED)
    used, ended = content.importance_trials, len(content.completed) + pruned
    which = f"{used:,} of the {ended:,} trials, drawn at random" if 0 < used < ended else "the trials"
    return f"{which} ({pruned:,} that ended early count as the worst of the others)" if pruned else which


def _effects(content: ReportContent, importance: Importance) -> list[Figure]:
    """The mean score over the first hyperparameters, all on one axis."""
    names = [
        name for name in importance.names[:_MOST_EFFECTS] if len(importance.partial_dependence[name][0]) > 1
    ]
    means = [mean for name in names for mean in importance.partial_dependence[name][1]]
    room = 0.06 * (max(means) - min(means)) or 0.5 if means else 0.0
    along = Along(content.metric, bounds=(min(means) - room, max(means) + room)) if means else Along("")
    return [_effect(content, name, importance.partial_dependence[name], along) for name in names]


def _effect(
    content: ReportContent, name: str, curve: tuple[tuple[Scalar, ...], tuple[float, ...]], mean: Along
) -> Figure:
    values, means = curve
    numeric = len(values) > FEW_VALUES and all(isinstance(value, int | float) for value in values)
    xs = [float(value) if numeric else float(index) for index, value in enumerate(values)]
    labels = () if numeric else tuple(map(value_text, values))
    along = log_along(name, xs) if numeric and log_scaled(content, name, xs) else Along(name, labels=labels)
    points = [
        {"x": x, "y": height, "tip": f"{value_text(value)}: {number(height)}"}
        for x, value, height in zip(xs, values, means, strict=True)
    ]
    chart = effect(points, along, mean, joined=all(map(is_number, values)))
    return Figure(chart, _best_on_average(content, values, means, numeric))


def _best_on_average(
    content: ReportContent, values: tuple[Scalar, ...], means: tuple[float, ...], numeric: bool
) -> str:
    """The best value on average; none where the means differ by less than the best trial's standard error."""
    spread = max(means) - min(means)
    error = content.winner.standard_error(content.metric) if content.winner else 0.0
    if spread <= error:
        return f"The means differ by {number(spread, 2)}, less than a standard error of the best trial."
    pick = int(numpy.argmin(means) if content.better == "smaller" else numpy.argmax(means))
    return f"Best on average {'near' if numeric else 'at'} {value_text(values[pick])}."

"""The part of a report about which hyperparameters the score depends on, and how."""

import math

import numpy

from automl.report.axes import FEW_VALUES, is_log
from automl.report.charts import bars
from automl.report.content import ReportContent, value_text
from automl.report.markup import Section, figure, panels, paragraph
from automl.report.scales import Scale, categories, fit_scale
from automl.report.svg import THIRD, Plot
from automl.trial import Scalar, TrialState, is_number
from automl.wording import number

_MOST_EFFECTS, _MOST_DOTS, _LETTERS = 6, 8, 34


def importance(content: ReportContent) -> Section | None:
    """Which hyperparameters the score depends on, and how."""
    found = content.importance
    if found is None or not found.names:
        return None
    if not found.is_known:
        return Section(
            "Importance",
            paragraph(
                f"Nothing can be said of the importance of hyperparameters: a random forest of {_trials(content)} "
                f"explains {max(0.0, found.r2):.0%} of the variance of the score in trials it has not seen. Either no "
                "hyperparameter matters much within its range, or there are too few trials."
            ),
        )
    names = [*found.names, *(f"{one} × {other}" for one, other, _ in found.interactions)]
    shares = [*(found.main[name] for name in found.names), *(share for _, _, share in found.interactions)]
    kinds = ["main"] * len(found.names) + ["interaction"] * len(found.interactions)
    chart = bars("Importance of hyperparameters", names, shares, [math.nan] * len(names), kinds)
    caption = (
        f"{found.names[0]} alone explains {found.main[found.names[0]]:.0%} of the variance of the score over the "
        f"space, by a random forest of {_trials(content)}. Of trials it has not seen it explains "
        f"{found.r2:.0%}: the shares are reliable to that extent."
    )
    legend = [("bar main", "alone"), ("bar interaction", "together, beyond each alone")]
    curves = [found.partial_dependence[name] for name in found.names[:_MOST_EFFECTS]]
    scale = fit_scale([mean for _, means in curves for mean in means])
    effects = (
        _effect(content, name, values, means, scale)
        for name, (values, means) in zip(found.names, curves, strict=False)
    )
    body = figure("Share of the variance of the score", chart, caption, legend)
    head = f"<h3>Mean {content.metric} at each value, over all values of the others</h3>"
    return Section("Importance", body + head + panels(effects, "three"))


def _trials(content: ReportContent) -> str:
    pruned = content.state.num_in(TrialState.PRUNED)
    used, known = content.importance_trials, len(content.completed) + pruned
    which = f"{used:,} of the {known:,} trials, drawn at random" if 0 < used < known else "the trials"
    return f"{which} ({pruned:,} that ended early count as the worst of the others)" if pruned else which


def _effect(
    content: ReportContent, name: str, values: tuple[Scalar, ...], means: tuple[float, ...], scale: Scale
) -> str:
    numeric = len(values) > FEW_VALUES and all(isinstance(value, int | float) for value in values)
    xs = [float(value) if numeric else float(place) for place, value in enumerate(values)]
    across = (
        fit_scale(xs, is_log(content, name, xs))
        if numeric
        else categories(_cut(list(map(value_text, values))))
    )
    plot = Plot(across, scale, THIRD, ("", content.metric))
    if all(map(is_number, values)):
        plot.line(xs, means, "main")
    if len(xs) <= _MOST_DOTS:
        each = zip(values, means, strict=True)
        plot.dots(xs, means, "main", [f"{value_text(value)}: {number(mean)}" for value, mean in each])
    pick = int(numpy.argmin(means) if content.better == "smaller" else numpy.argmax(means))
    caption = f"Best on average {'near' if numeric else 'at'} {value_text(values[pick])}."
    return figure(name, plot.render(f"Partial dependence on {name}"), caption)


def _cut(names: list[str]) -> list[str]:
    """Names that fit beside each other below a small chart."""
    room = max(2, int(_LETTERS / len(names)) - 1)
    return [name if len(name) <= room else f"{name[: room - 1]}…" for name in names]

"""An explanation as text for the terminal."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from automl.evaluation.bias_variance import BiasVariance
from automl.explanation.causes import how_sure
from automl.explanation.evidence import Diagnosis
from automl.explanation.study import Explanation
from automl.records.state import StudyState
from automl.trial import Trial, TrialState
from automl.wording import number

EXPLAINED = 10
"""Trials whose diagnoses are shown."""

NARROW = 80
"""Columns of a terminal below which a table has no bias and variance."""


def print_explanation(console: Console, state: StudyState, explanation: Explanation) -> None:
    """Print what a study has found, and the diagnoses of its best trials with bias and variance in numbers."""
    for line in (*explanation.answer, *explanation.limits, *explanation.remarks):
        console.print(f"• {line}", highlight=False, markup=False)
    if not state.num_trials:
        return
    parts = state.bias_variance
    table = Table(title="The best trials", title_justify="left", box=None)
    loss = next((part.loss for part in parts.values()), "loss")
    parts_shown = console.width >= NARROW
    headings = (
        "trial",
        state.objective.metric,
        *((loss, "variance", "bias + noise", "epoch") if parts_shown else ()),
    )
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("diagnosis")
    for trial in state.objective.rank(list(state.trials))[:EXPLAINED]:
        cells = _explained(
            trial, state.objective.metric, parts.get(trial.number), explanation.diagnoses[trial.number]
        )
        table.add_row(*cells[: len(headings)], cells[-1])
    console.print(table)
    if parts:
        console.print(how_sure(next(iter(parts.values()))), style="dim", highlight=False, markup=False)
    if state.num_trials > EXPLAINED:
        more = f"any of the {state.num_trials:,} trials: automl explain {state.started.name} --trial NUMBER"
        console.print(more, style="dim", highlight=False, markup=False)


def _explained(trial: Trial, metric: str, parts: BiasVariance | None, diagnosis: Diagnosis) -> list[Text]:
    complete = trial.state is TrialState.COMPLETE
    cells = [str(trial.number), number(trial.mean(metric)) if complete else ""]
    if parts is None:
        cells += [""] * 4
    else:
        curves = (parts.risk, parts.variance, parts.rest)
        pairs = [parts.at(curve) for curve in curves]
        cells += [f"{number(value, 3)} ± {number(error, 1)}" for value, error in pairs]
        cells.append(str(parts.epoch))
    return [*map(Text, cells), Text(diagnosis.name.replace("_", " "))]

"""The notes on MLflow's pages, in Markdown: what a study asks, and what it found. Needs no MLflow."""

from collections.abc import Mapping
from dataclasses import dataclass

from automl.tracking.mlflow.explained_run import diagnosis_note
from automl.tracking.mlflow.links import run_page, trials_page
from automl.tracking.mlflow.trial_run import show_scalar
from automl.tracking.tracker import StudyRecord, StudyStatus, StudySummary
from automl.trial import Direction, Trial, TrialState
from automl.wording import duration, number, score

_SHOWN, _METRICS = 5, 3
_SPACE = "\u00a0"  # MLflow sets the cells of a table side by side
_ENDINGS = {
    StudyStatus.FINISHED: "Finished",
    StudyStatus.FAILED: "Failed",
    StudyStatus.KILLED: "Interrupted",
}


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are in MLflow.

    Attributes:
        experiment: Identifier of the experiment.
        parent: Identifier of the study's run.
        trials: Identifiers of the trials' runs, by trial number.
        model: What a program gives to `mlflow.pyfunc.load_model`; empty when there is no model.
    """

    experiment: str
    parent: str
    trials: Mapping[int, str]
    model: str = ""


def first_note(record: StudyRecord, places: Places) -> str:
    """The study's page while it runs."""
    return "\n\n".join([*_question(record), *_pointers(record, places)])


def study_note(record: StudyRecord, summary: StudySummary, places: Places) -> str:
    """The study's page when it is over: the winner first, as MLflow folds a note after three lines."""
    failed = sum(trial.state is TrialState.FAILED for trial in summary.trials)
    ran = f"{_ENDINGS[summary.status]} after {_count(len(summary.trials), 'trial')}"
    ran += f" ({failed} failed)" if failed else ""
    parts = [
        *_result(record, summary, places),
        *_leaderboard(record, summary, places),
        *_pointers(record, places),
        "### The question",
        *_question(record),
        *(["### The data", "\n".join(f"- {note}" for note in record.notes)] if record.notes else []),
        f"{ran} and {duration(summary.seconds)}.",
    ]
    return "\n\n".join(parts)


def experiment_note(record: StudyRecord, summary: StudySummary, places: Places) -> str:
    """The page that all studies of this name share."""
    latest = f"Latest study: [{record.identifier}]({run_page(places.experiment, places.parent)})."
    every = trials_page(places.experiment, record.objective)
    parts = [
        *_question(record),
        latest,
        *_result(record, summary, places),
        f"[Every trial of every study, best first]({every})",
    ]
    return "\n\n".join(parts)


def winner_note(record: StudyRecord, summary: StudySummary, places: Places) -> str:
    """The page of the best trial."""
    study = f"[study {record.identifier}]({run_page(places.experiment, places.parent)})"
    parts = [f"The best of {_count(len(summary.trials), 'trial')} in {study}."]
    if summary.best is not None:
        parts.append(f"{_estimate(summary.best, record)}.")
        diagnosis = summary.diagnoses.get(summary.best.number)
        parts += [diagnosis_note(diagnosis)] if diagnosis else []
    return "\n\n".join([*parts, *_test(summary), *_model(places)])


def _question(record: StudyRecord) -> list[str]:
    """The comment at the top of the study file, else the question that every study asks."""
    lines = []
    for line in record.text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("#").strip())
    aim = "lowest" if record.objective.direction is Direction.MINIMIZE else "highest"
    searched = ", ".join(f"`{name}`" for name in record.searched) or "nothing"
    plan = (
        f"Study `{record.name}` looks for the {aim} `{record.objective.metric}`, averaged over "
        f"{record.num_folds} folds, in at most {_count(record.num_trials, 'trial')}. Searched: {searched}."
    )
    header = "\n".join(lines).strip()
    return [header, plan] if header else [plan]


def _result(record: StudyRecord, summary: StudySummary, places: Places) -> list[str]:
    if summary.best is None:
        return ["No trial completed, so there is no winner."]
    winner = f"**Best: {_link(summary.best, places)}**, {_estimate(summary.best, record)}."
    return [winner, *_verdict(summary), *_test(summary), *_answer(summary), *_model(places)]


def _verdict(summary: StudySummary) -> list[str]:
    if summary.verdict is None:
        return []
    metric = summary.verdict.objective.metric
    lines = [f"| `{metric}` | |", "|---|---|"]
    lines += [f"|{_SPACE}{name}{_SPACE}|{_SPACE}{value}{_SPACE}|" for name, value in summary.verdict.rows()]
    return ["\n".join(lines), *summary.verdict.sentences()]


def _answer(summary: StudySummary) -> list[str]:
    """What the study has found beside its scores."""
    return ["\n".join(f"- {line}" for line in summary.remarks)] if summary.remarks else []


def _test(summary: StudySummary) -> list[str]:
    if not summary.test_scores:
        return []
    scores = ", ".join(f"`{name}` {number(score)}" for name, score in summary.test_scores.items())
    return [f"On the locked test set, which no choice has seen: {scores}."]


def _model(places: Places) -> list[str]:
    return [f'Model: `mlflow.pyfunc.load_model("{places.model}")`'] if places.model else []


def _leaderboard(record: StudyRecord, summary: StudySummary, places: Places) -> list[str]:
    ranked = record.objective.rank(list(summary.trials))
    shown = [trial for trial in ranked if trial.state is TrialState.COMPLETE][:_SHOWN]
    if not shown:
        return []
    metrics = record.metrics[:_METRICS]
    heads = ["trial", *metrics, *record.searched]
    rows = [
        [
            _link(trial, places),
            *(score(trial, metric) for metric in metrics),
            *(_value(trial, name) for name in record.searched),
        ]
        for trial in shown
    ]
    padded = [[f"{_SPACE}{cell}{_SPACE}" for cell in row] for row in (heads, *rows)]
    lines = [padded[0], ["---"] * len(heads), *padded[1:]]
    table = "\n".join(f"|{'|'.join(cells)}|" for cells in lines)
    return ["Best trials (mean over the folds ± standard error):", table]


def _pointers(record: StudyRecord, places: Places) -> list[str]:
    trials = trials_page(places.experiment, record.objective, record.identifier)
    commands = f"```\nautoml show {record.folder}\nautoml ui\n```"
    return [f"[All trials of this study, best first]({trials})", commands, f"Files: `{record.folder}`"]


def _estimate(trial: Trial, record: StudyRecord) -> str:
    metric = record.objective.metric
    label = ", optimistic: the scored rows chose the epochs" if record.optimistic else ""
    return f"`{metric}` {score(trial, metric)} (mean over {len(trial.folds)} folds ± standard error{label})"


def _value(trial: Trial, name: str) -> str:
    value = trial.hyperparameters.get(name)
    return "" if value is None else show_scalar(value).replace("|", "\\|")


def _link(trial: Trial, places: Places) -> str:
    name = run_name(trial)
    run = places.trials.get(trial.number)
    return f"[{name}]({run_page(places.experiment, run)})" if run else name


def run_name(trial: Trial) -> str:
    """The name of a trial's run; names sort by number.

    >>> run_name(Trial(7, {}, TrialState.FAILED))
    'trial-0007'
    """
    return f"trial-{trial.number:04d}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

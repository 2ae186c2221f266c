"""The notes on MLflow's pages, in Markdown: what a study asks, and what it found. Needs no MLflow."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from automl.config.question import stated_question
from automl.records.events import StudyStarted
from automl.tracking.mlflow.explained_run import diagnosis_note
from automl.tracking.mlflow.links import artifact_page, run_page, trials_page
from automl.tracking.mlflow.outcome import Outcome
from automl.tracking.mlflow.trial_run import metrics_of, show_scalar
from automl.trial import Direction, Objective, Trial
from automl.wording import counted, duration, number, score, table_cell

_METRICS = 3
_SPACE = "\u00a0"  # MLflow sets the cells of a table side by side
_ENDINGS = {"FINISHED": "Finished", "FAILED": "Failed", "KILLED": "Stopped"}


@dataclass(frozen=True, slots=True)
class Locations:
    """Where things are.

    Attributes:
        experiment: Identifier of the experiment.
        parent: Identifier of the study's run.
        trials: Identifiers of the trials' runs, by trial number.
        folder: The files of the run on the machine that ran it.
        model: What a program gives to `mlflow.pyfunc.load_model`; empty when there is no model.
        report: Path of the report among the files of the study's run; empty when there is none.
    """

    experiment: str
    parent: str
    trials: Mapping[int, str]
    folder: Path
    model: str = ""
    report: str = ""


def first_note(started: StudyStarted, locations: Locations) -> str:
    """The study's page while it runs."""
    return "\n\n".join([*_question(started), *_pointers(started, locations)])


def study_note(outcome: Outcome, locations: Locations) -> str:
    """The study's page when it is over: the verdict first, as MLflow folds a note after three lines."""
    started = outcome.started
    parts = [
        *_result(outcome, locations),
        *_leaderboard(outcome, locations),
        *_pointers(started, locations),
        "### The question",
        *_question(started),
        *(["### The data", "\n".join(f"- {note}" for note in started.notes)] if started.notes else []),
        _ending(outcome),
    ]
    return "\n\n".join(parts)


def experiment_note(outcome: Outcome, locations: Locations) -> str:
    """The page that all studies of this name share: the verdict first, as MLflow shows a line of it."""
    started = outcome.started
    latest = f"Latest study: [{started.identifier}]({run_page(locations.experiment, locations.parent)})."
    trials_link = trials_page(locations.experiment, outcome.objective)
    parts = [
        *_result(outcome, locations),
        *_report(locations),
        latest,
        f"[Every trial of every study, best first]({trials_link})",
        "### The question",
        *_question(started),
    ]
    return "\n\n".join(parts)


def winner_note(outcome: Outcome, locations: Locations) -> str:
    """The page of the best trial."""
    study = f"[study {outcome.started.identifier}]({run_page(locations.experiment, locations.parent)})"
    parts = [f"The best of {counted(outcome.num_trials, 'trial')} in {study}."]
    if outcome.best is not None:
        parts.append(f"{_estimate(outcome.best, outcome)}.")
        diagnosis = outcome.explanation.diagnoses.get(outcome.best.number)
        parts += [diagnosis_note(diagnosis)] if diagnosis else []
    return "\n\n".join([*parts, *_test(outcome), *_model(locations)])


def _ending(outcome: Outcome) -> str:
    kinds = {"ended early": outcome.num_pruned, "failed": outcome.num_failed}
    others = ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count)
    trials = f"{counted(outcome.num_trials, 'trial')}{f' ({others})' if others else ''}"
    if outcome.seconds is None:
        return f"Killed after {trials}."
    ending = f"{_ENDINGS[outcome.status]} after {trials} and {duration(outcome.seconds)}"
    return f"{ending}: {outcome.reason.rstrip('.')}." if outcome.reason else f"{ending}."


def _question(started: StudyStarted) -> list[str]:
    """The question that the study file states, and the one that every study asks."""
    aim = "lowest" if started.direction == Direction.MINIMIZE else "highest"
    searched = ", ".join(f"`{name}`" for name in started.searched) or "nothing"
    plan = (
        f"Study `{started.name}` searches for the {aim} `{started.metric}`, averaged over "
        f"{started.num_folds} folds, in at most {counted(started.num_trials, 'trial')}. Searched: {searched}."
    )
    stated = stated_question(started.text)
    return [stated, plan] if stated else [plan]


def _result(outcome: Outcome, locations: Locations) -> list[str]:
    if outcome.best is None:
        return ["No trial completed, so there is no winner."]
    sentence = outcome.explanation.verdict.sentence
    detail = outcome.explanation.verdict.winner
    which = f"{_link(outcome.best, locations)}{f' ({detail})' if detail else ''}"
    winner = f"**Best network: {which}**, {_estimate(outcome.best, outcome)}."
    return [
        *([f"**{sentence}**"] if sentence else []),
        winner,
        *_verdict(outcome),
        *_test(outcome),
        *_answer(outcome),
        *_model(locations),
    ]


def _verdict(outcome: Outcome) -> list[str]:
    if outcome.verdict is None:
        return []
    lines = [f"| `{outcome.objective.metric}` | |", "|---|---|"]
    lines += [f"|{_SPACE}{name}{_SPACE}|{_SPACE}{value}{_SPACE}|" for name, value in outcome.verdict.rows]
    return ["\n".join(lines), *outcome.explanation.verdict.comparisons, *outcome.verdict.sentences]


def _answer(outcome: Outcome) -> list[str]:
    """What the study has found beside its scores."""
    sentences = (*outcome.explanation.limits, *outcome.explanation.remarks)
    return ["\n".join(f"- {line}" for line in sentences)] if sentences else []


def _test(outcome: Outcome) -> list[str]:
    if not outcome.test:
        return []
    scores = ", ".join(f"`{name}` {number(score)}" for name, score in outcome.test.items())
    return [f"On the locked test set, which was not used for any choice: {scores}."]


def _model(locations: Locations) -> list[str]:
    return [f'Model: `mlflow.pyfunc.load_model("{locations.model}")`'] if locations.model else []


def _leaderboard(outcome: Outcome, locations: Locations) -> list[str]:
    if not outcome.top:
        return []
    started = outcome.started
    scores = [metrics_of(trial, started) for trial in outcome.top]
    metrics = [name for name in scores[0] if all(name in of_trial for of_trial in scores)][:_METRICS]
    heads = ["trial", *metrics, *started.searched]
    rows = [
        [
            _link(trial, locations),
            *(score(trial, metric) for metric in metrics),
            *(_value(trial, name) for name in started.searched),
        ]
        for trial in outcome.top
    ]
    padded = [[f"{_SPACE}{cell}{_SPACE}" for cell in row] for row in (heads, *rows)]
    lines = [padded[0], ["---"] * len(heads), *padded[1:]]
    table = "\n".join(f"|{'|'.join(cells)}|" for cells in lines)
    return ["Best trials (mean over the folds ± standard error):", table]


def _pointers(started: StudyStarted, locations: Locations) -> list[str]:
    objective = Objective(started.metric, Direction(started.direction))
    trials = trials_page(locations.experiment, objective, started.identifier)
    commands = f"```\nautoml show {locations.folder}\nautoml ui\n```"
    return [
        *_report(locations),
        f"[All trials of this study, best first]({trials})",
        commands,
        f"Files: `{locations.folder}`",
    ]


def _report(locations: Locations) -> list[str]:
    """The link to the report."""
    if not locations.report:
        return []
    return [
        f"[Report with charts]({artifact_page(locations.experiment, locations.parent, locations.report)})"
    ]


def _estimate(trial: Trial, outcome: Outcome) -> str:
    metric = outcome.objective.metric
    label = ", optimistic: the scored rows chose the epochs" if outcome.started.optimistic else ""
    return f"`{metric}` {score(trial, metric)} (mean over {len(trial.folds)} folds ± standard error{label})"


def _value(trial: Trial, name: str) -> str:
    value = trial.hyperparameters.get(name)
    return "" if value is None else table_cell(show_scalar(value))


def _link(trial: Trial, locations: Locations) -> str:
    name = run_name(trial.number)
    run = locations.trials.get(trial.number)
    return f"[{name}]({run_page(locations.experiment, run)})" if run else name


def run_name(number: int) -> str:
    """The name of a trial's run; names sort by number.

    >>> run_name(7)
    'trial-0007'
    """
    return f"trial-{number:04d}"

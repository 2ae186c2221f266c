"""Runs whose events are made by hand: their files lie in a folder, and their state follows from the events."""

from collections.abc import Sequence
from pathlib import Path

from automl.evaluation.bias_variance import BiasVariance, content_of
from automl.records.events import CohortAsked, Event, Recorded, StudyStarted
from automl.records.files import answer_file, ended_event, write_json, write_trial
from automl.records.outcomes import Analyzed
from automl.records.state import BIAS_VARIANCE, StudyState, state_of
from automl.trial import Trial

STARTED = StudyStarted("wine", "20260101-000000-aaaa", "log_loss", "min", num_trials=3, searched=("width",))


def made_events(folder: Path, started: StudyStarted, trials: Sequence[Trial]) -> list[Event]:
    """The events of a study whose trials have ended, each in a cohort of its own; their files are written."""
    events: list[Event] = [started]
    for number, trial in enumerate(trials):
        write_trial(folder, trial)
        events += [
            CohortAsked(number, trial.number, (trial.hyperparameters,)),
            ended_event(trial, started.metric),
        ]
    return events


def answered(folder: Path, analysis: str, trial: int, content: object) -> Analyzed:
    """The event of an analysis's answer, which is written."""
    write_json(folder / answer_file(analysis, trial), content)
    return Analyzed(analysis, trial, answer_file(analysis, trial))


def decomposed(folder: Path, analysis: BiasVariance) -> Analyzed:
    """The event of a trial's bias and variance."""
    return answered(folder, BIAS_VARIANCE, analysis.trial, content_of(analysis))


def made_state(
    folder: Path, trials: Sequence[Trial] = (), *events: Event, started: StudyStarted = STARTED
) -> StudyState:
    """The state of a run with these trials, followed by these events."""
    folder.mkdir(parents=True, exist_ok=True)
    all_events = [*made_events(folder, started, trials), *events]
    return state_of(
        folder, [Recorded(seq, float(seq), event) for seq, event in enumerate(all_events, start=1)]
    )

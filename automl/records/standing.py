"""How far a run has come, in words: whoever reads an unfinished one must not take it for a finished one."""

from automl.records.runs import RUNNING, Run
from automl.records.state import StudyState

KILLED, FINISHED = "killed", "finished"


def status_of(run: Run, state: StudyState) -> str:
    """`running`, `killed`, `stopped`, `failed` or `finished`."""
    if state.finished is not None:
        return state.finished.status
    return RUNNING if run.held else KILLED


def standing(run: Run, state: StudyState) -> str:
    """How far a run has come that is not finished, as in "killed after 3 of 24 trials; no model was exported".

    Empty where it is finished.
    """
    if state.finished is not None:
        return ended(state, state.finished.status, state.finished.reason)
    if not run.held:
        return ended(state, KILLED)
    return f"still running: {_trials(state)} so far{_phase(state)}"


def ended(state: StudyState, status: str, reason: str = "") -> str:
    """The same for a run that ended so, whether or not that is recorded already.

    Args:
        state: The run.
        status: As in `Finished`, or `killed`.
        reason: Likewise.
    """
    if status == FINISHED:
        return ""
    exported = state.exported
    model = (
        "no model was exported" if exported is None else f"the model of trial {exported.trial} was exported"
    )
    # "stopped (interrupted)" would say the same twice
    why = f" ({reason.rstrip('.')})" if reason and status == "failed" else ""
    when = _phase(state) if status == KILLED else ""
    return f"{status} after {_trials(state)}{when}{why}; {model}"


def _phase(state: StudyState) -> str:
    """What comes after the search, in words; the search itself is told by its trials."""
    return f", in the phase {state.phase!r}" if state.phase not in ("", "search") else ""


def _trials(state: StudyState) -> str:
    planned = state.started.num_trials
    return f"{state.num_trials} of {planned} trials" if planned else f"{state.num_trials} trials"

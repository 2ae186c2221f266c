"""All that a study says that must not depend on who trained what: leaderboard, events, curves, weights."""

import json
from dataclasses import dataclass

from automl.evaluation.leaderboard import leaderboard
from automl.records.encoding import kind_of, to_json
from automl.records.events import PhaseBegun, PhaseEnded, StudyContinued
from automl.records.finding import read_state
from automl.records.runs import Run
from automl.records.store import Records


@dataclass(frozen=True)
class Answer:
    """All that must not depend on who trained what."""

    board: str
    events: list[str]
    files: dict[str, bytes]
    weights: list[tuple[str, bytes]]

    @classmethod
    def of(cls, records: Records, run: Run) -> "Answer":
        import tensorflow

        state = read_state(records, run)
        board = leaderboard(state.trials, state.objective, state.started.searched).drop(columns="seconds")
        files = {path.name: path.read_bytes() for path in (run.folder / "trials").glob("*.npy")}
        loaded = tensorflow.saved_model.load(str(run.folder / "model"))
        weights = sorted((variable.name, variable.numpy().tobytes()) for variable in loaded._all_variables)
        return cls(board.to_csv(), happened(records, run), files, weights)


def happened(records: Records, run: Run) -> list[str]:
    """What the events say, without times; those of one kind in the order of their trials, which end as threads do."""
    lines = []
    for recorded in records.events(run):
        if isinstance(recorded.event, StudyContinued | PhaseBegun | PhaseEnded):
            continue
        content = json.loads(to_json(recorded.event))
        for name in ("seconds", "facts", "identifier", "base", "text"):
            content.pop(name, None)
        kind = kind_of(recorded.event)
        lines.append((kind, content.get("number", 0), json.dumps(content, sort_keys=True)))
    return [f"{kind} {line}" for kind, _, line in sorted(lines)]

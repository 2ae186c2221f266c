"""Runs and events as text: for people, and for other programs."""

import csv
import io
import json
import math
import shlex
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from automl.records.events import Finished, Recorded, StudyContinued
from automl.records.runs import Run
from automl.records.store import Records
from automl.wording import moment, number

FOLLOW_SECONDS = 0.5
"""How often a run that is followed is looked at."""

_PLAIN = ("study", "run", "state", "trials", "planned", "metric", "best", "since")


def listing(runs: Sequence[Run], form: str) -> str:
    """A list of runs.

    Args:
        runs: The runs.
        form: `table`, `csv` or `json`.
    """
    if form == "json":
        return json.dumps([_plain(run) for run in runs], indent=2) + "\n"
    if form == "table":
        return _table([_shown(run) for run in runs])
    text = io.StringIO()
    writer = csv.DictWriter(text, _PLAIN, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_plain(run) for run in runs)
    return text.getvalue()


def others(runs: Sequence[Run]) -> list[str]:
    """A line for each other folder that has runs of these in the same database."""
    studies: dict[Path, list[str]] = {}
    for run in runs:
        if run.elsewhere:
            studies.setdefault(run.mlruns, []).append(run.name)
    return [
        f"{len(names)} more in {folder} ({', '.join(sorted(set(names)))}): "
        f"automl runs --mlruns {shlex.quote(str(folder))}"
        for folder, names in studies.items()
    ]


def followed(records: Records, run: Run, since: int) -> Iterator[Recorded]:
    """The events of a run after number `since`, as they happen: until it ends, or no process works on it any more."""
    ended = False
    while True:
        held = records.run(run.number).held  # asked first, so that the last events are not missed
        for recorded in records.events(run, since):
            yield recorded
            since = recorded.seq
            if isinstance(recorded.event, Finished | StudyContinued):
                ended = isinstance(recorded.event, Finished)
        if ended or not held:
            return
        time.sleep(FOLLOW_SECONDS)


def _plain(run: Run) -> dict[str, Any]:
    best = run.best if run.best is not None and math.isfinite(run.best) else None
    since = datetime.fromtimestamp(run.created).astimezone().isoformat(timespec="seconds")
    values = run.name, run.identifier, run.status, run.num_trials, run.planned, run.metric, best, since
    return dict(zip(_PLAIN, values, strict=True))


def _shown(run: Run) -> dict[str, str]:
    return {
        "study": run.name,
        "run": run.identifier,
        "state": run.status,
        "trials": f"{run.num_trials} of {run.planned}" if run.planned else str(run.num_trials),
        "best": "–" if run.best is None else f"{run.metric} {number(run.best)}",
        "since": moment(run.created),
    }


def _table(rows: Sequence[dict[str, str]]) -> str:
    """Rows below each other, each column as wide as its longest entry."""
    if not rows:
        return "No run is recorded.\n"
    lines = [dict(zip(rows[0], rows[0], strict=True)), *rows]
    widths = {name: max(len(line[name]) for line in lines) for name in rows[0]}
    return "".join(
        "  ".join(text.ljust(widths[name]) for name, text in line.items()).rstrip() + "\n" for line in lines
    )

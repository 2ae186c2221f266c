"""Journals as earlier versions of automl wrote them."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from automl.trial import Trial

RUN = "20260101-000000-aaaa"
START_LINE = {
    "event": "study",
    "name": "wine",
    "identifier": RUN,
    "base": "/data",
    "metric": "log_loss",
    "direction": "min",
    "num_trials": 3,
    "num_folds": 2,
    "repeats": 1,
    "num_epochs": 10,
    "searched": ["width"],
    "log_scaled": [],
    "bounds": {"width": [8, 64, False]},
    "constant": 1.0985,
    "space": {"width": {"choice": [8, 64], "per_layer": False}},
    "noise": None,
    "optimistic": False,
    "notes": ["stratified: the target has 3 classes"],
    "facts": {"task": "multiclass", "data_digest": "d1"},
}
TIME = "2026-01-01T00:00:0"


def trial_line(trial: Trial) -> dict[str, Any]:
    """The line of a trial, as the old journal wrote it."""
    content = asdict(replace(trial, folds=tuple(replace(fold, predictions=None) for fold in trial.folds)))
    for fold in content["folds"]:
        del fold["predictions"]
    return {"event": "trial", **content}


def journal(
    mlruns: Path, *lines: dict[str, Any], name: str = "wine", run: str = RUN, tail: bytes = b""
) -> Path:
    """Write a journal and the study file beside it."""
    folder = mlruns / "studies" / name / run
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text(f"name: {name} # ∞\n", encoding="utf-8")
    text = "".join(
        json.dumps({"time": f"{TIME}{number % 10}", **line}) + "\n" for number, line in enumerate(lines)
    )
    (folder / "journal.jsonl").write_bytes(text.encode() + tail)
    return folder

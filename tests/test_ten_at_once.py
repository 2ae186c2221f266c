"""Ten studies that are started at the same moment on an empty folder share its record and its MLflow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from mlflow import MlflowClient

from automl.records.finding import open_records, read_state

COUNT = 10
TINY = {
    "data": {"sklearn": "iris"},
    "splits": {"folds": 2, "test": 0.2},
    "space": {"depth": 0, "learning_rate": {"choice": [0.1, 0.03]}},
    "search": {"algorithm": "grid", "trials": 2},
    "training": {"epochs": 3, "batch_size": 32},
    "bias_variance": {"resamples": 0},
    "baselines": False,
    "budget": {"minutes": None},
}


@pytest.mark.slow
def test_ten_studies_started_at_once_on_an_empty_folder_are_all_complete(tmp_path: Path) -> None:
    names = [f"study_{number}" for number in range(COUNT)]
    for name in names:
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump({"name": name, **TINY}))
    gate = f"while [ ! -e go ]; do sleep 0.01; done; exec {sys.executable} -m automl run"
    processes = [
        subprocess.Popen(
            ["/bin/sh", "-c", f"{gate} {name}.yaml"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"TF_NUM_INTRAOP_THREADS": "1"},
        )
        for name in names
    ]
    (tmp_path / "go").touch()
    outputs = {name: process.communicate()[0] for name, process in zip(names, processes, strict=True)}
    ends = {name: process.returncode for name, process in zip(names, processes, strict=True)}
    assert ends == dict.fromkeys(names, 0), "\n".join(outputs[name] for name in names if ends[name])
    assert not [text for text in outputs.values() if "warning:" in text]
    records = open_records(tmp_path / "mlruns")
    assert sorted(run.name for run in records.runs()) == sorted(names)
    client = MlflowClient(f"sqlite:///{tmp_path / 'mlruns' / 'mlflow.db'}")
    for run in records.runs():
        state = read_state(records, run)
        assert state.finished is not None and state.finished.status == "finished"
        assert len(state.completed) == 2 and state.exported is not None
        assert _runs(client, run.name) == [
            ("best", "FINISHED"),
            ("study", "FINISHED"),
            ("trial", "FINISHED"),
            ("trial", "FINISHED"),
        ]


def _runs(client: MlflowClient, study: str) -> list[tuple[str, str]]:
    """Role and status of every run of a study's experiment."""
    experiment = client.get_experiment_by_name(study)
    runs = client.search_runs([experiment.experiment_id])
    return sorted((run.data.tags["role"], run.info.status) for run in runs)

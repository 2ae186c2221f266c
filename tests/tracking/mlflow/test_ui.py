import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from automl.errors import RecordError
from automl.tracking.mlflow import ui
from automl.tracking.mlflow.address import StoreAddress
from automl.tracking.mlflow.links import trials_page
from automl.tracking.mlflow.opening import Experiment, open_store
from automl.tracking.mlflow.store import GREATER_IS_BETTER, PRIMARY_METRIC
from automl.tracking.mlflow.ui import plan_user_interface
from automl.trial import Direction, Objective


def query_of(page: str) -> dict[str, list[str]]:
    return parse_qs(page.partition("?")[2], strict_parsing=True)


@pytest.fixture
def experiment(address: StoreAddress) -> str:
    store = open_store(address, "digits")
    store.tag_experiment({PRIMARY_METRIC: "cv_accuracy_mean", GREATER_IS_BETTER: "true"})
    return store.experiment_id


def test_the_trials_of_a_study_best_first(mlruns: Path, experiment: str) -> None:
    plan = plan_user_interface(None, mlruns, port=5077, study="digits", identifier="20260101-ab12")
    page = plan.pages["trials"]
    assert list(plan.pages) == ["trials", "studies"]
    assert page.startswith(f"http://127.0.0.1:5077/#/experiments/{experiment}/runs?")
    assert query_of(page) == {
        "workflowType": ["machine_learning"],
        "searchFilter": ['tags.role = "trial" and tags.study_id = "20260101-ab12"'],
        "orderByKey": ["metrics.`cv_accuracy_mean`"],
        "orderByAsc": ["false"],
    }


def test_a_loss_is_sorted_upward() -> None:
    assert query_of(trials_page("1", Objective("rmse", Direction.MINIMIZE)))["orderByAsc"] == ["true"]


def test_the_server_shows_our_store_and_nothing_else(mlruns: Path, experiment: str) -> None:
    plan = plan_user_interface(None, mlruns, port=5077)
    assert plan.command == (
        sys.executable,
        *("-m", "mlflow", "server"),
        *("--host", "127.0.0.1", "--port", "5077", "--workers", "1"),
    )
    assert plan.environment["MLFLOW_BACKEND_STORE_URI"] == f"sqlite:///{mlruns}/mlflow.db"
    assert plan.environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    assert plan.environment["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert list(plan.pages) == ["studies"]


def test_a_server_elsewhere_is_only_linked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tags = {PRIMARY_METRIC: "cv_rmse_mean", GREATER_IS_BETTER: "false"}
    monkeypatch.setattr(ui, "read_experiments", lambda address: {"cars": Experiment("7", tags)})
    plan = plan_user_interface("http://mlflow.example:5000/", tmp_path, study="cars")
    assert plan.command == ()
    assert urlsplit(plan.pages["trials"]).netloc == "mlflow.example:5000"
    assert "//#" not in plan.pages["trials"]
    assert "/#/experiments/7/runs?" in plan.pages["trials"]


def test_no_store_is_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"must hold an MLflow database.*Run a study first"):
        plan_user_interface(None, tmp_path / "mlruns")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_study(mlruns: Path, experiment: str) -> None:
    with pytest.raises(RecordError, match=r"'digit'.*Did you mean `digits`\? Known: digits\."):
        plan_user_interface(None, mlruns, study="digit")


def test_an_experiment_of_another_program(mlruns: Path, client: Any) -> None:
    client.create_experiment("other")
    with pytest.raises(RecordError, match="be a study of automl"):
        plan_user_interface(None, mlruns, study="other")

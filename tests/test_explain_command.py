"""`automl explain`, `report` and `export --smallest` on one small study."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

import automl
from automl.cli import cli
from automl.config.reading import load_study
from automl.explanation.next_study import propose
from automl.explanation.study import explain_study
from automl.records.finding import read_run
from automl.records.state import StudyState
from automl.study.preparation import prepare_study

STUDY = {
    "name": "small",
    "data": {"sklearn": "wine"},
    "splits": {"folds": 3},
    "space": {"depth": 1, "width": {"choice": [4, 16]}, "learning_rate": {"choice": [0.03, 0.003]}},
    "search": {"algorithm": "grid", "trials": 4},
    "training": {"epochs": 8, "batch_size": 32},
    "baselines": False,
    "bias_variance": {"resamples": 5, "trials": "all"},
    "tracking": {"to": "none"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explained")
    (folder / "small.yaml").write_text(yaml.safe_dump(STUDY))
    automl.run_study(folder / "small.yaml", mlruns=folder / "mlruns")
    return folder


def invoke(folder: Path, *arguments: Any) -> Any:
    result = CliRunner().invoke(cli, [*map(str, arguments), "--mlruns", str(folder / "mlruns")])
    assert result.exit_code == 0, result.output
    return result


def state_of(folder: Path) -> StudyState:
    return read_run(next((folder / "mlruns/studies/small").iterdir()))


def test_every_trial_is_taken_apart_and_the_parts_sum_to_the_risk(folder: Path) -> None:
    analyses = state_of(folder).bias_variance
    assert sorted(analyses) == [0, 1, 2, 3]
    for analysis in analyses.values():
        assert (analysis.num_resamples, analysis.num_folds, analysis.num_rows) == (5, 3, 142)
        assert analysis.epoch in analysis.epochs
        for risk, variance, rest in zip(
            analysis.risk.values, analysis.variance.values, analysis.rest.values, strict=True
        ):
            assert risk == pytest.approx(variance + rest, abs=1e-12)


def test_explain_says_what_limits_the_study_and_a_trial(folder: Path) -> None:
    text = " ".join(invoke(folder, "explain", "small").output.split())
    best = state_of(folder).best
    assert best is not None
    assert f"is trial {best.number}: log_loss" in text
    assert "What limits it" in text
    output = invoke(folder, "explain", "small", "--trial", 3).output
    assert output.startswith("Trial 3 is ")


WAYS = [
    {"width": "more", "depth": "more", "dropout": "less", "l2": "less", "epochs": "more"},
    {"width": "less", "dropout": "more", "l2": "more", "weight_decay": "more", "learning_rate": "less"},
]


@pytest.mark.parametrize("changes", WAYS)
def test_the_next_study_can_be_prepared_and_keeps_the_old_values(
    folder: Path, changes: dict[str, str]
) -> None:
    state = state_of(folder)
    path = folder / "next.yaml"
    path.write_text(propose(state, replace(explain_study(state), changes=changes), path))
    study = load_study(path)
    assert study.name == "small-2"
    assert study.training.epochs == (24 if "epochs" in changes else 8)
    assert study.space is not None and prepare_study(study).space
    for name, old in (("width", {4, 16}), ("learning_rate", {0.03, 0.003})):
        entry = study.space[name]
        values = getattr(entry, "values", None) or getattr(entry, "bounds", None)
        assert min(values) <= min(old) and max(values) >= max(old)


def test_the_report_is_one_page(folder: Path) -> None:
    invoke(folder, "report", "small", "--to", folder / "report.html")
    page = (folder / "report.html").read_text()
    assert "Bias and variance" in page and "Learning curve" in page
    assert 'src="http' not in page and "<link" not in page


def test_the_smallest_tied_trial_is_exported(folder: Path) -> None:
    smallest = explain_study(state_of(folder)).smallest
    output = invoke(folder, "export", "small", "--smallest", "--to", folder / "model").output
    assert output.startswith(f"trial {smallest} is in ")
    assert (folder / "model" / "saved_model.pb").is_file()


def test_explain_writes_the_next_study_where_one_is_proposed(folder: Path) -> None:
    """Two epochs of small steps want more of both; the study of eight epochs wants nothing that a range could give."""
    refused = CliRunner().invoke(
        cli,
        ["explain", "small", "--write-next", str(folder / "no.yaml"), "--mlruns", str(folder / "mlruns")],
    )
    assert explain_study(state_of(folder)).changes == {}
    assert refused.exit_code == 2 and "proposes no change of its ranges" in " ".join(refused.output.split())
    assert not (folder / "no.yaml").exists()
    short = STUDY | {
        "name": "short",
        "space": {"depth": 1, "width": 8, "learning_rate": 0.001},
        "search": {"trials": 1},
        "training": {"epochs": 2, "batch_size": 32},
        "bias_variance": {"resamples": 0},
    }
    automl.run_study(automl.make_study(short), mlruns=folder / "mlruns")
    path = folder / "after.yaml"
    output = invoke(folder, "explain", "short", "--write-next", path).output
    assert "What limits it (stopped by budget)" in " ".join(output.split())
    assert f"{path} is written. Next: automl run {path}" in output.replace("\n", " ")
    assert path.read_text().startswith("# After short: It was still improving when the epochs ended")
    study = load_study(path)
    assert (study.name, study.data.sklearn, study.training.epochs) == ("short-2", "wine", 6)
    assert study.space is not None and study.space["learning_rate"].bounds == (0.001, 0.005)
    assert prepare_study(study).space

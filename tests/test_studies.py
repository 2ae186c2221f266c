"""The studies that come with the project: each can begin, and XOR shows what it says."""

from pathlib import Path

import pytest

import automl
from automl.study.preparation import prepare_study

pytestmark = pytest.mark.usefixtures("without_page")

STUDIES = sorted((Path(__file__).parent.parent / "studies").glob("*.yaml"))


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_study_can_begin_and_says_its_question(path):
    prepared = prepare_study(automl.load_study(path))
    assert prepared.config.name == path.stem
    header = path.read_text().split("name:")[0]
    for word in ("Question", "Expected", "Run time"):
        assert f"# {word}" in header


def test_a_linear_model_fails_at_xor_and_one_hidden_layer_solves_it(tmp_path):
    xor = next(path for path in STUDIES if path.stem == "xor")
    study = automl.load_study(xor)
    without = {
        "tracking": study.tracking.model_copy(update={"to": "none"}),
        "bias_variance": study.bias_variance.model_copy(update={"resamples": 0}),
        "baselines": False,
    }
    study = study.model_copy(update=without)
    result = automl.run_study(study, mlruns=tmp_path / "mlruns")
    best = {
        depth: max(t.mean("accuracy") for t in result.trials if t.hyperparameters["depth"] == depth)
        for depth in (0, 1)
    }
    assert best[0] <= 0.75
    assert best[1] == 1.0
    assert result.test_scores["accuracy"] == 1.0

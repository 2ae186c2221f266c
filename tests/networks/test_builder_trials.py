"""A builder that would end the process for some hyperparameters makes their trials fail, and no other."""

from pathlib import Path

import pytest

from automl.config.reading import load_study
from automl.networks.custom import CustomBuilder
from automl.study.preparation import prepare_study
from automl.training.members import plan_members
from automl.training.plain.trials import train_trial
from automl.trial import TrialState

BUILDER = """
import os, sys
import keras

def build(hp):
    units = hp.Int("units", 3, 6)
    if units == 4:
        sys.exit(0)
    if units == 5:
        os._exit(0)
    print("x" * 1_000_000)
    layers = [keras.layers.Dense(units, "relu"), keras.layers.Dense(3, "softmax")]
    return keras.Sequential([keras.Input((13,)), *layers])
"""


STUDY = """
data: {sklearn: wine}
splits: {folds: 2}
network: {builder: net.py:build}
training: {epochs: 1}
"""


def test_each_trial_ends_and_says_why_it_failed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "net.py").write_text(BUILDER)
    (tmp_path / "study.yaml").write_text(STUDY)
    prepared = prepare_study(load_study(tmp_path / "study.yaml"))
    assert isinstance(prepared.builder, CustomBuilder) and prepared.builder.probe is not None
    with prepared.builder.probe:
        raising, fine, ending = (
            train_trial(
                prepared.plan, plan_members(number, {"units": units}, 2, 0), prepared.splits.folds, ignore
            )
            for number, units in enumerate((4, 6, 5))
        )
    assert raising.state is ending.state is TrialState.FAILED and fine.state is TrialState.COMPLETE
    assert raising.reason.endswith("the network builder raises: SystemExit: 0 (net.py, line 8)")
    assert ending.reason.endswith("the network builder ended the process with status 0")
    assert fine.capacity == 13 * 6 + 6 + 6 * 3 + 3
    assert "xxx" not in "".join(capfd.readouterr())


def ignore(fold: int, epoch: int) -> None:
    """Follows no progress."""

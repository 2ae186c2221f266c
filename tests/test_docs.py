"""README against the program: the study it prints, the hyperparameters it lists, the doctests."""

import doctest
import importlib
import re
from pathlib import Path

import pytest
import yaml

from automl.hyperparameters import HYPERPARAMETERS
from automl.networks.activations import ACTIVATIONS
from automl.training.optimizers import OPTIMIZERS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
DOCUMENTED = ["errors", "networks.activations", "evaluation.curves", "export.saved_model", "config.reading"]


def test_the_study_in_the_readme_is_the_one_in_the_folder():
    printed = yaml.safe_load(re.search(r"```yaml\n(.*?)```", README, re.S)[1])
    assert printed == yaml.safe_load((ROOT / "studies" / "digits.yaml").read_text())


def test_the_table_of_hyperparameters_is_complete_with_its_defaults():
    rows = re.findall(r"^\| `([^|]+)` \| ([^|]+) \| ([^|]+) \|$", README.split("| hyperparameter |")[1], re.M)
    listed = {}
    for names, _, defaults in rows:
        keys = [key.strip("` ") for key in names.split(",")]
        listed |= dict(zip(keys, [value.strip() for value in defaults.split(",")], strict=True))
    shown = {name: str(named.default).lower() for name, named in HYPERPARAMETERS.items()}
    assert {key: value.removesuffix(".0") for key, value in listed.items()} == {
        key: value.removesuffix(".0") for key, value in shown.items()
    }
    for name in (*ACTIVATIONS, *OPTIMIZERS):
        assert name in README


@pytest.mark.parametrize("name", DOCUMENTED)
def test_doctests(name):
    results = doctest.testmod(importlib.import_module(f"automl.{name}"))
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize("path", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_files_that_are_named_exist(path):
    text = (ROOT / path).read_text()
    for found in re.findall(r"`((?:automl|studies|tests|docs)/[\w/.]+|[\w]+/[\w/]+\.py)`", text):
        if "NAME" not in found:
            assert any((base / found).exists() for base in (ROOT, ROOT / "automl")), found

"""README and the pages of docs/ against the program: what they print, list and link to; the doctests."""

import doctest
import importlib
import re
import shlex
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from automl.cli import cli
from automl.config.reference import study_reference
from automl.hyperparameters import HYPERPARAMETERS
from automl.networks.activations import ACTIVATIONS
from automl.training.plain.optimizers import OPTIMIZERS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SPACE = (ROOT / "docs" / "search_space.md").read_text(encoding="utf-8")
PAGES = sorted(
    [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        *(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")),
    ]
)
DOCUMENTED = ["errors", "networks.activations", "evaluation.curves", "export.served", "config.reading"]


def test_the_study_of_the_page_on_search_spaces_is_the_one_in_the_folder():
    printed = yaml.safe_load(re.search(r"```yaml\n(.*?)```", SPACE, re.S)[1])
    assert printed == yaml.safe_load((ROOT / "studies" / "digits.yaml").read_text())


def test_the_table_of_hyperparameters_is_complete_with_its_defaults():
    rows = re.findall(r"^\| `([^|]+)` \| ([^|]+) \| ([^|]+) \|$", SPACE.split("| hyperparameter |")[1], re.M)
    listed = {}
    for names, _, defaults in rows:
        keys = [key.strip("` ") for key in names.split(",")]
        listed |= dict(zip(keys, [value.strip() for value in defaults.split(",")], strict=True))
    shown = {name: str(named.default).lower() for name, named in HYPERPARAMETERS.items()}
    assert {key: value.removesuffix(".0") for key, value in listed.items()} == {
        key: value.removesuffix(".0") for key, value in shown.items()
    }
    for name in (*ACTIVATIONS, *OPTIMIZERS):
        assert name in SPACE


@pytest.mark.parametrize("name", DOCUMENTED)
def test_doctests(name):
    results = doctest.testmod(importlib.import_module(f"automl.{name}"))
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize("path", PAGES)
def test_files_that_are_named_exist(path):
    text = (ROOT / path).read_text()
    for named_path in re.findall(r"`((?:automl|studies|tests|docs)/[\w/.]+|[\w]+/[\w/]+\.py)`", text):
        if "NAME" not in named_path:
            assert any((base / named_path).exists() for base in (ROOT, ROOT / "automl")), named_path


@pytest.mark.parametrize("path", PAGES)
def test_links_and_pictures_of_pages_lead_to_files_and_headings(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        file, _, heading = target.partition("#")
        linked = (ROOT / path).parent / file if file else ROOT / path
        assert linked.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), re.M)
            anchors = {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}
            assert heading in anchors, target


def test_the_page_of_the_study_file_is_up_to_date():
    page = (ROOT / "docs" / "study_file.md").read_text(encoding="utf-8")
    assert page == study_reference(), "run `automl schema --format markdown --to docs/study_file.md`"


def commands(text):
    """The calls of `automl` in blocks of code and in code within lines, without their comments."""
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.S)
    lines = [line.split("   #")[0] for block in blocks for line in block.splitlines()]
    return [
        line
        for line in (*lines, *re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.S)))
        if line.startswith("automl ")
    ]


@pytest.mark.parametrize("path", PAGES)
def test_commands_of_pages_have_the_names_and_options_of_the_program(path):
    for line in commands((ROOT / path).read_text(encoding="utf-8")):
        words = shlex.split(line)
        assert words[1] in cli.commands or words[1].isupper(), line
        if words[1] in cli.commands:
            options = {option for parameter in cli.commands[words[1]].params for option in parameter.opts}
            assert {word for word in words[2:] if word.startswith("--")} <= options, line


def test_the_four_commands_of_the_readme_run_in_their_order(tmp_path, monkeypatch):
    """As they are written, but for a smaller study; `ui` is run in tests/tracking/mlflow/."""
    block = re.search(r"## Four commands\n\n```\n(.*?)```", README, re.S)[1]
    calls = [shlex.split(line, comments=True)[1:] for line in block.splitlines()]
    assert [call[0] for call in calls] == ["init", "check", "run", "ui"]
    monkeypatch.chdir(tmp_path)
    rows = [f"{number},{number % 7},{3 * number + number % 5}" for number in range(80)]
    Path("table.csv").write_text("\n".join(["size,age,price", *rows]) + "\n")
    runner = CliRunner()
    result = runner.invoke(cli, calls[0])
    assert result.exit_code == 0, result.output
    assert "automl check study.yaml" in result.output
    study = yaml.safe_load(Path("study.yaml").read_text())
    small = {
        "space": {"depth": 0},
        "search": {"trials": 1},
        "training": {"epochs": 2},
        "splits": {"folds": 2},
        "baselines": False,
    }
    small |= {"bias_variance": {"resamples": 0}, "tracking": {"to": "none"}}
    Path("study.yaml").write_text(yaml.safe_dump(study | small))
    for call in (calls[1] + ["--no-forecast"], calls[2]):
        done = runner.invoke(cli, call)
        assert done.exit_code == 0, done.output
    assert list(Path("mlruns/studies/table").glob("*/report.html"))

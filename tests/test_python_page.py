"""The examples of docs/python.md and of the README's section, run as they are written, with small networks."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import automl
from automl.study import run as running

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
SMALL = {"training": {"epochs": 2, "batch_size": 128}, "bias_variance": {"resamples": 0}, "baselines": False}


def blocks(text: str) -> str:
    return "\n".join(re.findall(r"```python\n(.*?)```", text, re.S))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every study has few epochs, folds and trials; what the examples say of it stays as it is."""
    prepare: Callable[..., Any] = running.prepare_study

    def prepare_small(config: Any, *arguments: Any, **named: Any) -> Any:
        training = config.training.model_copy(update=SMALL["training"])
        search = config.search.model_copy(update={"trials": min(2, config.search.trials), "pruner": "none"})
        splits = config.splits.model_copy(update={"folds": 2})
        analyses = config.bias_variance.model_copy(update=SMALL["bias_variance"])
        space = automl.make_study({"name": "s", "data": {"sklearn": "wine"}, "space": {"depth": 0}}).space
        update = {"training": training, "search": search, "splits": splits, "bias_variance": analyses}
        tracking = config.tracking.model_copy(update={"to": "none"})
        update |= {"baselines": False, "space": space, "tracking": tracking}
        changed = config.model_copy(update=update)
        return prepare(changed, *arguments, **named)

    monkeypatch.setattr(running, "prepare_study", prepare_small)
    monkeypatch.chdir(tmp_path)


def test_the_page_runs_from_its_first_line_to_its_last(
    small: None, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = {"__name__": "page"}
    assert "cv=3" in PAGE
    exec(compile(blocks(PAGE).replace("cv=3", "cv=2"), "docs/python.md", "exec"), names)
    output = capsys.readouterr().out
    assert names["result"].state.started.name == "followed"
    assert re.search(r"^trial 0: [\d.]+$", output, re.M)
    assert "`data.target` must name a column, got 'price'." in output
    assert Path("report.html").is_file() and Path("another-model/model.json").is_file()


def test_the_section_of_the_readme_runs(small: None, capsys: pytest.CaptureFixture[str]) -> None:
    from sklearn.datasets import load_diabetes

    frame = load_diabetes(as_frame=True).frame.rename(columns={"target": "price"})
    section = README.split("\n## From Python\n")[1].split("\n## ")[0]
    names: dict[str, Any] = {"frame": frame, "rows": frame.head(3)}
    exec(compile(blocks(section), "README.md", "exec"), names)
    assert len(names["result"].predict(frame.head(3))) == 3


def test_the_parameters_and_members_of_the_page_are_those_of_the_program() -> None:
    tables = {
        heading: re.findall(r"^\| (`[^|]+) \|", body, re.M)
        for heading, body in re.findall(r"^\| ([^|`]+) \| [^\n]+\n\|---[^\n]+\n((?:\|[^\n]+\n)+)", PAGE, re.M)
    }
    parameters = [name.strip("`") for name in tables["parameter"]]
    assert sorted(parameters) == automl.NeuralClassifier._get_param_names()
    for cell in tables["of the result"]:
        for name in re.findall(r"`(\w+)", cell):
            assert hasattr(automl.StudyResult, name) or name in automl.StudyResult.__dataclass_fields__, name

"""The budget of a study file, and what `search.minutes` means with and without it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from wrong_studies import DATA, Wrong, check_message

from automl.config.budget import BudgetConfig
from automl.config.notes import notes_of
from automl.config.reading import dump_study, load_study, make_study
from automl.config.search import SearchConfig
from automl.config.study import StudyConfig
from automl.config.template import TableFacts, study_template

LIMITED_SEARCH = (
    "`search.minutes: 3` limits the search only. The whole command has no time limit, because `budget.minutes` is "
    "null or left out. Set it to limit search, analysis, refit, baselines, export and MLflow together."
)
NO_LIMIT = (
    "`search.minutes: null` means that the whole command has no time limit, because `budget.minutes` is null or left "
    "out. Set `budget.minutes` for a limit."
)
SHARE = "`search.minutes` limits the search to 3 of the 7.5 minutes in `budget.minutes`."

MINUTES: dict[str, tuple[dict[str, Any], float | None, float | None, tuple[str, ...]]] = {
    "neither": ({}, None, 5.0, ()),
    "budget only": ({"budget": {"minutes": 7.5}}, None, 7.5, ()),
    "no limit": ({"budget": {"minutes": None}}, None, None, ()),
    "search only": ({"search": {"minutes": 3}}, 3.0, None, (LIMITED_SEARCH,)),
    "search only, null": ({"search": {"minutes": None}}, None, None, (NO_LIMIT,)),
    "search, and a budget without minutes": (
        {"search": {"minutes": 3}, "budget": {"stop_after": 2}},
        3.0,
        None,
        (LIMITED_SEARCH,),
    ),
    "both": ({"search": {"minutes": 3}, "budget": {"minutes": 7.5}}, 3.0, 7.5, (SHARE,)),
    "both alike": (
        {"search": {"minutes": 5}, "budget": {"minutes": 5}},
        5.0,
        5.0,
        ("`search.minutes` limits the search to 5 of the 5 minutes in `budget.minutes`.",),
    ),
    "search null, budget set": ({"search": {"minutes": None}, "budget": {"minutes": 2}}, None, 2.0, ()),
    "search set, budget null": (
        {"search": {"minutes": 3}, "budget": {"minutes": None}},
        3.0,
        None,
        (LIMITED_SEARCH,),
    ),
}


@pytest.mark.parametrize(("content", "search", "budget", "notes"), MINUTES.values(), ids=MINUTES)
def test_the_minutes_of_search_and_command(
    tmp_path: Path,
    content: dict[str, Any],
    search: float | None,
    budget: float | None,
    notes: tuple[str, ...],
) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(DATA + yaml.safe_dump(content) if content else DATA)
    from_python = make_study({"name": "study", "data": {"sklearn": "digits"}} | content)
    for study in (load_study(file), from_python):
        assert (study.search.minutes, study.budget.minutes) == (search, budget)
        assert notes_of(study) == notes


@pytest.mark.parametrize("content", [case[0] for case in MINUTES.values()], ids=MINUTES)
def test_a_study_written_anew_has_the_same_limits(tmp_path: Path, content: dict[str, Any]) -> None:
    original = make_study({"name": "study", "data": {"sklearn": "digits"}} | content)
    (tmp_path / "study.yaml").write_text(dump_study(original))
    assert load_study(tmp_path / "study.yaml").model_dump() == original.model_dump()


def test_sections_made_in_python_mean_the_same() -> None:
    data = {"sklearn": "digits"}
    study = StudyConfig.model_validate(
        {"name": "a", "data": data, "search": SearchConfig(minutes=3), "budget": BudgetConfig(stop_after=2)}
    )
    assert study.budget == BudgetConfig(minutes=None, stop_after=2)
    plain = StudyConfig.model_validate({"name": "a", "data": data, "search": SearchConfig(trials=3)})
    assert plain.budget == BudgetConfig(minutes=5.0, stop_at=None, stop_after=None)


WRONG = {
    "negative minutes": Wrong(
        DATA + "budget:\n  minutes: -1\n",
        3,
        "`budget.minutes`",
        "be greater than 0",
        "got -1.",
        "null for no limit.",
    ),
    "no minutes": Wrong(
        DATA + "budget: {minutes: 0}\n",
        2,
        "`budget.minutes`",
        "be greater than 0",
        "got 0.",
        "null for no limit.",
    ),
    "endless minutes": Wrong(
        DATA + "budget: {minutes: .inf}\n",
        2,
        "`budget.minutes`",
        "be a finite number",
        "got inf.",
        "null for no",
    ),
    "true for minutes": Wrong(
        DATA + "budget: {minutes: true}\n", 2, "`budget.minutes`", "be a number", "got True.", "null for no"
    ),
    "a word for minutes": Wrong(
        DATA + "budget: {minutes: five}\n", 2, "`budget.minutes`", "be a number", "got 'five'.", "null for no"
    ),
    "stop at NaN": Wrong(
        DATA + "budget: {stop_at: .nan}\n",
        2,
        "`budget.stop_at`",
        "be a finite number",
        "got nan.",
        "Cross-valid",
    ),
    "stop at infinity": Wrong(
        DATA + "budget: {stop_at: -.inf}\n",
        2,
        "`budget.stop_at`",
        "be a finite number",
        "got -inf.",
        "Cross-valid",
    ),
    "stop after none": Wrong(
        DATA + "budget: {stop_after: 0}\n",
        2,
        "`budget.stop_after`",
        "be greater than or equal to 1",
        "got 0.",
        "Number of trials in a row",
    ),
    "stop after a half": Wrong(
        DATA + "budget: {stop_after: 2.5}\n",
        2,
        "`budget.stop_after`",
        "be a whole number",
        "got 2.5.",
        "in a row",
    ),
    "unknown": Wrong(
        DATA + "budget:\n  minuts: 3\n",
        3,
        "`budget.minuts`",
        "is not a key",
        "",
        "Did you mean `minutes`? Known: minutes, stop_at, stop_after, latency_ms, model_mb.",
    ),
    "a number": Wrong(DATA + "budget: 3\n", 2, "`budget`", "hold `key: value` lines", "got 3.", "How long"),
    "nothing": Wrong(
        DATA + "search: {minutes: 3}\nbudget:\n",
        3,
        "`budget`",
        "hold `key: value` lines",
        "got None.",
        "How long",
    ),
    "a list beside the search's minutes": Wrong(
        DATA + "search: {minutes: 3}\nbudget: [1]\n",
        3,
        "`budget`",
        "hold `key: value` lines",
        "got [1].",
        "How",
    ),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_budget_is_explained(tmp_path: Path, wrong: Wrong) -> None:
    check_message(tmp_path, wrong)


def test_a_search_longer_than_the_command_is_refused_with_both_values_and_the_cure(tmp_path: Path) -> None:
    wrong = Wrong(
        DATA + "budget: {minutes: 2.5}\nsearch:\n  trials: 9\n  minutes: 8\n",
        5,
        "`search.minutes`",
        "must be at most `budget.minutes`, 2.5, got 8.",
        "got 8.",
        "Lower it, or raise `budget.minutes`.",
    )
    check_message(tmp_path, wrong)


def test_the_template_limits_the_whole_command(tmp_path: Path) -> None:
    facts = TableFacts({"sklearn": "digits"}, ("log_loss", "accuracy"), {"depth": {"int": [1, 3]}})
    for minutes in (5.0, None):
        (tmp_path / "study.yaml").write_text(study_template("a", "study.yaml", facts, 50, minutes))
        study = load_study(tmp_path / "study.yaml")
        assert (study.budget.minutes, study.search.minutes, study.search.trials) == (minutes, None, 50)
        assert notes_of(study) == ()


def test_every_key_that_the_template_only_mentions_is_legal_where_it_stands(tmp_path: Path) -> None:
    facts = TableFacts({"sklearn": "digits"}, ("log_loss", "accuracy"), {"depth": {"int": [1, 3]}})
    text = study_template("a", "study.yaml", facts, 50, 5.0)
    keys = "stop_at|stop_after|epochs|batch_size|resamples|seeds|tracking|records"
    shown, count = re.subn(rf"^( *)# ((?:{keys}): )", r"\1\2", text, flags=re.MULTILINE)
    assert count == 8
    (tmp_path / "study.yaml").write_text(shown)
    study = load_study(tmp_path / "study.yaml")
    assert study.budget == BudgetConfig(minutes=5.0, stop_at=0.1, stop_after=20)
    assert (study.tracking.to, study.tracking.register_as) == ("mlflow", "a")
    assert study.records.uri == "postgresql://me:${PASSWORD}@host/studies"
    assert max(map(len, text.splitlines())) <= 120

"""Two studies side by side: in the terminal at every width, as a page, and as JSON."""

import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import pytest
from made_states import STARTED, made_state
from pages import Page, data_of
from paper_trials import completed, failed
from rich.console import Console

from automl.explanation.sides import Side
from automl.explanation.two_studies import TwoStudies, compare_studies
from automl.records import outcomes as record
from automl.records.events import Event, Finished
from automl.report.versus import (
    as_json,
    print_comparison,
    score_lines,
    space_lines,
    study_lines,
    winner_lines,
)
from automl.report.versus_page import comparison_page
from automl.trial import Trial, TrialState

NASTY = "<script>alert('x')</script>[bold]&"
SPACE = {
    "depth": {"fixed": 1},
    "width": {"choice": [8, 16]},
    "learning_rate": {"float": [0.001, 0.01], "step": None, "log": True},
    "activation": {"choice": ["relu", NASTY]},
}
WIDER = SPACE | {
    "depth": {"int": [1, 4], "step": 2, "log": False},
    "dropout": {"float": [0.0, 0.5], "log": False},
}
FACTS = {"algorithm": "random", "seed": "7", "rows": "178", "features": "13"}


def pruned(number: int) -> Trial:
    return dataclasses.replace(completed(number, 9.0), state=TrialState.PRUNED, reason="weak at epoch 4")


def side(folder: Path, letter: str, *trials: Trial, events: tuple[Event, ...] = (), **changes: Any) -> Side:
    fields = {"digests": {"data": "d", "splits": "s"}, "num_folds": 3, "space": SPACE, "facts": FACTS}
    started = dataclasses.replace(STARTED, **(fields | changes))
    return Side(letter, f"{NASTY}-{letter}", made_state(folder / letter, trials, *events, started=started))


@pytest.fixture
def comparison(tmp_path: Path) -> TwoStudies:
    """A has one trial; B four, of which one ended early and one failed, and has read the test rows."""
    weak = completed(0, 0.5, 0.6, 0.55, width=8, activation=NASTY, bias=True)
    strong = completed(2, 0.25, 0.45, 0.35, capacity=98765, width=16, activation=NASTY, rate=1e-5)
    read = record.TestReadingDone(2, "rows", {"log_loss": 0.4}, (0.4, 0.3, 0.5))
    verdict = record.VerdictReached(2, corrected=(0.36, 0.2, 0.5))
    first = side(tmp_path, "A", weak, events=(Finished("finished", 600.0),))
    end = (read, verdict, Finished("finished", 9000.0))
    second = side(
        tmp_path, "B", strong, completed(1, 1.0, 1.0, 1.0), pruned(3), failed(4), events=end, space=WIDER
    )
    return compare_studies(first, second)


def printed(comparison: TwoStudies, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    print_comparison(console, comparison)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_trials_time_and_search_stand_side_by_side(comparison: TwoStudies) -> None:
    lines = {line.name: (line.first, line.second) for line in study_lines(comparison)}
    assert lines["trials"] == ("1", "4, of these 1 ended early, 1 failed")
    assert lines["wall time"] == ("10 min", "2.5 h")
    assert lines["winner"] == ("trial 0", "trial 2")
    assert lines["seed"] == ("7", "7")


def test_scores_stand_with_their_difference_where_there_is_one(comparison: TwoStudies) -> None:
    chosen, corrected, test = score_lines(comparison)
    assert (chosen.first, chosen.second) == ("0.55 ± 0.046", "0.35 ± 0.091")
    # differences −0.25, −0.15, −0.2: 0.05 √(1/3 + 1/2), times 4.3027 for two degrees of freedom
    assert chosen.difference == "−0.2 (−0.396 to −0.00361), paired by fold"
    assert (corrected.first, corrected.second, corrected.difference) == ("–", "0.36 (0.2 to 0.5)", "")
    assert (test.first, test.second, test.difference) == ("–", "0.4 (0.3 to 0.5)", "")


def test_winners_have_all_hyperparameters_of_either(comparison: TwoStudies) -> None:
    lines = {line.name: (line.first, line.second) for line in winner_lines(comparison)}
    assert lines["weights"] == ("1,234", "98,765")
    assert lines["bias"] == ("true", "–")
    assert lines["rate"] == ("–", "1e−5")


def test_only_ranges_that_differ_are_shown(comparison: TwoStudies) -> None:
    assert [(line.name, line.first, line.second) for line in space_lines(comparison)] == [
        ("depth", "fixed 1", "1 to 4, steps of 2"),
        ("dropout", "not in the space", "0 to 0.5"),
    ]


def test_ranges_of_a_builder_are_those_of_its_numbers(tmp_path: Path) -> None:
    first = side(tmp_path, "A", completed(0, 1.0, 2.0), space={}, bounds={"units": (1, 8, False)})
    second = side(tmp_path, "B", completed(0, 1.0, 2.0), space={}, bounds={"units": (1, 9, True)})
    [line] = space_lines(compare_studies(first, second))
    assert (line.first, line.second) == ("1 to 8", "1 to 9, log")


@pytest.mark.parametrize("width", [40, 72, 100, 160, 400])
def test_the_verdict_is_the_first_line_and_nothing_is_lost_at_any_width(
    comparison: TwoStudies, width: int
) -> None:
    text = printed(comparison, width)
    assert " ".join(text.split()).startswith(comparison.verdict.split(NASTY)[0].strip())
    for words in (
        "98,765",
        "0.36",
        "−0.396",
        "2.5 h",
        "not in the",
        "1e−5",
        "seed 7",
    ):
        assert words in " ".join(text.split()), words
    assert "[bold]" in text, "text of the user is no markup"
    assert all(len(line) <= width for line in text.splitlines())


def test_what_both_have_in_common_is_said_once(comparison: TwoStudies) -> None:
    text = printed(comparison, 160)
    assert "search random, seed 7, folds 3" in text and text.count("seed 7") == 1


def test_the_page_needs_nothing_and_nothing_in_it_is_harmful(comparison: TwoStudies) -> None:
    text = comparison_page(comparison)
    page = Page(text)
    assert "<script>alert" not in text
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    words = page.words
    assert words.index("is significantly better than") < words.index("cross-validation")
    assert "B's winner is better in 3 of 3 folds; lower is better." in words
    assert {"Answer", "The winners", "The winners fold by fold", "The studies", "Ranges that differ"} <= set(
        page.headings
    )
    dots = data_of(page.chart("Scores on the validation rows"), "point")
    assert [(row["kind"], row["fold"], row["y"]) for row in dots] == [
        *(("A", fold, score) for fold, score in enumerate((0.5, 0.6, 0.55), start=1)),
        *(("B", fold, score) for fold, score in enumerate((0.25, 0.45, 0.35), start=1)),
    ]


def test_winners_on_other_folds_are_not_drawn_fold_by_fold(comparison: TwoStudies) -> None:
    page = Page(comparison_page(dataclasses.replace(comparison, same_folds=False)))
    assert "The winners fold by fold" not in page.headings and page.charts == []


def test_a_larger_score_that_is_better_is_counted_so(tmp_path: Path) -> None:
    sides = [
        side(tmp_path, letter, completed(0, *scores), direction="max")
        for letter, scores in (("A", (0.5, 0.5, 0.5)), ("B", (0.75, 0.25, 0.5)))
    ]
    assert "better in 1 of 3 folds; higher is better" in Page(comparison_page(compare_studies(*sides))).words


def test_json_has_what_the_terminal_says(comparison: TwoStudies) -> None:
    content = json.loads(as_json(comparison))
    assert content["verdict"] == comparison.verdict
    assert content["better"] == "B"
    assert content["difference"]["chosen"]["value"] == pytest.approx(-0.2)
    assert content["difference"]["corrected"] is None
    assert content["B"]["winner"]["corrected"] == {"value": 0.36, "low": 0.2, "high": 0.5}
    assert (content["B"]["trials"], content["B"]["ended_early"], content["B"]["failed"]) == (4, 1, 1)
    assert content["A"]["winner"]["test"] is None
    assert set(content["spaces"]) == {"depth", "dropout"}


def test_json_has_null_for_what_is_not_a_number(tmp_path: Path) -> None:
    sides = [side(tmp_path, letter, completed(0, 0.5)) for letter in "AB"]
    content = json.loads(as_json(compare_studies(*sides)), parse_constant=lambda name: pytest.fail(name))
    assert content["A"]["seconds"] is None
    assert content["A"]["winner"]["standard_error"] is None

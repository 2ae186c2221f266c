"""`automl.fit`: a study of a DataFrame or a file in one call, and what its result gives."""

import html
import re
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

import automl
from automl.errors import DataError, RecordError, StudyFileError
from automl.python.content import study_content
from automl.python.fitting import as_frame
from automl.report.notebook import Sentences
from automl.serving.scoring import Scorer

RANDOM = numpy.random.default_rng(3)
FRAME = pandas.DataFrame(
    {
        "size": RANDOM.normal(50.0, 10.0, 90),
        "color": RANDOM.choice(["red", "blue"], 90),
    }
)
FRAME["price"] = 3.0 * FRAME["size"] + 10.0 * (FRAME["color"] == "red")
TINY: dict[str, Any] = {
    "splits": {"folds": 2},
    "space": {"depth": 1, "width": {"choice": [4, 8]}},
    "search": {"trials": 2, "algorithm": "grid"},
    "training": {"epochs": 3},
    "tracking": {"to": "none"},
    "baselines": False,
    "bias_variance": {"resamples": 0},
}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> automl.StudyResult:
    folder = tmp_path_factory.mktemp("mlruns")
    return automl.fit(FRAME, target="price", minutes=3, config=TINY, mlruns=folder, quiet=True)


def test_the_result_says_what_the_terminal_and_the_report_say(result: automl.StudyResult) -> None:
    assert str(result.verdict) == result.explanation.answer[0] == result.explain()[0]
    assert f"trial {result.best.number}" in " ".join(result.explain())
    assert result.report().read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_arguments_reach_the_study(result: automl.StudyResult) -> None:
    study = automl.load_study(result.folder / "study.yaml")
    assert (study.name, study.data.target, study.budget.minutes) == ("price", "price", 3)
    assert study.search.trials == 2


def test_the_leaderboard_has_a_row_per_trial_the_best_first(result: automl.StudyResult) -> None:
    table = result.leaderboard()
    assert table["trial"].tolist()[0] == result.best.number
    assert table["rmse"].tolist() == sorted(table["rmse"])
    assert set(table["width"]) == {4, 8}


def test_rows_are_predicted_as_the_exported_model_predicts_them(result: automl.StudyResult) -> None:
    table = result.predict(FRAME)
    pandas.testing.assert_frame_equal(table, Scorer(result.model).predict(FRAME))
    row = FRAME.iloc[7].to_dict()
    for rows in (row, [row]):
        assert result.predict(rows)["prediction"].tolist() == pytest.approx([table["prediction"][7]])


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (FRAME[["size"]], r"must have the columns \['color'\]"),
        (numpy.zeros((2, 2)), "must be a pandas DataFrame, .*got ndarray"),
        ("rows.csv", "got str"),
    ],
)
def test_rows_that_cannot_be_predicted_are_refused_in_words(
    result: automl.StudyResult, rows: Any, says: str
) -> None:
    with pytest.raises(DataError, match=says):
        result.predict(rows)


def test_one_trial_is_explained_by_its_number(result: automl.StudyResult) -> None:
    assert str(result.explain(1)).startswith("Trial 1 ")
    with pytest.raises(RecordError):
        result.explain(99)


def test_the_report_is_copied_where_it_is_asked_for(result: automl.StudyResult, tmp_path: Path) -> None:
    page = result.report(tmp_path / "page.html")
    assert page.read_bytes() == result.report().read_bytes()
    with pytest.raises(RecordError, match="cannot be written"):
        result.report(tmp_path / "nowhere" / "page.html")


def test_a_notebook_shows_the_verdict_the_scores_and_the_best_trials(result: automl.StudyResult) -> None:
    page = result._repr_html_()
    page = page.replace("<code>", "`").replace("</code>", "`")
    texts = [text.strip() for text in re.findall(r">([^<]+)<", page) if text.strip()]
    assert html.unescape(texts[0]) == str(result.verdict)
    assert all(name in html.unescape(str(texts)) for name, _ in result.verdict.rows)
    shown = [row for row in re.findall(r"<tr>(.*?)</tr>", page, re.S) if "<td" in row][-2:]
    trials = [re.findall(r"<td[^>]*>([^<]*)<", row)[0] for row in shown]
    assert trials == [str(number) for number in result.leaderboard()["trial"]]
    assert "<script" not in page


def test_sentences_are_printed_a_line_each_and_are_harmless_as_html() -> None:
    sentences = Sentences(["a <b>", "`c`"])
    assert (str(sentences), repr(sentences)) == ("a <b>\n`c`",) * 2
    assert sentences._repr_html_() == "<ul><li>a &lt;b&gt;</li><li><code>c</code></li></ul>"


def test_a_file_is_read_as_a_study_reads_it(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "houses.csv", sep=";", index=False)
    config = TINY | {"data": {"separator": ";"}, "search": {"trials": 1}, "name": "houses"}
    result = automl.fit(tmp_path / "houses.csv", "price", config=config, mlruns=tmp_path, quiet=True)
    assert result.state.started.name == "houses"
    assert result.state.started.facts["rows"] == "90"


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        (
            {"table": FRAME.to_numpy()},
            DataError,
            "`table` must be a pandas DataFrame or the path of a file, got nd",
        ),
        (
            {"target": "prize"},
            DataError,
            r"`data.target` must name a column, got 'prize'. Did you mean `price`\?",
        ),
        ({"target": None}, StudyFileError, "`data` must name its `target`"),
        (
            {"minutes": -1},
            StudyFileError,
            "`budget.minutes` must be greater than 0, got -1. Time limit of the whole",
        ),
        (
            {"minutes": 1, "config": {"budget": {"minutes": 2}}},
            StudyFileError,
            "must be the same as `minutes=1`",
        ),
        (
            {"config": {"serch": {}}},
            StudyFileError,
            r"`serch` is not a key of a study file. Did you mean `search`\?",
        ),
        (
            {"config": {"search": {"trials": "ten"}}},
            StudyFileError,
            "`search.trials` must be a whole number, got 'ten'",
        ),
        ({"config": {"data": {"path": "x.csv"}}}, StudyFileError, "must name exactly one of"),
        ({"config": {"data": []}}, StudyFileError, "`data` must hold `key: value` lines"),
        (
            {"config": ["search"]},
            StudyFileError,
            "`config` must be a dictionary with the keys of a study file",
        ),
        ({"table": "missing.csv"}, DataError, "missing.csv"),
    ],
)
def test_what_is_wrong_is_said_as_clearly_as_on_the_command_line(
    tmp_path: Path, arguments: dict[str, Any], kind: type[Exception], says: str
) -> None:
    call = {"table": FRAME, "target": "price", "mlruns": tmp_path, "quiet": True} | arguments
    with pytest.raises(kind, match=says):
        automl.fit(**call)
    assert not list(tmp_path.iterdir())


def test_a_configuration_is_not_changed_by_a_call() -> None:
    config = {"data": {"columns": {"a": "numeric"}}}
    content = study_content(
        config, {"target": (("data", "target"), "y"), "minutes": (("budget", "minutes"), None)}
    )
    assert content == {"data": {"columns": {"a": "numeric"}, "target": "y"}}
    assert config == {"data": {"columns": {"a": "numeric"}}}


def test_tables_of_other_libraries_are_converted_by_themselves() -> None:
    class Convertible:
        def to_pandas(self) -> pandas.DataFrame:
            return FRAME

    assert as_frame(Convertible()) is FRAME

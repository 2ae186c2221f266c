"""`automl predict` on text files: a cell is read as in training, whatever stands in the other rows of its file."""

import io
import json
from pathlib import Path
from typing import Any

import pandas
import pytest
from click.testing import CliRunner

from automl.cli import cli
from automl.config.reading import make_study
from automl.data.folds import Fold
from automl.export.saved_model import ModelCard, save_model
from automl.study.preparation import prepare_study
from automl.training.network import Network
from automl.trial import Member, Trial, TrialState

LEVELS: dict[str, list[str]] = {
    "code": ["007", "7", "A1", "070", "1E5", ""],  # text, for not all are numbers
    "zip": ["007", "7", "070", "12", "700", ""],  # declared, and text for its zeros
    "floor": ["1", "2", "3", "10", "-1", ""],  # declared, and numbers
    "open": ["true", "false", "true", "false", "", "true"],  # truth values
    "word": ["true", "false", "maybe", "1", "1.0", "NaN"],  # text
    "day": ["31/12/2023", "1/2/2024", "2/3/2024", "29/02/2024", "5/6/1999", ""],
    "time": [
        "2024-03-01T10:00:00+02:00",
        "2024-03-01T10:00:00Z",
        "2024-03-01",
        "1999-01-01",
        "",
        "2020-02-29",
    ],
    "size": ["1.5", "2", "", "4", "5", "1e3"],
}
CELLS = {"code": "text", "zip": "text", "floor": "number", "open": "boolean", "word": "text"}
ROWS = 60


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with random weights of a CSV file with these levels, each in ten rows."""
    folder = tmp_path_factory.mktemp("codes")
    table = {name: [levels[(row + row // 6) % 6] for row in range(ROWS)] for name, levels in LEVELS.items()}
    pandas.DataFrame(table | {"y": ["no", "yes"] * (ROWS // 2)}).to_csv(folder / "table.csv", index=False)
    columns = {"zip": "categorical", "floor": "categorical"}
    data = {"path": str(folder / "table.csv"), "target": "y", "columns": columns}
    space = {"depth": 1, "width": 16, "activation": "tanh"}
    prepared = prepare_study(make_study({"name": "m", "data": data, "space": space}))
    values, rows = prepared.space.initial(), prepared.splits.training
    view = prepared.plan.view(Member(0, -1, values, 0), Fold(rows, rows[:0], rows[:0]))
    network = Network(prepared.builder.build(values, seed=3), view.scalings, prepared.dataset.task)
    card = ModelCard("m", Trial(0, values, TrialState.COMPLETE), 3, 60, {})
    save_model(network, prepared.dataset, card, folder / "model")
    return folder / "model"


def predict(model: Path, rows: dict[str, list[str]]) -> list[float]:
    """The chances that the command gives for a CSV file of these cells."""
    pandas.DataFrame(rows).to_csv(model.parent / "rows.csv", index=False)
    done = CliRunner().invoke(cli, ["predict", str(model), str(model.parent / "rows.csv")])
    assert done.exit_code == 0, done.output
    chances: list[float] = pandas.read_csv(io.StringIO(done.stdout))["probability_yes"].tolist()
    return chances


def test_the_model_knows_what_the_cells_of_its_columns_are(model: Path) -> None:
    columns = json.loads((model / "model.json").read_text())["columns"]
    assert {name: column["cells"] for name, column in columns.items() if "cells" in column} == CELLS
    assert columns["day"] == {"kind": "date", "form": "british"}
    assert columns["time"]["kind"] == "date" and columns["size"] == {"kind": "numeric"}


def test_a_row_is_the_same_in_any_company(model: Path) -> None:
    """Alone in its file, 007 looks like a number to pandas, and 1/2/2024 like an American date."""
    together = predict(model, LEVELS)
    assert len({round(chance, 5) for chance in together}) == 6
    for row in range(6):
        alone = predict(model, {name: [levels[row]] for name, levels in LEVELS.items()})
        assert alone == pytest.approx([together[row]], abs=1e-6)


@pytest.mark.parametrize(
    ("column", "texts", "equal"),
    [
        ("code", ["007", "7"], False),
        ("zip", ["007", "7"], False),
        ("zip", ["007", " 007 "], True),
        ("floor", ["1", "1.0"], True),
        ("floor", ["1", "001"], False),
        ("open", ["true", "TRUE"], True),
        ("open", ["true", "false"], False),
        ("word", ["1", "1.0"], False),
        ("word", ["true", "True"], False),
        ("time", ["2024-03-01T10:00:00+02:00", "2024-03-01T08:00:00Z"], True),
        ("time", ["2024-03-01T10:00:00+02:00", "2024-03-01T10:00:00Z"], False),
    ],
)
def test_which_texts_are_the_same_cell(model: Path, column: str, texts: list[str], equal: bool) -> None:
    other_cells = {name: [levels[0]] * 2 for name, levels in LEVELS.items()}
    first, second = predict(model, other_cells | {column: texts})
    assert (first == pytest.approx(second, abs=1e-6)) == equal


@pytest.mark.parametrize(
    ("column", "cell", "text"), [("floor", 1, "1"), ("floor", 1.0, "1"), ("open", True, "true")]
)
def test_cells_of_other_types_are_those_texts(model: Path, column: str, cell: Any, text: str) -> None:
    from automl.serving.scoring import Scorer

    rows = pandas.DataFrame({name: [levels[0]] for name, levels in LEVELS.items()})
    answer, expected = (Scorer(model).predict(rows.assign(**{column: cells})) for cells in (cell, text))
    pandas.testing.assert_frame_equal(answer, expected)

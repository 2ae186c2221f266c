"""The note on the page of a logged model: a program that runs, and the card."""

import ast
import json
from pathlib import Path

import numpy
import pandas
import pytest

from automl.tracking.mlflow.model_note import LONGEST_NOTE, model_note
from automl.tracking.model import ExportedModel, read_model, write_example
from automl.trial import Task

NASTY = ("<b>größe</b>", 'the "quoted" name', "🏠 | price", "مساحة", "two\nlines")


def exported(folder: Path, example: pandas.DataFrame, card: str = "# wine: trial 3\n") -> ExportedModel:
    (folder / "model").mkdir()
    (folder / "model" / "model_card.md").write_text(card, encoding="utf-8")
    (folder / "model" / "model.json").write_text(json.dumps({"task": "regression", "classes": []}))
    write_example(folder, example)
    model = read_model(folder)
    assert model is not None and model.task is Task.REGRESSION
    return model


def program_of(note: str) -> str:
    return note.partition("```python\n")[2].partition("```")[0]


def test_the_program_holds_the_first_row_under_any_names(tmp_path: Path) -> None:
    cells = [1.5, "a'b", numpy.nan, True, numpy.int64(7)]
    frame = pandas.DataFrame({name: [cell] for name, cell in zip(NASTY, cells, strict=True)})
    program = program_of(model_note("m-1", exported(tmp_path, frame)))
    assert 'load_model("models:/m-1")' in program
    rows = [node for node in ast.walk(ast.parse(program)) if isinstance(node, ast.List)]
    assert ast.literal_eval(rows[0]) == [dict(zip(NASTY, [1.5, "a'b", None, True, 7], strict=True))]


def test_a_row_of_very_many_columns_is_read_and_not_written(tmp_path: Path) -> None:
    frame = pandas.DataFrame({f"column {number}": [0.5] for number in range(2000)})
    note = model_note("m-1", exported(tmp_path, frame, "long " * 5000))
    assert "model.input_example" in program_of(note)
    assert len(note) == LONGEST_NOTE and note.endswith("…")


@pytest.mark.parametrize("card", ["# wine: trial 3\n\n| input column | kind |\n", ""])
def test_the_card_follows(tmp_path: Path, card: str) -> None:
    note = model_note("m-1", exported(tmp_path, pandas.DataFrame({"a": [1.0]}), card))
    assert note.endswith(card.strip() or "```")

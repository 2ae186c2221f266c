"""The note on the page of a logged model, in Markdown: how to ask it, and its card. Needs no MLflow."""

from typing import Any

import pandas

from automl.tracking.model import ExportedModel, read_card

LONGEST_NOTE = 5000
"""Characters that every MLflow 3 takes."""

_MOST_COLUMNS = 12
"""In a row that is written out."""


def model_note(identifier: str, model: ExportedModel) -> str:
    """What people should know of a logged model.

    Args:
        identifier: MLflow's name for the model.
        model: The model, with rows that show what it takes.
    """
    note = "\n\n".join([_usage(identifier, model.example), read_card(model.folder)]).strip()
    return note if len(note) <= LONGEST_NOTE else f"{note[: LONGEST_NOTE - 1]}…"


def _usage(identifier: str, example: pandas.DataFrame) -> str:
    """A program that asks the model about a row; of many columns it reads the rows that lie beside the model."""
    imports, rows = ["import mlflow"], "model.input_example"
    if example.shape[1] <= _MOST_COLUMNS and len(example):
        row = {str(name): _cell(example[name].iloc[0]) for name in example.columns}
        imports, rows = [*imports, "import pandas"], f"pandas.DataFrame([{row!r}])"
    lines = [*imports, f'model = mlflow.pyfunc.load_model("models:/{identifier}")', f"rows = {rows}"]
    lines.append("model.predict(rows)")
    return "\n".join(["```python", *lines, "```"])


def _cell(value: Any) -> Any:
    """A cell as a literal of Python."""
    if pandas.api.types.is_scalar(value) and pandas.isna(value):
        return None
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, bool | int | float | str) else str(value)

"""The process of a model: `python -m automl.service.predicting FOLDER`, started by a server.

It reads requests from standard input, each a line of JSON and so many bytes, and answers likewise. It ends with the
pipe.
"""

import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

import pandas

from automl.errors import AutoMLError, DataError
from automl.quiet import quiet_start
from automl.serving.scoring import Scorer
from automl.study.predicting import as_csv, read_contract, read_rows


def main() -> None:
    """Answer until the pipe closes."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else prints
    model = Path(sys.argv[1])
    contract = read_contract(model)
    with quiet_start():
        scorer = Scorer(model)
    requests = sys.stdin.buffer
    while line := requests.readline():
        head = json.loads(line)
        answer, body = answered(scorer, contract, head, requests.read(head["size"]))
        answers.write(json.dumps({**answer, "size": len(body)}).encode() + b"\n" + body)
        answers.flush()


def answered(
    scorer: Scorer, contract: dict[str, Any], head: dict[str, Any], body: bytes
) -> tuple[dict[str, Any], bytes]:
    """Predictions for the rows of a request; or what is wrong with them.

    Args:
        scorer: The model.
        contract: What it says of its columns.
        head: `format` of the rows and `answer` of the predictions, each csv or json.
        body: The rows.
    """
    try:
        table = _from_csv(contract, body) if head["format"] == "csv" else _from_json(contract, body)
        predictions = scorer.predict(table)
        ignored = [name for name in scorer.unknown(table) if name != contract["target"]]
    except (AutoMLError, ValueError, TypeError, OverflowError) as error:
        return {"error": str(error) or type(error).__name__}, b""
    out = io.BytesIO()
    if head["answer"] == "csv":
        out.write(as_csv(predictions).encode())
    else:
        rows = predictions.astype(object).where(predictions.notna(), None).to_dict("records")
        out.write(json.dumps(rows, default=_plain).encode())
    return {"ignored": ignored}, out.getvalue()


def _from_csv(contract: dict[str, Any], body: bytes) -> pandas.DataFrame:
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        _fill(file, body)
        try:
            return read_rows(contract, Path(file.name), {})
        except DataError as error:
            raise DataError(str(error).replace(file.name, "the table")) from None


def _fill(file: IO[bytes], body: bytes) -> None:
    file.write(body)
    file.flush()


def _from_json(contract: dict[str, Any], body: bytes) -> pandas.DataFrame:
    rows = json.loads(body)["rows"]
    table = pandas.DataFrame(rows, columns=None if rows else list(contract["columns"]))
    nested = [
        name for name in table.columns if table[name].map(lambda cell: isinstance(cell, dict | list)).any()
    ]
    if nested:
        raise DataError(
            f"the column {str(nested[0])!r} must hold one value per cell, got several. Flatten it."
        )
    return table


def _plain(value: Any) -> Any:
    return value.item()


if __name__ == "__main__":
    main()

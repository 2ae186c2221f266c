"""Wrong study files, each with what its message must say."""

from pathlib import Path
from typing import NamedTuple

import pytest

from automl.config.reading import load_study
from automl.errors import StudyFileError

DATA = "data: {sklearn: digits}\n"


class Wrong(NamedTuple):
    """A study file and what its message must hold."""

    text: str
    line: int
    key: str
    must: str
    got: str
    cure: str


def check_message(folder: Path, wrong: Wrong) -> None:
    """Load the file and compare the message."""
    file = folder / "study.yaml"
    file.write_text(wrong.text, encoding="utf-8")
    with pytest.raises(StudyFileError) as caught:
        load_study(file)
    message = str(caught.value)
    assert message.startswith(f"{file}:{wrong.line}: "), message
    for part in (wrong.key, wrong.must, wrong.got, wrong.cure):
        assert part in message
    assert "\n" not in message
    assert message.endswith((".", "?", "`")), "an unfinished sentence"
    assert "pydantic" not in message
    assert "Input should" not in message

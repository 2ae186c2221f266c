"""Loads builders from a file."""

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from user_builders import WHERE

from automl.networks.custom import load_function


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Any]:
    def load(text: str, reference: str = "net.py:build") -> Any:
        (tmp_path / "net.py").write_text(textwrap.dedent(text), encoding="utf-8")
        return load_function(reference, tmp_path, WHERE)

    return load

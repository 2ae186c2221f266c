"""Loads builders from a file, and tries them in processes that need not load Keras."""

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import forked
import pytest
from user_builders import WHERE

from automl.networks.custom import load_function


@pytest.fixture(scope="module", autouse=True)
def processes_are_forked() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("automl.networks.child.subprocess", forked.standing_in())
        yield


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Any]:
    def load(text: str, reference: str = "net.py:build") -> Any:
        (tmp_path / "net.py").write_text(textwrap.dedent(text), encoding="utf-8")
        return load_function(reference, tmp_path, WHERE)

    return load

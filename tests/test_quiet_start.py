"""What native libraries write while they load is held back, and given out where loading fails."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import contextlib, os, sys
{before}
from automl.quiet import quiet_start
try:
    with quiet_start():
        with quiet_start(), contextlib.suppress(OSError):
            os.write(2, b"noise of a library")
        {then}
except ValueError:
    pass
print("done")
"""


def run(before: str = "", then: str = "pass", **environment: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    env |= {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment}
    code = PROGRAM.format(before=before, then=then)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        ({}, ""),
        ({"TF_CPP_MIN_LOG_LEVEL": "3"}, ""),
        ({"TF_CPP_MIN_LOG_LEVEL": "0"}, "noise of a library"),
        ({"before": "os.close(2); sys.stderr = None", "then": "raise ValueError"}, None),
        ({"before": "sys.stderr = None"}, ""),
    ],
)
def test_noise_is_held_back_unless_it_is_asked_for(arguments: dict[str, str], output: str | None) -> None:
    ran = run(**arguments)
    assert ran.stdout == "done\n"
    assert output is None or ran.stderr == output


def test_noise_is_given_out_where_loading_fails() -> None:
    failing = run(then="os.write(2, b'why it fails'); raise ValueError")
    assert failing.stderr == "why it fails"

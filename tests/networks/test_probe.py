"""Builders that hang, exit or crash do so in a process of their own, and the study goes on with the reason."""

import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from user_builders import SCOPED, WHERE, fixed

from automl.errors import NetworkError
from automl.networks import probe as probes
from automl.networks.child import Attempt, Child
from automl.networks.custom import CustomBuilder, check_network, discover_space, load_function
from automl.networks.loading import BuilderFailure
from automl.networks.probe import BuilderProbe
from automl.search.space.keras_tuner import to_keras_tuner
from automl.search.space.space import Space
from automl.trial import Task

BUILDER = """
import ctypes, os, re, sys
import keras
import sizes

class Exits(keras.Model):
    def call(self, rows):
        os._exit(rows.shape[1])

def build(hp):
    what = hp.Choice("what", ["fine", "exits later"])
    if what == "raises":
        raise ValueError("units must be even\\nreally")
    if what == "sys.exit":
        sys.exit(0)
    if what == "asks":
        input("how many units?")
    if what == "prints":
        print("x" * 10_000_000)
    if what == "says where":
        raise ValueError(os.environ["CUDA_VISIBLE_DEVICES"])
    if what == "interrupts":
        raise KeyboardInterrupt
    if what == "exits":
        os._exit(3)
    if what == "crashes":
        ctypes.string_at(0)
    if what == "hangs":
        re.match(r"(a+)+$", "a" * 60 + "b")
    if what == "exits later":
        return Exits()
    return keras.Sequential([keras.Input((64,)), keras.layers.Dense(sizes.UNITS)])
"""
METRIC = """
import ctypes, re

def measure(targets):
    if len(targets) == 1:
        ctypes.string_at(0)
    if len(targets) == 2:
        re.match(r"(a+)+$", "a" * 60 + "b")
    return 0.0
"""
HANGS_AT_ONCE = """
from pathlib import Path
Path(__file__).with_suffix(".begun").touch()
while True:
    print("again" * 1000)
"""
CRASHES, HANGS = "ctypes.string_at(0)", 're.match(r"(a+)+$", "a" * 60 + "b")'
WITHOUT_KERAS = "objective"
"""The key of a metric, whose process loads no Keras: for what depends on the process and not on the network."""


def line_of(statement: str, file: str = BUILDER) -> int:
    return next(number for number, text in enumerate(file.splitlines(), start=1) if text.strip() == statement)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("builders")
    (folder / "net.py").write_text(BUILDER)
    (folder / "scoped.py").write_text(textwrap.dedent(SCOPED))
    (folder / "metric.py").write_text(METRIC)
    (folder / "sizes.py").write_text("UNITS = 3\n")
    (folder / "exits.py").write_text("import os\nos._exit(0)\n")
    (folder / "hangs.py").write_text(HANGS_AT_ONCE)
    return folder


@pytest.fixture(scope="module")
def probe(folder: Path) -> Iterator[BuilderProbe]:
    """One for all tests that its process survives, and for those that it does not."""
    with BuilderProbe("net.py:build", folder) as probe:
        yield probe


@pytest.mark.parametrize(
    ("behavior", "reason"),
    [
        ("fine", ""),
        ("prints", ""),
        ("raises", "raises ValueError: units must be even"),
        ("sys.exit", "raises SystemExit: 0"),
        ("asks", "raises EOFError: EOF when reading a line"),
        ("says where", "raises ValueError: -1"),
    ],
)
def test_what_goes_wrong_in_python_is_said_in_one_line(
    probe: BuilderProbe, behavior: str, reason: str
) -> None:
    assert probe.build({"what": behavior}) == reason
    assert probe.attempt(to_keras_tuner(fixed(what=behavior))) == Attempt(reason, fatal=False), (
        "the study's own process may try it"
    )


@pytest.mark.parametrize(
    ("behavior", "reason", "seconds"),
    [
        ("exits", "ended the process with status 3", 60.0),
        pytest.param(
            "crashes",
            f"ended the process by signal 11 (net.py, line {line_of(CRASHES)})",
            60.0,
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "hangs",
            f"does not return within 3 seconds (net.py, line {line_of(HANGS)})",
            3.0,
            marks=pytest.mark.slow,
        ),
    ],
)
def test_what_would_end_or_stop_the_study_is_said_once_and_the_next_network_is_built(
    probe: BuilderProbe, behavior: str, reason: str, seconds: float
) -> None:
    assert probe.load() == Attempt()
    child = probe._child
    assert child is not None and child.runs
    for _ in range(2):
        assert probe.build({"what": behavior}, seconds) == reason
        assert probe._child is child and not child.runs, "it is not tried again"


@pytest.mark.parametrize(
    ("targets", "reason"),
    [
        ([1], f"ended the process by signal 11 (metric.py, line {line_of(CRASHES, METRIC)})"),
        ([1, 2], f"does not return within 3 seconds (metric.py, line {line_of(HANGS, METRIC)})"),
    ],
    ids=["crashes", "hangs"],
)
def test_what_crashes_or_hangs_is_said_with_its_line_and_the_next_is_tried_in_another_process(
    folder: Path, targets: list[int], reason: str
) -> None:
    with BuilderProbe("metric.py:measure", folder, 3.0, WITHOUT_KERAS) as probe:
        assert probe.measure(targets) == Attempt(reason, fatal=True)
        assert probe._child is not None and not probe._child.runs
        assert probe.measure([1, 2, 3]) == Attempt()


def test_a_trial_on_which_the_builder_ends_the_process_is_an_ordinary_exception(
    folder: Path, probe: BuilderProbe
) -> None:
    function = load_function("net.py:build", folder, WHERE, probe)
    builder = CustomBuilder(function, Space())
    assert builder.probe is probe
    with pytest.raises(BuilderFailure) as caught:
        builder.build({"what": "exits"}, seed=1)
    assert str(caught.value) == "the network builder ended the process with status 3"
    with pytest.raises(BuilderFailure, match=r"^the network builder raises KeyboardInterrupt"):
        builder.build({"what": "interrupts"}, seed=1)
    with pytest.raises(ValueError, match="units must be even"):
        builder.build({"what": "raises"}, seed=1)
    assert builder.build({"what": "fine"}, seed=1).output_shape == (None, 3)


def test_a_space_in_which_the_builder_ends_the_process_is_refused(folder: Path, probe: BuilderProbe) -> None:
    function = load_function("net.py:build", folder, WHERE, probe)
    fixed_values = fixed(what="exits")
    with pytest.raises(NetworkError) as caught:
        discover_space(function, fixed_values, WHERE)
    assert str(caught.value) == f"{WHERE}: the network builder ended the process with status 3."


def test_a_network_that_ends_the_process_when_it_is_fed_is_refused(folder: Path, probe: BuilderProbe) -> None:
    function = load_function("net.py:build", folder, WHERE, probe)
    fixed_values = fixed(what="exits later")
    space = discover_space(function, fixed_values, WHERE)
    with pytest.raises(NetworkError, match=r"^the network builder ended the process with status 64\.$"):
        check_network(CustomBuilder(function, space), space, (64, 1), Task.REGRESSION)


@pytest.mark.parametrize(
    ("name", "reason", "seconds"),
    [
        ("exits.py", "ended the process with status 0", 60.0),
        ("hangs.py", "does not return within 3 seconds (hangs.py, line 5)", 3.0),
    ],
)
def test_a_file_that_does_not_let_itself_be_imported_is_refused(
    folder: Path, name: str, reason: str, seconds: float
) -> None:
    reference = f"{name}:build"
    with (
        BuilderProbe(reference, folder, seconds, WITHOUT_KERAS) as probe,
        pytest.raises(NetworkError) as caught,
    ):
        load_function(reference, folder, WHERE, probe)
    assert str(caught.value) == f"{WHERE}: {folder / name} cannot be imported: it {reason}."


def test_the_process_sees_what_the_study_file_fixes_and_its_scopes(folder: Path) -> None:
    with BuilderProbe("scoped.py:build", folder) as probe:
        function = load_function("scoped.py:build", folder, WHERE, probe)
        fixed_values = fixed(filters=2)
        space = discover_space(function, fixed_values, WHERE)
        builder = CustomBuilder(function, space)
        check_network(builder, space, (64, 10), Task.MULTICLASS)
        values = {"kind": "convolution", "filters": 2, "pool": "max", "size": 3}
        assert probe.attempt(to_keras_tuner(space, values)) == Attempt()
        assert builder.build(values, seed=1).count_params() == 9 * 2 + 2 + 2 * 10 + 10


def test_no_process_is_started_before_it_is_needed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "Child", None)
    with BuilderProbe("net.py:build", folder) as probe:
        probe.feed(3)
        probe.close()
    with pytest.raises(NetworkError, match=r"must name a Python file, got 'nett\.py'"):
        BuilderProbe("nett.py:build", folder)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("/bin/false", "ended the process with status 1"),
        ("/no/such", "cannot be started: [Errno 2] No such file or directory: '/no/such'"),
    ],
)
def test_without_the_process_networks_are_built_all_the_same(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    program: str,
    reason: str,
) -> None:
    monkeypatch.setattr(sys, "executable", program)
    with BuilderProbe("net.py:build", folder) as probe:
        function = load_function("net.py:build", folder, WHERE, probe)
        assert CustomBuilder(function, Space()).build({"what": "fine"}, seed=1).output_shape == (None, 3)
        assert probe.build({"what": "exits"}) == "", "nothing tries it"
    says = "networks are built without a trial run in a separate process: it "
    assert [record.getMessage() for record in caplog.records] == [says + reason]


PARENT = """
import sys
from pathlib import Path
from automl.networks.child import Child

folder, wait = Path(sys.argv[1]), len(sys.argv) > 2
child = Child(folder / "hangs.py", with_keras=not wait)
if wait:
    child.answer(300)
print(child._process.pid, flush=True)
place = {"path": str(folder / "hangs.py"), "name": "build", "folder": str(folder), "sys_path": sys.path}
child.ask({"load": place}, 300)
"""


@pytest.mark.parametrize(
    ("how", "doing"),
    [(signal.SIGKILL, "what hangs"), (signal.SIGTERM, "")],
    ids=["while the builder hangs", "while it starts"],
)
def test_the_process_ends_with_the_study_however_that_ends(
    folder: Path, how: signal.Signals, doing: str
) -> None:
    (folder / "hangs.begun").unlink(missing_ok=True)
    command = [sys.executable, "-c", PARENT, str(folder), *filter(None, [doing])]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child, begun = int(parent.stdout.readline()), folder / "hangs.begun"
    while doing and not begun.exists() and alive(child):
        time.sleep(0.05)
    assert alive(child)
    parent.send_signal(how)
    parent.wait()
    deadline = time.monotonic() + 60
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(child)
    parent.stdout.close()


def test_ctrl_c_during_an_attempt_ends_the_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer, which may still come, is not taken for that of the next attempt."""
    child = Child(folder / "net.py", with_keras=False)
    assert child.runs

    def interrupted(seconds: float) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(child, "_read", interrupted)
    with pytest.raises(KeyboardInterrupt):
        child.ask({"build": {}}, 60)
    assert not child.runs


def alive(process: int) -> bool:
    """Whether a process runs; one that has ended may wait for whoever adopted it to take note."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"

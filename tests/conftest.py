"""Shared by all tests: TensorFlow is quiet, files are in memory, and CI sees the same examples each time."""

import gc
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.pop("MLFLOW_TRACKING_URI", None)

# Without bytecode, both processes write the asserts of all tests anew, and each process of a test compiles the package.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Tests compile many programs and run each for a few epochs; `make test-all` compiles as a study does.
QUICK_TO_COMPILE = (
    "--xla_backend_optimization_level=0",
    "--xla_llvm_disable_expensive_passes=true",
    "--xla_cpu_use_fusion_emitters=false",
    "--xla_cpu_parallel_codegen_split_count=1",  # 32 pieces are more work, and more memory, than one small program
    "--xla_cpu_enable_fast_min_max=false",  # without those emitters, a ReLU would make 0 of NaN
)
os.environ.setdefault("XLA_FLAGS", " ".join(QUICK_TO_COMPILE))

# Gradient boosting of a small table waits for its threads longer than it works where others run beside it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A record waits for the disk several times an event: with folders of tests in memory, where there is room, it does not.
MEMORY = Path("/dev/shm")
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 * 2**30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# New examples are for whoever sits at the machine; a run that decides about a change must be able to repeat.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")

WHOLE_STUDIES = ("study", "training", "tests", "service", "networks", "export", "python", "mlflow")
"""Folders with files that take long: `--dist loadfile` gives out whole files, and the last ones should be short."""


def pytest_configure(config: pytest.Config) -> None:
    """Files are given out in the order of the collection, not by their numbers of tests."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False
    gc.disable()  # until all that stays has been loaded


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole studies first."""
    items.sort(key=lambda item: item.path.parent.name not in WHOLE_STUDIES)


def pytest_collection_finish() -> None:
    """The libraries are not looked through again: that takes half a second each time."""
    gc.enable()
    gc.collect()
    gc.freeze()


@pytest.fixture
def built_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Users' networks are built in this process, as where no other can be started: that one loads Keras for seconds."""

    def no_process(*_: object) -> None:
        raise OSError("no process for the network of a test")

    monkeypatch.setattr("automl.networks.probe.Child", no_process)


@pytest.fixture(scope="module")
def without_page() -> Iterator[None]:
    """Studies of a module that asks for the record and the model write no page and draw no figures."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("automl.study.run.write_study_files", lambda *_: {})
        yield


def pytest_runtest_setup() -> None:
    """Engines have their programs in common, once something has loaded what compiles them."""
    if "automl.training.population.programs" in sys.modules and os.environ.get("AUTOML_TESTS") != "all":
        import shared_programs

        shared_programs.share()

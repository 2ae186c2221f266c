"""Where the wall time of a study goes.

    python benchmarks/where_time_goes.py studies/digits.yaml [MLRUNS]

Without a folder the MLflow store is a new one, and making it counts. Runs the study once in this process, with a
clock around the calls below, and prints a table. Times of calls within one another are counted once, for the inner
one.
"""

import os
import sys
import tempfile
import time
from collections import defaultdict
from functools import wraps

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
BEGAN = time.perf_counter()

import keras  # noqa: E402

from automl import journal, preparation, study  # noqa: E402
from automl.export import saved_model  # noqa: E402
from automl.search.oracle import OracleSampler  # noqa: E402
from automl.tracking.mlflow.tracker import MlflowTracker  # noqa: E402
from automl.training import sequential  # noqa: E402
from automl.training.compiled import CompiledModels  # noqa: E402

SPENT: dict[str, float] = defaultdict(float)
RUNNING: list[float] = []


def clock(owner, name, label):
    function = getattr(owner, name)

    @wraps(function)
    def timed(*args, **kwargs):
        began = time.perf_counter()
        RUNNING.append(0.0)
        try:
            return function(*args, **kwargs)
        finally:
            whole = time.perf_counter() - began
            SPENT[label] += whole - RUNNING.pop()
            if RUNNING:
                RUNNING[-1] += whole

    setattr(owner, name, timed)


def main(path, folder=None):
    SPENT["imports"] = time.perf_counter() - BEGAN
    clock(keras.Model, "fit", "model.fit")
    clock(sequential._LossRecorder, "on_epoch_end", "epoch losses (within fit)")
    clock(CompiledModels, "fresh", "building and compiling")
    clock(OracleSampler, "ask", "search")
    clock(OracleSampler, "tell", "search")
    for name in ("start_study", "log_trial", "finish_study"):
        clock(MlflowTracker, name, f"MLflow {name}")
    clock(journal.Journal, "append", "journal")
    clock(study, "save_model", "export")
    clock(study, "prepare_study", "table, splits, checks")
    assert preparation and saved_model
    with tempfile.TemporaryDirectory() as new:
        result = study.run_study(path, mlruns=folder or new)
    whole = time.perf_counter() - BEGAN
    SPENT["everything else"] = whole - sum(SPENT.values())
    print(f"{path}: {len(result.trials)} trials, {whole:.1f} s from start to end")
    for label, seconds in sorted(SPENT.items(), key=lambda item: -item[1]):
        print(f"  {label:28} {seconds:8.2f} s  {seconds / whole:6.1%}")
    fit = SPENT["model.fit"] + SPENT["epoch losses (within fit)"]
    logging = sum(seconds for label, seconds in SPENT.items() if label.startswith("MLflow"))
    print(
        f"not fit {1 - fit / whole:.1%}; MLflow {logging / whole:.1%}, of it per trial "
        f"{SPENT['MLflow log_trial'] / len(result.trials):.2f} s"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])

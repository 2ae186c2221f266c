"""Where the wall time of a study goes.

    python benchmarks/where_time_goes.py studies/digits.yaml [MLRUNS]

Without a folder the MLflow store is a new one, and making it counts. Runs the study once in this process, with a
clock around the calls below, all of them in the main thread, and prints a table. What is left is training: the main
thread waits while other threads train populations. Its work for the trials that have ended takes a core from them.
"""

import os
import sys
import tempfile
import time
from collections import defaultdict
from functools import wraps

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
BEGAN = time.perf_counter()

from automl.records.store import Records  # noqa: E402
from automl.search.guards import GuardedSampler  # noqa: E402
from automl.study import conclusion  # noqa: E402
from automl.study import run as study  # noqa: E402
from automl.tracking.mlflow.tracker import MlflowTracker  # noqa: E402
from automl.training.population.engine import PopulationEngine  # noqa: E402

SPENT: dict[str, float] = defaultdict(float)
RUNNING: list[float] = []


def clock(owner, name, label):
    """Count a call's time, once for the innermost of calls within one another."""
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
    for name in ("ask", "tell"):
        clock(GuardedSampler, name, "search")
    for name in ("start", "apply", "finish"):
        clock(MlflowTracker, name, f"MLflow {name}")
    clock(PopulationEngine, "_trial", "scoring")
    clock(PopulationEngine, "_prepare", "views")
    clock(PopulationEngine, "refit", "refit")
    clock(Records, "append", "record")
    clock(conclusion, "save_model", "export")
    clock(study, "prepare_study", "table, splits, checks")
    with tempfile.TemporaryDirectory() as new:
        result = study.run_study(path, mlruns=folder or new)
    whole = time.perf_counter() - BEGAN
    SPENT["training"] = whole - sum(SPENT.values())
    print(f"{path}: {len(result.trials)} trials, {whole:.1f} s from start to end")
    for label, seconds in sorted(SPENT.items(), key=lambda item: -item[1]):
        print(f"  {label:24} {seconds:8.2f} s  {seconds / whole:6.1%}")
    logging = sum(seconds for label, seconds in SPENT.items() if label.startswith("MLflow"))
    print(
        f"not training {1 - SPENT['training'] / whole:.1%}; the main thread for MLflow {logging / whole:.1%}"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])

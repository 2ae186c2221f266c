"""What an exported model costs who asks it: the time of an answer, and its size."""

import statistics
import time
from pathlib import Path

import pandas

from automl.evaluation.ensemble_verdict import Cost
from automl.serving.scoring import Scorer

_WARM_UP, _CALLS = 3, 21


def cost_of(folder: Path, row: pandas.DataFrame) -> Cost:
    """The median time of answers to a single row, and the size of the model's folder.

    Args:
        folder: Of the model.
        row: A table of one row.
    """
    scorer = Scorer(folder)
    times = []
    for _ in range(_WARM_UP + _CALLS):
        began = time.perf_counter()
        scorer.predict(row)
        times.append(time.perf_counter() - began)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return Cost(1e3 * statistics.median(times[_WARM_UP:]), size / 1e6)

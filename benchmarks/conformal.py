"""How often prediction intervals and sets of classes hold the truth of locked rows, over many splits of some tables.

    AUTOML_TABLES=FOLDER python -m benchmarks.conformal diabetes glass german_credit kin8nm --splits 20

One search for each split, whose locked rows it draws; the winner is refitted as `automl run` does. Lines of JSON are
appended to `results/conformal.jsonl` as they come, and splits that it has are left out. A summary comes last: coverage
by table and level, pooled over splits, with its standard error over splits.
"""

import argparse
import json
import math
import statistics
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy
import pandas

from automl.config.reading import make_study
from automl.evaluation.conformal import STEPS, margins_of, nonconformity
from automl.study.preparation import PreparedStudy, prepare_study
from automl.study.refitting import refit_trial
from benchmarks.ensembles import trials_of
from benchmarks.tables import TABLES, TARGETS

RESULTS = Path(__file__).parent / "results" / "conformal.jsonl"
LEVELS = (0.5, 0.8, 0.9, 0.95)


def prepared_of(name: str, split: int, num_trials: int, num_rows: int) -> PreparedStudy:
    content: dict[str, Any] = {
        "name": name,
        "data": {"sklearn": name},
        "search": {"algorithm": "random", "trials": num_trials, "seed": split, "pruner": "none"},
        "training": {"epochs": 60},
        "budget": {"minutes": None},
    }
    if name not in TARGETS:
        return prepare_study(make_study(content))
    table = pandas.read_csv(TABLES / f"{name}.csv.gz")
    table = table.sample(min(num_rows, len(table)), random_state=split).reset_index(drop=True)
    content["data"] = {"frame": True, "target": TARGETS[name]}
    return prepare_study(make_study(content), table)


def measure(name: str, split: int, num_trials: int, num_rows: int) -> dict[str, Any]:
    began = time.perf_counter()
    prepared = prepared_of(name, split, num_trials, num_rows)
    engine, dataset, test = prepared.make_engine(), prepared.dataset, prepared.splits.test
    best = trials_of(prepared, engine)[0]
    out_of_fold = prepared.out_of_fold
    gathered = out_of_fold.gather(best)
    assert gathered is not None
    margins = margins_of(dataset.target[out_of_fold.rows], out_of_fold.predictions(gathered))
    network = refit_trial(engine, prepared, best).network
    scores = nonconformity(dataset.target[test], network.predict(dataset.columns.take(test)))
    covered = {
        str(level): int((scores <= margins[place]).sum())
        for level in LEVELS
        if (place := round(level * STEPS) - 1) < len(margins)
    }
    seconds = round(time.perf_counter() - began, 1)
    return {"table": name, "split": split, "rows": len(test), "covered": covered, "seconds": seconds}


def summarize(lines: list[dict[str, Any]]) -> None:
    by_table: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        by_table[line["table"]].append(line)
        by_table["all"].append(line)
    print("table", "splits", *(f"{level:.0%}" for level in LEVELS))
    for name, table_lines in by_table.items():
        cells = []
        for level in map(str, LEVELS):
            shares = [
                line["covered"][level] / line["rows"] for line in table_lines if level in line["covered"]
            ]
            error = statistics.stdev(shares) / math.sqrt(len(shares)) if len(shares) > 1 else math.nan
            cells.append(f"{numpy.mean(shares):.3f}±{error:.3f}")
        print(name, len(table_lines), *cells)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="+", help="of scikit-learn's, or of the folder AUTOML_TABLES")
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--trials", type=int, default=6)
    parser.add_argument("--rows", type=int, default=1_000)
    arguments = parser.parse_args()
    lines = [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.exists() else []
    have = {(line["table"], line["split"]) for line in lines}
    for split in range(arguments.splits):
        for name in arguments.tables:
            if (name, split) in have:
                continue
            lines.append(measure(name, split, arguments.trials, arguments.rows))
            with RESULTS.open("a") as file:
                file.write(json.dumps(lines[-1]) + "\n")
    summarize(lines)


if __name__ == "__main__":
    main()

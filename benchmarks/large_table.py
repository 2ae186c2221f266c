"""What it takes to read and to prepare a table of 1,000,000 rows and 30 columns.

    python benchmarks/large_table.py

Twenty columns of numbers (two with gaps), eight of text with 3 to 2,000 levels, a date, and a target of two classes,
as Parquet and as CSV. Prints seconds and the most resident memory so far after each step, a process for each file.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy
import pandas

ROWS = 1_000_000


def write(folder):
    generator = numpy.random.default_rng(0)
    table = pandas.DataFrame(
        generator.normal(size=(ROWS, 20)), columns=[f"number_{place}" for place in range(20)]
    )
    table.loc[::9, "number_3"] = numpy.nan
    table.loc[::50, "number_7"] = numpy.nan
    for place, count in enumerate((3, 5, 8, 20, 50, 200, 800, 2000)):
        table[f"text_{place}"] = numpy.array([f"level {code}" for code in range(count)])[
            generator.integers(0, count, ROWS)
        ]
    days = generator.integers(0, 4000, ROWS)
    table["day"] = (numpy.datetime64("2015-01-01") + days).astype(str)
    table["y"] = (table["number_0"] + generator.normal(size=ROWS) > 1.0).astype(int)
    table.to_parquet(folder / "table.parquet")
    table.to_csv(folder / "table.csv", index=False)


def resident():
    """Most megabytes so far."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def prepare(path):
    from automl.config.reading import make_study
    from automl.study.preparation import prepare_study
    from automl.trial import Member

    print(f"| {path.name}: imports | | {resident():.0f} |", flush=True)
    began = time.perf_counter()
    prepared = prepare_study(make_study({"name": "large", "data": {"path": str(path), "target": "y"}}))
    print(
        f"| read, checked, split, audited | {time.perf_counter() - began:.0f} | {resident():.0f} |",
        flush=True,
    )
    began = time.perf_counter()
    view = prepared.plan.view(Member(0, 0, dict(prepared.space.initial()), 0), prepared.splits.folds[0])
    shape = "×".join(map(str, view.inputs.shape))
    print(
        f"| inputs of one fold, {shape} | {time.perf_counter() - began:.0f} | {resident():.0f} |", flush=True
    )


def main():
    if len(sys.argv) > 1:
        prepare(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        print("| step | seconds | most MB so far |\n|---|---|---|", flush=True)
        for name in ("table.parquet", "table.csv"):
            size = (Path(folder) / name).stat().st_size / 1e6
            print(f"| {name}, {size:.0f} MB | | |", flush=True)
            subprocess.run([sys.executable, __file__, str(Path(folder) / name)], check=True)


if __name__ == "__main__":
    main()

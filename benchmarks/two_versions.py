"""One fixed network on real tables, trained by another version of automl and by this one: what the reading changes.

    git worktree add /tmp/old COMMIT
    AUTOML_TABLES=FOLDER python benchmarks/two_versions.py /tmp/old [TABLE ...] [--rows 4000] [--seed 0]
        [--positive LABEL]

Each version has a process of its own, five folds, and no time limit. Printed are the mean losses (log loss, RMSE),
their difference over the folds with its standard error, and the standard error of the old losses. The folds are the
same unless the two versions choose another positive class, which `--positive` sets for the newer one.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).parent.parent
NETWORK = {"depth": 2, "width": 128, "activation": "relu", "dropout": 0.1, "learning_rate": 0.002}


def train(content: dict) -> None:
    """Train in this process, with the version that Python finds, and print the scores of the folds."""
    from automl.config.reading import make_study
    from automl.study.run import run_study

    with tempfile.TemporaryDirectory() as folder:
        result = run_study(make_study(content), mlruns=Path(folder), resume=False)
    folds = sorted(result.best.folds, key=lambda fold: fold.fold)
    print(json.dumps([fold.scores[content["objective"]] for fold in folds]))


def scores(tree: Path, content: dict) -> list[float]:
    """The scores of the folds by the version in a folder."""
    command = [sys.executable, str(Path(__file__).resolve()), "--train", json.dumps(content)]
    environment = {**os.environ, "PYTHONPATH": str(tree.resolve())}
    process = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if process.returncode:
        raise SystemExit(f"{tree}: {process.stderr[-2000:]}")
    return json.loads(process.stdout.splitlines()[-1])


def compare(name: str, old: Path, arguments: argparse.Namespace, folder: Path) -> None:
    """Both versions on one table."""
    import numpy
    from tables import REGRESSIONS, TARGETS, some_rows

    path = folder / f"{name}.csv"
    some_rows(name, arguments.rows).to_csv(path, index=False)
    content = {
        "name": name,
        "data": {"path": str(path), "target": TARGETS[name]},
        "splits": {"test": 0, "folds": 5},
        "objective": "rmse" if name in REGRESSIONS else "log_loss",
        "space": NETWORK,
        "search": {"algorithm": "random", "trials": 1, "seed": arguments.seed, "minutes": None},
        "training": {"epochs": 40, "patience": 8, "batch_size": 64},
        "bias_variance": {"resamples": 0},
        "baselines": False,
        "budget": {"minutes": None},
        "tracking": {"to": "none"},
    }
    before = numpy.array(scores(old, content))
    data = content["data"] | ({"positive": arguments.positive} if arguments.positive else {})
    after = numpy.array(scores(ROOT, {**content, "data": data, "ensemble": "none"}))
    change = after - before
    errors = [values.std(ddof=1) / len(values) ** 0.5 for values in (change, before)]
    means = f"{before.mean():.5g}, {after.mean():.5g}"
    print(
        f"{name}: {means}, change {change.mean():+.2g} ± {errors[0]:.1g}, fold error {errors[1]:.2g}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", type=Path, nargs="?", help="folder of the other version")
    parser.add_argument("tables", nargs="*")
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--positive")
    parser.add_argument("--train", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.train:
        train(json.loads(arguments.train))
        return
    from tables import TARGETS

    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.tables or TARGETS:
            compare(name, arguments.old, arguments, Path(folder))


if __name__ == "__main__":
    main()

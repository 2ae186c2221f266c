"""Frozen objectives: the losses of every configuration of a grid, made once, for samplers to be compared on.

    AUTOML_TABLES=FOLDER python benchmarks/frozen.py record [TABLE ...] [--rows 1000] [--epochs 40]
    python benchmarks/frozen.py show

`record` trains the 2,592 configurations of `GRID` on three folds of at most so many rows and keeps the mean loss of
each in `results/frozen/TABLE.npz`. `regret.py` searches `SPACE`, whose rates are continuous; a configuration has the
loss of its nearest neighbor in the grid. The grid has the hyperparameters of the default space, so the study's first
configurations are asked for as in `automl run`.
"""

import argparse
import itertools
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy

from automl.search.portfolio import OPTIMIZER
from automl.search.space.parameters import Choice, Fixed, Float, Int
from automl.search.space.scales import Scale
from automl.search.space.space import Space
from automl.trial import Hyperparameters, Scalar

FOLDER = Path(__file__).parent / "results" / "frozen"
TABLES_TO_FREEZE = ("kin8nm", "california_housing", "german_credit", "glass", "adult")
GRID: dict[str, tuple[Scalar, ...]] = {
    "depth": (1, 2, 3),
    "width": (32, 64, 128, 256),
    "activation": ("relu", "gelu", "tanh"),
    "dropout": (0.0, 0.15, 0.3, 0.5),
    "learning_rate": (5e-4, 0.001, 0.002, 0.005, 0.01, 0.02),
    "numeric_encoding": ("standard", "quantile", "piecewise"),
}
SPACE = Space(
    (
        Int("depth", 1, 3),
        Choice("width", (32, 64, 128, 256)),
        Choice("activation", ("relu", "gelu", "tanh")),
        Float("dropout", 0.0, 0.5),
        Float("learning_rate", 5e-4, 2e-2, scale=Scale.LOG),
        Choice("numeric_encoding", ("standard", "quantile", "piecewise")),
        Fixed("optimizer", OPTIMIZER),
    )
)
COHORT = 432


def configurations() -> Iterator[dict[str, Scalar]]:
    """The grid, in the order of its axes."""
    for values in itertools.product(*GRID.values()):
        yield dict(zip(GRID, values, strict=True))


def record(name: str, num_rows: int, epochs: int) -> None:
    """Train every configuration of the grid on one table and keep the mean losses."""
    from tables import TARGETS, some_rows

    from automl.config.reading import make_study
    from automl.study.preparation import prepare_study
    from automl.training.engine import Watch
    from automl.training.members import plan_members
    from automl.trial import TrialState

    content = {
        "name": name,
        "data": {"frame": True, "target": TARGETS[name]},
        "splits": {"test": 0, "folds": 3, "rare_classes": "drop"},
        "space": {
            **{key: {"choice": list(values)} for key, values in GRID.items()},
            "optimizer": OPTIMIZER,
            "weight_decay": 0.05,
        },
        "training": {"epochs": epochs, "patience": 8},
        "search": {"algorithm": "random", "trials": len(list(configurations()))},
    }
    prepared = prepare_study(make_study(content), some_rows(name, num_rows).reset_index(drop=True))
    metric, began = prepared.objective.metric, time.perf_counter()
    grid = list(configurations())
    losses = numpy.full(len(grid), numpy.nan)
    for start in range(0, len(grid), COHORT):
        chosen = grid[start : start + COHORT]
        cohort = [
            plan_members(start + offset, prepared.space.complete(values, numpy.random.default_rng(0)), 3, 0)
            for offset, values in enumerate(chosen)
        ]
        for trial in prepared.make_engine().train(cohort, Watch(lambda _: None, lambda: True)):
            if trial.state is TrialState.COMPLETE:
                losses[trial.number] = numpy.mean(trial.fold_scores(metric))
        print(f"{name}: {start + len(chosen)} in {time.perf_counter() - began:.0f} s", flush=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    sign = 1.0 if prepared.objective.direction.value == "min" else -1.0
    numpy.savez_compressed(
        FOLDER / f"{name}.npz", losses=(sign * losses).astype(numpy.float32), metric=metric
    )


class Frozen:
    """The loss of a table's grid as a function of a configuration, 0 at best, as a share of the spread.

    The unit is the difference between the median configuration and the best one, so that tables can be averaged.
    """

    def __init__(self, name: str) -> None:
        with numpy.load(FOLDER / f"{name}.npz") as file:
            losses = file["losses"].astype(float)
        losses = numpy.where(numpy.isnan(losses), numpy.nanmax(losses), losses)
        self._losses = (losses - losses.min()) / (numpy.median(losses) - losses.min())

    def __call__(self, values: Hyperparameters) -> float:
        """The loss of the nearest configuration of the grid; of rates on a logarithmic scale."""
        places = [_nearest(name, values[name]) for name in GRID]
        shape = [len(choices) for choices in GRID.values()]
        return float(self._losses[numpy.ravel_multi_index(places, shape)])


def _nearest(name: str, value: Scalar) -> int:
    choices = GRID[name]
    if isinstance(value, str):
        return choices.index(value)
    if name == "learning_rate":
        distances = [abs(math.log(float(choice) / float(value))) for choice in choices]
    else:
        distances = [abs(float(choice) - float(value)) for choice in choices]
    return distances.index(min(distances))


def recorded() -> dict[str, Frozen]:
    """The objectives that have been recorded."""
    return {path.stem: Frozen(path.stem) for path in sorted(FOLDER.glob("*.npz"))}


def show() -> None:
    """The best configuration of each table and the share of the grid that is near it."""
    for path in sorted(FOLDER.glob("*.npz")):
        with numpy.load(path) as file:
            losses, metric = file["losses"], str(file["metric"])
        best = list(configurations())[int(numpy.nanargmin(losses))]
        spread = numpy.nanquantile(losses, [0.0, 0.01, 0.1, 0.5])
        print(f"{path.stem} ({metric}): best, 1 %, 10 %, median {numpy.round(spread, 5)}; best is {best}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("record", "show"))
    parser.add_argument("tables", nargs="*", default=list(TABLES_TO_FREEZE))
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=40)
    arguments = parser.parse_args()
    if arguments.what == "show":
        show()
        return
    for name in arguments.tables:
        record(name, arguments.rows, arguments.epochs)


if __name__ == "__main__":
    main()

"""Which default space is the best: the same draws of one random search, mapped into several spaces.

    AUTOML_TABLES=FOLDER python benchmarks/spaces.py record [TABLE ...] [--trials 20] [--rows 3000] [--folds 2]
    python benchmarks/spaces.py show

Trial n has the same depth, width, activation, dropout, encoding of numbers and transform of the target in every space;
its learning rate and weight decay stand at the same shares of each space's ranges, so that only the spaces differ. All
train to their end, on the first folds of five. `show` prints, for each space, the mean loss of the best of k trials
over random draws of k, in percent above the least loss of any trial on the table; the epochs kept; and the seconds.
Writes `results/spaces/TABLE.json`.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy

HERE = Path(__file__).parent
FOLDER = HERE / "results" / "spaces"

SPACES = {
    "adamw, today": ("adamw", (3e-4, 1e-2), (1e-4, 1e-1)),
    "adamw, lower rate, more decay": ("adamw", (1e-4, 3e-3), (1e-2, 3.0)),
    "schedule_free": ("schedule_free", (5e-4, 2e-2), (1e-2, 3.0)),
    "adamw_ema": ("adamw_ema", (1e-4, 3e-3), (1e-2, 3.0)),
}
SHARED = {
    "depth": {"int": [1, 3]},
    "width": {"choice": [64, 128, 256]},
    "activation": {"choice": ["relu", "gelu", "tanh"]},
    "dropout": {"float": [0.0, 0.5]},
    "optimizer": {"choice": ["adamw", "schedule_free", "adamw_ema"]},
    "ema_momentum": 0.95,
    "weight_decay": {"float": [1e-4, 3.0], "log": True},
    "learning_rate": {"float": [1e-4, 2e-2], "log": True},
    "numeric_encoding": {"choice": ["standard", "quantile", "piecewise"]},
}
SIZES = (1, 5, 10, 20)


def between(bounds, share):
    low, high = bounds
    return float(low * (high / low) ** share)


def trials_of(prepared, name, num_trials):
    """Hyperparameters of each trial of one space."""
    optimizer, rates, decays = SPACES[name]
    drawn = []
    for number in range(num_trials):
        generator = numpy.random.default_rng((7, number))
        at_rate, at_decay, schedule = generator.random(), generator.random(), generator.random()
        fixed = {
            "optimizer": optimizer,
            "learning_rate": between(rates, at_rate),
            "weight_decay": between(decays, at_decay),
        }
        values = dict(prepared.space.complete(fixed, generator))
        if name.endswith("today") and schedule < 0.5:
            values["schedule"] = "cosine"
        drawn.append(values)
    return drawn


def record(table_name, num_trials, num_rows, num_folds, names):
    """Train the trials of all spaces on one table."""
    import pandas
    from tables import TABLES, TARGETS

    from automl.config.reading import make_study
    from automl.study.preparation import prepare_study
    from automl.training.engine import Watch
    from automl.training.members import plan_members
    from automl.trial import TrialState

    table = pandas.read_csv(TABLES / f"{table_name}.csv.gz")
    table = table.sample(min(num_rows, len(table)), random_state=0).reset_index(drop=True)
    content = {
        "name": table_name,
        "data": {"frame": True, "target": TARGETS[table_name]},
        "splits": {"test": 0, "rare_classes": "drop"},
        "space": SHARED,
        "search": {"algorithm": "random"},
    }
    prepared = prepare_study(make_study(content), table)
    metric = prepared.objective.metric
    sign = 1.0 if prepared.objective.direction.value == "min" else -1.0
    measured = {
        "table": table_name,
        "metric": metric,
        "rows": len(table),
        "epochs": prepared.plan.epochs,
        "spaces": {},
    }
    for name in names:
        began = time.perf_counter()
        cohort = [
            plan_members(number, values, num_folds, 0)
            for number, values in enumerate(trials_of(prepared, name, num_trials))
        ]
        trials = list(prepared.make_engine().train(cohort, Watch(lambda _: None, lambda: True)))
        seconds = time.perf_counter() - began
        whole = sorted((t for t in trials if t.state is TrialState.COMPLETE), key=lambda trial: trial.number)
        measured["spaces"][name] = {
            "losses": [round(sign * trial.mean(metric), 6) for trial in whole],
            "best_epochs": [trial.best_epoch for trial in whole],
            "rates": [round(dict(trial.hyperparameters)["learning_rate"], 6) for trial in whole],
            "decays": [round(dict(trial.hyperparameters)["weight_decay"], 6) for trial in whole],
            "seconds": round(seconds, 1),
        }
        print(
            f"{table_name}: {name}: least {min(measured['spaces'][name]['losses']):.5g}, {seconds:.0f} s",
            flush=True,
        )
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{table_name}.json").write_text(json.dumps(measured))


def show():
    """Print the table of spaces."""
    contents = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]
    generator = numpy.random.default_rng(0)
    rows = {name: [] for name in SPACES}
    for table in contents:
        if len(table["spaces"]) < len(SPACES):
            continue
        least = min(min(space["losses"]) for space in table["spaces"].values())
        for name, space in table["spaces"].items():
            losses = numpy.array(space["losses"])
            draws = numpy.array([generator.permutation(losses) for _ in range(2000)])
            excess = [100 * (draws[:, :size].min(axis=1) / least - 1).mean() for size in SIZES]
            rows[name].append([*excess, numpy.median(space["best_epochs"]), space["seconds"]])
            print(f"{table['table']:20s} {name:32s}" + "".join(f"{value:9.2f}" for value in rows[name][-1]))
    print(f"{'':20s} {'mean over tables':32s}" + "".join(f"{f'best of {size}':>9s}" for size in SIZES))
    for name, values in rows.items():
        if values:
            print(f"{'':20s} {name:32s}" + "".join(f"{value:9.2f}" for value in numpy.mean(values, axis=0)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["record", "show"])
    parser.add_argument("tables", nargs="*")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--folds", type=int, default=2)
    parser.add_argument("--spaces", nargs="*", choices=SPACES, default=list(SPACES))
    arguments = parser.parse_args()
    if arguments.what == "show":
        show()
    else:
        from tables import TARGETS

        for table_name in arguments.tables or TARGETS:
            record(table_name, arguments.trials, arguments.rows, arguments.folds, arguments.spaces)

"""What each ingredient of a network is worth: one configuration per step, on several tables, folds and seeds.

    AUTOML_TABLES=FOLDER python benchmarks/ladder.py record [TABLE ...] [--rows 10000] [--folds 3] [--seeds 3]
    python benchmarks/ladder.py show

Each step is a network with the ingredients of the step that it stands on; `LADDER` names both. All train on the first
folds of five with early stopping on the stopping rows; the score is the loss on the validation rows. `record` goes on
where an earlier run ended: a step of a table and a seed that is in `results/ladder/TABLE.jsonl` (or in the folder that
`LADDER_RESULTS` names) is not trained again.
`show` prints, for each step, the change of the loss against the step below it and against the first one in percent,
as a mean over tables with a 95 % interval from the table means (Student's t), negative is better.
"""

import argparse
import json
import math
import os
import statistics
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

HERE = Path(__file__).parent
FOLDER = Path(os.environ.get("LADDER_RESULTS") or HERE / "results" / "ladder")
TABLE_NAMES = ("kin8nm", "california_housing", "letter", "adult", "hotel_rates", "mammography")

BASE = {
    "depth": 2,
    "width": 256,
    "activation": "relu",
    "dropout": 0.1,
    "optimizer": "adamw",
    "learning_rate": 1e-3,
    "weight_decay": 0.03,
    "batch_size": 256,
    "numeric_encoding": "quantile",
    "family": "perceptron",
    "schedule": "constant",
    "frequencies": 0.0,
    "number_embedding": "none",
}
PIECEWISE = {"numeric_encoding": "piecewise"}
EMBEDDED = PIECEWISE | {"number_embedding": "piecewise", "embedding_size": 12}
REALMLP = {
    "family": "realmlp",
    "frequencies": 0.0,
    "numeric_encoding": "robust",
    "activation": "mish",
    "learning_rate": 0.04,
    "schedule": "cosine",
}
TABM = {"family": "tabm", "views": 16, "learning_rate": 2e-3}
LADDER = {
    "perceptron": (None, BASE),
    "piecewise encoding": ("perceptron", BASE | PIECEWISE),
    "embedded numbers": ("piecewise encoding", BASE | EMBEDDED),
    "residual": ("perceptron", BASE | {"family": "residual"}),
    "residual, embedded numbers": ("residual", BASE | EMBEDDED | {"family": "residual"}),
    "tabm": ("perceptron", BASE | TABM),
    "tabm, piecewise encoding": ("tabm", BASE | TABM | PIECEWISE),
    "tabm, embedded numbers": ("tabm, piecewise encoding", BASE | TABM | EMBEDDED),
    "embedded numbers, muon": ("embedded numbers", BASE | EMBEDDED | {"optimizer": "muon"}),
    "embedded numbers, schedule-free": (
        "embedded numbers",
        BASE | EMBEDDED | {"optimizer": "schedule_free", "learning_rate": 3e-3},
    ),
    "realmlp": ("perceptron", BASE | REALMLP),
    "realmlp, rate 0.1": ("realmlp", BASE | REALMLP | {"learning_rate": 0.1}),
    "realmlp, constant rate": ("realmlp", BASE | REALMLP | {"schedule": "constant"}),
    "realmlp, coslog4": ("realmlp", BASE | REALMLP | {"schedule": "coslog4"}),
    "realmlp, flat cosine": ("realmlp", BASE | REALMLP | {"schedule": "flat_cosine"}),
    "realmlp, periodic": ("realmlp", BASE | REALMLP | {"frequencies": 0.1}),
    "realmlp, quantile": ("realmlp", BASE | REALMLP | {"numeric_encoding": "quantile"}),
    "realmlp, embedded numbers": ("realmlp", BASE | REALMLP | EMBEDDED),
    "realmlp, schedule-free": (
        "realmlp",
        BASE | REALMLP | {"optimizer": "schedule_free", "schedule": "constant"},
    ),
    "schedule-free": ("perceptron", BASE | {"optimizer": "schedule_free", "learning_rate": 3e-3}),
    "tabm, embedded numbers, schedule-free": (
        "tabm, embedded numbers",
        BASE | TABM | EMBEDDED | {"optimizer": "schedule_free", "learning_rate": 3e-3},
    ),
}
"""Name: (the step that it is compared with, the hyperparameters)."""


def record(name, num_rows, num_folds, seeds, steps):
    """Train the steps of one table that are not there yet; one line of JSON per step and seed."""
    import numpy
    import pandas
    from tables import TABLES, TARGETS

    from automl.config.reading import make_study
    from automl.study.preparation import prepare_study
    from automl.training.engine import Watch
    from automl.training.members import plan_members
    from automl.trial import TrialState

    path = FOLDER / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    known = {(line["step"], line["seed"]) for line in read(path)}
    frame = pandas.read_csv(TABLES / f"{name}.csv.gz")
    if len(frame) > num_rows:
        frame = frame.sample(num_rows, random_state=0)
    choices = {key: sorted({values[key] for _, values in LADDER.values()}) for key in BASE}
    space = {key: {"choice": values} if len(values) > 1 else values[0] for key, values in choices.items()}
    space |= {"views": TABM["views"], "embedding_size": EMBEDDED["embedding_size"]}
    content = {
        "name": name,
        "data": {"frame": True, "target": TARGETS[name]},
        "space": space,
        "search": {"algorithm": "random", "trials": 1},
        "training": {"epochs": 100, "patience": 12},
    }
    for seed in range(seeds):
        prepared = prepare_study(make_study(content | {"search": content["search"] | {"seed": seed}}), frame)
        for step in steps:
            if (step, seed) in known:
                continue
            values = dict(prepared.space.complete(LADDER[step][1], numpy.random.default_rng(0)))
            values |= {key: value for key, value in LADDER[step][1].items() if key in values}
            began = time.perf_counter()
            [trial] = prepared.make_engine().train(
                [plan_members(0, values, num_folds, seed)], Watch(lambda _: None, lambda: True)
            )
            assert trial.state is TrialState.COMPLETE, trial.reason
            line = {
                "step": step,
                "seed": seed,
                "metric": prepared.objective.metric,
                "scores": [fold.scores[prepared.objective.metric] for fold in trial.folds],
                "epochs": [fold.best_epoch for fold in trial.folds],
                "weights": trial.capacity,
                "seconds": round(time.perf_counter() - began, 1),
            }
            with path.open("a") as file:
                file.write(json.dumps(line) + "\n")
            print(name, line, flush=True)


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def changes(step, below):
    """Percent by table: mean over seeds and folds that both steps have."""
    percentages = {}
    for path in sorted(FOLDER.glob("*.jsonl")):
        by_step = {(line["step"], line["seed"]): line["scores"] for line in read(path)}
        pairs = [
            (score, score_below)
            for (name, seed), scores in by_step.items()
            if name == step and (below, seed) in by_step
            for score, score_below in zip(scores, by_step[below, seed], strict=True)
        ]
        if pairs:
            mean, mean_below = (statistics.fmean(values) for values in zip(*pairs, strict=True))
            percentages[path.stem] = 100.0 * (mean / mean_below - 1.0)
    return percentages


def interval(values):
    from scipy.stats import t

    mean = statistics.fmean(values)
    if len(values) < 2:
        return f"{mean:+.1f} %"
    reach = t.ppf(0.975, len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return f"{mean:+.1f} % ({mean - reach:+.1f} to {mean + reach:+.1f})"


def show():
    first = next(iter(LADDER))
    tables = [path.stem for path in sorted(FOLDER.glob("*.jsonl"))]
    print("| step | against | change | against the first | " + " | ".join(tables) + " |")
    print("|---|---|---|---|" + "---|" * len(tables))
    for step, (below, _) in LADDER.items():
        if below is None:
            continue
        gains, whole = changes(step, below), changes(step, first)
        if gains:
            cells = [f"{whole[name]:+.1f}" if name in whole else "" for name in tables]
            print(
                f"| {step} | {below} | {interval(gains.values())} | {interval(whole.values())} | {' | '.join(cells)} |"
            )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=["record", "show"])
    parser.add_argument("tables", nargs="*", default=TABLE_NAMES)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", nargs="*", default=list(LADDER))
    arguments = parser.parse_args()
    if arguments.action == "show":
        show()
        return
    for name in arguments.tables:
        record(name, arguments.rows, arguments.folds, arguments.seeds, arguments.steps)


if __name__ == "__main__":
    main()

"""What a pruner saves and what it costs, replayed on the curves of trials that were all trained to their end.

    AUTOML_TABLES=FOLDER python benchmarks/pruning_replay.py record [TABLE ...] [--trials 60] [--rows 3000]
    python benchmarks/pruning_replay.py replay [--orders 200]

`record` trains trials drawn at random from the default space on every fold and keeps the losses on their stopping rows
and their scores, a small file for each table, in `results/pruning/`. `replay` draws the trials in random orders, lets a
rule end them as if they were trained in cohorts, and prints for each rule: member-epochs trained of all (cost), how far
the winner's score is from the best trial's in percent of it (regret; positive is worse), and how often the winner is
among the five best of the whole study. Rules decide by stopping losses, winners are chosen by validation scores.

Rivals: `k epochs, then the best` (Egele et al. 2024, arXiv:2404.04111), successive halving (Jamieson and Talwalkar
2016), racing over folds (each fold in turn; a trial whose mean is worse than the best one's by more than one paired
standard error ends).
"""

import argparse
import dataclasses
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy

HERE = Path(__file__).parent
FOLDER = HERE / "results" / "pruning"


def record(name, num_trials, num_rows):
    """Train trials of one table to their end, and keep their curves."""
    import pandas
    from tables import TABLES, TARGETS

    from automl.config.reading import make_study
    from automl.search.table import make_sampler
    from automl.study.preparation import prepare_study
    from automl.training.engine import Watch
    from automl.training.trials import plan_members
    from automl.trial import TrialState

    table = pandas.read_csv(TABLES / f"{name}.csv.gz")
    table = table.sample(min(num_rows, len(table)), random_state=0).reset_index(drop=True)
    content = {
        "name": name,
        "data": {"frame": True, "target": TARGETS[name]},
        "splits": {"test": 0, "rare_classes": "drop"},
        "training": {"epochs": 100},
        "search": {"algorithm": "random", "trials": num_trials},
    }
    prepared = prepare_study(make_study(content), table)
    sampler = make_sampler("random", prepared.space, prepared.objective, num_trials, 0)
    folds = len(prepared.splits.folds)
    cohort = [
        plan_members(proposal.number, proposal.hyperparameters, folds, 0)
        for proposal in sampler.ask(num_trials)
    ]
    began = time.perf_counter()
    trials = list(prepared.make_engine().train(cohort, Watch(lambda _: None, lambda: True)))
    trials = sorted(
        (trial for trial in trials if trial.state is TrialState.COMPLETE), key=lambda trial: trial.number
    )
    losses = numpy.full((len(trials), folds, 100), numpy.nan, numpy.float32)
    for place, trial in enumerate(trials):
        for fold in trial.folds:
            losses[place, fold.fold, : len(fold.stopping_loss)] = fold.stopping_loss
    metric = prepared.objective.metric
    sign = 1.0 if prepared.objective.direction.value == "min" else -1.0
    FOLDER.mkdir(parents=True, exist_ok=True)
    numpy.savez_compressed(
        FOLDER / f"{name}.npz",
        losses=losses,
        scores=sign * numpy.array([trial.fold_scores(metric) for trial in trials]),
        scales=numpy.array([str(trial.hyperparameters.get("target_transform", "none")) for trial in trials]),
    )
    seconds = time.perf_counter() - began
    print(f"{name}: {len(trials)} trials of {len(table)} rows in {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["record", "replay"])
    parser.add_argument("tables", nargs="*")
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--orders", type=int, default=200)
    arguments = parser.parse_args()
    if arguments.what == "record":
        from tables import TARGETS

        for name in arguments.tables or list(TARGETS):
            record(name, arguments.trials, arguments.rows)

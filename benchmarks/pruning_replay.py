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
    from automl.training.members import plan_members
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


@dataclasses.dataclass(frozen=True)
class Curves:
    """Of one table: stopping losses (trial, fold, epoch), NaN behind the end; scores (trial, fold), smaller better."""

    losses: numpy.ndarray
    scores: numpy.ndarray
    scales: numpy.ndarray

    def epochs(self):
        """Epochs of each member, (trial, fold)."""
        return (~numpy.isnan(self.losses)).sum(axis=2)

    def reports(self, epochs, folds):
        """The mean over folds of the smallest loss within so many epochs, (trial,)."""
        return numpy.nanmin(self.losses[:, :folds, :epochs], axis=2).mean(axis=1)


def rungs(*steps, fewest=5, cohort=20):
    """Our rule, `(epochs, folds, share)` for each rung, folds None for all: the best share of all so far go on."""

    def rule(curves, order):
        from automl.search.pruners.rungs import Rungs, Step
        from automl.trial import Report

        num_folds, whole = curves.scores.shape[1], curves.epochs()
        pruner = Rungs(
            [Step(epochs / 100, folds or num_folds, share) for epochs, folds, share in steps], fewest
        )
        values = [curves.reports(epochs, folds or num_folds) for epochs, folds, _ in steps]
        trained, left, pools = numpy.zeros_like(whole), [], [{} for _ in steps]
        for start in range(0, len(order), cohort):
            members = [int(trial) for trial in order[start : start + cohort]]
            for number, (epochs, folds, _) in enumerate(steps):
                used = slice(0, folds or num_folds)
                trained[members, used] = numpy.minimum(whole[members, used], epochs)
                reports = {t: Report(float(values[number][t]), str(curves.scales[t])) for t in members}
                pools[number] |= reports
                ended = pruner.judge(number, reports, pools[number])
                members = [trial for trial in members if trial not in ended]
            trained[members] = whole[members]
            left += members
        return trained.sum(), left

    return rule


def then_the_best(epochs):
    """All trials train so many epochs, and only the best of them to its end."""

    def rule(curves, order):
        values = curves.reports(epochs, None)
        best = order[numpy.argmin(values[order])]
        short, whole = numpy.minimum(curves.epochs(), epochs), curves.epochs()
        return short[order].sum() + (whole - short)[best].sum(), [best]

    return rule


def halving(factor, steps, cohort):
    """Successive halving within cohorts: at each rung the best of the cohort go on."""

    def rule(curves, order):
        whole, cost, left = curves.epochs(), 0, []
        for start in range(0, len(order), cohort):
            members = order[start : start + cohort]
            done = 0
            for step in steps:
                at = numpy.minimum(whole, step)
                cost += (at[members] - numpy.minimum(whole, done)[members]).sum()
                done = step
                keep = max(1, round(len(members) / factor))
                members = members[numpy.argsort(curves.reports(step, None)[members], kind="stable")[:keep]]
            cost += (whole - numpy.minimum(whole, done))[members].sum()
            left += list(members)
        return cost, left

    return rule


def racing(curves, order):
    """Fold after fold to its end; a trial that is worse than the best one by a paired standard error ends."""
    whole, cost, left = curves.epochs(), 0, []
    ends = numpy.nanmin(curves.losses, axis=2)
    best = None
    for trial in order:
        for fold in range(whole.shape[1]):
            cost += whole[trial, fold]
            if best is not None and fold >= 1:
                gap = ends[trial, : fold + 1] - ends[best, : fold + 1]
                if gap.mean() > gap.std(ddof=1) / numpy.sqrt(fold + 1):
                    break
        else:
            left.append(trial)
            if best is None or ends[trial].mean() < ends[best].mean():
                best = trial
    return cost, left


RULES = {
    "4 epochs on all folds, 20 % go on": rungs((4, None, 0.2)),
    "4 epochs on 2 folds, 33 %": rungs((4, 2, 0.33)),
    "8 epochs on 2 folds, 20 %": rungs((8, 2, 0.2)),
    "8 epochs on 2 folds, 33 %": rungs((8, 2, 0.33)),
    "16 epochs on 1 fold, 20 %": rungs((16, 1, 0.2)),
    "16 epochs on 2 folds, 20 %": rungs((16, 2, 0.2)),
    "4 epochs on 2 folds, 50 %; 16, 2, 50 %": rungs((4, 2, 0.5), (16, 2, 0.5)),
    "8 epochs on 2 folds, 50 %; 24, 2, 50 %": rungs((8, 2, 0.5), (24, 2, 0.5)),
    "4, 1, 70 %; 8, 1, 60 %; 16, 2, 50 %; 32, 2, 50 %": rungs(
        (4, 1, 0.7), (8, 1, 0.6), (16, 2, 0.5), (32, 2, 0.5)
    ),
    "ours: 8 epochs on 1 fold, 60 %; 16, 2, 50 %; 32, 2, 50 %": rungs(
        (8, 1, 0.6), (16, 2, 0.5), (32, 2, 0.5)
    ),
    "ours, in a single cohort": rungs((8, 1, 0.6), (16, 2, 0.5), (32, 2, 0.5), cohort=1000),
    "rival: 4 epochs, then the best": then_the_best(4),
    "rival: 16 epochs, then the best": then_the_best(16),
    "rival: halving 3, rungs 2/6/18, cohorts of 20": halving(3, (2, 6, 18), 20),
    "rival: halving 2, rungs 4/8/16, cohorts of 20": halving(2, (4, 8, 16), 20),
    "rival: racing over folds": racing,
}


def measure(curves, rule, num_orders):
    """Cost, regret in percent, and share of orders whose winner is among the five best of all."""
    mean = curves.scores.mean(axis=1)
    ranks = numpy.argsort(numpy.argsort(mean, kind="stable"))
    costs, regrets, good = [], [], []
    for seed in range(num_orders):
        order = numpy.random.default_rng(seed).permutation(len(mean))
        cost, left = rule(curves, order)
        winner = left[int(numpy.argmin(mean[left]))]
        costs.append(cost / curves.epochs().sum())
        regrets.append(100.0 * (mean[winner] - mean.min()) / abs(mean.min()))
        good.append(ranks[winner] < 5)
    return numpy.mean(costs), numpy.mean(regrets), numpy.mean(good)


def replay(num_orders):
    """Print a line for each rule: means over tables, and the worst table."""
    tables = {path.stem: Curves(**numpy.load(path)) for path in sorted(FOLDER.glob("*.npz"))}
    print(f"{len(tables)} tables, {num_orders} orders: {', '.join(tables)}")
    print("| rule | cost | largest | regret, % | largest | among the best five | least |")
    print("|---|---|---|---|---|---|---|")
    for name, rule in RULES.items():
        measures = numpy.array([measure(curves, rule, num_orders) for curves in tables.values()])
        cost, regret, good = measures.mean(axis=0)
        print(
            f"| {name} | {cost:.2f} | {measures[:, 0].max():.2f} | {regret:.2f} | {measures[:, 1].max():.2f} "
            f"| {good:.2f} | {measures[:, 2].min():.2f} |",
            flush=True,
        )


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
    else:
        replay(arguments.orders)

"""How long a cohort of mixed trials is planned, and how long the importance of many trials takes.

    python benchmarks/planning.py [--trials 50 100 200 400] [--importance 1000 10000] [--repeats 3]

The trials are made: depth 1–4, widths 16–256 of which each is as likely as the others, four activations, four
optimizers, two numeric encodings, three batch sizes, three schedules, with and without dropout, batch normalization
and clipping; five folds. Alike: all could share a program. Nothing is trained. CPU seconds of this process, the best of
the repeats: all that a busy machine can do is add.
"""

import argparse
import os
import time

import numpy

from automl.evaluation.importance import importance
from automl.networks.builder import FamilyBuilder
from automl.training.population.jobs import Job
from automl.training.population.planner import Setting, plan_lanes
from automl.trial import Direction, FoldResult, Member, Objective, Task, Trial, TrialState

NUM_FOLDS = 5
BUILDER = FamilyBuilder({"standard": 20, "quantile": 20}, 3, Task.MULTICLASS)
SETTING = Setting("categorical_crossentropy", 2000, 2000, 64)
OBJECTIVE = Objective("log_loss", Direction.MINIMIZE)


def made_values(generator):
    """Hyperparameters of a trial."""
    return {
        "depth": int(generator.integers(1, 5)),
        "width": int(generator.integers(16, 257)),
        "activation": str(generator.choice(["relu", "leaky_relu", "tanh", "gelu"])),
        "dropout": float(generator.choice([0.0, generator.uniform(0.0, 0.5)])),
        "batch_normalization": bool(generator.random() < 0.5),
        "optimizer": str(generator.choice(["sgd", "adam", "adamw", "rmsprop"])),
        "numeric_encoding": str(generator.choice(["standard", "quantile"])),
        "batch_size": int(generator.choice([32, 64, 128])),
        "schedule": str(generator.choice(["constant", "cosine", "one_cycle"])),
        "clip_norm": float(generator.choice([0.0, 1.0])),
        "learning_rate": float(10.0 ** generator.uniform(-4.0, -1.0)),
    }


def alike_values(generator):
    """Hyperparameters of a trial that could share a program with any other one: the most pairs to weigh."""
    values = made_values(generator) | {"depth": 4, "optimizer": "adam", "batch_size": 64}
    values |= {f"width_{layer}": int(generator.integers(16, 257)) for layer in range(1, 5)}
    return values | {"batch_normalization": False, "numeric_encoding": "standard"}


def made_jobs(num_trials, make=made_values, seed=0):
    """Members of a cohort."""
    generator = numpy.random.default_rng(seed)
    return [
        Job(Member(trial, fold, values, 0), recipe, fold, 100, 10)
        for trial, values in enumerate([make(generator) for _ in range(num_trials)])
        for recipe in [BUILDER.recipe(values)]
        for fold in range(NUM_FOLDS)
    ]


def later_cohort(num_trials, cohorts=5):
    """Plan a cohort after earlier ones, whose programs it may use; the seconds of the last."""
    known = {}
    for seed in range(cohorts):
        jobs = made_jobs(num_trials, seed=seed)
        began = time.process_time()
        plan_lanes(jobs, SETTING, known)
        seconds = time.process_time() - began
    return seconds


def made_trials(num_trials):
    """Ended trials whose score follows from their hyperparameters, and noise."""
    generator = numpy.random.default_rng(0)
    trials = []
    for number in range(num_trials):
        values = made_values(generator)
        score = 0.3 + 0.1 * (numpy.log10(values["learning_rate"]) + 2.5) ** 2
        score += 0.05 * (values["activation"] != "gelu") + 0.1 * abs(values["dropout"] - 0.2)
        score += 0.02 * generator.normal()
        fold = FoldResult(0, (score,), (score,), (score,), 1, {"log_loss": score}, {"log_loss": score}, 0.1)
        trials.append(Trial(number, values, TrialState.COMPLETE, (fold,), 1000, 0.1))
    return trials


def best_seconds(function, repeats):
    """CPU seconds of the fastest of some calls."""
    measured = []
    for _ in range(repeats):
        began = time.process_time()
        function()
        measured.append(time.process_time() - began)
    return min(measured)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, nargs="*", default=[50, 100, 200, 400])
    parser.add_argument("--importance", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the start")
    print("| trials × 5 folds | mixed, s | the fifth cohort, s | alike, s |")
    print("|---|---|---|---|")
    for count in arguments.trials:
        mixed, alike = (
            best_seconds(lambda jobs=jobs: plan_lanes(jobs, SETTING, {}), arguments.repeats)
            for jobs in (made_jobs(count), made_jobs(count, alike_values))
        )
        later = min(later_cohort(count) for _ in range(arguments.repeats))
        print(f"| {count} | {mixed:.3f} | {later:.3f} | {alike:.3f} |", flush=True)
    for count in arguments.importance:
        trials = made_trials(count)
        seconds = best_seconds(
            lambda trials=trials: importance(trials, OBJECTIVE, ("learning_rate",)), arguments.repeats
        )
        print(f"importance of {count} trials: {seconds:.2f} s", flush=True)


if __name__ == "__main__":
    main()

"""What a member's epoch costs by the number of places and by the way the program is run.

    python benchmarks/population_sizes.py

Digits, 64-64-64-10, dropout, Adam, batch 32. `XLA` and `graph` are one thread with a program on both cores; `XLA, a
thread a core` is two populations side by side, which is how studies train. Two processes with one core each are made
with `taskset -c 0 … & taskset -c 1 …` and `--one`.
"""

import os
import sys
import threading
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from functools import partial

import tensorflow
import works
from planned import plan_of

from automl.data.folds import Fold
from automl.training.plan import TrainingSettings
from automl.training.population import programs
from automl.training.population.jobs import Job
from automl.training.population.places import Population
from automl.training.population.planner import Setting, structure_of
from automl.training.views import Tables
from automl.trial import Member


def setting():
    work = works.load("A")
    plan = plan_of(work, TrainingSettings(), ("log_loss",))
    values = work.trials[0]
    views = [
        plan.view(Member(0, fold, values, 0), Fold(fit, fit[:0], validation))
        for fold, (fit, validation) in enumerate(work.folds)
    ]
    tables = Tables(views)
    recipe = plan.builder.recipe(values)
    shared = Setting(plan.loss, len(work.target), len(work.target), 32)
    structure = structure_of(Job(Member(0, 0, values, 0), recipe, 0, 1, 0), shared)
    return tables, structure, (values, recipe)


def measure(program, tables, structure, values, places, threads):
    """Milliseconds of wall time an epoch and member, and seconds of compilation."""
    hyperparameters, recipe = values
    populations = [Population(structure, program, tables, places) for _ in range(threads)]
    for number, population in enumerate(populations):
        members = [Member(number * places + place, place % 5, hyperparameters, 0) for place in range(places)]
        population.admit([Job(member, recipe, member.fold, 10_000, 0) for member in members])
    began = time.perf_counter()
    populations[0].run_epoch()
    first = time.perf_counter() - began
    epochs = max(2, 200 // places)

    def run(population):
        for _ in range(epochs):
            population.run_epoch()

    workers = [threading.Thread(target=run, args=(population,)) for population in populations]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return 1000 * (time.perf_counter() - began) / (epochs * places * threads), first


def main(*flags):
    tables, structure, values = setting()
    graph = tensorflow.function(partial(programs._run_epoch, structure))
    ways = [
        ("XLA, a thread a core", programs.compile_epoch(structure), 2),
        ("XLA", programs.compile_epoch(structure), 1),
        ("graph", graph, 1),
    ]
    if "--one" in flags:
        ways = [("XLA, this process", programs.compile_epoch(structure), 1)]
    print("| places | " + " | ".join(f"{name}: ms (first call, s)" for name, _, _ in ways) + " |")
    print("|---" * (len(ways) + 1) + "|")
    for places in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512):
        cells = []
        for _, program, threads in ways:
            cost, first = measure(program, tables, structure, values, places, threads)
            cells.append(f"{cost:.2f} ({first:.1f})")
        print(f"| {places} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What `show`, `explain` and `report` take for a study of many recorded trials.

    python benchmarks/scale.py [1000 10000] [--repeats 3] [--keep FOLDER]

Makes runs of so many synthetic trials (five folds of 60 epochs, five hyperparameters, one trial in fifty failed, ten
analyzed) in a temporary folder, with the record's own functions, and runs each command as a process of its own. The
best wall time of the repeats counts: all that a busy machine can do is add to it. CPU is user and system time of the
same process, which other processes disturb less.
"""

import argparse
import dataclasses
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
import pandas

from automl.evaluation.bias_variance import LOG_LOSS, BiasVariance, Curve
from automl.records.events import CohortAsked, Finished, StudyStarted
from automl.records.files import (
    OUT_OF_FOLD_FILE,
    answer_file,
    ended_event,
    make_run_folder,
    write_json,
    write_trial,
)
from automl.records.finding import open_records
from automl.records.outcomes import Analyzed, Exported, VerdictReached
from automl.records.state import BIAS_VARIANCE, LEARNING_CURVE
from automl.trial import FoldResult, Health, Trial, TrialState

NUM_FOLDS, NUM_EPOCHS, COHORT = 5, 60, 50
CLASSES = ("a", "b", "c")
TEXT = "# Question   What do many trials cost?\nname: {name}\ndata: {{sklearn: wine}}\n"


def make_trial(number, generator):
    """A trial of a network that likes a middle learning rate, some dropout and gelu."""
    values = {
        "depth": int(generator.integers(1, 5)),
        "width": int(generator.choice([32, 64, 128, 256])),
        "activation": str(generator.choice(["relu", "leaky_relu", "tanh", "gelu"])),
        "dropout": float(generator.uniform(0.0, 0.5)),
        "learning_rate": float(10.0 ** generator.uniform(-4.0, -1.0)),
    }
    capacity = 13 * values["width"] + (values["depth"] - 1) * values["width"] ** 2 + 3 * values["width"]
    if generator.random() < 0.02:
        reason = f"diverged: the loss is not finite (fold 0, epoch {generator.integers(1, 60)}); lower `learning_rate`"
        return Trial(number, values, TrialState.FAILED, (), capacity, 0.1, reason)
    base = (
        0.3 + 0.1 * (numpy.log10(values["learning_rate"]) + 2.5) ** 2 + 0.3 * (values["dropout"] - 0.2) ** 2
    )
    base += 0.05 * (values["activation"] != "gelu") + 0.03 * generator.random()
    folds = tuple(make_fold(fold, base + 0.02 * generator.normal()) for fold in range(NUM_FOLDS))
    return Trial(number, values, TrialState.COMPLETE, folds, capacity, 1.5)


def make_fold(fold, score):
    epochs = numpy.arange(NUM_EPOCHS)
    validation = score + 0.8 * numpy.exp(-epochs / 9.0) + 0.002 * numpy.maximum(0, epochs - 40)
    training = 0.8 * score + 0.9 * numpy.exp(-epochs / 8.0)
    scores = {"log_loss": score, "accuracy": 1.0 - score / 2, "balanced_accuracy": 1.0 - score / 2}
    of_training = {"log_loss": 0.8 * score, "accuracy": 1.0 - score / 3, "balanced_accuracy": 1.0 - score / 3}
    return FoldResult(
        fold,
        tuple(training.tolist()),
        tuple(validation.tolist()),
        tuple(validation.tolist()),
        40,
        scores,
        of_training,
        0.3,
        health=Health((0.1, 0.1, 0.1), (0.0, 0.1)) if fold == 0 else None,
    )


def make_parts(trial):
    """Bias and variance of a trial, over a few epochs."""
    epochs, risk = (1, 2, 5, 10, 20, 40), trial.mean("log_loss")
    losses = [risk + 0.8 * 0.6**place for place in range(len(epochs) - 1)] + [risk]
    curves = [tuple(share * loss for loss in losses) for share in (1.0, 0.2, 0.8, 0.7)]
    errors = (0.005,) * len(epochs)
    risks, variances, rests = (Curve(values, errors) for values in curves[:3])
    return BiasVariance(
        trial.number,
        LOG_LOSS,
        epochs,
        40,
        risks,
        variances,
        rests,
        curves[3],
        {},
        {},
        1.1,
        8,
        1,
        NUM_FOLDS,
        178,
    )


def make_run(mlruns, name, num_trials):
    """Record a finished study of so many trials."""
    generator = numpy.random.default_rng(0)
    records = open_records(mlruns, create=True)
    identifier = f"20260101-000000-{num_trials:05d}"
    text = TEXT.format(name=name)
    folder = make_run_folder(records.mlruns, name, identifier, text)
    started = StudyStarted(
        name,
        identifier,
        "log_loss",
        "min",
        text=text,
        metrics=("log_loss", "accuracy", "balanced_accuracy"),
        num_trials=num_trials,
        num_folds=NUM_FOLDS,
        num_epochs=NUM_EPOCHS,
        searched=("depth", "width", "activation", "dropout", "learning_rate"),
        log_scaled=("learning_rate",),
        bounds={"depth": (1, 4, False), "dropout": (0.0, 0.5, False), "learning_rate": (1e-4, 0.1, True)},
        constant=1.1,
        notes=("5 folds, stratified by class",),
        facts={"rows": "178", "features": "13", "target": "kind"},
    )
    _, lease = records.create(folder, started, "benchmark")
    trials = []
    for first in range(0, num_trials, COHORT):
        cohort = [make_trial(number, generator) for number in range(first, min(num_trials, first + COHORT))]
        for trial in cohort:
            write_trial(folder, trial)
        values = tuple(trial.hyperparameters for trial in cohort)
        ended = [ended_event(trial, "log_loss") for trial in cohort]
        records.append(lease, CohortAsked(first // COHORT, first, values), *ended)
        trials += [dataclasses.replace(trial, folds=trial.folds) for trial in cohort if trial.folds]
        trials = sorted(trials, key=lambda trial: trial.mean("log_loss"))[:10]
    records.append(lease, *make_end(folder, trials, generator))
    records.release(lease)


def make_end(folder, best, generator):
    """Analyses of the best trials, predictions of the winner, and the last events."""
    events = []
    for trial in best:
        write_json(folder / answer_file(BIAS_VARIANCE, trial.number), dataclasses.asdict(make_parts(trial)))
        events.append(Analyzed(BIAS_VARIANCE, trial.number, answer_file(BIAS_VARIANCE, trial.number)))
    winner = best[0].number
    rows = [20, 40, 80, 120]
    losses = [[0.2 + 1.0 / count**0.5 + 0.01 * fold for fold in range(NUM_FOLDS)] for count in rows]
    write_json(
        folder / answer_file(LEARNING_CURVE, winner), {"rows": rows, "losses": losses, "loss": "log_loss"}
    )
    events.append(Analyzed(LEARNING_CURVE, winner, answer_file(LEARNING_CURVE, winner)))
    probabilities = generator.dirichlet(numpy.ones(len(CLASSES)), 2000)
    columns = {f"probability_{name}": probabilities[:, place] for place, name in enumerate(CLASSES)}
    true = generator.choice(CLASSES, len(probabilities))
    frame = pandas.DataFrame({"row": range(len(probabilities)), "kind": true, **columns})
    frame.to_csv(folder / OUT_OF_FOLD_FILE, index=False)
    verdict = VerdictReached(winner, (("cross-validation", "0.31"),), ("It beats a constant.",))
    return [*events, verdict, Exported(winner, 40), Finished("finished", 3600.0)]


def measure(command, folder, repeats):
    """Best wall seconds, CPU seconds of that run, peak memory in MB, bytes on standard output."""
    measured = []
    for _ in range(repeats):
        with tempfile.TemporaryFile() as out:
            began = time.monotonic()
            process = subprocess.Popen(
                [sys.executable, "-m", "automl", *command], cwd=folder, stdout=out, stderr=subprocess.DEVNULL
            )
            _, status, used = os.wait4(process.pid, 0)
            wall = time.monotonic() - began
            assert os.waitstatus_to_exitcode(status) == 0, command
            size = os.fstat(out.fileno()).st_size
        measured.append((wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, size))
    return min(measured)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trials", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="Make the runs here, or use those that are here.")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the start")
    print("| trials | command | wall, s | CPU, s | peak memory, MB | output, kB |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        for num_trials in arguments.trials:
            folder = (arguments.keep or Path(temporary)) / str(num_trials)
            if not folder.is_dir():
                folder.mkdir(parents=True)
                make_run(folder / "mlruns", f"s{num_trials}", num_trials)
            for command in (
                ["show"],
                ["show", "--format", "csv"],
                ["explain"],
                ["report", "--to", "page.html"],
            ):
                wall, cpu, memory, size = measure(command, folder, arguments.repeats)
                size = (folder / "page.html").stat().st_size if command[0] == "report" else size
                row = (
                    num_trials,
                    " ".join(command),
                    f"{wall:.2f}",
                    f"{cpu:.2f}",
                    f"{memory:.0f}",
                    f"{size / 1e3:.0f}",
                )
                print(f"| {' | '.join(map(str, row))} |", flush=True)


if __name__ == "__main__":
    main()

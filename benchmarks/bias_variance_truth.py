"""Bias and variance as a study estimates them from one table, beside the truth from fifty tables.

    python benchmarks/bias_variance_truth.py [--plot docs/bias_variance_truth.png] [--tables 20] [--results FILE]

Perceptrons of one hidden layer, of widths from 1 to 128, learn y = sin(3a) + ab + noise of variance 0.09 from 200 rows.
Truth: fifty tables, one network each, on 4,000 rows of which the noiseless target is known: bias² is the squared
distance of their mean from it (less variance / 50, which the mean has of its own), variance their spread. Estimates:
what a study says of each of twenty further tables, with its defaults of 5 folds and 16 resamples: risk, variance, and
risk − variance = bias² + noise, each with its 95 % interval. Of how many does the interval hold the truth? Beside them,
bias² + noise as resamples alone have it. All networks train in populations.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy
import pandas

from automl.config.reading import make_study
from automl.data.folds import Fold
from automl.evaluation.bias_variance import summarize
from automl.evaluation.decomposition import squared_parts
from automl.evaluation.predictions import Predictions
from automl.study.analyses.blocks import targets_of
from automl.study.preparation import prepare_study
from automl.training.engine import Watch
from automl.training.population.engine import PopulationEngine
from automl.trial import Member

WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128)
NUM_TRUE, NUM_ROWS, NUM_OTHERS, NOISE, EPOCHS = 50, 200, 4000, 0.09, 300
NUM_FOLDS, NUM_RESAMPLES = 5, 16
NAMES = ("risk", "variance", "rest")


def prepare(num_tables):
    """A study of all tables stacked, the noiseless target, the rows of each table, and those of the test."""
    generator = numpy.random.default_rng(1)
    count = (NUM_TRUE + num_tables) * NUM_ROWS
    features = generator.uniform(-1.0, 1.0, (count + NUM_OTHERS, 2))
    expected = numpy.sin(3.0 * features[:, 0]) + features[:, 0] * features[:, 1]
    table = pandas.DataFrame(features, columns=["a", "b"])
    table["y"] = expected + NOISE**0.5 * generator.normal(size=len(table))
    content = {
        "name": "truth",
        "data": {"frame": True, "target": "y"},
        "splits": {"folds": 2, "test": 0},
        "space": {"depth": 1, "width": {"choice": list(WIDTHS)}, "learning_rate": 0.01},
        "training": {"epochs": EPOCHS, "batch_size": 32},
    }
    study = prepare_study(make_study(content), table)
    parts = numpy.split(numpy.arange(count), NUM_TRUE + num_tables)
    return study, expected, parts, numpy.arange(count, len(table))


def plan(study, parts, validation):
    """Folds of all tables, and the members of every width; a table of a width is a trial."""
    folds = [Fold(part, validation[:0], validation) for part in parts[:NUM_TRUE]]
    values = dict(study.space.initial()) | {"activation": "relu"}
    members = [
        Member(number, table, values | {"width": width}, 0, snapshots=(EPOCHS,))
        for number, width in enumerate(WIDTHS)
        for table in range(NUM_TRUE)
    ]
    for table, part in enumerate(parts[NUM_TRUE:]):
        order, first = numpy.random.default_rng(table).permutation(part), len(folds)
        held_out = [numpy.sort(rows) for rows in numpy.array_split(order, NUM_FOLDS)]
        folds += [Fold(numpy.setdiff1d(part, rows), part[:0], rows) for rows in held_out]
        folds.append(Fold(part, part[:0], part))
        for number, width in enumerate(WIDTHS):
            hyperparameters, trial = values | {"width": width}, (table + 1) * len(WIDTHS) + number
            members += [
                Member(trial, first + fold, hyperparameters, 0, snapshots=(EPOCHS,))
                for fold in range(NUM_FOLDS)
            ]
            members += [
                Member(
                    trial,
                    first + NUM_FOLDS,
                    hyperparameters,
                    0,
                    repeat=resample,
                    resample=resample,
                    snapshots=(EPOCHS,),
                )
                for resample in range(1, NUM_RESAMPLES + 1)
            ]
    return folds, members


def truth(traces, expected):
    """Risk, variance and rest, and bias² alone; they have the sampling error of fifty tables."""
    predictions = numpy.stack([trace.predictions[0] for trace in traces]).astype(float)
    variance = predictions.var(axis=0, ddof=1)
    bias = (predictions.mean(axis=0) - expected[traces[0].rows]) ** 2 - variance / len(traces)
    bias, variance = float(bias.mean()), float(variance.mean())
    return {"risk": bias + variance + NOISE, "variance": variance, "rest": bias + NOISE, "bias": bias}


def estimate(traces, dataset):
    """What a study says: values and half the widths of their intervals; and the rest as resamples alone have it."""
    drawn = [trace for trace in traces if trace.member.resample]
    folds = [
        Predictions(trace.rows, trace.predictions[:, None], ~trace.trained[None])
        for trace in traces
        if not trace.member.resample
    ]
    replicas = Predictions(
        drawn[0].rows,
        numpy.stack([trace.predictions for trace in drawn], axis=1),
        ~numpy.stack([trace.trained for trace in drawn]),
    )
    decomposition = summarize(0, (EPOCHS,), EPOCHS, folds, replicas, targets_of(dataset))
    alone = squared_parts(replicas.values[0], dataset.target[replicas.rows], replicas.unseen).rest
    measured = {name: decomposition.measured(getattr(decomposition, name)) for name in NAMES}
    estimates = {name: (estimate.value, estimate.half()) for name, estimate in measured.items()}
    return estimates | {"alone": float(numpy.nanmean(alone))}


def measure(num_tables):
    """By width, the truth and what each table says."""
    study, expected, parts, validation = prepare(num_tables)
    folds, members = plan(study, parts, validation)
    engine = PopulationEngine(study.plan, tuple(folds))
    place = {member: number for number, member in enumerate(map(key, members))}
    unsorted_traces = engine.trace(members, Watch(lambda _: None, lambda: True))
    traces = sorted(unsorted_traces, key=lambda trace: place[key(trace.member)])
    by_trial = {}
    for trace in traces:
        by_trial.setdefault(trace.member.trial, []).append(trace)
    count = len(WIDTHS)
    return {
        width: {
            "truth": truth(by_trial[number], expected),
            "tables": [
                estimate(by_trial[(table + 1) * count + number], study.dataset) for table in range(num_tables)
            ],
        }
        for number, width in enumerate(WIDTHS)
    }


def key(member):
    return member.trial, member.fold, member.resample


def holds(width, name):
    """Of each table, whether its interval holds the truth."""
    true = width["truth"][name]
    return [abs(value - true) <= half for value, half in (table[name] for table in width["tables"])]


def summary_of(width):
    """Means over the tables, half the width of one table's interval, and the shares of intervals that hold."""
    means = {name: float(numpy.mean([table[name][0] for table in width["tables"]])) for name in NAMES}
    halves = {
        name: float(numpy.sqrt(numpy.mean([table[name][1] ** 2 for table in width["tables"]])))
        for name in NAMES
    }
    alone = float(numpy.mean([table["alone"] for table in width["tables"]]))
    return {"means": means, "halves": halves, "alone": alone, "held": {n: holds(width, n) for n in NAMES}}


def show(widths):
    print(
        "| width | true bias² | true variance | true bias² + noise | estimate | resamples alone | variance, estimate | "
        "within, bias² + noise | within, variance |\n|" + "---|" * 9
    )
    for width, content in widths.items():
        true, summary = content["truth"], summary_of(content)
        held = {name: f"{sum(summary['held'][name])} of {len(content['tables'])}" for name in NAMES}
        cells = [
            f"{true['bias']:.4f}",
            f"{true['variance']:.4f}",
            f"{true['rest']:.4f}",
            f"{summary['means']['rest']:.4f} ± {summary['halves']['rest']:.3f}",
            f"{summary['alone']:.4f}",
            f"{summary['means']['variance']:.4f} ± {summary['halves']['variance']:.4f}",
            held["rest"],
            held["variance"],
        ]
        print(f"| {width} | {' | '.join(cells)} |")
    for name in NAMES:
        inside = [is_inside for content in widths.values() for is_inside in holds(content, name)]
        print(f"{name}: {sum(inside)} of {len(inside)} intervals hold the truth, {numpy.mean(inside):.0%}")


def plot(contents, path):
    from matplotlib.figure import Figure

    widths, blue, orange = list(contents), "#0072B2", "#D55E00"
    whole = {width: summary_of(content) for width, content in contents.items()}
    titles = {"risk": "Risk", "rest": "Bias² + noise", "variance": "Variance"}
    figure = Figure(figsize=(11, 3.9), layout="constrained")
    for axes, (name, title) in zip(figure.subplots(1, 3), titles.items(), strict=True):
        means, halves = (
            numpy.array([whole[width][part][name] for width in widths]) for part in ("means", "halves")
        )
        axes.fill_between(
            widths, means - halves, means + halves, color=blue, alpha=0.18, lw=0, label="95 % of one table"
        )
        axes.plot(
            widths, means, "o-", color=blue, ms=4, label=f"estimate, mean of {len(contents[1]['tables'])}"
        )
        true = [contents[width]["truth"][name] for width in widths]
        axes.plot(widths, true, "s--", color="black", ms=4, lw=1.2, label=f"truth, {NUM_TRUE} tables")
        if name == "rest":
            alone = [whole[width]["alone"] for width in widths]
            axes.plot(widths, alone, "^:", color=orange, ms=4, label="resamples alone")
            axes.axhline(NOISE, color="gray", lw=0.8)
            axes.annotate(
                "noise",
                (widths[0], NOISE),
                (-4, -3),
                textcoords="offset points",
                va="top",
                color="gray",
                fontsize=9,
            )
        axes.set(xscale="log", yscale="log", xlabel="width", title=title)
        axes.set_xticks(widths, [str(width) for width in widths])
        ticks = (0.01, 0.02, 0.04, 0.08, 0.16) if name == "variance" else (0.05, 0.1, 0.2, 0.4)
        axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.set_ylim(*((0.008, 0.18) if name == "variance" else (0.038, 0.58)))
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("squared units of the target")
    handles, labels = figure.axes[1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--plot")
    parser.add_argument("--tables", type=int, default=20)
    parser.add_argument("--results", default="benchmarks/results/bias_variance_truth.json")
    arguments = parser.parse_args()
    began = time.perf_counter()
    contents = measure(arguments.tables)
    seconds = time.perf_counter() - began
    show(contents)
    print(f"{seconds:.0f} s")
    design = {"rows": NUM_ROWS, "noise": NOISE, "epochs": EPOCHS, "folds": NUM_FOLDS}
    content = {"design": design | {"resamples": NUM_RESAMPLES}, "seconds": round(seconds), "widths": contents}
    Path(arguments.results).write_text(json.dumps(content, indent=1) + "\n")
    if arguments.plot:
        plot(contents, arguments.plot)


if __name__ == "__main__":
    main()

"""Columns of many levels: rare levels pooled, one input a level, or an embedding.

    python benchmarks/levels.py [--table FILE.csv --target COLUMN] [--above 8 32 128]

Cross-validated loss of six configurations (depth 1 and 2, dropout 0, 0.2 and 0.4; width 128) with the most frequent 128
levels of a column as inputs, with up to 1,024, and with embeddings of columns above some numbers of levels. Without a
file, made tables of 20,000 rows: four numbers, and a column of 300 or 1,000 levels of unlike frequency, each
with an effect of its own and a slope of its own.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy
import pandas

from automl.config.reading import make_study
from automl.data import preprocessing
from automl.study.preparation import prepare_study
from automl.training.engine import Watch
from automl.training.members import plan_members

NEVER = 10**9
SPACE = {"width": 128, "learning_rate": 0.001, "optimizer": "adam", "numeric_encoding": "quantile"}
CONFIGURATIONS = [{"depth": depth, "dropout": dropout} for depth in (1, 2) for dropout in (0.0, 0.2, 0.4)]


def made_table(num_levels, num_rows=20_000):
    """A made table, and the variance that its noise has as a share of all."""
    generator = numpy.random.default_rng(0)
    shares = 1.0 / numpy.arange(1, num_levels + 1) ** 0.8
    levels = generator.choice(num_levels, num_rows, p=shares / shares.sum())
    effects, slopes = generator.normal(size=(2, num_levels))
    numbers = generator.normal(size=(num_rows, 4))
    signal = effects[levels] + 0.7 * slopes[levels] * numbers[:, 0]
    signal += numpy.sin(2.0 * numbers[:, 1]) + numbers[:, 2] * numbers[:, 3]
    table = pandas.DataFrame(numbers, columns=list("abcd"))
    table["level"] = [f"level {level}" for level in levels]
    table["y"] = signal + generator.normal(size=num_rows)
    return table


def scores(table, target, most, above):
    """Mean scores over the folds of every configuration, and the inputs of the study."""
    preprocessing.MOST_LEVELS, preprocessing.EMBEDDED_ABOVE = most, above
    content = {
        "name": "levels",
        "data": {"frame": True, "target": target},
        "splits": {"test": 0},
        "space": SPACE | {"depth": {"int": [1, 2]}},
        "training": {"epochs": 40},
    }
    study = prepare_study(make_study(content), table)
    values = [
        dict(study.space.initial()) | {"activation": "relu"} | configuration
        for configuration in CONFIGURATIONS
    ]
    cohort = [
        plan_members(number, hyperparameters, len(study.splits.folds), 0)
        for number, hyperparameters in enumerate(values)
    ]
    watch = Watch(on_progress=lambda _: None, may_start=lambda: True)
    trials = sorted(study.make_engine().train(cohort, watch), key=lambda trial: trial.number)
    metric = study.objective.metric
    return [trial.mean(metric) for trial in trials], study.layout.num_inputs("quantile"), metric


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--table")
    parser.add_argument("--target")
    parser.add_argument("--above", type=int, nargs="+", default=[32])
    arguments = parser.parse_args()
    if arguments.table:
        tables = {arguments.table.rpartition("/")[2]: (pandas.read_csv(arguments.table), arguments.target)}
    else:
        tables = {f"{count} levels": (made_table(count), "y") for count in (300, 1000)}
    ways = {"128, the rest pooled": (128, NEVER), "one input a level": (1024, NEVER)}
    ways |= {f"embedded above {above}": (1024, above) for above in arguments.above}
    print("| table | way | inputs | best of six | mean of six |\n|---|---|---|---|---|")
    for name, (table, target) in tables.items():
        for way, (most, above) in ways.items():
            mean_scores, num_inputs, metric = scores(table, target, most, above)
            figures = f"{metric} {min(mean_scores):.4g} | {numpy.mean(mean_scores):.4g}"
            print(f"| {name} | {way} | {num_inputs} | {figures} |", flush=True)


if __name__ == "__main__":
    main()

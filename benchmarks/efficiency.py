# ruff: noqa: E402
"""How much of the time of a population is arithmetic that no program could leave out, and how cost grows.

    python benchmarks/efficiency.py [--plot docs/growth.png]

For each shape: η = (the matrix products of an epoch alone, each by the fastest way on this machine, + the
optimizer's bytes over the measured bandwidth) / (what a member's epoch takes), on one core, compilation left out.
Products: forward, two backward, and a forward pass over the rows whose losses are measured;
the fastest of NumPy's BLAS and XLA, batched as a population has them. With `--plot`, a member's epoch against
the number of members, of rows and of units, too.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])

import numpy
import pandas
import tensorflow

from automl.config.sections import DataConfig
from automl.data.dataset import make_dataset
from automl.data.folds import Fold
from automl.data.preprocessing import make_layout
from automl.hyperparameters import HYPERPARAMETERS
from automl.networks.builder import FamilyBuilder
from automl.training.plan import TrainingPlan, TrainingSettings
from automl.training.population.jobs import Job
from automl.training.population.places import Population
from automl.training.population.planner import Setting, places_in_cache, structure_of
from automl.training.population.programs import compile_epoch
from automl.training.views import Tables
from automl.trial import Member

SHAPES = {  # rows, features, widths, classes, batch
    "A: 64-64-64-10, batch 32": (1797, 64, (64, 64), 10, 32),
    "B, wide: 64-256×4-10, batch 32": (1797, 64, (256,) * 4, 10, 32),
    "B, narrow: 64-16-10, batch 32": (1797, 64, (16,), 10, 32),
    "C: 8-128×3-1, batch 64": (8192, 8, (128,) * 3, 0, 64),
    "D: 105-256-256-1, batch 256": (48842, 105, (256, 256), 2, 256),
}
ADAM_BYTES = 28
"""Reads of weight, gradient and two moments and three writes, float32."""


def population(shape, places=None):
    """A population on random rows, and what its arithmetic is: (batch, inputs, units) of each layer."""
    num_rows, num_features, widths, num_classes, batch = shape
    generator = numpy.random.default_rng(0)
    table = pandas.DataFrame(generator.normal(size=(num_rows, num_features)).astype("float32")).rename(
        columns=str
    )
    table["y"] = (
        generator.integers(0, num_classes, num_rows) if num_classes else generator.normal(size=num_rows)
    )
    dataset = make_dataset(table, "y", DataConfig(path="-", target="y"), lambda *_: "")
    rows = numpy.arange(num_rows)
    layout = make_layout(dataset.columns, rows)
    builder = FamilyBuilder({"standard": num_features}, dataset.num_outputs, dataset.task)
    plan = TrainingPlan(dataset, layout, builder, TrainingSettings(), ())
    values = {name: named.default for name, named in HYPERPARAMETERS.items()}
    values |= {"depth": len(widths), "width": widths[0], "batch_size": batch, "dropout": 0.1}
    part = num_rows // 5
    view = plan.view(Member(0, 0, values, 0), Fold(rows[part:], rows[:0], rows[:part]))
    tables = Tables([view])
    setting, recipe = Setting(plan.loss, num_rows, tables.num_measured, batch), builder.recipe(values)
    structure = structure_of(Job(Member(0, 0, values, 0), recipe, 0, 1, 0), setting)
    places = places or places_in_cache(structure)
    networks = Population(structure, compile_epoch(structure), tables, places)
    networks.admit([Job(Member(number, 0, values, 0), recipe, 0, 10_000, 0) for number in range(places)])
    layers = list(zip((num_features, *widths), (*widths, dataset.num_outputs), strict=True))
    return networks, structure, layers, (len(view.fit), tables.num_measured)


def epoch_seconds(shape, places=None):
    """Of one member."""
    networks, structure, layers, rows = population(shape, places)
    networks.run_epoch()
    return (
        fastest(networks.run_epoch) / networks.num_places,
        networks.num_places,
        structure,
        layers,
        rows,
    )


def fastest(run, seconds=1.5):
    best, began = float("inf"), time.perf_counter()
    while time.perf_counter() - began < seconds:
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return best


def product_seconds(places, rows, inputs, outputs):
    """One product of each of `places` members, by the faster of two ways, of one member."""
    generator = numpy.random.default_rng(0)
    left = generator.normal(size=(places, rows, inputs)).astype("float32")
    right = generator.normal(size=(places, inputs, outputs)).astype("float32")
    result = numpy.empty((places, rows, outputs), "float32")
    tensors = tensorflow.constant(left), tensorflow.constant(right)
    compiled = tensorflow.function(tensorflow.matmul, jit_compile=True)
    compiled(*tensors)
    ways = [lambda: numpy.matmul(left, right, out=result), lambda: compiled(*tensors).numpy()]
    return min(fastest(way, 0.2) for way in ways) / places


def bandwidth():
    """Bytes a second of a copy that does not fit the caches, read and written."""
    source = numpy.ones(1 << 25, "float32")
    target = numpy.empty_like(source)
    return 2 * source.nbytes / fastest(lambda: numpy.copyto(target, source))


def floor(places, structure, layers, rows, speed):
    """Seconds of the products and of the optimizer's bytes in one epoch of one member."""
    fit, measured = rows
    batch, steps = structure.batch_size, -(-fit // structure.batch_size)
    products = 0.0
    for number, (inputs, outputs) in enumerate(layers):
        step = product_seconds(places, batch, inputs, outputs)  # forward
        step += product_seconds(places, inputs, batch, outputs)  # the kernel's gradient
        if number > 0:
            step += product_seconds(places, batch, outputs, inputs)  # the inputs' gradient
        products += steps * step + measured / 256 * product_seconds(places, 256, inputs, outputs)
    return products, steps * structure.capacity * ADAM_BYTES / speed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--plot")
    arguments = parser.parse_args()
    speed = bandwidth()
    print(f"bandwidth of one core: {speed / 1e9:.1f} GB/s\n")
    print(
        "| shape | members | a member's epoch, ms | products, ms | optimizer's bytes, ms | η |"
        "\n|---|---|---|---|---|---|"
    )
    for name, shape in SHAPES.items():
        seconds, places, structure, layers, rows = epoch_seconds(shape)
        products, moved = floor(places, structure, layers, rows, speed)
        share = (products + moved) / seconds
        cells = f"{1e3 * seconds:.2f} | {1e3 * products:.2f} | {1e3 * moved:.2f} | {share:.2f}"
        print(f"| {name} | {places} | {cells} |", flush=True)
    if arguments.plot:
        plot(arguments.plot)


def plot(path):
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter

    series = {
        "members (64-64, 1,797 rows)": [
            (n, (1797, 64, (64, 64), 10, 32), n) for n in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
        ],
        "rows (64-64, batch 32)": [
            (n, (n, 64, (64, 64), 10, 32), None) for n in (1000, 3000, 10_000, 30_000, 100_000)
        ],
        "width (two layers, 1,797 rows)": [
            (n, (1797, 64, (n, n), 10, 32), None) for n in (16, 32, 64, 128, 256, 512)
        ],
    }
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    for axes, (title, points) in zip(figure.subplots(1, 3), series.items(), strict=True):
        times = [1e3 * epoch_seconds(shape, places)[0] for _, shape, places in points]
        print(title, [round(value, 2) for value in times], flush=True)
        axes.loglog([count for count, _, _ in points], times, "o-", color="#0072B2")
        axes.set(xlabel=title, ylabel="a member's epoch, ms on one core")
        axes.set_ylim(bottom=min(times) / 2, top=max(times) * 2)
        axes.grid(alpha=0.3)
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_minor_formatter(NullFormatter())
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()

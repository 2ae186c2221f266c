"""What populations do on an accelerator, on arrays that are made in place; ends within its time.

    python benchmarks/gpu.py [--seconds 450] [--to FILE] [--quick] [--tf32] [--parts many,A,D,grid,lanes] [--fits 5,6]

Needs Python, NumPy, Keras and JAX, and the `automl` folder on the path; scikit-learn (for its digits) and PyTorch (for
the loop beside works A and D) are used where they are. Every result is a line of JSON in FILE as soon as it is known,
in `$OUT/gpu.jsonl` where the variable `OUT` names a folder; tables follow at the end. A part begins only while there
is time, and what was left out is said. `--quick` is a tiny run that shows on a CPU that all of it works.

- bounds: bandwidth of a copy and FLOP/s of matrix products of this card, in float32 and in TF32.
- grid: members·steps per second of the compiled epoch alone, over widths and members (depth 2, batch 64), beside what
  the bandwidth and the FLOP/s would allow. A step must at least read and write weights and both moments of Adam, write
  and read the gradients, gather its rows, and write and read the activations forwards and backwards.
- A, D: works of the race through the whole engine, beside a PyTorch loop on the same card.
- many: 1,000 configurations × 5 folds × 50 epochs of digits through the whole engine.
- lanes: the same without the inspection of gradients, under several numbers of places.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

BEGAN = time.perf_counter()
HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import made_works  # noqa: E402
import numpy  # noqa: E402

from automl.data.columns import TableArrays, numeric_columns  # noqa: E402
from automl.data.folds import Fold  # noqa: E402
from automl.data.preprocessing import make_layout  # noqa: E402
from automl.networks.builder import FamilyBuilder  # noqa: E402
from automl.training import backend  # noqa: E402
from automl.training.engine import Watch  # noqa: E402
from automl.training.engines import make_engine  # noqa: E402
from automl.training.members import plan_members  # noqa: E402
from automl.training.plan import TrainingPlan, TrainingSettings  # noqa: E402
from automl.training.population import (  # noqa: E402
    knowledge,
    lanes,
    places,
    results,
)
from automl.training.population.jobs import Job  # noqa: E402
from automl.training.population.planner import Setting, structure_of  # noqa: E402
from automl.training.population.programs import compile_epoch  # noqa: E402
from automl.training.views import Tables  # noqa: E402
from automl.trial import Member, Task  # noqa: E402

WIDTHS, MEMBERS, BATCH, ROWS, FEATURES, OUTPUTS = (256, 64, 16), (64, 512, 4096, 8, 1), 64, 2048, 64, 10
"""Of the grid, in the order in which its cells are measured: all widths of a number of members first."""
PARTS = ("many", "A", "D", "grid", "lanes")
LEAST_SECONDS = {"many": 60, "lanes": 45, "A": 40, "D": 40, "grid": 15}
"""What must be left for a part to begin; of the grid and of the lanes, for each of their cells."""
LANES = ((1024, 1), (2500, 1), (5000, 1))
"""Places of a program at most, and threads."""


class Record:
    """Results as lines, in a file where one is wanted, and seconds that are left."""

    def __init__(self, arguments):
        folder = os.environ.get("OUT")
        path = arguments.to or (Path(folder) / "gpu.jsonl" if folder else None)
        self.file = path and Path(path).open("a", encoding="utf-8")  # noqa: SIM115
        self.end = BEGAN + arguments.seconds

    @property
    def left(self):
        return self.end - time.perf_counter()

    def add(self, part, **result):
        line = json.dumps({"part": part, "at": round(time.perf_counter() - BEGAN, 1), **result})
        print(line, flush=True)
        if self.file:
            self.file.write(line + "\n")
            self.file.flush()
        return result

    def may_begin(self, part, quick):
        if quick or self.left > LEAST_SECONDS[part]:
            return True
        self.add(part, left_out=f"{self.left:.0f} seconds are left, {LEAST_SECONDS[part]} are needed")
        return False


class Clock:
    """Seconds of compilation, as JAX counts them, and of some functions, those that they call included."""

    WATCHED = (
        (places.Population, ("admit", "run_epoch", "take_finished", "shrink", "_batches")),
        (results.Results, ("trial", "_health")),
    )

    def __init__(self):
        self.seconds, self.calls = Counter(), Counter()
        self._lock = threading.Lock()
        jax.monitoring.register_event_duration_secs_listener(self._on_event)
        for owner, names in self.WATCHED:
            for name in names:
                if hasattr(owner, name):
                    setattr(owner, name, self._timed(f"{owner.__name__}.{name}", getattr(owner, name)))

    def _on_event(self, event, seconds, **_):
        if event.endswith(
            ("jaxpr_trace_duration", "jaxpr_to_mlir_module_duration", "backend_compile_duration")
        ):
            self._add("compile", seconds)

    def _add(self, name, seconds):
        with self._lock:
            self.seconds[name] += seconds
            self.calls[name] += 1

    def _timed(self, name, function):
        def timed(*arguments, **named):
            began = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self._add(name, time.perf_counter() - began)

        return timed

    def begin(self):
        self.seconds.clear()
        self.calls.clear()

    def totals(self):
        return {name: [round(seconds, 3), self.calls[name]] for name, seconds in sorted(self.seconds.items())}


def seconds_of(function, least=0.3):
    """Of one call, the median of three groups of calls after one that is not counted."""
    jax.block_until_ready(function())
    began = time.perf_counter()
    jax.block_until_ready(function())
    count = max(1, int(least / 3 / max(1e-6, time.perf_counter() - began)))
    groups = []
    for _ in range(3):
        began = time.perf_counter()
        for _ in range(count):
            result = function()
        jax.block_until_ready(result)
        groups.append((time.perf_counter() - began) / count)
    return sorted(groups)[1]


def facts():
    names = ("jax", "jaxlib", "keras", "numpy", "scikit-learn", "torch")
    versions = {}
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    device = jax.devices()[0]
    memory = (device.memory_stats() or {}).get("bytes_limit")
    return {
        "device": backend.device_name(),
        "precision": backend.precision_name(),
        "bytes_limit": memory,
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "backend": backend.backend_name(),
        **versions,
    }


def bounds(record, quick):
    """Bytes a second of a copy, and FLOP/s of matrix products: large ones in both precisions, and many small ones."""
    count, size = (1 << 20, 256) if quick else (1 << 28, 8192)
    array = jnp.ones(count, jnp.float32)
    copy = jax.jit(lambda values: values + 1.0)
    limits = {"copy_bytes": 8 * count / seconds_of(lambda: copy(array))}
    matrix = jnp.ones((size, size), jnp.float32)
    for name, precision in (("float32", "highest"), ("tf32", "tensorfloat32")):
        product = jax.jit(lambda left, precision=precision: jnp.matmul(left, left, precision=precision))
        limits[f"flops_{name}"] = 2 * size**3 / seconds_of(lambda product=product: product(matrix))
    small = jnp.ones((8 if quick else 4096, 64, 64), jnp.float32)
    product = jax.jit(lambda left: jnp.matmul(left, left))
    limits["flops_small"] = 2 * small.shape[0] * 64**3 / seconds_of(lambda: product(small))
    return record.add("bounds", **limits)


def table_of(features, target, num_classes):
    names = [f"x{number}" for number in range(features.shape[1])]
    task = Task.BINARY if num_classes == 2 else Task.MULTICLASS
    weights = numpy.ones(len(target))
    return TableArrays(numeric_columns(features, names), target, task, tuple(range(num_classes)), weights)


def plan_of(table, training, metrics):
    layout = make_layout(table.columns, numpy.arange(len(table.target)))
    builder = FamilyBuilder({"standard": layout.num_inputs("standard")}, table.num_outputs, table.task)
    return TrainingPlan(table, layout, builder, training, metrics)


def one_member(width):
    """The program of the grid, its tables, and the arrays of one member."""
    features, target = made_works._draw_table((ROWS, FEATURES), numpy.full(OUTPUTS, 1 / OUTPUTS))
    plan = plan_of(table_of(features, target, OUTPUTS), TrainingSettings(), ("log_loss",))
    values = made_works.configurations(1, 1, 2, BATCH).trials[0] | {"width": width, "dropout": 0.0}
    member = Member(0, 0, values, 0)
    rows = numpy.arange(ROWS)
    tables = Tables([plan.view(member, Fold(rows, rows[:0], rows[:0]))])
    setting = Setting(plan.loss, ROWS, ROWS, BATCH)
    job = Job(member, plan.builder.recipe(values), 0, 1_000_000, 0)
    structure = structure_of(job, setting)
    program = compile_epoch(structure)
    population = places.Population(structure, program, tables, 1)
    population.admit([job])
    batches = {name: jnp.asarray(array) for name, array in population._batches().items()}
    return structure, program, tables, (population._tensors, batches, population._rows.state)


def grid_cell(record, limits, width, members):
    """One width and number of members; each step of the program trains all of them."""
    structure, program, tables, arrays = one_member(width)
    values, batches, state = jax.tree_util.tree_map(lambda array: jnp.repeat(array, members, axis=0), arrays)
    num_steps = batches["counts"].shape[1]
    began = time.perf_counter()
    seconds = {}
    for name, measured in (("steps", False), ("with_losses", True)):
        measured_batches = batches | {"measured": jnp.asarray(measured)}
        seconds[name] = seconds_of(
            lambda measured_batches=measured_batches: program(tables.arrays, values, measured_batches, state)
        )
    capacity, rows = structure.capacity, structure.batch_size
    moved = 4 * (8 * capacity + 2 * rows * (FEATURES + OUTPUTS) + 4 * rows * (2 * width + OUTPUTS))
    flops = limits["flops_float32" if backend.precision_name() == backend.FULL else "flops_tf32"]
    return record.add(
        "grid",
        width=width,
        members=members,
        capacity=capacity,
        members_steps=members * num_steps / seconds["steps"],
        with_losses=members * num_steps / seconds["with_losses"],
        bandwidth_bound=limits["copy_bytes"] / moved,
        compute_bound=flops / (6 * capacity * rows),
        step_microseconds=1e6 * seconds["steps"] / num_steps,
        seconds_in_all=round(time.perf_counter() - began, 1),
    )


def through_engine(record, clock, part, work, **labels):
    """A work through the whole engine: networks trained, scored, inspected. Compilations may overlap with the rest."""
    clock.begin()
    began = time.perf_counter()
    none = numpy.arange(0)
    folds = tuple(Fold(fit, none, validation) for fit, validation in work.folds)
    table = table_of(work.features, work.target, work.num_classes)
    training = TrainingSettings(epochs=work.epochs, patience=work.epochs)
    engine = make_engine(plan_of(table, training, ("log_loss", "accuracy")), folds)
    cohort = [plan_members(number, values, len(folds), 0) for number, values in enumerate(work.trials)]
    trials = list(engine.train(cohort, Watch(lambda _: None, lambda: True)))
    seconds = time.perf_counter() - began
    losses = [loss for trial in trials for loss in trial.fold_scores("log_loss")]
    compiling = clock.seconds["compile"]
    return record.add(
        part,
        **labels,
        arrays=work.source,
        trials=len(work.trials),
        folds=len(folds),
        epochs=work.epochs,
        batch=work.trials[0]["batch_size"],
        failed=sum(trial.state != "complete" for trial in trials),
        seconds=round(seconds, 2),
        compile_seconds=round(compiling, 2),
        run_seconds=round(seconds - compiling, 2),
        members_steps=work.num_steps / seconds,
        mean_loss=float(numpy.mean(losses)) if losses else None,
        where=clock.totals(),
    )


def torch_loop(record, part, work, most, num_rows):
    """The same work by PyTorch in a process of its own: some fits, from which all follow."""
    seconds = 20 if num_rows is None else 5
    command = [sys.executable, str(HERE / "gpu_torch.py"), part, str(most), str(seconds)]
    command += [str(num_rows)] if num_rows else []
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=max(30.0, min(90.0, record.left))
        )
    except subprocess.TimeoutExpired:
        return record.add(f"{part} torch", left_out="the loop took too long")
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines:
        why = (done.stderr.strip().splitlines() or ["no output"])[-1]
        return record.add(f"{part} torch", left_out=why)
    measured = json.loads(lines[0][7:])
    whole = measured["seconds"] / measured["fits"] * work.num_fits
    return record.add(f"{part} torch", **measured, whole_seconds=round(whole, 1))


def beside_torch(record, clock, part, quick, most):
    rows = 400 if quick else None
    work = made_works.work(part, 2 if quick else None, rows)
    ours = through_engine(record, clock, part, work)
    rival = torch_loop(record, part, work, 1 if quick else most, rows)
    return part, ours, rival


def many(record, clock, quick):
    sizes = (3, 2, 2, 64) if quick else (1000, 50, 5, 64)
    return through_engine(record, clock, "many", made_works.configurations(*sizes))


def in_lanes(record, clock, quick):
    """The same work under several numbers of places and threads, without health; one thread has one lane."""
    originals = knowledge.ACCELERATOR_PLACES, lanes.num_workers, results.Results._health
    results.Results._health = lambda *_: None
    try:
        for most_places, threads in LANES[:1] if quick else LANES:
            if record.may_begin("lanes", quick):
                knowledge.ACCELERATOR_PLACES = most_places
                lanes.num_workers = lambda threads=threads: threads
                sizes = (3, 2, 2, 64) if quick else (1000, 50, 5, 64)
                work = made_works.configurations(*sizes)
                through_engine(record, clock, "lanes", work, most_places=most_places, threads=threads)
    finally:
        knowledge.ACCELERATOR_PLACES, lanes.num_workers, results.Results._health = originals


def print_tables(cells, races, lot):
    """What was found, to read."""
    print(
        "\n| width | members | members·steps/s | with losses | bandwidth bound | compute bound | of the lower |"
    )
    print("|---|---|---|---|---|---|---|")
    for cell in sorted(cells, key=lambda cell: (-cell["width"], cell["members"])):
        bound = min(cell["bandwidth_bound"], cell["compute_bound"])
        numbers = (cell["members_steps"], cell["with_losses"], cell["bandwidth_bound"], cell["compute_bound"])
        shown = " | ".join(f"{number:,.0f}" for number in numbers)
        share = cell["members_steps"] / bound
        print(f"| {cell['width']} | {cell['members']} | {shown} | {100 * share:.1f} % |")
    print("\n| work | automl, s (compile + run) | PyTorch loop, s |\n|---|---|---|")
    for part, ours, rival in races:
        rival_cell = rival.get("whole_seconds", rival.get("left_out"))
        print(
            f"| {part} | {ours['seconds']} ({ours['compile_seconds']} + {ours['run_seconds']}) | {rival_cell} |"
        )
    if lot:
        lot_size = f"{lot['trials']} configurations × {lot['folds']} folds × {lot['epochs']} epochs"
        print(
            f"\n{lot_size}: {lot['seconds']} s ({lot['compile_seconds']} compile + {lot['run_seconds']} run)"
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=450.0)
    parser.add_argument("--to")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--tf32", action="store_true", help="matrix products in TF32 in place of float32")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument(
        "--fits", default="5,6", help="networks that the PyTorch loop trains at most, of A and of D"
    )
    arguments = parser.parse_args()
    wanted, quick = arguments.parts.split(","), arguments.quick
    record, clock = Record(arguments), Clock()
    precision = backend.TENSOR_FLOAT if arguments.tf32 else backend.FULL
    backend.fix_arithmetic(precision)
    record.add("facts", **facts())
    limits = bounds(record, quick)
    cells, races, lot = [], [], None
    if "many" in wanted and record.may_begin("many", quick):
        lot = many(record, clock, quick)
    for part, most in zip(("A", "D"), map(int, arguments.fits.split(",")), strict=True):
        if part in wanted and record.may_begin(part, quick):
            races.append(beside_torch(record, clock, part, quick, most))
    if "grid" in wanted:
        for members in MEMBERS[-1:] if quick else MEMBERS:
            for width in WIDTHS[-1:] if quick else WIDTHS:
                if record.may_begin("grid", quick):
                    cells.append(grid_cell(record, limits, width, members))
    if "lanes" in wanted:
        in_lanes(record, clock, quick)
    print_tables(cells, races, lot)


if __name__ == "__main__":
    main()

"""Regret of our samplers beside KerasTuner's and Optuna's, on made mixed conditional functions and frozen tables.

    python benchmarks/regret.py run METHOD [--seeds 20] [--functions NAME …]   # appends to results/regret.jsonl
    python benchmarks/regret.py table

A method sees the loss with noise of 0.01; its regret after n trials is the true loss of the trial that looked best.
Ours are asked in their own cohorts, as `automl run` asks, `random` and `sobol` 20 at a time, in studies of 25, 50 and
100 trials; the rivals one trial after another, which is what favors them. `ours default` is what a study with `data`
and `target` alone does: on tables (`frozen.py`) its first configurations come before the sampler's. KerasTuner's
Bayesian oracle takes seconds a proposal: give it fewer seeds.
"""

import argparse
import json
import statistics
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy
import scipy.stats
import threadpoolctl
from frozen import SPACE, recorded
from made_functions import FUNCTIONS as MADE
from made_functions import Function

from automl.search.portfolio import first_in
from automl.search.space.parameter import Parameter
from automl.search.space.parameters import Choice, Fixed, Float, Int
from automl.search.space.scales import Scale
from automl.search.space.space import Space
from automl.search.table import SAMPLERS, make_sampler
from automl.trial import Direction, Hyperparameters, Objective, Scalar, derive_seed

RESULTS = Path(__file__).parent / "results" / "regret.jsonl"
SIZES = (25, 50, 100)
NOISE = 0.01
COHORT = 20
LOSS = Objective("log_loss", Direction.MINIMIZE)
BASE = "ours default"
FUNCTIONS = {**MADE, **{name: Function(SPACE, frozen) for name, frozen in recorded().items()}}

Measure = Callable[[Hyperparameters], float]
Search = Callable[[Space, Measure, int, int], None]
"""Of a space, by a measure, with a seed, for so many trials."""


def ours(name: str, in_flight: int = 1, parts: int = 1, is_default: bool = False) -> Search:
    """A study's sampler, asked and told as `automl run` does.

    Args:
        name: Of the sampler.
        in_flight: Cohorts that are asked for before the first of them is arguments.
        parts: Cohorts behind the first one are smaller by this factor.
        is_default: Whether a table's first configurations come first.
    """

    def search(space: Space, measure: Measure, seed: int, trials: int) -> None:
        first = first_in(space)[:trials] if is_default else ()
        sampler, left = make_sampler(name, space, LOSS, trials, seed, first), trials
        flying: list[list[tuple[int, float]]] = []
        while left > 0:
            size = sampler.cohort_size() or COHORT
            proposals = sampler.ask(min(size if left == trials else -(-size // parts), left))
            flying.append([(proposal.number, measure(proposal.hyperparameters)) for proposal in proposals])
            left -= len(proposals)
            if len(flying) == in_flight:
                sampler.tell(flying.pop(0))

    return search


def keras_tuner(name: str) -> Search:
    """An oracle of KerasTuner, as its tuner drives it."""

    def search(space: Space, measure: Measure, seed: int, trials: int) -> None:
        import keras_tuner

        from automl.search.space.keras_tuner import to_keras_tuner

        with tempfile.TemporaryDirectory() as folder:
            oracle = getattr(keras_tuner.oracles, name)(
                objective=keras_tuner.Objective("loss", "min"),
                max_trials=trials,
                hyperparameters=to_keras_tuner(space),
                seed=seed + 1,
            )
            oracle.verbose = 0
            oracle._set_project_dir(folder, "regret")
            for _ in range(trials):
                trial = oracle.create_trial("one")
                loss = measure(plain(space, trial.hyperparameters.values))
                oracle.update_trial(trial.trial_id, {"loss": loss})
                trial.status = "COMPLETED"
                oracle.end_trial(trial)

    return search


def plain(space: Space, values: Mapping[str, Scalar]) -> Hyperparameters:
    return space.choose(lambda _, parameter: parameter.plain(values[parameter.name]))


def optuna_tpe(space: Space, measure: Measure, seed: int, trials: int) -> None:
    """Optuna's default sampler, suggestions as its users write them."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(
        lambda trial: measure(space.choose(lambda _, parameter: suggested(trial, parameter))), trials
    )


def suggested(trial: Any, parameter: Parameter) -> Scalar:
    name = parameter.name
    if isinstance(parameter, Fixed):
        return parameter.value
    if isinstance(parameter, Choice):
        return trial.suggest_categorical(name, parameter.values)
    if isinstance(parameter, Float):
        return trial.suggest_float(name, parameter.low, parameter.high, log=parameter.scale is Scale.LOG)
    assert isinstance(parameter, Int)
    if parameter.step is not None:
        return trial.suggest_categorical(name, parameter.possible())
    return trial.suggest_int(name, parameter.low, parameter.high, log=parameter.scale is Scale.LOG)


METHODS: Mapping[str, Search] = {
    "ours default": ours("tpe", is_default=True),
    **{f"ours {name}": ours(name) for name in SAMPLERS if name != "grid"},
    "ours tpe, 2 in flight": ours("tpe", 2),
    "ours tpe, 2 in flight of half the size": ours("tpe", 2, 2),
    "ours tpe, 3 in flight of a third of the size": ours("tpe", 3, 3),
    "KerasTuner random": keras_tuner("RandomSearchOracle"),
    "KerasTuner Bayesian": keras_tuner("BayesianOptimizationOracle"),
    "Optuna TPE": optuna_tpe,
}


def regrets(method: str, function: Function, seed: int) -> list[float]:
    """After each of `SIZES` trials: of ours in studies of so many, of the rivals as one of the most goes on."""
    if method.startswith("ours"):
        return [true_losses(method, function, seed, size)[size] for size in SIZES]
    by_size = true_losses(method, function, seed, SIZES[-1])
    return [by_size[size] for size in SIZES]


def true_losses(method: str, function: Function, seed: int, trials: int) -> dict[int, float]:
    """By size up to `trials`, the true loss of the best-looking trial; each method with a seed sees the same noise."""
    generator = numpy.random.default_rng(derive_seed(seed, "noise"))
    seen: list[float] = []
    true: list[float] = []

    def measure(values: Hyperparameters) -> float:
        true.append(function.loss(values))
        seen.append(true[-1] + NOISE * float(generator.normal()))
        return seen[-1]

    METHODS[method](function.space, measure, seed, trials)
    return {size: true[int(numpy.argmin(seen[:size]))] for size in SIZES if size <= trials}


def run(method: str, seeds: range, functions: list[str]) -> None:
    for name in functions:
        for seed in seeds:
            began = time.perf_counter()
            with warnings.catch_warnings(), threadpoolctl.threadpool_limits(1, user_api="blas"):
                warnings.simplefilter("ignore")
                by_size = regrets(method, FUNCTIONS[name], seed)
            seconds = round(time.perf_counter() - began, 2)
            line = {"method": method, "function": name, "seed": seed, "regrets": by_size, "seconds": seconds}
            with RESULTS.open("a") as file:
                file.write(json.dumps(line) + "\n")


def table() -> Iterator[str]:
    """Mean regrets over functions and seeds, and the paired difference to our default with a 95 % t interval."""
    by_method: dict[str, dict[tuple[str, int], list[float]]] = defaultdict(dict)
    for line in map(json.loads, RESULTS.read_text().splitlines()):
        by_method[line["method"]][line["function"], line["seed"]] = line["regrets"]
    for name in FUNCTIONS:
        yield f"\n| {name} | seeds | 25 | 50 | 100 | less ours at 25 | at 50 | at 100 |"
        yield "|---|---|---|---|---|---|---|---|"
        for method, by_key in by_method.items():
            of_function = {key: values for key, values in by_key.items() if key[0] == name}
            if not of_function:
                continue
            means = [
                statistics.fmean(values[place] for values in of_function.values())
                for place in range(len(SIZES))
            ]
            cells = [f"{mean:.3f}" for mean in means]
            cells += [paired(of_function, by_method[BASE], place) for place in range(len(SIZES))]
            yield f"| {method} | {len(of_function)} | " + " | ".join(cells) + " |"


def paired(
    by_key: Mapping[tuple[str, int], list[float]], base: Mapping[tuple[str, int], list[float]], place: int
) -> str:
    differences = [values[place] - base[key][place] for key, values in by_key.items() if key in base]
    if len(differences) < 2 or not any(differences):
        return ""
    mean = statistics.fmean(differences)
    half = scipy.stats.t.ppf(0.975, len(differences) - 1) * scipy.stats.sem(differences)
    return f"{mean:+.3f} ± {half:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("run", "table"))
    parser.add_argument("method", nargs="?", choices=sorted(METHODS))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--functions", nargs="+", default=list(FUNCTIONS), choices=list(FUNCTIONS))
    arguments = parser.parse_args()
    if arguments.what == "table":
        print("\n".join(table()))
    else:
        run(arguments.method, range(arguments.seeds), arguments.functions)


if __name__ == "__main__":
    main()

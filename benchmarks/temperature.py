"""Whether a temperature lowers the log loss, and whether epochs are better chosen by the loss after it.

    AUTOML_TABLES=FOLDER python -m benchmarks.temperature german_credit letter adult --rows 3000 --trials 4

Networks of random configurations keep their predictions of the validation rows after every epoch. A third of these rows
stands for the stopping rows: on it the epoch is chosen, and a temperature is fitted (Guo et al. 2017); the log loss is
that of the other rows. Four ways: the epoch by the loss; the same with the temperature; the epoch by the loss after a
temperature (Berta et al. 2025), with it; and with the temperature of the scored rows, which no method can reach. Then
the mean of all networks of a fold, as an ensemble has it. Prints the change in percent, and appends lines to
`results/temperature.jsonl`.
"""

import argparse
import dataclasses
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
from scipy.optimize import minimize_scalar

from automl.search.table import make_sampler
from automl.study.preparation import PreparedStudy
from automl.training.members import plan_members
from automl.training.traces import Trace
from benchmarks.conformal import prepared_of
from benchmarks.ensembles import ALWAYS

RESULTS = Path(__file__).parent / "results" / "temperature.jsonl"
WAYS = ("temperature", "refined", "oracle")

Array = numpy.ndarray


def log_loss(logs: Array, target: Array, inverse: float = 1.0) -> float:
    """Of log probabilities (row, class) that are multiplied and normalized again."""
    scaled = logs * inverse
    highest = scaled.max(axis=1, keepdims=True)
    norm = highest[:, 0] + numpy.log(numpy.exp(scaled - highest).sum(axis=1))
    return float(numpy.mean(norm - scaled[numpy.arange(len(target)), target]))


def inverse_temperature(logs: Array, target: Array) -> float:
    """What log probabilities are multiplied by for the smallest loss, from 0.05 to 20."""
    minimum = minimize_scalar(
        lambda power: log_loss(logs, target, numpy.exp(power)), bounds=(-3.0, 3.0), method="bounded"
    )
    return float(numpy.exp(minimum.x))


def log_probabilities(predictions: Array) -> Array:
    """Of what networks predict, (…, row, class)."""
    return numpy.log(numpy.clip(numpy.asarray(predictions, numpy.float64), 1e-7, 1.0))


def losses_of(logs: Array, target: Array, stopping: Array) -> dict[str, float]:
    """The log loss on the rows that are not stopping rows, each way; logs of (epoch, row, class)."""
    scored = ~stopping
    plain = [log_loss(epoch[stopping], target[stopping]) for epoch in logs]
    inverses = [inverse_temperature(epoch[stopping], target[stopping]) for epoch in logs]
    refined = [
        log_loss(epoch[stopping], target[stopping], inverse)
        for epoch, inverse in zip(logs, inverses, strict=True)
    ]
    by_loss, by_refined = int(numpy.argmin(plain)), int(numpy.argmin(refined))
    best = inverse_temperature(logs[by_loss][scored], target[scored])

    def scored_loss(epoch: int, inverse: float) -> float:
        return log_loss(logs[epoch][scored], target[scored], inverse)

    return {
        "loss": scored_loss(by_loss, 1.0),
        "temperature": scored_loss(by_loss, inverses[by_loss]),
        "refined": scored_loss(by_refined, inverses[by_refined]),
        "oracle": scored_loss(by_loss, best),
        "inverse": inverses[by_loss],
        "epoch": by_loss + 1,
        "refined_epoch": by_refined + 1,
    }


def traces_of(prepared: PreparedStudy, num_trials: int, num_folds: int, epochs: int) -> list[Trace]:
    """Random configurations, with predictions after each epoch."""
    seed = prepared.config.search.seed
    sampler = make_sampler("random", prepared.space, prepared.objective, num_trials, seed, prepared.first)
    all_epochs = tuple(range(1, epochs + 1))
    members = [
        dataclasses.replace(member, snapshots=all_epochs)
        for proposal in sampler.ask(num_trials)
        for member in plan_members(proposal.number, proposal.hyperparameters, num_folds, seed)
    ]
    return [trace for trace in prepared.make_engine().trace(members, ALWAYS) if not trace.failed]


def measure(name: str, split: int, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """One line for each network, and one for the mean of the networks of each fold."""
    prepared = prepared_of(name, split, arguments.trials, arguments.rows)
    target = prepared.dataset.target
    by_fold: dict[int, list[Array]] = defaultdict(list)
    lines = []
    for trace in traces_of(prepared, arguments.trials, arguments.folds, arguments.epochs):
        fold, logs, truth = trace.member.fold, log_probabilities(trace.predictions), target[trace.rows]
        stopping = numpy.random.default_rng(fold).random(len(truth)) < 1 / 3
        losses = losses_of(logs, truth.astype(int), stopping)
        by_fold[fold].append(numpy.exp(logs[int(losses["epoch"]) - 1]))
        lines.append({"table": name, "split": split, "of": "network", "fold": fold, **losses})
    for fold, networks in by_fold.items():
        truth = target[prepared.splits.folds[fold].validation].astype(int)
        stopping = numpy.random.default_rng(fold).random(len(truth)) < 1 / 3
        losses = losses_of(numpy.log(numpy.mean(networks, axis=0))[None], truth, stopping)
        lines.append({"table": name, "split": split, "of": "mean", "fold": fold, **losses})
    return lines


def summarize(lines: Sequence[dict[str, Any]]) -> None:
    """Change of the loss in percent, the mean over networks of the logarithms, with its standard error."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        groups[line["table"], line["of"]].append(line)
    print("table", "of", "number", *WAYS, "median of 1/T")
    for (name, case), group in sorted(groups.items()):
        cells = []
        for way in WAYS:
            changes = 100.0 * numpy.log([line[way] / line["loss"] for line in group])
            cells.append(f"{changes.mean():+.2f} ± {changes.std() / numpy.sqrt(len(changes)):.2f}")
        inverse = float(numpy.median([line["inverse"] for line in group]))
        print(name, case, len(group), *cells, f"{inverse:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="+", help="classifications of scikit-learn's, or of AUTOML_TABLES")
    parser.add_argument("--splits", type=int, default=1)
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--rows", type=int, default=3_000)
    parser.add_argument("--to", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    lines = (
        [json.loads(line) for line in arguments.to.read_text().splitlines()] if arguments.to.exists() else []
    )
    have = {(line["table"], line["split"]) for line in lines}
    for split in range(arguments.splits):
        for name in arguments.tables:
            if (name, split) not in have:
                new = measure(name, split, arguments)
                with arguments.to.open("a") as file:
                    file.writelines(json.dumps(line) + "\n" for line in new)
                lines += new
                summarize(new)
    print()
    summarize(lines)


if __name__ == "__main__":
    main()

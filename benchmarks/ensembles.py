"""What an ensemble gains on locked test rows: the refitted winner, its folds, its seeds, and a greedy choice.

    python -m benchmarks.ensembles wine --seeds 0 1 2 --trials 12
    python -m benchmarks.ensembles FILE.csv.gz --target y --rows 2000

One search for each seed, which also draws the test rows; all models come from the same trials. `seeds` and `greedy` are
networks on all training rows, `greedy_folds` averages the networks of all folds of the same choice. Lines are appended
to `--to` as they come, and seeds that it has are left out.
"""

import argparse
import csv
import time
from pathlib import Path
from typing import Any

import numpy
import pandas

from automl.config.reading import make_study
from automl.ensembles.averaged import Averaged
from automl.ensembles.correction import Chooser
from automl.ensembles.sharing import MOST_NETWORKS, shared_out
from automl.evaluation.metrics import score
from automl.evaluation.out_of_fold import OutOfFold
from automl.evaluation.resampling import ScoredRows
from automl.search.table import make_sampler
from automl.study.ensemble_networks import averaged_of, fold_networks, whole_networks
from automl.study.preparation import PreparedStudy, prepare_study
from automl.study.refitting import refit_members, refit_trial
from automl.training.engine import Engine, Watch
from automl.training.members import plan_members
from automl.training.network import Network
from automl.trial import Trial, TrialState

ALWAYS = Watch(lambda _: None, lambda: True)
FIELDS = (
    *("table", "seed", "metric", "single", "folds", "seeds", "greedy", "greedy_folds"),
    *("members", "trials", "rows", "seconds"),
)


def prepared_of(arguments: argparse.Namespace, seed: int) -> PreparedStudy:
    content: dict[str, Any] = {
        "name": "ensembles",
        "data": {"sklearn": arguments.table},
        "search": {"algorithm": "random", "trials": arguments.trials, "seed": seed, "pruner": "none"},
        "training": {"epochs": arguments.epochs},
        "budget": {"minutes": None},
    }
    if not Path(arguments.table).is_file():
        return prepare_study(make_study(content))
    table = pandas.read_csv(arguments.table)
    table = table.sample(min(arguments.rows, len(table)), random_state=0).reset_index(drop=True)
    content["data"] = {"frame": True, "target": arguments.target}
    return prepare_study(make_study(content), table)


def trials_of(prepared: PreparedStudy, engine: Engine) -> list[Trial]:
    """Completed trials, the best first."""
    search = prepared.config.search
    sampler = make_sampler(
        "random", prepared.space, prepared.objective, search.trials, search.seed, prepared.first
    )
    proposals = sampler.ask(search.trials)
    num_folds = len(prepared.splits.folds)
    cohort = [
        plan_members(proposal.number, proposal.hyperparameters, num_folds, search.seed)
        for proposal in proposals
    ]
    ended = list(engine.train(cohort, ALWAYS))
    return [trial for trial in prepared.objective.rank(ended) if trial.state is TrialState.COMPLETE]


def greedy_weights(prepared: PreparedStudy, trials: list[Trial]) -> dict[int, float]:
    """As `study.ensembling` chooses, by number of the trial."""
    dataset, validation = prepared.dataset, [fold.validation for fold in prepared.splits.folds]
    out_of_fold = OutOfFold(validation, len(dataset.classes), prepared.config.search.seed)
    predictions = [out_of_fold.predictions(out_of_fold.gather(trial)) for trial in trials]
    rows = ScoredRows(
        dataset.target[out_of_fold.rows],
        dataset.weights[out_of_fold.rows],
        out_of_fold.folds,
        numpy.arange(len(out_of_fold.rows)),
    )
    weights = Chooser(prepared.metric, rows).weights(predictions, numpy.ones(len(rows.target)))
    return {trials[place].number: weight for place, weight in weights.items()}


def tested(prepared: PreparedStudy, model: Network | Averaged) -> float:
    test, dataset, name = prepared.splits.test, prepared.dataset, prepared.objective.metric
    prediction = model.predict(dataset.columns.take(test))
    return score((name,), dataset.target[test], prediction, dataset.weights[test])[name]


def refitted(
    prepared: PreparedStudy, engine: Engine, trials: list[Trial], weights: dict[int, float]
) -> Averaged:
    """The networks of trials on all training rows, as many as an ensemble has."""
    by_number = {trial.number: trial for trial in trials}
    counts = shared_out(weights, max(MOST_NETWORKS, len(weights)))
    members = [
        member
        for number, count in counts.items()
        for member in refit_members(prepared, by_number[number], count)
    ]
    networks = whole_networks(members, list(engine.refits(members, prepared.splits.training, ALWAYS)))
    return averaged_of(networks, weights, {number: by_number[number].hyperparameters for number in counts})


def measure(arguments: argparse.Namespace, seed: int) -> dict[str, Any]:
    began = time.perf_counter()
    prepared = prepared_of(arguments, seed)
    engine = prepared.make_engine()
    trials = trials_of(prepared, engine)
    best, weights = trials[0], greedy_weights(prepared, trials)
    values = {
        trial.number: trial.hyperparameters for trial in trials if trial.number in {*weights, best.number}
    }
    networks = fold_networks(engine, prepared, values, ALWAYS)
    assert networks is not None
    members = {number: networks[number] for number in weights}
    return {
        "table": Path(arguments.table).name.split(".")[0],
        "seed": seed,
        "metric": prepared.objective.metric,
        "single": tested(prepared, refit_trial(engine, prepared, best).network),
        "folds": tested(
            prepared, averaged_of({best.number: networks[best.number]}, {best.number: 1.0}, values)
        ),
        "seeds": tested(prepared, refitted(prepared, engine, trials, {best.number: 1.0})),
        "greedy": tested(prepared, refitted(prepared, engine, trials, weights)),
        "greedy_folds": tested(prepared, averaged_of(members, weights, values)),
        "members": len(weights),
        "trials": len(trials),
        "rows": len(prepared.dataset.target),
        "seconds": round(time.perf_counter() - began, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("table", help="a table of scikit-learn's, or a CSV file")
    parser.add_argument("--target")
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--to", type=Path, default=Path("benchmarks/results/ensembles.csv"))
    arguments = parser.parse_args()
    lines = list(csv.DictReader(arguments.to.open())) if arguments.to.is_file() else []
    name = Path(arguments.table).name.split(".")[0]
    have = {int(line["seed"]) for line in lines if line["table"] == name}
    for seed in [seed for seed in arguments.seeds if seed not in have]:
        line = measure(arguments, seed)
        is_new = not arguments.to.is_file()
        with arguments.to.open("a", newline="") as file:
            writer = csv.DictWriter(file, FIELDS)
            if is_new:
                writer.writeheader()
            writer.writerow(line)
        print(line, flush=True)


if __name__ == "__main__":
    main()

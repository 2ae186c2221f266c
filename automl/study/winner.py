"""What the winner is asked when the search is over: what more rows would bring, and which columns it leans on."""

import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

import numpy

from automl.data.columns import part_names
from automl.data.dataset import Dataset
from automl.data.schema import ColumnKind
from automl.evaluation.bias_variance import LOG_LOSS, SQUARED_ERROR
from automl.evaluation.metrics import METRICS
from automl.study.analysis import whole_folds
from automl.study.preparation import PreparedStudy
from automl.training.engine import Engine, Watch
from automl.training.sequential import TrialFailure
from automl.training.trials import plan_members, refit_epochs
from automl.trial import Direction, Member, Progress, Trial, TrialState, derive_seed

SHARES = (0.25, 0.35, 0.5, 0.7)
"""Of a fold's fit rows, for a learning curve; a factor of √2 apart, as in LCDB (Mohr et al. 2022)."""

_MOST_ROWS, _MOST_COLUMNS = 2000, 100


def learn_from_fewer(
    engine: Engine, prepared: PreparedStudy, trial: Trial, watch: Watch
) -> dict[str, object]:
    """A trial's loss when it learns from shares of the fit rows, with early stopping as in the search.

    Returns:
        `rows` to learn from (means over the folds), ascending, and `losses`, one list of folds for each; `loss` names
        the loss, log_loss or squared_error. Empty where a network diverged or a loss is not reported.
    """
    folds = prepared.splits.folds
    cohort = []
    for number, share in enumerate(SHARES):
        own = plan_members(-1 - number, trial.hyperparameters, len(folds), prepared.config.search.seed)
        cohort.append([replace(member, share=share) for member in own])
    with closing(engine.train(cohort, watch)) as trained:
        by_share = {SHARES[-1 - one.number]: one for one in trained} | {1.0: trial}
    complete = all(one.state is TrialState.COMPLETE for one in by_share.values())
    if not complete or len(by_share) <= len(SHARES):
        return {}
    metric, power = ("log_loss", 1) if prepared.dataset.classes else ("rmse", 2)
    num_rows = float(numpy.mean([len(fold.fit) for fold in folds]))
    return {
        "loss": LOG_LOSS if power == 1 else SQUARED_ERROR,
        "rows": [round(share * num_rows) for share in sorted(by_share)],
        "losses": [
            [score**power for score in by_share[share].fold_scores(metric)] for share in sorted(by_share)
        ],
    }


def shuffle_columns(engine: Engine, prepared: PreparedStudy, trial: Trial, watch: Watch) -> dict[str, object]:
    """What the winner's score loses when one column's values change rows: permutation importance on held-out rows.

    Source: Breiman, "Random forests" (2001); Fisher, Rudin, Dominici (2019). Each fold's network is trained again on
    all rows outside the fold and asked about the rows in it.

    Returns:
        `metric`, and by column `names`, `means` over the folds of the loss in score, and their standard `errors`, the
        largest mean first.
    """
    dataset, metric = prepared.dataset, METRICS[prepared.objective.metric]
    sign = 1.0 if metric.direction is Direction.MINIMIZE else -1.0
    names = dataset.feature_names[:_MOST_COLUMNS]
    folds = whole_folds(prepared)[:-1]
    drops = numpy.zeros((len(folds), len(names)))
    for number, fold in enumerate(folds):
        member = Member(trial.number, number, trial.hyperparameters, prepared.config.search.seed)
        try:
            network = engine.refit(member, fold.fit, refit_epochs(trial))
        except TrialFailure:
            return {}
        watch.on_progress(Progress(number, len(folds), 1))
        rows = fold.validation[:_MOST_ROWS]
        columns, target, weights = dataset.columns.take(rows), dataset.target[rows], dataset.weights[rows]
        whole = metric.function(target, network.predict(columns), weights)
        generator = numpy.random.default_rng(derive_seed(prepared.config.search.seed, "columns", number))
        for place, (numbers, codes) in enumerate(_places(dataset, names)):
            shuffled = columns.shuffled(numbers, codes, generator.permutation(len(rows)))
            drops[number, place] = sign * (
                metric.function(target, network.predict(shuffled), weights) - whole
            )
    means = drops.mean(axis=0)
    errors = drops.std(axis=0, ddof=1) / math.sqrt(len(folds))
    order = numpy.argsort(-means, kind="stable")
    return {
        "metric": prepared.objective.metric,
        "names": [names[place] for place in order],
        "means": means[order].tolist(),
        "errors": errors[order].tolist(),
    }


def _places(dataset: Dataset, names: Sequence[str]) -> list[tuple[list[int], list[int]]]:
    """Where each column stands among the numbers and among the codes."""
    numbers = {name: place for place, name in enumerate(dataset.columns.names)}
    codes = {name: place for place, name in enumerate(dataset.columns.categories)}
    kinds = {column.name: column for column in dataset.schema.learned}
    places: list[tuple[list[int], list[int]]] = []
    for name in names:
        dated = kinds[name].kind is ColumnKind.DATE
        parts = part_names(kinds[name]) if dated else [name] * (name in numbers)
        places.append(([numbers[part] for part in parts], [codes[name]] if name in codes else []))
    return places

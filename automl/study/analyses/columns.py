"""Permutation importance of the columns for the winner."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import final

import numpy

from automl.data.encoding import shuffled
from automl.data.folds import Fold
from automl.means import corrected_error
from automl.progress import Progress
from automl.records.state import COLUMNS
from automl.study.analyses.analysis import Analysis, Answer, Plan, Subject
from automl.study.analyses.bias_variance import whole_folds
from automl.training.engine import Watch
from automl.training.members import refit_epochs
from automl.training.network import Network
from automl.training.plan import TrialFailure
from automl.trial import Direction, Member, derive_seed

_MOST_ROWS, _MOST_COLUMNS = 2000, 100


@final
class ColumnsAnalysis(Analysis):
    """What the winner's score loses when one column is shuffled: permutation importance on held-out rows.

    Source: Breiman, "Random forests" (2001); Fisher, Rudin, Dominici (2019). Each fold's network is trained again on
    all rows outside the fold and scored on the rows in it.
    """

    @property
    def name(self) -> str:
        """See `Analysis.name`."""
        return COLUMNS

    def plan(self, subject: Subject) -> Plan | None:
        """See `Analysis.plan`."""
        if subject.best.number in subject.answered or subject.best.seconds > subject.seconds:
            return None
        return Plan("importance of columns for the best trial", len(whole_folds(subject.prepared)) - 1)

    def answers(self, subject: Subject, plan: Plan, watch: Watch) -> Iterator[Answer]:
        """See `Analysis.answers`.

        The answer holds `metric`, and by column `names`, `means` over the folds of the loss in score, and their
        standard `errors`, which know that folds share most of their rows, the largest mean first. There is none where
        a network diverged or time ran out.
        """
        prepared, best = subject.prepared, subject.best
        names = prepared.dataset.feature_names[:_MOST_COLUMNS]
        folds = whole_folds(prepared)[:-1]
        drops = numpy.zeros((len(folds), len(names)))
        for number, fold in enumerate(folds):
            member = Member(best.number, number, best.hyperparameters, prepared.config.search.seed)
            try:
                refit_watch = _watch_of(watch, number, plan.num_networks)
                network = subject.engine.refit(member, fold.fit, refit_epochs(best), refit_watch)
            except TrialFailure:
                return
            if watch.seconds_left() <= 0.0:
                return
            watch.on_progress(Progress(number + 1, plan.num_networks, 0))
            drops[number] = _drops(subject, network, fold, number, names)
        means = drops.mean(axis=0)
        errors = numpy.array([corrected_error(of_column.tolist(), len(folds)) for of_column in drops.T])
        order = numpy.argsort(-means, kind="stable")
        content = {
            "metric": prepared.objective.metric,
            "names": [names[index] for index in order],
            "means": means[order].tolist(),
            "errors": errors[order].tolist(),
        }
        yield Answer(best.number, content)


def _watch_of(watch: Watch, number: int, num_networks: int) -> Watch:
    """The watch for one refit of several."""

    def on_progress(progress: Progress) -> None:
        watch.on_progress(replace(progress, done=number, total=num_networks))

    return replace(watch, on_progress=on_progress)


def _drops(
    subject: Subject, network: Network, fold: Fold, number: int, names: Sequence[str]
) -> numpy.ndarray:
    """By how much the score of a fold's network gets worse, for each column."""
    dataset, metric = subject.prepared.dataset, subject.prepared.metric
    sign = 1.0 if metric.direction is Direction.MINIMIZE else -1.0
    seed = derive_seed(subject.prepared.config.search.seed, "columns", number)
    generator = numpy.random.default_rng(seed)
    rows = sampled_rows(fold.validation, dataset.weights, generator)
    columns, target, weights = dataset.columns.take(rows), dataset.target[rows], dataset.weights[rows]
    whole = metric.function(target, network.predict(columns), weights)
    drops, learned = [], {column.name: column for column in dataset.schema.learned}
    for name in names:
        others = shuffled(columns, learned[name], _donors(weights, generator))
        drops.append(sign * (metric.function(target, network.predict(others), weights) - whole))
    return numpy.array(drops)


def sampled_rows(
    rows: numpy.ndarray, weights: numpy.ndarray, generator: numpy.random.Generator
) -> numpy.ndarray:
    """Rows that count, sorted; of many, a random sample: the first ones of a sorted table are of one kind.

    Args:
        rows: Row numbers of the table.
        weights: Of all rows of the table.
        generator: Draws the sample.
    """
    counted = rows[weights[rows] > 0.0]
    if len(counted) <= _MOST_ROWS:
        return counted
    return numpy.sort(generator.choice(counted, _MOST_ROWS, replace=False))


def _donors(weights: numpy.ndarray, generator: numpy.random.Generator) -> numpy.ndarray:
    """From which row each row gets its value: a permutation, or draws by weight where the weights differ."""
    if (weights == weights[0]).all():
        return generator.permutation(len(weights))
    return generator.choice(len(weights), len(weights), p=weights / weights.sum())

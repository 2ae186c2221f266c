"""A metric of a study's own, `objective: file.py:function`: tried in a process of its own first."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy

from automl.config.study import StudyConfig
from automl.data.dataset import Dataset
from automl.errors import NetworkError, StudyFileError
from automl.evaluation.metrics import METRICS, Metric, MetricTable
from automl.networks.loading import LocalModules
from automl.networks.probe import BuilderProbe
from automl.networks.user_code import load_user_function
from automl.trial import Objective, Task, derive_seed

KEY = "objective"
_LONGEST = 300
"""Signs of an exception's text that are kept."""

_ROWS = 64
"""Rows of the table with which a metric is called once before the study."""


@final
@dataclass(frozen=True, slots=True)
class OwnMetric:
    """A user's `function(target, prediction, weights) -> float`.

    Attributes:
        function: The function.
        modules: What it can import beside its file.
        task: Of two classes it is given the probability of the positive one, of shape (row,), and targets 0 and 1.
    """

    function: Callable[..., Any]
    modules: LocalModules
    task: Task

    def __call__(self, target: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray) -> float:
        """Its score; NaN, with which a trial fails, where it raises or gives no number."""
        try:
            return self._called(target, prediction, weights)
        except (Exception, SystemExit):
            return math.nan

    def fault(self, target: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray) -> str:
        """What it raises on these rows, in one line; empty where it raises nothing."""
        try:
            self._called(target, prediction, weights)
        except (Exception, SystemExit) as error:
            lines = str(error).strip().splitlines() or ["no message"]
            return f"{type(error).__name__}: {lines[0][:_LONGEST]}"
        return ""

    def _called(self, target: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray) -> float:
        with self.modules.importable():
            return float(self.function(target.copy(), _given(prediction, self.task), weights.copy()))


def known_metrics(config: StudyConfig, dataset: Dataset, objective: Objective) -> MetricTable:
    """All metrics by name, with the study's own, which is tried here.

    Args:
        config: The study file.
        dataset: The table, of which some rows are given to the metric.
        objective: What ranks the trials.

    Raises:
        StudyFileError: There is no such function, or it raises, hangs, ends its process or gives no finite number.
    """
    if not config.own_metric:
        return METRICS
    where = config.where(KEY)
    function, modules = _tried(config.own_metric, config.folder, where, dataset)
    own_metric = OwnMetric(function, modules, dataset.task)
    metric = Metric(objective.direction, frozenset({dataset.task}), own_metric, fault=own_metric.fault)
    return {**METRICS, objective.metric: metric}


def _tried(
    reference: str, folder: Path, where: str, dataset: Dataset
) -> tuple[Callable[..., Any], LocalModules]:
    """The function, after one call in a process of its own."""
    try:
        probe = BuilderProbe(reference, folder, key=KEY)
    except NetworkError as error:
        raise StudyFileError(f"{where}: {error}") from None
    with probe:
        try:
            function, _, modules = load_user_function(reference, folder, where, probe, KEY)
        except NetworkError as error:
            raise StudyFileError(str(error)) from None
        attempt = probe.measure(*_sample(dataset))
    if attempt.reason:
        cure = "The metric is called as `function(target, prediction, weights)` and must return a number."
        raise StudyFileError(f"{where}: the metric {reference!r} {attempt.reason}. {cure}")
    return function, modules


def _sample(dataset: Dataset) -> tuple[list[Any], list[Any], list[Any]]:
    """Some rows of the table with predictions that are right and wrong."""
    rows = numpy.unique(numpy.linspace(0, len(dataset.target) - 1, _ROWS).astype(int))
    if dataset.classes:  # a row of every class, so that a metric can divide by them
        rows = numpy.union1d(rows, numpy.unique(dataset.target, return_index=True)[1])
    target = dataset.target[rows]
    generator = numpy.random.default_rng(derive_seed("own metric"))
    if dataset.task is Task.REGRESSION:
        prediction = generator.permutation(target)
    else:
        prediction = generator.dirichlet(numpy.ones(len(dataset.classes)), len(rows))
    weights = dataset.weights[rows] if dataset.weights[rows].any() else numpy.ones(len(rows))
    return target.tolist(), _given(prediction, dataset.task).tolist(), weights.tolist()


def _given(prediction: numpy.ndarray, task: Task) -> numpy.ndarray:
    return prediction[:, 1].copy() if task is Task.BINARY else prediction.copy()

"""A study of rows in memory for an estimator: it runs in a folder of its own, of which the network is kept."""

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
from sklearn.utils import check_random_state

from automl.config.reading import make_study
from automl.errors import DataError, SearchSpaceError, StudyFileError
from automl.python.content import study_content
from automl.python.kept_model import KeptModel
from automl.python.rows import RowsToFit
from automl.quiet import quiet_start
from automl.trial import Hyperparameters

_SEEDS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class FitRequest:
    """The parameters of an estimator.

    Attributes:
        minutes: Of the whole study.
        trials: At most.
        objective: The metric that chooses.
        random_state: A seed, a generator of NumPy's, or None.
        config: Keys of a study file.
        mlruns: Folder to record the study in; None for none.
    """

    minutes: float | None
    trials: int | None
    objective: str | None
    random_state: Any
    config: Mapping[str, Any] | None
    mlruns: str | Path | None


@dataclass(frozen=True, slots=True)
class FoundNetwork:
    """What an estimator keeps of its study.

    Attributes:
        model: The network.
        verdict: The study's answer, in a sentence.
        leaderboard: A row per trial.
        hyperparameters: Of the network.
        folder: Of the run; None where it is not kept.
    """

    model: KeptModel
    verdict: str
    leaderboard: pandas.DataFrame
    hyperparameters: Hyperparameters
    folder: Path | None


def run_rows(name: str, given: RowsToFit, target: Any, task: str, request: FitRequest) -> FoundNetwork:
    """Run a study of rows.

    Args:
        name: Of the study, where `config` gives none.
        given: The rows.
        target: A label or a number for each row.
        task: binary, multiclass or regression.
        request: The estimator's parameters.

    Raises:
        ValueError: The rows cannot be learned from, or a parameter is wrong.
        AutoMLError: The study fails for another reason.
    """
    with quiet_start():
        from automl.study.run import run_study
    try:
        with ExitStack() as stack:
            folder = request.mlruns or stack.enter_context(tempfile.TemporaryDirectory(prefix="automl-"))
            table, content = _content(name, given, target, task, request)
            result = run_study(make_study(content), mlruns=folder, table=table, resume=False)
            return FoundNetwork(
                KeptModel(result.model),
                str(result.verdict),
                result.leaderboard(),
                dict(result.best.hyperparameters),
                None if request.mlruns is None else result.folder,
            )
    except (DataError, SearchSpaceError, StudyFileError) as error:  # scikit-learn's word for wrong input
        raise ValueError(str(error)) from error


def _content(
    name: str, given: RowsToFit, target: Any, task: str, request: FitRequest
) -> tuple[pandas.DataFrame, dict[str, Any]]:
    """The table with its target and weights, and the study file's content."""
    table = given.table.copy(deep=False).reset_index(drop=True)
    target_name = _free("target", table)
    table[target_name] = target
    weights_name = None
    if given.weights is not None:
        weights_name = _free("sample_weight", table)
        table[weights_name] = given.weights
    seed = int(check_random_state(request.random_state).randint(_SEEDS))
    arguments = {
        "X": (("data", "frame"), True),
        "y": (("data", "target"), target_name),
        "task": (("data", "task"), task),
        "sample_weight": (("data", "weights"), weights_name),
        "minutes": (("budget", "minutes"), request.minutes),
        "trials": (("search", "trials"), request.trials),
        "objective": (("objective",), request.objective),
        "random_state": (("search", "seed"), None if request.random_state is None else seed),
    }
    content = study_content(request.config, arguments)
    return table, _with_defaults(content, name, given, request.mlruns is not None, seed)


def _with_defaults(
    content: dict[str, Any], name: str, given: RowsToFit, is_kept: bool, seed: int
) -> dict[str, Any]:
    """The content with what an estimator leaves out of a study, where `config` does not ask for it."""
    content.setdefault("name", name)
    content.setdefault("baselines", False)
    content.setdefault("bias_variance", {"resamples": 0})
    if not is_kept:
        content.setdefault("tracking", {"to": "none"})
    if given.kinds and isinstance(content["data"], dict):
        content["data"]["columns"] = {**given.kinds, **(content["data"].get("columns") or {})}
    for section, key, value in (("splits", "test", 0.0), ("search", "seed", seed)):
        entries = content.setdefault(section, {})
        if isinstance(entries, dict):
            entries.setdefault(key, value)
    return content


def _free(name: str, table: pandas.DataFrame) -> str:
    """A name that no column has."""
    while name in table.columns:
        name += "_"
    return name

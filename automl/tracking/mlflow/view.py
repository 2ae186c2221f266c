"""The saved view of a study: MLflow's list of trials with scores, hyperparameters and charts. Needs no MLflow.

MLflow keeps a view as a tag of the experiment and does not document it. The keys and the words in it are those of
MLflow 3.17's web page, which falls back on its own columns and charts where it does not know them.
"""

import base64
import json
import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from automl.tracking.mlflow.explained_run import AT_THE_KEPT_EPOCH, curve_names, summary_names
from automl.tracking.mlflow.links import ONLY_TRIALS, VIEW_KEY
from automl.tracking.mlflow.trial_run import MOST_TRIALS_WITH_FOLD_CURVES, legal_name
from automl.tracking.tracker import StudyRecord
from automl.trial import Direction, Scalar, Trial, TrialState, is_number

VIEW_TAG = f"mlflow.sharedViewState.{VIEW_KEY}"
LONGEST_VIEW = 5000  # what every MLflow 3 takes; 3.17 takes 20,000

_NAME = "Trials, best first"
_DIAGNOSIS = "tags.`diagnosis`"
_CURVES = ("curves/loss", "curves/val_loss")
_SECTIONS = {  # by key: the title, and the number of cards in a row
    "training": ("Training and validation", 1),
    "bias_variance": ("Bias and variance", 2),
    "scores": ("Scores", 2),
    "hyperparameters": ("Hyperparameters", 1),
}
_PREFIX = "deflate;"
_NARROWEST, _MARGIN, _LETTER, _DIAGNOSIS_WIDTH = 80, 40, 7, 150  # of a column, in pixels

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a view is made of; each is left out where the rest would be too long for a tag."""

    columns: tuple[str, ...]
    cards: tuple[Json, ...] = ()
    hidden: tuple[Json, ...] = ()


def saved_view(record: StudyRecord, trials: Sequence[Trial], at: int) -> str:
    """The value of the tag that holds the view, never longer than a store takes.

    Args:
        record: The study.
        trials: Its trials as far as they are known; which hyperparameters every trial has is read off them.
        at: Milliseconds since 1970.
    """
    scores, facts = _score_columns(record), _fact_columns(record)
    # a screen shows the first six or seven
    columns = (*scores, _DIAGNOSIS, *_hyperparameter_columns(record), *facts)
    cards, hidden = tuple(_cards(record, trials)), tuple(_hidden_cards(record))
    shorter = (
        _Parts(columns, cards, hidden),
        _Parts(columns, cards),  # MLflow adds a chart for each metric below ours
        _Parts(columns),
        _Parts((*scores, *facts)),
    )
    values = (_pack(_state(record, parts), at) for parts in shorter)
    return next((value for value in values if len(value) <= LONGEST_VIEW), "")


def read_view(value: str) -> Json:
    """The state that a tag holds."""
    packed = json.loads(value)["state"].removeprefix(_PREFIX)
    state: Json = json.loads(zlib.decompress(base64.b64decode(packed)))
    return state


def charted_hyperparameters(record: StudyRecord, trials: Sequence[Trial]) -> list[str]:
    """Searched params that are numbers in every completed trial: MLflow's chart leaves out a run that lacks one."""
    completed = [trial.hyperparameters for trial in trials if trial.state is TrialState.COMPLETE]
    names = []
    for name in record.searched:
        numbers = [_number(hyperparameters.get(name)) for hyperparameters in completed]
        if not numbers or not all(map(math.isfinite, numbers)):
            continue
        logarithmic = name in record.log_scaled and min(numbers) > 0
        names.append(legal_name(f"log10_{name}" if logarithmic else name))
    return names


def _number(value: Scalar | None) -> float:
    """The value when it is a number, NaN when not."""
    return math.nan if value is None or not is_number(value) else float(value)


def _pack(state: Json, at: int) -> str:
    packed = base64.b64encode(zlib.compress(_dump(state), level=9)).decode("ascii")
    view = {"name": _NAME, "createdAt": at, "updatedAt": at, "state": f"{_PREFIX}{packed}"}
    return json.dumps(view)


def _dump(state: Json) -> bytes:
    return json.dumps(state, separators=(",", ":")).encode("utf-8")


def _state(record: StudyRecord, parts: _Parts) -> Json:
    """The whole state of MLflow's page; without cards, MLflow makes its own."""
    state: Json = {
        "searchFilter": ONLY_TRIALS,
        "orderByKey": _metric(_score(record)),
        "orderByAsc": record.objective.direction is Direction.MINIMIZE,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": list(parts.columns),
        "columnOrder": list(parts.columns),
        "columnWidths": {column: _width(column) for column in parts.columns},
        "runsHiddenMode": "FIRST_10_RUNS",
        "hideEmptyCharts": True,
        "groupBy": None,
        "useGroupedValuesInCharts": True,
        "globalLineChartConfig": {"xAxisKey": "step", "lineSmoothness": 0, "selectedXAxisMetricKey": ""},
        "viewMaximized": False,
        "runListHidden": False,
    }
    if parts.cards:
        sections = {card["metricSectionId"] for card in parts.cards}
        state["compareRunCharts"] = [*parts.cards, *parts.hidden]
        state["compareRunSections"] = [_section(key) for key in _SECTIONS if key in sections]
        state["isAccordionReordered"] = True  # our order, not the alphabet's
    return state


def _score(record: StudyRecord) -> str:
    return f"cv_{record.objective.metric}_mean"


def _score_columns(record: StudyRecord) -> tuple[str, ...]:
    names = [_score(record)] + [f"cv_{record.objective.metric}_se"] * (record.num_folds > 1)
    return tuple(_metric(name) for name in names)


def _fact_columns(record: StudyRecord) -> tuple[str, ...]:
    metric = record.objective.metric
    names = (f"train_{metric}_mean", f"gap_{metric}", "best_epoch_mean", "capacity", "fit_seconds")
    return tuple(_metric(name) for name in names)


def _hyperparameter_columns(record: StudyRecord) -> tuple[str, ...]:
    return tuple(f"params.`{legal_name(name)}`" for name in record.searched)


def _metric(name: str) -> str:
    return f"metrics.`{name}`"


def _width(column: str) -> int:
    """Of a column whose name can be read; MLflow shows scores with 17 digits and cuts them to the width."""
    _, name, _ = column.split("`")
    return max(_DIAGNOSIS_WIDTH if column == _DIAGNOSIS else _NARROWEST, _MARGIN + _LETTER * len(name))


def _section(key: str) -> Json:
    title, columns = _SECTIONS[key]
    return {
        "uuid": key,
        "name": title,
        "columns": columns,
        "display": True,
        "isReordered": True,
        "deleted": False,
        "isGenerated": False,
    }


def _cards(record: StudyRecord, trials: Sequence[Trial]) -> Iterator[Json]:
    yield _card("curves", "LINE", "training", **_line(_CURVES))
    yield from _bias_variance_cards(record)
    score = _score(record)
    yield _card("score", "BAR", "scores", metricKey=score)
    axes: Json = {"xaxis": {"key": "capacity", "type": "METRIC"}, "yaxis": {"key": score, "type": "METRIC"}}
    yield _card("capacity", "SCATTER", "scores", **axes)
    names = charted_hyperparameters(record, trials)
    if names:
        axes = {"selectedParams": names, "selectedMetrics": [score], "showAllRuns": True}
        yield _card("coordinates", "PARALLEL", "hyperparameters", **axes)


def _bias_variance_cards(record: StudyRecord) -> Iterator[Json]:
    """Where the loss comes from, a dot a trial, and both parts over the epochs; only some trials have them."""
    dots, curves = summary_names(record.loss), curve_names(record.loss)
    axes: Json = {
        "xaxis": {"key": dots["rest"], "type": "METRIC"},
        "yaxis": {"key": dots["variance"], "type": "METRIC"},
    }
    yield _card("parts", "SCATTER", "bias_variance", **axes)
    both = _line((curves["rest"], curves["variance"]))
    yield _card("rest and variance", "LINE", "bias_variance", **both)


def _line(names: Sequence[str]) -> Json:
    return {
        "metricKey": names[0],
        "selectedMetricKeys": list(names),
        "xAxisKey": "step",
        "scaleType": "linear",
        "range": {},
        "displayPoints": False,
        "useGlobalXaxisKey": True,
        "useGlobalLineSmoothing": True,
    }


def _card(name: str, kind: str, section: str, **details: Any) -> Json:
    return {
        "uuid": name,
        "type": kind,
        "metricSectionId": section,
        "runsCountToCompare": 10,
        "deleted": False,
        "isGenerated": False,
        **details,
    }


def _hidden_cards(record: StudyRecord) -> Iterator[Json]:
    """A deleted card for each metric: MLflow adds one for every metric that has none."""
    for name in _logged(record):
        kind = "LINE" if "/" in name else "BAR"
        yield {
            "uuid": f"no {name}",
            "type": kind,
            "metricSectionId": "scores",
            "metricKey": name,
            "deleted": True,
            "isGenerated": True,
        }


def _logged(record: StudyRecord) -> Iterable[str]:
    """Every metric that a trial of the study may have."""
    for metric in record.metrics:
        yield from (f"cv_{metric}_mean", f"cv_{metric}_se", f"train_{metric}_mean", f"gap_{metric}")
    yield from ("best_epoch_mean", "fit_seconds", "capacity", "trial_number", *_CURVES)
    curves = curve_names(record.loss)
    yield curves["training"]
    for name, summary in summary_names(record.loss).items():
        yield from (curves[name], f"{curves[name]}_se", summary, f"{summary}_se")
    yield from AT_THE_KEPT_EPOCH
    if record.num_trials <= MOST_TRIALS_WITH_FOLD_CURVES:
        for fold in range(record.num_folds):
            yield from (f"fold_{fold}/loss", f"fold_{fold}/val_loss")

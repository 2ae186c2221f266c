"""The saved view of a study: MLflow's list of trials with scores, hyperparameters and charts. Needs no MLflow.

MLflow keeps a view as a tag of the experiment and does not document it. The keys and the words in it are those of
MLflow 3.17's web page, which falls back on its own columns and charts where it does not know them.
"""

import base64
import json
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automl.records.events import StudyStarted
from automl.tracking.mlflow.explained_run import AT_THE_KEPT_EPOCH, curve_names, summary_names
from automl.tracking.mlflow.links import ONLY_TRIALS, VIEW_KEY
from automl.tracking.mlflow.trial_run import MOST_TRIALS_WITH_FOLD_CURVES, legal_name
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
_NAMES = {"attributes.`Run Name`": 130, "runDateAndNestInfo": 48}
"""MLflow's columns on the left and their widths: names of trials, and the mark of their state without its date."""

_ROOM, _NARROWEST_OF_MANY = 675, 60
"""Pixels for the score and all hyperparameters on a screen of 1600 with MLflow's assistant open."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a view is made of; each is left out where the rest would be too long for a tag."""

    columns: tuple[str, ...]
    cards: tuple[Json, ...] = ()
    hidden: tuple[Json, ...] = ()


def saved_view(started: StudyStarted, trials: Sequence[Trial], at: int) -> str:
    """The value of the tag that holds the view, never longer than a store takes.

    Args:
        started: The study.
        trials: Its trials as far as they are known; which hyperparameters every trial has is read off them.
        at: Milliseconds since 1970.
    """
    scores, facts = _score_columns(started), _fact_columns(started)
    # what is beyond the hyperparameters may need scrolling
    columns = (*scores[:1], *_hyperparameter_columns(started), *scores[1:], _DIAGNOSIS, *facts)
    cards, hidden = tuple(_cards(started, trials)), tuple(_hidden_cards(started))
    shorter = (
        _Parts(columns, cards, hidden),
        _Parts(columns, cards),  # MLflow adds a chart for each metric below ours
        _Parts(columns),
        _Parts((*scores, *facts)),
    )
    values = (_pack(_state(started, parts), at) for parts in shorter)
    return next((value for value in values if len(value) <= LONGEST_VIEW), "")


def read_view(value: str) -> Json:
    """The state that a tag holds."""
    packed = json.loads(value)["state"].removeprefix(_PREFIX)
    state: Json = json.loads(zlib.decompress(base64.b64decode(packed)))
    return state


def charted_hyperparameters(started: StudyStarted, trials: Sequence[Trial]) -> list[str]:
    """Searched params that are numbers in every completed trial: MLflow's chart leaves out a run that lacks one."""
    completed = [trial.hyperparameters for trial in trials if trial.state is TrialState.COMPLETE]
    names = []
    for name in started.searched:
        numbers = [_number(hyperparameters.get(name)) for hyperparameters in completed]
        if not numbers or not all(map(math.isfinite, numbers)):
            continue
        logarithmic = name in started.log_scaled and min(numbers) > 0
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


def _state(started: StudyStarted, parts: _Parts) -> Json:
    """The whole state of MLflow's page; without cards, MLflow makes its own."""
    state: Json = {
        "searchFilter": ONLY_TRIALS,
        "orderByKey": _metric(_score(started)),
        "orderByAsc": started.direction == Direction.MINIMIZE,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": list(parts.columns),
        "columnOrder": [*_NAMES, *parts.columns],
        "columnWidths": _widths(started, parts.columns),
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


def _score(started: StudyStarted) -> str:
    return f"cv_{started.metric}_mean"


def _score_columns(started: StudyStarted) -> tuple[str, ...]:
    names = [_score(started)] + [f"cv_{started.metric}_se"] * (started.num_folds > 1)
    return tuple(_metric(name) for name in names)


def _fact_columns(started: StudyStarted) -> tuple[str, ...]:
    metric = started.metric
    names = (f"train_{metric}_mean", f"gap_{metric}", "best_epoch_mean", "capacity", "fit_seconds")
    return tuple(_metric(name) for name in names)


def _hyperparameter_columns(started: StudyStarted) -> tuple[str, ...]:
    return tuple(f"params.`{legal_name(name)}`" for name in started.searched)


def _metric(name: str) -> str:
    return f"metrics.`{name}`"


def _widths(started: StudyStarted, columns: Sequence[str]) -> Mapping[str, int]:
    """Of all columns; those of many hyperparameters are made narrower, so that all can be seen at once."""
    searched = {column: _width(column) for column in _hyperparameter_columns(started) if column in columns}
    room = _ROOM - _width(_metric(_score(started)))
    wanted, least = sum(searched.values()), _NARROWEST_OF_MANY * len(searched)
    if wanted > room:
        share = max(0, room - least) / max(1, wanted - least)
        searched = {
            column: _NARROWEST_OF_MANY + int(share * (width - _NARROWEST_OF_MANY))
            for column, width in searched.items()
        }
    return {**_NAMES, **{column: _width(column) for column in columns}, **searched}


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


def _cards(started: StudyStarted, trials: Sequence[Trial]) -> Iterator[Json]:
    yield _card("curves", "LINE", "training", **_line(_CURVES))
    yield from _bias_variance_cards(started)
    score = _score(started)
    yield _card("score", "BAR", "scores", metricKey=score)
    axes: Json = {"xaxis": {"key": "capacity", "type": "METRIC"}, "yaxis": {"key": score, "type": "METRIC"}}
    yield _card("capacity", "SCATTER", "scores", **axes)
    names = charted_hyperparameters(started, trials)
    if names:
        axes = {"selectedParams": names, "selectedMetrics": [score], "showAllRuns": True}
        yield _card("coordinates", "PARALLEL", "hyperparameters", **axes)


def _bias_variance_cards(started: StudyStarted) -> Iterator[Json]:
    """Where the loss comes from, a dot per trial, and both parts over the epochs; only some trials have them."""
    dots, curves = summary_names(started.loss), curve_names(started.loss)
    axes: Json = {
        "xaxis": {"key": dots["rest"], "type": "METRIC"},
        "yaxis": {"key": dots["variance"], "type": "METRIC"},
    }
    yield _card("parts", "SCATTER", "bias_variance", **axes)
    line = _line((curves["rest"], curves["variance"]))
    yield _card("rest and variance", "LINE", "bias_variance", **line)


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


def _hidden_cards(started: StudyStarted) -> Iterator[Json]:
    """A deleted card for each metric: MLflow adds one for every metric that has none."""
    for name in _logged(started):
        kind = "LINE" if "/" in name else "BAR"
        yield {
            "uuid": f"no {name}",
            "type": kind,
            "metricSectionId": "scores",
            "metricKey": name,
            "deleted": True,
            "isGenerated": True,
        }


def _logged(started: StudyStarted) -> Iterable[str]:
    """Every metric that a trial of the study may have."""
    for metric in started.metrics:
        yield from (f"cv_{metric}_mean", f"cv_{metric}_se", f"train_{metric}_mean", f"gap_{metric}")
    yield from ("best_epoch_mean", "fit_seconds", "capacity", "trial_number", *_CURVES)
    curves = curve_names(started.loss)
    yield curves["training"]
    for name, summary in summary_names(started.loss).items():
        yield from (curves[name], f"{curves[name]}_se", summary, f"{summary}_se")
    yield from AT_THE_KEPT_EPOCH
    if started.num_trials <= MOST_TRIALS_WITH_FOLD_CURVES:
        for fold in range(started.num_folds):
            yield from (f"fold_{fold}/loss", f"fold_{fold}/val_loss")

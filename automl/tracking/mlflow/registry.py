"""Versions of a registered model: which one is the champion, and why another one is not."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from automl.records.state import StudyState
from automl.tracking.mlflow.store import Store
from automl.trial import Direction
from automl.wording import number

LOGGER = logging.getLogger(__name__)

CHAMPION, CHALLENGER = "champion", "challenger"
"""Aliases: the version to be used, and the newest one that has not been shown to be better."""

_LONGEST_CARD = 5000

REASON = "alias_reason"
"""Tag of a version: why it has its alias."""

_DIGEST, _METRIC, _DIRECTION, _SCORE = "test_digest", "test_metric", "test_direction", "test_score"


@dataclass(frozen=True, slots=True)
class LockedScore:
    """A stored score on locked test rows.

    Attributes:
        digest: Of the table and its test rows.
        metric: The objective.
        direction: Whether smaller or larger is better.
        value: The score.
    """

    digest: str
    metric: str
    direction: Direction
    value: float

    @property
    def tags(self) -> dict[str, str]:
        """It as tags of a version."""
        values = (self.digest, self.metric, self.direction.value, repr(self.value))
        return dict(zip((_DIGEST, _METRIC, _DIRECTION, _SCORE), values, strict=True))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that is to be registered.

    Attributes:
        model: MLflow's identifier of the logged model.
        run: The run that it was logged in.
        test: Its score on the locked test rows; None where it has none.
        card: What people should know of it, in Markdown.
    """

    model: str
    run: str
    test: LockedScore | None = None
    card: str = ""


def locked_score_of(state: StudyState, trial: int) -> LockedScore | None:
    """The recorded score of the exported model of a trial, or of its ensemble, on the locked test rows.

    None where they were not read for it.
    """
    metric, weights = state.objective.metric, state.verdict.ensemble
    is_ensemble = state.exported is not None and state.exported.ensemble
    for test in reversed(state.tests):
        is_of_model = test.ensemble == weights if is_ensemble else True
        scores = test.ensemble_scores if is_ensemble else test.scores
        if is_of_model and test.trial == trial and metric in scores:
            return LockedScore(test.digest, metric, state.objective.direction, float(scores[metric]))
    return None


def locked_score_in(tags: Mapping[str, str]) -> LockedScore | None:
    """The score that the tags of a version hold; None where they hold none."""
    try:
        direction = Direction(tags[_DIRECTION])
        return LockedScore(tags[_DIGEST], tags[_METRIC], direction, float(tags[_SCORE]))
    except (KeyError, ValueError):
        return None


def compare_scores(new: LockedScore | None, old: LockedScore | None, version: str) -> tuple[bool, str]:
    """Whether a new version takes the place of the champion, and why.

    Only if both were scored on the same locked rows by the same objective can their scores be compared.

    Args:
        new: Stored score of the new version.
        old: That of the champion.
        version: Number of the champion.
    """
    champion = f"version {version}, the champion,"
    if new is None:
        return False, f"this version has no score on locked test rows to compare with {champion.rstrip(',')}"
    if old is None:
        return False, f"{champion} has no stored score on locked test rows"
    if (new.metric, new.direction) != (old.metric, old.direction):
        return False, f"{champion} was scored by {old.metric}, this version by {new.metric}"
    if new.digest != old.digest:
        return False, f"{champion} was scored on other locked test rows"
    scores = (
        f"{new.metric} {number(new.value)} on the locked test rows, {number(old.value)} for version {version}"
    )
    sign = 1.0 if new.direction is Direction.MINIMIZE else -1.0
    return sign * new.value < sign * old.value, scores


def register_model(store: Store, name: str, candidate: Candidate) -> str:
    """Make a logged model a version of a registered model, unless it is one, and give it its alias; the version.

    Args:
        store: The opened store.
        name: Of the registered model.
        candidate: The model.
    """
    _make_registered(store, name)
    version = registered_version(store, candidate.run, name)
    if version is None:
        # `models:/` would be looked up in the store of the process where this client has its own database
        source = f"models:/{candidate.model}"
        if not store.address.is_server:
            source = store.client.get_logged_model(candidate.model).artifact_location
        made = store.client.create_model_version(
            name,
            source,
            run_id=candidate.run,
            model_id=candidate.model,
            tags=candidate.test.tags if candidate.test is not None else {},
            description=candidate.card[:_LONGEST_CARD],
        )
        version = str(made.version)
    _give_alias(store, name, version, candidate.test)
    known_as = json.dumps([{"name": name, "version": int(version)}])
    store.client.set_logged_model_tags(candidate.model, {"mlflow.modelVersions": known_as})
    return version


def _give_alias(store: Store, name: str, version: str, test: LockedScore | None) -> None:
    client = store.client
    champion = client.get_registered_model(name).aliases.get(CHAMPION)
    if champion is None:
        alias, why = CHAMPION, "there was no champion"
    elif str(champion) == version:
        return  # an earlier attempt came so far
    else:
        old = locked_score_in(client.get_model_version(name, str(champion)).tags)
        better, why = compare_scores(test, old, str(champion))
        alias = CHAMPION if better else CHALLENGER
    client.set_model_version_tag(name, version, REASON, why)
    client.set_registered_model_alias(name, alias, version)
    LOGGER.info("%s version %s is registered as %s: %s.", name, version, alias, why)


def registered_version(store: Store, run_id: str, name: str) -> str | None:
    """The version under which the model of a run stands in the registry; None where it does not."""
    matching = store.client.search_model_versions(f"run_id = '{run_id}'")
    versions = [int(version.version) for version in matching if version.name == name]
    return str(min(versions)) if versions else None


def _make_registered(store: Store, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        store.client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise

"""The beginning of a study: what its journal and its trackers are told of it."""

from pathlib import Path

from automl import space as spaces
from automl.config.reading import study_text
from automl.evaluation.bias_variance import LOG_LOSS, SQUARED_ERROR
from automl.study.analysis import targets_of
from automl.study.preparation import PreparedStudy, default_space, facts_of
from automl.tracking.tracker import StudyRecord


def first_event(prepared: PreparedStudy, record: StudyRecord) -> dict[str, object]:
    """What a reader of the journal must know of the study."""
    config, dataset = prepared.config, prepared.dataset
    targets, training = targets_of(dataset), prepared.splits.training
    own_builder = config.network.builder is not None
    entries = config.space or ({} if own_builder else default_space(dataset, training))
    return {
        "name": record.name,
        "identifier": record.identifier,
        "base": str(config.folder.resolve()),
        "metric": record.objective.metric,
        "direction": record.objective.direction.value,
        "num_trials": record.num_trials,
        "num_folds": record.num_folds,
        "repeats": config.splits.repeats,
        "num_epochs": prepared.plan.epochs,
        "searched": list(record.searched),
        "log_scaled": sorted(record.log_scaled),
        "bounds": spaces.bounds(prepared.space),
        "constant": targets.constant(training) if dataset.classes else None,
        "space": {name: entry.model_dump(by_alias=True) for name, entry in entries.items()},
        "noise": config.bias_variance.noise,
        "optimistic": record.optimistic,
        "notes": list(record.notes),
        "facts": dict(record.facts),
    }


def make_record(prepared: PreparedStudy, folder: Path) -> StudyRecord:
    """What trackers are told before the first trial.

    Args:
        prepared: The study.
        folder: The study's own folder.
    """
    config = prepared.config
    return StudyRecord(
        name=config.name,
        identifier=folder.name,
        text=study_text(config),
        objective=prepared.objective,
        metrics=prepared.metrics,
        num_trials=prepared.num_trials,
        num_folds=len(prepared.splits.folds),
        log_scaled=frozenset(spaces.log_scaled(prepared.space)),
        searched=tuple(spaces.searched(prepared.space)),
        facts=facts_of(prepared),
        folder=folder,
        time_limit=None if config.search.minutes is None else 60 * config.search.minutes,
        optimistic=prepared.optimistic,
        notes=prepared.notes,
        loss=LOG_LOSS if prepared.dataset.classes else SQUARED_ERROR,
    )

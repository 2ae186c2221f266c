"""The beginning of a run, or of going on with one: what must be the same, and what its first event says."""

import secrets
import shlex
from collections.abc import Mapping
from datetime import datetime

from automl import __version__
from automl.config.reading import study_text
from automl.errors import DataError, NetworkError
from automl.evaluation.bias_variance import LOG_LOSS, SQUARED_ERROR
from automl.evaluation.metrics import quantile_loss
from automl.networks.sources import builder_sources, changed_files
from automl.records.cohort_offers import CohortOffers
from automl.records.disk import remove_leftovers
from automl.records.events import StudyContinued, StudyStarted
from automl.records.files import STUDY_FILE, make_run_folder, remove_run_folder, write_whole
from automl.records.leases import Lease
from automl.records.runs import Run
from automl.records.store import Records
from automl.search.space.space import bounds, log_scaled
from automl.study.analyses.blocks import targets_of
from automl.study.budget import Budget
from automl.study.inputs import STANDARD
from automl.study.own_metric import KEY
from automl.study.preparation import PreparedStudy, facts_of
from automl.study.resuming import Unfinished
from automl.study.table import default_space

_BUILDER, _METRIC = "builder:", "metric:"
"""Begin the names of digests of the files of a builder, and of a metric of the study's own."""


def begin_run(records: Records, prepared: PreparedStudy, budget: Budget) -> tuple[Run, Lease]:
    """Enter a new run with its folder and its first event; where that fails, nothing is left behind.

    Raises:
        RecordError: The record or the folder cannot be written.
    """
    name = prepared.config.name
    identifier = f"{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    folder = make_run_folder(records.mlruns, name, identifier, study_text(prepared.config))
    try:
        return records.create(folder, first_event(prepared, identifier, budget), __version__)
    except BaseException:
        remove_run_folder(records.mlruns, folder)
        raise


def go_on(records: Records, prepared: PreparedStudy, unfinished: Unfinished, budget: Budget) -> Lease:
    """Take a run over from the process that worked on it.

    Raises:
        DataError: The table, its splits or the builder's file are others than the run began with.
        RecordError: Another process works on it, or the record cannot be written.
    """
    started = unfinished.state.started
    check_digests(prepared, started.digests)
    lease = records.claim(unfinished.run)
    remove_leftovers(unfinished.run.folder)
    began = first_event(prepared, started.identifier, budget)
    event = StudyContinued(
        text=study_text(prepared.config),
        num_trials=min(unfinished.num_trials, _most_trials(prepared, unfinished.num_trials)),
        time_limit=began.time_limit,
        changes=tuple(map(str, unfinished.changes.allowed)),
        bounds=began.bounds,
        space=began.space,
        phase=unfinished.state.phase,
    )
    for recorded in records.append(lease, event):
        unfinished.state.apply(recorded)
    write_whole(unfinished.run.folder / STUDY_FILE, lambda file: file.write(event.text.encode()))
    offers = CohortOffers(records, lease)
    for cohort in unfinished.state.running_cohorts:
        offers.retry(cohort.number)
    return lease


def check_digests(prepared: PreparedStudy, recorded: Mapping[str, str]) -> None:
    """Refuse to go on with, or to export from, what is no longer the same.

    Raises:
        DataError: The table or its splits; the message says what to do.
        NetworkError: The builder's files.
    """
    config, now = prepared.config, digests_of(prepared)
    file = config.where("data").rpartition(":")[0]
    fresh = f"`automl run {shlex.quote(file)} --fresh`" if file else "`run_study(…, resume=False)`"
    cure = f"Restore it, or start a new run with {fresh}."
    for key, subject in (("data", "the table"), ("splits", "the choice of rows for folds and test")):
        if recorded.get(key, now[key]) != now[key]:
            raise DataError(f"{config.where('data')}: {subject} has changed since the study ran. {cure}")
    inputs = [digests.get("inputs", STANDARD) for digests in (recorded, now)]
    if inputs[0] != inputs[1]:
        subject = f"the inputs of the network were {inputs[0]} when the study ran, and are {inputs[1]} now"
        raise NetworkError(f"{config.where('network')}: {subject}. {cure}")
    for begins, name, keys in ((_BUILDER, "builder", ("network", "builder")), (_METRIC, "metric", (KEY,))):
        before, after = (_sources(digests, begins) for digests in (recorded, now))
        changed = changed_files(before, after) if before else []
        if changed:
            subject = f"the {name} has changed since the study ran: {', '.join(changed)}"
            raise NetworkError(f"{config.where(*keys)}: {subject}. {cure}")


def _sources(digests: Mapping[str, str], begins: str) -> dict[str, str]:
    """Digests of the files of a builder or a metric by their name."""
    return {key.removeprefix(begins): digest for key, digest in digests.items() if key.startswith(begins)}


def digests_of(prepared: PreparedStudy) -> dict[str, str]:
    """Of what must not change within a run."""
    config = prepared.config
    digests = {"data": prepared.dataset.digest, "splits": prepared.splits.digest}
    if config.network.builder is not None:
        sources = builder_sources(config.network.builder, config.folder)
        digests |= {f"{_BUILDER}{name}": digest for name, digest in sources.items()}
        digests["inputs"] = prepared.encoding
    if config.own_metric:
        sources = builder_sources(config.own_metric, config.folder, KEY)
        digests |= {f"{_METRIC}{name}": digest for name, digest in sources.items()}
    return digests


def first_event(prepared: PreparedStudy, identifier: str, budget: Budget) -> StudyStarted:
    """What a reader of the record must know of a study before its first trial."""
    config, dataset = prepared.config, prepared.dataset
    training = prepared.splits.training
    own_builder = config.network.builder is not None
    entries = config.space or ({} if own_builder else default_space(dataset, training))
    return StudyStarted(
        name=config.name,
        identifier=identifier,
        base=str(config.folder.resolve()),
        text=study_text(config),
        metric=prepared.objective.metric,
        direction=prepared.objective.direction.value,
        metrics=prepared.metrics,
        num_trials=prepared.num_trials,
        num_folds=len(prepared.splits.folds),
        repeats=config.splits.repeats,
        num_epochs=prepared.plan.epochs,
        searched=tuple(prepared.space.searched),
        log_scaled=tuple(sorted(log_scaled(prepared.space))),
        bounds=bounds(prepared.space),
        space={name: entry.model_dump(mode="json", by_alias=True) for name, entry in entries.items()},
        loss=LOG_LOSS if dataset.classes else SQUARED_ERROR,
        constant=_constant(prepared),
        noise=config.bias_variance.noise,
        optimistic=prepared.optimistic,
        time_limit=budget.search_seconds,
        notes=prepared.notes,
        facts=facts_of(prepared),
        digests=digests_of(prepared),
    )


def _constant(prepared: PreparedStudy) -> float | None:
    """Loss of the best constant; None of numbers, whose R² says the same, unless a quantile is asked for."""
    dataset, rows, level = prepared.dataset, prepared.splits.training, prepared.metric.level
    if level is not None:
        return quantile_loss(level, dataset.target[rows], dataset.weights[rows])
    return targets_of(dataset).constant(rows) if dataset.classes else None


def _most_trials(prepared: PreparedStudy, num_trials: int) -> int:
    return prepared.space.size(num_trials) or num_trials

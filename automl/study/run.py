"""The one loop: ask for a trial, train it, record it, tell the search. Knows every stage; no stage knows another."""

import bisect
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pandas

from automl.config.reading import load_study, study_text
from automl.config.study import StudyConfig
from automl.errors import RecordError, StudyFailedError
from automl.evaluation.out_of_fold import OutOfFold
from automl.evaluation.verdict import Verdict
from automl.explanation.study import explain_study
from automl.export.saved_model import check_backend
from automl.interrupts import Interrupts
from automl.records.journal import (
    MODEL,
    Journal,
    new_study_folder,
    read_journal,
    record_test_read,
    remove_study_folder,
)
from automl.report.files import write_study_files, write_trial_files
from automl.search.sampler import Sampler
from automl.search.table import make_sampler
from automl.study.conclusion import examine, judge, read_test_set, refit_trial, write_model, write_out_of_fold
from automl.study.opening import first_event, make_record
from automl.study.preparation import PreparedStudy, prepare_study
from automl.tracking.mlflow.tracker import MlflowTracker
from automl.tracking.tracker import ExportedModel, StudyRecord, StudyStatus, StudySummary, Tracker
from automl.training.engine import Engine, Watch
from automl.training.trials import plan_members
from automl.trial import Progress, Trial, TrialState


@dataclass(frozen=True, slots=True)
class StudyResult:
    """What a study found.

    Attributes:
        trials: Every trial, by number.
        best: The best completed trial.
        verdict: What is known of it beyond its mean score.
        test_scores: Its scores on the locked test set after a refit, by metric; empty when no rows are locked away.
        model: Folder of the SavedModel.
        folder: The study's own folder.
        seconds: Wall time of the whole study.
    """

    trials: tuple[Trial, ...]
    best: Trial
    verdict: Verdict
    test_scores: dict[str, float]
    model: Path
    folder: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class _Run:
    """A study that is running; `trials` grows."""

    prepared: PreparedStudy
    record: StudyRecord
    journal: Journal
    trackers: tuple[Tracker, ...]
    interrupts: Interrupts
    engine: Engine
    out_of_fold: OutOfFold
    trials: list[Trial]
    began: float

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    @property
    def out_of_time(self) -> bool:
        return self.record.time_limit is not None and self.seconds >= self.record.time_limit


def run_study(
    study: StudyConfig | str | Path,
    *,
    mlruns: str | Path = "mlruns",
    trackers: Sequence[Tracker] = (),
    prepared: PreparedStudy | None = None,
    table: pandas.DataFrame | None = None,
) -> StudyResult:
    """Run a study to its end: search, refit of the best trial, locked test, SavedModel, MLflow.

    Args:
        study: A study, or the path of its file.
        mlruns: Folder of the MLflow store and of the studies' own folders.
        trackers: Who follows the study beside MLflow.
        prepared: The same study, where it has been prepared already.
        table: The table, where the study asks Python for it (`data.frame`).

    Raises:
        AutoMLError: Something is wrong with the study, found before training, or no trial completed.
        KeyboardInterrupt: The study was interrupted. Its finished trials are recorded.
    """
    config = study if isinstance(study, StudyConfig) else load_study(study)
    check_backend()
    prepared = prepared or prepare_study(config, table)
    summary: StudySummary | None = None
    with Interrupts() as interrupts:
        with interrupts.held():
            run = _begin(prepared, Path(mlruns), trackers, interrupts)
        status = StudyStatus.FAILED
        try:
            _search(run)
            summary = _conclude(run)
            examine(prepared, run.trials, run.engine, run.journal, lambda name: _phase(run, name))
        except KeyboardInterrupt:
            status = StudyStatus.KILLED
            raise
        finally:
            best = run.record.objective.best(run.trials)
            with interrupts.held():
                _end(run, summary or StudySummary(status, tuple(run.trials), best))
    assert summary.best and summary.model and summary.verdict
    return StudyResult(
        trials=summary.trials,
        best=summary.best,
        verdict=summary.verdict,
        test_scores=dict(summary.test_scores),
        model=summary.model.folder,
        folder=run.journal.folder,
        seconds=summary.seconds,
    )


def _begin(prepared: PreparedStudy, mlruns: Path, others: Sequence[Tracker], interrupts: Interrupts) -> _Run:
    """Make the study's folder and start its trackers; where one cannot start, leave nothing behind."""
    config = prepared.config
    folder = new_study_folder(mlruns, config.name, study_text(config))
    try:
        record = make_record(prepared, folder)
        journal = Journal(folder)
        journal.append("study", first_event(prepared, record))
        tracking = config.tracking
        mlflow = MlflowTracker(tracking.uri, mlruns, write_trial_files, tracking.register_as)
        trackers = (mlflow, *others)
        for tracker in trackers:
            tracker.start_study(record)
    except BaseException:
        remove_study_folder(mlruns, folder)
        raise
    out_of_fold = OutOfFold([fold.validation for fold in prepared.splits.folds], prepared.objective)
    return _Run(
        prepared,
        record,
        journal,
        trackers,
        interrupts,
        prepared.make_engine(),
        out_of_fold,
        [],
        time.monotonic(),
    )


def _search(run: _Run) -> None:
    """Ask, train, record, tell, until the trials, the time or the space are used up."""
    prepared, search = run.prepared, run.prepared.config.search
    sampler = make_sampler(
        search.algorithm, prepared.space, prepared.objective, search.trials, search.seed, search.first
    )
    num_folds = len(prepared.splits.folds)

    limited = run.record.time_limit is not None
    watch = replace(_watch(run), may_start=lambda: not run.out_of_time, limited=limited)
    while len(run.trials) < search.trials and not run.out_of_time:
        proposals = sampler.ask(_cohort_size(run, sampler))
        if not proposals:
            break
        for tracker in run.trackers:
            tracker.start_cohort({proposal.number: proposal.hyperparameters for proposal in proposals})
        cohort = [plan_members(one.number, one.hyperparameters, num_folds, search.seed) for one in proposals]
        told: dict[int, float | None] = {}
        with closing(run.engine.train(cohort, watch)) as trials:
            for trial in trials:
                with run.interrupts.held():
                    _record_trial(run, trial)
                complete = trial.state is TrialState.COMPLETE
                told[trial.number] = trial.mean(prepared.objective.metric) if complete else None
        sampler.tell(sorted(told.items()))


def _watch(run: _Run) -> Watch:
    def on_progress(progress: Progress) -> None:
        run.interrupts.check()
        for tracker in run.trackers:
            tracker.log_progress(progress)

    return Watch(on_progress, may_start=lambda: True)


def _phase(run: _Run, name: str) -> Watch:
    """The study turns to something else."""
    run.interrupts.check()
    for tracker in run.trackers:
        tracker.start_phase(name)
    return _watch(run)


def _cohort_size(run: _Run, sampler: Sampler) -> int:
    """As many trials as are left, as train well together, and as the sampler can propose at once."""
    search = run.prepared.config.search
    limits = [search.cohort or sampler.cohort_size(), run.engine.cohort_size]
    return min([search.trials - len(run.trials), *(limit for limit in limits if limit is not None)])


def _record_trial(run: _Run, trial: Trial) -> None:
    run.out_of_fold.add(trial)
    trial = trial.without_predictions()
    bisect.insort(run.trials, trial, key=lambda other: other.number)
    run.journal.append_trial(trial)
    for tracker in run.trackers:
        tracker.log_trial(trial)


def _conclude(run: _Run) -> StudySummary:
    """Refit the best trial on all training rows, read the test set once, export."""
    prepared, dataset = run.prepared, run.prepared.dataset
    best = prepared.objective.best(run.trials)
    if best is None:
        reasons = "; ".join(dict.fromkeys(trial.reason for trial in run.trials[:3])) or "no trial was started"
        raise StudyFailedError(f"{run.record.name}: no trial completed ({reasons}). See `automl show`.")
    _phase(run, "refit of the best trial")
    refit = refit_trial(run.engine, prepared, best)
    verdict, test_scores = judge(prepared, best, run.out_of_fold), dict[str, float]()
    if len(prepared.splits.test):
        digest = prepared.splits.test_digest(dataset.digest)
        test_scores, test = read_test_set(prepared, refit.network, verdict.threshold)
        earlier = record_test_read(run.journal.folder, digest, test_scores)
        verdict = replace(verdict, test=test, earlier_reads=earlier)
        content = {"trial": best.number, "rows": len(prepared.splits.test), "scores": test_scores}
        run.journal.append("test", content)
    run.journal.append("verdict", verdict.content())
    folder = run.journal.folder / MODEL
    write_model(prepared, refit, verdict, folder)
    write_out_of_fold(prepared, run.out_of_fold, best.number, run.journal.folder)
    example = dataset.frame(prepared.splits.training[:3])
    return StudySummary(
        StudyStatus.FINISHED,
        tuple(run.trials),
        best,
        test_scores,
        ExportedModel(folder, dataset.task, example, dataset.classes),
        seconds=run.seconds,
        verdict=verdict,
    )


def _end(run: _Run, summary: StudySummary) -> None:
    """Record and tell how the study ended, also when it was interrupted."""
    summary = replace(summary, seconds=run.seconds)
    with suppress(OSError, RecordError):
        log = read_journal(run.journal.folder)
        found = explain_study(log)
        summary = replace(
            summary,
            remarks=(*found.limits, *found.remarks),
            diagnoses=found.diagnoses,
            bias_variance=log.bias_variance,
        )
        summary = replace(summary, files=write_study_files(log, found))
    exported = summary.best.number if summary.best is not None and summary.model is not None else None
    content = {"status": summary.status.value, "seconds": summary.seconds, "exported": exported}
    with suppress(RecordError):
        run.journal.append("finish", content)
    for tracker in run.trackers:
        tracker.finish_study(summary)

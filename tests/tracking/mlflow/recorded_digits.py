"""The record of a small study on digits, with all that a study can have."""

from pathlib import Path

from hand_made import VERDICT, make_bias_variance, make_failed_trial, make_trial
from made_states import decomposed
from recorded_study import RecordedStudy

from automl.records.outcomes import Exported, TestReadingDone, TestReadingIntended
from automl.tracking.model import ExportedModel, write_example
from automl.trial import Trial

TEST = {"log_loss": 2.125, "accuracy": 0.625}


def render(trial: Trial, folder: Path, drawn: bool) -> None:
    (folder / "history.csv").write_text(f"trial,{trial.number}\n")
    if drawn:
        (folder / "figures").mkdir()
        (folder / "figures" / "training_curves.png").write_bytes(b"PNG")


def export(study: RecordedStudy, trial: int, model: ExportedModel) -> None:
    """Put a model and its example rows into the run's folder, and record it."""
    target = study.run.folder / "model"
    if not target.exists():
        target.symlink_to(model.folder, target_is_directory=True)
    write_example(study.run.folder, model.example)
    study.record(Exported(trial, 3))


def write_files(study: RecordedStudy) -> None:
    """The files that people read."""
    (study.run.folder / "figures").mkdir()
    (study.run.folder / "figures" / "a.png").write_bytes(b"PNG")
    (study.run.folder / "leaderboard.csv").write_text("trial,score\n")
    (study.run.folder / "report.html").write_text("<p>\n")


def record_a_study(study: RecordedStudy, model: ExportedModel | None = None) -> None:
    """Three trials, one of them failed, in the order in which they ended; a verdict, an analysis, files."""
    study.end_trials([make_trial(1, 2.0), make_failed_trial(2), make_trial(0, 3.0)])
    study.record(
        TestReadingIntended(1, "d", 10),
        TestReadingDone(1, "d", TEST, VERDICT.test or ()),
        VERDICT,
    )
    if model is not None:
        export(study, 1, model)
    study.record(decomposed(study.run.folder, make_bias_variance(1)))
    write_files(study)
    study.finish()

"""`automl.fit`: a study of a table in one call."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas

from automl.config.reading import make_study, name_for
from automl.config.study import StudyConfig
from automl.errors import DataError
from automl.python.content import study_content
from automl.quiet import quiet_start
from automl.study.result import StudyResult


def fit(
    table: pandas.DataFrame | str | Path,
    target: str,
    *,
    minutes: float | None = None,
    config: Mapping[str, Any] | None = None,
    mlruns: str | Path = "mlruns",
    quiet: bool = False,
) -> StudyResult:
    """Search, train and judge networks for a column of a table, and export the best: what `automl run` does.

        result = automl.fit(frame, target="price", minutes=5)
        result.verdict, result.leaderboard(), result.predict(rows), result.report()

    Every call begins a new run, which `automl show`, `explain` and `ui` find in `mlruns`.

    Args:
        table: A DataFrame, or the path of a file that a study can read: CSV, Parquet, Excel and others. Text, gaps and
            dates are welcome; columns without information are left out, with a note.
        target: Name of the column to predict: labels, or numbers in any units.
        minutes: Time limit of the whole call in minutes, default 5; `{"budget": {"minutes": None}}` in `config` for
            no limit.
        config: Any keys of a study file, `{"objective": "accuracy", "search": {"trials": 20}}`; `automl schema` lists
            them. `name` is the name of the target by default.
        mlruns: Folder of the run and, where `config` names no other, of its record and of MLflow.
        quiet: Whether to print nothing while the study runs.

    Raises:
        DataError: The table or its target cannot be learned from.
        StudyFileError: A key or a value of `config` is wrong.
        StudyFailedError: No trial completed.
        AutoMLError: Any other fault that is found before training; all of the above are of this class.
        KeyboardInterrupt: The study was interrupted; `automl run` cannot continue it, because it has no file.
    """
    study, frame = _study(table, target, minutes, config)
    with quiet_start():
        from automl.study.run import run_study
    from automl.report.console import make_console
    from automl.tracking.terminal import TerminalTracker

    trackers = [] if quiet else [TerminalTracker(make_console())]
    return run_study(study, mlruns=mlruns, trackers=trackers, table=frame, resume=False)


def _study(
    table: Any, target: str, minutes: float | None, config: Mapping[str, Any] | None
) -> tuple[StudyConfig, pandas.DataFrame | None]:
    """The study, and the table where it is no file.

    Raises:
        DataError: The table is neither a DataFrame nor a path.
        StudyFileError: The configuration is wrong.
    """
    source: tuple[tuple[str, ...], Any] = (("data", "path"), str(table))
    frame = None
    if not isinstance(table, str | Path):
        frame, source = as_frame(table), (("data", "frame"), True)
    requested = {
        "table": source,
        "target": (("data", "target"), target),
        "minutes": (("budget", "minutes"), minutes),
    }
    content = study_content(config, requested)
    content.setdefault("name", name_for(Path(str(target))))
    return make_study(content), frame


def as_frame(table: Any) -> pandas.DataFrame:
    """A table in memory as a pandas DataFrame; those of other libraries are converted by their own `to_pandas`.

    Raises:
        DataError: It is not a table.
    """
    if isinstance(table, pandas.DataFrame):
        return table
    converted = table.to_pandas() if hasattr(table, "to_pandas") else None
    if isinstance(converted, pandas.DataFrame):
        return converted
    cure = "Name the columns: `pandas.DataFrame(values, columns=[…])`."
    must = "be a pandas DataFrame or the path of a file"
    raise DataError(f"`table` must {must}, got {type(table).__name__}. {cure}")

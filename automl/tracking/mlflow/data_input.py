"""The data set of a study as MLflow lists it beside a run: its name, its digest and where it is from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from automl.config.reading import load_study
from automl.errors import StudyFileError
from automl.records.events import StudyStarted
from automl.records.files import STUDY_FILE
from automl.secrets import masked

_SOURCES: Mapping[str, str] = {"path": "local", "url": "http", "sql": "sql", "sklearn": "sklearn"}
"""Keys of the data section that name a table, and MLflow's words for such a source."""

_LONGEST_DIGEST, _LONGEST_NAME = 36, 500
_COUNTS = ("rows", "features", "training_rows", "test_rows")


@dataclass(frozen=True, slots=True)
class DataInput:
    """A data set.

    Attributes:
        name: Of the table.
        digest: Of its rows.
        source_type: What kind of place it is from.
        source: That place, as JSON.
        profile: Numbers of rows and features, as JSON.
    """

    name: str
    digest: str
    source_type: str
    source: str
    profile: str


def describe_data(started: StudyStarted, folder: Path) -> DataInput | None:
    """The data set of a study; None where its digest was not recorded.

    Args:
        started: The study.
        folder: The folder of the run, with the study file.
    """
    digest = started.facts.get("data_digest", "")[:_LONGEST_DIGEST]
    if not digest:
        return None
    kind, location = "code", started.name
    try:
        data = load_study(folder / STUDY_FILE, folder=Path(started.base)).data
    except StudyFileError:  # the digest and the name tell enough
        data = None
    for key, name in _SOURCES.items():
        value = getattr(data, key, None)
        if value:
            kind, location = name, masked(str(value))
    profile = {name: int(started.facts[name]) for name in _COUNTS if started.facts.get(name, "").isdigit()}
    shown = Path(location).name if kind == "local" else location
    return DataInput(shown[:_LONGEST_NAME], digest, kind, json.dumps({"uri": location}), json.dumps(profile))

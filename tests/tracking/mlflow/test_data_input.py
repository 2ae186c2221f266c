"""The data set of a study as MLflow lists it: where it is from, without secrets."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hand_made import STARTED

from automl.tracking.mlflow.data_input import describe_data

FACTS = {"data_digest": "d" * 64, "rows": "150", "features": "4", "target": "y"}


@pytest.mark.parametrize(
    ("data", "name", "kind", "place"),
    [
        ("{path: ../tables/houses.csv, target: y}", "houses.csv", "local", "../tables/houses.csv"),
        ("{sklearn: iris}", "iris", "sklearn", "iris"),
        (
            "{sql: 'postgresql://me:secret@host/db', table: houses, target: y}",
            "postgresql://me:***@host/db",
            "sql",
            "postgresql://me:***@host/db",
        ),
        ("{frame: true, target: y}", "digits", "code", "digits"),
    ],
)
def test_it_says_where_the_table_is_from(tmp_path: Path, data: str, name: str, kind: str, place: str) -> None:
    (tmp_path / "study.yaml").write_text(f"name: digits\ndata: {data}\n")
    data_input = describe_data(replace(STARTED, facts=FACTS), tmp_path)
    assert data_input is not None
    assert (data_input.name, data_input.digest, data_input.source_type) == (name, "d" * 36, kind)
    assert json.loads(data_input.source) == {"uri": place}
    assert json.loads(data_input.profile) == {"rows": 150, "features": 4}


def test_without_the_study_file_name_and_digest_remain(tmp_path: Path) -> None:
    data_input = describe_data(replace(STARTED, facts=FACTS), tmp_path)
    assert data_input is not None and (data_input.name, data_input.source_type) == ("digits", "code")
    assert describe_data(replace(STARTED, facts={}), tmp_path) is None

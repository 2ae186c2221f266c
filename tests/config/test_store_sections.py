"""Where a study file says that its trials are sent and recorded."""

from pathlib import Path

import pytest
from wrong_studies import DATA, Wrong, check_message

from automl.config.reading import load_study, make_study
from automl.config.stores import RecordsConfig, TrackingConfig
from automl.errors import StudyFileError

TRACKING = {
    "": TrackingConfig(to="mlflow", uri=None, register_as=None),
    "tracking: {}": TrackingConfig(to="mlflow", uri=None, register_as=None),
    "tracking: {uri: 'http://h:5000', register_as: best}": TrackingConfig(
        to="mlflow", uri="http://h:5000", register_as="best"
    ),
    "tracking: {to: none}": TrackingConfig(to="none"),
    "tracking: {to: none, uri: null}": TrackingConfig(to="none"),
    "tracking: {to: 'house.trackers:Board_2', uri: anything}": TrackingConfig(
        to="house.trackers:Board_2", uri="anything"
    ),
    "tracking: {to: 'trackers:Board'}": TrackingConfig(to="trackers:Board"),
}


@pytest.mark.parametrize(("text", "expected"), TRACKING.items())
def test_where_trials_are_sent(tmp_path: Path, text: str, expected: TrackingConfig) -> None:
    (tmp_path / "study.yaml").write_text(f"{DATA}{text}\n")
    assert load_study(tmp_path / "study.yaml").tracking == expected


@pytest.mark.parametrize(
    "uri",
    [
        "sqlite:///studies.db",
        "sqlite:////var/studies.db",
        "postgresql://host/studies",
        "postgresql+psycopg://me:${WORD}@host:5432/studies?sslmode=require",
        "${RECORDS}",
        None,
    ],
)
def test_where_studies_are_recorded(uri: str | None) -> None:
    study = make_study({"name": "a", "data": {"sklearn": "iris"}, "records": {"uri": uri}})
    assert study.records == RecordsConfig(uri=uri)
    assert study.records.uri == uri


TO = "must be none, mlflow or `package.module:Class`"
STARTS = "must begin with one of `sqlite:///`, `postgresql://`, `postgresql+psycopg://`"

WRONG = {
    "nonsense": Wrong(
        DATA + "tracking:\n  to: nonsense\n", 3, "`tracking.to`", TO, "got 'nonsense'.", "none sends nothing"
    ),
    "a class without its module": Wrong(
        DATA + "tracking: {to: ':Board'}\n", 2, "`tracking.to`", TO, "got ':Board'.", "none sends nothing"
    ),
    "a module without its class": Wrong(
        DATA + "tracking: {to: house.trackers}\n",
        2,
        "`tracking.to`",
        TO,
        "got 'house.trackers'.",
        "none sends",
    ),
    "a file": Wrong(
        DATA + "tracking: {to: 'a/b.py:Board'}\n", 2, "`tracking.to`", TO, "got 'a/b.py:Board'.", "none sends"
    ),
    "a line break after the class": Wrong(
        DATA + 'tracking: {to: "a:B\\n"}\n', 2, "`tracking.to`", TO, r"got 'a:B\n'.", "none sends nothing"
    ),
    "null": Wrong(DATA + "tracking: {to: }\n", 2, "`tracking.to`", "must be text", "got None.", "none sends"),
    "unknown": Wrong(
        DATA + "tracking: {too: mlflow}\n",
        2,
        "`tracking.too`",
        "is not a key",
        "",
        "Did you mean `to`? Known: to, uri, register_as.",
    ),
    "a name for the registry that is not used": Wrong(
        DATA + "tracking:\n  to: none\n  register_as: best\n",
        4,
        "`tracking.register_as`",
        "must be left out with `to: none`.",
        "",
        "Remove `tracking.register_as`, or write `to: mlflow`.",
    ),
    "a server that is not used": Wrong(
        DATA + "tracking:\n  uri: http://me:secret@h\n  to: none\n",
        3,
        "`tracking.uri`",
        "must be left out with `to: none`.",
        "",
        "Remove `tracking.uri`, or write `to: mlflow`.",
    ),
    "another database": Wrong(
        DATA + "records: {uri: 'mysql://me:secret@h/d'}\n",
        2,
        "`records.uri`",
        STARTS,
        "got `mysql://`.",
        "AUTOML_",
    ),
    "a path": Wrong(
        DATA + "records: {uri: studies/secret.db}\n",
        2,
        "`records.uri`",
        STARTS,
        "got another.",
        "sqlite:///st",
    ),
    "two slashes": Wrong(
        DATA + "records: {uri: 'sqlite://studies.db'}\n",
        2,
        "`records.uri`",
        STARTS,
        "got `sqlite://`.",
        "AUTOML_",
    ),
    "no file": Wrong(
        DATA + "records: {uri: 'sqlite:///'}\n",
        2,
        "`records.uri`",
        "must name a file",
        "got 'sqlite:///'",
        "AUTOML",
    ),
    "in memory": Wrong(
        DATA + "records: {uri: 'sqlite:///:memory:'}\n",
        2,
        "`records.uri`",
        "must name a file",
        "got 'sqlite:///:memory:', which is not stored.",
        "AUTOML_RECORDS",
    ),
    "url for uri": Wrong(
        DATA + "records: {url: 'sqlite:///a.db'}\n",
        2,
        "`records.url`",
        "is not a key",
        "",
        "Did you mean `uri`?",
    ),
    "no section": Wrong(
        DATA + "records: postgresql://me:secret@h/d\n",
        2,
        "`records`",
        "hold `key: value` lines",
        "got 'postgresql://me:***@h/d'.",
        "The database in which the study is recorded",
    ),
    "a list of addresses": Wrong(
        DATA + "tracking: {uri: ['http://me:secret@h']}\n",
        2,
        "`tracking.uri`",
        "be text",
        "got ['http://me:***@h'].",
        "An MLflow server",
    ),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_store_is_explained_and_its_password_not_repeated(tmp_path: Path, wrong: Wrong) -> None:
    check_message(tmp_path, wrong)
    with pytest.raises(StudyFileError) as caught:
        load_study(tmp_path / "study.yaml")
    assert "secret" not in str(caught.value)

"""Passwords of a study file's addresses: used, and kept nowhere."""

import sqlite3
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

import automl
from automl.cli import cli
from automl.config.reading import load_study, make_study, study_text
from automl.data.sources.addresses import full_address
from automl.errors import DataError, StudyFileError
from automl.records.events import StudyStarted
from automl.records.files import make_run_folder
from automl.records.finding import open_records
from automl.study.exporting import export_trial

LINES = {
    "sql: postgresql://me:s%40c/ret@host/d": 'sql: "postgresql://me:***@host/d"',
    "sql: 'postgresql+psycopg://me:s''cret@host:5432/d'": 'sql: "postgresql+psycopg://me:***@host:5432/d"',
    'sql: "postgresql://me:\\x73ecret@host/d"': 'sql: "postgresql://me:***@host/d"',
    "sql: postgresql://host/d?user=me&password=secret&ssl=1": 'sql: "postgresql://host/d?user=me&password=***&ssl=1"',
    "sql: >\n    postgresql://me:secret@host/d": 'sql: "postgresql://me:***@host/d\\n"',
    "sql: x://h/d   # once x://me:secret@h/d, ask me@home": "sql: x://h/d   # once x://me:***@h/d, ask me@home",
    "sql: postgresql://me:${WORD}@host/d": "sql: postgresql://me:${WORD}@host/d",
    "sql: postgresql://host/d?password=${WORD}  # x": "sql: postgresql://host/d?password=${WORD}  # x",
    "sql: postgresql://me@host:5432/d": "sql: postgresql://me@host:5432/d",
    "sql: sqlite:///a:b@c.db": "sql: sqlite:///a:b@c.db",
    "sql: x://me:a secret@h/d": 'sql: "x://me:***@h/d"',
    "sql: 'x:///?odbc_connect=UID%3Dme%3BPWD%3Dsecret'": 'sql: "x:///?odbc_connect=UID%3Dme%3BPWD%3D***"',
    "query: SELECT * FROM t WHERE password = 'x' AND token='y'\n  sql: x://h/d": (
        "query: SELECT * FROM t WHERE password = 'x' AND token='y'\n  sql: x://h/d"
    ),
    "query: SELECT a FROM dblink('host=h password=secret', 'SELECT 1')\n  sql: x://h/d": (
        "query: \"SELECT a FROM dblink('host=h password=***', 'SELECT 1')\"\n  sql: x://h/d"
    ),
    "url: 'https://secret@h/t.csv?page=2&sig=secret'": 'url: "https://***@h/t.csv?page=2&sig=***"',
    "url: https://h/t.csv?token=${WORD}&page=2": "url: https://h/t.csv?token=${WORD}&page=2",
    "sql: x://h/d  # host=h password='secret', or https://h/?token=secret": (
        "sql: x://h/d  # host=h password='***', or https://h/?token=***"
    ),
}


@pytest.mark.parametrize(("written", "masked"), LINES.items())
def test_the_text_that_is_kept_has_no_password(tmp_path: Path, written: str, masked: str) -> None:
    table = "  table: t\n" if written.startswith("sql") else ""
    frame = f"# Which?\nname: s\ndata:\n  target: y  # ü\n  {{}}\n{table}space: {{{{depth: 1}}}}\n"
    (tmp_path / "study.yaml").write_text(frame.format(written), encoding="utf-8")
    study = load_study(tmp_path / "study.yaml")
    assert study_text(study) == frame.format(masked)
    (tmp_path / "kept.yaml").write_text(study_text(study), encoding="utf-8")
    assert study_text(load_study(tmp_path / "kept.yaml")) == study_text(study)


def test_other_addresses_have_none_either(tmp_path: Path) -> None:
    text = "data: {url: 'https://me:secret@host:80/a@b.csv', target: y}\ntracking: {uri: http://me:secret@h:5000}\n"
    (tmp_path / "study.yaml").write_text(text)
    assert study_text(load_study(tmp_path / "study.yaml")) == (
        'data: {url: "https://me:***@host:80/a@b.csv", target: y}\ntracking: {uri: "http://me:***@h:5000"}\n'
    )
    plain = "data: {url: 'https://host:80/a@b.csv', target: y}  # me@home\n"
    (tmp_path / "study.yaml").write_text(plain)
    assert study_text(load_study(tmp_path / "study.yaml")) == plain


@pytest.mark.parametrize(
    "line",
    [
        "data: {sql: [x://me:secret@h/d], target: y}",
        "data: {url: 'ftp://me:secret@h/t.csv', target: y}",
        "data: {sklearn: iris}\nsplits: {folds: 'https://h/?token=secret'}",
        "data: {sklearn: iris}\ntracking: {uri: {x://me:secret@h/d: 1}}",
        "data: {sklearn: iris}\n'https://secret@h/': 1",
        "data: {sklearn: iris}\n'https://secret@h/': 1\n'https://secret@h/': 2",
        "data: {sklearn: iris}\nsplits: {kind: 'host=h password=secret'}",
    ],
)
def test_a_message_about_a_wrong_value_has_none(tmp_path: Path, line: str) -> None:
    (tmp_path / "study.yaml").write_text(line + "\n")
    with pytest.raises(StudyFileError) as caught:
        load_study(tmp_path / "study.yaml")
    assert "secret" not in str(caught.value)


def test_nor_has_a_study_that_was_made_in_python() -> None:
    data = {"sql": "postgresql://me:secret@host/d", "table": "t", "target": "y"}
    assert yaml.safe_load(study_text(make_study({"name": "s", "data": data})))["data"] == data | {
        "sql": "postgresql://me:***@host/d"
    }


def test_environment_variables_stand_in_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "s@c/ret")
    monkeypatch.setenv("PLACE", "host:5432/clinic")
    monkeypatch.setenv("WHOLE", "sqlite:///a/b.db")
    assert full_address("x://me:${WORD}@${PLACE}", "data.sql", "at") == "x://me:s%40c%2Fret@host:5432/clinic"
    assert full_address("${WHOLE}", "data.sql", "at") == "sqlite:///a/b.db"
    assert full_address("sqlite:///$WORD.db", "data.sql", "at") == "sqlite:///$WORD.db"
    with pytest.raises(DataError) as caught:
        full_address("x://me:${NO_SUCH_WORD}@h/d", "data.sql", "s.yaml:3")
    assert str(caught.value) == (
        "s.yaml:3: `data.sql` needs the environment variable NO_SUCH_WORD, which is not set. "
        "Set it, as in `export NO_SUCH_WORD=…`."
    )


def test_a_study_leaves_no_password_behind_and_says_so_when_it_needs_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(tmp_path / "t.db") as connection:
        connection.execute("CREATE TABLE t (x REAL, y TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(row / 2, "ab"[row % 2]) for row in range(60)])
    connection.close()
    address = f"sqlite:///file:{tmp_path}/t.db?uri=true&password="  # SQLite passes over what it does not know
    content = {
        "data": {"sql": f"{address}qvzxj", "table": "t", "target": "y"},
        "splits": {"folds": 2},
        "space": {"depth": 0, "learning_rate": {"choice": [0.1, 0.03]}},
        "search": {"algorithm": "grid", "trials": 2},
        "training": {"epochs": 2},
        "baselines": False,
        "bias_variance": {"resamples": 0},
    }
    comments = "# once https://qvzxj@host/t.csv?sig=qvzxj, then host=h password=qvzxj\n"
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(content) + comments)
    result = automl.run_study(tmp_path / "s.yaml", mlruns=tmp_path / "mlruns")
    files = [path for path in (tmp_path / "mlruns").rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path for path in files if b"qvzxj" in path.read_bytes()] == []

    number = 1 - result.best.number
    with pytest.raises(
        DataError, match=r"study\.yaml:5: the password or token in `data\.sql` is `\*\*\*`.*`\$\{NAME\}`"
    ):
        export_trial(result.folder, number, tmp_path / "model")
    file = result.folder / "study.yaml"
    file.write_text(file.read_text().replace("***", "${T_WORD}"))
    monkeypatch.setenv("T_WORD", "qvzxj")
    assert export_trial(result.folder, number, tmp_path / "model").number == number


def test_the_pages_of_a_server_with_a_password_need_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "data: {sklearn: iris}\ntracking: {uri: 'http://me:***@127.0.0.1:9'}\n"
    folder = make_run_folder(tmp_path, "s", "20260101-000000-0000", text)
    records = open_records(tmp_path, create=True)
    records.create(folder, StudyStarted("s", folder.name, "log_loss", "min", text=text), "0")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shown = CliRunner().invoke(cli, ["ui", "s", "--mlruns", str(tmp_path)])
    assert shown.exit_code == 2
    assert "copies of a study file contain no passwords or tokens" in shown.output
    assert "Set MLFLOW_TRACKING_URI" in shown.output

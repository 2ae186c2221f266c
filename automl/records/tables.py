"""The relational schema of the record: three tables, the same in SQLite and PostgreSQL.

`studies` has a row per run of a study, `events` is the append-only record and the live stream, `cohorts` is the queue.
Columns of `studies` that follow from the events of a run are written with them, so that runs are listed without reading
events: `state`, `seq`, `num_trials`, `planned`, `best`.
Changes of the schema are migrations in `migrations/versions/`.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()

VERSION_TABLE = "automl_version"
"""Alembic's table with the version of the schema; a database may be shared with others that use Alembic too."""

STUDIES = Table(
    "studies",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(100), nullable=False, index=True),
    Column("identifier", String(100), nullable=False),
    Column("folder", Text, nullable=False),
    Column("config", Text, nullable=False),
    Column("code_version", String(50), nullable=False),
    Column("state", String(20), nullable=False),
    Column("priority", Integer, nullable=False, default=0),
    Column("created", Float(53), nullable=False),
    Column("seq", Integer, nullable=False, default=0),
    Column("num_trials", Integer, nullable=False, default=0),
    Column("planned", Integer, nullable=False, default=0),
    Column("metric", Text, nullable=False),
    Column("direction", String(3), nullable=False),
    Column("best", Float(53)),
    Column("lease_owner", Text),
    Column("lease_token", BigInteger, nullable=False, default=0),
    Column("lease_since", Float(53)),
    Column("lease_until", Float(53)),
    UniqueConstraint("name", "identifier", name="studies_name_identifier_key"),
    sqlite_autoincrement=True,
)

EVENTS = Table(
    "events",
    METADATA,
    Column("study", Integer, ForeignKey("studies.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("time", Float(53), nullable=False),
    Column("payload", Text, nullable=False),
    PrimaryKeyConstraint("study", "seq"),
)

COHORTS = Table(
    "cohorts",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("study", Integer, ForeignKey("studies.id"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("attempt", Integer, nullable=False, default=1),
    Column("state", String(20), nullable=False),
    Column("lease_owner", Text),
    Column("lease_until", Float(53)),
    Column("result_uri", Text),
)

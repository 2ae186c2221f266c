"""The relational schema of the record, the same in SQLite and PostgreSQL.

`studies` has a row per run of a study, `events` is the append-only record and the live stream, `cohorts` has the trials
that were asked for together: where several workers train a run, they claim its rows, and `cohort_parts` names the files
with their results. A service has three tables more: `submissions` is its queue, `service_processes` lists its servers
and workers, `run_files` names the files of runs that processes of several machines read.
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
    Column("state", String(20), nullable=False, index=True),
    Column("lease_owner", Text),
    Column("lease_until", Float(53)),
    Column("result_uri", Text),
    Column("lease_token", BigInteger, nullable=False, default=0, server_default="0"),
    Column("ends", Float(53)),
    Column("progress", Text),
    Column("num_parts", Integer, nullable=False, default=0, server_default="0"),
    Column("late", Integer, nullable=False, default=0, server_default="0"),
)

COHORT_PARTS = Table(
    "cohort_parts",
    METADATA,
    Column("cohort", String(64), ForeignKey("cohorts.id"), nullable=False),
    Column("part", Integer, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
    Column("file", String(100), nullable=False),
    Column("num_trials", Integer, nullable=False),
    Column("is_last", Integer, nullable=False),
    PrimaryKeyConstraint("cohort", "part"),
)
"""What workers have committed of a cohort: files with trials that have ended. The last part says that it is trained."""

SUBMISSIONS = Table(
    "submissions",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(100), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("priority", Integer, nullable=False),
    Column("created", Float(53), nullable=False),
    Column("changed", Float(53), nullable=False),
    Column("file", String(100), nullable=False),
    Column("idempotency_key", String(200), unique=True),
    Column("request_digest", String(64), nullable=False),
    Column("checked", Integer, nullable=False),
    Column("cancelled", Integer, nullable=False),
    Column("lost", Integer, nullable=False),
    Column("trials", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("run", Integer, ForeignKey("studies.id")),
    Column("lease_owner", Text),
    Column("lease_token", BigInteger, nullable=False),
    Column("lease_until", Float(53)),
    Column("progress", Text),
    UniqueConstraint("name", "number", name="submissions_name_number_key"),
    sqlite_autoincrement=True,
)
"""Studies that were sent to a service, in the order in which they came."""

SERVICE_PROCESSES = Table(
    "service_processes",
    METADATA,
    Column("owner", String(300), primary_key=True),
    Column("role", String(10), nullable=False),
    Column("version", String(50), nullable=False),
    Column("since", Float(53), nullable=False),
    Column("until", Float(53), nullable=False),
    Column("submission", Integer),
    Column("lost_leases", Integer, nullable=False),
    Column("helps", Integer, nullable=False, default=0, server_default="0"),
)
"""Servers and workers, each for as long as it renews its row."""

RUN_FILES = Table(
    "run_files",
    METADATA,
    Column("study", Integer, ForeignKey("studies.id"), nullable=False),
    Column("path", Text, nullable=False),
    Column("file", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("study", "path"),
)
"""Files of runs that were put among those of the service, each by its path within the folder of its run.

`file` is its name there, empty where it is no longer part of the run. Whatever changes has a larger `version`."""

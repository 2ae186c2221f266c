"""The tables of a service: the queue of submitted studies, and the processes that serve it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "submissions",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.String(20), nullable=False, index=True),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("created", sa.Float(53), nullable=False),
        sa.Column("changed", sa.Float(53), nullable=False),
        sa.Column("file", sa.String(100), nullable=False),
        sa.Column("idempotency_key", sa.String(200), unique=True),
        sa.Column("request_digest", sa.String(64), nullable=False),
        sa.Column("checked", sa.Integer, nullable=False),
        sa.Column("cancelled", sa.Integer, nullable=False),
        sa.Column("lost", sa.Integer, nullable=False),
        sa.Column("trials", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("run", sa.Integer, sa.ForeignKey("studies.id")),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_token", sa.BigInteger, nullable=False),
        sa.Column("lease_until", sa.Float(53)),
        sa.UniqueConstraint("name", "number", name="submissions_name_number_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "service_processes",
        sa.Column("owner", sa.String(300), primary_key=True),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("version", sa.String(50), nullable=False),
        sa.Column("since", sa.Float(53), nullable=False),
        sa.Column("until", sa.Float(53), nullable=False),
        sa.Column("submission", sa.Integer),
        sa.Column("lost_leases", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    for name in ("service_processes", "submissions"):
        op.drop_table(name)

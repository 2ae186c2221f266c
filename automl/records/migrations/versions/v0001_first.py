"""The first schema: studies, events, cohorts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "studies",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(100), nullable=False, index=True),
        sa.Column("identifier", sa.String(100), nullable=False),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("config", sa.Text, nullable=False),
        sa.Column("code_version", sa.String(50), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("created", sa.Float(53), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("num_trials", sa.Integer, nullable=False),
        sa.Column("planned", sa.Integer, nullable=False),
        sa.Column("metric", sa.Text, nullable=False),
        sa.Column("direction", sa.String(3), nullable=False),
        sa.Column("best", sa.Float(53)),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_token", sa.BigInteger, nullable=False),
        sa.Column("lease_since", sa.Float(53)),
        sa.Column("lease_until", sa.Float(53)),
        sa.UniqueConstraint("name", "identifier", name="studies_name_identifier_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "events",
        sa.Column("study", sa.Integer, sa.ForeignKey("studies.id"), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("time", sa.Float(53), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("study", "seq"),
    )
    op.create_table(
        "cohorts",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("study", sa.Integer, sa.ForeignKey("studies.id"), nullable=False, index=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until", sa.Float(53)),
        sa.Column("result_uri", sa.Text),
    )


def downgrade() -> None:
    """Drop the tables."""
    for name in ("cohorts", "events", "studies"):
        op.drop_table(name)

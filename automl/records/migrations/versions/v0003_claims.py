"""Cohorts that workers claim: leases with tokens, the files with their results, and which workers help."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("cohorts", sa.Column("lease_token", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("cohorts", sa.Column("ends", sa.Float(53)))
    op.add_column("cohorts", sa.Column("progress", sa.Text))
    op.add_column("cohorts", sa.Column("num_parts", sa.Integer, nullable=False, server_default="0"))
    op.add_column("cohorts", sa.Column("late", sa.Integer, nullable=False, server_default="0"))
    op.add_column("service_processes", sa.Column("helps", sa.Integer, nullable=False, server_default="0"))
    op.create_index("ix_cohorts_state", "cohorts", ["state"])
    op.create_table(
        "cohort_parts",
        sa.Column("cohort", sa.String(64), sa.ForeignKey("cohorts.id"), nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("file", sa.String(100), nullable=False),
        sa.Column("num_trials", sa.Integer, nullable=False),
        sa.Column("is_last", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("cohort", "part"),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("cohort_parts")
    op.drop_index("ix_cohorts_state", "cohorts")
    op.drop_column("service_processes", "helps")
    for name in ("late", "num_parts", "progress", "ends", "lease_token"):
        op.drop_column("cohorts", name)

"""The files of runs by their digests, and how far a study is, for servers that see no folder of its worker."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("submissions", sa.Column("progress", sa.Text))
    op.create_table(
        "run_files",
        sa.Column("study", sa.Integer, sa.ForeignKey("studies.id"), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("file", sa.String(100), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("study", "path"),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("run_files")
    op.drop_column("submissions", "progress")

"""Runs migrations on the connection that `database.migrate` hands over. Executed by Alembic."""

from alembic import context

from automl.records.tables import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

"""Versions of the schema, oldest first, for Alembic."""

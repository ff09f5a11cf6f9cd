"""Migrations and the schema editor, on every database in both colours."""

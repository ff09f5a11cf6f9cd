"""Migrations as files and as detected changes: no database is needed."""

"""Migrations: ``from orm import migrations`` offers what a migration's file is written with, under Django's names."""

from __future__ import annotations

from orm.migrations.migration import swappable_dependency
from orm.migrations.migration_blocking import Migration
from orm.migrations.operations import *  # noqa: F403 - the names of operations are told in one place
from orm.migrations.operations import __all__ as _operations

__all__ = ["Migration", "swappable_dependency", *_operations]

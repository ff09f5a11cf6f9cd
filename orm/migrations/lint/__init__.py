"""``lint``: what of a plan would lock, rewrite or break a database that people use."""

from __future__ import annotations

from orm.migrations.lint.findings import KINDS, Finding, Kind
from orm.migrations.lint.linter import Linter, lint
from orm.migrations.lint.rewriting import Rewritten, rewrite

__all__ = ["KINDS", "Finding", "Kind", "Linter", "Rewritten", "lint", "rewrite"]

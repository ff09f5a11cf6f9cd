"""What is wrong with the migrations to come, for ``orm lint`` and for ``orm migrate`` with ``--safe``."""

from __future__ import annotations

from orm.cli.output import Failure
from orm.db.registry import databases
from orm.migrations.executor import Plan
from orm.migrations.lint import Finding, lint
from orm.migrations.loader_blocking import MigrationLoader


def findings_of(plan: Plan, alias: str) -> list[Finding]:
    """What is wrong with those migrations of a plan that go forwards, from where the database is."""
    loader = MigrationLoader(databases[alias], ignore_no_migrations=True)
    applied = [key for key in loader.applied_migrations if key in loader.graph.nodes]
    coming = [migration for migration, backwards in plan if not backwards]
    return lint(coming, loader.project_state(applied), databases[alias].dialect)


def refuse_unsafe(plan: Plan, alias: str) -> None:
    """Raise Failure where something is wrong with a plan."""
    found = findings_of(plan, alias)
    if found:
        told = "\n".join(map(str, found))
        raise Failure(f"{told}\nNothing was run. Mend these, give them a lint_ignore, or say --no-safe.")

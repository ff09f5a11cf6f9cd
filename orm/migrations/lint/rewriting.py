"""Puts migrations that are safe on a database in use in the place of one that is not.

The last of them keeps the name, so that whoever depends on it still does; the others come before it. What has no safe
form stays as it is, and lint goes on to say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from orm.migrations import operations as ops
from orm.migrations.lint.contracting import renamed, retyped
from orm.migrations.lint.linter import MENDED, Linter
from orm.migrations.lint.parts import Part
from orm.migrations.lint.renaming import behind_views
from orm.migrations.migration_blocking import Migration
from orm.migrations.model_state import field_options, remade
from orm.models.fields.not_provided import NOT_PROVIDED
from orm.records import NamedTuple
from orm.sql.conditions import Q

if TYPE_CHECKING:
    from orm.migrations.migration import AwaitableMigration
    from orm.migrations.operation import AwaitableOperation
    from orm.migrations.state import ProjectState
    from orm.models.fields.base import Field
    from orm.sql.dialect import Dialect

WHOLE = (ops.AddConstraint, ops.AddIndex, ops.AlterIndexTogether, ops.AlterUniqueTogether)


class Rewritten(NamedTuple):
    """A migration, and those that come in its place in order; the last one has its name."""

    old: Any
    new: list[Any]


def rewrite(
    migrations: Iterable[Any], state: ProjectState, dialect: Any, others: Iterable[Any] = ()
) -> list[Rewritten]:
    """Rewrite those of some migrations that lint objects to, where there is a form it does not object to.

    Parameters: as ``lint``; ``others`` are the dialects of other databases for which triggers are written too.
    """
    kinds = {one.name: one for one in (dialect, *others)}
    linter = Linter(state.clone(), dialect)
    done = []
    for migration in migrations:
        parts = _parts(linter, migration, list(kinds.values()))
        if not migration.replaces and _changed(parts, migration):
            done.append(Rewritten(migration, _named(parts, migration)))
    return done


def _changed(parts: Sequence[Part], migration: AwaitableMigration) -> bool:
    given = [one for part in parts for one in part.operations]
    return len(given) != len(migration.operations) or any(
        new is not old for new, old in zip(given, migration.operations, strict=True)
    )


def _parts(linter: Linter, migration: AwaitableMigration, dialects: list[Dialect]) -> list[Part]:
    """The operations of a migration in their safe forms, cut where a transaction has to end."""
    linter.atomic = migration.atomic and linter.dialect.capabilities.schema_transactions
    linter.locked = False
    ignored = getattr(migration, "lint_ignore", {})
    parts: list[Part] = []
    together: list[Any] = []
    for operation in migration.operations:
        before = linter.state
        codes = set(linter.judge(migration.app_label, operation)) - set(ignored)
        safe = _safe(operation, codes, before, migration.app_label, dialects)
        if safe is None:
            together.append(operation)
            continue
        if together:
            parts.append(Part(migration.atomic, together))
            together = []
        parts += safe
    if together:
        parts.append(Part(migration.atomic, together))
    return parts


def _safe(
    operation: AwaitableOperation, codes: set[str], state: ProjectState, app: str, dialects: list[Dialect]
) -> list[Part] | None:
    """What to do in place of an operation; None where it is safe as it is, or has no safe form."""
    if isinstance(operation, ops.RenameField) and codes == {"renamed-in-use"}:
        return renamed(operation, state, app, dialects) or None
    if isinstance(operation, (ops.RenameModel, ops.AlterModelTable)) and codes == {"renamed-in-use"}:
        return behind_views(operation, state, app, dialects) or None
    if isinstance(operation, ops.AlterField) and "table-rewrite" in codes and codes <= MENDED | {"table-rewrite"}:
        return _of_another_type(operation, codes, state, app, dialects)
    if codes == {"index-drop-blocks"} and isinstance(operation, ops.RemoveIndex):
        return [Part(False, [ops.BesideWriters(operation)])]
    if isinstance(operation, ops.AlterField) and codes and codes <= MENDED:
        return [*_filled(operation, codes, state, app), Part(False, [ops.BesideWriters(operation)])]
    if isinstance(operation, WHOLE):
        return [Part(False, [ops.BesideWriters(operation)])] if codes and codes <= MENDED else None
    if isinstance(operation, ops.AddField) and codes and codes <= MENDED - {"check-scans"}:
        bare = _bare(operation.field)
        given = {"preserve_default": operation.preserve_default}
        added = ops.AddField(operation.model_name, operation.name, bare, **given)
        altered = ops.AlterField(operation.model_name, operation.name, operation.field, **given)
        return [Part(True, [added]), Part(False, [ops.BesideWriters(altered)])]
    return None


def _of_another_type(
    operation: Any, codes: set[str], state: ProjectState, app: str, dialects: list[Dialect]
) -> list[Part] | None:
    """Another type first, and NOT NULL, where that is new, after it."""
    if "not-null-scans" not in codes:
        return retyped(operation, state, app, dialects) or None
    loose = remade(operation.field, {**field_options(operation.field), "null": True})
    first = retyped(ops.AlterField(operation.model_name, operation.name, loose), state, app, dialects)
    last = Part(False, [ops.BesideWriters(operation)])
    return [*first, *_filled(operation, codes, state, app), last] if first else None


def _filled(operation: Any, codes: set[str], state: ProjectState, app: str) -> list[Part]:
    """A backfill of what is NULL, before a column with a default becomes NOT NULL."""
    field = operation.field
    if "not-null-scans" not in codes or field.default is NOT_PROVIDED or callable(field.default):
        return []
    given = {operation.name: field.default}
    return [Part(False, [ops.Backfill(operation.model_name, given, where=Q((f"{operation.name}__isnull", True)))])]


def _bare(field: Field) -> Any:
    """A field without what reads the rows there are: unique, indexed, and referring only by its values."""
    _, _, args, options = field.deconstruct()
    options = {**options, "db_index": False, "unique": False}
    if field.is_relation:
        options["db_constraint"] = False
        if not field.many_to_many and getattr(field, "one_to_one", False):
            options.pop("unique")
    return type(field)(*args, **options)


def _named(parts: Sequence[Part], migration: Any) -> list[Migration]:
    """Migrations of these parts, each depending on the one before."""
    made: list[Migration] = []
    for place, part in enumerate(parts, start=1):
        last = place == len(parts)
        body: dict[str, Any] = {"atomic": part.atomic, "__module__": type(migration).__module__}
        if getattr(migration, "lint_ignore", None):
            body["lint_ignore"] = migration.lint_ignore
        one = type("Migration", (Migration,), body)(
            migration.name if last else "_".join(filter(None, (migration.name, str(place), part.word))),
            migration.app_label,
        )
        one.operations = part.operations
        before = [
            ("__setting__", given.setting) if hasattr(given, "setting") else given for given in migration.dependencies
        ]
        one.dependencies = [(migration.app_label, made[-1].name)] if made else before
        one.run_before = list(migration.run_before) if place == 1 else []
        one.initial = migration.initial if place == 1 else None
        made.append(one)
    return made

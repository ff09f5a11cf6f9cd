"""Where a mirror's idea of its table and the database differ: migrations not run, or a mirror's fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.contrib.django.mirroring import mirror, mirror_all, mirrors
from orm.contrib.django.real import connections
from orm.db.registry import databases
from orm.migrations.drift import differences_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orm.migrations.drift import Difference

TWINS = ("acompare",)


async def acompare(*models: object, using: str | None = None) -> list[Difference]:
    """Return where the tables of mirrors are not as the mirrors take them to be; each prints as a sentence.

    Parameters: ``models`` are Django's models or their labels, without any all of the project; ``using`` is the alias
    of the database, without one all are looked at; a model only where DATABASE_ROUTERS lets it have a table.

    Raises what ``mirror`` raises; ``NotSupportedError`` where a backend can't read what its database holds.
    """
    mirrored = [mirror(model) for model in models] or list(mirror_all().values())
    tables = [model for model in mirrored if not model._meta.proxy and model._meta.managed]
    found: list[Difference] = []
    for alias in connections() if using is None else [using]:
        known = djangos_types(tables, alias)
        differences = await differences_of(tables, alias)
        found += [one for one in differences if one.kind != "type" or (one.table, one.column, one.found) not in known]
    return found


def djangos_types(mirrored: Iterable[object], alias: str) -> set[tuple[str, str, str]]:
    """Return tables, columns and the types that Django gives these, which are spelled otherwise on some databases."""
    reader = databases[alias].backend.introspection
    if reader is None:
        return set()
    fields = [field for model in mirrored for field in mirrors.origin(model)._meta.local_concrete_fields]
    typed = [(field, field.db_type(connections()[alias])) for field in fields]
    return {
        (field.model._meta.db_table, field.column, reader.normal_type(text))
        for field, text in typed
        if text is not None
    }

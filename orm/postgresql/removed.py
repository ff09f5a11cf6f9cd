"""PostgreSQL's fields that Django no longer has: old migrations name them, and models may not (their check says what
to do).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from orm.models.fields import CharField, EmailField, JSONField, TextField


def _removed(name: str, hint: str, identifier: str) -> Mapping[str, str]:
    return {
        "msg": f"django.contrib.postgres.fields.{name} is removed except for support in historical migrations.",
        "hint": hint,
        "id": identifier,
    }


def _collated(field: str) -> str:
    return f'Use {field}(db_collation="…") with a case-insensitive non-deterministic collation instead.'


class CIText:
    """A text that knows no case: a column of the type ``citext``, which an extension brings."""

    def db_type(self, connection: object) -> str:
        return "citext"


class CICharField(CIText, CharField[str]):
    """A short text that knows no case; now a ``CharField`` with a collation."""

    system_check_removed_details: ClassVar[Mapping[str, str] | None] = _removed(
        "CICharField", _collated("CharField"), "fields.E905"
    )


class CIEmailField(CIText, EmailField):  # type: ignore[valid-type,misc]  # for checkers EmailField is another name
    """An address that knows no case; now an ``EmailField`` with a collation."""

    system_check_removed_details: ClassVar[Mapping[str, str] | None] = _removed(
        "CIEmailField", _collated("EmailField"), "fields.E906"
    )


class CITextField(CIText, TextField[str]):
    """A text that knows no case; now a ``TextField`` with a collation."""

    system_check_removed_details: ClassVar[Mapping[str, str] | None] = _removed(
        "CITextField", _collated("TextField"), "fields.E907"
    )


class PostgresJSONField(JSONField[Any]):
    """JSON; now the ``JSONField`` that every database has."""

    column_class = "JSONField"
    system_check_removed_details: ClassVar[Mapping[str, str] | None] = _removed(
        "JSONField", "Use django.db.models.JSONField instead.", "fields.E904"
    )

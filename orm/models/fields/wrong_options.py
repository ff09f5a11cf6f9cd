"""Options of a field that can't be meant: refused where the field is made, if ``strict_models`` says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.errors import ImproperlyConfigured
from orm.late import late_module
from orm.models.fields.choices import refuse_wrong_choices

if TYPE_CHECKING:
    from orm.sql import references
else:
    references = late_module("orm.sql.references")


def refuse_wrong_options(primary_key: bool, null: bool, db_default: object, choices: object) -> None:
    """Raise for options of a field that can't be meant; see ``strict_models``."""
    if hasattr(db_default, "resolve_expression"):
        if any(references.names_in(db_default)) or getattr(db_default, "contains_aggregate", False):
            raise ImproperlyConfigured(
                f"db_default={db_default!r} names columns or aggregates them: it is made of values and functions."
            )
    elif callable(db_default):
        raise ImproperlyConfigured("db_default must be a plain value or an expression; a callable belongs in default=.")
    if primary_key and null:
        raise ImproperlyConfigured("A primary key can't be null: leave out null=True or primary_key=True.")
    if choices is not None:
        refuse_wrong_choices(choices)

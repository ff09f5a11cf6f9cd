"""Options of a field that no field of its class has; and those that can't be meant, if ``strict_models`` says so.

All are refused where the field is made. A class with an ``__init__`` of the program's own takes what that takes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from orm.errors import ImproperlyConfigured
from orm.late import late_module
from orm.models.fields.choices import refuse_wrong_choices
from orm.text.spelling import did_you_mean_of

if TYPE_CHECKING:
    from orm.sql import references
else:
    references = late_module("orm.sql.references")


CO_VARKEYWORDS = 0x08  # of ``inspect``, which a program is not made to import


@lru_cache(maxsize=512)
def options_taken(cls: type) -> frozenset[str] | None:
    """Return the options that a class of fields takes by name; None where that can't be told from signatures."""
    taken: set[str] = set()
    for each in cls.__mro__:
        own = vars(each).get("__init__")
        if own is None:
            continue
        code = getattr(own, "__code__", None)
        if code is None or not each.__module__.startswith("orm."):
            return None
        taken.update(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
        if not code.co_flags & CO_VARKEYWORDS:
            break
    return frozenset(taken - {"self"})


def unknown_options(cls: type, given: Iterable[str], taken: frozenset[str]) -> TypeError:
    """Return the error for options that a class of fields does not take."""
    wrong = [name for name in given if name not in taken]
    return TypeError(
        f"{cls.__name__}() got an unexpected keyword argument {wrong[0]!r}.{did_you_mean_of(wrong[0], sorted(taken))}"
    )


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

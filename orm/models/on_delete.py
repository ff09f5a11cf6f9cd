"""What happens to referring rows when the row they refer to is deleted: the values of ``on_delete``.

The rules are carried out by the library (``orm.models.deletion``), not by the database, as in Django: so signals fire
and the same things happen on every database. A function of a program's own can be a rule, too, as in Django: it is
called with a collector, the foreign key, the referring rows and the alias of their database, and says by what it calls
(another rule, or the collector's methods) what happens to these rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orm.errors import ImproperlyConfigured


class OnDelete:
    """One rule for a relation. Use the ready ones (``CASCADE``, ``PROTECT``, ...) or make one with ``SET(...)``."""

    __slots__ = ("name", "value")

    def __init__(self, name: str, value: Any = None) -> None:
        self.name = name
        self.value = value

    def __repr__(self) -> str:
        return f"SET({self.value!r})" if self.name == "SET" else self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OnDelete) and (self.name, self.value) == (other.name, other.value)

    def __hash__(self) -> int:
        return hash(self.name)

    def __call__(self, collector: Any, field: object, sub_objs: object, using: str) -> None:
        """Have this rule hold for some referring rows: for rules that are functions, which call another one."""
        collector.apply(self, field, sub_objs)

    @property
    def __name__(self) -> str:
        """The rule's name: in Django the rules are functions, and tools ask for theirs."""
        return self.name

    @property
    def is_own(self) -> bool:
        """Whether the rule is a function of the program's own."""
        return self.name == _OWN

    @property
    def sets_value(self) -> bool:
        """Whether the referring rows stay and get another value."""
        return self.name in ("SET_NULL", "SET_DEFAULT", "SET")

    @property
    def by_database(self) -> bool:
        """Whether the referring rows are left to the database."""
        return self.name == "DO_NOTHING" or self.database_action is not None

    @property
    def database_action(self) -> str | None:
        """What stands after ON DELETE in the table's definition; None for rules that the library carries out."""
        return _DATABASE_ACTIONS.get(self.name)


CASCADE = OnDelete("CASCADE")
"""Delete the referring rows too."""
PROTECT = OnDelete("PROTECT")
"""Refuse the deletion with ``ProtectedError`` while rows refer."""
RESTRICT = OnDelete("RESTRICT")
"""Refuse with ``RestrictedError``, unless the referring rows are deleted by another cascade of the same deletion."""
SET_NULL = OnDelete("SET_NULL")
"""Set the reference to NULL; the field needs ``null=True``."""
SET_DEFAULT = OnDelete("SET_DEFAULT")
"""Set the reference to the field's default; the field needs one."""
DO_NOTHING = OnDelete("DO_NOTHING")
"""Leave the referring rows to the database."""

DB_CASCADE = OnDelete("DB_CASCADE")
"""The database deletes the referring rows (ON DELETE CASCADE); no signals are sent for them."""
DB_SET_NULL = OnDelete("DB_SET_NULL")
"""The database sets the reference to NULL; the field needs ``null=True``."""
DB_SET_DEFAULT = OnDelete("DB_SET_DEFAULT")
"""The database sets the reference to the column's default; the field needs a ``db_default``."""

_OWN = "a function"
_DATABASE_ACTIONS = {"DB_CASCADE": "CASCADE", "DB_SET_NULL": "SET NULL", "DB_SET_DEFAULT": "SET DEFAULT"}


def SET(value: Any | Callable[[], Any]) -> OnDelete:
    """Set the reference to ``value``, or to what it returns when it is callable (called once for each deletion)."""
    return OnDelete("SET", value)


def rule_of(given: Any) -> OnDelete | None:
    """Return the rule that stands in a relation's ``on_delete``: itself, or the one that a function is."""
    return given if given is None or isinstance(given, OnDelete) else OnDelete(_OWN, given)


def check_rule(owner: str, rule: object) -> OnDelete:
    """Return the rule that is given; raise ``TypeError`` saying what to write where it is none."""
    if callable(rule):
        return rule_of(rule)  # type: ignore[return-value]
    given = "is required" if rule is None else f"can't be {rule!r}"
    raise TypeError(
        f"{owner}: on_delete {given}; on_delete must be callable. Write on_delete=CASCADE to delete the referring rows "
        f"together with the row they refer to, or PROTECT, RESTRICT, SET_NULL, SET_DEFAULT, SET(value) or DO_NOTHING."
    )


def check_rule_fits(owner: str, rule: OnDelete, *, null: bool, has_default: bool, has_db_default: bool) -> None:
    """Raise ``ImproperlyConfigured`` when the field can't do what its rule says."""
    if rule in (SET_NULL, DB_SET_NULL) and not null:
        raise ImproperlyConfigured(f"{owner} has on_delete={rule!r}, so it needs null=True.")
    if rule == DB_SET_DEFAULT and not has_db_default:
        raise ImproperlyConfigured(f"{owner} has on_delete=DB_SET_DEFAULT, so it needs a db_default.")
    if rule == SET_DEFAULT and not has_default:
        raise ImproperlyConfigured(f"{owner} has on_delete=SET_DEFAULT, so it needs a default.")


def rule_that_changes_fields(label: str, rule: object) -> NotImplementedError:
    """The error for a rule that would set a reference by several columns to another value."""
    return NotImplementedError(
        f"{label}: on_delete={rule!r} would change fields that have meanings of their own; use CASCADE, PROTECT, "
        "RESTRICT or DO_NOTHING."
    )

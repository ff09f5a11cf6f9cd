"""What declares a field again: its options, as they were given, but for those that go without saying.

A class of fields says in ``option_defaults`` which options it takes besides those of its bases, or what one of theirs
is where nobody gives it; the option itself is read from the field's attribute of the same name. So a class of a
program's own that gives its base an option of its choice sees that option in what ``super().deconstruct()`` returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from orm.structures.choices import CallableChoiceIterator

if TYPE_CHECKING:
    from orm.models.fields.base import Field

KEPT_AS: Mapping[str, str] = {
    "verbose_name": "declared_verbose_name",
    "unique": "_unique",
    "choices": "_choices",
    "validators": "validators_given",
    "error_messages": "error_messages_given",
}
"""Attributes that hold what was given for an option, where the one of that name is made from it."""


@cache
def option_defaults(cls: type) -> Mapping[str, object]:
    """Every option that a class of fields tells, with the value that goes without saying."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        found.update(vars(base).get("option_defaults", {}))
    return found


@cache
def kept_options(cls: type) -> tuple[tuple[str, str, Any], ...]:
    """The same options, each with the attribute that holds it and the value that goes without saying."""
    return tuple((option, KEPT_AS.get(option, option), default) for option, default in option_defaults(cls).items())


def told_options(field: Field, as_usual: bool) -> dict[str, object]:
    """The options of a field that differ from their defaults, by keyword.

    So are those that were given by keyword to a class that does not list them. ``as_usual``: the field's class has
    ``Field.given_option`` itself, which need not be called for each option then.
    """
    cls: Any = type(field)  # which can be hashed, whatever its instances do
    defaults, held = option_defaults(cls), vars(field)
    found = {}
    for option, attribute, default in kept_options(cls):
        if not as_usual:
            value = field.given_option(option)
        else:
            value = held[attribute] if attribute in held else getattr(field, attribute)
        if value is not default and not (type(value) is type(default) and value == default):
            found[option] = _as_given(value)
    _, declared = field._declared
    return found | {name: value for name, value in declared.items() if name not in defaults and name not in UNTOLD}


UNTOLD = frozenset({"name"})
"""Options that are told otherwise: the name comes first of all."""


def _as_given(value: object) -> object:
    if isinstance(value, CallableChoiceIterator):
        return value.func
    return value

"""From what Django's models are declared with to the same in this library: fields, expressions, conditions, rules.

Django tells how anything was declared (``deconstruct()``), by the dotted path of its class, and this library has that
class under the same name. What it has no class of raises ``NotImplementedError``, naming where it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orm.models
import orm.models.functions
import orm.postgresql
import orm.sql.expressions
from orm.contrib.django.custom_fields import custom_field
from orm.contrib.django.real import part
from orm.errors import ValidationError
from orm.models.on_delete import SET

ROOT = "django."
OFFERING = (orm.models, orm.models.functions, orm.postgresql, orm.sql.expressions)
LEFT_OUT = frozenset({"error_messages", "storage", "db_tablespace"})
"""Options that say nothing of rows, or that are objects of Django's own."""

RELATED = frozenset({"ForeignKey", "OneToOneField", "ManyToManyField"})


def counterpart(name: str) -> Any:
    """Return this library's class of that name; None where it has none."""
    return next((getattr(module, name) for module in OFFERING if hasattr(module, name)), None)


def translated(value: object, where: str) -> Any:
    """Return a value of a declaration as this library has it.

    Parameters: ``where`` is what errors call the place. Raises ``NotImplementedError`` for an expression or a rule that
    there is nothing like here.
    """
    if isinstance(value, Mapping):
        return {key: translated(each, where) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(translated(each, where) for each in value)
    if isinstance(value, part("django.db.models").Field):
        return mirrored_field(value, where)
    told: Any = None if isinstance(value, type) else getattr(value, "deconstruct", None)
    if told is None:
        return value
    path, args, options = told()[-3:]
    found = counterpart(path.rpartition(".")[2]) if path.startswith(ROOT) else None
    if found is None:
        raise NotImplementedError(f"{where} is declared with {path}, and the mirror has nothing like it.")
    return found(*translated(tuple(args), where), **translated(dict(options), where))


def mirrored_field(field: Any, where: str) -> Any:
    """Return a field declared as one of Django's is, which belongs to no model yet.

    Raises ``NotImplementedError`` for one that can't be.
    """
    base: Any = next(kind for kind in type(field).__mro__ if kind.__module__.startswith(ROOT))
    if base.__name__ == "OrderWrt":
        base = part("django.db.models").IntegerField
    args, options = base.deconstruct(field)[2:]
    options = {name: value for name, value in options.items() if name not in LEFT_OUT}
    if base.__name__ in RELATED:
        return related_field(field, base.__name__, options, where)
    if "validators" in options:
        options["validators"] = [Checked(each) for each in options["validators"]]
    default = options.pop("default", None)
    options = translated(options, where)
    if default is not None:
        options["default"] = default
    own = counterpart(base.__name__) if base.__name__ != "Field" else None
    if own is None:
        own = counterpart(str(field.get_internal_type())) or orm.models.Field
    if type(field) is not base:
        own = custom_field(own, field, base)
    return own(*translated(tuple(args), where), **options)


def related_field(field: Any, kind: str, options: dict[str, Any], where: str) -> Any:
    """Return a relation declared as one of Django's is; its target is named, since it may not be mirrored yet."""
    to_itself = field.remote_field.model is field.model
    options["to"] = "self" if to_itself else field.remote_field.model._meta.label
    if "on_delete" in options:
        options["on_delete"] = mirrored_rule(options["on_delete"], where)
    if kind == "ManyToManyField":
        through = field.remote_field.through
        options["through"] = through._meta.label
        options["through_fields"] = (field.m2m_field_name(), field.m2m_reverse_field_name())
        options.pop("db_table", None)
        if to_itself:
            options["symmetrical"] = field.remote_field.symmetrical
    limit, default = options.pop("limit_choices_to", None), options.pop("default", None)
    options = translated(options, where)
    if callable(limit):
        options["limit_choices_to"] = Limit(limit, where)
    elif limit is not None:
        options["limit_choices_to"] = translated(limit, where)
    if default is not None:
        options["default"] = default
    if field.remote_field.parent_link:
        options["parent_link"] = True
    return getattr(orm.models, kind)(**options)


class Limit:
    """A function of Django's that says what a relation may refer to, asked each time."""

    def __init__(self, limit: Callable[[], Any], where: str) -> None:
        self.limit = limit
        self.where = where

    def __call__(self) -> Any:
        """Return what the function says now."""
        return translated(self.limit(), self.where)


def mirrored_rule(rule: Any, where: str) -> Any:
    """Return the ``on_delete`` that is meant."""
    if hasattr(rule, "deconstruct"):
        return SET(rule.deconstruct()[1][0])
    found = getattr(orm.models, rule.__name__, None)
    if found is None:
        raise NotImplementedError(f"{where} has on_delete={rule.__name__}, and the mirror has nothing like it.")
    return found


class Checked:
    """One of Django's validators, whose error is this library's."""

    def __init__(self, validator: Any) -> None:
        self.validator = validator

    def __call__(self, value: Any) -> None:
        """Raise ``ValidationError`` for a value that the validator refuses."""
        try:
            self.validator(value)
        except part("django.core.exceptions").ValidationError as error:
            raise ValidationError(error.messages, code=getattr(error, "code", None)) from error

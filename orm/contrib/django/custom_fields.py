"""Fields of a Django project's own: what they do to values, done to the values of the mirror.

Such a field keeps its class's answers (``from_db_value``, ``to_python``, ``get_prep_value``, ``get_db_prep_value``,
``pre_save``, ``db_type``): they are asked of Django's field itself, for those that it overrides.
"""

from __future__ import annotations

from typing import Any

from orm.contrib.django.real import connections
from orm.db.registry import DEFAULT_DB_ALIAS


def custom_field(own: Any, field: object, base: type) -> Any:
    """Return the class of a mirrored field: one of this library's, with what a field of the project's says otherwise.

    Parameters: ``own`` is this library's class, ``field`` Django's field, ``base`` Django's class that is like ``own``.
    """
    kind = type(field)
    overridden = {name for name in ANSWERS if getattr(kind, name, None) is not getattr(base, name, None)}
    namespace: dict[str, Any] = {name: ANSWERS[name](field) for name in sorted(overridden)}
    return type(kind.__name__, (own,), {**namespace, "__module__": kind.__module__})


def connection_of(given: object) -> Any:
    """Return Django's connection for the database that this library's connection or dialect belongs to."""
    return connections()[getattr(given, "alias", DEFAULT_DB_ALIAS)]


def from_db_value(field: Any) -> Any:
    """Return the method that reads a value as the field does."""

    def method(self: object, value: Any, expression: Any, connection: Any) -> Any:
        return field.from_db_value(value, expression, connection_of(connection))

    return method


def get_db_prep_value(field: Any) -> Any:
    """Return the method that makes of a value what the driver takes."""

    def method(self: object, value: Any, connection: Any, prepared: bool = False) -> Any:
        return field.get_db_prep_value(value, connection_of(connection), prepared)

    return method


def db_type(field: Any) -> Any:
    """Return the method that names the column's type."""

    def method(self: object, connection: Any) -> Any:
        return field.db_type(connection_of(connection))

    return method


def to_python(field: Any) -> Any:
    """Return the method that reads a value anybody gave."""

    def method(self: object, value: Any) -> Any:
        return field.to_python(value)

    return method


def get_prep_value(field: Any) -> Any:
    """Return the method that prepares a value for queries."""

    def method(self: object, value: Any) -> Any:
        return field.get_prep_value(value)

    return method


def pre_save(field: Any) -> Any:
    """Return the method that is asked for the value to write."""

    def method(self: object, model_instance: Any, add: bool) -> Any:
        return field.pre_save(model_instance, add)

    return method


ANSWERS = {
    "from_db_value": from_db_value,
    "get_db_prep_value": get_db_prep_value,
    "db_type": db_type,
    "to_python": to_python,
    "get_prep_value": get_prep_value,
    "pre_save": pre_save,
}
"""What a field may say otherwise, and what makes the mirror's method of it."""

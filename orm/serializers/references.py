"""How a relation's value is read: as the key of a row, or as its natural key, which the related manager looks up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orm.db.registry import DEFAULT_DB_ALIAS

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel


def has_natural_key(model: type[AwaitableModel]) -> bool:
    """Whether rows of a model can be found by a natural key."""
    return hasattr(model._default_manager, "get_by_natural_key")


def manager_of(model: type[AwaitableModel], using: str) -> Any:
    """The default manager of a model, on one database."""
    manager = model._default_manager
    return manager if using == DEFAULT_DB_ALIAS else manager.db_manager(using)


class Reference:
    """One relation of one model, read from one database's point of view.

    Parameters: ``field`` is a foreign key or a many-to-many relation.
    """

    def __init__(self, field: Any, using: str) -> None:
        self.field = field
        self.using = using
        self.model = field.remote_field.model
        self.natural = has_natural_key(self.model)
        self.target = self.model._meta.pk if field.many_to_many else field.target_field

    def is_natural(self, value: object) -> bool:
        """Whether a value is a natural key: of a model that has one, and a list."""
        return self.natural and isinstance(value, Iterable) and not isinstance(value, (str, bytes))

    def find(self, *natural_key: object) -> Any:
        """Return the row with a natural key, by the manager of the user's own. Raises ``DoesNotExist``."""
        return manager_of(self.model, self.using).get_by_natural_key(*natural_key)

    def key_of(self, row: Any) -> Any:
        """Return what refers to a row."""
        if self.field.many_to_many:
            return row.pk
        value = getattr(row, self.target.attname)
        # The key of the row may be a foreign key itself, and then its value is an instance's key.
        return value.pk if hasattr(value, "_meta") else value

    def plain(self, value: object) -> Any:
        """Return the key that a text or number stands for. Raises ``ValidationError``."""
        return self.target.to_python(value)

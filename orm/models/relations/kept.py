"""``KeptInstance``: the related instance that an instance has loaded, as fields and far sides of relations know it."""

from __future__ import annotations

from typing import Any

from orm.models.fields.not_provided import NOT_PROVIDED


class KeptInstance:
    """What fields and far sides say about the instance they lead to, under Django's names.

    An instance keeps it in its ``__dict__`` under ``cache_name``.
    """

    @property
    def cache_name(self) -> str:
        """The attribute the related instance is kept as."""
        raise NotImplementedError(f"{type(self).__name__} does not say where related instances are kept.")

    def is_cached(self, instance: Any) -> bool:
        """Whether an instance has loaded what it is related to."""
        return self.cache_name in instance.__dict__

    def get_cached_value(self, instance: object, default: object = NOT_PROVIDED) -> Any:
        """Return what an instance has loaded. Raises ``KeyError`` where it has not, unless there is a ``default``."""
        if self.is_cached(instance):
            return instance.__dict__[self.cache_name]
        if default is NOT_PROVIDED:
            raise KeyError(self.cache_name)
        return default

    def set_cached_value(self, instance: object, value: object) -> None:
        """Let an instance have loaded ``value``."""
        instance.__dict__[self.cache_name] = value

    def delete_cached_value(self, instance: object) -> None:
        """Let an instance forget what it has loaded. Raises ``KeyError`` where it has not."""
        del instance.__dict__[self.cache_name]

"""Things by alias, made from settings at first use, once for each context; and what stands for one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from functools import cached_property
from typing import Any

from orm.errors import ConnectionDoesNotExist


class BaseConnectionHandler:
    """Connections of any kind by alias; a subclass gives ``create_connection``, and where its settings are."""

    settings_name: str | None = None
    exception_class: type[Exception] = ConnectionDoesNotExist
    thread_critical = False

    def __init__(self, settings: Mapping[str, object] | None = None) -> None:
        self._settings = settings
        self._made: ContextVar[dict[str, Any] | None] = ContextVar("orm.handler", default=None)

    @cached_property
    def settings(self) -> Any:
        """The settings by alias."""
        self._settings = self.configure_settings(self._settings)
        return self._settings

    def configure_settings(self, settings: object) -> Any:
        """Return the settings in their final form; for subclasses."""
        return settings

    def create_connection(self, alias: str) -> Any:
        """Make the connection of an alias; for subclasses."""
        raise NotImplementedError("Subclasses must implement create_connection().")

    @property
    def _connections(self) -> dict[str, object]:
        made = self._made.get()
        if made is None:
            made = {}
            self._made.set(made)
        return made

    def __getitem__(self, alias: str) -> Any:
        made = self._connections
        if alias not in made:
            if alias not in self.settings:
                raise self.exception_class(f"The connection '{alias}' doesn't exist.")
            made[alias] = self.create_connection(alias)
        return made[alias]

    def __setitem__(self, key: str, value: object) -> None:
        self._connections[key] = value

    def __delitem__(self, key: str) -> None:
        del self._connections[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.settings)

    def all(self, initialized_only: bool = False) -> list[Any]:
        """Return every connection; only those made so far where ``initialized_only`` says so."""
        return [self[alias] for alias in self if not initialized_only or alias in self._connections]

    def close_all(self) -> None:
        """Close every connection made so far."""
        for connection in self.all(initialized_only=True):
            connection.close()


class ConnectionProxy:
    """Stands for one alias of a handler, whatever is behind it at the moment."""

    def __init__(self, connections: object, alias: str) -> None:
        self.__dict__["_connections"] = connections
        self.__dict__["_alias"] = alias

    def __getattr__(self, item: str) -> Any:
        return getattr(self._connections[self._alias], item)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._connections[self._alias], name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._connections[self._alias], name)

    def __contains__(self, key: object) -> bool:
        return key in self._connections[self._alias]

    def __eq__(self, other: object) -> bool:
        return bool(self._connections[self._alias] == other)

    __hash__ = None  # type: ignore[assignment]

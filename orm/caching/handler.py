"""The caches of a project by alias."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from orm.caching.base import BaseCache, InvalidCacheBackendError
from orm.structures.loading import import_string


class Caches:
    """Caches by alias, made at first use, and anew where the settings have changed.

    Parameters: ``settings`` gives the settings of all, by alias, as Django's CACHES has them.
    """

    def __init__(self, settings: Callable[[], Mapping[str, Mapping[str, Any]]]) -> None:
        self._settings = settings
        self._made: dict[str, tuple[dict[str, Any], BaseCache]] = {}

    def __getitem__(self, alias: str) -> BaseCache:
        given = self._given(alias)
        known = self._made.get(alias)
        if known is None or known[0] != given:
            self._made[alias] = known = (dict(given), self.create_connection(alias))
        return known[1]

    def _given(self, alias: str) -> Mapping[str, Any]:
        given = self._settings().get(alias)
        if given is None:
            raise InvalidCacheBackendError(f"The connection '{alias}' doesn't exist.")
        return given

    def create_connection(self, alias: str) -> BaseCache:
        """Return a new cache as the settings of an alias say."""
        given = self._given(alias)
        backend = given.get("BACKEND")
        if not backend:
            raise InvalidCacheBackendError("A cache in the settings names no BACKEND.")
        try:
            cls: Callable[..., BaseCache] = import_string(backend) if isinstance(backend, str) else backend
        except ImportError as error:
            raise InvalidCacheBackendError(f"Could not find backend '{backend}': {error}") from error
        params = {name: value for name, value in given.items() if name not in ("BACKEND", "LOCATION")}
        made: BaseCache = cls(given.get("LOCATION", ""), params)
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._settings())

    def __contains__(self, alias: object) -> bool:
        return alias in self._settings()

    def all(self, initialized_only: bool = False) -> list[BaseCache]:
        """Return every cache; only those used so far where ``initialized_only`` says so."""
        return [self[alias] for alias in self if not initialized_only or alias in self._made]

    def close_all(self) -> None:
        """Close those used so far."""
        for cache in self.all(initialized_only=True):
            cache.close()

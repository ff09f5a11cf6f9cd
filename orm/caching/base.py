"""``BaseCache``: what every cache does. One of a project's own gives ``add``, ``get``, ``set``, ``touch``, ``delete``
and ``clear``.

The awaitable forms call the blocking ones in a worker thread; a cache that never waits calls them at once
(``NeverWaits``), and one that waits on an event loop overrides both.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import partial
from typing import Any, TypeAlias, TypeVar

from orm.bridge import crossing
from orm.errors import ImproperlyConfigured
from orm.structures.loading import import_string

DEFAULT_TIMEOUT: Any = object()
"""Stands for the cache's own timeout."""

LONGEST_KEY = 250
KeyFunction: TypeAlias = Callable[[Any, str, Any], str]
_MISSING: Any = object()
T = TypeVar("T")


class InvalidCacheBackendError(ImproperlyConfigured):
    """The settings name no such cache, or one that can't be made."""


class CacheKeyWarning(RuntimeWarning):
    """A key that some caches would not take."""


class InvalidCacheKey(ValueError):
    """A key that this cache does not take."""


def default_key_func(key: object, key_prefix: str, version: object) -> str:
    """Return a key with the prefix and version of its cache."""
    return f"{key_prefix}:{version}:{key}"


def get_key_func(key_func: KeyFunction | str | None) -> KeyFunction:
    """Return a function that makes keys: the one given, the one that a path names, or the usual one."""
    if isinstance(key_func, str):
        found: KeyFunction = import_string(key_func)
        return found
    return key_func or default_key_func


class BaseCache:
    """Values by key.

    Parameters: ``params`` are the settings of one cache: ``TIMEOUT`` in seconds (300; None keeps for good),
    ``KEY_PREFIX``, ``VERSION``, ``KEY_FUNCTION``, and ``OPTIONS`` with ``MAX_ENTRIES`` and ``CULL_FREQUENCY``.
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        options = params.get("OPTIONS", {})
        timeout = params.get("TIMEOUT", 300)
        self.default_timeout = None if timeout is None else float(timeout)
        self._max_entries = int(options.get("MAX_ENTRIES", 300))
        self._cull_frequency = int(options.get("CULL_FREQUENCY", 3))
        self.key_prefix = str(params.get("KEY_PREFIX", ""))
        self.version = params.get("VERSION", 1)
        self.key_func = get_key_func(params.get("KEY_FUNCTION"))

    def get_backend_timeout(self, timeout: Any = DEFAULT_TIMEOUT) -> float | None:
        """Return when a value ends, as ``time.time()`` counts; None for never. One of 0 seconds has ended."""
        if timeout is DEFAULT_TIMEOUT:
            timeout = self.default_timeout
        elif timeout == 0:
            timeout = -1
        return None if timeout is None else time.time() + timeout

    def make_key(self, key: object, version: object = None) -> str:
        """Return the key that is used inside."""
        return self.key_func(key, self.key_prefix, self.version if version is None else version)

    def validate_key(self, key: str) -> None:
        """Warn of a key that other caches would not take, so that a program can move to one."""
        if len(key) > LONGEST_KEY:
            warnings.warn(f"Cache key is longer than {LONGEST_KEY} characters: {key[:80]!r}...", CacheKeyWarning, 3)
        elif any(ord(letter) < 33 or ord(letter) == 127 for letter in key):
            warnings.warn(f"Cache key contains blanks or control characters: {key!r}", CacheKeyWarning, 3)

    def make_and_validate_key(self, key: object, version: object = None) -> str:
        """Return the key that is used inside, checked."""
        made = self.make_key(key, version)
        self.validate_key(made)
        return made

    # -- what a cache gives --------------------------------------------------------------------------------------------

    def add(self, key: object, value: object, timeout: object = DEFAULT_TIMEOUT, version: object = None) -> bool:
        """Keep a value unless the key has one; return whether it is kept."""
        raise NotImplementedError("subclasses of BaseCache must provide an add() method")

    def get(self, key: object, default: object = None, version: object = None) -> Any:
        """Return the value of a key."""
        raise NotImplementedError("subclasses of BaseCache must provide a get() method")

    def set(self, key: object, value: object, timeout: object = DEFAULT_TIMEOUT, version: object = None) -> None:
        """Keep a value."""
        raise NotImplementedError("subclasses of BaseCache must provide a set() method")

    def touch(self, key: object, timeout: object = DEFAULT_TIMEOUT, version: object = None) -> bool:
        """Keep a value for longer; return whether there is one."""
        raise NotImplementedError("subclasses of BaseCache must provide a touch() method")

    def delete(self, key: object, version: object = None) -> bool:
        """Forget a value; return whether there was one."""
        raise NotImplementedError("subclasses of BaseCache must provide a delete() method")

    def clear(self) -> None:
        """Forget everything."""
        raise NotImplementedError("subclasses of BaseCache must provide a clear() method")

    # -- what follows from that ----------------------------------------------------------------------------------------

    def get_or_set(
        self, key: object, default: object, timeout: object = DEFAULT_TIMEOUT, version: object = None
    ) -> Any:
        """Return the value of a key, ``default`` (or what calling it gives) kept first where there is none."""
        value = self.get(key, _MISSING, version=version)
        if value is not _MISSING:
            return value
        made = default() if callable(default) else default
        self.add(key, made, timeout=timeout, version=version)
        return self.get(key, made, version=version)  # another may have been quicker

    def has_key(self, key: object, version: object = None) -> bool:
        """Return whether a key has a value."""
        return self.get(key, _MISSING, version=version) is not _MISSING

    def __contains__(self, key: object) -> bool:
        return self.has_key(key)

    def incr(self, key: object, delta: int = 1, version: object = None) -> Any:
        """Add to a number, and return it. Raises ``ValueError`` where there is none."""
        value = self.get(key, _MISSING, version=version)
        if value is _MISSING:
            raise ValueError(f"Key '{key}' not found")
        self.set(key, value + delta, version=version)
        return value + delta

    def decr(self, key: object, delta: int = 1, version: object = None) -> Any:
        """Subtract from a number, and return it. Raises ``ValueError`` where there is none."""
        return self.incr(key, -delta, version=version)

    def get_many(self, keys: Iterable[object], version: object = None) -> dict[Any, Any]:
        """Return the values of those keys that have one."""
        found = {key: self.get(key, _MISSING, version=version) for key in keys}
        return {key: value for key, value in found.items() if value is not _MISSING}

    def set_many(
        self, data: Mapping[object, object], timeout: object = DEFAULT_TIMEOUT, version: object = None
    ) -> list[object]:
        """Keep values; return the keys for which it failed."""
        for key, value in data.items():
            self.set(key, value, timeout=timeout, version=version)
        return []

    def delete_many(self, keys: Iterable[Any], version: object = None) -> None:
        """Forget values."""
        for key in keys:
            self.delete(key, version=version)

    def incr_version(self, key: Hashable, delta: int = 1, version: Any = None) -> Any:
        """Move a value to another version, and return that. Raises ``ValueError`` where there is none."""
        version = self.version if version is None else version
        value = self.get(key, _MISSING, version=version)
        if value is _MISSING:
            raise ValueError(f"Key '{key}' not found")
        self.set(key, value, version=version + delta)
        self.delete(key, version=version)
        return version + delta

    def decr_version(self, key: object, delta: int = 1, version: object = None) -> Any:
        """Move a value to another version, and return that. Raises ``ValueError`` where there is none."""
        return self.incr_version(key, -delta, version)

    def close(self, **kwargs: object) -> None:
        """Nothing to give back; for subclasses."""

    # -- awaitable -----------------------------------------------------------------------------------------------------

    async def _call(self, blocking: Callable[[], T]) -> T:
        """Call a blocking form where it may wait: in a worker thread, if an event loop runs here."""
        result: T = await crossing.call(blocking)
        return result

    async def aadd(self, key: object, value: object, timeout: object = DEFAULT_TIMEOUT, version: object = None) -> bool:
        """Awaitable form of ``add``."""
        return await self._call(partial(self.add, key, value, timeout=timeout, version=version))

    async def aget(self, key: object, default: object = None, version: object = None) -> Any:
        """Awaitable form of ``get``."""
        return await self._call(partial(self.get, key, default, version=version))

    async def aset(self, key: object, value: object, timeout: object = DEFAULT_TIMEOUT, version: object = None) -> None:
        """Awaitable form of ``set``."""
        await self._call(partial(self.set, key, value, timeout=timeout, version=version))

    async def atouch(self, key: object, timeout: object = DEFAULT_TIMEOUT, version: object = None) -> bool:
        """Awaitable form of ``touch``."""
        return await self._call(partial(self.touch, key, timeout=timeout, version=version))

    async def adelete(self, key: object, version: object = None) -> bool:
        """Awaitable form of ``delete``."""
        return await self._call(partial(self.delete, key, version=version))

    async def aclear(self) -> None:
        """Awaitable form of ``clear``."""
        await self._call(self.clear)

    async def aget_or_set(
        self, key: object, default: object, timeout: object = DEFAULT_TIMEOUT, version: object = None
    ) -> Any:
        """Awaitable form of ``get_or_set``."""
        return await self._call(partial(self.get_or_set, key, default, timeout=timeout, version=version))

    async def ahas_key(self, key: object, version: object = None) -> bool:
        """Awaitable form of ``has_key``."""
        return await self._call(partial(self.has_key, key, version=version))

    async def aincr(self, key: object, delta: int = 1, version: object = None) -> Any:
        """Awaitable form of ``incr``."""
        return await self._call(partial(self.incr, key, delta, version=version))

    async def adecr(self, key: object, delta: int = 1, version: object = None) -> Any:
        """Awaitable form of ``decr``."""
        return await self._call(partial(self.decr, key, delta, version=version))

    async def aget_many(self, keys: Iterable[object], version: object = None) -> dict[Any, Any]:
        """Awaitable form of ``get_many``."""
        return await self._call(partial(self.get_many, keys, version=version))

    async def aset_many(
        self, data: Mapping[object, object], timeout: object = DEFAULT_TIMEOUT, version: object = None
    ) -> list[object]:
        """Awaitable form of ``set_many``."""
        return await self._call(partial(self.set_many, data, timeout=timeout, version=version))

    async def adelete_many(self, keys: Iterable[object], version: object = None) -> None:
        """Awaitable form of ``delete_many``."""
        await self._call(partial(self.delete_many, keys, version=version))

    async def aincr_version(self, key: object, delta: int = 1, version: object = None) -> Any:
        """Awaitable form of ``incr_version``."""
        return await self._call(partial(self.incr_version, key, delta, version))

    async def adecr_version(self, key: object, delta: int = 1, version: object = None) -> Any:
        """Awaitable form of ``decr_version``."""
        return await self._call(partial(self.decr_version, key, delta, version))

    async def aclose(self, **kwargs: object) -> None:
        """Awaitable form of ``close``."""
        await self._call(partial(self.close, **kwargs))


class NeverWaits(BaseCache):
    """A cache of this process's memory: its blocking forms may be called on an event loop's thread."""

    async def _call(self, blocking: Callable[[], T]) -> T:
        return blocking()

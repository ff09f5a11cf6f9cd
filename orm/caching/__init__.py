"""Caches in Django's form: values by key, for a while, in this process's memory, in files or nowhere."""

from __future__ import annotations

from orm.caching.base import DEFAULT_TIMEOUT, BaseCache, CacheKeyWarning, InvalidCacheBackendError, InvalidCacheKey
from orm.caching.files import FileBasedCache
from orm.caching.handler import Caches
from orm.caching.memory import DummyCache, LocMemCache

__all__ = [
    "DEFAULT_TIMEOUT",
    "BaseCache",
    "CacheKeyWarning",
    "Caches",
    "DummyCache",
    "FileBasedCache",
    "InvalidCacheBackendError",
    "InvalidCacheKey",
    "LocMemCache",
]

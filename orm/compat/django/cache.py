"""``django.core.cache``: the caches that CACHES names, and the one called ``default``."""

from __future__ import annotations

from typing import Any

from orm.caching import Caches
from orm.compat.django.settings import settings

DEFAULT_CACHE_ALIAS = "default"

caches = Caches(lambda: settings.CACHES)


class DefaultCache:
    """The cache called ``default``, whichever the settings name by the time it is used."""

    def __getattr__(self, name: str) -> Any:
        return getattr(caches[DEFAULT_CACHE_ALIAS], name)

    def __contains__(self, key: object) -> bool:
        return key in caches[DEFAULT_CACHE_ALIAS]


cache = DefaultCache()


def close_caches(**kwargs: object) -> None:
    """Close the caches used so far."""
    caches.close_all()

"""``FieldCacheMixin``: for fields of a program's own that load an instance and keep it."""

from __future__ import annotations

from orm.models.relations.both_sides import KeptInstance
from orm.structures.deprecation import RemovedInDjango60Warning, warn


class FieldCacheMixin(KeptInstance):
    """What such a field says about what it keeps; it names the place, as ``cache_name``, once ``get_cache_name()``."""

    def get_cache_name(self) -> str:
        """What ``cache_name`` is in older code."""
        raise NotImplementedError(f"{type(self).__name__} does not say where it keeps what it loads: cache_name.")

    @property
    def cache_name(self) -> str:
        name = self.get_cache_name()
        warn(f"Override {type(self).__qualname__}.cache_name instead of get_cache_name().", RemovedInDjango60Warning)
        return name

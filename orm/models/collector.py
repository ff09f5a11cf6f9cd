"""``Collector``: a deletion by hand. Instances of any models are taken in, and all that their deletion concerns; then
they go together.

What needs no looking at is not loaded, so ``data`` holds the instances that were. Refused: deleting what ``PROTECT`` or
``RESTRICT`` guards, when it is collected.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orm.models import deletion
from orm.models.deletion import Deleted


class AwaitableCollector:
    """Collects instances to delete.

    Parameters: ``using`` is the alias of their database; ``origin`` what the signals of deletion are told to be the
    origin, an instance or a queryset.
    """

    def __init__(self, using: str, origin: object = None) -> None:
        self.using = using
        self.origin = origin
        self._deletion = deletion.Collector(using, origin)

    @property
    def data(self) -> dict[type[Any], set[Any]]:
        """The instances that were looked at, by model."""
        return {model: set(found.values()) for model, found in self._deletion.instances.items() if found}

    async def acollect(self, objs: Iterable[object], *, keep_parents: bool = False) -> None:
        """Take in instances of one model, and whatever their deletion concerns.

        ``keep_parents`` leaves the rows in the tables of parents. Raises ``ProtectedError`` and ``RestrictedError``.
        """
        self._deletion.keep_parents = keep_parents
        await self._deletion.collect(objs)
        self._deletion.check()

    async def adelete(self) -> Deleted:
        """Delete them; return how many rows went, in all and by model's label."""
        return await self._deletion.delete()

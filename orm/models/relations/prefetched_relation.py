"""``get_prefetch_querysets()`` of descriptors and related managers: for code that prefetches a relation itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from orm.late import late_module
from orm.structures.deprecation import RemovedInDjango60Warning, warn

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.query import prefetch_querysets
    from orm.query.prefetch_querysets import Parts
else:
    prefetch_querysets = late_module("orm.query.prefetch_querysets")


class PrefetchQuerysets:
    """What has a relation's rows for code that prefetches them itself."""

    def prefetched_relation(self) -> tuple[type[object], str]:
        """Return the model that has the relation, and the attribute it is."""
        raise NotImplementedError(f"{type(self).__name__} does not say which relation it is of.")

    def get_prefetch_querysets(
        self, instances: Iterable[AwaitableModel], querysets: Sequence[object] | None = None
    ) -> Parts:
        """Return the relation's rows for several instances, and how they are sorted out: see ``prefetch_querysets``.

        Raises ``ValueError`` for more or fewer ``querysets`` than one.
        """
        return prefetch_querysets.prefetch_querysets(*self.prefetched_relation(), instances, querysets)

    def get_prefetch_queryset(self, instances: Iterable[AwaitableModel], queryset: object = None) -> Parts:
        """Return the same for one queryset: Django's older form, with its warning."""
        warn("get_prefetch_queryset() is deprecated. Use get_prefetch_querysets() instead.", RemovedInDjango60Warning)
        return self.get_prefetch_querysets(instances, None if queryset is None else [queryset])

"""Where a name such as ``author__name__lower`` leads, as plain data."""

from __future__ import annotations

from typing import Any

from orm.records import NamedTuple
from orm.sql.hop import Hop


class Path(NamedTuple):
    """Where a name leads: relations to go along, the column at the end, and what comes after (transforms, a lookup)."""

    hops: tuple[Hop, ...]
    field: Any
    rest: tuple[str, ...]
    relation: Any  # the relation the path ends with, when it names one

    @property
    def many(self) -> bool:
        """Whether one row may lead to several."""
        return any(hop.many for hop in self.hops)

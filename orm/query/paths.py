"""How a query walks from one model to another: the single steps, as plain data.

Relations (in ``orm.models.relations``) say which hops they stand for; the query builder turns hops into joins. This
module knows neither, so that both may import it. It refuses nothing: a hop is data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from orm.sql.types import SQLType


class Hop(NamedTuple):
    """One join between two tables.

    ``model`` is the model at the far end, ``lhs`` the concrete field on the near side and ``rhs`` the one on the far
    side (``near.lhs = far.rhs``). ``many`` says that one near row may meet several far rows; ``optional`` that it may
    meet none, so that an inner join would lose rows. ``filtered`` is the name of the query's filtered relation that the
    join belongs to, whose condition it has.
    """

    model: type[Any]
    lhs: SQLType
    rhs: SQLType
    many: bool
    optional: bool
    filtered: str | None = None

"""How a query walks from one model to another: the single steps, as plain data.

Relations (in ``orm.models.relations``) say which hops they stand for; the query builder turns hops into joins. This
module knows neither, so that both may import it. It refuses nothing: a hop is data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from orm.records import NamedTuple

if TYPE_CHECKING:
    from orm.sql.described import ModelField
    from orm.sql.expressions import Expression


class Restriction(Protocol):
    """What a relation asks of its joins besides equal columns. It is compared by identity, or has its own equality."""

    def condition(self, near: str, far: str) -> Expression:
        """Return the condition on a join of the table aliased ``far`` to the one aliased ``near``."""
        ...


class Hop(NamedTuple):
    """One join between two tables.

    ``model`` is the model at the far end, ``lhs`` the concrete field on the near side and ``rhs`` the one on the far
    side (``near.lhs = far.rhs``). ``many`` says that one near row may meet several far rows; ``optional`` that it may
    meet none, so that an inner join would lose rows. ``filtered`` is the name of the query's filtered relation that the
    join belongs to, whose condition it has. ``further`` are more pairs of columns that must be equal; ``restriction``
    is asked for what else the join must meet.
    """

    model: type[Any]
    lhs: ModelField
    rhs: ModelField
    many: bool
    optional: bool
    filtered: str | None = None
    further: tuple[tuple[ModelField, ModelField], ...] = ()
    restriction: Restriction | None = None

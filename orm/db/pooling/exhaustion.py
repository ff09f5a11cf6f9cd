"""What is said when no connection became free in time: which limit it was, and who holds the connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.bridge.guard import running_loop

if TYPE_CHECKING:
    from orm.db.pooling.budget import Budget, Pool
    from orm.db.url import PoolOptions


def exhaustion(alias: str, options: PoolOptions, seconds: float, pool: Pool, size: int, budget: Budget) -> str:
    """Return the sentence for somebody who waited for so long in a pool that has so many connections."""
    colour = "this event loop" if running_loop() is not None else "blocking code"
    holders = pool.holders()
    limit = f"max_size={options.max_size}"
    if size < options.max_size:
        limit = f"max_connections={budget.limit} for all pools together"
        holders += [holder for other in tuple(budget.pools) if other is not pool for holder in other.holders()]
    holders = holders or ["nobody: they are being opened"]
    lines = "".join(f"\n  - {holder}" for holder in holders)
    return (
        f"No connection to database {alias!r} became free for {colour} within {seconds:.1f} s "
        f"({limit}, acquire_timeout={options.acquire_timeout:g}). Held by:{lines}"
    )

"""Which batches are open, and which one a caller is in: all that ``save()`` needs to know where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.db.registry import databases
from orm.db.transactions.membership import find_block

if TYPE_CHECKING:
    from orm.models.batching import AwaitableBatch

open_batches: set[int] = set()
"""The identities of the batches that are open anywhere: who writes asks for its own only where there is one."""


def batch_of(alias: str) -> AwaitableBatch | None:
    """Return the batch that the caller's innermost block on a database is, or None."""
    block = find_block(databases[alias])
    found: Any = None if block is None else block.batch
    return found  # type: ignore[no-any-return]

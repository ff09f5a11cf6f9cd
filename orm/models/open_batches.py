"""Which batches are open, and which one a caller is in: all that ``save()`` needs to know where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.late import late_module

if TYPE_CHECKING:
    from orm.db import registry
    from orm.db.transactions import membership
    from orm.models.write_batch import AwaitableWriteBatch
else:
    registry = late_module("orm.db.registry")
    membership = late_module("orm.db.transactions.membership")

open_batches: set[int] = set()
"""The identities of the batches that are open anywhere: who writes asks for its own only where there is one."""


def batch_of(alias: str) -> AwaitableWriteBatch | None:
    """Return the batch that the caller's innermost block on a database is, or None."""
    block = membership.find_block(registry.databases[alias])
    found: Any = None if block is None else block.batch
    return found  # type: ignore[no-any-return]

"""What is called with each new connection, before anybody gets it: see ``orm.db.opened``.

A module of its own, so that code can register a function without importing what opens connections.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orm.db.opened import Opened

hooks: list[Callable[[Opened], Awaitable[Any]]] = []

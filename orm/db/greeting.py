"""Who is told of each connection that is opened, before anybody gets it: see ``orm.db.opened``.

Apart from that module, so that whoever wants to be told can say so without importing what opens connections.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orm.db.opened import Opened

hooks: list[Callable[[Opened], Awaitable[Any]]] = []

"""Which database a query goes to when it does not say: routers, and the one for replicas."""

from __future__ import annotations

from orm.db.routing.routers import routes

__all__ = ["routes"]

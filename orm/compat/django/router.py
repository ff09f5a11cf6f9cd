"""``django.db.router``: Duotone's routes under Django's names."""

from __future__ import annotations

from typing import Any

from orm.db.routing.routers import Routes, routes

__all__ = ["ConnectionRouter", "router"]


class ConnectionRouter:
    """Asks the routers of the settings, or those it was given.

    Parameters: ``routers`` are routers, their classes or dotted paths.
    """

    def __init__(self, routers: Any = None) -> None:
        self._routes = routes if routers is None else Routes()
        if routers is not None:
            self.routers = routers

    @property
    def routers(self) -> list[Any]:
        """The routers asked, in order."""
        return list(self._routes.routers())

    @routers.setter
    def routers(self, routers: Any) -> None:
        self._routes.use(routers)

    def db_for_read(self, model: object, **hints: object) -> str:
        """Return the alias to read a model's rows from."""
        return self._routes.to_read(model, hints)

    def db_for_write(self, model: object, **hints: object) -> str:
        """Return the alias to write a model's rows to."""
        return self._routes.to_write(model, hints)

    def allow_relation(self, obj1: object, obj2: object, **hints: object) -> bool:
        """Return whether two instances may refer to each other."""
        return self._routes.allow_relation(obj1, obj2, **hints)

    def allow_migrate(self, db: str, app_label: str, **hints: object) -> bool:
        """Return whether tables of an application belong in a database."""
        return self._routes.allow_migrate(db, app_label, **hints)

    def allow_migrate_model(self, db: str, model: object) -> bool:
        """Return whether a model's table belongs in a database."""
        return self._routes.allow_migrate_model(db, model)

    def get_migratable_models(self, app_config: Any, db: str, include_auto_created: bool = False) -> list[Any]:
        """Return the models of an application whose tables belong in a database."""
        models = app_config.get_models(include_auto_created=include_auto_created)
        return [model for model in models if self.allow_migrate_model(db, model)]


router = ConnectionRouter()

"""Models and fields made for one test."""

from __future__ import annotations

from typing import Any

from orm import models
from orm.models.apps import Apps


def model(name: str, registry: Apps | None = None, /, *, meta: dict[str, Any] | None = None, **fields: Any) -> Any:
    """A model of the app ``mt``, in a registry of its own, with the table ``mt_<name>``."""
    options = {"app_label": "mt", "apps": registry or Apps(), **(meta or {})}
    body = {"__module__": __name__, "Meta": type("Meta", (), options), **fields}
    return type(models.Model)(name, (models.Model,), body)


def field(made: Any, name: str, owner: Any = None) -> Any:
    """A field under a name, as a migration would give it."""
    made.set_attributes_from_name(name)
    if owner is not None:
        made.model = owner
    return made

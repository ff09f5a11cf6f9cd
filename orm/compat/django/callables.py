"""``django.urls.get_callable``: a function by its dotted path, which packages use for their settings."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from orm.compat.django.web import absent_exception

__all__ = ["get_callable"]


def get_callable(lookup_view: object) -> Any:
    """Return what a dotted path names; what can be called already is returned as it is.

    Raises ``ImportError`` for what is no dotted path, or names no module, and Django's ``ViewDoesNotExist`` for a name
    that the module has not.
    """
    if callable(lookup_view):
        return lookup_view
    if not isinstance(lookup_view, str):
        raise ViewDoesNotExist(f"'{lookup_view}' is not a callable or a dot-notation path")
    module, _, name = lookup_view.rpartition(".")
    if not module:
        raise ImportError(f"Could not import '{lookup_view}'. The path must be fully qualified.")
    found = getattr(import_module(module), name, None)
    if not callable(found):
        raise ViewDoesNotExist(f"Could not import '{lookup_view}'. View does not exist in module {module}.")
    return found


ViewDoesNotExist = absent_exception("ViewDoesNotExist")

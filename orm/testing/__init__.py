"""What helps to test: counted queries, rolled back tests, a pytest plugin, and a conformance suite for backends.

The plugin (``orm.testing.plugin``) is found by pytest itself, wherever the library is installed, so names are imported
when they are first asked for. ``orm.testing.conformance`` is for whoever brings a backend.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orm.testing.counting import assert_num_queries
    from orm.testing.rollback import rolled_back

_HOMES = {"assert_num_queries": "orm.testing.counting", "rolled_back": "orm.testing.rollback"}

__all__ = ["assert_num_queries", "rolled_back"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return found

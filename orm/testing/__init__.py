"""What helps to test: counted queries, rolled back tests, a pytest plugin, and a conformance suite for backends.

The plugin (``orm.testing.plugin``) is found by pytest itself, wherever the library is installed, so names are imported
when they are first asked for. ``orm.testing.conformance`` is for whoever brings a backend.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.late import late_names

if TYPE_CHECKING:
    from orm.testing.counting import assert_num_queries
    from orm.testing.rollback import rolled_back
else:
    _HOMES = {"assert_num_queries": "orm.testing.counting", "rolled_back": "orm.testing.rollback"}
    __getattr__, __dir__ = late_names(__name__, _HOMES)

__all__ = ["assert_num_queries", "rolled_back"]

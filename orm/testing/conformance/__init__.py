"""The tests a backend passes, for whoever writes one. Needs pytest.

A backend's own tests subclass these classes and say, with two fixtures, what to test and where::

    import pytest
    from orm.testing import conformance
    from my_backend import backend as my_backend

    class Here:
        @pytest.fixture
        def backend(self):
            return my_backend

        @pytest.fixture
        def url(self):
            return "mydb://localhost/scratch"

    class TestConnections(Here, conformance.ConnectionConformance): ...
    class TestDialect(Here, conformance.DialectConformance): ...
    class TestModels(Here, conformance.ModelConformance): ...

Each case runs once for each driver the backend brings: an awaitable one on an event loop, a blocking one driven by
hand, which fails as soon as a coroutine suspends. The models' cases run in both colours always, since the bridge
supplies the colour that is missing. What the dialect's capabilities deny is skipped, not failed.

- ``ConnectionConformance``: the rules of ``orm.db.contract``: rows, counts, streams, transactions, errors, the end.
- ``DialectConformance``: every kind of value there and back, found, ordered; texts matched; dates taken apart; JSON.
- ``ModelConformance``: models over all that: tables made, rows written, read, related, rolled back.

The database named by the URL is scratch: tables whose names begin with ``conformance_`` are made and dropped in it.
"""

from __future__ import annotations

from orm.testing.conformance.connections import ConnectionConformance
from orm.testing.conformance.dialects import DialectConformance
from orm.testing.conformance.models import ModelConformance

__all__ = ["ConnectionConformance", "DialectConformance", "ModelConformance"]

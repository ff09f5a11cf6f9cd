"""How many queries a piece of code sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.db.observing.watched import CapturedQueries

if TYPE_CHECKING:
    from types import TracebackType


class NumQueries(CapturedQueries):
    """A capture that fails where it ends, unless as many queries ran as were expected."""

    def __init__(self, number: int, using: str | None = None) -> None:
        super().__init__(using)
        self.number = number

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)
        if kind is None and len(self) != self.number:
            lines = "".join(f"\n{place}. {record.sql}" for place, record in enumerate(self, 1))
            raise AssertionError(f"{len(self)} queries executed, {self.number} expected\nCaptured queries were:{lines}")


def assert_num_queries(number: int, using: str | None = None) -> NumQueries:
    """Assert that exactly so many queries run inside, under ``with`` or ``async with``.

    Parameters:
        number: how many; BEGIN, COMMIT and savepoints are not counted.
        using: alias of the one database that counts; None means all.

    Gives the list of the queries (see :func:`orm.capture_queries`). Raises ``AssertionError``, which shows them.
    """
    return NumQueries(number, using)

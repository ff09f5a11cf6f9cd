"""``Q`` as ``orm.models`` offers it: with a judge, so that ``check()`` and ``acheck()`` have a database to ask."""

from __future__ import annotations

from collections.abc import Mapping

from orm.models.judging import ajudge
from orm.models.judging_blocking import judge
from orm.sql.conditions import Q

__all__ = ["DatabaseJudge", "Q"]


class DatabaseJudge:
    """Asks the database that ``using`` names."""

    def check(self, condition: Q, against: Mapping[str, object], using: str) -> bool:
        """Ask in the blocking form."""
        return judge(condition, against, using)

    async def acheck(self, condition: Q, against: Mapping[str, object], using: str) -> bool:
        """Ask in the awaitable form."""
        return await ajudge(condition, against, using)


Q.judge = DatabaseJudge()

"""``ReplicaRouter``: writes to a primary, reads to the replicas that are alive and not too far behind.

Replicas are looked at by whoever reads, in the reader's own colour, at most every ``check_every`` seconds. What this
router refuses to do: follow a promotion. A replica that has become a primary is read no more, and writes go where the
primary's URL leads; to write elsewhere is for whoever promoted it to say, by that URL or by the settings.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextvars import ContextVar
from time import monotonic
from typing import Any

from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.db.transactions.membership import find_block
from orm.errors import ImproperlyConfigured, InterfaceError, NotSupportedError, OperationalError
from orm.late import LateLogger

logger = LateLogger("orm.replicas")

PROBE_SECONDS = 2.0
"""How long a replica may take to say how it is."""
LONGEST_PAUSE = 30.0
"""Seconds after which a dead replica is looked at again at the latest; the pauses double up to it."""


class Health:
    """What is known of one replica."""

    __slots__ = ("checking", "failures", "next_check", "usable", "why")

    def __init__(self) -> None:
        self.usable = False
        self.why = "it has not been looked at"
        self.next_check = 0.0
        self.failures = 0
        self.checking = False


class Written:
    """That a context wrote, and when; told again at the commit, since only then others can see it."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at = monotonic()

    def again(self) -> None:
        """It counts from now."""
        self.at = monotonic()


class ReplicaRouter:
    """A router for one primary and its replicas; put it in ``database_routers``.

    Parameters:
        primary: alias of the database that is written to.
        replicas: aliases of those that may be read.
        max_lag: seconds a replica may be behind; None means any. A replica that has lost its primary counts the time
            since the last change it has seen.
        check_every: seconds between two looks at a replica.
        stick_for: seconds for which a context that wrote reads from the primary, counted from the commit; None means
            for the rest of the context (a task, a request). Give a number, above ``max_lag``, where threads serve many
            requests.

    Inside ``atomic`` on the primary, everything stays there. A read that fails since its replica has just died is run
    again on the primary.
    """

    def __init__(
        self,
        primary: str = DEFAULT_DB_ALIAS,
        replicas: Sequence[str] = (),
        max_lag: float | None = None,
        check_every: float = 1.0,
        stick_for: float | None = None,
    ) -> None:
        if isinstance(replicas, str) or not replicas or primary in replicas or len(set(replicas)) != len(replicas):
            raise ImproperlyConfigured(
                f"ReplicaRouter(replicas=...) takes a list of aliases besides the primary, not {replicas!r}."
            )
        for name, value in (("max_lag", max_lag), ("stick_for", stick_for), ("check_every", check_every)):
            if value is not None and not value > 0:
                raise ImproperlyConfigured(f"ReplicaRouter({name}=...) is a number of seconds above 0, not {value!r}.")
        self.primary = primary
        self.replicas = tuple(replicas)
        self.max_lag = max_lag
        self.check_every = check_every
        self.stick_for = stick_for
        self._health = {alias: Health() for alias in self.replicas}
        self._turn = itertools.count()
        self._written: ContextVar[Written | None] = ContextVar(f"orm.written.{primary}", default=None)

    def __repr__(self) -> str:
        return f"<ReplicaRouter {self.primary!r} with {', '.join(map(repr, self.replicas))}>"

    # -- what a router answers -----------------------------------------------------------------------------------------

    def db_for_read(self, model: object, **hints: object) -> str:
        """Return the alias to read from, by what is known without a look."""
        return self.primary if self._sticks() else self._choose()

    async def adb_for_read(self, model: object, **hints: object) -> str:
        """Return the alias to read from; looks at replicas that have not been looked at for a while."""
        if self._sticks():
            return self.primary
        now = monotonic()
        for alias, health in self._health.items():
            if now >= health.next_check and not health.checking:
                await self._look(alias, health)
        return self._choose()

    def db_for_write(self, model: object, **hints: object) -> str:
        """Return the primary."""
        return self.primary

    def allow_relation(self, obj1: Any, obj2: Any, **hints: object) -> bool | None:
        """Allow relations within the primary and its replicas, which hold the same rows."""
        mine = {self.primary, *self.replicas}
        return True if {obj1._state.db, obj2._state.db} <= mine else None

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: object) -> bool | None:
        """Allow no tables to be made on replicas: they come from the primary."""
        return False if db in self._health else None

    # -- what the library tells it -------------------------------------------------------------------------------------

    def wrote(self, alias: str) -> None:
        """The context is about to write; what it reads from now on must show that."""
        if alias != self.primary:
            return
        written = self._written.get()
        block = None if self.stick_for is None else find_block(databases[alias])
        if block is None or not block.transaction:
            self._written.set(Written())
            return
        at_commit = block.outermost.at_commit
        if written is None or written.again not in at_commit:
            written = Written()
            self._written.set(written)
            at_commit.append(written.again)

    async def gave_up(self, alias: str, error: Exception) -> bool:
        """A read failed: was that the replica's fault? Then it is read no more for a while."""
        health = self._health.get(alias)
        if health is None:
            return False
        await self._look(alias, health)
        return not health.usable or bool(getattr(error, "retryable", False))

    # -- how the replicas are ------------------------------------------------------------------------------------------

    @property
    def health(self) -> dict[str, str]:
        """What is known of each replica: ``"usable"``, or why it is not."""
        return {alias: "usable" if known.usable else known.why for alias, known in self._health.items()}

    def _sticks(self) -> bool:
        written = self._written.get()
        return written is not None and (self.stick_for is None or monotonic() - written.at < self.stick_for)

    def _choose(self) -> str:
        usable = [alias for alias, health in self._health.items() if health.usable]
        return usable[next(self._turn) % len(usable)] if usable else self.primary

    async def _look(self, alias: str, health: Health) -> None:
        """Look at a replica and note how it is."""
        health.checking = True
        was, before = health.usable, health.why
        try:
            health.usable, health.why = await self._probe(alias)
            health.failures = 0
            health.next_check = monotonic() + self.check_every
        except (OperationalError, InterfaceError) as error:
            health.usable, health.why = False, str(error)
            health.failures += 1
            pause = min(self.check_every * 2 ** min(health.failures, 16), LONGEST_PAUSE)
            health.next_check = monotonic() + pause
        finally:
            health.checking = False
        if was and not health.usable:
            logger.warning("replica %r is not read from now on: %s", alias, health.why)
        elif health.usable and not was and before:
            logger.info("replica %r is read from now on", alias)

    async def _probe(self, alias: str) -> tuple[bool, str]:
        """Ask a replica whether it follows, and how far behind it is; return whether it may be read, and why not."""
        database = databases[alias]
        question = database.dialect.replication_state()
        if question is None:
            if self.max_lag is not None:
                raise NotSupportedError(
                    f"{database.dialect.name} can't say how far the replica {alias!r} is behind; leave out max_lag."
                )
            await database.fetch_within(PROBE_SECONDS, "SELECT 1")
            return True, ""
        rows = await database.fetch_within(PROBE_SECONDS, question)
        follows, lag = rows[0]
        if not follows:
            return False, "it follows no other server: it has been promoted, or never was a replica"
        if self.max_lag is not None and (lag is None or lag > self.max_lag):
            behind = "for how long is not known" if lag is None else f"by {lag:.1f} s"
            return False, f"it is behind {behind}, and max_lag is {self.max_lag:g} s"
        return True, ""

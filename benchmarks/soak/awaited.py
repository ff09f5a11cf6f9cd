"""The operations in async code. ``blocking`` has the same ones in blocking code."""

from __future__ import annotations

import asyncio
from typing import Any

import orm
from benchmarks.soak.load import Load, run_loop
from benchmarks.soak.tables import LONE_COMMIT, Account, Mark, Note, Transfer, table
from orm.errors import IntegrityError
from orm.models import F, Func, Prefetch, Sum, TextField, Value


class Undone(Exception):
    """What makes a nested block roll back."""


class Awaited:
    """The operations of one task.

    Parameters:
        aims: whether it may have its own task cancelled about when it commits.
    """

    def __init__(self, load: Load, *, aims: bool = False) -> None:
        self.load = load
        self.aims = aims
        self.ledger = load.ledger
        self.random = load.random

    # -- reading ----------------------------------------------------------------------------------------------------

    async def get(self) -> None:
        key = self.load.account()
        found = await Account.objects.aget(pk=key)
        assert found.pk == key

    async def page(self) -> None:
        recent = self.load.recent()
        query = Note.objects.filter(id__gte=recent.start).select_related("author").order_by("id")[:20]
        found = [note.id async for note in query]
        assert found == sorted(found)

    async def count(self) -> None:
        recent = self.load.recent()
        await Transfer.objects.filter(id__range=(recent.start, recent.stop)).acount()
        await Note.objects.filter(id__in=list(recent)).aexists()

    async def money(self) -> None:
        self.load.expect_money((await Account.objects.aaggregate(total=Sum("balance")))["total"])

    async def prefetch(self) -> None:
        recent = Note.objects.filter(id__gte=self.load.recent().start)
        async for account in Account.objects.filter(id__in=self.load.two_accounts()).prefetch_related(
            Prefetch("notes", recent)
        ):
            assert all(note.author_id == account.pk for note in account.notes.all())

    async def stream(self) -> None:
        """Half of the streams are abandoned on the way."""
        left = self.random.choice((5, 1_000_000))
        self.aim()
        async for _ in Note.objects.filter(id__gte=self.load.recent().start).aiterator(chunk_size=7):
            left -= 1
            if left == 0:
                break

    async def values(self) -> None:
        await Account.objects.ain_bulk(self.load.two_accounts())
        await Account.objects.values_list("id", flat=True).order_by("-balance").afirst()

    async def sql(self) -> None:
        async with orm.databases["default"].connection() as connection:
            await connection.afetch(f"SELECT count(*) FROM {table(Account)} WHERE balance > $1", [0])
            await connection.afetch("SELECT 1")

    async def nap(self) -> None:
        """A statement that takes longer than it may."""
        nap = Func(Value(self.random.uniform(0.005, 0.05)), function="pg_sleep", output_field=TextField())
        await Account.objects.filter(pk=1).annotate(nap=nap).values_list("nap").timeout(0.02).afirst()

    async def snapshot(self) -> None:
        start = self.load.recent().start
        async with orm.atomic(isolation="repeatable read", read_only=True):
            before = await Transfer.objects.filter(id__gte=start).acount()
            await self.money()
            after = await Transfer.objects.filter(id__gte=start).acount()
        assert before == after

    # -- statements alone ---------------------------------------------------------------------------------------------

    async def create(self) -> None:
        with self.ledger.alone() as (number,):
            await Note.objects.acreate(id=number, author_id=self.load.account(), text="created")
        self.load.notes.append(number)

    async def save(self) -> None:
        with self.ledger.alone() as (number,):
            note = Note(id=number, author_id=self.load.account(), text="saved")
            await note.asave(force_insert=True)
        note.text = "saved again"
        await note.asave(update_fields=["text"])
        self.load.notes.append(number)

    async def bulk_alone(self) -> None:
        with self.ledger.alone(self.random.randint(2, 20)) as numbers:
            await Note.objects.abulk_create(batch(self.load, numbers))

    async def change_alone(self) -> None:
        key = self.load.note()
        if key is not None:
            with self.ledger.alone() as (number,):
                assert await Note.objects.filter(id=key).aupdate(changed_by=number) == 1

    async def delete_alone(self) -> None:
        key = self.load.note()
        if key is not None:
            with self.ledger.alone() as (number,):
                self.ledger.deleted_alone.extend((number, key))
                await Note.objects.filter(id=key).adelete()

    async def get_or_create(self) -> None:
        with self.ledger.alone() as (number,):
            await Note.objects.aget_or_create(id=number, defaults={"author_id": 1, "text": "got or created"})

    # -- transactions -------------------------------------------------------------------------------------------------

    async def mark(self, number: int, kind: str = "mark", note: int = 0) -> None:
        self.load.witness(number, self.random.random() < 0.8)
        self.aim(0.01)
        await Mark.objects.acreate(id=number, kind=kind, note=note, slow=self.random.random() < 0.1)

    def aim(self, share: float = 0.05) -> None:
        """Have some tasks cancelled a moment later: while they hold a connection, and at a block's end in COMMIT."""
        task = asyncio.current_task()
        if self.aims and task is not None and self.random.random() < share:
            asyncio.get_running_loop().call_later(self.random.uniform(0, 0.01), task.cancel)

    async def move(self, number: int, keys: list[int]) -> None:
        source, target = keys
        amount = self.random.randint(1, 5)
        self.load.witness(number, True)
        self.aim(0.02)
        locked = await Account.objects.select_for_update().filter(id__in=keys).order_by("id").ain_bulk()
        locked[source].balance -= amount
        locked[target].balance += amount
        for account in locked.values():
            await account.asave(update_fields=["balance"])
        await Transfer.objects.acreate(id=number, source_id=source, target_id=target, amount=amount)

    async def transfer(self) -> None:
        with self.ledger.transaction() as (number,):
            async with orm.atomic(lock_timeout=3):
                await self.move(number, self.load.two_accounts())
                self.aim()

    async def contended(self) -> None:
        """Two rows in no order, or serializable: it may lose against another one, and is run again."""
        keys = self.load.two_accounts()

        async def unordered(number: int) -> None:
            self.load.witness(number, False)
            for key, amount in zip(keys, (-1, 1), strict=True):
                await Account.objects.filter(id=key).aupdate(balance=F("balance") + amount)
            await Transfer.objects.acreate(id=number, source_id=keys[0], target_id=keys[1], amount=1)

        with self.ledger.transaction() as (number,):
            if self.random.random() < 0.5:
                await orm.arun_in_transaction(unordered, number, retry=8)
            else:
                await orm.arun_in_transaction(self.move, number, keys, retry=8, isolation="serializable")

    async def batch(self) -> None:
        with self.ledger.transaction(self.random.randint(2, 20)) as numbers:
            async with orm.atomic(statement_timeout=3):
                for number in numbers:
                    self.load.witness(number, True)
                await Note.objects.abulk_create(batch(self.load, numbers))
                self.aim()

    async def change(self) -> None:
        key = self.load.note()
        if key is not None:
            with self.ledger.transaction() as (number,):
                async with orm.atomic():
                    note = await Note.objects.select_for_update().aget(id=key)
                    note.changes += 1
                    await note.asave()
                    await self.mark(number, "change", key)
                    self.aim()
            self.load.notes.append(key)

    async def delete(self) -> None:
        key = self.load.note()
        if key is not None:
            with self.ledger.transaction() as (number,):
                async with orm.atomic():
                    await self.mark(number, "delete", key)
                    await (await Note.objects.aget(id=key)).adelete()
                    self.aim()

    async def nested(self) -> None:
        """A block that fails at the database, one that is kept, and last one that is undone, with which all may be."""
        undone = self.ledger.undone()
        with self.ledger.transaction(2) as (first, second):
            async with orm.atomic():
                await self.mark(first)
                try:
                    async with orm.atomic():
                        await Mark.objects.acreate(id=first, kind="twice")
                except IntegrityError:
                    pass
                async with orm.atomic():
                    await self.mark(second)
                self.aim()
                try:
                    async with orm.atomic():
                        await self.mark(undone)
                        raise Undone
                except Undone:
                    pass

    async def family(self) -> None:
        """Children that share a transaction, none of which is cancelled alone: a TaskGroup says nothing of that."""
        child = Awaited(self.load)
        with self.ledger.transaction(3) as numbers:
            async with orm.atomic():
                if self.random.random() < 0.5:
                    await asyncio.gather(*map(child.mark, numbers))
                else:
                    async with asyncio.TaskGroup() as group:
                        for number in numbers:
                            group.create_task(child.mark(number))
                self.aim()

    async def crossing(self) -> None:
        """A thread that joins the transaction."""
        with self.ledger.transaction(2) as (first, second):
            async with orm.atomic():
                await self.mark(first)
                await asyncio.to_thread(self.mark_in_thread, second)
                self.aim()

    def mark_in_thread(self, number: int) -> None:
        self.load.witness(number, False)
        Mark.objects.create(id=number, kind="crossed")

    async def beside(self) -> None:
        """A transaction beside the one that is open; only the inner one is kept."""
        undone = self.ledger.undone()
        try:
            async with orm.atomic():
                await self.mark(undone)
                async with orm.independent():
                    with self.ledger.transaction() as (number,):
                        async with orm.atomic():
                            await self.mark(number)
                raise Undone
        except Undone:
            pass

    async def lone_commit(self) -> None:
        """A commit that is done and not acknowledged until somebody ends its wait, or its session."""
        with self.ledger.transaction() as (number,):
            async with orm.atomic():
                await self.mark(number)
                async with orm.databases["default"].connection() as connection:
                    await connection.aexecute(LONE_COMMIT)
                self.aim()

    async def other_loop(self) -> None:
        """A thread with a loop of its own, which has a pool of its own; in no transaction of ours."""
        await asyncio.to_thread(run_apart, self.load)


def batch(load: Load, numbers: list[int]) -> list[Note]:
    """Notes that are there all, or none of them."""
    author, first, size = load.account(), numbers[0], len(numbers)
    return [Note(id=number, author_id=author, text="one of many", batch=first, size=size) for number in numbers]


async def a_few(load: Load) -> None:
    """Some operations at once, for a loop that ends soon."""
    awaited = Awaited(load)
    await asyncio.gather(awaited.get(), awaited.money(), awaited.nested(), awaited.stream())


def run_apart(load: Load) -> Any:
    """Run a loop in this thread that ends with its connections."""
    return run_loop(a_few(load))

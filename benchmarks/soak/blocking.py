"""The operations in blocking code, as ``awaited`` has them in async code."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import orm
from benchmarks.soak.awaited import Awaited, Undone, batch, run_apart
from benchmarks.soak.load import Load, run_loop
from benchmarks.soak.tables import LONE_COMMIT, Account, Mark, Note, Transfer, table
from orm.bridge import portal
from orm.errors import IntegrityError
from orm.models import F, Func, Prefetch, Sum, TextField, Value


class Blocking:
    """The operations of one thread."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.ledger = load.ledger
        self.random = load.random

    # -- reading ----------------------------------------------------------------------------------------------------

    def get(self) -> None:
        key = self.load.account()
        found = Account.objects.get(pk=key)
        assert found.pk == key

    def page(self) -> None:
        recent = self.load.recent()
        query = Note.objects.filter(id__gte=recent.start).select_related("author").order_by("id")[:20]
        found = [note.id for note in query]
        assert found == sorted(found)

    def count(self) -> None:
        recent = self.load.recent()
        Transfer.objects.filter(id__range=(recent.start, recent.stop)).count()
        Note.objects.filter(id__in=list(recent)).exists()

    def money(self) -> None:
        self.load.expect_money(Account.objects.aggregate(total=Sum("balance"))["total"])

    def prefetch(self) -> None:
        recent = Note.objects.filter(id__gte=self.load.recent().start)
        for account in Account.objects.filter(id__in=self.load.two_accounts()).prefetch_related(
            Prefetch("notes", recent)
        ):
            assert all(note.author_id == account.pk for note in account.notes.all())

    def stream(self) -> None:
        left = self.random.choice((5, 1_000_000))
        for _ in Note.objects.filter(id__gte=self.load.recent().start).iterator(chunk_size=7):
            left -= 1
            if left == 0:
                break

    def values(self) -> None:
        Account.objects.in_bulk(self.load.two_accounts())
        Account.objects.values_list("id", flat=True).order_by("-balance").first()

    def sql(self) -> None:
        with orm.databases["default"].connection() as connection:
            connection.fetch(f"SELECT count(*) FROM {table(Account)} WHERE balance > $1", [0])
            connection.fetch("SELECT 1")

    def nap(self) -> None:
        nap = Func(Value(self.random.uniform(0.005, 0.05)), function="pg_sleep", output_field=TextField())
        Account.objects.filter(pk=1).annotate(nap=nap).values_list("nap").timeout(0.02).first()

    def snapshot(self) -> None:
        start = self.load.recent().start
        with orm.atomic(isolation="repeatable read", read_only=True):
            before = Transfer.objects.filter(id__gte=start).count()
            self.money()
            after = Transfer.objects.filter(id__gte=start).count()
        assert before == after

    # -- statements alone ---------------------------------------------------------------------------------------------

    def create(self) -> None:
        with self.ledger.alone() as (number,):
            Note.objects.create(id=number, author_id=self.load.account(), text="created")
        self.load.notes.append(number)

    def save(self) -> None:
        with self.ledger.alone() as (number,):
            note = Note(id=number, author_id=self.load.account(), text="saved")
            note.save(force_insert=True)
        note.text = "saved again"
        note.save(update_fields=["text"])
        self.load.notes.append(number)

    def bulk_alone(self) -> None:
        with self.ledger.alone(self.random.randint(2, 20)) as numbers:
            Note.objects.bulk_create(batch(self.load, numbers))

    def change_alone(self) -> None:
        key = self.load.note()
        if key is not None:
            with self.ledger.alone() as (number,):
                assert Note.objects.filter(id=key).update(changed_by=number) == 1

    def delete_alone(self) -> None:
        key = self.load.note()
        if key is not None:
            with self.ledger.alone() as (number,):
                self.ledger.deleted_alone.extend((number, key))
                Note.objects.filter(id=key).delete()

    def get_or_create(self) -> None:
        with self.ledger.alone() as (number,):
            Note.objects.get_or_create(id=number, defaults={"author_id": 1, "text": "got or created"})

    # -- transactions -------------------------------------------------------------------------------------------------

    def mark(self, number: int, kind: str = "mark", note: int = 0) -> None:
        self.load.witness(number, self.random.random() < 0.1)
        Mark.objects.create(id=number, kind=kind, note=note, slow=self.random.random() < 0.1)

    def move(self, number: int, keys: list[int]) -> None:
        source, target = keys
        amount = self.random.randint(1, 5)
        self.load.witness(number, False)
        locked = Account.objects.select_for_update().filter(id__in=keys).order_by("id").in_bulk()
        locked[source].balance -= amount
        locked[target].balance += amount
        for account in locked.values():
            account.save(update_fields=["balance"])
        Transfer.objects.create(id=number, source_id=source, target_id=target, amount=amount)

    def transfer(self) -> None:
        with self.ledger.transaction() as (number,):
            with orm.atomic(lock_timeout=3):
                self.move(number, self.load.two_accounts())

    def contended(self) -> None:
        keys = self.load.two_accounts()

        def unordered(number: int) -> None:
            self.load.witness(number, False)
            for key, amount in zip(keys, (-1, 1), strict=True):
                Account.objects.filter(id=key).update(balance=F("balance") + amount)
            Transfer.objects.create(id=number, source_id=keys[0], target_id=keys[1], amount=1)

        with self.ledger.transaction() as (number,):
            if self.random.random() < 0.5:
                orm.run_in_transaction(unordered, number, retry=8)
            else:
                orm.run_in_transaction(self.move, number, keys, retry=8, isolation="serializable")

    def batch(self) -> None:
        with self.ledger.transaction(self.random.randint(2, 20)) as numbers:
            with orm.atomic(statement_timeout=3):
                for number in numbers:
                    self.load.witness(number, False)
                Note.objects.bulk_create(batch(self.load, numbers))

    def change(self) -> None:
        key = self.load.note()
        if key is not None:
            with self.ledger.transaction() as (number,):
                with orm.atomic():
                    note = Note.objects.select_for_update().get(id=key)
                    note.changes += 1
                    note.save()
                    self.mark(number, "change", key)
            self.load.notes.append(key)

    def delete(self) -> None:
        key = self.load.note()
        if key is not None:
            with self.ledger.transaction() as (number,):
                with orm.atomic():
                    self.mark(number, "delete", key)
                    Note.objects.get(id=key).delete()

    def nested(self) -> None:
        undone = self.ledger.undone()
        with self.ledger.transaction(2) as (first, second):
            with orm.atomic():
                self.mark(first)
                try:
                    with orm.atomic():
                        Mark.objects.create(id=first, kind="twice")
                except IntegrityError:
                    pass
                with orm.atomic():
                    self.mark(second)
                try:
                    with orm.atomic():
                        self.mark(undone)
                        raise Undone
                except Undone:
                    pass

    def family(self) -> None:
        with self.ledger.transaction(3) as numbers:
            with orm.atomic(), ThreadPoolExecutor(len(numbers)) as threads:
                children = [threads.submit(contextvars.copy_context().run, self.mark, number) for number in numbers]
                for child in children:
                    child.result()

    def crossing(self) -> None:
        """A loop that joins the transaction: one of its own, or the portal's."""
        way: Callable[..., object] = self.random.choice((run_loop, portal.run))
        with self.ledger.transaction(2) as (first, second):
            with orm.atomic():
                self.mark(first)
                way(Awaited(self.load).mark(second))

    def beside(self) -> None:
        undone = self.ledger.undone()
        try:
            with orm.atomic():
                self.mark(undone)
                with orm.independent():
                    with self.ledger.transaction() as (number,):
                        with orm.atomic():
                            self.mark(number)
                raise Undone
        except Undone:
            pass

    def lone_commit(self) -> None:
        with self.ledger.transaction() as (number,):
            with orm.atomic():
                self.mark(number)
                with orm.databases["default"].connection() as connection:
                    connection.execute(LONE_COMMIT)

    def other_loop(self) -> None:
        run_apart(self.load)

"""A ledger: transfers in transactions, savepoints of both kinds, locks, hooks after the commit, and tellers in threads."""

import os

import django
from django.conf import settings

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": os.environ.get("TEST_ENGINE", "django.db.backends.sqlite3"),
            "NAME": os.environ.get("TEST_NAME", "program.sqlite3"),
            "USER": os.environ.get("TEST_USER", ""),
            "PASSWORD": os.environ.get("TEST_PASSWORD", ""),
            "HOST": os.environ.get("TEST_HOST", ""),
            "PORT": os.environ.get("TEST_PORT", ""),
            "OPTIONS": {"timeout": 60} if "TEST_ENGINE" not in os.environ else {},
        }
    },
    INSTALLED_APPS=["__main__"],
    TIME_ZONE="UTC",
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()


import threading
from contextlib import contextmanager

from django.db import IntegrityError, connection, connections, models, transaction
from django.db.models import Count, F, Q, Sum
from django.db.transaction import TransactionManagementError


class Account(models.Model):
    owner = models.CharField(max_length=20, unique=True)
    balance = models.IntegerField(default=0)
    frozen = models.BooleanField(default=False)

    class Meta:
        ordering = ["owner"]
        constraints = [models.CheckConstraint(condition=Q(balance__gte=0), name="ledger_not_negative")]

    def __str__(self):
        return f"{self.owner}: {self.balance}"


class Entry(models.Model):
    batch = models.CharField(max_length=20)
    source = models.ForeignKey(Account, models.PROTECT, related_name="out")
    target = models.ForeignKey(Account, models.PROTECT, related_name="into")
    amount = models.PositiveIntegerField()

    class Meta:
        ordering = ["batch", "source__owner", "target__owner", "amount"]


class Refused(Exception):
    pass


LETTERS = []


def letter(text):
    LETTERS.append(text)


@contextmanager
def told(what):
    try:
        yield
    except (IntegrityError, Refused, TransactionManagementError, RuntimeError, ZeroDivisionError) as error:
        kind = TransactionManagementError if isinstance(error, TransactionManagementError) else type(error)
        names = [each.__name__ for each in (IntegrityError, Refused, RuntimeError) if isinstance(error, each)]
        print(f"{what}: {(names or [kind.__name__])[0]}")
    else:
        print(f"{what}: done")


def transfer(batch, source, target, amount):
    with transaction.atomic():
        locked = {
            account.owner: account
            for account in Account.objects.select_for_update().filter(owner__in=[source, target]).order_by("pk")
        }
        if locked[source].frozen:
            raise Refused(source)
        entry = Entry.objects.create(batch=batch, source=locked[source], target=locked[target], amount=amount)
        Account.objects.filter(owner=source).update(balance=F("balance") - amount)
        Account.objects.filter(owner=target).update(balance=F("balance") + amount)
        transaction.on_commit(lambda: letter(f"{batch} {source}>{target} {amount}"))
        return entry


def balances():
    return " ".join(str(account) for account in Account.objects.all())


with connection.schema_editor() as editor:
    editor.create_model(Account)
    editor.create_model(Entry)

Account.objects.bulk_create(
    [Account(owner="ada", balance=100), Account(owner="bob", balance=50), Account(owner="cy"), Account(owner="dan", frozen=True)]
)
print("begin", balances())

# One at a time: what fails leaves nothing.
with told("enough"):
    transfer("one", "ada", "bob", 30)
with told("too much"):
    transfer("one", "ada", "bob", 300)
with told("frozen"):
    transfer("one", "dan", "bob", 1)
print(balances(), LETTERS)

# A batch in which single transfers may fail.
with transaction.atomic():
    for source, target, amount in [("ada", "cy", 20), ("cy", "bob", 500), ("bob", "cy", 5), ("dan", "ada", 1)]:
        with told(f"batch {source}"):
            transfer("two", source, target, amount)
    print("letters wait", len(LETTERS), connection.in_atomic_block)
print(balances(), LETTERS)

# All or nothing.
with told("whole batch"), transaction.atomic():
    transfer("three", "ada", "cy", 1)
    transfer("three", "ada", "cy", 1000)
print(balances(), Entry.objects.filter(batch="three").count(), len(LETTERS))

# Savepoints by hand.
with transaction.atomic():
    before = transaction.savepoint()
    transfer("four", "bob", "ada", 10)
    print("inside", balances())
    transaction.savepoint_rollback(before)
    kept = transaction.savepoint()
    Account.objects.filter(owner="cy").update(balance=F("balance") + 1)
    transaction.savepoint_commit(kept)
print(balances(), Entry.objects.filter(batch="four").count())

# A transaction that has failed refuses to go on, until it is left.
with transaction.atomic():
    with told("broken"), transaction.atomic():
        try:
            Account.objects.create(owner="ada")
        except IntegrityError:
            print("taken")
        print("rolled back?", transaction.get_rollback() or connection.needs_rollback)
        Account.objects.count()
    print("the outer one goes on", Account.objects.count())

with transaction.atomic():
    Account.objects.create(owner="nobody")
    transaction.set_rollback(True)
print("nobody", Account.objects.filter(owner="nobody").exists())


@transaction.atomic(durable=True)
def close_the_books():
    return Account.objects.aggregate(all=Sum("balance"))["all"]


print("books", close_the_books())
with told("durable inside"), transaction.atomic():
    close_the_books()

# Hooks: in order, also those that are made by a hook; a robust one that fails stops nobody.
import logging

logging.disable(logging.CRITICAL)
LETTERS.clear()
with transaction.atomic():
    transaction.on_commit(lambda: letter("first"))
    transaction.on_commit(lambda: 1 / 0, robust=True)
    with told("inner"), transaction.atomic():
        transaction.on_commit(lambda: letter("never"))
        raise Refused
    transaction.on_commit(lambda: transaction.on_commit(lambda: letter("nested")))
    transaction.on_commit(lambda: letter("last"))
print(LETTERS)
with told("hook that fails"), transaction.atomic():
    Account.objects.filter(owner="cy").update(balance=F("balance") + 1)
    transaction.on_commit(lambda: 1 / 0)
print(balances())
transaction.on_commit(lambda: letter("at once"))
print(LETTERS[-1])

# Tellers: four threads, each with a connection of its own.
LETTERS.clear()
failures = []


def teller(number):
    try:
        for step in range(5):
            with transaction.atomic():
                Account.objects.select_for_update().get(owner="ada")
                Account.objects.filter(owner="ada").update(balance=F("balance") - 1)
                Account.objects.filter(owner="cy").update(balance=F("balance") + 1)
                transaction.on_commit(lambda: letter(number))
                if step == 4:
                    raise Refused
    except Refused:
        failures.append(number)
    finally:
        connections.close_all()


# SQLite lets one write at a time: there the tellers take turns.
turns = threading.Semaphore(4 if connection.features.has_select_for_update else 1)


def in_turn(number):
    with turns:
        teller(number)


threads = [threading.Thread(target=in_turn, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("tellers", sorted(failures), sorted(LETTERS), balances())

# Every row.
for entry in Entry.objects.select_related("source", "target"):
    print(entry.batch, entry.source.owner, entry.target.owner, entry.amount)
for row in Account.objects.annotate(sent=Count("out", distinct=True), got=Count("into", distinct=True)).values_list(
    "owner", "balance", "frozen", "sent", "got"
):
    print(*row)

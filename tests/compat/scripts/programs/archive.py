"""An archive in a database of its own: a router says where models live, what may refer to what, and what is refused."""

import os
import tempfile

from django.conf import settings

base = tempfile.mkdtemp()


class Router:
    def db_for_read(self, model, **hints):
        return "archive" if model._meta.model_name.startswith("old") else None

    def db_for_write(self, model, **hints):
        return "archive" if model._meta.model_name.startswith("old") else None

    def allow_relation(self, a, b, **hints):
        return (
            True
            if a._state.db == b._state.db
            else (False if {a._meta.model_name, b._meta.model_name} == {"oldorder", "customer"} else None)
        )

    def allow_migrate(self, db, app_label, model_name=None, **hints):
        if model_name:
            return (db == "archive") == model_name.startswith("old")
        return None


settings.configure(
    DATABASES={
        "default": {
            "ENGINE": os.environ.get("TEST_ENGINE", "django.db.backends.sqlite3"),
            "NAME": os.environ.get("TEST_NAME", base + "/a.sqlite3"),
            "USER": os.environ.get("TEST_USER", ""),
            "PASSWORD": os.environ.get("TEST_PASSWORD", ""),
            "HOST": os.environ.get("TEST_HOST", ""),
            "PORT": os.environ.get("TEST_PORT", ""),
        },
        "archive": {"ENGINE": "django.db.backends.sqlite3", "NAME": base + "/b.sqlite3"},
    },
    DATABASE_ROUTERS=[Router()],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DEBUG=True,
    USE_TZ=False,
)
import django

django.setup()
from django.db import (
    IntegrityError,
    OperationalError,
    ProgrammingError,
    connection,
    connections,
    models,
    reset_queries,
    router,
    transaction,
)
from django.db.models import Count, F, Sum


class Customer(models.Model):
    name = models.CharField(max_length=30, unique=True)

    class Meta:
        app_label = "m"

    def __str__(self):
        return self.name


class Order(models.Model):
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="orders")
    total = models.DecimalField(max_digits=8, decimal_places=2)

    class Meta:
        app_label = "m"
        ordering = ["pk"]


class OldOrder(models.Model):
    customer_id = models.IntegerField()
    total = models.DecimalField(max_digits=8, decimal_places=2)
    lines = models.JSONField(default=list)

    class Meta:
        app_label = "m"
        ordering = ["-total"]


for M in (Customer, Order, OldOrder):
    for alias in connections:
        if router.allow_migrate_model(alias, M):
            with connections[alias].schema_editor() as e:
                e.create_model(M)
print({a: sorted(connections[a].introspection.table_names()) for a in connections})
ada = Customer.objects.create(name="Ada")
bob = Customer(name="Bob")
bob.save()
print(ada._state.db, Customer.objects.db, OldOrder.objects.db, Order.objects.using("archive").db)
for n in range(4):
    Order.objects.create(customer=ada if n % 2 else bob, total=n * 10.5 if n else 3)
try:
    Order.objects.using("archive").count()
except (OperationalError, ProgrammingError):
    print("no such table")
with transaction.atomic(), transaction.atomic("archive"):
    for o in Order.objects.filter(total__gt=5).select_related("customer"):
        OldOrder.objects.create(customer_id=o.customer.pk, total=o.total, lines=[{"t": str(o.total)}])
    print(Order.objects.filter(total__gt=5).delete())
print(OldOrder.objects.aggregate(s=Sum("total"), n=Count("pk")))
try:
    with transaction.atomic("archive"):
        OldOrder.objects.update(total=F("total") + 1)
        with transaction.atomic():
            Customer.objects.create(name="Ada")
except IntegrityError:
    print("integrity")
print(list(OldOrder.objects.values_list("total", flat=True)), Customer.objects.count())
copy = Customer.objects.get(name="Bob")
with connections["archive"].schema_editor() as e:
    e.create_model(Customer)
copy.save(using="archive")
print(copy._state.db, Customer.objects.using("archive").get().name)
copy.name = "Robert"
copy.save()
print([Customer.objects.using(a).get(pk=copy.pk).name for a in ("default", "archive")])
arch = Customer.objects.using("archive").get()
try:
    Order(customer=arch, total=1).save(using="default")
    o = Order()
    o.customer = arch
    print("same", o._state.db)
    x = Order.objects.first()
    x.customer = arch
    print("set")
except ValueError as e:
    print("ValueError", e)
print(arch == copy, hash(arch) == hash(copy), arch.orders.count() if False else "")
print(Customer.objects.db_manager("archive").create(name="Zoe")._state.db)
print(Customer.objects.using("archive").filter(name__in=Customer.objects.using("archive").values("name")).count())
try:
    print(Customer.objects.using("archive").filter(pk__in=Order.objects.using("default").values("customer")).count())
except Exception as e:
    print(type(e).__name__, e)
try:
    Customer.objects.using("nope").count()
except Exception as e:
    print(type(e).__name__, e)
reset_queries()
Customer.objects.count()
list(OldOrder.objects.all())
print(len(connection.queries), len(connections["archive"].queries), sorted(connection.queries[0]))
for c in connections.all():
    print(c.alias, c.in_atomic_block, c.get_autocommit(), c.settings_dict["CONN_MAX_AGE"])
print(router.db_for_read(OldOrder), router.db_for_write(Customer, instance=arch), router.allow_relation(ada, arch))
Customer.objects.using("archive").get(name="Zoe").refresh_from_db()
ada.refresh_from_db(using="default")
print(ada.orders.db, ada.orders.using("default").count())
print(
    Customer.objects.bulk_create([Customer(name="q1"), Customer(name="q2")])[0]._state.db,
    Customer.objects.using("archive").bulk_create([Customer(name="q1")])[0]._state.db,
)
for M, a in ((Customer, "default"), (Customer, "archive"), (Order, "default"), (OldOrder, "archive")):
    for row in M.objects.using(a).order_by("pk").values():
        row.pop("id")  # what was refused takes a number on one database, and none on the other
        print(M.__name__, a, row)

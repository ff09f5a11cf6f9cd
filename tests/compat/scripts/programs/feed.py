"""An importer of a messy feed: what each wrong value is taken for or refused with, word for word, and what is kept."""

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
        }
    },
    INSTALLED_APPS=["__main__"],
    TIME_ZONE="Europe/Berlin",
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

import csv
import io
import json
import re
import uuid
from collections import Counter
from datetime import date
from decimal import Decimal

from django.core.exceptions import (
    ValidationError,
    NON_FIELD_ERRORS,
)
from django.core.validators import (
    MinValueValidator,
    RegexValidator,
    validate_email,
)
from django.db import DataError, connection, models, transaction
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.dateparse import parse_date, parse_datetime, parse_duration, parse_time
from django.utils.text import slugify, Truncator


def show(label, call):
    try:
        with transaction.atomic():
            got = call()
    except Exception as error:
        print(f"{label}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
    else:
        print(f"{label}: {got!r}")


class Status(models.TextChoices):
    DRAFT = "D", "Draft"
    ACTIVE = "A", "Active"
    GONE = "X"


class Priority(models.IntegerChoices):
    LOW = 1
    HIGH = 10, "Very high"
    __empty__ = "(none)"


class SupplierQuerySet(models.QuerySet):
    def active(self):
        return self.filter(status=Status.ACTIVE)

    def by_code(self, code):
        return self.filter(code__iexact=code.strip())

    def with_totals(self):
        return self.annotate(
            total=Coalesce(
                Sum(F("products__price") * F("products__stock")),
                Decimal("0"),
                output_field=models.DecimalField(max_digits=14, decimal_places=2),
            ),
            n=Count("products", distinct=True),
        )


class SupplierManager(models.Manager.from_queryset(SupplierQuerySet)):
    def get_by_natural_key(self, code):
        return self.get(code=code)


class Supplier(models.Model):
    code = models.CharField(
        max_length=8, unique=True, validators=[RegexValidator(r"^[A-Z]{2}\d+$", "Two letters, then digits.")]
    )
    name = models.CharField("supplier name", max_length=40, help_text="As on the invoice")
    email = models.EmailField(blank=True)
    site = models.URLField(null=True, blank=True)
    status = models.CharField(max_length=1, choices=Status.choices, default=Status.DRAFT, db_index=True)
    priority = models.IntegerField(choices=Priority.choices, null=True, blank=True)
    since = models.DateField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)
    extra = models.JSONField(default=dict, blank=True)

    objects = SupplierManager()

    class Meta:
        ordering = ["code"]
        verbose_name = "supplier"
        constraints = [
            models.CheckConstraint(
                condition=~Q(name=""), name="supplier_named", violation_error_message="A supplier has a name."
            )
        ]

    def __str__(self):
        return f"{self.code} {self.name}"

    def natural_key(self):
        return (self.code,)

    def clean(self):
        if self.status == Status.ACTIVE and not self.email:
            raise ValidationError({"email": ValidationError("Active suppliers need an address.", code="needed")})


class Product(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    supplier = models.ForeignKey(
        Supplier, models.CASCADE, related_name="products", to_field="code", db_column="supplier_code"
    )
    sku = models.SlugField(max_length=30)
    title = models.CharField(max_length=60)
    price = models.DecimalField(max_digits=8, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))])
    stock = models.PositiveIntegerField(default=0)
    weight = models.FloatField(null=True)
    lead_time = models.DurationField(null=True)
    opens = models.TimeField(null=True)
    blob = models.BinaryField(default=b"")
    ip = models.GenericIPAddressField(null=True, unpack_ipv4=True)
    tags = models.ManyToManyField("Tag", through="Tagging", blank=True)

    class Meta:
        unique_together = [("supplier", "sku")]
        ordering = ["supplier", "sku"]

    def __str__(self):
        return self.title


class Tag(models.Model):
    name = models.CharField(max_length=20, unique=True)

    def __str__(self):
        return self.name


class Tagging(models.Model):
    product = models.ForeignKey(Product, models.CASCADE)
    tag = models.ForeignKey(Tag, models.CASCADE)
    weight = models.SmallIntegerField(default=1)


class ImportError_(models.Model):
    line = models.IntegerField()
    problem = models.TextField()

    class Meta:
        db_table = "import_problems"


MODELS = [Supplier, Tag, Product, Tagging, ImportError_]
with connection.schema_editor() as editor:
    for model in MODELS:
        editor.create_model(model)

FEED = """code;name;email;since;status;priority
DE1;Acme GmbH;info@acme.example;2020-1-2;A;10
de2; Büro Ost ;;31.12.2021;D;
FR77;L'Étoile "bleue";hello@etoile.example;2021-02-29;A;1
DE1;Acme AG;info@acme.example;2020-01-02;A;10
;Nobody;;;;
US5;Long name;x@y.example;;Z;3
GB9;Plain;bad address;2022-05-05;A;high
IT3;Roma;roma@it.example;2022-05-05T10:00;A;1
"""


def when(text):
    text = text.strip()
    if not text:
        return None
    found = re.match(r"^(\d\d)\.(\d\d)\.(\d{4})$", text)
    if found:
        return date(int(found[3]), int(found[2]), int(found[1]))
    return parse_date(text)


def import_suppliers():
    counts = Counter()
    for number, row in enumerate(csv.DictReader(io.StringIO(FEED), delimiter=";"), 2):
        try:
            with transaction.atomic():
                code = row["code"].strip().upper()
                supplier, created = Supplier.objects.update_or_create(
                    code=code,
                    defaults={
                        "name": row["name"].strip(),
                        "email": row["email"] or "",
                        "since": when(row["since"]),
                        "status": row["status"] or Status.DRAFT,
                        "priority": row["priority"] or None,
                    },
                    create_defaults={
                        "name": row["name"].strip(),
                        "email": row["email"],
                        "since": when(row["since"]),
                        "status": row["status"] or "D",
                        "priority": row["priority"] or None,
                        "extra": {"line": number},
                    },
                )
                supplier.full_clean()
                counts["created" if created else "updated"] += 1
        except ValidationError as error:
            counts["invalid"] += 1
            ImportError_.objects.create(
                line=number,
                problem=json.dumps(
                    error.message_dict if hasattr(error, "error_dict") else error.messages,
                    sort_keys=True,
                    ensure_ascii=False,
                ),
            )
        except (ValueError, TypeError, DataError) as error:
            counts[type(error).__name__] += 1
            ImportError_.objects.create(line=number, problem=f"{type(error).__name__}: {str(error).splitlines()[0]}")
    return dict(sorted(counts.items()))


print(import_suppliers())
for problem in ImportError_.objects.order_by("line").values_list("line", "problem"):
    print(problem)
for supplier in Supplier.objects.all():
    print(
        supplier,
        repr(supplier.get_status_display()),
        repr(supplier.get_priority_display()),
        supplier.since,
        supplier.extra,
    )

acme = Supplier.objects.get(code="DE1")
de2 = Supplier.objects.filter(code="DE2").first() or Supplier.objects.create(code="DE2", name="Büro", status="D")
print("== messy values")
K = dict(supplier=acme, title="T", price="1.50")
show("str price", lambda: Product.objects.create(sku="a", **K).price)
show("str price read", lambda: Product.objects.get(sku="a").price)
show("float stock", lambda: (Product.objects.create(sku="b", stock=2.9, **K).stock, Product.objects.get(sku="b").stock))
show("str stock", lambda: (Product.objects.create(sku="c", stock=" 7 ", **K).stock, Product.objects.get(sku="c").stock))
show("bad stock", lambda: Product.objects.create(sku="d", stock="7.5", **K))
show("empty stock", lambda: Product.objects.create(sku="d", stock="", **K))
show("price words", lambda: Product.objects.create(sku="f", supplier=acme, title="E", price="1,50"))
show("weight str", lambda: Product.objects.create(sku="i", weight="3.25", **K).weight)
show("weight bad", lambda: Product.objects.create(sku="j", weight="heavy", **K))
show("opens", lambda: Product.objects.create(sku="m", opens="7:5", **K).opens)
show("opens2", lambda: Product.objects.create(sku="m2", opens="07:05", **K).opens)
show("opens read", lambda: list(Product.objects.exclude(opens=None).values_list("sku", "opens")))
show("ip", lambda: Product.objects.create(sku="n", ip="::ffff:10.0.0.1", **K).ip)
show("ip read", lambda: Product.objects.get(sku="n").ip)
show("ip filter", lambda: Product.objects.filter(ip="10.0.0.1").count())
show("ip6", lambda: (Product.objects.create(sku="n6", ip="2001:0DB8:0::1", **K).ip, Product.objects.get(sku="n6").ip))
show("blob", lambda: bytes(Product.objects.create(sku="o", blob=b"\x00\xff", **K).blob))
show("blob read", lambda: type(Product.objects.get(sku="o").blob).__name__)
show(
    "fk instance unsaved",
    lambda: Product.objects.create(sku="p", supplier=Supplier(code="QQ1", name="q"), title="t", price=1),
)
show("fk wrong class", lambda: Product.objects.create(sku="p", supplier="DE1", title="t", price=1))
show("uuid bad", lambda: Product.objects.get(pk="xyz"))
show("uuid filter", lambda: Product.objects.filter(id="not-a-uuid").count())
show("unknown field", lambda: Supplier(nme="x"))
show("unknown create", lambda: Supplier.objects.create(nme="x"))
show("unknown filter", lambda: Supplier.objects.filter(nme="x"))
show("unknown lookup", lambda: Supplier.objects.filter(name__likes="x"))
show("get none", lambda: Supplier.objects.get(code="nope"))
show("int text", lambda: Supplier.objects.filter(pk="abc"))
show("date text", lambda: Supplier.objects.filter(since="yesterday"))
show("date text2", lambda: Supplier.objects.filter(since__gte="2020-1-1").count())
show("date invalid", lambda: Supplier.objects.filter(since="2020-02-30"))
show("bool", lambda: Supplier.objects.filter(since__isnull="yes").count())
show("in none", lambda: Supplier.objects.filter(code__in=[None]).count())
show("in mixed", lambda: Supplier.objects.filter(priority__in=[None, "1", 10.0]).count())
show("= None", lambda: Supplier.objects.filter(priority=None).count())
show("gt None", lambda: Supplier.objects.filter(priority__gt=None).count())
show(
    "range",
    lambda: list(
        Supplier.objects.filter(since__range=("2020-01-01", date(2021, 12, 31))).values_list("code", flat=True)
    ),
)
show("iexact none", lambda: Supplier.objects.filter(site__iexact=None).count())
show("update unknown", lambda: Supplier.objects.update(foo=1))
show("update none", lambda: Supplier.objects.filter(code="zzz").update(name="x"))
show("update bad", lambda: Supplier.objects.update(priority="many"))
show("get_or_create", lambda: [str(Tag.objects.get_or_create(name=n)) for n in ("red", "blue", "red")])
show(
    "get_or_create defaults callable",
    lambda: Tag.objects.get_or_create(name__iexact="green", defaults={"name": lambda: "Green"})[0].name,
)
show("get_or_create bad", lambda: Tag.objects.get_or_create(nam="x"))
show(
    "through create",
    lambda: Product.objects.get(sku="a").tags.add(Tag.objects.get(name="red"), through_defaults={"weight": 5}),
)
show("through values", lambda: list(Tagging.objects.values_list("product__sku", "tag__name", "weight")))
print("== bulk")
rows = [Product(supplier=acme, sku=f"bulk-{i}", title=f"Bulk {i}", price=Decimal(i) / 3, stock=i) for i in range(1, 6)]
show("bulk long", lambda: len(Product.objects.bulk_create(rows)))
show("bulk read", lambda: list(Product.objects.filter(sku__startswith="bulk").values_list("sku", "price")))
show(
    "bulk ignore",
    lambda: [p.pk is None for p in Tag.objects.bulk_create([Tag(name="red"), Tag(name="new")], ignore_conflicts=True)],
)
show(
    "bulk upsert",
    lambda: len(
        Tag.objects.bulk_create(
            [Tag(name="red"), Tag(name="new2")], update_conflicts=True, unique_fields=["name"], update_fields=["name"]
        )
    ),
)
show("bulk upsert bad", lambda: Tag.objects.bulk_create([Tag(name="red")], update_conflicts=True))
show(
    "bulk upsert bad2",
    lambda: Tag.objects.bulk_create(
        [Tag(name="red")], update_conflicts=True, update_fields=["nam"], unique_fields=["name"]
    ),
)
show("bulk size", lambda: Tag.objects.bulk_create([Tag(name="s1")], batch_size=-1))
show("bulk none", lambda: Tag.objects.bulk_create([]))
show(
    "bulk_update",
    lambda: Product.objects.bulk_update(
        [p for p in rows if not setattr(p, "stock", F("stock") + 10)], ["stock"], batch_size=2
    ),
)
show("bulk_update read", lambda: list(Product.objects.filter(sku__startswith="bulk").values_list("stock", flat=True)))
show("bulk_update pk", lambda: Product.objects.bulk_update(rows, ["id"]))
show("bulk_update none", lambda: Product.objects.bulk_update(rows, []))
show("bulk_update unsaved", lambda: Tag.objects.bulk_update([Tag(name="q")], ["name"]))
show("in_bulk", lambda: sorted(Tag.objects.in_bulk(["red", "new2", "zz"], field_name="name")))
show("in_bulk bad", lambda: Supplier.objects.in_bulk(["x"], field_name="name"))
show("active", lambda: [s.code for s in Supplier.objects.active().by_code(" de1 ")])
print("== cleaning")
show("clean bad", lambda: Supplier(code="x", name="", email="no", site="no url", status="Q", priority=3).full_clean())
try:
    Supplier(code="toolongcode", name="", email="no", site="no url", status="Q", priority=3).full_clean()
except ValidationError as error:
    for key, problems in sorted(error.error_dict.items()):
        print(key, [(p.code, p.messages) for p in problems])
    print(sorted(error.message_dict))
try:
    Supplier(code="DE1", name="dup", status="A").full_clean()
except ValidationError as error:
    print(error.message_dict, [e.code for e in error.error_dict["code"]])
try:
    Product(supplier=acme, sku="a", title="again", price="0").full_clean()
except ValidationError as error:
    print(error.message_dict)
    print([(e.code, sorted((e.params or {}))) for e in error.error_dict.get(NON_FIELD_ERRORS, [])])
show("clean_fields exclude", lambda: Supplier(code="DE5", name="ok", email="bad").clean_fields(exclude=["email"]))
show("validate_unique", lambda: Supplier(code="DE1", name="ok").validate_unique())
show("constraints", lambda: Supplier(code="DE7", name="").validate_constraints())
show("validate_email", lambda: validate_email("a@b"))
show(
    "slug",
    lambda: (
        slugify("L'Étoile Bleue & Co."),
        slugify("Ünï", allow_unicode=True),
        Truncator("one two three four").words(2),
        Truncator("one two").chars(4),
    ),
)
show(
    "parse",
    lambda: (
        parse_date("2020-2-3"),
        parse_datetime("2020-02-03 4:05"),
        parse_time("4:05:06.7"),
        parse_duration("1 02:03:04"),
        parse_duration("P1DT2H"),
        parse_date("x"),
    ),
)
show(
    "choices",
    lambda: (
        Status.choices,
        Status.labels,
        Status.values,
        Status.names,
        Priority.choices,
        Status("A").label,
        str(Status.ACTIVE),
        Priority.HIGH == 10,
        Status.GONE.label,
    ),
)
print("== rows")
for model in MODELS:
    left_out = ("id", "created", "changed", "blob", "product")
    columns = [field.attname for field in model._meta.concrete_fields if field.name not in left_out]
    for row in model.objects.order_by("sku" if model is Product else "pk").values_list(*columns):
        print(model.__name__, row)

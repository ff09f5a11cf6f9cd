"""An importer of a supplier's price list: bad lines are told, known things are found, the rest is made in bulk."""

import csv
import io
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
    TIME_ZONE="UTC",
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation

from django.core import serializers
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Count, F, Max, Q, Sum
from django.utils.text import slugify

LINES = """\
sku;name;supplier;price;stock;tags;updated
A-1;Hammer;Iron & Sons;12.50;10;tools,iron;2024-01-05T10:00:00+00:00
A-2;Saw;Iron & Sons;20.00;3;tools;2024-01-05T10:00:00+00:00
B-1;Oak board;Woodyard;7.25;100;wood;2024-02-01T08:30:00+00:00
B-2;Pine board;Woodyard;not a price;80;wood;2024-02-01T08:30:00+00:00
C-1;Glue;Chemco;4.99;-5;;2024-02-10T08:30:00+00:00
A-1;Hammer, heavy;Iron & Sons;14.00;12;tools,iron,heavy;2024-03-01T10:00:00+00:00
bad sku;Thing;Chemco;1.00;1;;2024-03-01T10:00:00+00:00
D-1;;Nobody;1.00;1;;2024-03-01T10:00:00+00:00
E-1;Wire;Iron & Sons;2.10;400;iron,wire;2024-03-02T10:00:00+00:00
"""


class Supplier(models.Model):
    name = models.CharField(max_length=40, unique=True)
    slug = models.SlugField(max_length=40)

    class Meta:
        ordering = ["name"]

    def save(self, *args, **kwargs):
        self.slug = self.slug or slugify(self.name)
        super().save(*args, **kwargs)


class Tag(models.Model):
    word = models.CharField(max_length=20, unique=True)


class Product(models.Model):
    sku = models.CharField(max_length=10, unique=True, validators=[RegexValidator(r"^[A-Z]-\d+$")])
    name = models.CharField(max_length=40)
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="products")
    price = models.DecimalField(max_digits=8, decimal_places=2)
    stock = models.IntegerField(validators=[MinValueValidator(0)])
    tags = models.ManyToManyField(Tag, blank=True)
    updated = models.DateTimeField()

    class Meta:
        ordering = ["sku"]

    def __str__(self):
        return f"{self.sku} {self.name}"


class Change(models.Model):
    product = models.ForeignKey(Product, models.CASCADE, related_name="changes")
    what = models.CharField(max_length=10)
    before = models.CharField(max_length=40, blank=True)
    after = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["id"]


MODELS = [Supplier, Tag, Product, Change]


class Importer:
    def __init__(self, text):
        self.rows = csv.DictReader(io.StringIO(text), delimiter=";")
        self.errors = []
        self.counts = {"created": 0, "updated": 0, "same": 0}

    def run(self):
        for number, row in enumerate(self.rows, start=2):
            try:
                with transaction.atomic():
                    self.take(row)
            except ValidationError as error:
                self.errors.append((number, sorted(error.message_dict)))
            except (InvalidOperation, ValueError, IntegrityError) as error:
                self.errors.append((number, type(error).__name__))

    def take(self, row):
        supplier, made = Supplier.objects.get_or_create(name=row["supplier"])
        if made:
            print("new supplier", supplier.slug)
        values = {
            "name": row["name"],
            "supplier": supplier,
            "price": Decimal(row["price"]),
            "stock": int(row["stock"]),
            "updated": datetime.fromisoformat(row["updated"]),
        }
        try:
            product = Product.objects.select_for_update().get(sku=row["sku"])
        except Product.DoesNotExist:
            product = Product(sku=row["sku"], **values)
            product.full_clean()
            product.save()
            self.counts["created"] += 1
        else:
            self.update(product, values)
        words = [word for word in row["tags"].split(",") if word]
        Tag.objects.bulk_create([Tag(word=word) for word in words], ignore_conflicts=True)
        product.tags.set(Tag.objects.filter(word__in=words))

    def update(self, product, values):
        changes = []
        for name, value in values.items():
            old = getattr(product, name)
            if old != value:
                changes.append(Change(product=product, what=name, before=str(old)[:40], after=str(value)[:40]))
                setattr(product, name, value)
        if not changes:
            self.counts["same"] += 1
            return
        product.full_clean()
        product.save(update_fields=[change.what for change in changes])
        Change.objects.bulk_create(changes)
        self.counts["updated"] += 1


def show(title, rows):
    print(f"-- {title}")
    for row in rows:
        print("  ", *row)


with connection.schema_editor() as editor:
    for model in MODELS:
        editor.create_model(model)

importer = Importer(LINES)
importer.run()
print(importer.counts, importer.errors)
show("products", [(p, p.price, p.stock, sorted(p.tags.values_list("word", flat=True))) for p in Product.objects.all()])
show("changes", Change.objects.values_list("product__sku", "what", "before", "after"))
show("suppliers", Supplier.objects.annotate(n=Count("products"), worth=Sum(F("products__price") * F("products__stock")))
     .order_by("name").values_list("name", "n"))  # fmt: skip

again = Importer(LINES.replace("14.00", "15.00"))
again.run()
print(again.counts, len(again.errors))
print(Product.objects.filter(Q(tags__word="iron") & ~Q(sku="E-1")).distinct().count())
totals = Product.objects.aggregate(most=Max("stock"), worth=Sum("price"))
print(totals["most"], f"{totals['worth']:.2f}")
print(Product.objects.update_or_create(sku="E-1", defaults={"stock": 1})[1])
print(Product.objects.bulk_update([Product(pk=p.pk, stock=p.stock + 1) for p in Product.objects.all()], ["stock"]))
try:
    Supplier.objects.get(name="Woodyard").delete()
except models.ProtectedError as error:
    print(type(error).__name__, sorted(str(one) for one in error.protected_objects))
text = serializers.serialize("json", Product.objects.order_by("sku"), fields=["sku", "name", "price", "tags"])
print(text)
print([one.object.sku for one in serializers.deserialize("json", text)])
for model in MODELS:
    show(model.__name__, model.objects.order_by("pk").values_list())
with connection.schema_editor() as editor:
    for model in reversed(MODELS):
        editor.delete_model(model)

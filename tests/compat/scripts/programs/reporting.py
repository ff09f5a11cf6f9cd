"""A monthly report of a shop: groups, windows, subqueries, conditions and shares, as tables of text."""

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

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from django.db import connection, models
from django.db.models import (
    Avg,
    Case,
    Count,
    ExpressionWrapper,
    Exists,
    F,
    FloatField,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Prefetch,
    Q,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import (
    Coalesce,
    Concat,
    DenseRank,
    ExtractMonth,
    ExtractWeekDay,
    FirstValue,
    Lag,
    Length,
    Lower,
    NullIf,
    Rank,
    RowNumber,
    TruncMonth,
    Upper,
)


class Region(models.Model):
    name = models.CharField(max_length=20)

    class Meta:
        ordering = ["name"]


class Shop(models.Model):
    name = models.CharField(max_length=20)
    region = models.ForeignKey(Region, models.CASCADE, related_name="shops")
    opened = models.DateField()


class Article(models.Model):
    class Kind(models.TextChoices):
        FOOD = "f", "Food"
        TOOL = "t", "Tool"
        BOOK = "b", "Book"

    name = models.CharField(max_length=20)
    kind = models.CharField(max_length=1, choices=Kind.choices)
    cost = models.IntegerField()


class SaleQuerySet(models.QuerySet):
    def worth(self):
        return self.annotate(worth=F("count") * F("price"))

    def of_month(self, year, month):
        return self.filter(at__year=year, at__month=month)


class Sale(models.Model):
    shop = models.ForeignKey(Shop, models.CASCADE, related_name="sales")
    article = models.ForeignKey(Article, models.CASCADE, related_name="sales")
    count = models.PositiveIntegerField()
    price = models.IntegerField()
    at = models.DateTimeField()
    returned = models.BooleanField(default=False)

    objects = SaleQuerySet.as_manager()


MODELS = [Region, Shop, Article, Sale]


def fill():
    north, south, empty = (Region.objects.create(name=name) for name in ("North", "South", "West"))
    shops = [
        Shop.objects.create(name=name, region=region, opened=date(2020, month, 1))
        for name, region, month in [("Harbour", north, 1), ("Market", north, 3), ("Station", south, 6), ("Empty", empty, 7)]
    ]
    articles = Article.objects.bulk_create(
        [Article(name=name, kind=kind, cost=cost)
         for name, kind, cost in [("bread", "f", 2), ("hammer", "t", 9), ("novel", "b", 5), ("atlas", "b", 20)]]
    )  # fmt: skip
    articles = list(Article.objects.order_by("pk"))
    start = datetime(2024, 1, 3, 9, 0, tzinfo=timezone.utc)
    Sale.objects.bulk_create(
        [
            Sale(
                shop=shops[number % 3],
                article=articles[(number * 7) % 4],
                count=1 + number % 5,
                price=articles[(number * 7) % 4].cost + number % 3,
                at=start + timedelta(days=number * 3, hours=number % 12),
                returned=number % 11 == 0,
            )
            for number in range(40)
        ]
    )


def table(title, rows):
    print(f"== {title}")
    for row in rows:
        print(" | ".join(format(cell, ".2f") if isinstance(cell, (float, Decimal)) else str(cell) for cell in row))


with connection.schema_editor() as editor:
    for model in MODELS:
        editor.create_model(model)
fill()
kept = Sale.objects.filter(returned=False).worth()

table("by month", kept.annotate(month=TruncMonth("at")).values("month").annotate(n=Count("pk"), sum=Sum("worth"))
      .order_by("month").values_list("month", "n", "sum"))  # fmt: skip
table("by region", Region.objects.annotate(
    n=Count("shops__sales", filter=Q(shops__sales__returned=False)),
    units=Coalesce(Sum("shops__sales__count"), 0),
    shops_open=Count("shops", distinct=True),
).values_list("name", "n", "units", "shops_open"))  # fmt: skip
table("kinds", Sale.objects.values("article__kind").annotate(
    n=Count("pk"), least=Min("price"), most=Max("price"), mean=Avg("price"),
).order_by("-n", "article__kind").values_list("article__kind", "n", "least", "most", "mean"))  # fmt: skip
table("above average", Shop.objects.annotate(units=Coalesce(Sum("sales__count"), 0)).filter(units__gt=30)
      .order_by("name").values_list("name", "units"))  # fmt: skip

best = kept.filter(shop=OuterRef("pk")).order_by("-worth", "pk")
table("best sale", Shop.objects.order_by("name").annotate(
    article=Subquery(best.values("article__name")[:1]),
    worth=Coalesce(Subquery(best.values("worth")[:1]), 0),
    books=Exists(Sale.objects.filter(shop=OuterRef("pk"), article__kind="b")),
).values_list("name", "article", "worth", "books"))  # fmt: skip

table("rank in region", Shop.objects.annotate(units=Coalesce(Sum("sales__count"), 0)).annotate(
    place=Window(Rank(), partition_by="region", order_by=F("units").desc()),
).order_by("region__name", "place", "name").values_list("region__name", "name", "units", "place"))  # fmt: skip
table("running", kept.of_month(2024, 2).annotate(
    total=Window(Sum("worth"), partition_by="shop", order_by=["at", "pk"]),
    before=Window(Lag("worth", default=Value(0)), partition_by="shop", order_by=["at", "pk"]),
    number=Window(RowNumber(), order_by=["at", "pk"]),
    first=Window(FirstValue("article__name"), partition_by="shop", order_by=["at", "pk"]),
).order_by("at", "pk").values_list("shop__name", "worth", "total", "before", "number", "first"))  # fmt: skip
table("top two of each kind", Sale.objects.worth().annotate(
    place=Window(DenseRank(), partition_by="article__kind", order_by=F("worth").desc()),
).filter(place__lte=2).order_by("article__kind", "place", "pk").values_list("article__kind", "place", "worth"))  # fmt: skip

size = Case(When(worth__gte=40, then=Value("large")), When(worth__gte=15, then=Value("middle")), default=Value("small"))
table("sizes", kept.annotate(size=size).values("size").annotate(n=Count("pk")).order_by("size").values_list("size", "n"))
everything = kept.aggregate(all=Sum("worth"))["all"]
table("shares", kept.values("shop__name").annotate(
    share=ExpressionWrapper(Sum("worth") * 100.0 / everything, output_field=FloatField()),
).order_by("shop__name").values_list("shop__name", "share"))  # fmt: skip
table("weekdays", Sale.objects.annotate(day=ExtractWeekDay("at")).values_list("day").annotate(n=Count("pk")).order_by("day"))
table("months", [(str(one.date()), Sale.objects.filter(at__month=one.month).count())
                 for one in Sale.objects.datetimes("at", "month")])  # fmt: skip
table("quarter", Sale.objects.annotate(m=ExtractMonth("at")).filter(m__in=[2, 3]).values("m").annotate(
    spread=Max("price") - Min("price"), rate=Coalesce(NullIf(Avg("price"), 0.0), 0.0),
).order_by("m").values_list("m", "spread", "rate"))  # fmt: skip
table("names", Article.objects.annotate(
    shown=Concat(Upper("name"), Value(" ("), "kind", Value(")")), long=Length("name"),
).order_by(Lower("name").desc()).values_list("shown", "long"))  # fmt: skip
table("either", Sale.objects.filter(count=5).values_list("shop__name", "price").union(
    Sale.objects.filter(price__gt=20).values_list("shop__name", "price"),
).order_by("price", "shop__name"))  # fmt: skip
table("loaded", [
    (region.name, [(shop.name, [sale.count for sale in shop.big]) for shop in region.shops.all()])
    for region in Region.objects.prefetch_related(
        Prefetch("shops", Shop.objects.order_by("name").prefetch_related(
            Prefetch("sales", Sale.objects.filter(count__gte=4).order_by("pk"), to_attr="big"))),
    )
])  # fmt: skip
table("kinds by name", [(kind.label, Article.objects.filter(kind=kind).count()) for kind in Article.Kind])
print(Sale.objects.aggregate(mean=Avg("count"), shops=Count("shop", distinct=True), n=Count("pk", filter=Q(count=1)),
                             half=Sum(Case(When(returned=True, then=1), default=0, output_field=IntegerField()))))
with connection.schema_editor() as editor:
    for model in reversed(MODELS):
        editor.delete_model(model)

"""Figures for a report: aggregates, windows, subqueries, functions, JSON, and days across a change of the clocks."""

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

from datetime import date, datetime, time, timedelta, timezone as dt_timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection, models, transaction
from django.db.models import (
    Avg,
    BooleanField,
    Case,
    CharField,
    Count,
    DateField,
    DecimalField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    FilteredRelation,
    FloatField,
    Func,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Prefetch,
    Q,
    StdDev,
    Subquery,
    Sum,
    Value,
    Variance,
    When,
    Window,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import (
    Abs,
    Cast,
    Ceil,
    Coalesce,
    Concat,
    CumeDist,
    Extract,
    ExtractDay,
    ExtractHour,
    ExtractIsoYear,
    ExtractMonth,
    ExtractQuarter,
    ExtractWeek,
    ExtractWeekDay,
    ExtractYear,
    Floor,
    Greatest,
    JSONObject,
    Left,
    Length,
    Lower,
    LPad,
    MD5,
    Mod,
    NullIf,
    PercentRank,
    Power,
    Repeat,
    Reverse,
    Right,
    Round,
    RowNumber,
    Sign,
    StrIndex,
    Substr,
    Trim,
    Trunc,
    TruncDate,
    TruncHour,
    TruncMonth,
    TruncQuarter,
    TruncTime,
    TruncWeek,
    TruncYear,
    Upper,
)
from django.utils import timezone


def show(label, call):
    try:
        with transaction.atomic():
            got = call()
    except Exception as error:
        print(f"{label}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
    else:
        print(f"{label}: {got!r}")


class Region(models.Model):
    name = models.CharField(max_length=30)
    zone = models.CharField(max_length=30, default="UTC")
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="children")


class Shop(models.Model):
    region = models.ForeignKey(Region, models.CASCADE, related_name="shops")
    name = models.CharField(max_length=30)
    opened = models.DateField()
    area = models.FloatField(default=0)


class Sale(models.Model):
    shop = models.ForeignKey(Shop, models.CASCADE, related_name="sales")
    at = models.DateTimeField()
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    count = models.IntegerField(default=1)
    duration = models.DurationField(default=timedelta(0))
    opening = models.TimeField(null=True)
    payload = models.JSONField(default=dict)
    paid = models.BooleanField(default=False)
    note = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["at", "pk"]
        get_latest_by = "at"


MODELS = [Region, Shop, Sale]
with connection.schema_editor() as editor:
    for model in MODELS:
        editor.create_model(model)

world = Region.objects.create(name="World")
eu = Region.objects.create(name="Europe", zone="Europe/Berlin", parent=world)
us = Region.objects.create(name="America", zone="America/New_York", parent=world)
shops = [
    Shop.objects.create(region=eu, name="Berlin", opened=date(2019, 2, 28), area=120.5),
    Shop.objects.create(region=eu, name="Paris", opened=date(2020, 2, 29), area=80),
    Shop.objects.create(region=us, name="Boston", opened=date(2018, 12, 31), area=200.25),
    Shop.objects.create(region=us, name="Empty", opened=date(2024, 1, 1)),
]
base = datetime(2024, 3, 30, 22, 30, tzinfo=dt_timezone.utc)
for i in range(24):
    Sale.objects.create(
        shop=shops[i % 3],
        at=base + timedelta(hours=i * 7, minutes=i),
        amount=Decimal(i * i * 37 % 1000) / 10,
        count=i % 5,
        duration=timedelta(minutes=i * 13, seconds=i),
        opening=time(i % 24, i),
        payload={
            "n": i,
            "who": None if i % 4 else "ada",
            "deep": {"x": i / 2},
            "tags": ["a", "b"][: i % 3],
        },
        paid=i % 2 == 0,
        note=f"Note {i} %_\\" * (i % 3),
    )
D = DecimalField(max_digits=12, decimal_places=2)
q = Sale.objects.all()
print("== aggregates")
show(
    "sum",
    lambda: q.aggregate(
        Sum("amount"),
        Avg("amount"),
        Max("at"),
        Min("duration"),
        Sum("duration"),
        Count("*"),
        n=Count("shop", distinct=True),
    ),
)
show("avg dur", lambda: q.aggregate(Avg("duration")))
show(
    "empty",
    lambda: q.none().aggregate(
        s=Sum("amount"), c=Count("pk"), d=Coalesce(Sum("amount"), Decimal(0)), e=Sum("amount", default=0)
    ),
)
show(
    "stddev",
    lambda: {k: round(v, 6) for k, v in q.aggregate(s=StdDev("count"), v=Variance("amount", sample=True)).items()},
)
show(
    "having",
    lambda: list(
        Shop.objects.annotate(n=Count("sales")).filter(n__gt=0, n__lte=8).order_by("-n", "name").values("name", "n")
    ),
)
show(
    "group by expr",
    lambda: list(
        q.order_by()
        .values(big=Case(When(amount__gte=50, then=Value("big")), default=Value("small")))
        .annotate(n=Count("pk"))
        .order_by("big")
    ),
)
show("default group with ordering", lambda: list(q.values("paid").annotate(n=Count("pk"))[:3]))
show("aggregate of annotate", lambda: Shop.objects.annotate(n=Count("sales")).aggregate(Avg("n"), Max("n")))
show("alias", lambda: list(Shop.objects.alias(n=Count("sales")).filter(n=0).values_list("name", flat=True)))
show(
    "exclude multi",
    lambda: list(Region.objects.exclude(shops__sales__paid=True).order_by("pk").values_list("name", flat=True)),
)
show(
    "two multi",
    lambda: list(
        Region.objects.filter(shops__name="Berlin").filter(shops__area__lt=100).values_list("name", flat=True)
    ),
)
print("== dates")
show(
    "dates",
    lambda: (
        list(q.dates("at", "month")),
        list(Shop.objects.dates("opened", "year", order="DESC")),
        list(Shop.objects.dates("opened", "week")),
    ),
)
show("datetimes", lambda: list(q.datetimes("at", "day"))[:4])
show("datetimes tz", lambda: list(q.datetimes("at", "day", tzinfo=ZoneInfo("America/New_York")))[:3])
show("trunc hour dst", lambda: [x.isoformat() for x in q.annotate(h=TruncHour("at")).values_list("h", flat=True)[:5]])
show(
    "trunc week",
    lambda: [
        (a.isoformat(), b.isoformat(), c)
        for a, b, c in q.annotate(
            w=TruncWeek("at"), m=TruncMonth("at", tzinfo=dt_timezone.utc), d=TruncDate("at")
        ).values_list("w", "m", "d")[:3]
    ],
)
show(
    "trunc date field",
    lambda: list(
        Shop.objects.annotate(q=TruncQuarter("opened"), y=TruncYear("opened", output_field=models.DateTimeField()))
        .order_by("pk")
        .values_list("q", "y")
    ),
)
show(
    "extract",
    lambda: list(
        q.annotate(
            y=ExtractYear("at"),
            m=ExtractMonth("at"),
            d=ExtractDay("at"),
            h=ExtractHour("at"),
            wd=ExtractWeekDay("at"),
            w=ExtractWeek("at"),
            qq=ExtractQuarter("at"),
            iso=ExtractIsoYear("at"),
            isowd=Extract("at", "iso_week_day"),
            min=Extract("at", "minute"),
        ).values_list("y", "m", "d", "h", "wd", "w", "qq", "iso", "isowd", "min")[:4]
    ),
)
show(
    "lookups",
    lambda: (
        q.filter(at__date=date(2024, 3, 31)).count(),
        q.filter(at__hour__gte=12).count(),
        q.filter(at__week_day=1).count(),
        q.filter(at__time__lt=time(6)).count(),
        q.filter(at__year__in=[2024]).count(),
        q.filter(at__month=4, at__day__lt=3).count(),
        q.filter(at__iso_week_day=7).count(),
        q.filter(opening__hour=3).count(),
    ),
)
show(
    "in tz",
    lambda: [str(timezone.localtime(s.at, ZoneInfo(s.shop.region.zone))) for s in q.select_related("shop__region")[:3]],
)
show("naive", lambda: str(timezone.make_aware(datetime(2024, 3, 31, 2, 30))))
show("make naive", lambda: (timezone.make_naive(base), timezone.is_aware(base), timezone.localdate(base)))
show("between", lambda: q.filter(at__range=(base, base + timedelta(days=1))).count())
show(
    "delta",
    lambda: list(
        q.annotate(
            end=F("at") + F("duration"), since=ExpressionWrapper(F("at") - Value(base), output_field=DurationField())
        ).values_list("end", "since")[:2]
    ),
)
show(
    "delta2",
    lambda: list(
        q.annotate(end=F("at") + timedelta(days=1))
        .filter(end__gt=base + timedelta(days=7))
        .values_list("end", flat=True)
    ),
)
show(
    "date arith",
    lambda: list(
        Shop.objects.annotate(
            age=ExpressionWrapper(Value(date(2024, 1, 1)) - F("opened"), output_field=DurationField())
        )
        .order_by("pk")
        .values_list("age", flat=True)
    ),
)
show("duration filter", lambda: q.filter(duration__gt=timedelta(hours=4)).count())
show("latest", lambda: (q.latest().pk, q.earliest("amount", "-pk").pk, q.latest("count", "at").pk))
show("next", lambda: (q[3].get_next_by_at().pk, q[3].get_previous_by_at(paid=True).pk))
print("== windows")
show("lag", lambda: list(q[:100].annotate(x=Value(1)).values_list("x", flat=True)[:2]))
show(
    "pct",
    lambda: [
        tuple(round(x, 4) for x in r)
        for r in q.annotate(p=Window(PercentRank(), order_by="count"), c=Window(CumeDist(), order_by="count"))
        .order_by("pk")
        .values_list("p", "c")[:5]
    ],
)
show(
    "filter window",
    lambda: list(
        q.annotate(rn=Window(RowNumber(), partition_by="shop", order_by="-amount"))
        .filter(rn__lte=2)
        .order_by("shop", "rn")
        .values_list("shop__name", "rn", "amount")
    ),
)
print("== subqueries")
newest = Sale.objects.filter(shop=OuterRef("pk")).order_by("-at")
show(
    "in sub",
    lambda: list(
        Shop.objects.filter(pk__in=Sale.objects.filter(amount__gt=90).values("shop"))
        .order_by("pk")
        .values_list("name", flat=True)
    ),
)
show("not exists", lambda: list(Shop.objects.filter(~Exists(newest)).values_list("name", flat=True)))
show(
    "outer outer",
    lambda: list(
        Region.objects.annotate(
            best=Subquery(
                Shop.objects.filter(region=OuterRef("pk"))
                .annotate(
                    t=Subquery(
                        Sale.objects.filter(shop=OuterRef("pk"))
                        .order_by()
                        .values("shop")
                        .annotate(s=Sum("amount"))
                        .values("s")
                    )
                )
                .order_by(F("t").desc(nulls_last=True))
                .values("name")[:1]
            )
        )
        .order_by("pk")
        .values_list("name", "best")
    ),
)
show(
    "filtered relation",
    lambda: list(
        Shop.objects.annotate(big=FilteredRelation("sales", condition=Q(sales__amount__gt=50)))
        .annotate(n=Count("big"))
        .order_by("pk")
        .values_list("name", "n")
    ),
)
show(
    "union",
    lambda: list(
        Shop.objects.values_list("name").union(Region.objects.values_list("name"), all=True).order_by("name")[:5]
    ),
)
show(
    "difference",
    lambda: sorted(
        Sale.objects.order_by()
        .values_list("pk", flat=True)
        .difference(Sale.objects.order_by().filter(pk__gt=3).values_list("pk", flat=True))
    ),
)
show("or", lambda: (q.filter(paid=True) | q.filter(count=1)).count())
show("xor", lambda: q.filter(Q(paid=True) ^ Q(count=2)).count())
print("== functions")
first = q.filter(pk__in=[2, 5, 6])


def f(**kw):
    name = next(iter(kw))
    show(
        name + " " + type(kw[name]).__name__,
        lambda: list(first.annotate(**{"x_" + name: kw[name]}).values_list("x_" + name, flat=True)),
    )


f(a=Concat("shop__name", Value("-"), "pk", output_field=CharField()))
f(b=Upper("shop__name"))
f(c=Length("note"))
f(d=Substr("note", 1, 4))
f(e=Left("note", 3))
f(g=Right("note", 3))
f(h=LPad("shop__name", 9, Value("*")))
f(i=Repeat("shop__name", 2))
f(k=Reverse("shop__name"))
f(l=StrIndex("note", Value("te")))
f(m=Trim(Value("  x ")))
f(n=MD5("shop__name"))
f(q=Cast("count", CharField()))
f(r=Cast("amount", FloatField()))
f(s=Cast("at", DateField()))
f(t=Greatest("count", 3))
f(v=NullIf("count", Value(2)))
f(w=Abs(F("count") - 10))
f(x=Mod("count", 3))
f(y=Power("count", 2))
f(z=Round("amount"))
f(aa=Round("shop__area", precision=1))
f(ab=Ceil("amount"))
f(ac=Floor(F("amount") / 3))
f(ad=Sign(F("count") - 1))
f(af=F("count") / 2)
f(ag=F("count") * 1.5)
f(ai=F("count") % 2)
f(aj=F("count").bitand(1))
f(ak=-F("count"))
f(am=JSONObject(n="count", name="shop__name"))
f(an=Value(5) + F("count"))
f(ao=Q(amount__gt=20))
f(ap=ExpressionWrapper(Q(count=1) | Q(paid=True), output_field=BooleanField()))
f(aq=RawSQL("count + %s", (5,)))
f(ar=Func(F("count"), function="ABS"))
f(au=F("payload__n"))
f(av=F("payload__deep__x"))
f(aw=F("payload__tags__0"))
f(ax=F("payload__who"))
f(bb=Value("x"))
f(bc=Value(None, output_field=IntegerField()))
f(bd=Trunc("at", "minute"))
f(be=TruncTime("at"))
f(bg=Cast(Value("2024-01-02"), DateField()))
f(bj=Sum("shop__sales__count"))
f(bk=Max("shop__sales__note"))
print("== json")
show(
    "json",
    lambda: (
        q.filter(payload__n=3).count(),
        q.filter(payload__n__gt=20).count(),
        q.filter(payload__deep__x=1.5).count(),
        q.filter(payload__tags__0="a").count(),
        q.filter(payload__who=None).count(),
        q.filter(payload__who__isnull=True).count(),
        q.filter(payload__has_key="n").count(),
        q.filter(payload__has_any_keys=["z", "n"]).count(),
        q.filter(payload__tags=[]).count(),
        q.filter(payload__tags__contains="x").count() if connection.vendor == "postgresql" else 0,
        q.exclude(payload__n__lt=5).count(),
        q.filter(payload__who__icontains="AD").count(),
        q.filter(payload={"n": 1}).count(),
        q.filter(payload__n__in=[1, 2, "3"]).count(),
    ),
)
show("json order", lambda: list(q.order_by("-payload__n").values_list("payload__n", flat=True)[:3]))
print("== misc")
show(
    "like",
    lambda: (
        q.filter(note__contains="%").count(),
        q.filter(note__contains="_\\").count(),
        q.filter(note__startswith="Note 1").count(),
        q.filter(shop__name__iendswith="IS").count(),
        q.filter(shop__name__regex=r"^B.+n$").count(),
        q.filter(shop__name__iregex="PAR").count(),
        q.filter(note__endswith=F("note")).count(),
    ),
)
show(
    "order",
    lambda: (
        list(
            Shop.objects.order_by(F("area").desc(nulls_last=True), Lower("name").asc()).values_list("name", flat=True)
        ),
        list(Shop.objects.order_by("region__name", "-name").values_list("name", flat=True)),
        list(Shop.objects.order_by(Case(When(name="Empty", then=0), default=1), "pk").values_list("name", flat=True)),
    ),
)
show(
    "named",
    lambda: [
        r._fields + tuple(r)
        for r in Shop.objects.annotate(n=Count("sales")).values_list("name", "n", named=True).order_by("pk")[:2]
    ],
)
show(
    "update sub",
    lambda: (
        Shop.objects.update(
            area=Coalesce(
                Subquery(
                    Sale.objects.filter(shop=OuterRef("pk"))
                    .order_by()
                    .values("shop")
                    .annotate(s=Sum("count"))
                    .values("s")[:1]
                ),
                0.5,
            )
        ),
        list(Shop.objects.order_by("pk").values_list("area", flat=True)),
    ),
)
show(
    "prefetch",
    lambda: [
        (r.name, [(s.name, len(s.big)) for s in r.shops.all()])
        for r in Region.objects.order_by("pk").prefetch_related(
            Prefetch("shops", Shop.objects.order_by("-name")),
            Prefetch("shops__sales", Sale.objects.filter(amount__gt=50), to_attr="big"),
        )
    ],
)
show("query str", lambda: "SELECT" in str(q.filter(paid=True).query))
show("explain", lambda: isinstance(q.explain(), str))
show(
    "extra",
    lambda: list(
        Shop.objects.extra(select={"l": "length(name)"}, where=["name <> %s"], params=["Paris"])
        .order_by("pk")
        .values_list("name", "l")
    ),
)
show(
    "raw",
    lambda: [
        (s.name, s.x)
        for s in Shop.objects.raw(
            "SELECT id, name, area * 2 AS x FROM __main___shop WHERE name LIKE %s ORDER BY id", ["B%"]
        )
    ],
)
for model in MODELS:
    for row in model.objects.order_by("pk").values_list():
        print(model.__name__, row)

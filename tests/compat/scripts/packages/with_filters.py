"""django-filter's filters on querysets, without the forms that read a request."""

from start import configure, make_tables

configure("django_filters")

import datetime

import django_filters
from django.db import models


class Maker(models.Model):
    name = models.CharField(max_length=20)


class Product(models.Model):
    name = models.CharField(max_length=20)
    price = models.DecimalField(max_digits=6, decimal_places=2)
    day = models.DateField()
    kind = models.CharField(max_length=1, choices=[("a", "A"), ("b", "B")])
    maker = models.ForeignKey(Maker, models.CASCADE)
    sold = models.BooleanField(default=False)


class ProductFilter(django_filters.FilterSet):
    name = django_filters.CharFilter(lookup_expr="icontains")
    cheaper = django_filters.NumberFilter(field_name="price", lookup_expr="lt")
    order = django_filters.OrderingFilter(fields=[("price", "price"), ("name", "called")])
    mine = django_filters.CharFilter(method="only_of")

    class Meta:
        model = Product
        fields = {"day": ["exact", "year__gt"], "kind": ["exact"], "maker__name": ["startswith"], "sold": ["exact"]}

    def only_of(self, queryset, name, value):
        return queryset.filter(maker__name=value)


make_tables()
one, two = (Maker.objects.create(name=name) for name in ("One", "Two"))
for number in range(6):
    Product.objects.create(
        name=f"Thing {number}",
        price=number * 10,
        day=datetime.date(2020 + number, 1, 2),
        kind="ab"[number % 2],
        maker=(one, two)[number % 2],
        sold=number > 3,
    )


def names(queryset):
    return sorted(queryset.values_list("name", flat=True))


every = Product.objects.all()
print(sorted(ProductFilter.base_filters))
filters = ProductFilter(queryset=every).filters
print({name: type(each).__name__ for name, each in sorted(filters.items())})
print(names(filters["name"].filter(every, "G 1")), names(filters["cheaper"].filter(every, 20)))
print(names(filters["day__year__gt"].filter(every, 2023)), names(filters["kind"].filter(every, "b")))
print(names(filters["maker__name__startswith"].filter(every, "T")), names(filters["sold"].filter(every, True)))
print([each.name for each in filters["order"].filter(every, ["-price", "called"])][:2])
print(names(filters["mine"].filter(every, "One")), names(filters["name"].filter(every, "")))
print(names(django_filters.CharFilter("name", exclude=True, lookup_expr="endswith").filter(every, "1")))
print(names(django_filters.RangeFilter("price").filter(every, slice(10, 30))))
print(names(django_filters.DateFilter("day", lookup_expr="lte").filter(every, datetime.date(2021, 1, 2))))
print(names(django_filters.BaseInFilter("price", lookup_expr="in").filter(every, [10, 20])))
print(names(ProductFilter(queryset=every).qs))

"""Several querysets as one."""

from start import configure, make_tables

configure()
from django.core.paginator import Paginator
from django.db import models
from queryset_sequence import QuerySetSequence


class Article(models.Model):
    title = models.CharField(max_length=20)
    size = models.IntegerField()


class Book(models.Model):
    title = models.CharField(max_length=20)
    size = models.IntegerField()


make_tables()
Article.objects.bulk_create([Article(title=t, size=n) for n, t in enumerate("ace")])
Book.objects.bulk_create([Book(title=t, size=n) for n, t in enumerate("bdf")])
both = QuerySetSequence(Book.objects.all(), Article.objects.all())
print(both.count(), len(both), both.exists(), [one.title for one in both.order_by("title")])
print([one.title for one in both.filter(size__gte=1).order_by("-title")], [one.title for one in both.exclude(size=0)])
print([one.title for one in both.order_by("title")[1:4]], both.order_by("-size", "title").first().title)
print(both.get(title="e").title, both.filter(title="zz").exists())
try:
    both.get(size=1)
except Exception as error:
    print(type(error).__name__, error)
try:
    both.get(size=10)
except Exception as error:
    print(type(error).__name__)
print(list(both.order_by("title").values_list("title", "size"))[:3], list(both.values("title"))[0])
page = Paginator(both.order_by("title"), 4).page(2)
print([one.title for one in page], page.has_next())
print([one.title for one in both.iterator()], both.update(size=9), both.filter(size=9).count())
print(both.filter(title__in="ab").delete())
print([one.title for one in both.order_by("-title")])

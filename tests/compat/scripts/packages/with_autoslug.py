"""django-autoslug: slugs made of other fields, unique with others."""

from start import configure, make_tables, show

configure("autoslug")
from autoslug import AutoSlugField
from django.db import models


class Article(models.Model):
    title = models.CharField(max_length=200)
    day = models.DateField()
    slug = AutoSlugField(populate_from="title", unique_with="day__month")
    short = AutoSlugField(populate_from=lambda a: a.title[:3], always_update=True, unique=True, null=True)


make_tables()
import datetime

for t, m in [("My Title", 1), ("My Title", 1), ("My Title", 2), ("Ünï cödé", 2)]:
    a = Article.objects.create(title=t, day=datetime.date(2020, m, 1))
    print(a.slug, a.short)
a.title = "Other"
a.save()
print(a.slug, a.short)
show(Article)

"""django-import-export: rows read from tables and written to them, with widgets for relations, and in bulk."""

from start import configure, make_tables

configure("import_export")
import tablib
from django.db import models
from import_export import fields, resources
from import_export.widgets import ForeignKeyWidget, ManyToManyWidget


class Author(models.Model):
    name = models.CharField(max_length=50, unique=True)


class Tag(models.Model):
    name = models.CharField(max_length=50)


class Book(models.Model):
    name = models.CharField(max_length=50)
    author = models.ForeignKey(Author, models.SET_NULL, null=True, blank=True)
    price = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    published = models.DateField(null=True, blank=True)
    tags = models.ManyToManyField(Tag, blank=True)
    pages = models.IntegerField(default=0)
    sold = models.BooleanField(default=False)


class BookResource(resources.ModelResource):
    author = fields.Field(column_name="author", attribute="author", widget=ForeignKeyWidget(Author, "name"))
    tags = fields.Field(column_name="tags", attribute="tags", widget=ManyToManyWidget(Tag, field="name", separator="|"))

    class Meta:
        model = Book
        skip_unchanged = True
        report_skipped = True
        import_id_fields = ("id",)


make_tables()
Author.objects.create(name="Ada")
Tag.objects.create(name="x")
Tag.objects.create(name="y")
data = tablib.Dataset(headers=["id", "name", "author", "price", "published", "tags", "pages", "sold"])
data.append(["", "One", "Ada", "3.50", "2020-01-02", "x|y", "12", "1"])
data.append(["", "Two", "", "", "", "", "7", "0"])
r = BookResource().import_data(data, dry_run=True)
print(r.has_errors(), r.totals, Book.objects.count())
r = BookResource().import_data(data)
print(r.has_errors(), dict(r.totals), Book.objects.count(), [str(e.error) for row in r.rows for e in row.errors])
out = BookResource().export()
print([row[1:] for row in out])
for i, n in ((1, "One!"),):
    out2 = tablib.Dataset(headers=["id", "name"])
    out2.append([Book.objects.order_by("pk").first().pk, n])
r = BookResource().import_data(out2)
print(dict(r.totals), [row.import_type for row in r.rows], [row.diff for row in r.rows][:1] and 1)
bad = tablib.Dataset(headers=["id", "name", "author", "price"])
bad.append(["", "Bad", "Nobody", "x"])
r = BookResource().import_data(bad, raise_errors=False)
print(
    r.has_errors(),
    [type(e.error).__name__ for row in r.rows for e in row.errors],
    r.has_validation_errors(),
    [i.error_dict if hasattr(i, "error_dict") else i for i in r.invalid_rows][:1],
)


class Bulk(resources.ModelResource):
    class Meta:
        model = Author
        use_bulk = True
        batch_size = 2
        fields = ("id", "name")


r = Bulk().import_data(tablib.Dataset(*[("", f"a{n}") for n in range(5)], headers=["id", "name"]))
print(dict(r.totals), Author.objects.count())
print(list(Book.objects.order_by("pk").values_list("name", "author__name", "price", "published", "pages", "sold")))

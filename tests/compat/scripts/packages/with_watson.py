"""A search over several models."""

from start import configure, make_tables

configure("watson")
from django.core.management import call_command
from django.db import models
from watson import search as watson


class Book(models.Model):
    title = models.CharField(max_length=60)
    text = models.TextField()
    is_published = models.BooleanField(default=True)


class Author(models.Model):
    name = models.CharField(max_length=60)


make_tables()
watson.register(Book.objects.filter(is_published=True))
watson.register(Author, fields=("name",))
call_command("installwatson", verbosity=0)
with watson.update_index():
    Book.objects.create(title="Engines of analysis", text="computing with cards")
    Book.objects.create(title="Looms", text="weaving")
    Book.objects.create(title="Secret engines", text="hidden", is_published=False)
    Author.objects.create(name="Ada Engine")
print(sorted(str(r.title) for r in watson.search("looms")), watson.search("nothing").count())
print(sorted(r.content_type.model for r in watson.search("ada")))
print([book.title for book in watson.filter(Book, "cards")], [r.object.title for r in watson.search("weaving")])
with watson.update_index():
    Book.objects.get(title="Looms").delete()
print(
    watson.search("weaving").count(),
    watson.search("computing", models=(Book,)).count(),
    watson.search("computing", exclude=(Book,)).count(),
)
call_command("buildwatson", verbosity=0)
print(watson.search("cards").count())

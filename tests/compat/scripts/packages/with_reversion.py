"""django-reversion: versions of rows, reverted, recovered after deletion, with comments and users."""

from start import configure, make_tables

configure("reversion")
import reversion
from django.contrib.auth.models import User
from django.db import models
from reversion.models import Revision, Version


class Parent(models.Model):
    name = models.CharField(max_length=50)


class Book(models.Model):
    title = models.CharField(max_length=50)
    parent = models.ForeignKey(Parent, models.CASCADE, null=True, related_name="books")
    more = models.ManyToManyField(Parent, related_name="+")


reversion.register(Book)
reversion.register(Parent, follow=["books"])
make_tables()
u = User.objects.create_user("joe")
with reversion.create_revision():
    b = Book.objects.create(title="One")
    reversion.set_user(u)
    reversion.set_comment("first")
with reversion.create_revision():
    p = Parent.objects.create(name="P")
    b.title = "Two"
    b.parent = p
    b.save()
    b.more.add(p)
    reversion.set_comment("second")
    reversion.set_date_created(__import__("datetime").datetime(2021, 1, 1, tzinfo=__import__("datetime").timezone.utc))
vs = Version.objects.get_for_object(b)
print(len(vs), [v.field_dict for v in vs], vs[0].revision.comment, vs[1].revision.user.username)
vs[1].revert()
b.refresh_from_db()
print(b.title, b.parent)
print([(v.object_repr, v.serialized_data) for v in Version.objects.order_by("pk")])
pk = b.pk
b.delete()
d = Version.objects.get_deleted(Book)
print(len(d))
d[0].revision.revert()
print(Book.objects.get(pk=pk).title, Book.objects.get(pk=pk).more.count())
print(
    Version.objects.get_for_model(Book).count(),
    Version.objects.get_unique(Version.objects.all()) if 0 else Revision.objects.count(),
    Version.objects.get_for_object_reference(Book, pk).count(),
)


@reversion.create_revision()
def f():
    Book.objects.filter(pk=pk).update(title="raw")
    x = Book.objects.get(pk=pk)
    reversion.add_to_revision(x)
    raise KeyError


try:
    f()
except KeyError:
    print(Book.objects.get(pk=pk).title, Revision.objects.count())
from reversion.signals import post_revision_commit

post_revision_commit.connect(lambda **k: print("committed", len(k["versions"])), weak=False)
with reversion.create_revision(atomic=False):
    Book.objects.create(title="z")

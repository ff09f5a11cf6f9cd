"""django-auditlog: what changed, by whom, of fields and of relations to many."""

import json

from start import configure, make_tables

configure("auditlog")
from auditlog.context import disable_auditlog, set_actor
from auditlog.models import AuditlogHistoryField, LogEntry
from auditlog.registry import auditlog
from django.contrib.auth.models import User
from django.db import models


class Tag(models.Model):
    name = models.CharField(max_length=10)

    def __str__(self):
        return self.name


class Book(models.Model):
    title = models.CharField(max_length=50)
    price = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    at = models.DateTimeField(null=True)
    tags = models.ManyToManyField(Tag)
    history = AuditlogHistoryField()

    def __str__(self):
        return self.title


auditlog.register(Book, m2m_fields={"tags"})
auditlog.register(Tag, exclude_fields=["name"])
make_tables()
import datetime

b = Book.objects.create(title="One", price="3.50")
b.title = "Two"
b.save()
t = Tag.objects.create(name="x")
b.tags.add(t)
u = User.objects.create_user("joe")
with set_actor(u):
    b.at = datetime.datetime(2020, 1, 2, 3, tzinfo=datetime.UTC)
    b.save()
with disable_auditlog():
    b.title = "Hidden"
    b.save()
for e in b.history.order_by("pk"):
    print(
        e.get_action_display(), json.dumps(e.changes_dict, sort_keys=True), e.object_repr, e.actor and e.actor.username
    )
print(json.dumps(b.history.latest().changes_display_dict, sort_keys=True))
pk = b.pk
b.delete()
print(
    LogEntry.objects.filter(object_pk=str(pk)).count(),
    LogEntry.objects.get_for_model(Book).count(),
    LogEntry.objects.latest("timestamp").pk > 0,
)
print(LogEntry.objects.get_for_objects(Tag.objects.all()).count())

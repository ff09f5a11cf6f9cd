"""django-model-utils: its models, fields, trackers, managers and choices."""

from start import configure, make_tables, show

configure("model_utils")

import datetime

from django.db import models
from model_utils import Choices, FieldTracker
from model_utils.fields import (
    AutoCreatedField,
    AutoLastModifiedField,
    MonitorField,
    SplitField,
    StatusField,
    UrlsafeTokenField,
    UUIDField,
)
from model_utils.managers import InheritanceManager, InheritanceQuerySet, JoinQueryset, QueryManager
from model_utils.models import (
    SoftDeletableModel,
    StatusModel,
    TimeFramedModel,
    TimeStampedModel,
    UUIDModel,
)


class Article(StatusModel, TimeStampedModel):
    objects = models.Manager()
    STATUS = Choices("draft", ("published", "Out"))

    title = models.CharField(max_length=30)
    body = SplitField(default="")
    published_at = MonitorField(monitor="status", when=["published"], null=True, default=None)
    kind = StatusField(choices_name="KINDS")
    KINDS = Choices(("short", "Short"), ("long", "Long"))
    tracker = FieldTracker(fields=["title", "status"])
    published_ones = QueryManager(status="published").order_by("-title")


class Event(TimeFramedModel):
    name = models.CharField(max_length=30)


class Note(SoftDeletableModel):
    text = models.CharField(max_length=30)


class Token(UUIDModel):
    token = UrlsafeTokenField(max_length=12)


class Place(models.Model):
    name = models.CharField(max_length=30)
    objects = InheritanceManager()

    def __str__(self):
        return f"{type(self).__name__} {self.name}"


class Restaurant(Place):
    stars = models.IntegerField(default=1)


class Bar(Place):
    beers = models.IntegerField(default=1)


class WineBar(Bar):
    wines = models.IntegerField(default=1)


class Visit(models.Model):
    place = models.ForeignKey(Place, models.CASCADE, related_name="visits")
    day = models.DateField()


class Counted(models.Model):
    n = models.IntegerField(default=0)
    name = models.CharField(max_length=10, default="")
    place = models.ForeignKey(Place, models.SET_NULL, null=True)
    tracker = FieldTracker(fields=["n", "name"])


make_tables()

print("== timestamps, states, trackers")
article = Article.objects.create(title="One", body="First.\n\n<!-- split -->\n\nRest.", kind="short")
print(article.status, article.kind, article.get_status_display(), article.published_at)
print(repr(article.body.excerpt), article.body.has_more, repr(str(article.body.content)))
created, modified = article.created, article.modified
print(created is not None, abs(modified - created) < datetime.timedelta(seconds=1))
article.status = Article.STATUS.published
print(sorted(article.tracker.changed().items()), article.tracker.has_changed("status"), article.tracker.previous("status"))
article.save()
print(article.published_at is not None, article.modified > modified, article.created == created)
print(sorted(article.tracker.changed().items()), Article.published.count(), Article.draft.count())
again = Article.objects.get()
print(again.body.excerpt, type(again.body).__name__, sorted(again.tracker.changed().items()), again.body == article.body)
again.title = "Two"
print(sorted(again.tracker.changed().items()), again.tracker.previous("title"))
again.refresh_from_db()
print(again.title, sorted(again.tracker.changed().items()))
again.body = "All."
again.save(update_fields=["body"])
print(Article.objects.values_list("title", "body", "_body_excerpt", "kind"))
print(Article.published_ones.all(), list(Article.STATUS), Article.STATUS["published"], Article.KINDS)
Article.objects.create(title="Three", status="published", kind="long")
print([one.title for one in Article.published_ones.all()], [one.title for one in Article.published.all()])

print("== deferred and related trackers")
counted = Counted.objects.create(n=1, name="a")
late = Counted.objects.only("n").get()
print(sorted(late.get_deferred_fields()), late.tracker.has_changed("name"), sorted(late.tracker.changed().items()))
late.name = "b"
print(sorted(late.tracker.changed().items()), late.tracker.previous("name"))
late.n = 5
with late.tracker:
    late.n = 7
    print(sorted(late.tracker.changed().items()))
print(sorted(late.tracker.changed().items()))
late.save()
print(sorted(late.tracker.changed().items()))

print("== frames and soft deletion")
now = datetime.datetime.now(datetime.timezone.utc)
day = datetime.timedelta(days=1)
Event.objects.create(name="past", start=now - 2 * day, end=now - day)
Event.objects.create(name="now", start=now - day, end=now + day)
Event.objects.create(name="open")
Event.objects.create(name="future", start=now + day)
print([event.name for event in Event.timeframed.all().order_by("name")])
note = Note.available_objects.create(text="a")
Note.available_objects.create(text="b")
print(note.delete(), Note.available_objects.count(), Note.all_objects.count())
print(Note.available_objects.all().delete(), Note.available_objects.count(), Note.all_objects.count())
print(note.delete(soft=False), Note.all_objects.count())
token = Token.objects.create()
print(type(token.pk).__name__, len(token.token), Token.objects.get(pk=token.pk) == token)

print("== inheritance")
Place.objects.create(name="square")
Restaurant.objects.create(name="fish", stars=3)
Bar.objects.create(name="pub", beers=4)
WineBar.objects.create(name="cellar", wines=9)
print([str(place) for place in Place.objects.order_by("pk")])
print([str(place) for place in Place.objects.select_subclasses().order_by("pk")])
print([str(place) for place in Place.objects.select_subclasses("restaurant").order_by("pk")])
print([str(place) for place in Place.objects.select_subclasses(Bar, WineBar).order_by("pk")])
print([str(place) for place in Place.objects.order_by("pk").instance_of(Restaurant)])
print(str(Place.objects.get_subclass(name="cellar")), Place.objects.get_subclass(name="cellar").wines)
try:
    Place.objects.select_subclasses("nothing")
except ValueError as error:
    print("ValueError", error)
print([str(place) for place in Place.objects.select_subclasses().filter(name__contains="a")[:2]])
print([str(place) for place in Place.objects.select_subclasses().order_by("pk").iterator()])
noted = Place.objects.select_subclasses().annotate(seen=models.Count("visits")).order_by("pk")
print([(str(place), place.seen) for place in noted])
print(type(Place.objects.all()) is InheritanceQuerySet, Place.objects.select_subclasses().values_list("name", flat=True).order_by("name"))
Visit.objects.create(place=Place.objects.get(name="pub"), day=datetime.date(2024, 1, 2))
print([str(visit.place) for visit in Visit.objects.select_related("place")])
print([place.visits.count() for place in Place.objects.select_subclasses().prefetch_related("visits").order_by("pk")])
show(Place, Bar, WineBar, Visit, Counted)

"""Objects of model_bakery: each kind of field, relations, recipes, and what it refuses."""

import os

import django
from django.conf import settings

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": os.environ.get("TEST_ENGINE", "django.db.backends.sqlite3"),
            "NAME": os.environ.get("TEST_NAME", ":memory:"),
            "USER": os.environ.get("TEST_USER", ""),
            "PASSWORD": os.environ.get("TEST_PASSWORD", ""),
            "HOST": os.environ.get("TEST_HOST", ""),
            "PORT": os.environ.get("TEST_PORT", ""),
        }
    },
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "__main__"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()

from django.db import connection, models


class Shelf(models.Model):
    name = models.CharField(max_length=20)

    class Meta:
        app_label = "__main__"


class Tag(models.Model):
    word = models.SlugField(unique=True)

    class Meta:
        app_label = "__main__"


class Tome(models.Model):
    shelf = models.ForeignKey(Shelf, models.CASCADE, related_name="tomes")
    parent = models.ForeignKey("self", models.CASCADE, null=True)
    twin = models.OneToOneField(Shelf, models.CASCADE, related_name="star")
    tags = models.ManyToManyField(Tag)
    title = models.CharField(max_length=12)
    text = models.TextField()
    n = models.PositiveSmallIntegerField()
    big = models.BigIntegerField()
    price = models.DecimalField(max_digits=6, decimal_places=2)
    f = models.FloatField()
    ok = models.BooleanField()
    day = models.DateField()
    at = models.DateTimeField()
    t = models.TimeField()
    took = models.DurationField()
    mail = models.EmailField()
    url = models.URLField()
    u = models.UUIDField()
    ip = models.GenericIPAddressField()
    data = models.JSONField()
    blob = models.BinaryField()
    kind = models.CharField(max_length=2, choices=[("a", "A"), ("b", "B")])
    opt = models.CharField(max_length=5, blank=True, default="d")

    class Meta:
        app_label = "__main__"
        order_with_respect_to = "shelf"


MODELS = (Shelf, Tag, Tome)
with connection.schema_editor() as editor:
    for model in MODELS:
        editor.create_model(model)
from model_bakery import baker, seq
from model_bakery.recipe import Recipe, foreign_key, related

t = baker.make(Tome)
t.refresh_from_db()
print(
    t.pk,
    t.shelf_id,
    t.twin_id,
    t.parent_id,
    len(t.title),
    type(t.price),
    t.kind in "ab",
    t.opt,
    t.tags.count(),
    type(t.data),
    type(t.took),
    t.at.tzinfo is not None,
)
t = baker.make(Tome, make_m2m=True)
print(t.tags.count())
t = baker.make(Tome, tags=[baker.make(Tag), baker.make(Tag)], shelf__name="S")
print(t.tags.count(), t.shelf.name)
p = baker.prepare(Tome, _save_related=True)
print(p.pk, p.shelf.pk is not None)
r = Recipe(Tome, title=seq("T"), shelf=foreign_key(Recipe(Shelf, name="R")), ok=True)
print([(x.title, x.shelf.name) for x in r.make(_quantity=2)])
print(len(baker.make(Shelf, _quantity=4, _bulk_create=True)), Shelf.objects.count())
try:
    baker.make(Shelf, nmae="x")
except Exception as e:
    print(type(e).__name__, str(e)[:47])
try:
    baker.make("nope.Model")
except Exception as e:
    print(type(e).__name__, str(e)[:47])

with connection.schema_editor() as editor:
    for model in reversed(MODELS):
        editor.delete_model(model)

"""Objects of factory_boy: sequences, relations both ways, hooks, rows that are there already."""

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

import factory
from django.db import connection, models
from factory.django import DjangoModelFactory, Password


class Shelf(models.Model):
    name = models.CharField(max_length=20)

    class Meta:
        app_label = "__main__"


class Tag(models.Model):
    word = models.CharField(max_length=20, unique=True)

    class Meta:
        app_label = "__main__"


class Tome(models.Model):
    shelf = models.ForeignKey(Shelf, models.CASCADE, related_name="tomes")
    tags = models.ManyToManyField(Tag)
    title = models.CharField(max_length=12)
    secret = models.CharField(max_length=128)

    class Meta:
        app_label = "__main__"


MODELS = (Shelf, Tag, Tome)
with connection.schema_editor() as editor:
    for model in MODELS:
        editor.create_model(model)


class TagFactory(DjangoModelFactory):
    class Meta:
        model = Tag
        django_get_or_create = ("word",)

    word = "red"


class ShelfFactory(DjangoModelFactory):
    class Meta:
        model = "__main__.Shelf"

    name = factory.Iterator(["A", "B"])
    tome = factory.RelatedFactory("__main__.TomeFactory", factory_related_name="shelf")


class TomeFactory(DjangoModelFactory):
    class Meta:
        model = Tome
        skip_postgeneration_save = True

    shelf = factory.SubFactory(ShelfFactory, tome=None)
    title = factory.Sequence(lambda number: f"T{number}")
    secret = Password("open sesame")

    @factory.post_generation
    def tags(self, create, extracted, **kwargs):
        if create:
            self.tags.add(TagFactory(), *(extracted or ()))


tome = TomeFactory(tags=[TagFactory(word="blue")], shelf__name="Z")
print(tome.title, tome.shelf.name, sorted(tag.word for tag in tome.tags.all()), tome.secret != "open sesame")
print([(one.title, one.shelf.name) for one in TomeFactory.create_batch(3)])
print(TomeFactory.build().pk, Tome.objects.count(), Tag.objects.count())
shelf = ShelfFactory(tome__title="related")
print(shelf.name, [one.title for one in shelf.tomes.all()])
with factory.django.mute_signals(models.signals.post_save):
    print(TagFactory(word="red").pk == TagFactory().pk, Tag.objects.count())

with connection.schema_editor() as editor:
    for model in reversed(MODELS):
        editor.delete_model(model)

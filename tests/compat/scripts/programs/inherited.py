"""A catalogue whose models inherit over tables, stand for others and are tagged by generic relations."""

import os

import django
from django.conf import settings

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": os.environ.get("TEST_ENGINE", "django.db.backends.sqlite3"),
            "NAME": os.environ.get("TEST_NAME", "program.sqlite3"),
            "USER": os.environ.get("TEST_USER", ""),
            "PASSWORD": os.environ.get("TEST_PASSWORD", ""),
            "HOST": os.environ.get("TEST_HOST", ""),
            "PORT": os.environ.get("TEST_PORT", ""),
        }
    },
    INSTALLED_APPS=["django.contrib.contenttypes", "__main__"],
    TIME_ZONE="UTC",
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import connection, models
from django.db.models import Count, F, Q


class Tag(models.Model):
    word = models.SlugField()
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()
    target = GenericForeignKey("content_type", "object_id")

    class Meta:
        ordering = ["word", "pk"]
        indexes = [models.Index(fields=["content_type", "object_id"])]


class Stamped(models.Model):
    number = models.IntegerField(default=0)
    note = models.CharField(max_length=30, blank=True)

    class Meta:
        abstract = True

    def bump(self):
        self.number = F("number") + 1
        self.save(update_fields=["number"])
        self.refresh_from_db(fields=["number"])


class Place(Stamped):
    name = models.CharField(max_length=30)
    address = models.CharField(max_length=60)
    tags = GenericRelation(Tag, related_query_name="place")

    class Meta(Stamped.Meta):
        abstract = False
        ordering = ["name"]

    def __str__(self):
        return self.name

    def what(self):
        return "place"


class Restaurant(Place):
    seats = models.PositiveSmallIntegerField()
    vegan = models.BooleanField(default=False)

    def what(self):
        return "vegan restaurant" if self.vegan else "restaurant"


class Bar(Restaurant):
    closes = models.PositiveSmallIntegerField(default=24)

    def what(self):
        return f"bar until {self.closes}"


class Museum(Place):
    place = models.OneToOneField(Place, models.CASCADE, parent_link=True, primary_key=True)
    theme = models.CharField(max_length=20)


class VeganManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(vegan=True)


class VeganRestaurant(Restaurant):
    objects = VeganManager()

    class Meta:
        proxy = True
        ordering = ["-seats"]


class Visit(models.Model):
    place = models.ForeignKey(Place, models.CASCADE, related_name="visits")
    stars = models.IntegerField()


MODELS = [ContentType, Tag, Place, Restaurant, Bar, Museum, Visit]


def show(title, rows):
    print(f"-- {title}")
    for row in rows:
        print("  ", *(row if isinstance(row, tuple) else (row,)))


def tag(target, *words):
    for word in words:
        Tag.objects.create(word=word, target=target)


with connection.schema_editor() as editor:
    for model in MODELS:
        editor.create_model(model)

park = Place.objects.create(name="Park", address="Green 1")
inn = Restaurant.objects.create(name="Inn", address="Main 2", seats=40)
leaf = Restaurant.objects.create(name="Leaf", address="Main 3", seats=12, vegan=True)
root = VeganRestaurant.objects.create(name="Root", address="Side 4", seats=20, vegan=True)
blue = Bar.objects.create(name="Blue", address="Quay 5", seats=8, closes=2)
coins = Museum.objects.create(name="Coins", address="Old 6", theme="money")
tag(park, "green", "free")
tag(inn, "old")
tag(leaf, "green", "small")
tag(blue, "late", "small")
tag(coins, "old", "money")
for number, place in enumerate(Place.objects.order_by("pk")):
    Visit.objects.bulk_create([Visit(place=place, stars=1 + (number + n) % 5) for n in range(number)])

show("places", Place.objects.values_list("name", "address"))
show("restaurants", [(r.name, r.seats, r.what(), r.pk == r.place_ptr_id) for r in Restaurant.objects.order_by("name")])
show("bars", Bar.objects.filter(seats__lt=10, name__startswith="B").values_list("name", "closes", "seats"))
show("vegan", [(v.name, type(v).__name__) for v in VeganRestaurant.objects.all()])
show("down", [(p.name, p.restaurant.seats) for p in Place.objects.filter(restaurant__seats__gte=12).select_related("restaurant")])
try:
    Place.objects.get(name="Park").restaurant
except ObjectDoesNotExist as error:
    print(type(error).__name__, isinstance(error, Restaurant.DoesNotExist))
print(blue.restaurant_ptr.what(), blue.restaurant_ptr.place_ptr.what(), Place.objects.get(pk=blue.pk).restaurant.bar.what())

show("tagged", [(t.word, str(t.target), t.content_type.model) for t in Tag.objects.all()])
show("by tag", Tag.objects.values("word").annotate(n=Count("pk")).order_by("-n", "word").values_list("word", "n"))
show("green places", Place.objects.filter(tags__word="green").values_list("name", flat=True))
show("from tags", Tag.objects.filter(place__address__startswith="Green").values_list("word", flat=True))
show("prefetched", [(p.name, [t.word for t in p.tags.all()]) for p in Place.objects.prefetch_related("tags")])
print([str(one.target) for one in Tag.objects.filter(word="small").prefetch_related("target")])
print(park.tags.count(), park.tags.create(word="big").word, sorted(park.tags.values_list("word", flat=True)))
park.tags.filter(word="free").delete()
print(sorted(ContentType.objects.get_for_model(VeganRestaurant).natural_key()), ContentType.objects.get_for_model(Bar).name)

inn.bump()
inn.bump()
print(inn.number, Place.objects.get(pk=inn.pk).number, Restaurant.objects.filter(number=2).count())
print(Restaurant.objects.filter(seats__gt=10).update(note="large", seats=F("seats") + 1))
show("updated", Restaurant.objects.order_by("name").values_list("name", "seats", "note"))
inn.name, inn.seats = "Old Inn", 50
inn.save()
show("old inn", Restaurant.objects.filter(Q(name="Old Inn")).values_list("name", "seats", "place_ptr__address"))
show("visits", Place.objects.annotate(n=Count("visits")).filter(n__gt=0).order_by("name").values_list("name", "n"))
show("visited bars", Visit.objects.filter(place__restaurant__bar__closes=2).values_list("stars", flat=True).order_by("stars"))
try:
    Restaurant(name="", address="x", seats=-1).full_clean()
except ValidationError as error:
    print(sorted(error.message_dict))

grown = Restaurant(place_ptr=park, seats=5)
grown.save_base(raw=True)
print(Restaurant.objects.get(pk=park.pk).name, Restaurant.objects.count())
print(sorted(blue.delete()[1].items()))
print(leaf.delete(keep_parents=True)[0], Place.objects.filter(name="Leaf").exists(), Restaurant.objects.filter(name="Leaf").exists())
print(sorted(Place.objects.filter(name="Coins").delete()[1].items()))
print(Museum.objects.count(), Tag.objects.filter(word="money").count())
for model in MODELS[1:]:
    show(model.__name__, model.objects.order_by("pk").values_list())
with connection.schema_editor() as editor:
    for model in reversed(MODELS):
        editor.delete_model(model)

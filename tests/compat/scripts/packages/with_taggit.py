"""django-taggit: tags of any model, of one model, and of a project's own kind."""

from start import configure, make_tables, show

configure("taggit", TAGGIT_CASE_INSENSITIVE=True)

from django.db import models
from taggit.managers import TaggableManager
from taggit.models import GenericTaggedItemBase, Tag, TagBase, TaggedItem, TaggedItemBase


class Food(models.Model):
    name = models.CharField(max_length=50)
    tags = TaggableManager()

    def __str__(self):
        return self.name


class Pet(models.Model):
    name = models.CharField(max_length=50)
    tags = TaggableManager(related_name="pets_of", blank=True)

    def __str__(self):
        return self.name


class TaggedPark(TaggedItemBase):
    content_object = models.ForeignKey("Park", models.CASCADE)


class Park(models.Model):
    name = models.CharField(max_length=50)
    tags = TaggableManager(through=TaggedPark)


class MyTag(TagBase):
    weight = models.IntegerField(default=1)


class TaggedHouse(GenericTaggedItemBase):
    tag = models.ForeignKey(MyTag, models.CASCADE, related_name="houses")


class House(models.Model):
    name = models.CharField(max_length=50)
    labels = TaggableManager(through=TaggedHouse)


make_tables()


def names(rows):
    return sorted(row.name for row in rows)


apple = Food.objects.create(name="apple")
pear = Food.objects.create(name="pear")
apple.tags.add("red", "Green", "fruit")
pear.tags.add("green", "fruit")
print(
    names(apple.tags.all()),
    names(pear.tags.all()),
    Tag.objects.count(),
    sorted(apple.tags.names()),
    sorted(apple.tags.slugs()),
)
apple.tags.remove("fruit")
print(names(apple.tags.all()))
apple.tags.set(["round", "red"])
print(names(apple.tags.all()))
pear.tags.set(["sour"], clear=True)
print(names(pear.tags.all()))
pear.tags.add("round")
print(
    names(Food.objects.filter(tags__name="round")),
    names(Food.objects.filter(tags__name__in=["red", "sour"]).distinct()),
)
print(names(Food.objects.exclude(tags__name="red")), Food.objects.filter(tags__slug="round", name="pear").count())
print(names(Food.objects.filter(tags=Tag.objects.get(name="sour"))))
print([(each.name, each.number) for each in Food.objects.annotate(number=models.Count("tags")).order_by("name")])
kitty = Pet.objects.create(name="kitty")
kitty.tags.add("fuzzy", "red")
print(names(Tag.objects.filter(food__name="apple")), names(Tag.objects.filter(pets_of__name="kitty")))
print(
    [(tag.name, tag.num_times) for tag in Food.tags.most_common().order_by("-num_times", "name")],
    names(Food.tags.all()),
)
print(names(apple.tags.similar_objects()), [each.similar_tags for each in apple.tags.similar_objects()])
print([names(each.tags.all()) for each in Food.objects.prefetch_related("tags").order_by("name")])
print(TaggedItem.objects.count(), names(TaggedItem.tags_for(Food)), names(Tag.objects.all()))
park = Park.objects.create(name="big")
park.tags.add("trees", "ponds")
print(names(park.tags.all()), Park.objects.filter(tags__name="trees").count(), TaggedPark.objects.count())
house = House.objects.create(name="one")
house.labels.add("old", MyTag.objects.create(name="tall", weight=3))
print(
    names(house.labels.all()),
    House.objects.filter(labels__weight=3).count(),
    names(MyTag.objects.filter(houses__object_id=house.pk)),
)
try:
    Food(name="x").tags.add("y")
except ValueError as error:
    print("ValueError", error)
slugs = [Tag.objects.create(name=name) for name in ("a b", "a-b", "ü")]
print([tag.slug for tag in slugs])
apple.tags.clear()
print(apple.tags.count(), apple.delete())
pear.delete()
print(TaggedItem.objects.count())
show(TaggedPark, MyTag)

"""django-polymorphic: projects of its tutorial, queried as their parents and given as what they are."""

from start import configure, make_tables, show

configure("polymorphic")
from django.db import models
from polymorphic.models import PolymorphicModel
from polymorphic.managers import PolymorphicManager


class Project(PolymorphicModel):
    topic = models.CharField(max_length=30)


class Art(Project):
    artist = models.CharField(max_length=30)


class Research(Project):
    boss = models.CharField(max_length=30)


class Review(models.Model):
    project = models.ForeignKey(Project, models.CASCADE, related_name="reviews")
    stars = models.IntegerField()


make_tables()
Project.objects.create(topic="Party")
a = Art.objects.create(topic="Paint", artist="Ada")
r = Research.objects.create(topic="Sound", boss="Bob")
Review.objects.create(project=a, stars=3)
Review.objects.create(project=r, stars=5)
print([(type(p).__name__, p.topic) for p in Project.objects.order_by("pk")])
print(
    [type(p).__name__ for p in Project.objects.instance_of(Art)],
    Project.objects.not_instance_of(Art).count(),
    Project.objects.filter(models.Q(Art___artist="Ada") | models.Q(Research___boss="Bob")).count(),
)
print(
    [type(x.project).__name__ for x in Review.objects.order_by("pk")],
    type(Project.objects.get(pk=a.pk)).__name__,
    type(Project.objects.non_polymorphic().get(pk=a.pk)).__name__,
)
print(
    [type(x.project).__name__ for x in Review.objects.select_related("project").order_by("pk")],
    [type(x.project).__name__ for x in Review.objects.prefetch_related("project").order_by("pk")],
)
print(
    Project.objects.aggregate(n=models.Count("pk"), s=models.Sum("reviews__stars")),
    Art.objects.count(),
    a.polymorphic_ctype.model,
    a.get_real_instance_class().__name__,
)
print(
    Project.objects.get_real_instances(Project.objects.non_polymorphic())[1].artist,
    Project.objects.instance_of(Art).order_by("Art___artist").values_list("topic", flat=True),
)
print(Project.objects.filter(pk=a.pk).delete())
print(Project.objects.all().delete()[0])
show(Project, Art, Research, Review)

from django.db import models
from django.conf import settings


class Place(models.Model):
    name = models.CharField(max_length=30)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)
    best = models.ForeignKey("shop.Item", models.SET_NULL, null=True, related_name="best_of")


class Sub(Place):
    extra = models.TextField(blank=True)

"""The models that routers send about."""

from __future__ import annotations

from orm import models


class Label(models.Model):
    name = models.CharField(max_length=40, unique=True)

    class Meta:
        app_label = "routing"


class Artist(models.Model):
    name = models.CharField(max_length=40)

    class Meta:
        app_label = "routing"


class Album(models.Model):
    title = models.CharField(max_length=40)
    artist = models.ForeignKey(Artist, models.CASCADE, null=True, related_name="albums")
    labels = models.ManyToManyField(Label, related_name="albums")

    class Meta:
        app_label = "routing"


class Portrait(models.Model):
    artist = models.OneToOneField(Artist, models.CASCADE, null=True)

    class Meta:
        app_label = "routing"

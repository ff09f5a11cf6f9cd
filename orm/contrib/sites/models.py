"""``Site``: a domain and a name; and a manager of the rows that belong to the site in force."""

from __future__ import annotations

import string
from typing import Any

from orm import models
from orm.config import settings
from orm.contrib.sites.managers_blocking import Sites
from orm.errors import ValidationError
from orm.models.managers import Manager
from orm.models.signals import pre_delete, pre_save


def simple_domain(value: str) -> None:
    """Raise ``ValidationError`` for a domain with white space in it."""
    if any(each in string.whitespace for each in value):
        raise ValidationError("The domain name cannot contain any spaces or tabs.", code="invalid")


class SiteManager(Sites, Manager["Site"]):
    """The manager ``Site.objects``."""


class Site(models.Model):
    """One address."""

    id = models.AutoField(verbose_name="ID", primary_key=True, auto_created=True)
    domain = models.CharField("domain name", max_length=100, validators=[simple_domain], unique=True)
    name = models.CharField("display name", max_length=50)

    objects = SiteManager()

    class Meta:
        app_label = "sites"
        db_table = "django_site"
        verbose_name = "site"
        verbose_name_plural = "sites"
        ordering = ["domain"]

    def __str__(self) -> str:
        return self.domain

    def natural_key(self) -> tuple[str]:
        """Return what names the row in fixtures."""
        return (self.domain,)


def forget(sender: object, instance: Site, **named: object) -> None:
    """Forget the sites read: one of them changes."""
    Site.objects.clear_cache()


pre_save.connect(forget, sender=Site)
pre_delete.connect(forget, sender=Site)


class CurrentSiteManager(Manager[Any]):
    """A manager of the rows that belong to the site in force.

    Parameters: ``field_name`` is the relation to ``Site``; without it ``site`` or ``sites``.
    """

    use_in_migrations = True

    def __init__(self, field_name: str | None = None) -> None:
        super().__init__()
        self._field_name = field_name

    def get_queryset(self) -> Any:
        """Return the rows of the site in force."""
        name = self._field_name or ("site" if "site" in self.model._meta.fields_map else "sites")
        return super().get_queryset().filter(**{f"{name}__id": settings.site_id})

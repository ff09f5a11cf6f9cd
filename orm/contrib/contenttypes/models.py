"""``ContentType``: one row for each model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm import models
from orm.contrib.contenttypes.manager_blocking import ContentTypes
from orm.contrib.contenttypes.objects_blocking import ObjectsOfType
from orm.models.managers import Manager

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel


class ContentTypeManager(ContentTypes, Manager["ContentType"]):
    """The manager ``ContentType.objects``."""


class ContentType(ObjectsOfType, models.Model):
    """A model, as a row that others can refer to."""

    id = models.AutoField(verbose_name="ID", primary_key=True, auto_created=True)
    app_label = models.CharField(max_length=100)
    model = models.CharField("python model class name", max_length=100)

    objects = ContentTypeManager()

    class Meta:
        app_label = "contenttypes"
        db_table = "django_content_type"
        verbose_name = "content type"
        verbose_name_plural = "content types"
        unique_together = [["app_label", "model"]]

    def __str__(self) -> str:
        return self.app_labeled_name

    @property
    def name(self) -> str:
        """The model's name for people; the row's own text when the model is not declared any more."""
        model = self.model_class()
        return str(model._meta.verbose_name) if model is not None else self.model

    @property
    def app_labeled_name(self) -> str:
        """The application's name and the model's, for people."""
        model = self.model_class()
        if model is None:
            return self.model
        config = model._meta.app_config
        return f"{config.verbose_name if config is not None else self.app_label} | {model._meta.verbose_name}"

    def model_class(self) -> type[AwaitableModel] | None:
        """Return the model; None when none is declared under its name any more."""
        return self._meta.apps.find(self.app_label, self.model)

    def natural_key(self) -> tuple[str, str]:
        """Return what names the row in fixtures: the application's label and the model's name."""
        return (self.app_label, self.model)

"""How models and their instances are pickled: classes by name, and those that no module names by their label."""

from __future__ import annotations

import copyreg
from typing import Any

from orm.models.apps import apps as default_apps
from orm.models.metaclass import ModelBase


def _pickled_model(model: ModelBase) -> Any:
    """Return how a model is pickled: by its name, and a join model, which no module names, by its label."""
    meta = vars(model).get("_meta")
    if meta is None or not meta.auto_created:
        return model.__qualname__
    return _model_called, (meta.app_label, meta.object_name)


def _model_called(app_label: str, name: str) -> object:
    return default_apps.get_model(app_label, name)


copyreg.pickle(ModelBase, _pickled_model)


def blank_instance(source: Any) -> Any:
    """Return an instance of a model (given as itself, or by app and name) that holds nothing yet."""
    model = default_apps.get_model(*source) if isinstance(source, tuple) else source
    return model.__new__(model)

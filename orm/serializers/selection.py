"""Labels of apps and models, as the commands around fixtures take them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orm.migrations import sources
from orm.models.apps import apps
from orm.serializers.files import FixtureError


def models_of(label: str) -> list[Any]:
    """Return the models of an app. Raises ``FixtureError`` for one that is not installed."""
    if label not in sources.labels():
        known = ", ".join(sources.labels()) or "none"
        raise FixtureError(f"No installed app with label '{label}'. (Installed: {known}.)")
    return [model for model in apps.get_models() if model._meta.app_label == label]


def model_called(label: str) -> Any:
    """Return the model ``app.Model``. Raises ``FixtureError`` for one that does not exist."""
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        app_label = label.partition(".")[0]
        models_of(app_label)
        raise FixtureError(f"Unknown model: {label}") from None


def excluded(labels: Iterable[str]) -> tuple[set[Any], set[str]]:
    """Return the models and the apps that some labels name. Raises ``FixtureError`` for what there is not."""
    models: set[Any] = set()
    labels_of_apps: set[str] = set()
    for label in labels:
        if "." in label:
            models.add(model_called(label))
        else:
            models_of(label)
            labels_of_apps.add(label)
    return models, labels_of_apps

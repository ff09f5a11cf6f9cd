"""Which model the user is."""

from __future__ import annotations

from typing import Any

from orm.config import settings
from orm.errors import ImproperlyConfigured
from orm.models.apps import apps

SETTING = "AUTH_USER_MODEL"
USUAL = "auth.User"


def user_model_label() -> str:
    """Return the user model's name, as ``"app.Model"``."""
    return str(settings.swapped_models.get(SETTING) or USUAL)


def get_user_model() -> Any:
    """Return the model of users.

    Raises ``ImproperlyConfigured`` for a name that is not of the form ``app.Model``, or that no model has.
    """
    label = user_model_label()
    try:
        return apps.get_model(label, require_ready=False)
    except ValueError as error:
        raise ImproperlyConfigured("AUTH_USER_MODEL must be of the form 'app_label.model_name'") from error
    except LookupError as error:
        raise ImproperlyConfigured(f"AUTH_USER_MODEL refers to model '{label}' that has not been installed") from error

"""What a ``class Meta`` may say. Attributes nobody knows are refused at class creation, with the nearest known name."""

from __future__ import annotations

from typing import Any

from orm.config import settings
from orm.text.spelling import did_you_mean

META_DEFAULTS: dict[str, Any] = {
    "verbose_name": None,
    "verbose_name_plural": None,
    "db_table": None,
    "db_table_comment": "",
    "ordering": [],
    "unique_together": (),
    "permissions": (),
    "get_latest_by": None,
    "order_with_respect_to": None,
    "app_label": None,
    "db_tablespace": "",
    "abstract": False,
    "managed": True,
    "proxy": False,
    "swappable": None,
    "apps": None,
    "default_permissions": ("add", "change", "delete", "view"),
    "select_on_save": False,
    "default_related_name": None,
    "required_db_features": (),
    "required_db_vendor": None,
    "base_manager_name": None,
    "default_manager_name": None,
    "indexes": (),
    "constraints": (),
}
"""In the order in which a migration's file says them."""
DEFAULT_NAMES: tuple[str, ...] = tuple(META_DEFAULTS)
"""Which options ``class Meta`` may have. A program that sets more has those that it adds as attributes of ``_meta``."""
META_REFUSED = {
    "index_together": "index_together is gone, as in Django 5.1; use indexes = [Index(fields=[...])].",
    "auto_created": "auto_created is set by the library for join models and can't be declared.",
}


def read_meta(declared: type | None, model_name: str) -> dict[str, object]:
    """The attributes a ``class Meta`` (and its bases) declares.

    Raises ``TypeError`` for an attribute no model has, ``NotImplementedError`` for one that is not built.
    """
    found: dict[str, Any] = {}
    for cls in reversed(declared.__mro__[:-1] if declared is not None else ()):  # the last one is ``object``
        found.update({name: value for name, value in vars(cls).items() if not name.startswith("_")})
    for name in found:
        if name in DEFAULT_NAMES:
            continue
        if name in META_REFUSED:
            raise NotImplementedError(f"{model_name}.Meta: {META_REFUSED[name]}")
        hint = did_you_mean(name, DEFAULT_NAMES, 1) or f" Known are {', '.join(sorted(DEFAULT_NAMES))}."
        unknown = ",".join(name for name in found if name not in DEFAULT_NAMES)
        raise TypeError(f"'class Meta' got invalid attribute(s): {unknown}, in {model_name}.{hint}")
    return found


def normalise_together(value: Any, label: str) -> tuple[tuple[str, ...], ...]:
    """``unique_together`` as a tuple of tuples; one flat list of names is one group.

    Raises ``TypeError`` for anything else.
    """
    if not settings.strict_models and not isinstance(value, (list, tuple, set)):
        return ()
    if isinstance(value, str):
        raise TypeError(f"{label}: Meta.unique_together must be a list of groups of field names, not {value!r}.")
    groups = list(value)
    if groups and all(isinstance(name, str) for name in groups):
        return (tuple(groups),)
    if not settings.strict_models:
        return tuple(tuple(group) if isinstance(group, (list, tuple)) else group for group in groups)
    if any(isinstance(group, str) or not all(isinstance(name, str) for name in group) for group in groups):
        raise TypeError(f"{label}: Meta.unique_together must be a list of groups of field names, not {value!r}.")
    return tuple(tuple(group) for group in groups)

"""``django.utils.log``: the filters, the formatter and the handler that LOGGING names in projects' settings."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from copy import copy
from typing import Any

from orm.compat.django.settings import settings
from orm.structures.loading import import_string

__all__ = [
    "DEFAULT_LOGGING",
    "AdminEmailHandler",
    "CallbackFilter",
    "RequireDebugFalse",
    "RequireDebugTrue",
    "ServerFormatter",
]


class AdminEmailHandler(logging.Handler):
    """Stands for the handler that mails records to the people in ADMINS; there is no mail here.

    Parameters are Django's; they say how the mail would look. A record for which a mail would have been sent gives a
    warning, so that its loss is seen.
    """

    def __init__(
        self, include_html: bool = False, email_backend: str | None = None, reporter_class: str | None = None
    ) -> None:
        super().__init__()
        self.include_html = include_html
        self.email_backend = email_backend
        self.reporter_class_path = reporter_class

    def emit(self, record: logging.LogRecord) -> None:
        """Warn that nobody is told of a record; without ADMINS nobody would have been."""
        if settings.ADMINS:
            warnings.warn(
                f"A log record of level {record.levelname} was to be mailed to ADMINS, and there is no mail here: "
                f"{record.getMessage()}",
                RuntimeWarning,
                stacklevel=2,
            )


class CallbackFilter(logging.Filter):
    """Lets records through for which a function returns something true."""

    def __init__(self, callback: Callable[[logging.LogRecord], object]) -> None:
        super().__init__()
        self.callback = callback

    def filter(self, record: logging.LogRecord) -> bool:
        """Return what the function says."""
        return bool(self.callback(record))


class RequireDebugFalse(logging.Filter):
    """Lets records through where DEBUG is off."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether DEBUG is off."""
        return not settings.DEBUG


class RequireDebugTrue(logging.Filter):
    """Lets records through where DEBUG is on."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether DEBUG is on."""
        return bool(settings.DEBUG)


class ServerFormatter(logging.Formatter):
    """Knows ``server_time``, the time of a record; it uses no colours."""

    default_time_format = "%d/%b/%Y %H:%M:%S"

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as text."""
        if self.uses_server_time() and not hasattr(record, "server_time"):
            record = copy(record)
            record.server_time = self.formatTime(record, self.datefmt)
        return super().format(record)

    def uses_server_time(self) -> bool:
        """Return whether the format names ``server_time``."""
        return "server_time" in str(self._fmt)


DEFAULT_LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "require_debug_false": {"()": "django.utils.log.RequireDebugFalse"},
        "require_debug_true": {"()": "django.utils.log.RequireDebugTrue"},
    },
    "formatters": {
        "django.server": {
            "()": "django.utils.log.ServerFormatter",
            "format": "[{server_time}] {message}",
            "style": "{",
        }
    },
    "handlers": {
        "console": {"level": "INFO", "filters": ["require_debug_true"], "class": "logging.StreamHandler"},
        "django.server": {"level": "INFO", "class": "logging.StreamHandler", "formatter": "django.server"},
        "mail_admins": {
            "level": "ERROR",
            "filters": ["require_debug_false"],
            "class": "django.utils.log.AdminEmailHandler",
        },
    },
    "loggers": {
        "django": {"handlers": ["console", "mail_admins"], "level": "INFO"},
        "django.server": {"handlers": ["django.server"], "level": "INFO", "propagate": False},
    },
}
"""The set-up that Django documents as its default; ``setup()`` puts it in force."""


def put_default_in_force() -> None:
    """Do what ``logging.config.dictConfig(DEFAULT_LOGGING)`` does, without that module, which takes 10 ms to import."""
    told = DEFAULT_LOGGING
    handlers: dict[str, logging.Handler] = {}
    for name, parts in told["handlers"].items():
        handler = handlers[name] = import_string(parts["class"])()
        handler.setLevel(parts["level"])
        for each in parts.get("filters", ()):
            handler.addFilter(import_string(told["filters"][each]["()"])())
        if "formatter" in parts:
            form = told["formatters"][parts["formatter"]]
            handler.setFormatter(import_string(form["()"])(form["format"], style=form["style"]))
    for name, parts in told["loggers"].items():
        logger = logging.getLogger(name)
        logger.setLevel(parts["level"])
        logger.propagate = parts.get("propagate", True)
        logger.handlers = [handlers[each] for each in parts["handlers"]]

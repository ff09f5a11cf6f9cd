"""``django.utils.log``: the filters and the handler that LOGGING names in projects' settings."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable

from orm.compat.django.settings import settings

__all__ = ["AdminEmailHandler", "CallbackFilter", "RequireDebugFalse", "RequireDebugTrue"]


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

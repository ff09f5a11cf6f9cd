"""Setting up logging, which ``django.setup()`` does."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from orm.compat.django.settings import settings
from orm.late import LateLogger, late_module
from orm.structures.loading import import_string

if TYPE_CHECKING:
    from logging import config as logging_config

    from orm.compat.django import log_parts
else:
    logging_config = late_module("logging.config")
    log_parts = late_module("orm.compat.django.log_parts")


def configure_logging() -> None:
    """Set up logging as Django does by default, and above that as LOGGING and LOGGING_CONFIG say.

    The default waits for the first record of the library's own where nobody has imported ``logging`` yet.
    """
    if not settings.configured or not settings.LOGGING_CONFIG:
        return
    if settings.LOGGING or log_parts.__name__ in sys.modules:  # who imports the default may have changed it
        logging_config.dictConfig(log_parts.DEFAULT_LOGGING)
        called = settings.LOGGING_CONFIG
        dict_config = logging_config.dictConfig if called == "logging.config.dictConfig" else import_string(called)
        if settings.LOGGING:
            dict_config(settings.LOGGING)
    elif "logging" in sys.modules:
        log_parts.put_default_in_force()
    else:
        LateLogger.before_first[:] = [lambda: log_parts.put_default_in_force()]

"""System checks: what is wrong with a project's declarations, found without touching its data.

A check is a function that returns ``CheckMessage`` objects; ``run_checks()`` runs those that are registered. The checks
of models are in ``orm.models.checks``. Identifiers (``fields.E120``) are Django's where Django has the same check.
"""

from __future__ import annotations

from orm.checks.messages import (
    CRITICAL,
    DEBUG,
    ERROR,
    INFO,
    WARNING,
    CheckMessage,
    Critical,
    Debug,
    Error,
    Info,
    Warning,
)
from orm.checks.registry import CheckRegistry, Tags, register, registry, run_checks, tag_exists

__all__ = [
    "CRITICAL",
    "DEBUG",
    "ERROR",
    "INFO",
    "WARNING",
    "CheckMessage",
    "CheckRegistry",
    "Critical",
    "Debug",
    "Error",
    "Info",
    "Tags",
    "Warning",
    "register",
    "registry",
    "run_checks",
    "tag_exists",
]

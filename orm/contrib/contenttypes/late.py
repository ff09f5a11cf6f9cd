"""The checks of generic relations, imported at the first check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.late import late_module

if TYPE_CHECKING:
    from orm.contrib.contenttypes import checks as generic_checks
else:
    generic_checks = late_module("orm.contrib.contenttypes.checks")

__all__ = ["generic_checks"]

"""Database functions under the name Django has them: ``from orm.models.functions import Lower``."""

from __future__ import annotations

from orm.sql.functions import *  # noqa: F403 - the same names, by design
from orm.sql.functions import __all__ as __all__

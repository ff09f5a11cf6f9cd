"""Which Django a script may take this for: the version whose documented behaviour the names follow."""

from __future__ import annotations

VERSION = (5, 2, 0, "final", 0)
LOOKUP_SEP = "__"
__version__ = ".".join(str(part) for part in VERSION[:2])


def get_version() -> str:
    """Return the version as text."""
    return __version__

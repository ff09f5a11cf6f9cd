"""Who wants to know that a user's password was changed and saved: nobody, until a program says so."""

from __future__ import annotations

from collections.abc import Callable

told: Callable[[str, object], object] | None = None
"""Is called with the new password and the user, once they are saved."""

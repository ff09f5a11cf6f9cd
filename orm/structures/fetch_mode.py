"""``FetchMode``: how an unloaded relation or field loads, as a queryset asks it and its instances know it."""

from __future__ import annotations

from typing import Literal

FetchMode = Literal["one", "peers", "raise"]
"""For this instance alone, for all instances of the same result, or not at all."""

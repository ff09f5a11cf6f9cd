"""Under which key a part of a page is kept, so that a program can forget what a template has cached."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

__all__ = ["make_template_fragment_key"]


def make_template_fragment_key(fragment_name: str, vary_on: Iterable[object] | None = None) -> str:
    """Return the key of a fragment, as Django's ``{% cache %}`` has it.

    Parameters: ``vary_on`` are the values that the fragment is kept for, in the order that the template names them.
    """
    told = "".join(f"{value}:" for value in vary_on or ())
    digest = hashlib.md5(told.encode(), usedforsecurity=False).hexdigest()
    return f"template.cache.{fragment_name}.{digest}"

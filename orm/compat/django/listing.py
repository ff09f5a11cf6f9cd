"""``python -m orm.compat.django.listing``: writes the documentation's list of names, from the surfaces themselves.

With ``--check`` it writes nothing and fails where the page is stale.
"""

from __future__ import annotations

import sys
from pathlib import Path

from orm.compat.django.surface import SURFACES
from orm.compat.django.web import NAMES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "legacy-names.md"
HEAD = """# Names of Django that can be imported

Written by `python -m orm.compat.django.listing`; do not edit. [Legacy scripts](legacy.md) says how to get them.

A name in *italics* belongs to the web or the admin: it can be imported and inherited from, so that models which mention
it load, and raises `NotImplementedError` where it is used.
"""


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for name in sorted(SURFACES):
        surface = SURFACES[name]
        web = set(NAMES[surface.web].all()) if surface.web else set()
        offered = surface.offered()
        if not offered:
            continue
        real = set(surface.names)
        shown = [f"*{each}*" if each in web and each not in real else f"`{each}`" for each in offered]
        parts.append(f"\n## {name}\n\n{surface.describes}\n\n{', '.join(shown)}\n")
    return "".join(parts)


def main(arguments: list[str]) -> int:
    """Write the page, or with ``--check`` return 1 where it is stale."""
    text = page()
    if "--check" in arguments:
        fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
        if not fresh:
            print(f"{PAGE} is stale: run python -m orm.compat.django.listing", file=sys.stderr)
        return 0 if fresh else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
